//! Questions and answers.

use djscope_recording::model::{
    Finding, FrameId, HttpExchange, LogRecord, OverviewColumn, PatchRecord, Scope, Span, TurnDetail, TurnId,
    TurnRow, View, ViewAt,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    FrameRow, JobId, Page, PagePiece, PayloadPiece, ProjectFacts, ProjectPlace, Side, SourcePiece, StatePage,
    StateView, Status, TurnSummary,
};

/// A question, which changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Query {
    /// The state of the recording.
    Status,
    /// A page of the list of turns that match `filter`, oldest first.
    Turns {
        /// In the grammar of [`djscope_recording::filter`]; empty for all.
        filter: String,
        /// Position of the first row among the matching ones, from 0.
        from: u64,
        /// How many rows at most.
        limit: u32,
    },
    /// The matching turns that come after one, oldest first: the next page, whatever rows could be read of this one.
    TurnsAfter {
        /// As in [`Query::Turns`].
        filter: String,
        /// The last turn of the page before; 0 for the first page.
        after: TurnId,
        /// How many rows at most.
        limit: u32,
    },
    /// Where a turn stands among those that match.
    Position {
        /// As in [`Query::Turns`].
        filter: String,
        /// The turn.
        turn: TurnId,
    },
    /// What a turn is, what led to what, and how much belongs to it.
    Turn {
        /// Its number.
        turn: TurnId,
    },
    /// Rows of the tree of a turn's states.
    State {
        /// The turn.
        turn: TurnId,
        /// What is open and what is shown.
        view: StateView,
        /// Position of the first row.
        from: u64,
        /// How many rows at most.
        limit: u32,
    },
    /// One value of a state.
    Value {
        /// The turn.
        turn: TurnId,
        /// Before or after.
        side: Side,
        /// Public or private.
        scope: Scope,
        /// Names and list indices from the top.
        path: Vec<String>,
    },
    /// Paths of a turn's states whose name or value holds a text.
    FindInState {
        /// The turn.
        turn: TurnId,
        /// The text, in any case.
        text: String,
        /// How many paths at most.
        limit: u32,
    },
    /// Patches of a turn.
    Patches {
        /// The turn.
        turn: TurnId,
        /// Position of the first.
        from: u64,
    },
    /// Frames of a turn, without what they carry.
    Frames {
        /// The turn.
        turn: TurnId,
        /// Position of the first.
        from: u64,
    },
    /// A piece of what a frame carries.
    Payload {
        /// The frame.
        frame: FrameId,
        /// Offset of the first byte.
        from: u64,
    },
    /// Spans of a turn.
    Spans {
        /// The turn.
        turn: TurnId,
        /// Position of the first.
        from: u64,
    },
    /// Log records of a turn.
    Logs {
        /// The turn.
        turn: TurnId,
        /// Position of the first.
        from: u64,
    },
    /// A piece of the page of a turn's view as it was after the turn.
    Page {
        /// The turn.
        turn: TurnId,
        /// Offset of the first byte.
        from: u64,
    },
    /// The views that were there when a turn had ended, on every open connection. What [`Query::State`] and
    /// [`Query::Page`] say of their last turns is how they were then.
    ViewsAt {
        /// The turn.
        turn: TurnId,
    },
    /// The code of a turn's view: class, handlers, template, and which modules belong to it.
    Code {
        /// The turn.
        turn: TurnId,
    },
    /// A piece of a module's text.
    Source {
        /// Hash of the text, as [`SourceReference`](djscope_recording::model::SourceReference) has it.
        hash: String,
        /// Offset of the first byte.
        from: u64,
    },
    /// A turn with all that belongs to it, however much that is.
    WholeTurn {
        /// Its number.
        turn: TurnId,
    },
    /// Findings, in the order in which they were made.
    Findings {
        /// Those of one turn, or all.
        turn: Option<TurnId>,
        /// Position of the first.
        from: u64,
        /// How many at most.
        limit: u32,
    },
    /// The whole recording in so many columns of equal time.
    Overview {
        /// Number of columns.
        columns: u32,
    },
    /// HTTP exchanges, oldest first, without bodies.
    Http {
        /// Position of the first row, from 0.
        from: u64,
        /// How many rows at most.
        limit: u32,
    },
    /// What is known of the server's processes, and what starts them again.
    Processes {
        /// Position of the first.
        from: u64,
    },
    /// Which project's code a re-run would run. Nothing is run by it.
    Project {
        /// Where the project is, if not where the recording says.
        place: ProjectPlace,
    },
    /// What could not be read so far, and why.
    Damage,
}

