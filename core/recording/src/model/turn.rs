use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Change, Connection, ConnectionId, DebugSource, DebugState, DebugStates, Decision, FrameId, FrameRecord,
    HttpExchange, HttpId, LogRecord, Micros, ServerWork, Snapshot, SnapshotId, Span, StateText, TurnId, View,
    ViewId,
};

/// What set a turn off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnKind {
    /// A view was mounted, over a socket or by the page's first render.
    Mount,
    /// A user's event.
    Event,
    /// `dj-patch`, back or forward.
    UrlChange,
    /// `handle_tick`.
    Tick,
    /// A push or broadcast from the server.
    Push,
    /// A background task that finished.
    Async,
    /// The browser asked for the whole HTML again.
    Recovery,
    /// Part of an upload.
    Upload,
    /// The server replaced code or template under a running view.
    HotReload,
    /// A jump or replay of djust's own time travel.
    TimeTravel,
    /// A frame of a kind this version does not know.
    Other,
}

impl TurnKind {
    /// Every kind, in the order of documentation.
    pub const ALL: [Self; 11] = [
        Self::Mount,
        Self::Event,
        Self::UrlChange,
        Self::Tick,
        Self::Push,
        Self::Async,
        Self::Recovery,
        Self::Upload,
        Self::HotReload,
        Self::TimeTravel,
        Self::Other,
    ];

    /// The name in JSON, in the database and in filters.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mount => "mount",
            Self::Event => "event",
            Self::UrlChange => "url_change",
            Self::Tick => "tick",
            Self::Push => "push",
            Self::Async => "async",
            Self::Recovery => "recovery",
            Self::Upload => "upload",
            Self::HotReload => "hot_reload",
            Self::TimeTravel => "time_travel",
            Self::Other => "other",
        }
    }

    /// The kind of that name, or [`TurnKind::Other`].
    pub fn from_name(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .unwrap_or(Self::Other)
    }
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// No answer yet, or none before the connection closed.
    Unanswered,
    /// The view was mounted.
    Mounted,
    /// Patches with changes.
    Patched,
    /// A patch frame with no patches: state changed, the page did not.
    EmptyPatch,
    /// `noop`: djust saw no change of state.
    Noop,
    /// Whole HTML instead of patches.
    FullHtml,
    /// An error frame.
    Error,
    /// The browser was sent somewhere else.
    Redirected,
    /// The browser got the whole HTML that it asked for.
    Recovered,
    /// The server did its work and had nothing to say.
    Silent,
    /// Frames other than those above, and no error.
    Done,
}

impl Outcome {
    /// Every outcome, in the order of documentation.
    pub const ALL: [Self; 11] = [
        Self::Unanswered,
        Self::Mounted,
        Self::Patched,
        Self::EmptyPatch,
        Self::Noop,
        Self::FullHtml,
        Self::Error,
        Self::Redirected,
        Self::Recovered,
        Self::Silent,
        Self::Done,
    ];

    /// The name in JSON, in the database and in filters.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unanswered => "unanswered",
            Self::Mounted => "mounted",
            Self::Patched => "patched",
            Self::EmptyPatch => "empty_patch",
            Self::Noop => "noop",
            Self::FullHtml => "full_html",
            Self::Error => "error",
            Self::Redirected => "redirected",
            Self::Recovered => "recovered",
            Self::Silent => "silent",
            Self::Done => "done",
        }
    }

    /// The outcome of that name, or [`Outcome::Done`].
    pub fn from_name(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.name() == name)
            .unwrap_or(Self::Done)
    }
}

