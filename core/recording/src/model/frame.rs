use serde::{Deserialize, Serialize};

use super::{ConnectionId, FrameId, Micros, TurnId};

/// Which way a frame travelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the browser to the server.
    ToServer,
    /// From the server to the browser.
    ToBrowser,
}

/// What kind of WebSocket message it was (RFC 6455, section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opcode {
    /// UTF-8 text.
    Text,
    /// Bytes; djust uses them for upload chunks.
    Binary,
    /// A control frame.
    Ping,
    /// A control frame.
    Pong,
    /// The closing handshake; the payload holds the code and the reason.
    Close,
}

/// One WebSocket message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameRecord {
    /// Its number.
    pub frame: FrameId,
    /// The connection that carried it.
    pub connection: ConnectionId,
    /// The turn that it belongs to; heartbeats and handshakes have none.
    pub turn: Option<TurnId>,
    /// When the proxy had read its last byte.
    pub t_us: Micros,
    /// Which way it went.
    pub direction: Direction,
    /// Text, binary or control.
    pub opcode: Opcode,
    /// djust's `type`, or the empty string if there is none.
    pub kind: String,
    /// Length of the payload on the wire after decompression, in bytes.
    pub length: u64,
    /// The payload. Binary payloads are base64; a payload over the limit is cut.
    pub payload: String,
    /// JSON pointers of the values that were redacted before writing.
    pub redacted: Vec<String>,
    /// True if `payload` holds only the beginning.
    pub cut: bool,
}

/// One WebSocket connection of one page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// Its number.
    pub connection: ConnectionId,
    /// When the upgrade was asked for.
    pub opened_us: Micros,
    /// When the socket closed.
    pub closed_us: Option<Micros>,
    /// Path and query of the upgrade request.
    pub path: String,
    /// djust's session id from its `connect` frame.
    pub session_id: Option<String>,
    /// Status of the answer to the upgrade request; 101 if it became a socket.
    pub status: u16,
    /// How it was closed, if a close frame was seen.
    pub close: Option<CloseRecord>,
    /// True if its frames are djust's. Other sockets, such as hot reload, are relayed but not decoded.
    pub is_djust: bool,
    /// Negotiated `Sec-WebSocket-Extensions`.
    pub extensions: String,
    /// What was wrong with the bytes, if decoding had to stop.
    pub problem: Option<String>,
}

/// How a connection was closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseRecord {
    /// RFC 6455 section 7.4 or djust's own code (4403, 4429).
    pub code: u16,
    /// The reason text, often empty.
    pub reason: String,
    /// Who closed first.
    pub by: Direction,
}