/// An answer to a [`Query`] or a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// To [`Query::Status`].
    Status(Box<Status>),
    /// To [`Query::Turns`].
    Turns(TurnPage),
    /// To [`Query::TurnsAfter`]; empty only at the end.
    Rows(Vec<TurnRow>),
    /// To [`Query::Position`].
    Position {
        /// How many matching turns come before it.
        position: u64,
        /// True if it matches itself.
        matches: bool,
    },
    /// To [`Query::Turn`].
    Turn(Box<TurnSummary>),
    /// To [`Query::State`].
    State(StatePage),
    /// To [`Query::Value`], as JSON; cut to the size of an answer.
    Value {
        /// The JSON text, or its beginning.
        json: String,
        /// How long it is in bytes.
        length: u64,
    },
    /// To [`Query::FindInState`].
    Paths(Vec<(Scope, Vec<String>)>),
    /// To [`Query::Patches`].
    Patches(Page<PatchRecord>),
    /// To [`Query::Frames`].
    Frames(Page<FrameRow>),
    /// To [`Query::Payload`].
    Payload(PayloadPiece),
    /// To [`Query::Spans`].
    Spans(Page<Span>),
    /// To [`Query::Logs`].
    Logs(Page<LogRecord>),
    /// To [`Query::Page`].
    Page(PagePiece),
    /// To [`Query::ViewsAt`], those of the newest connections first.
    ViewsAt(Vec<ViewAt>),
    /// To [`Query::Code`]. Long texts of it are cut and say so.
    Code(Box<View>),
    /// To [`Query::Source`].
    Source(SourcePiece),
    /// To [`Query::WholeTurn`].
    WholeTurn {
        /// The turn; none if it cannot be read.
        detail: Option<Box<TurnDetail>>,
        /// What the rules have found in it.
        findings: Vec<Finding>,
        /// What of it cannot be read, one sentence each.
        left_out: Vec<String>,
    },
    /// To [`Query::Findings`].
    Findings(Vec<Finding>),
    /// To [`Query::Overview`].
    Overview {
        /// One entry a column, in order of time.
        columns: Vec<OverviewColumn>,
        /// The time that all columns cover, from the start of the recording.
        span_us: i64,
    },
    /// To [`Query::Http`].
    Http {
        /// Position of the first row.
        from: u64,
        /// How many there are.
        total: u64,
        /// The rows.
        rows: Vec<HttpExchange>,
    },
    /// To [`Query::Processes`], as `docs/probe-protocol.md` describes a process.
    Processes(Page<Value>),
    /// To [`Query::Project`].
    Project(ProjectFacts),
    /// To [`Query::Damage`].
    Damage(Damage),
    /// A command was carried out.
    Done,
    /// A job was begun.
    Started {
        /// Its number.
        job: JobId,
    },
}

/// A page of the list of turns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TurnPage {
    /// The filter that the rows match.
    pub filter: String,
    /// Position of the first row among the matching ones.
    pub from: u64,
    /// How many turns match.
    pub total: u64,
    /// The rows, oldest first.
    pub rows: Vec<TurnRow>,
}

/// What could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damage {
    /// Parts that are damaged.
    pub damaged: u64,
    /// Parts that were too much.
    pub too_much: u64,
    /// What is wrong, one sentence each.
    pub problems: Vec<String>,
}