/// The unit of work: one cause and all that followed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// Its number.
    pub turn: TurnId,
    /// What set it off.
    pub kind: TurnKind,
    /// The connection; none for work over plain HTTP.
    pub connection: Option<ConnectionId>,
    /// The record of its view.
    pub view_id: Option<ViewId>,
    /// Dotted path of the view class, as far as known.
    pub view: Option<String>,
    /// Event or handler name.
    pub event: Option<String>,
    /// Event parameters as sent.
    pub params: Value,
    /// The browser's event counter.
    #[serde(rename = "ref")]
    pub reference: Option<i64>,
    /// When the cause was seen.
    pub t_us: Micros,
    /// From the cause to the last frame of the answer, as seen by the proxy; from the probe if no frame travelled.
    pub duration_us: Option<u64>,
    /// How it ended.
    pub outcome: Outcome,
    /// Top-level names whose value differs, public then private (`_x`); none if no state is known, or a value was
    /// cut and may differ in what was left out.
    pub changed: Option<Vec<String>>,
    /// Number of patches sent; none if no patch frame was sent.
    pub patches: Option<u32>,
    /// Version of the last checked frame.
    pub version: Option<i64>,
    /// State before.
    pub before: Option<SnapshotId>,
    /// State after.
    pub after: Option<SnapshotId>,
    /// What djust itself showed of the state; none if it showed nothing, or a probe reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debug_state: Option<DebugState>,
    /// Names that the template context held; none if nothing was rendered, or no probe saw it.
    pub context: Option<Vec<String>>,
    /// Names that djust sent to its renderer; none if nothing was rendered, or no probe saw it.
    pub rendered: Option<Vec<String>>,
    /// What djust decided before the render; none if it decided nothing, or no probe saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub djust: Option<Decision>,
    /// The values that the renderer holds after this turn's were handed to it; none if none were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed: Option<SnapshotId>,
    /// Names that djust gave to the renderer as changed: they decide which parts are rendered again. None if it gave
    /// none, and the whole template is rendered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_keys: Option<Vec<String>>,
    /// What the turn did on the server besides.
    #[serde(default)]
    pub work: ServerWork,
    /// The server's error text.
    pub error: Option<String>,
    /// The exception behind it, if a probe saw one.
    pub exception: Option<Exception>,
    /// Why the server sent whole HTML, if a probe saw the reason.
    pub full_html: Option<FullHtml>,
    /// Frames that the server says it sent.
    pub sent: Vec<SentFrame>,
    /// The HTTP exchange that carried it, for work over plain HTTP.
    pub http: Option<HttpId>,
    /// What could not be seen of this turn, and why.
    pub missing: Vec<String>,
}

impl Turn {
    /// A turn of which only the cause is known.
    pub const fn begun(turn: TurnId, kind: TurnKind, t_us: Micros) -> Self {
        Self {
            turn,
            kind,
            connection: None,
            view_id: None,
            view: None,
            event: None,
            params: Value::Null,
            reference: None,
            t_us,
            duration_us: None,
            outcome: Outcome::Unanswered,
            changed: None,
            patches: None,
            version: None,
            before: None,
            after: None,
            debug_state: None,
            context: None,
            rendered: None,
            djust: None,
            handed: None,
            changed_keys: None,
            work: ServerWork::unseen(),
            error: None,
            exception: None,
            full_html: None,
            sent: Vec::new(),
            http: None,
            missing: Vec::new(),
        }
    }
}

/// An exception with its traceback.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Exception {
    /// Qualified class name.
    #[serde(rename = "type")]
    pub class: String,
    /// `str(exception)`.
    pub message: String,
    /// As Python prints it, with causes.
    pub traceback: String,
    /// The frames, outermost first.
    pub frames: Vec<TracebackFrame>,
}

/// One frame of a traceback.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TracebackFrame {
    /// Source file.
    pub file: String,
    /// Line.
    pub line: u32,
    /// Function.
    pub function: String,
    /// The source line.
    pub source: Option<String>,
}

/// djust's `full_html_update` signal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FullHtml {
    /// `no_patches`, `force_full_html`, `first_render`, `patch_compression`, `component_event`, `embedded_child` …
    pub reason: String,
    /// Size of the HTML in characters.
    pub html_size: Option<u64>,
    /// Size of the HTML before.
    pub previous_html_size: Option<u64>,
    /// Patches that were given up.
    pub patch_count: Option<u64>,
    /// djust's version of the view.
    pub version: Option<i64>,
}

/// A frame as the server knew it when it sent it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SentFrame {
    /// djust's `type`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Checked version.
    pub version: Option<i64>,
    /// Echoed event counter.
    #[serde(rename = "ref")]
    pub reference: Option<i64>,
    /// When, from the start of the turn.
    pub t_us: i64,
}

/// One patch, with the place it goes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PatchRecord {
    /// The frame that carried it.
    pub frame: FrameId,
    /// Its place in the batch, from 0.
    pub index: u32,
    /// `SetText`, `InsertChild` …
    pub kind: String,
    /// Path from the view's root, over significant children.
    pub path: Vec<u32>,
    /// `dj-id` of the target, or of the parent for child operations.
    pub target: Option<String>,
    /// One line that says what it does.
    pub summary: String,
    /// The patch as sent.
    pub patch: Value,
}

