//! The browser's side of a recording, played to a live server over real sockets.
//!
//! [`Replay`] does what the recorded browsers did, in their order: pages, sockets, messages. Sessions and tokens are those
//! that the live server gives; counters of events and numbers of embedded views are replaced. Its answers are compared
//! with the recorded ones turn by turn.

mod answer;
mod browsers;
pub(crate) mod cookies;
mod error;
mod latency;
mod line;
mod pace;
mod played;
mod remap;
mod request;
pub(crate) mod script;
mod socket;
mod target;

use std::sync::Arc;
use std::time::Duration;

use djscope_recording::Reader;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::sleep;

pub use answer::{Answer, Divergence, Outcome};
pub use error::ReplayError;
pub use latency::Latency;
pub use pace::Pace;
pub use played::Trouble;
pub use target::Target;

use browsers::Browsers;
use played::Played;
use script::{Deed, Script};

/// How a recording is played.
#[derive(Clone, Debug)]
pub struct Options {
    /// How fast.
    pub pace: Pace,
    /// How often, at the same time.
    pub copies: usize,
    /// How long after the one before a copy begins.
    pub stagger: Duration,
    /// Cookies of a login, which every visitor has.
    pub login: Vec<(String, String)>,
    /// How long an answer is waited for.
    pub patience: Duration,
    /// Most messages that a connection sends in a second; 0 for as many as it can.
    pub rate: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            pace: Pace::Reply,
            copies: 1,
            stagger: Duration::from_millis(20),
            login: Vec::new(),
            patience: Duration::from_secs(10),
            // djust refuses more than 100.
            rate: 80.0,
        }
    }
}

/// A recording that can be played.
#[derive(Debug)]
pub struct Replay {
    script: Script,
}

/// How much there is to play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Requests over HTTP.
    pub requests: usize,
    /// Sockets.
    pub sockets: usize,
    /// Messages.
    pub messages: usize,
}

impl Replay {
    /// Reads what the browsers of a recording did.
    ///
    /// # Errors
    ///
    /// If the recording cannot be read, or nothing in it can be played.
    pub fn of(reader: &Reader) -> Result<Self, ReplayError> {
        let script = Script::of(reader)?;
        if script.is_empty() {
            return Err(ReplayError::Empty);
        }
        Ok(Self { script })
    }

    /// How much there is to play.
    pub fn size(&self) -> Size {
        let count = |is: fn(&Deed) -> bool| self.script.acts.iter().filter(|act| is(&act.deed)).count();
        Size {
            requests: count(|deed| matches!(deed, Deed::Ask { .. })),
            sockets: count(|deed| matches!(deed, Deed::Open(_))),
            messages: count(|deed| matches!(deed, Deed::Say { .. })),
        }
    }

    /// Who was logged in, as far as is known.
    pub fn user(&self) -> Option<&str> {
        self.script.user.as_deref()
    }

    /// What is not played, and why.
    pub fn left_out(&self) -> &[String] {
        &self.script.left_out
    }

    /// Looks whether it may be played to a server, and whether anything answers there.
    ///
    /// # Errors
    ///
    /// If the address is none or of another machine, or nothing answers.
    pub fn check(&self, address: &str, allowed: &[String]) -> Result<(), ReplayError> {
        runtime()?.block_on(async { Target::find(address, allowed).await?.check().await })
    }

    /// Plays it to a server and waits for the end.
    ///
    /// # Errors
    ///
    /// If nothing answers there, or the system gives no threads.
    pub fn play(
        mut self,
        address: &str,
        allowed: &[String],
        options: Options,
    ) -> Result<Outcome, ReplayError> {
        let runtime = runtime()?;
        let is_login_missing = self.script.user.is_some() && options.login.is_empty();
        let script = runtime.block_on(async {
            let target = Target::find(address, allowed).await?;
            self.script.live_authority = Some(target.authority().to_owned());
            let script = Arc::new(self.script);
            let played = play_copies(&script, target, options).await;
            Ok::<_, ReplayError>((script, played))
        });
        let (script, played) = script?;
        Ok(Outcome::of(&script, &played, is_login_missing))
    }
}

fn runtime() -> Result<Runtime, ReplayError> {
    let mut builder = Builder::new_multi_thread();
    builder
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(ReplayError::System)
}

async fn play_copies(script: &Arc<Script>, target: Target, options: Options) -> Vec<Played> {
    let shared = Arc::new((target, options));
    let mut copies = JoinSet::new();
    for number in 0..shared.1.copies {
        let (script, shared) = (Arc::clone(script), Arc::clone(&shared));
        let wait = shared
            .1
            .stagger
            .saturating_mul(u32::try_from(number).unwrap_or(u32::MAX));
        copies.spawn(async move {
            sleep(wait).await;
            Browsers::new(&script, &shared.0, &shared.1).play().await
        });
    }
    let mut played = Vec::new();
    while let Some(copy) = copies.join_next().await {
        played.push(copy.unwrap_or_else(|error| Played::broken(&error)));
    }
    played
}
