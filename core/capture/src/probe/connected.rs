//! The probes that are connected, and how far they are with their last reports.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often the last reports are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The connections whose reports are still read.
#[derive(Debug, Default)]
pub struct Connected {
    peers: Mutex<Peers>,
}

#[derive(Debug, Default)]
struct Peers {
    last_number: u64,
    open: BTreeMap<u64, Peer>,
}

#[derive(Debug)]
struct Peer {
    answers: TcpStream,
    has_flushed: bool,
}

/// One connection, from its welcome until its last report was passed on.
#[derive(Debug)]
pub struct Connection<'a> {
    connected: &'a Connected,
    number: u64,
}

impl Connected {
    /// Adds a connection; `answers` is where the probe listens.
    pub fn add(&self, answers: TcpStream) -> Connection<'_> {
        let number = self.with(|peers| {
            peers.last_number += 1;
            let peer = Peer {
                answers,
                has_flushed: false,
            };
            peers.open.insert(peers.last_number, peer);
            peers.last_number
        });
        Connection {
            connected: self,
            number,
        }
    }

    /// Asks every probe for what it has not reported yet, and waits for it, for at most `patience`.
    pub async fn flush(&self, patience: Duration) {
        self.with(|peers| {
            for peer in peers.open.values_mut() {
                peer.has_flushed = writeln!(peer.answers, r#"{{"type":"flush"}}"#).is_err();
            }
        });
        self.until(patience, |peers| peers.open.values().all(|peer| peer.has_flushed))
            .await;
    }

    /// Asks every probe to report the next state of each view whole: one that others build on was lost.
    pub fn ask_for_whole_states(&self) {
        self.with(|peers| {
            for peer in peers.open.values_mut() {
                // A probe that is gone has nothing to report.
                let _ = writeln!(peer.answers, r#"{{"type":"whole"}}"#);
            }
        });
    }

    /// How many report now.
    pub fn count(&self) -> usize {
        self.with(|peers| peers.open.len())
    }

    /// Ends every connection; a probe that was switched on is off then.
    pub fn hang_up(&self) {
        self.with(|peers| {
            for peer in peers.open.values() {
                // One that is gone has ended it already.
                let _ = peer.answers.shutdown(Shutdown::Write);
            }
        });
    }

    /// Waits until every probe is gone and its last report was passed on, for at most `patience`.
    pub async fn gone(&self, patience: Duration) {
        self.until(patience, |peers| peers.open.is_empty()).await;
    }

    async fn until(&self, patience: Duration, is_so: impl Fn(&Peers) -> bool) {
        let since = Instant::now();
        while !self.with(|peers| is_so(peers)) && since.elapsed() < patience {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn with<T>(&self, action: impl FnOnce(&mut Peers) -> T) -> T {
        action(&mut self.peers.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Connection<'_> {
    /// Everything that the probe was asked for has been passed on.
    pub fn has_flushed(&self) {
        self.connected.with(|peers| {
            if let Some(peer) = peers.open.get_mut(&self.number) {
                peer.has_flushed = true;
            }
        });
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        self.connected.with(|peers| peers.open.remove(&self.number));
    }
}
