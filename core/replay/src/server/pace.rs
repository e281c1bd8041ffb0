//! When the next thing is done.

use std::time::Duration;

use djscope_recording::model::Micros;

/// How fast a recording is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// With the pauses of the recording.
    Recorded,
    /// As soon as everything has come that had come before in the recording.
    #[default]
    Reply,
    /// As soon as a view is mounted, without waiting for answers.
    Max,
}

/// How long to wait until the moment of something in the recording, if it is played with the recording's pauses.
pub fn pause(pace: Pace, first_us: Micros, t_us: Micros, elapsed: Duration) -> Duration {
    if pace != Pace::Recorded {
        return Duration::ZERO;
    }
    let after = u64::try_from(t_us.saturating_sub(first_us)).unwrap_or(0);
    Duration::from_micros(after).saturating_sub(elapsed)
}

/// How many messages a connection may send: a server refuses more than so many in a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    per_second: f64,
    burst: f64,
    left: f64,
    at: Duration,
}

/// So many messages may be sent at once. djust takes 20, whether they were sent so or have waited for it: this and what may
/// wait have to be less together.
const BURST: f64 = 8.0;

/// So many messages may wait for an answer: a server that was busy takes them all at once.
pub const UNDER_WAY: usize = 8;

/// No server makes it slower than this.
const SLOWEST: f64 = 1.0;

impl Bucket {
    /// A full one; as fast as possible with a rate of 0.
    pub const fn new(per_second: f64) -> Self {
        Self {
            per_second,
            burst: BURST,
            left: BURST,
            at: Duration::ZERO,
        }
    }

    /// How long to wait before the next message, which is counted. `now` counts from any beginning.
    pub fn take(&mut self, now: Duration) -> Duration {
        if self.per_second <= 0.0 {
            return Duration::ZERO;
        }
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.left = (self.left + passed * self.per_second).min(self.burst);
        self.at = self.at.max(now);
        self.left -= 1.0;
        if self.left >= 0.0 {
            return Duration::ZERO;
        }
        Duration::from_secs_f64(-self.left / self.per_second)
    }

    /// The server has said that it was too much.
    pub fn slow_down(&mut self) {
        let rate = if self.per_second > 0.0 {
            self.per_second
        } else {
            100.0
        };
        self.per_second = (rate / 2.0).max(SLOWEST);
        self.burst = 1.0;
        self.left = self.left.min(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn pauses_are_those_of_the_recording_only_if_they_are_wanted() {
        for (pace, t_us, elapsed, expected) in [
            (Pace::Recorded, 1_500_000, ms(200), ms(300)),
            (Pace::Recorded, 1_500_000, ms(900), ms(0)),
            (Pace::Recorded, 500_000, ms(0), ms(0)),
            (Pace::Reply, 1_500_000, ms(0), ms(0)),
            (Pace::Max, 1_500_000, ms(0), ms(0)),
        ] {
            assert_eq!(
                pause(pace, 1_000_000, t_us, elapsed),
                expected,
                "{pace:?} {t_us} {elapsed:?}"
            );
        }
    }

    #[test]
    fn a_bucket_lets_so_many_pass_and_no_more() {
        let mut bucket = Bucket::new(100.0);
        let waits: Vec<Duration> = (0..10).map(|_| bucket.take(ms(0))).collect();
        assert_eq!(waits[..8], [Duration::ZERO; 8]);
        assert_eq!(waits[8..], [ms(10), ms(20)]);
        // Both are sent by then, and nothing is left.
        assert_eq!(bucket.take(ms(20)), ms(10));
        assert_eq!(bucket.take(ms(5000)), ms(0));

        let mut unbounded = Bucket::new(0.0);
        assert!((0..1000).all(|_| unbounded.take(ms(0)) == ms(0)));
        unbounded.slow_down();
        assert_eq!(unbounded.take(ms(0)), ms(20));
    }

    #[test]
    fn a_server_that_says_it_is_too_much_is_asked_less() {
        let mut bucket = Bucket::new(100.0);
        bucket.take(ms(0));
        bucket.slow_down();
        assert_eq!(bucket.take(ms(0)), ms(20));
        for _ in 0..20 {
            bucket.slow_down();
        }
        assert!(bucket.take(ms(0)) <= ms(4000));
    }
}