/// What the list shows of a turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TurnRow {
    /// Its number.
    pub turn: TurnId,
    /// What set it off.
    pub kind: TurnKind,
    /// How it ended.
    pub outcome: Outcome,
    /// The connection.
    pub connection: Option<ConnectionId>,
    /// When the cause was seen.
    pub t_us: Micros,
    /// Its length.
    pub duration_us: Option<u64>,
    /// Event, handler or view name: the cause in one word.
    pub cause: String,
    /// Dotted path of the view class.
    pub view: Option<String>,
    /// Names that changed; none if no state is known.
    pub changed: Option<Vec<String>>,
    /// Names that likely changed, by what djust itself showed; none if it showed nothing to compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likely_changed: Option<Vec<String>>,
    /// Number of patches.
    pub patches: Option<u32>,
    /// Number of findings.
    pub findings: u32,
    /// Number of SQL queries.
    pub queries: u32,
    /// The error in short.
    pub error: Option<String>,
    /// What is wrong with the row: the file is damaged there. If it cannot be read, nothing but the number is known.
    #[serde(default)]
    pub damage: Option<String>,
}

impl TurnRow {
    /// The row of a turn that cannot be read.
    pub const fn damaged(turn: TurnId, damage: String) -> Self {
        Self {
            turn,
            kind: TurnKind::Other,
            outcome: Outcome::Done,
            connection: None,
            t_us: 0,
            duration_us: None,
            cause: String::new(),
            view: None,
            changed: None,
            likely_changed: None,
            patches: None,
            findings: 0,
            queries: 0,
            error: None,
            damage: Some(damage),
        }
    }
}

/// What happened in one column of the overview.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverviewColumn {
    /// Turns that sent changes or mounted.
    pub ok: u32,
    /// Turns with nothing to show: noop, empty patch, silent, unanswered.
    pub quiet: u32,
    /// Whole HTML and recoveries.
    pub warning: u32,
    /// Errors.
    pub error: u32,
    /// SQL queries.
    pub queries: u32,
    /// Findings.
    pub findings: u32,
    /// First turn in the column.
    pub first_turn: Option<TurnId>,
}

/// Everything about one turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TurnDetail {
    /// The turn.
    pub turn: Turn,
    /// Its connection.
    pub connection: Option<Connection>,
    /// Its view: code and template.
    pub view: Option<View>,
    /// State before.
    pub before: Option<Snapshot>,
    /// State after.
    pub after: Option<Snapshot>,
    /// What djust itself showed of the states.
    #[serde(default)]
    pub debug: DebugStates,
    /// What the renderer holds after the turn's values were handed to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed: Option<Snapshot>,
    /// What differs between the two, deep, in the order of the state.
    pub changes: Vec<Change>,
    /// Its frames, in order of time.
    pub frames: Vec<FrameRecord>,
    /// Its patches, in the order sent.
    pub patches: Vec<PatchRecord>,
    /// Its spans, in order of start.
    pub spans: Vec<Span>,
    /// Its log records.
    pub logs: Vec<LogRecord>,
    /// The HTTP exchange that carried it.
    pub http: Option<HttpExchange>,
    /// What of it is not here, because it is damaged or too much, one sentence each.
    #[serde(default)]
    pub left_out: Vec<String>,
}

/// One turn with its states as texts.
#[derive(Clone, Debug, PartialEq)]
pub struct TurnTexts {
    /// All but the probe's states, and what was handed to the renderer.
    pub detail: TurnDetail,
    /// State before: the probe's, or else what djust itself showed.
    pub before: Option<StateText>,
    /// State after, as that before.
    pub after: Option<StateText>,
    /// Where the states come from; none for the probe's.
    pub source: Option<DebugSource>,
}

impl TurnDetail {
    /// A turn to which nothing else belongs.
    pub const fn of(turn: Turn) -> Self {
        Self {
            turn,
            connection: None,
            view: None,
            before: None,
            after: None,
            debug: DebugStates {
                before: None,
                after: None,
            },
            handed: None,
            changes: Vec::new(),
            frames: Vec::new(),
            patches: Vec::new(),
            spans: Vec::new(),
            logs: Vec::new(),
            http: None,
            left_out: Vec::new(),
        }
    }

    /// The states to show, before and after: the probe's, or else what djust itself showed. The last is where those
    /// come from; none for the probe's.
    pub fn shown_states(&self) -> (Option<&Snapshot>, Option<&Snapshot>, Option<DebugSource>) {
        let shown = self.turn.debug_state.as_ref().filter(|_| {
            let debug = &self.debug;
            self.before.is_none() && self.after.is_none() && (debug.before.is_some() || debug.after.is_some())
        });
        match shown {
            Some(shown) => (
                self.debug.before.as_ref(),
                self.debug.after.as_ref(),
                Some(shown.source),
            ),
            None => (self.before.as_ref(), self.after.as_ref(), None),
        }
    }
}
