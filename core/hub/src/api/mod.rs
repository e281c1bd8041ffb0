//! What a client can ask and do, and what the hub says.
//!
//! A client sends a [`Request`], which is a [`Query`] or a [`Command`], and gets one [`Reply`] with the same number.
//! Besides, the hub sends [`Event`]s that nobody asked for. In a process the values themselves travel; over a socket
//! each is one JSON text.

mod job;
mod query;
mod rerun;
mod status;
mod turn;

use std::fmt;

use djscope_recording::model::{Finding, TurnId};
use djscope_replay::answer::Answer as RerunAnswer;
use serde::{Deserialize, Serialize};

pub use job::{Job, JobEnd, JobId, JobProgress};
pub use query::{Answer, Damage, Query, TurnPage};
pub use rerun::{ProjectFacts, ProjectPlace, RerunJob};
pub use status::{Memory, ProbeState, RecordingState, Status};
pub use turn::{
    Counts, FrameRow, Node, Page, PagePiece, PayloadPiece, Shown, Side, SourcePiece, StatePage, StateView,
    TextPiece, TurnSummary,
};

/// Version of everything in this module. Both sides of a socket have to speak the same.
pub const PROTOCOL: u32 = 1;

/// Most bytes of one answer that was not asked for as a whole.
pub const MAX_ANSWER_BYTES: usize = 256 << 10;

/// Number of a request, given by the client.
pub type RequestId = u64;

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Its number, by which the reply is known.
    pub id: RequestId,
    /// What is wanted.
    #[serde(flatten)]
    pub ask: Ask,
}

/// What is wanted: to know something, or to have something done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// A question, which changes nothing.
    Query(Query),
    /// Something to do.
    Command(Command),
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Stop recording, or go on.
    Pause {
        /// True to stop.
        paused: bool,
    },
    /// Say when a turn changes; only one is watched at a time by each client.
    Watch {
        /// Which; none to watch none.
        turn: Option<TurnId>,
    },
    /// Give up a request that was not answered yet.
    Cancel {
        /// Its number.
        request: RequestId,
    },
    /// Begin what takes long.
    Start {
        /// What.
        job: Job,
    },
    /// End a job before its time.
    Stop {
        /// Its number.
        job: JobId,
    },
}

/// What the hub sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// The one reply to a request.
    Reply(Reply),
    /// News.
    Event(Event),
}

/// The one reply to a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The number of the request.
    pub id: RequestId,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: ReplyOutcome,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplyOutcome {
    /// The answer.
    Answer(Answer),
    /// Why there is none.
    Error(HubError),
}

impl Reply {
    /// A reply from a result.
    pub fn of(id: RequestId, result: Result<Answer, HubError>) -> Self {
        let outcome = match result {
            Ok(answer) => ReplyOutcome::Answer(answer),
            Err(error) => ReplyOutcome::Error(error),
        };
        Self { id, outcome }
    }

    /// The answer, or why there is none.
    ///
    /// # Errors
    ///
    /// The hub's error.
    pub fn into_result(self) -> Result<Answer, HubError> {
        match self.outcome {
            ReplyOutcome::Answer(answer) => Ok(answer),
            ReplyOutcome::Error(error) => Err(error),
        }
    }
}

/// News that nobody asked for. Whoever is slow gets the newest of each kind, not all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The state of the recording, when anything in it has changed.
    Status(Box<Status>),
    /// Turns are new, or more of them is known.
    Turns {
        /// The first of them.
        first: TurnId,
        /// The last of them.
        last: TurnId,
    },
    /// The watched turn has changed.
    Turn(Box<TurnSummary>),
    /// Problems were found, in turns of now or in the course of the first look at a saved recording.
    Findings(Vec<Finding>),
    /// A turn was run again.
    Rerun {
        /// The job that has done it.
        job: JobId,
        /// What came of it.
        answer: Box<RerunAnswer>,
    },
    /// A job goes on.
    Progress(JobProgress),
    /// A job has ended.
    Ended(JobEnd),
    /// The hub cannot be reached; requests that were under way are answered with an error.
    ConnectionLost {
        /// Why.
        reason: String,
    },
    /// The hub can be reached again. What was watched is no longer.
    Connected,
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubError {
    /// What kind of failure.
    pub code: ErrorCode,
    /// What went wrong and where.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl HubError {
    /// An error without a hint.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
        }
    }
}

impl fmt::Display for HubError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for HubError {}

/// Kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// There is no such turn, frame or path.
    NotFound,
    /// The filter could not be understood.
    BadFilter,
    /// More is under way than the hub does at a time.
    Busy,
    /// The client has given it up.
    Cancelled,
    /// The hub cannot be reached.
    ConnectionLost,
    /// The file cannot be read.
    Unreadable,
    /// It needs a recording that grows.
    NotLive,
    /// It runs code, and whoever asks may not have that done, or has not agreed.
    NotAllowed,
    /// A later version says something that this one does not know.
    #[serde(other)]
    Unknown,
}
