//! The processes between djscope and a server: the guard, which ends the server when djscope has ended,
//! and the one that becomes the server.
//!
//! djscope starts itself again as the guard and holds one end of a socket; the
//! guard holds the other as its standard output. The system closes djscope's
//! end whenever djscope ends, by `kill -9` as well, and that is the guard's sign. A
//! parent-death signal alone would not do: it is tied to a thread, does not
//! reach grandchildren such as the child of Django's autoreloader, and exists
//! on Linux only. It is the second line, for when the guard is killed.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream as StdStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getsid};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::signal::unix::{SignalKind, signal};

use super::descendants::Processes;
use super::signals::{self, Stops};
use super::{GRACE, own_program};

/// First argument of the guard; the second is [`APART`] or [`TOGETHER`], then comes the command.
pub const GUARD: &str = "guard-server";
/// First argument of the process that becomes the server; the second is the id of its guard, then comes the command.
pub const BECOME: &str = "become-server";
/// The server gets a process group of its own.
pub const APART: &str = "apart";
/// The server stays in the process group of djscope.
pub const TOGETHER: &str = "together";
/// Stands for the id of a guard where there is none.
pub const NO_GUARD: &str = "-";

/// How often the guard looks who is left.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long the system may take to end processes that were killed.
const END: Duration = Duration::from_secs(3);

/// Runs this process as the guard or as the server, if its arguments say so.
pub fn run_if_asked(mut arguments: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    let role = arguments.nth(1)?;
    if role != GUARD && role != BECOME {
        return None;
    }
    let how = arguments.next()?;
    let command: Vec<OsString> = arguments.collect();
    command.first()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else {
        return Some(ExitCode::FAILURE);
    };
    let result = runtime.block_on(async {
        if role == GUARD {
            guard(how == APART, &command).await
        } else {
            Err(become_server(
                how.to_str().and_then(|id| id.parse().ok()),
                &command,
            ))
        }
    });
    Some(match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(127),
    })
}

/// What the guard and the server's process write to djscope, one a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The process id of the server.
    Server(u32),
    /// The command could not be started; the number of the system's error.
    Failed(i32),
    /// The server has ended, with this wait status.
    Ended(i32),
}

impl Word {
    /// Reads a line.
    pub fn read(line: &str) -> Option<Self> {
        let (name, number) = line.trim_end().split_once(' ')?;
        match name {
            "server" => number.parse().ok().map(Self::Server),
            "failed" => number.parse().ok().map(Self::Failed),
            "ended" => number.parse().ok().map(Self::Ended),
            _ => None,
        }
    }

    fn line(self) -> String {
        match self {
            Self::Server(pid) => format!("server {pid}\n"),
            Self::Failed(number) => format!("failed {number}\n"),
            Self::Ended(status) => format!("ended {status}\n"),
        }
    }
}

/// Becomes `command`, with default signals. Comes back only with what hindered it.
fn become_server(guard: Option<u32>, command: &[OsString]) -> io::Error {
    #[cfg(target_os = "linux")]
    if guard.is_some() {
        // Kept over exec. What ends a dev server and its reloader in good order, since nobody follows up.
        let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGTERM);
    }
    if guard.is_some_and(|guard| std::os::unix::process::parent_id() != guard) {
        return io::Error::from(io::ErrorKind::NotFound);
    }
    let _caught = signals::default_at_exec();
    let djscope = io::stdout().as_fd().try_clone_to_owned();
    let error = Command::new(&command[0])
        .args(&command[1..])
        .stdout(io::stderr())
        .exec();
    if let Ok(djscope) = djscope {
        let word = Word::Failed(error.raw_os_error().unwrap_or_default());
        let _ = StdStream::from(djscope).write_all(word.line().as_bytes());
    }
    error
}

