use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Micros, TurnId};

/// The phase that a span times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpanKind {
    /// From the frame's arrival at the server to the start of work.
    Queue,
    /// `mount()`, `handle_params()` or an event handler.
    Handler,
    /// One database query.
    Sql,
    /// `get_context_data()` and its serialisation.
    Context,
    /// The whole of render, parse, diff and serialise.
    Render,
    /// Template to HTML, inside the engine of djust.
    Template,
    /// HTML to tree.
    Parse,
    /// Tree to patches.
    Diff,
    /// Patches or tree to text.
    Serialize,
    /// Building and writing frames.
    Send,
    /// From the server's last byte to the proxy's.
    Wire,
    /// The browser's work on a frame.
    Client,
    /// Anything else that a probe times.
    Other,
}

impl SpanKind {
    /// The name in JSON and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Handler => "handler",
            Self::Sql => "sql",
            Self::Context => "context",
            Self::Render => "render",
            Self::Template => "template",
            Self::Parse => "parse",
            Self::Diff => "diff",
            Self::Serialize => "serialize",
            Self::Send => "send",
            Self::Wire => "wire",
            Self::Client => "client",
            Self::Other => "other",
        }
    }

    /// The kind of that name; [`SpanKind::Other`] for a name of a newer probe.
    pub fn from_name(name: &str) -> Self {
        serde_json::from_value(Value::String(name.to_owned())).unwrap_or(Self::Other)
    }
}

/// A timed phase inside a turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// Number inside the turn, from 0.
    pub span: u32,
    /// The span that holds it.
    pub parent: Option<u32>,
    /// What it times.
    pub kind: SpanKind,
    /// Handler name, SQL text, template name …
    pub name: String,
    /// Start, from the start of the turn.
    pub start_us: i64,
    /// Length.
    pub duration_us: u64,
    /// More facts. For SQL: `params`, `alias`, `file`, `line`, `function`, `rows`.
    pub detail: Value,
}

/// One record of Python's `logging`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogRecord {
    /// The turn during which it was logged.
    pub turn: Option<TurnId>,
    /// When.
    pub t_us: Micros,
    /// `DEBUG` … `CRITICAL`.
    pub level: String,
    /// Name of the logger.
    pub logger: String,
    /// The formatted message.
    pub message: String,
    /// Source file of the call.
    pub file: Option<String>,
    /// Line of the call.
    pub line: Option<u32>,
    /// Formatted traceback, if it carried one.
    pub traceback: Option<String>,
}
