//! A probe that never speaks: noticed once djust frames pass, and explained as far as it can be seen from outside.

mod reason;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use djscope_recording::model::Micros;
use serde_json::json;

use crate::notices::Notices;
use crate::observation::Observation;
use crate::queue::{Clock, Tap};
use crate::recorder::Shared;
use reason::Reason;

/// How often it is looked whether a probe was heard.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How long a probe may be silent after djust's first frame, where it can be seen why.
const PATIENCE: Duration = Duration::from_secs(1);

/// The same where it cannot be seen: a busy machine is no reason.
const LONG_PATIENCE: Duration = Duration::from_secs(8);

/// Where the server is that should report.
#[derive(Debug)]
pub struct Place {
    /// The process that djscope has started.
    pub root: u32,
    /// Where the server listens.
    pub addresses: Vec<SocketAddr>,
    /// The folder of the probe's `sitecustomize`.
    pub startup: PathBuf,
}

/// Waits for the first word of a probe.
pub struct Watch {
    place: Place,
    recorder: Arc<Shared>,
    clock: Clock,
    tap: Tap,
    notices: Arc<Notices>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// What was seen while the server was there to be looked at.
    reason: Option<Reason>,
    is_said: bool,
}

impl Watch {
    /// Nothing was noticed so far.
    pub fn new(place: Place, recorder: Arc<Shared>, clock: Clock, tap: Tap, notices: Arc<Notices>) -> Self {
        Self {
            place,
            recorder,
            clock,
            tap,
            notices,
            seen: Mutex::default(),
        }
    }

    /// Looks until a silence was said.
    pub async fn watch(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let Some(since_us) = self.recorder.probe().unheard_since_us else {
                continue;
            };
            let own = Arc::clone(&self);
            // Reading the system's tables takes longer than a relay may wait.
            let _ = tokio::task::spawn_blocking(move || own.look()).await;
            let patience = if self.is_explained() {
                PATIENCE
            } else {
                LONG_PATIENCE
            };
            let is_silent_still = self.recorder.probe().unheard_since_us == Some(since_us);
            if is_silent_still && self.since(since_us) >= patience {
                self.say();
                return;
            }
        }
    }

    fn since(&self, t_us: Micros) -> Duration {
        Duration::from_micros(u64::try_from(self.clock.now_us() - t_us).unwrap_or(0))
    }

    /// The server is about to end: looks at it while it is there.
    pub fn before_end(&self) {
        if self.recorder.probe().connected == 0 {
            self.look();
        }
    }

    /// The server has ended: says what was not said yet.
    pub fn end(&self) {
        let status = self.recorder.probe();
        let Some(since_us) = status.unheard_since_us else {
            return;
        };
        // A frame may pass while a probe that spoke takes its leave.
        if !status.was_heard || (self.is_explained() && self.since(since_us) >= PATIENCE) {
            self.say();
        }
    }

    fn look(&self) {
        let reason = Reason::of(&self.place);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.reason.as_ref().is_none_or(|known| *known == Reason::Unknown) {
            seen.reason = Some(reason);
        }
    }

    fn is_explained(&self) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.reason
            .as_ref()
            .is_some_and(|reason| *reason != Reason::Unknown)
    }

    fn say(&self) {
        let reason = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if std::mem::replace(&mut seen.is_said, true) {
                return;
            }
            seen.reason.clone().unwrap_or(Reason::Unknown)
        };
        self.tap.send(Observation::Fact {
            key: "probe_silent",
            value: json!(format!("{reason}; {}", reason.way_out())),
        });
        self.notices.say(&format!(
            "no probe was heard from the server, so state, SQL, logs and handler times are missing: {reason}\nhint: {}",
            reason.way_out()
        ));
    }
}
