//! The words of a recording as types.
//!
//! Everything here is plain data: it crosses from capture to the file, from
//! the file to the hub, and from the hub to a screen, and is the same at each
//! step. Times are microseconds; `*_us` fields count from the start of the
//! recording unless their documentation says otherwise.

mod change;
mod class;
mod debug_state;
mod finding;
mod frame;
mod http;
mod json;
mod json_text;
mod server;
mod snapshot;
mod span;
mod turn;
mod view;

pub use change::{Change, ChangeKind, Pair, Pairs, changes_between, changes_between_texts, differs};
pub use class::{ClassData, ComponentClass, SourceFile, SourceReference};
pub use debug_state::{DebugSource, DebugState, DebugStates};
pub use finding::{Evidence, Finding, FindingCode, KnownEvidence, Place, Severity};
pub use frame::{CloseRecord, Connection, Direction, FrameRecord, Opcode};
pub use http::{HttpBody, HttpExchange};
pub use json::{Json, Kind};
pub use json_text::JsonText;
pub use server::{Decision, MountFacts, SentPush, ServerWork, SessionUse, StartedThread, Task};
pub use snapshot::{Scope, Snapshot, StateText};
pub use span::{LogRecord, Span, SpanKind};
pub use turn::{
    Exception, FullHtml, Outcome, OverviewColumn, PatchRecord, SentFrame, TracebackFrame, Turn, TurnDetail,
    TurnKind, TurnRow, TurnTexts,
};
pub use view::{Handler, HandlerParam, Template, TemplateSource, View, ViewAt};

/// Microseconds since the start of the recording.
pub type Micros = i64;

/// Number of a turn, from 1, in the order in which causes were seen.
pub type TurnId = u64;

/// Number of a WebSocket connection, from 1.
pub type ConnectionId = u64;

/// Number of a frame, from 1, over all connections.
pub type FrameId = u64;

/// Number of a stored snapshot, from 1.
pub type SnapshotId = u64;

/// Number of a view record, from 1.
pub type ViewId = u64;

/// Number of an HTTP exchange, from 1.
pub type HttpId = u64;
