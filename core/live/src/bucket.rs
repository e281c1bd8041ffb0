//! Token buckets (djust `rate_limit.py`).

use std::time::Duration;

use super::settings::Rate;

/// A bucket of tokens, full at first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    rate: Rate,
    tokens: f64,
    filled: Duration,
}

impl Bucket {
    pub fn new(rate: Rate, now: Duration) -> Self {
        Self {
            rate,
            tokens: rate.burst,
            filled: now,
        }
    }

    /// Takes a token, if there is one.
    pub fn take(&mut self, now: Duration) -> bool {
        if self.rate.burst.is_infinite() {
            return true;
        }
        let passed = now.saturating_sub(self.filled).as_secs_f64();
        self.filled = now;
        self.tokens = (self.tokens + passed * self.rate.per_second).min(self.rate.burst);
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }

    /// The tokens that are left.
    pub fn tokens(&self) -> f64 {
        self.tokens
    }

    /// Whether it would be full now: then it is as good as a new one.
    pub fn is_full(&self, now: Duration) -> bool {
        let passed = now.saturating_sub(self.filled).as_secs_f64();
        self.tokens + passed * self.rate.per_second >= self.rate.burst
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_empties_and_fills() {
        let rate = Rate {
            per_second: 10.0,
            burst: 2.0,
        };
        let at = Duration::from_millis;
        let mut bucket = Bucket::new(rate, at(0));
        let taken: Vec<bool> = [0, 0, 0, 50, 100, 100, 5000, 5000, 5000]
            .map(|ms| bucket.take(at(ms)))
            .into();
        assert_eq!(taken, [true, true, false, false, true, false, true, true, false]);
    }
}
