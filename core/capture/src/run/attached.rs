//! A server that somebody else has started: its probe is switched on if it offers itself, and off again at the end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::{JoinHandle, spawn_blocking};

use super::{LAST_WORDS, RunError, listen_for_probes};
use crate::notices::Notices;
use crate::offers::{self, Answer, Offer};
use crate::probe::ProbeListener;
use crate::proxy::Upstream;
use crate::recorder::Recorder;

/// How often it is looked for processes that have begun to serve: an autoreloader starts a new one.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How long a probe may take to let go of a djscope that has just ended.
const RELEASE_WITHIN: Duration = Duration::from_secs(3);

/// How long the probes that were asked may take to connect.
const HELLO_WITHIN: Duration = Duration::from_secs(10);

/// How often that is looked at.
const PAUSE: Duration = Duration::from_millis(20);

/// The probes of a server, as long as they report.
pub(super) struct Attached {
    listener: ProbeListener,
    watching: JoinHandle<()>,
}

/// Whom to ask, what for, and who was asked.
struct Asking {
    addresses: Vec<SocketAddr>,
    listener: SocketAddr,
    token: String,
    asked: Vec<Offer>,
    refusals: Vec<String>,
}

impl Attached {
    /// Switches on the probes of every process that serves `upstream`, and waits until they report. None if none does.
    pub(super) async fn to(
        upstream: &Upstream,
        recorder: &Recorder,
        notices: &Notices,
    ) -> Result<Option<Self>, RunError> {
        let (listener, token) = listen_for_probes(recorder)?;
        let asking = Asking {
            addresses: upstream.addresses().to_vec(),
            listener: listener.address(),
            token,
            asked: Vec::new(),
            refusals: Vec::new(),
        };
        let asking = spawn_blocking(move || asking.ask_first())
            .await
            .map_err(io::Error::other)?;
        for refusal in &asking.refusals {
            notices.say(refusal);
        }
        if asking.asked.is_empty() {
            return Ok(None);
        }
        let since = Instant::now();
        while listener.connected().count() < asking.asked.len() {
            if since.elapsed() > HELLO_WITHIN {
                notices.say("a probe of this server was switched on and does not report");
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        let watching = tokio::spawn(asking.go_on());
        Ok(Some(Self { listener, watching }))
    }

    /// Has the probes send what they have, and go.
    pub(super) async fn leave(self) {
        self.watching.abort();
        let connected = Arc::clone(self.listener.connected());
        connected.flush(LAST_WORDS).await;
        connected.hang_up();
        connected.gone(LAST_WORDS).await;
    }
}

impl Asking {
    /// Those that serve now. One that reports to a djscope that has just ended is asked again.
    fn ask_first(mut self) -> Self {
        let since = Instant::now();
        loop {
            self.refusals.clear();
            self.ask_new();
            if self.refusals.is_empty() || since.elapsed() > RELEASE_WITHIN {
                return self;
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Asks every process that serves and was not asked yet.
    fn ask_new(&mut self) {
        let offers = offers::all();
        // What has gone may come back under the same number.
        self.asked
            .retain(|asked| offers.iter().any(|offer| offer.is_of_same_process(asked)));
        for offer in offers {
            let was_asked = self.asked.iter().any(|asked| asked.is_of_same_process(&offer));
            if was_asked || !offer.listens_on(&self.addresses) {
                continue;
            }
            match offer.attach(self.listener, &self.token) {
                Ok(Answer::Attached) => self.asked.push(offer),
                Ok(Answer::Refused { reason, held_by }) => {
                    self.refusals.push(refusal(offer.pid, &reason, held_by));
                }
                // It has ended, or is just ending.
                Err(_) => {}
            }
        }
    }

    /// Asks those that come later, without a word if they do not want.
    async fn go_on(mut self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let asked = spawn_blocking(move || {
                self.refusals.clear();
                self.ask_new();
                self
            });
            match asked.await {
                Ok(asking) => self = asking,
                Err(_) => return,
            }
        }
    }
}

/// What is said of a probe that does not want.
fn refusal(pid: u32, reason: &str, held_by: Option<u32>) -> String {
    let sentence = format!("the probe in process {pid} does not report: {reason}");
    match held_by {
        Some(holder) => format!(
            "{sentence}; end it with: kill -INT {holder}; or start it with --hub 0, and look on with djscope open ADDRESS"
        ),
        None => sentence,
    }
}
