//! Who has a port that is wanted.

use std::fmt;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use djscope_python::ADDRESS_VARIABLE;

use super::CommandLine;

/// How long a djscope on this machine may take to accept a connection.
const PATIENCE: Duration = Duration::from_secs(1);

/// A process that listens on a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occupant {
    /// Its process id.
    pub pid: u32,
    /// Its command line, or its name if that cannot be read.
    pub command: String,
    /// Who has started it.
    pub origin: Origin,
}

/// Who has started a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A djscope that has ended.
    Orphan,
    /// A djscope that runs.
    OtherRun,
    /// Somebody else.
    Foreign,
}

impl Occupant {
    /// The process that listens on `address`, or on all addresses with that port; none if the system does not say.
    pub fn of(address: SocketAddr) -> Option<Self> {
        let listeners = listeners::get_all().ok()?;
        let fits = |listener: &&listeners::Listener| {
            let socket = listener.socket;
            listener.protocol == listeners::Protocol::TCP
                && listener.state == listeners::SocketState::Listen
                && socket.port() == address.port()
                && (socket.ip() == address.ip() || socket.ip().is_unspecified())
        };
        let process = &listeners
            .iter()
            .filter(fits)
            .min_by_key(|one| one.process.pid)?
            .process;
        Some(Self {
            pid: process.pid,
            command: CommandLine::of(process.pid)
                .shown()
                .unwrap_or_else(|| process.name.clone()),
            origin: origin_of(process.pid),
        })
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self.origin {
            Origin::Orphan => format!("end it with: kill {}", self.pid),
            Origin::OtherRun => "end that djscope, or give the new server another port".to_owned(),
            Origin::Foreign => {
                "stop the server that runs there, use djscope attach, or give the new one another port"
                    .to_owned()
            }
        }
    }
}

impl fmt::Display for Occupant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} ({})", self.pid, self.command)?;
        f.write_str(match self.origin {
            Origin::Orphan => ", which was left by a djscope that has ended",
            Origin::OtherRun => ", which another djscope has started",
            Origin::Foreign => "",
        })
    }
}

fn origin_of(pid: u32) -> Origin {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    match variable(&environment, ADDRESS_VARIABLE).and_then(|text| text.parse().ok()) {
        None => Origin::Foreign,
        Some(address) if TcpStream::connect_timeout(&address, PATIENCE).is_ok() => Origin::OtherRun,
        Some(_) => Origin::Orphan,
    }
}

/// The value of `name` in an environment as `/proc/PID/environ` shows it.
fn variable<'a>(environment: &'a [u8], name: &str) -> Option<&'a str> {
    environment
        .split(|byte| *byte == 0)
        .filter_map(|entry| std::str::from_utf8(entry).ok())
        .find_map(|entry| entry.strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn variables_are_found_by_their_whole_name() {
        let environment = b"A=1\0DJSCOPE_PROBE_ADDRESS_2=x\0DJSCOPE_PROBE_ADDRESS=127.0.0.1:1\0";
        assert_eq!(variable(environment, ADDRESS_VARIABLE), Some("127.0.0.1:1"));
        assert_eq!(variable(environment, "B"), None);
    }

    #[test]
    fn the_process_that_listens_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let occupant = Occupant::of(listener.local_addr().unwrap()).unwrap();
        assert_eq!(
            (occupant.pid, occupant.origin),
            (std::process::id(), Origin::Foreign)
        );
        assert!(occupant.command.contains("djscope"), "{occupant}");
        let closed = {
            let gone = TcpListener::bind("127.0.0.1:0").unwrap();
            gone.local_addr().unwrap()
        };
        assert_eq!(Occupant::of(closed), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_server_of_ours_is_told_by_its_environment() {
        let run = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut server = Command::new("sleep")
            .arg("30")
            .env(ADDRESS_VARIABLE, run.local_addr().unwrap().to_string())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // The system lets its parent go on a moment before the environment is there.
        let environment = format!("/proc/{}/environ", server.id());
        while fs::read(&environment).unwrap().is_empty() {
            std::thread::yield_now();
        }
        assert_eq!(origin_of(server.id()), Origin::OtherRun);
        drop(run);
        assert_eq!(origin_of(server.id()), Origin::Orphan);
        server.kill().unwrap();
        server.wait().unwrap();
    }
}
