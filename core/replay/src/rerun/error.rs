use std::io;
use std::path::PathBuf;
use std::time::Duration;

use djscope_python::ProbeError;
use djscope_recording::RecordingError;
use djscope_recording::model::TurnId;
use thiserror::Error;

/// Why turns cannot be run again.
#[derive(Debug, Error)]
pub enum RerunError {
    /// The recording cannot be read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// No process of a probe is in the recording.
    #[error("the recording does not say how its server was started: {0}")]
    NoProcess(&'static str),
    /// The project's folder is gone.
    #[error("the project is not at {} any more", .0.display())]
    NoFolder(PathBuf),
    /// The interpreter is gone.
    #[error("there is no Python at {}", .0.display())]
    NoPython(PathBuf),
    /// There is no such turn.
    #[error("the recording has no turn {0}")]
    NoTurn(TurnId),
    /// No test can be made of a turn.
    #[error("no test can be made of turn {turn}: {why}")]
    NoTest {
        /// The turn.
        turn: TurnId,
        /// Why.
        why: String,
    },
    /// The worker's files could not be laid out.
    #[error(transparent)]
    Files(#[from] ProbeError),
    /// The interpreter did not start.
    #[error("cannot start {}: {source}", python.display())]
    Start {
        /// The interpreter.
        python: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The project could not be set up.
    #[error("{stage} cannot be loaded: {message}")]
    SetUp {
        /// What could not be loaded.
        stage: String,
        /// The exception.
        message: String,
        /// Where it was raised.
        traceback: String,
        /// What the project wanted to do outside while it was loaded.
        held_back: Vec<String>,
    },
    /// The worker has ended.
    #[error("the worker has ended: {0}")]
    Ended(String),
    /// The worker does not answer.
    #[error("the worker has not answered for {} s", .0.as_secs())]
    Silent(Duration),
    /// The worker's answer cannot be read.
    #[error("the worker's answer cannot be read: {0}")]
    Answer(#[from] serde_json::Error),
    /// A state patch or parameters that were given are no JSON object.
    #[error("{what} is no JSON object: {reason}")]
    Edit {
        /// Which option.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl RerunError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Recording(error) => return error.hint(),
            Self::NoProcess(_) => {
                "say where it is with --project DIR, --python PATH and --settings MODULE; djscope show and open work \
                 without"
            }
            Self::NoFolder(_) => "if it was moved, say where to with --project DIR",
            Self::NoPython(_) => "make the virtual environment again, or name another with --python PATH",
            Self::NoTest { .. } => {
                "tests are made of mounts, events and changes of address that came over the socket"
            }
            Self::NoTurn(_) => "djscope show lists the turns",
            Self::SetUp { held_back, .. } if !held_back.is_empty() => {
                "while it was loaded, the project wanted to do what is held back; --allow lifts it"
            }
            Self::SetUp { .. } => {
                "does python manage.py check work there, with the same environment variables? the recording knows their \
                 names, not their values"
            }
            Self::Start { .. } => "name another interpreter with --python PATH",
            _ => return None,
        };
        Some(hint.to_owned())
    }

    /// Lines that show where, if there are some.
    pub fn excerpt(&self) -> Option<&str> {
        match self {
            Self::SetUp { traceback, .. } => Some(traceback),
            _ => None,
        }
    }
}
