//! The user's dev server as a child process, with the probe in its environment.

mod address;
mod command_line;
mod descendants;
#[cfg(unix)]
pub mod guard;
#[cfg(unix)]
mod guarded;
mod occupant;
#[cfg(unix)]
mod signals;
#[cfg(not(unix))]
mod unguarded;

pub use address::address_in_command;
pub use occupant::{Occupant, Origin};
#[cfg(unix)]
pub use signals::Stops;
#[cfg(not(unix))]
pub use unguarded::Stops;

use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::net::TcpStream;

pub(crate) use command_line::CommandLine;
pub(crate) use descendants::Processes;
#[cfg(unix)]
use guarded::Process;
#[cfg(not(unix))]
use unguarded::Process;

/// How long a server has to stop after it was asked to.
const GRACE: Duration = Duration::from_secs(5);

/// How often the launcher looks for a listening port.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A dev server that was started.
#[derive(Debug)]
pub struct Server {
    process: Process,
    command: Vec<String>,
}

/// This program, also after its file was replaced by a newer build.
fn own_program() -> io::Result<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() {
        return Ok(running);
    }
    std::env::current_exe()
}

/// Why a server could not be started or found.
#[derive(Debug, Error)]
pub enum LaunchError {
    /// The command does not exist.
    #[error("no such command: {0}")]
    NoSuchCommand(String),
    /// The command exists and could not be started.
    #[error("cannot start {command}: {source}")]
    Start {
        /// The command.
        command: String,
        /// Why.
        source: io::Error,
    },
    /// The server ended before it listened.
    #[error("{command} ended before it listened ({status})")]
    Ended {
        /// The command.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// The server did not listen in time.
    #[error("{command} does not listen on any port after {seconds} s")]
    Silent {
        /// The command.
        command: String,
        /// How long it had.
        seconds: u64,
    },
}

impl LaunchError {
    /// What to do.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NoSuchCommand(_) => "check the spelling, or activate the virtual environment first",
            Self::Start { .. } => "is the file executable?",
            Self::Ended { .. } => "its own output above says why",
            Self::Silent { .. } => "name the address with --upstream http://HOST:PORT",
        }
    }
}

impl Server {
    /// Starts `command` with `environment` added. Its output goes to standard error.
    ///
    /// The server and all that it starts end with this process, however that ends, unless `keep` is
    /// true. For this the program starts itself again: its `main` has to begin with
    /// [`guard::run_if_asked`]. That the command does not exist is known to [`Self::address`].
    ///
    /// # Errors
    ///
    /// [`LaunchError::Start`].
    pub fn start(
        command: &[String],
        environment: Vec<(OsString, OsString)>,
        keep: bool,
    ) -> Result<Self, LaunchError> {
        let process = Process::start(command, environment, keep).map_err(|source| LaunchError::Start {
            command: command.first().cloned().unwrap_or_default(),
            source,
        })?;
        Ok(Self {
            process,
            command: command.to_vec(),
        })
    }

    /// Waits until the server accepts connections, and gives its address: the expected one, or the first that it listens on.
    ///
    /// # Errors
    ///
    /// [`LaunchError::NoSuchCommand`], [`LaunchError::Start`], [`LaunchError::Ended`] or [`LaunchError::Silent`].
    pub async fn address(
        &mut self,
        expected: Option<&[SocketAddr]>,
        patience: Duration,
    ) -> Result<SocketAddr, LaunchError> {
        let since = Instant::now();
        loop {
            if self.process.has_ended() {
                return Err(self.failure().await);
            }
            let candidates = match expected {
                Some(addresses) => addresses.to_vec(),
                None => self.listening(),
            };
            for address in candidates {
                if TcpStream::connect(address).await.is_ok() {
                    return Ok(address);
                }
            }
            if since.elapsed() > patience {
                return Err(LaunchError::Silent {
                    command: self.command.join(" "),
                    seconds: patience.as_secs(),
                });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Why the server has ended before it listened.
    async fn failure(&mut self) -> LaunchError {
        let name = self.command.first().cloned().unwrap_or_default();
        let ended = self.process.ended().await;
        match (self.process.start_error(), ended) {
            (Some(error), _) if error.kind() == io::ErrorKind::NotFound => LaunchError::NoSuchCommand(name),
            (Some(source), _) | (None, Err(source)) => LaunchError::Start {
                command: name,
                source,
            },
            (None, Ok(status)) => LaunchError::Ended {
                command: self.command.join(" "),
                status,
            },
        }
    }

    /// Process id of the server, or of what stands between it and this process; none once it has ended.
    pub fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Where the server and its children listen.
    fn listening(&self) -> Vec<SocketAddr> {
        let processes = self
            .id()
            .map(|pid| Processes::now().with_descendants(pid))
            .unwrap_or_default();
        let listeners = listeners::get_all().unwrap_or_default();
        let mut addresses: Vec<SocketAddr> = listeners
            .into_iter()
            .filter(|listener| {
                listener.protocol == listeners::Protocol::TCP && processes.contains(&listener.process.pid)
            })
            .map(|listener| listener.socket)
            .collect();
        addresses.sort();
        addresses
    }

    /// Waits until the server ends by itself.
    ///
    /// # Errors
    ///
    /// If the process cannot be waited for.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.process.ended().await
    }

    /// Asks the server and its children to stop, and makes them after five seconds. One that is kept runs on.
    /// Gives whether it has ended.
    pub async fn stop(self) -> bool {
        self.process.stop().await
    }
}
