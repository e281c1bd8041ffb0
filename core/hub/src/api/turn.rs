//! A turn, in parts.

use djscope_diagnose::chain::Link;
use djscope_diagnose::page::FailedPatch;
use djscope_diagnose::verdict::Verdict;
use djscope_recording::model::{
    ChangeKind, Connection, DebugSource, Direction, Finding, FrameId, FrameRecord, Micros, Opcode, Scope,
    Turn, TurnId,
};
use djscope_report::value::Class;
use serde::{Deserialize, Serialize};

/// What a turn is, what led to what, and how much belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TurnSummary {
    /// The turn. Parameters that are too long for an answer are null, and `left_out` says so.
    pub turn: Turn,
    /// Its connection.
    pub connection: Option<Connection>,
    /// The event, or the class of the view: what the turn is about in one word.
    pub subject: String,
    /// From the cause to the browser.
    pub chain: Vec<Link>,
    /// The one sentence about it; none if it did what it should.
    pub verdict: Option<Verdict>,
    /// What the rules have found.
    pub findings: Vec<Finding>,
    /// True if a probe reported anything of it.
    pub was_probed: bool,
    /// The HTTP exchange that carried it, in one line.
    pub http: Option<String>,
    /// How much belongs to it.
    pub counts: Counts,
    /// Where its states come from if it was not a probe that reported them: djust itself showed less than the state.
    #[serde(default)]
    pub state_source: Option<DebugSource>,
    /// What of it is not here, because it is damaged or too much, one sentence each.
    pub left_out: Vec<String>,
}

/// How much belongs to a turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Differences between the states.
    pub changes: u64,
    /// Patches.
    pub patches: u64,
    /// Frames.
    pub frames: u64,
    /// Spans.
    pub spans: u64,
    /// Log records.
    pub logs: u64,
    /// The state before is known.
    pub has_before: bool,
    /// The state after is known.
    pub has_after: bool,
}

/// Some of the rows of a part. The next page begins at `from + rows.len()`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    /// Position of the first row.
    pub from: u64,
    /// How many there are.
    pub total: u64,
    /// As many as an answer holds, at least one unless `from` is the end.
    pub rows: Vec<T>,
}

/// A frame without what it carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameRow {
    /// Its number.
    pub frame: FrameId,
    /// Its connection.
    pub connection: u64,
    /// When it was seen.
    pub t_us: Micros,
    /// To the server or to the browser.
    pub direction: Direction,
    /// What kind of message.
    pub opcode: Opcode,
    /// djust's `type`; empty if it has none.
    pub kind: String,
    /// Length on the wire, in bytes, unpacked.
    pub length: u64,
    /// JSON pointers of what is masked.
    pub redacted: Vec<String>,
    /// True if only its beginning was kept.
    pub cut: bool,
}

impl FrameRow {
    /// The row of a frame.
    pub fn of(frame: &FrameRecord) -> Self {
        Self {
            frame: frame.frame,
            connection: frame.connection,
            t_us: frame.t_us,
            direction: frame.direction,
            opcode: frame.opcode,
            kind: frame.kind.clone(),
            length: frame.length,
            redacted: frame.redacted.clone(),
            cut: frame.cut,
        }
    }
}

/// A piece of a long text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextPiece {
    /// Offset of the first byte.
    pub from: u64,
    /// How many bytes there are in all.
    pub total: u64,
    /// The piece; it ends between characters.
    pub text: String,
}

/// A piece of what a frame carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayloadPiece {
    /// The frame.
    pub frame: FrameId,
    /// The piece.
    #[serde(flatten)]
    pub piece: TextPiece,
}

/// A piece of the page of a view, made by applying what was sent to the browser as djust's client does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PagePiece {
    /// The turn after which the page looked like this.
    pub turn: TurnId,
    /// The last turn before it whose whole HTML was recorded.
    pub since: TurnId,
    /// Patches since then that found nothing to change, at most 100.
    pub failed: Vec<FailedPatch>,
    /// The HTML inside the view's root.
    #[serde(flatten)]
    pub piece: TextPiece,
}

/// A piece of a module's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcePiece {
    /// Dotted name of the module.
    pub module: String,
    /// Its file.
    pub file: String,
    /// The piece.
    #[serde(flatten)]
    pub piece: TextPiece,
}

/// One of a turn's two states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Before the turn.
    Before,
    /// After it.
    After,
}

/// What is open in the tree of a turn's states, and what is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateView {
    /// Hides what did not change.
    pub only_changes: bool,
    /// Paths that are open although closed by default, or the reverse.
    pub flipped: Vec<String>,
    /// A path to open and to find.
    pub reveal: Option<String>,
}

/// Rows of the tree of a turn's states.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StatePage {
    /// Position of the first row.
    pub from: u64,
    /// How many rows there are.
    pub total: u64,
    /// As many as an answer holds, at least one unless `from` is the end.
    pub rows: Vec<Node>,
    /// What is open, with what had to be opened for the path that was to be found.
    pub flipped: Vec<String>,
    /// The row of that path.
    pub revealed: Option<u64>,
}

/// A value as a row shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// As Python prints it, cut.
    pub text: String,
    /// For its colour.
    pub class: Class,
}

/// One row of the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Node {
    /// Heads the public or the private names.
    Scope {
        /// Which.
        scope: Scope,
        /// How many there are.
        names: usize,
        /// How many of them differ.
        changed: usize,
    },
    /// A name, key or index with its values.
    Entry {
        /// How deep, from 0.
        depth: usize,
        /// Public or private.
        scope: Scope,
        /// The last part of the path.
        name: String,
        /// The whole path, as [`path_of`](crate::parts::path_of) joins it.
        path: String,
        /// How it differs.
        change: Option<ChangeKind>,
        /// None if it has no parts, else whether they are shown.
        is_open: Option<bool>,
        /// Before.
        before: Option<Shown>,
        /// After.
        after: Option<Shown>,
    },
}
