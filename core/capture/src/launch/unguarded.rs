//! A server on a system without process groups and signals: ended with its handle, and no more than itself.

use std::ffi::OsString;
use std::future::pending;
use std::io;
use std::process::ExitStatus;

use tokio::process::{Child, Command};

/// The server's process.
#[derive(Debug)]
pub struct Process {
    child: Child,
    kept: bool,
}

impl Process {
    pub fn start(command: &[String], environment: Vec<(OsString, OsString)>, keep: bool) -> io::Result<Self> {
        let (name, arguments) = command
            .split_first()
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let child = Command::new(name)
            .args(arguments)
            .envs(environment)
            .stdout(io::stderr())
            .kill_on_drop(!keep)
            .spawn()?;
        Ok(Self { child, kept: keep })
    }

    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    pub fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    pub const fn start_error(&self) -> Option<io::Error> {
        None
    }

    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    pub async fn stop(mut self) -> bool {
        if !self.kept {
            let _ = self.child.kill().await;
        }
        self.has_ended()
    }
}

/// The signal that asks a run to end.
#[derive(Debug)]
pub struct Stops;

impl Stops {
    /// Nothing has to be caught before it is waited for.
    pub const fn catch() -> Self {
        Self
    }

    /// Waits for Ctrl-C.
    pub async fn asked(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            pending::<()>().await;
        }
    }
}
