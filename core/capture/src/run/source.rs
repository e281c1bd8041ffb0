//! The server that is recorded: a command, one that runs already, or one in this process.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::launch::address_in_command;
use crate::probe::ProbeMessage;
use crate::proxy::{Upstream, UpstreamError};

/// What a server in this process says of its turns, as a probe in another would.
pub type Report = Arc<dyn Fn(ProbeMessage) + Send + Sync>;

/// A server in this process.
pub struct Inside {
    /// What it is called where a command would be shown.
    pub name: String,
    /// Starts it.
    pub start: Box<dyn FnOnce(Report) -> io::Result<InsideServer> + Send>,
}

/// A server in this process that runs.
pub struct InsideServer {
    /// Where it listens.
    pub address: SocketAddr,
    /// Makes it report the next state of every view whole.
    pub forget_states: Box<dyn Fn() + Send>,
    /// Ends it.
    pub stop: Box<dyn FnOnce() + Send>,
}

/// The server that is recorded.
pub enum Source {
    /// A command that starts it.
    Command {
        /// The command.
        command: Vec<String>,
        /// Where it will listen, if that was said.
        upstream: Option<String>,
        /// With the probe in it.
        probe: bool,
        /// The server runs on when the run has ended.
        keep: bool,
        /// The project's `SQLite` databases are copied beside the recording before the server serves.
        snapshot_databases: bool,
    },
    /// One that runs already, there.
    Attached(String),
    /// One in this process.
    Inside(Inside),
}

impl Source {
    /// What started it; `None` if somebody else did.
    pub fn command(&self) -> Option<String> {
        match self {
            Self::Command { command, .. } => Some(command.join(" ")),
            Self::Attached(_) => None,
            Self::Inside(inside) => Some(inside.name.clone()),
        }
    }

    /// True if its databases are to be copied before it serves.
    pub(super) const fn keeps_databases(&self) -> bool {
        matches!(
            self,
            Self::Command {
                snapshot_databases: true,
                ..
            }
        )
    }

    /// Where it is or will be, as far as that is known before it is started.
    pub(super) fn upstream(&self) -> Result<Option<Upstream>, UpstreamError> {
        match self {
            Self::Command {
                upstream: Some(text), ..
            }
            | Self::Attached(text) => text.parse().map(Some),
            Self::Command { command, .. } => address_in_command(command).map(|text| text.parse()).transpose(),
            Self::Inside(_) => Ok(None),
        }
    }
}
