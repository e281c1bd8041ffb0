//! The clock of the sessions.

use std::time::Duration;

use djscope_live::Clock;
use jiff::Timestamp;
use tokio::time::Instant;

/// Counts from its own beginning.
#[derive(Clone, Copy, Debug)]
pub struct HostClock {
    start: Instant,
}

impl HostClock {
    pub fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    /// The moment at which so much time has passed.
    pub fn instant(&self, elapsed: Duration) -> Instant {
        self.start + elapsed
    }
}

impl Clock for HostClock {
    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn timestamp(&self) -> Timestamp {
        Timestamp::now()
    }
}
