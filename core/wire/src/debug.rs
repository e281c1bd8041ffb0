//! What djust adds for its own debug panel when `DEBUG` is on (djust `mixins/post_processing.py`, `time_travel.py`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
