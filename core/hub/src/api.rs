//! What can be asked and what is answered.

use djscope_recording::model::{HttpExchange, OverviewColumn, TurnDetail, TurnId, TurnRow};
use serde::{Deserialize, Serialize};

/// A question to the hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "query", rename_all = "snake_case")]
pub enum Query {
    /// A page of the list of turns that match `filter`, oldest first.
    Turns {
        /// In the grammar of [`djscope_recording::filter`]; empty for all.
        filter: String,
        /// Position of the first row among the matching ones, from 0.
        from: u64,
        /// How many rows at most.
        limit: u32,
    },
    /// Everything about one turn.
    Turn {
        /// Its number.
        turn: TurnId,
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
    /// Stop or go on recording.
    Pause {
        /// True to stop.
        paused: bool,
    },
}

/// What the hub says, as an answer or on its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// Sent when anything in it changed.
    Status(Status),
    /// Answer to [`Query::Turns`].
    Turns(TurnPage),
    /// Answer to [`Query::Turn`]; sent again when a turn that was asked for has changed.
    Turn(Box<TurnDetail>),
    /// Answer to [`Query::Overview`].
    Overview {
        /// One entry a column, in order of time.
        columns: Vec<OverviewColumn>,
        /// The time that all columns cover, from the start of the recording.
        span_us: i64,
    },
    /// Answer to [`Query::Http`].
    Http {
        /// Position of the first row.
        from: u64,
        /// How many there are.
        total: u64,
        /// The rows.
        rows: Vec<HttpExchange>,
    },
    /// A query that could not be answered.
    Failed {
        /// The query.
        query: Query,
        /// What went wrong and where.
        message: String,
        /// What to do.
        hint: Option<String>,
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
    /// Why the filter could not be understood; there are no rows then.
    pub filter_error: Option<String>,
}

/// The state of the recording and of everything that feeds it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Live, paused or saved.
    pub recording: RecordingState,
    /// Path of the file.
    pub path: String,
    /// Address of the proxy, `http://127.0.0.1:8010`, while live.
    pub proxy: Option<String>,
    /// Address of the server, `http://127.0.0.1:8000`.
    pub upstream: Option<String>,
    /// The command that was started, if any.
    pub command: Option<String>,
    /// How long the recording is.
    pub duration_us: i64,
    /// Turns so far.
    pub turns: u64,
    /// Frames so far.
    pub frames: u64,
    /// Findings so far.
    pub findings: u64,
    /// Size of the file in bytes.
    pub size_bytes: u64,
    /// Frames, states or bodies that could not be kept.
    pub dropped: u64,
    /// Memory of the recorder; none for a saved recording.
    pub memory: Option<Memory>,
    /// Is there a probe, and what does it lack.
    pub probe: ProbeState,
    /// Sentences that the user should see: the disk is full, the server is down.
    pub problems: Vec<String>,
}

/// Memory of a recorder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// What was seen and is not written yet, in bytes.
    pub used_bytes: u64,
    /// What the recorder may use in all, in bytes.
    pub budget_bytes: u64,
}

/// Whether a recording grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingState {
    /// It grows.
    Live,
    /// It could grow, and the user stopped it.
    Paused,
    /// A file from an earlier run.
    #[default]
    Saved,
}

/// What is known of the probe in the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "probe", rename_all = "snake_case")]
pub enum ProbeState {
    /// Not asked for, or attached to a server that runs without it.
    #[default]
    Absent,
    /// Asked for, and not heard of yet.
    Waiting,
    /// Asked for, and djust's frames pass without a word of it.
    Silent {
        /// Why, and the way out.
        reason: String,
    },
    /// It reports.
    Connected {
        /// djust's version in the server.
        djust: Option<String>,
        /// What it cannot see, and why.
        missing: Vec<String>,
    },
    /// It reported, and its process has ended.
    Gone,
}

/// A connection to a hub.
///
/// Asking never blocks; answers come when they are ready. A native panel has
/// a client in its own process, a browser has one over a socket.
pub trait Client {
    /// Asks. Queries of the same kind replace an older one that was not answered yet.
    fn ask(&mut self, query: Query);

    /// Takes the answers that have arrived.
    fn answers(&mut self) -> Vec<Answer>;
}
