use serde::{Deserialize, Serialize};

use super::{HttpId, Micros, TurnId};

/// One HTTP request and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpExchange {
    /// Its number.
    pub http: HttpId,
    /// The turn that it caused (a page's first render, a POST fallback event).
    pub turn: Option<TurnId>,
    /// When the request head arrived.
    pub t_us: Micros,
    /// From the request head to the last byte of the answer.
    pub duration_us: Option<u64>,
    /// Request method.
    pub method: String,
    /// Path and query.
    pub url: String,
    /// Answer status; 0 if no answer came.
    pub status: u16,
    /// Request headers in order, redacted.
    pub request_headers: Vec<(String, String)>,
    /// Answer headers in order, redacted.
    pub response_headers: Vec<(String, String)>,
    /// What was sent.
    pub request_body: HttpBody,
    /// What was answered.
    pub response_body: HttpBody,
    /// Why no proper answer came.
    pub error: Option<String>,
}

/// A body, kept up to a limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpBody {
    /// Bytes that went over the wire.
    pub length: u64,
    /// The kept bytes; shorter than `length` if over the limit.
    #[serde(skip)]
    pub bytes: Vec<u8>,
    /// True if something in it was redacted.
    pub redacted: bool,
}
