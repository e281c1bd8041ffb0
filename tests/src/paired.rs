//! Times that are measured side by side, one for one, and what can be said of their differences.

use std::fmt;
use std::time::{Duration, Instant};

/// Resamples of a bootstrap.
const RESAMPLES: usize = 2000;

/// A median with the interval that holds 95 % of its bootstrap resamples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The median.
    pub median: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl fmt::Display for Estimate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:8.3} [{:.3}, {:.3}]",
            self.median, self.low, self.high
        )
    }
}

/// Milliseconds that `work` takes.
pub fn ms(work: impl FnOnce()) -> f64 {
    let since = Instant::now();
    work();
    since.elapsed().as_secs_f64() * 1e3
}

/// Times `ways` in turn for so many rounds, in every order equally often. One list a way, round by round.
///
/// # Panics
///
/// If there are more than three ways.
pub fn rounds(count: usize, pause: Duration, ways: &mut [&mut dyn FnMut()]) -> Vec<Vec<f64>> {
    let orders: &[&[usize]] = match ways.len() {
        1 => &[&[0]],
        2 => &[&[0, 1], &[1, 0]],
        3 => &[
            &[0, 1, 2],
            &[2, 1, 0],
            &[1, 2, 0],
            &[0, 2, 1],
            &[2, 0, 1],
            &[1, 0, 2],
        ],
        more => panic!("{more} ways"),
    };
    let mut times = vec![Vec::with_capacity(count); ways.len()];
    for order in orders.iter().cycle().take(count) {
        for &way in *order {
            std::thread::sleep(pause);
            times[way].push(ms(&mut *ways[way]));
        }
    }
    times
}

/// Median of the differences `a - b`, round by round.
pub fn difference(a: &[f64], b: &[f64]) -> Estimate {
    estimate(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>())
}

/// Median of `values`.
pub fn estimate(values: &[f64]) -> Estimate {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut resampled: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let mut sample: Vec<f64> = values
                .iter()
                .map(|_| {
                    // Xorshift: the same resamples in each run.
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    values[usize::try_from(random % values.len() as u64).unwrap()]
                })
                .collect();
            median(&mut sample)
        })
        .collect();
    resampled.sort_by(f64::total_cmp);
    Estimate {
        median: median(&mut values.to_vec()),
        low: resampled[RESAMPLES / 40],
        high: resampled[RESAMPLES - 1 - RESAMPLES / 40],
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) {
        f64::midpoint(values[middle - 1], values[middle])
    } else {
        values[middle]
    }
}
