//! djust's own bug reports, `djbug1.` blobs: one event with its public state before and after, and its patches
//! (`djust/bug_capture.py`).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use djscope_recording::model::{Snapshot, TurnDetail};
use serde_json::{Map, Value, json};

/// What a blob begins with, and its version inside.
const VERSION: &str = "djbug1";

/// What stands in place of the content where a server keeps it.
const STORED: &str = "store.";

/// Most bytes of a blob that are read.
const MAX_BLOB_BYTES: usize = 16 << 20;

/// One event, as djust reports it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BugReport {
    /// Name of the handler.
    pub event: String,
    /// Public state before the event.
    pub before: Map<String, Value>,
    /// Public state after it.
    pub after: Map<String, Value>,
    /// Patches that were sent.
    pub patches: Vec<Value>,
    /// Names that whoever made it has left out.
    pub left_out: Vec<String>,
}

/// Why a text is no such report, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoBugReport(String);

impl fmt::Display for NoBugReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for NoBugReport {}

impl BugReport {
    /// The report of a turn, with plain values, as djust writes them.
    ///
    /// # Errors
    ///
    /// If the state of the turn is not known.
    pub fn of(detail: &TurnDetail) -> Result<Self, NoBugReport> {
        let state = |state: &Option<Snapshot>, when: &str| {
            let state = state.as_ref().ok_or_else(|| {
                NoBugReport(format!("the state {when} turn {} is not known", detail.turn.turn))
            })?;
            let names = state.public.iter();
            Ok(names.map(|(name, value)| (name.clone(), plain(value))).collect())
        };
        Ok(Self {
            event: detail.turn.event.clone().unwrap_or_default(),
            before: state(&detail.before, "before")?,
            after: state(&detail.after, "after")?,
            patches: detail.patches.iter().map(|patch| patch.patch.clone()).collect(),
            left_out: Vec::new(),
        })
    }

    /// The blob.
    pub fn blob(&self) -> String {
        // Names in the order of the alphabet, without blanks.
        let mut content = json!({
            "v": VERSION,
            "event_name": self.event,
            "state_before": self.before,
            "state_after": self.after,
            "vdom_patches": self.patches,
            "scrubbed_fields": self.left_out,
        });
        content.sort_all_objects();
        format!("{VERSION}.{}", URL_SAFE_NO_PAD.encode(content.to_string()))
    }

    /// Reads a blob, or a text with one in it: a URL of djust's viewer, a file.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, NoBugReport> {
        let wrong = |what: String| Err(NoBugReport(what));
        let Some(at) = text.find(&format!("{VERSION}.")) else {
            return wrong(format!("there is no {VERSION}.… in it"));
        };
        let rest = &text[at + VERSION.len() + 1..];
        let end = rest
            .find(|character: char| !is_of_blob(character))
            .unwrap_or(rest.len());
        let content = rest[..end].trim_end_matches('=');
        if content.starts_with(STORED) {
            return wrong(
                "only the server that made it has its content: open it there, and share it whole".to_owned(),
            );
        }
        if content.len() > MAX_BLOB_BYTES {
            return wrong(format!(
                "it has {} bytes, at most {MAX_BLOB_BYTES} are read",
                content.len()
            ));
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(content)
            .map_err(|error| NoBugReport(format!("its content is no base64: {error}")))?;
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|error| NoBugReport(format!("its content is no JSON: {error}")))?;
        match value.get("v").and_then(Value::as_str) {
            Some(VERSION) => {}
            other => return wrong(format!("its version is {other:?}, not {VERSION}")),
        }
        let map = |name: &str| match value.get(name) {
            Some(Value::Object(map)) => Ok(map.clone()),
            _ => Err(NoBugReport(format!("it has no {name}"))),
        };
        let list = |name: &str| {
            value
                .get(name)
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default()
        };
        Ok(Self {
            event: value
                .get("event_name")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            before: map("state_before")?,
            after: map("state_after")?,
            patches: list("vdom_patches"),
            left_out: list("scrubbed_fields")
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
        })
    }
}

/// The letters of base64 for URLs, the dot of a stored one, and the padding that a mail program may have added.
const fn is_of_blob(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.' | '=')
}

/// A value as Python's `json` would have it: dates, decimals and the like as text.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            if let Some((key, inner)) = map.iter().next().filter(|_| map.len() == 1) {
                match (key.as_str(), inner) {
                    (
                        "$decimal" | "$datetime" | "$date" | "$time" | "$uuid" | "$safe" | "$int",
                        Value::String(_),
                    ) => {
                        return inner.clone();
                    }
                    ("$tuple" | "$set", Value::Array(items)) => return items.iter().map(plain).collect(),
                    _ => {}
                }
            }
            Value::Object(
                map.iter()
                    .map(|(name, inner)| (name.clone(), plain(inner)))
                    .collect(),
            )
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> BugReport {
        BugReport {
            event: "increment".to_owned(),
            before: json!({"count": 1, "b": {"z": 1, "a": "ä"}})
                .as_object()
                .cloned()
                .unwrap(),
            after: json!({"count": 2}).as_object().cloned().unwrap(),
            patches: vec![json!({"type": "SetText", "path": [0, 0], "d": "2", "text": "2"})],
            left_out: vec!["password".to_owned()],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let blob = report().blob();
        assert!(blob.starts_with("djbug1.") && !blob.contains('='));
        for text in [
            blob.clone(),
            format!("http://localhost:8000/__djust__/replay/{blob}"),
            format!("  \n{blob}==\nsent with regards"),
        ] {
            assert_eq!(BugReport::read(&text).unwrap(), report(), "{text}");
        }
    }

    #[test]
    fn what_is_none_says_why() {
        let with = |content: &str| format!("djbug1.{}", URL_SAFE_NO_PAD.encode(content));
        for (text, expected) in [
            (String::new(), "there is no djbug1.… in it"),
            (
                "djbug1.store.abcdefghijklmnopqrstuv".to_owned(),
                "only the server that made it",
            ),
            ("djbug1.a".to_owned(), "no base64"),
            (with("{"), "no JSON"),
            (with("[]"), "version is None"),
            (with(r#"{"v":"djbug2"}"#), "djbug2"),
            (
                with(r#"{"v":"djbug1","state_before":[]}"#),
                "it has no state_before",
            ),
        ] {
            let error = BugReport::read(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn values_are_as_python_would_write_them() {
        assert_eq!(
            plain(
                &json!({"price": {"$decimal": "1.20"}, "at": {"$tuple": [1, {"$date": "2026-01-01"}]}, "x": {"$y": 1}})
            ),
            json!({"price": "1.20", "at": [1, "2026-01-01"], "x": {"$y": 1}})
        );
    }
}
