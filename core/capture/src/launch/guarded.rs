//! djscope's side of a guarded server: the guard as a child, and what it says.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use super::descendants::Processes;
use super::guard::{self, Word};
use super::{GRACE, own_program};

/// How much longer than a server's [`GRACE`] its guard may take.
const GUARD_PATIENCE: Duration = Duration::from_secs(5);

/// The server's process, or the guard that holds it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    kept: bool,
    said: watch::Receiver<Said>,
    /// Its end is the sign for the guard to end the server.
    sign: OwnedWriteHalf,
}

/// What the guard and the server's process have said so far.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    server: Option<u32>,
    failed: Option<i32>,
    ended: Option<i32>,
}

impl Process {
    pub fn start(command: &[String], environment: Vec<(OsString, OsString)>, keep: bool) -> io::Result<Self> {
        let (ours, theirs) = StdStream::pair()?;
        // A server with a terminal keeps it, so that `breakpoint()` works; the terminal's Ctrl-C reaches it there.
        // One that is kept must not hear it.
        let apart = keep || !io::stdin().is_terminal();
        let mut process = Command::new(own_program()?);
        process
            .arg0("djscope")
            .envs(environment)
            .stdout(OwnedFd::from(theirs));
        if keep {
            process.args([guard::BECOME, guard::NO_GUARD]);
        } else {
            process.args([guard::GUARD, if apart { guard::APART } else { guard::TOGETHER }]);
        }
        if apart {
            process.process_group(0);
        }
        let child = process.args(command).spawn()?;
        ours.set_nonblocking(true)?;
        let (words, sign) = UnixStream::from_std(ours)?.into_split();
        let (say, said) = watch::channel(Said::default());
        tokio::spawn(hear(words, say));
        Ok(Self {
            child,
            kept: keep,
            said,
            sign,
        })
    }

    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    pub fn has_ended(&mut self) -> bool {
        self.said.borrow().failed.is_some() || matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// Why the command could not be started; known once it has ended.
    pub fn start_error(&self) -> Option<io::Error> {
        self.said.borrow().failed.map(io::Error::from_raw_os_error)
    }

    /// Waits until the server and its guard have ended. May be given up and asked again.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        let own = self.child.wait().await?;
        // The last words may be on their way.
        while self.said.changed().await.is_ok() {}
        let said = *self.said.borrow();
        if said.ended.is_none() && !self.kept {
            // The guard was killed.
            kill_tree(said.server);
        }
        Ok(said.ended.map_or(own, ExitStatus::from_raw))
    }

    pub async fn stop(mut self) -> bool {
        if self.kept {
            return self.has_ended();
        }
        let _ = self.sign.shutdown().await;
        if tokio::time::timeout(GRACE + GUARD_PATIENCE, self.ended())
            .await
            .is_err()
        {
            let server = self.said.borrow().server;
            let _ = self.child.start_kill();
            kill_tree(server);
            let _ = self.child.wait().await;
        }
        true
    }
}

async fn hear(words: OwnedReadHalf, said: watch::Sender<Said>) {
    let mut lines = BufReader::new(words).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        said.send_modify(|said| match Word::read(&line) {
            Some(Word::Server(pid)) => said.server = Some(pid),
            Some(Word::Failed(number)) => said.failed = Some(number),
            Some(Word::Ended(status)) => said.ended = Some(status),
            None => {}
        });
    }
}

fn kill_tree(root: Option<u32>) {
    let Some(root) = root else { return };
    for process in Processes::now().with_descendants(root) {
        let _ = kill(guard::pid(process), Signal::SIGKILL);
    }
}
