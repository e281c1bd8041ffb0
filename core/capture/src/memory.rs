//! One budget of memory for the recorder, split by need.

/// What the recorder may use if nothing else is said, in bytes.
pub const DEFAULT_MEMORY_BYTES: usize = 256 << 20;

/// Less is not enough for one large message on its way to the file.
pub const MIN_MEMORY_BYTES: usize = 32 << 20;

/// How much of the budget each part may hold, in bytes. What is left is for messages and states that are being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// The whole.
    pub budget: usize,
    /// Between the relay and the recorder.
    pub relay_queue: usize,
    /// Between the recorder and the file.
    pub writer_queue: usize,
    /// Pages of the file.
    pub file_cache: usize,
    /// Values of the file from which the next ones are written as a difference.
    pub kept_values: usize,
    /// States that could not be written, for those that build on them.
    pub lost_states: usize,
    /// The longest message that is kept whole.
    pub message: usize,
}

impl Shares {
    /// The shares of a budget; a smaller one than [`MIN_MEMORY_BYTES`] counts as that.
    pub const fn of(budget: usize) -> Self {
        let budget = if budget < MIN_MEMORY_BYTES {
            MIN_MEMORY_BYTES
        } else {
            budget
        };
        let message = budget / 16;
        Self {
            budget,
            relay_queue: budget / 4,
            writer_queue: budget / 4,
            file_cache: budget / 8,
            kept_values: budget / 16,
            lost_states: budget / 8,
            message: if message < 16 << 20 { message } else { 16 << 20 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_leave_room() {
        for budget in [0, MIN_MEMORY_BYTES, DEFAULT_MEMORY_BYTES, 4 << 30] {
            let shares = Shares::of(budget);
            let sum = shares.relay_queue
                + shares.writer_queue
                + shares.file_cache
                + shares.kept_values
                + shares.lost_states
                + 2 * shares.message;
            assert!(sum < shares.budget && shares.message >= 2 << 20, "{shares:?}");
        }
    }
}
