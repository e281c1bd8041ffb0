//! How long answers took.

use serde_json::{Value, json};

/// Times, in microseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    sorted_us: Vec<u64>,
}

impl Latency {
    /// Of these.
    pub fn of(mut times_us: Vec<u64>) -> Self {
        times_us.sort_unstable();
        Self { sorted_us: times_us }
    }

    /// All of them, in ascending order.
    pub fn times_us(&self) -> &[u64] {
        &self.sorted_us
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.sorted_us.len()
    }

    /// So many of a hundred are not longer (nearest rank); none if there are none.
    pub fn percentile_us(&self, percent: usize) -> Option<u64> {
        let rank = (self.count() * percent).div_ceil(100).max(1);
        self.sorted_us.get(rank - 1).copied()
    }

    /// In milliseconds, null where there is none.
    pub fn object(&self) -> Value {
        let ms = |percent| self.percentile_us(percent).map(|us| us as f64 / 1e3);
        json!({"count": self.count(), "p50": ms(50), "p90": ms(90), "p99": ms(99)})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_rank() {
        for (times, expected) in [
            (vec![], [None; 3]),
            (vec![7], [Some(7); 3]),
            (vec![2, 1], [Some(1), Some(2), Some(2)]),
            ((1..=100).rev().collect(), [Some(50), Some(90), Some(99)]),
            ((1..=1000).collect(), [Some(500), Some(900), Some(990)]),
        ] {
            let latency = Latency::of(times);
            assert_eq!(
                [50, 90, 99].map(|percent| latency.percentile_us(percent)),
                expected
            );
        }
        assert_eq!(Latency::of(vec![1500]).object()["p90"], 1.5);
        assert_eq!(Latency::default().object()["p90"], Value::Null);
    }
}
