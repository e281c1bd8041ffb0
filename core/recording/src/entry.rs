//! What can be written into a recording.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::{
    Connection, ConnectionId, FrameRecord, HttpExchange, LogRecord, PatchRecord, SnapshotId, Span, Turn, TurnId,
    View, ViewId,
};

/// One thing to write down.
///
/// Connections, turns and HTTP exchanges may come more than once with the
/// same number while they go on; the last one counts. Everything else comes
/// once. Whoever makes entries gives out the numbers and has already taken
/// out secrets.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A connection was opened, named, or closed.
    Connection(Connection),
    /// A view was mounted.
    View(View),
    /// A turn has begun, or more of it is known.
    Turn(Box<Turn>),
    /// A WebSocket message.
    Frame(FrameRecord),
    /// All patches of one frame.
    Patches {
        /// The turn that the frame belongs to.
        turn: TurnId,
        /// In the order sent.
        patches: Vec<PatchRecord>,
    },
    /// Spans of a turn; added to those that it has.
    Spans {
        /// The turn.
        turn: TurnId,
        /// In any order.
        spans: Vec<Span>,
    },
    /// A log record.
    Log(LogRecord),
    /// An HTTP exchange has begun or ended.
    Http(Box<HttpExchange>),
    /// A state, as its difference from an earlier one.
    Snapshot(SnapshotDelta),
    /// The whole HTML inside a view's root after a turn: where a seek to a DOM can start.
    Keyframe(Keyframe),
    /// A diagnosed problem.
    Finding(Finding),
    /// A fact about the run: the command, the server's address, versions, what was not seen.
    Meta {
        /// Name of the fact.
        key: String,
        /// Its value; replaces an earlier one.
        value: Value,
    },
}

/// A state as its difference from an earlier one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SnapshotDelta {
    /// Its number.
    pub snapshot: SnapshotId,
    /// The state it builds on; none if this one is whole.
    pub base: Option<SnapshotId>,
    /// Public names that are new or have another value.
    pub public: Map<String, Value>,
    /// Private names that are new or have another value.
    pub private: Map<String, Value>,
    /// Names of `base` that are gone.
    pub unset: Vec<String>,
}

/// The whole HTML inside a view's root after a turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyframe {
    /// The turn after which the page looked like this.
    pub turn: TurnId,
    /// The connection of the page; none for a first render over HTTP.
    pub connection: Option<ConnectionId>,
    /// The record of the view, if known.
    pub view_id: Option<ViewId>,
    /// Inner HTML of the root, with `dj-id`s.
    pub html: String,
}

/// One diagnosed problem.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The turn that shows it; none if it is about the whole recording.
    pub turn: Option<TurnId>,
    /// Stable name of the rule.
    pub code: String,
    /// `error`, `warning` or `notice`.
    pub severity: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do.
    pub fix: String,
    /// Everything else that the rule says of it.
    pub detail: Value,
}
