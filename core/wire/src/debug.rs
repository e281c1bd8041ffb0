//! What djust adds for its own debug panel when `DEBUG` is on (djust `mixins/post_processing.py`, `time_travel.py`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ServerFrame;
use crate::frame::body;

/// `_debug` of a frame.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DebugPayload {
    /// Class name of the view.
    #[serde(default)]
    pub view_class: String,
    /// Public names, among them class attributes and properties.
    #[serde(default)]
    pub variables: BTreeMap<String, DebugVariable>,
    /// Sizes of the user's own names.
    #[serde(default)]
    pub state_sizes: BTreeMap<String, StateSize>,
    /// Everything else: a copy of the patches, `_eventName`, `performance`.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One name in [`DebugPayload::variables`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DebugVariable {
    /// Class name of the value.
    #[serde(rename = "type", default)]
    pub class: String,
    /// `repr`, cut at 100 characters.
    #[serde(default)]
    pub value: Value,
    /// `sys.getsizeof`.
    #[serde(default)]
    pub size_bytes: Option<u64>,
    /// Everything else.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Sizes of one name in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateSize {
    /// In memory.
    #[serde(default)]
    pub memory: Option<u64>,
    /// As JSON; none if it has no JSON.
    #[serde(default)]
    pub serialized: Option<u64>,
}

body! {
    /// One recorded event of djust's own time travel.
    TimeTravelEntry {
        /// Name of the handler.
        event_name: String,
        /// Its parameters.
        #[serde(default)]
        params: Value,
        /// The browser's event counter.
        #[serde(rename = "ref", default)]
        reference: Option<i64>,
        /// Unix time in seconds.
        #[serde(default)]
        ts: f64,
        /// Public state before, as far as it has JSON.
        #[serde(default)]
        state_before: Map<String, Value>,
        /// Public state after the handler and before the render.
        #[serde(default)]
        state_after: Map<String, Value>,
        /// `permission_denied`, `validation_failed`, or the exception's text.
        #[serde(default)]
        error: Option<String>,
    }
}

/// A public name of a view, as djust's debug payload shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownName<'a> {
    /// The name.
    pub name: &'a str,
    /// Class name of the value; empty if the payload shows only how large it is.
    pub class: &'a str,
    /// `repr` of the value without what was cut off; none if the payload shows only how large it is.
    pub text: Option<&'a str>,
    /// True if there was more of it.
    pub is_cut: bool,
    /// Bytes of the value as JSON, or of the object if it has no JSON.
    pub bytes: Option<u64>,
}

/// How many characters of a `repr` djust shows. What is longer ends with three dots behind them.
const SHOWN_CHARACTERS: usize = 100;

/// A name that djust itself puts on every view.
const OF_DJUST: &str = "client_timezone";

impl ServerFrame {
    /// The state of the view as `_debug` of this frame shows it: the names that stand on the view itself, in order; none
    /// without `_debug`.
    ///
    /// `variables` of the payload mixes them with attributes of the class and of djust; `state_sizes` names them.
    pub fn shown_names(&self) -> Option<Vec<ShownName<'_>>> {
        let other = match self {
            Self::Patch(body) => &body.other,
            Self::HtmlUpdate(body) => &body.other,
            _ => return None,
        };
        let debug = other.get("_debug")?.as_object()?;
        let sizes = debug.get("state_sizes")?.as_object()?;
        let variables = debug.get("variables").and_then(Value::as_object);
        let own = sizes.iter().filter(|(name, _)| *name != OF_DJUST);
        Some(
            own.map(|(name, sizes)| shown(name, sizes, variables.and_then(|variables| variables.get(name))))
                .collect(),
        )
    }
}

fn shown<'a>(name: &'a str, sizes: &Value, variable: Option<&'a Value>) -> ShownName<'a> {
    let number = |name: &str| sizes.get(name).and_then(Value::as_u64);
    let field = |name: &str| variable?.get(name)?.as_str();
    let text = field("value");
    let cut = text
        .and_then(|text| text.char_indices().nth(SHOWN_CHARACTERS))
        .map(|(end, _)| end);
    ShownName {
        name,
        class: field("type").unwrap_or_default(),
        text: text.map(|text| &text[..cut.unwrap_or(text.len())]),
        is_cut: cut.is_some(),
        bytes: number("serialized").or_else(|| number("memory")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::ServerMessage;

    #[test]
    fn the_names_of_the_view_itself_are_shown() {
        let variable = |class: &str, text: &str| json!({"name": "", "type": class, "value": text});
        let frame = json!({
            "type": "patch", "patches": [], "version": 2,
            "_debug": {
                "view_class": "CounterView",
                "variables": {
                    "count": variable("int", "1"), "api_name": variable("str", "''"),
                    "rows": variable("list", &format!("{}...", "\u{e9}".repeat(100))),
                    "client_timezone": variable("str", "'UTC'"),
                },
                "state_sizes": {
                    "cart": {"memory": 48, "serialized": null}, "client_timezone": {"memory": 52, "serialized": 5},
                    "count": {"memory": 28, "serialized": 1}, "rows": {"memory": 56, "serialized": 4000},
                },
            },
        });
        let message = ServerMessage::from_text(frame.to_string());
        let names = message.0.frame.shown_names().unwrap();
        let told: Vec<_> = names
            .iter()
            .map(|shown| (shown.name, shown.class, shown.text, shown.is_cut, shown.bytes))
            .collect();
        let cut = "\u{e9}".repeat(100);
        assert_eq!(
            told,
            [
                ("cart", "", None, false, Some(48)),
                ("count", "int", Some("1"), false, Some(1)),
                ("rows", "list", Some(cut.as_str()), true, Some(4000)),
            ]
        );
        let without = ServerMessage::from_text(r#"{"type": "patch", "patches": []}"#.to_owned());
        assert_eq!(without.0.frame.shown_names(), None);
    }
}
