//! What stands where a secret was.

use std::ops::Range;

use serde_json::{Value, json};

/// How every mark in a text begins.
pub const MARK: &str = "[redacted";

/// The longest type, length class and digest together, in bytes.
const MAX_FACTS: usize = 64;

/// Where marks stand in a text already.
pub fn places(text: &str) -> Vec<Range<usize>> {
    let starts = text.match_indices(MARK).map(|(start, _)| start);
    starts
        .filter_map(|start| {
            let facts = text[start + MARK.len()..].strip_prefix(':')?;
            let length = facts.bytes().take(MAX_FACTS).position(|byte| byte == b']')?;
            // Whoever writes `[redacted: token=x]` hides nothing from a second look.
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b":-".contains(&byte);
            facts[..length]
                .bytes()
                .all(is_plain)
                .then(|| start..start + MARK.len() + 1 + length + 1)
        })
        .collect()
}

/// Makes marks. Equal values get equal marks within one run, so that "did it
/// change" stays answerable; the key is drawn for the run and never written,
/// so that nobody can try values out against a mark.
#[derive(Clone, Debug)]
pub struct Marks {
    key: [u8; 32],
}

impl Marks {
    /// Marks of a new run. If the system's generator fails, the key comes from the clock.
    pub fn drawn() -> Self {
        let mut key = [0; 32];
        if getrandom::fill(&mut key).is_err() {
            let now = format!("{:?}", std::time::Instant::now());
            key = *blake3::hash(now.as_bytes()).as_bytes();
        }
        Self { key }
    }

    /// `[redacted:TYPE:LENGTH:MARK]`: the mark of a text, safe inside quotes, URLs and HTML attributes.
    pub fn of_text(&self, value: &str) -> String {
        let length = length_class(value.chars().count());
        format!("{MARK}:str:{length}:{}]", self.digest(value))
    }

    /// The mark of a JSON value, as a text that says its type.
    pub fn of_value(&self, value: &Value) -> String {
        let (kind, length, digest) = self.facts(value);
        format!("{MARK}:{kind}:{length}:{digest}]")
    }

    /// `{"$redacted": {"type", "length", "mark"}}`: the mark of a value in a state.
    pub fn of_typed(&self, value: &Value) -> Value {
        let (kind, length, digest) = self.facts(value);
        json!({"$redacted": {"type": kind, "length": length, "mark": digest}})
    }

    fn facts(&self, value: &Value) -> (String, String, String) {
        let (kind, length) = kind_and_length(value);
        let digest = match value {
            Value::String(text) => self.digest(text),
            other => self.digest(&other.to_string()),
        };
        (kind, length_class(length), digest)
    }

    fn digest(&self, value: &str) -> String {
        let hash = blake3::keyed_hash(&self.key, value.as_bytes());
        hash.as_bytes()[..4]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// Python's name of the type, and the number of characters, digits or items.
fn kind_and_length(value: &Value) -> (String, usize) {
    match value {
        Value::Null => ("None".to_owned(), 0),
        Value::Bool(_) => ("bool".to_owned(), 0),
        Value::Number(number) if number.is_f64() => ("float".to_owned(), number.to_string().len()),
        Value::Number(number) => ("int".to_owned(), number.to_string().len()),
        Value::String(text) => ("str".to_owned(), text.chars().count()),
        Value::Array(items) => ("list".to_owned(), items.len()),
        Value::Object(map) => match map
            .iter()
            .next()
            .filter(|(tag, _)| map.len() == 1 && tag.starts_with('$'))
        {
            Some((tag, inner)) => {
                let (_, length) = kind_and_length(inner);
                (tag.trim_start_matches('$').to_owned(), length)
            }
            None => ("dict".to_owned(), map.len()),
        },
    }
}

/// The length to the next power of two: `1-8`, `9-16`, `17-32` … `over-1024`.
fn length_class(length: usize) -> String {
    match length {
        0 => "0".to_owned(),
        1..=8 => "1-8".to_owned(),
        9..=1024 => {
            let upper = length.next_power_of_two();
            format!("{}-{upper}", upper / 2 + 1)
        }
        _ => "over-1024".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_keep_type_length_and_equality() {
        let marks = Marks { key: [7; 32] };
        let first = marks.of_text("correct horse");
        assert!(first.starts_with("[redacted:str:9-16:"), "{first}");
        assert_eq!(first, marks.of_text("correct horse"));
        assert_ne!(first, marks.of_text("battery staple"));
        assert_ne!(first, Marks { key: [8; 32] }.of_text("correct horse"));
        let cases = [
            (json!(1234), "int:1-8"),
            (json!(["a1", "b2"]), "list:1-8"),
            (
                json!({"$uuid": "1d0e1f7e-6f9c-4c39-9f6e-2f8f8f1f0a01"}),
                "uuid:33-64",
            ),
            (json!({"a": 1}), "dict:1-8"),
            (json!("x".repeat(2000)), "str:over-1024"),
        ];
        for (value, expected) in cases {
            let mark = marks.of_value(&value);
            assert!(mark.starts_with(&format!("[redacted:{expected}:")), "{mark}");
        }
        assert_eq!(marks.of_typed(&json!("abc"))["$redacted"]["type"], "str");
    }
}
