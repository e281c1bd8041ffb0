//! Views are synchronous code: a handler may take its time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use djscope_live::panic_text;
use tokio::runtime::{Handle, RuntimeFlavor};

/// What takes longer than this should not be waited for by others.
const LONG: Duration = Duration::from_millis(2);

/// A view is trusted after so many short turns in a row.
const TRUSTED_AFTER: u32 = 20;

/// Whether the turns of a view are short, as far as is known from all its connections.
#[derive(Debug, Default)]
pub struct Trust {
    short_turns: AtomicU32,
}

impl Trust {
    /// Whether a turn may take long.
    pub fn may_take_long(&self) -> bool {
        self.short_turns.load(Ordering::Relaxed) < TRUSTED_AFTER
    }

    /// A turn took so long.
    pub fn took(&self, duration: Duration) {
        if duration > LONG {
            self.short_turns.store(0, Ordering::Relaxed);
        } else if self.may_take_long() {
            self.short_turns.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Calls into views; gives what they panic with.
///
/// What may take long is called so that the other connections of this thread go on elsewhere meanwhile. That costs some
/// microseconds and, on a runtime of one thread, is not possible.
pub fn call_view<T>(may_take_long: bool, call: impl FnOnce() -> T) -> Result<T, String> {
    let call = AssertUnwindSafe(call);
    let is_aside = may_take_long
        && Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    let called = if is_aside {
        catch_unwind(|| tokio::task::block_in_place(call))
    } else {
        catch_unwind(call)
    };
    called.map_err(|panic| panic_text(&*panic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_trusted_after_some_short_turns_until_a_long_one() {
        let trust = Trust::default();
        for _ in 0..TRUSTED_AFTER {
            assert!(trust.may_take_long());
            trust.took(Duration::from_micros(10));
        }
        assert!(!trust.may_take_long());
        trust.took(Duration::from_millis(3));
        assert!(trust.may_take_long());
    }
}
