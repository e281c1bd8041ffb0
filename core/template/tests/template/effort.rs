//! How much a piece of work costs, whatever else the machine does.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Time that this thread had on a core while `work` ran.
pub fn effort(work: impl FnOnce()) -> Duration {
    let clock = || Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap());
    let start = clock();
    work();
    clock() - start
}