/// Starts `command` and waits until it ends by itself, djscope is gone, or somebody asks for the end.
async fn guard(apart: bool, command: &[OsString]) -> io::Result<()> {
    adopt_orphans();
    let djscope = StdStream::from(io::stdout().as_fd().try_clone_to_owned()?);
    djscope.set_nonblocking(true)?;
    let mut djscope = UnixStream::from_std(djscope)?;
    let mut ended = signal(SignalKind::child())?;
    let mut terminate = signal(SignalKind::terminate())?;
    // What a terminal sends reaches the server as well; djscope decides what follows from it.
    let _caught = (Stops::catch(), signal(SignalKind::quit())?);

    let mut process = Command::new(own_program()?);
    process
        .arg0("djscope")
        .arg(BECOME)
        .arg(std::process::id().to_string())
        .args(command);
    if apart {
        process.process_group(0);
    }
    let server = process.spawn()?.id();
    // If djscope is gone already, reading says so.
    let _ = djscope.write_all(Word::Server(server).line().as_bytes()).await;
    let mut fate = None;
    let mut byte = [0];
    loop {
        tokio::select! {
            _ = ended.recv() => {
                fate = reap(server);
                if fate.is_some() {
                    break;
                }
            }
            // djscope never writes: this is the end of its socket.
            _ = djscope.read(&mut byte) => break,
            _ = terminate.recv() => break,
        }
    }
    let fate = end_all(server, fate).await;
    if let Some(status) = fate {
        let _ = djscope.write_all(Word::Ended(status).line().as_bytes()).await;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn adopt_orphans() {
    use nix::sys::prctl;
    // A server's children whose own parent has ended stay in sight.
    let _ = prctl::set_child_subreaper(true);
    let _ = prctl::set_name(c"djscope-guard");
}

#[cfg(not(target_os = "linux"))]
const fn adopt_orphans() {}

/// Asks the server and all that it has started to end, and kills what has not after [`GRACE`].
async fn end_all(server: u32, mut fate: Option<i32>) -> Option<i32> {
    let asked = belonging(server);
    send(&asked, Signal::SIGTERM);
    for (forced, patience) in [(false, GRACE), (true, END)] {
        let since = Instant::now();
        while since.elapsed() < patience {
            fate = fate.or(reap(server));
            let mut left = belonging(server);
            left.extend(asked.iter().filter(|process| is_there(**process)));
            if left.is_empty() {
                return fate;
            }
            // Not politely: what is started now may be what tidies up.
            if forced {
                send(&left, Signal::SIGKILL);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
    fate.or(reap(server))
}

/// The server, what it has started, and what was left by those that have ended; not what has a session
/// of its own and was left by its parent on purpose, as daemons do.
fn belonging(server: u32) -> HashSet<u32> {
    let processes = Processes::now();
    let session = getsid(None).ok();
    let belongs = |child: &&u32| **child == server || getsid(Some(pid(**child))).ok() == session;
    processes
        .children(std::process::id())
        .iter()
        .filter(belongs)
        .flat_map(|child| processes.with_descendants(*child))
        .collect()
}

fn send(processes: &HashSet<u32>, signal: Signal) {
    for process in processes {
        // A process that has ended already is no failure.
        let _ = kill(pid(*process), signal);
    }
}

fn is_there(process: u32) -> bool {
    kill(pid(process), None).is_ok()
}

/// Takes note of every child that has ended. Gives the wait status of the server if it is among them.
fn reap(server: u32) -> Option<i32> {
    let mut fate = None;
    loop {
        let (child, status) = match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            // wait(2): the code in the second byte, the signal in the first, the flag of a core above it.
            Ok(WaitStatus::Exited(child, code)) => (child, (code & 0xff) << 8),
            Ok(WaitStatus::Signaled(child, signal, core)) => (child, signal as i32 | i32::from(core) << 7),
            Ok(WaitStatus::StillAlive) | Err(_) => return fate,
            Ok(_) => continue,
        };
        if child == pid(server) {
            fate = Some(status);
        }
    }
}

/// Process ids are positive; whatever is not is one that nobody has.
pub fn pid(process: u32) -> Pid {
    Pid::from_raw(i32::try_from(process).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_were_written() {
        for word in [Word::Server(4711), Word::Failed(2), Word::Ended(15)] {
            assert_eq!(Word::read(&word.line()), Some(word));
        }
        for line in ["", "server", "server x", "other 1"] {
            assert_eq!(Word::read(line), None, "{line}");
        }
    }

    #[test]
    fn other_arguments_are_left_to_the_caller() {
        for arguments in [
            &["djscope"][..],
            &["djscope", "run"],
            &["djscope", GUARD],
            &["djscope", GUARD, APART],
        ] {
            assert!(run_if_asked(arguments.iter().map(OsString::from)).is_none());
        }
    }
}
