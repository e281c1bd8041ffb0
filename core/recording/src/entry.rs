//! What can be written into a recording.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::{
    ClassData, Connection, ConnectionId, Finding, FrameRecord, HttpExchange, HttpId, LogRecord, PatchRecord,
    ServerWork, Snapshot, SnapshotId, SourceFile, Span, Turn, TurnId, View, ViewId,
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
    /// The text of a module of the project.
    Source(Box<SourceFile>),
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
    /// An exchange that was written already is the one of a turn.
    HttpTurn {
        /// The exchange.
        http: HttpId,
        /// Its turn.
        turn: TurnId,
    },
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

impl Entry {
    /// What it is, in one word: how losses are counted.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Connection(_) => "connection",
            Self::View(_) => "view",
            Self::Source(_) => "source",
            Self::Turn(_) => "turn",
            Self::Frame(_) => "frame",
            Self::Patches { .. } => "patches",
            Self::Spans { .. } => "spans",
            Self::Log(_) => "log",
            Self::Http(_) | Self::HttpTurn { .. } => "http",
            Self::Snapshot(_) => "snapshot",
            Self::Keyframe(_) => "keyframe",
            Self::Finding(_) => "finding",
            Self::Meta { .. } => "meta",
        }
    }

    /// About how much memory it holds, in bytes.
    pub fn size(&self) -> usize {
        let own = size_of::<Self>();
        own + match self {
            Self::Frame(frame) => frame.payload.len() + frame.kind.len(),
            Self::Http(http) => {
                let headers = http.request_headers.iter().chain(&http.response_headers);
                let headers: usize = headers.map(|(name, value)| name.len() + value.len() + 48).sum();
                http.request_body.bytes.len() + http.response_body.bytes.len() + http.url.len() + headers
            }
            Self::Snapshot(delta) => map_bytes(&delta.public) + map_bytes(&delta.private),
            Self::Keyframe(keyframe) => keyframe.html.len(),
            Self::Patches { patches, .. } => patches
                .iter()
                .map(|patch| 160 + patch.summary.len() + value_bytes(&patch.patch))
                .sum(),
            Self::Spans { spans, .. } => spans
                .iter()
                .map(|span| 160 + span.name.len() + value_bytes(&span.detail))
                .sum(),
            Self::Turn(turn) => turn_size(turn),
            Self::Log(log) => log.message.len() + log.traceback.as_ref().map_or(0, String::len),
            Self::View(view) => {
                let handlers = view
                    .handlers
                    .iter()
                    .map(|handler| 200 + handler.source.as_ref().map_or(0, String::len));
                let sources = view.template.iter().flat_map(|template| &template.sources);
                let data = view.class_data.as_deref().map_or(0, class_bytes);
                handlers.sum::<usize>()
                    + sources.map(|source| 100 + source.source.len()).sum::<usize>()
                    + data
            }
            Self::Source(source) => 512 + source.text.len(),
            Self::Finding(finding) => {
                // Evidence is a handful of lines; what it quotes is bounded by the rules.
                finding.message.len() + finding.fix.len() + 256 * finding.evidence.len()
            }
            Self::Meta { value, .. } => value_bytes(value),
            Self::Connection(_) => 256,
            Self::HttpTurn { .. } => 0,
        }
    }
}

fn turn_size(turn: &Turn) -> usize {
    let names = [&turn.context, &turn.rendered, &turn.changed];
    let names: usize = names
        .into_iter()
        .flatten()
        .flatten()
        .map(|name| name.len() + 24)
        .sum();
    let changed = turn.djust.iter().filter_map(|djust| djust.changed.as_ref());
    let shown = turn.debug_state.iter().filter_map(|shown| shown.changed.as_ref());
    let names = names + bytes_of(changed.chain(shown).chain(&turn.changed_keys).flatten());
    let exception = turn
        .exception
        .as_ref()
        .map_or(0, |exception| exception.traceback.len() * 2);
    512 + names
        + exception
        + work_bytes(&turn.work)
        + value_bytes(&turn.params)
        + turn.error.as_ref().map_or(0, String::len)
}

fn bytes_of<'a>(names: impl Iterator<Item = &'a String>) -> usize {
    names.map(|name| name.len() + 24).sum()
}

/// About how much memory what a class is made of holds, in bytes.
pub fn class_bytes(data: &ClassData) -> usize {
    let lists = [
        &data.state_fields,
        &data.computed,
        &data.static_assigns,
        &data.temporary_assigns,
        &data.reserved,
        &data.before_init,
        &data.dropped,
    ];
    let names: usize = lists.into_iter().flatten().map(|name| 24 + name.len()).sum();
    let components = data
        .components
        .iter()
        .map(|each| 48 + each.name.len() + each.class.len());
    let sources = data
        .sources
        .iter()
        .map(|each| 200 + each.module.len() + each.file.len());
    map_bytes(&data.attributes) + names + components.sum::<usize>() + sources.sum::<usize>()
}

/// About how much memory what a turn did on the server holds, in bytes.
pub fn work_bytes(work: &ServerWork) -> usize {
    let mount = work.mount.as_ref().map_or(0, |mount| {
        256 + value_bytes(&mount.user) + value_bytes(&mount.kwargs)
    });
    let pushes = work.pushes.iter().map(|push| {
        let names: usize = push.state.iter().map(|name| 24 + name.len()).sum();
        128 + push.target.len() + names
    });
    let tasks = work.tasks.iter().chain(&work.task).map(|task| {
        let names: usize = task.wrote.iter().flatten().map(|name| 24 + name.len()).sum();
        160 + task.name.len() + names
    });
    mount + pushes.sum::<usize>() + tasks.sum::<usize>() + work.threads.len() * 256
}

/// About how much memory a JSON object holds, in bytes.
pub fn map_bytes(map: &Map<String, Value>) -> usize {
    map.iter()
        .map(|(name, value)| 72 + name.len() + value_bytes(value))
        .sum()
}

/// About how much memory a JSON value holds, in bytes.
pub fn value_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => size_of::<Value>(),
        Value::String(text) => size_of::<Value>() + text.len(),
        Value::Array(items) => size_of::<Value>() + items.iter().map(value_bytes).sum::<usize>(),
        Value::Object(map) => size_of::<Value>() + map_bytes(map),
    }
}

impl SnapshotDelta {
    /// The difference that `self` and then `later` make together.
    #[must_use]
    pub fn followed_by(mut self, later: Self) -> Self {
        for name in later.unset {
            self.public.shift_remove(&name);
            self.private.shift_remove(&name);
            if !self.unset.contains(&name) {
                self.unset.push(name);
            }
        }
        self.public.extend(later.public);
        self.private.extend(later.private);
        self.snapshot = later.snapshot;
        self
    }

    /// The state that `base` becomes: first the names in `unset` go, then those in `public` and `private` come.
    pub fn applied_to(&self, mut base: Snapshot) -> Snapshot {
        for name in &self.unset {
            base.public.shift_remove(name);
            base.private.shift_remove(name);
        }
        base.public.extend(self.public.clone());
        base.private.extend(self.private.clone());
        base
    }
}
