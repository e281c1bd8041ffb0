//! Signals: which of them end a run, and which a server starts with.
//!
//! A shell that starts a command in the background has it ignore SIGINT, `nohup`
//! has it ignore SIGHUP, and both are inherited by whatever the command starts.

use std::future::pending;

use nix::sys::signal::{SigSet, Signal};
use tokio::signal::unix::{Signal as Arrivals, SignalKind, signal};

/// The signals that ask a run to end, caught from the moment this is made.
#[derive(Debug)]
pub struct Stops {
    interrupt: Option<Arrivals>,
    terminate: Option<Arrivals>,
    hangup: Option<Arrivals>,
}

impl Stops {
    /// Catches SIGINT and SIGTERM, also where they were ignored or blocked by inheritance, and SIGHUP
    /// unless it was ignored: who asked for that with `nohup` wants the run to outlive the terminal.
    pub fn catch() -> Self {
        let mut asked_for = SigSet::empty();
        for each in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGCHLD] {
            asked_for.add(each);
        }
        // A signal that stays blocked cannot be caught; nothing else depends on it.
        let _ = asked_for.thread_unblock();
        let hangs_up = !ignored().contains(&(Signal::SIGHUP as i32));
        Self {
            interrupt: signal(SignalKind::interrupt()).ok(),
            terminate: signal(SignalKind::terminate()).ok(),
            hangup: hangs_up.then(|| signal(SignalKind::hangup()).ok()).flatten(),
        }
    }

    /// Waits for one of them.
    pub async fn asked(&mut self) {
        tokio::select! {
            () = arrival(&mut self.interrupt) => {}
            () = arrival(&mut self.terminate) => {}
            () = arrival(&mut self.hangup) => {}
        }
    }
}

async fn arrival(arrivals: &mut Option<Arrivals>) {
    if let Some(arrivals) = arrivals
        && arrivals.recv().await.is_some()
    {
        return;
    }
    pending::<()>().await;
}

/// Makes signals that this process ignores default ones for the program that it becomes: exec(2) keeps
/// what is ignored and resets what is caught. SIGHUP stays ignored if it was, as `nohup` wants it.
///
/// Has to be called in a runtime; what it gives has to live until the call of `exec`.
pub fn default_at_exec() -> Vec<Arrivals> {
    let wanted = ignored()
        .into_iter()
        .filter(|number| *number != Signal::SIGHUP as i32);
    // Those that cannot be caught cannot be ignored either.
    wanted
        .filter_map(|number| signal(SignalKind::from_raw(number)).ok())
        .collect()
}

/// The numbers of the signals that this process ignores: proc(5), `SigIgn` of `/proc/self/status`.
/// Where there is no `/proc`, those that shells have background commands ignore.
fn ignored() -> Vec<i32> {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        return vec![Signal::SIGINT as i32, Signal::SIGQUIT as i32];
    };
    ignored_in(&status)
}

fn ignored_in(status: &str) -> Vec<i32> {
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or_default();
    (1..=64)
        .filter(|number| mask & (1 << (number - 1)) != 0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_proc() {
        let status = "Name:\tx\nSigBlk:\t0000000000000000\nSigIgn:\t8000000000000007\nSigCgt:\tff\n";
        assert_eq!(ignored_in(status), [1, 2, 3, 64]);
        assert_eq!(ignored_in("Name:\tx\n"), Vec::<i32>::new());
    }
}
