//! `djbug1` blobs: one turn in a text that can be pasted (djust `bug_capture.py`).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::Patch;

const PREFIX: &str = "djbug1.";
const STORED: &str = "store.";
const LIMIT: usize = 16 * 1024 * 1024;

/// The content of a `djbug1` blob.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BugCapture {
    /// Version of the content, `djbug1`.
    pub v: String,
    /// Name of the handler.
    #[serde(default)]
    pub event_name: String,
    /// Names whose values djust took out.
    #[serde(default)]
    pub scrubbed_fields: Vec<String>,
    /// Public state after.
    #[serde(default)]
    pub state_after: Map<String, Value>,
    /// Public state before.
    #[serde(default)]
    pub state_before: Map<String, Value>,
    /// Patches of the turn.
    #[serde(default)]
    pub vdom_patches: Vec<Patch>,
    /// Fields that this version does not name.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Why a text is no readable blob.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BugCaptureError {
    /// It does not start with `djbug1.`.
    #[error("not a djbug1 blob")]
    Prefix,
    /// `djbug1.store.ID`: the content stays on the server.
    #[error("the blob is only a reference to the server's store: {0}")]
    Stored(String),
    /// Longer than any that djust makes.
    #[error("the blob is longer than {LIMIT} bytes")]
    TooLong,
    /// Not base64url.
    #[error("the blob is damaged: {0}")]
    Encoding(String),
    /// The content is not the expected JSON.
    #[error("the blob's content is not readable: {0}")]
    Content(String),
}

impl BugCapture {
    /// Reads a blob.
    ///
    /// # Errors
    ///
    /// [`BugCaptureError`] says which part of it is wrong.
    pub fn decode(text: &str) -> Result<Self, BugCaptureError> {
        let rest = text.trim().strip_prefix(PREFIX).ok_or(BugCaptureError::Prefix)?;
        if let Some(id) = rest.strip_prefix(STORED) {
            return Err(BugCaptureError::Stored(id.chars().take(64).collect()));
        }
        if rest.len() > LIMIT {
            return Err(BugCaptureError::TooLong);
        }
        let json = URL_SAFE_NO_PAD
            .decode(rest.trim_end_matches('='))
            .map_err(|error| BugCaptureError::Encoding(error.to_string()))?;
        serde_json::from_slice(&json).map_err(|error| BugCaptureError::Content(error.to_string()))
    }

    /// Writes a blob.
    ///
    /// # Errors
    ///
    /// [`BugCaptureError::Content`] if a value has no JSON, which parsed values never are.
    pub fn encode(&self) -> Result<String, BugCaptureError> {
        let json = serde_json::to_vec(self).map_err(|error| BugCaptureError::Content(error.to_string()))?;
        Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(json)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_blob_reads_back() {
        let capture: BugCapture = serde_json::from_value(json!({
            "v": "djbug1", "event_name": "add", "scrubbed_fields": [], "state_before": {"n": 1}, "state_after": {"n": 2},
            "vdom_patches": [{"type": "SetText", "path": [0, 0], "text": "2"}], "note": "kept"
        }))
        .unwrap();
        assert_eq!(BugCapture::decode(&capture.encode().unwrap()).unwrap(), capture);
    }

    #[test]
    fn what_is_no_blob_is_named() {
        assert_eq!(BugCapture::decode("hello"), Err(BugCaptureError::Prefix));
        assert_eq!(
            BugCapture::decode("djbug1.store.abc"),
            Err(BugCaptureError::Stored("abc".to_owned()))
        );
        assert!(matches!(
            BugCapture::decode("djbug1.***"),
            Err(BugCaptureError::Encoding(_))
        ));
        assert!(matches!(
            BugCapture::decode("djbug1.e30x"),
            Err(BugCaptureError::Encoding(_) | BugCaptureError::Content(_))
        ));
    }
}
