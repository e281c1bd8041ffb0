//! The user's dev server as a child process, with the probe in its environment.

mod address;
mod descendants;

pub use address::address_in_command;

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// How long a server has to stop after it was asked to.
const GRACE: Duration = Duration::from_secs(5);

/// How often the launcher looks for a listening port.
const LOOK: Duration = Duration::from_millis(100);

/// A dev server that was started.
#[derive(Debug)]
pub struct Server {
    child: Child,
    command: Vec<String>,
    own_group: bool,
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
    /// # Errors
    ///
    /// [`LaunchError::NoSuchCommand`] or [`LaunchError::Start`].
    pub fn start(command: &[String], environment: Vec<(OsString, OsString)>) -> Result<Self, LaunchError> {
        let name = command.first().cloned().unwrap_or_default();
        // A server with a terminal keeps it, so that `breakpoint()` works; the terminal's Ctrl-C reaches it there.
        let own_group = !io::stdin().is_terminal();
        let mut process = Command::new(&name);
        process
            .args(&command[1.min(command.len())..])
            .envs(environment)
            .stdout(io::stderr())
            .kill_on_drop(true);
        #[cfg(unix)]
        if own_group {
            process.process_group(0);
        }
        let child = process.spawn().map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => LaunchError::NoSuchCommand(name.clone()),
            _ => LaunchError::Start {
                command: name.clone(),
                source,
            },
        })?;
        Ok(Self {
            child,
            command: command.to_vec(),
            own_group,
        })
    }

    /// Waits until the server accepts connections, and gives its address: the expected one, or the first that it listens on.
    ///
    /// # Errors
    ///
    /// [`LaunchError::Ended`] or [`LaunchError::Silent`].
    pub async fn address(
        &mut self,
        expected: Option<&[SocketAddr]>,
        patience: Duration,
    ) -> Result<SocketAddr, LaunchError> {
        let since = Instant::now();
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(LaunchError::Ended {
                    command: self.command.join(" "),
                    status,
                });
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
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Where the server and its children listen.
    fn listening(&self) -> Vec<SocketAddr> {
        let processes = self
            .child
            .id()
            .map(descendants::with_descendants)
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
        self.child.wait().await
    }

    /// Asks the server and its children to stop, and makes them after five seconds.
    pub async fn stop(mut self) {
        let Some(pid) = self.child.id() else { return };
        let processes = descendants::with_descendants(pid);
        self.signal(&processes, Stop::Politely);
        if tokio::time::timeout(GRACE, self.child.wait()).await.is_err() {
            self.signal(&processes, Stop::AtOnce);
            let _ = self.child.wait().await;
        }
        // An autoreloader may leave its child behind.
        self.signal(&processes[1.min(processes.len())..], Stop::AtOnce);
    }

    #[cfg(unix)]
    fn signal(&self, processes: &[u32], stop: Stop) {
        use nix::sys::signal::{Signal, kill, killpg};
        use nix::unistd::Pid;
        let signal = match stop {
            Stop::Politely => Signal::SIGTERM,
            Stop::AtOnce => Signal::SIGKILL,
        };
        let pid = |pid: u32| Pid::from_raw(i32::try_from(pid).unwrap_or(i32::MAX));
        // A process that has ended already is no failure.
        if let (true, Some(leader)) = (self.own_group, self.child.id()) {
            let _ = killpg(pid(leader), signal);
        }
        for process in processes {
            let _ = kill(pid(*process), signal);
        }
    }

    #[cfg(not(unix))]
    fn signal(&mut self, _processes: &[u32], _stop: Stop) {
        let _ = self.child.start_kill();
    }
}

#[derive(Clone, Copy)]
enum Stop {
    Politely,
    AtOnce,
}
