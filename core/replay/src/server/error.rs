use std::io;

use djscope_recording::RecordingError;
use thiserror::Error;

/// Why a recording cannot be played.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The recording cannot be read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// Nothing in it was sent by a browser.
    #[error("the recording has nothing that a browser sent: no page of djust's, and no socket")]
    Empty,
    /// The address is none.
    #[error("{address:?} is not the address of a server: {reason}")]
    Address {
        /// What was given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// TLS is not spoken.
    #[error("{0:?} asks for TLS, which is not spoken here")]
    Tls(String),
    /// A server of somebody else.
    #[error(
        "{0} is not this machine: a recording is from a stranger, and is played to servers of this machine only"
    )]
    Foreign(String),
    /// The name is not known.
    #[error("the name {host} is not known: {source}")]
    Unknown {
        /// The name.
        host: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Nothing answers there.
    #[error("nothing answers at {address}: {source}")]
    Unreachable {
        /// Where.
        address: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The system gives no thread or no socket.
    #[error("the system refuses what the replay needs: {0}")]
    System(#[source] io::Error),
}

impl ReplayError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Recording(error) => return error.hint(),
            Self::Empty => "djscope show lists what is in it",
            Self::Address { .. } => "name the server as in http://127.0.0.1:8000",
            Self::Tls(_) => "name the dev server behind it, as in http://127.0.0.1:8000",
            Self::Foreign(_) => "if that server is yours, say so with --allow-host NAME",
            Self::Unknown { .. } => "127.0.0.1 needs no name",
            Self::Unreachable { .. } => {
                "does the server run? djscope attach without an address lists those that do"
            }
            Self::System(_) => return None,
        };
        Some(hint.to_owned())
    }
}
