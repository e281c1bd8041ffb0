//! Values as typed JSON: the encoding of snapshots, of contexts and of the probe (`docs/probe-protocol.md`).
//!
//! What JSON has stands for itself; everything else is an object with one key that starts with `$`.

mod read;
mod write;

use serde::de::Deserialize;

use super::Value;

/// JSON that is not the encoding of a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a value: {reason}")]
pub struct NotAValue {
    reason: String,
}

impl Value {
    /// Reads the typed encoding.
    ///
    /// # Errors
    ///
    /// If a known kind has content that it cannot have, `{"$decimal": "a"}`. An unknown kind is kept as it is.
    pub fn from_json(json: &serde_json::Value) -> Result<Value, NotAValue> {
        Value::deserialize(json).map_err(|error| NotAValue {
            reason: error.to_string(),
        })
    }

    /// Writes the typed encoding.
    pub fn to_json(&self) -> serde_json::Value {
        // Every key is a string, every float finite: writing into memory has no other way to fail.
        serde_json::to_value(self).unwrap_or_default()
    }
}
