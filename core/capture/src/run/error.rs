//! Why a run could not begin, and what to do.

use std::io;
use std::net::SocketAddr;

use djscope_python::ProbeError;
use djscope_recording::RecordingError;
use thiserror::Error;

use crate::launch::{LaunchError, Occupant, Origin};
use crate::proxy::{Upstream, UpstreamError};

/// Why a run could not begin.
#[derive(Debug, Error)]
pub enum RunError {
    /// The proxy would be open to others.
    #[error(
        "{0} is not a loopback address; djscope shows and keeps everything that passes and listens on loopback only"
    )]
    NotLoopback(SocketAddr),
    /// The proxy's port is taken.
    #[error("cannot listen on {address}: {source}{}", named(by.as_ref()))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
        /// Who has the port, if somebody has it.
        by: Option<Occupant>,
    },
    /// The server's address is no address.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// The server to attach to is not there.
    #[error("cannot reach {upstream}: {source}")]
    Unreachable {
        /// The server.
        upstream: Upstream,
        /// Why.
        source: io::Error,
    },
    /// What answers is no HTTP server.
    #[error("{0} does not speak HTTP")]
    NotHttp(Upstream),
    /// The server's port is taken by something else already.
    #[error("{address} is in use before the server has started{}", named(by.as_ref()))]
    InUse {
        /// The address.
        address: String,
        /// Who has it.
        by: Option<Occupant>,
    },
    /// The server could not be started.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// The probe could not be unpacked.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// The file could not be made.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The system refused a thread or a socket.
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
    /// Stopped by the user before the server listened.
    #[error("stopped before the server listened")]
    Stopped,
}

impl RunError {
    /// What to do.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotLoopback(address) => format!("use --listen 127.0.0.1:{}", address.port()),
            Self::Listen { by: Some(by), .. } if by.origin == Origin::Orphan => by.hint(),
            Self::Listen { .. } => {
                "choose another port with --listen, or leave it out for a free one".to_owned()
            }
            Self::Upstream(_) => "for example http://127.0.0.1:8000".to_owned(),
            Self::Unreachable { .. } => {
                "start the server first, or let djscope start it: djscope run -- COMMAND".to_owned()
            }
            Self::NotHttp(_) => "is this the port of the dev server?".to_owned(),
            Self::InUse { by: Some(by), .. } => by.hint(),
            Self::InUse { by: None, .. } => {
                "stop the server that runs there, use djscope attach, or give the new one another port"
                    .to_owned()
            }
            Self::Launch(error) => error.hint().to_owned(),
            Self::Recording(error) => return error.hint(),
            Self::Probe(_) => {
                "the probe goes into the folder that TMPDIR names, XDG_RUNTIME_DIR or /tmp; --no-probe records without it"
                    .to_owned()
            }
            Self::Stopped => {
                "nothing could be recorded yet; the line that begins with \"proxy\" tells when it can".to_owned()
            }
            Self::System(_) => return None,
        })
    }
}

fn named(occupant: Option<&Occupant>) -> String {
    occupant
        .map(|occupant| format!(" by {occupant}"))
        .unwrap_or_default()
}
