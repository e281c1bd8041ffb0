//! Times that are measured side by side, one for one, and what can be said of their differences.

use std::fmt;
use std::time::{Duration, Instant};

use crate::raw::Live;

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

/// Rounds whose times are not looked at.
const WARM_UP: usize = 40;

/// How long a server is left alone before each event.
const PAUSE: Duration = Duration::from_millis(2);

/// Two processes of the same program differ by themselves, so several pairs of servers are measured.
const PAIRS: usize = 6;

/// How many rounds a bench measures in all: a number among the words of its command line, which are otherwise those of
/// cargo.
pub fn count_of_rounds(default: usize) -> usize {
    std::env::args()
        .find_map(|word| word.parse().ok())
        .unwrap_or(default)
}

/// Times an event on servers with something and without it: the two lists, round by round, without it first.
///
/// `serve` starts a server of the kind that it is told, with `true` for the one that has it; `mount` opens a page on
/// it; `event` is what is timed. Of each pair the two are started in turns in either order.
pub fn without_and_with<S>(
    count: usize,
    serve: impl Fn(bool) -> S,
    mount: impl Fn(&S) -> Live,
    event: impl Fn(&mut Live),
) -> [Vec<f64>; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for pair in 0..PAIRS {
        let with_first = pair % 2 == 1;
        let mut servers = [serve(with_first), serve(!with_first)];
        if with_first {
            servers.reverse();
        }
        let mut lives = servers.each_ref().map(&mount);
        let [without, with] = &mut lives;
        let mut ways = [without, with].map(|live| || event(live));
        let [without, with] = &mut ways;
        let ways: &mut [&mut dyn FnMut()] = &mut [without, with];
        rounds(WARM_UP, PAUSE, ways);
        for (all, new) in times.iter_mut().zip(rounds(count / PAIRS, PAUSE, ways)) {
            all.extend(new);
        }
    }
    times
}

/// Prints two lists of times, and what the second has more.
pub fn show_without_and_with(title: &str, what: &str, times: &[Vec<f64>; 2]) {
    let [without, with] = times;
    let (bare, added) = (estimate(without), difference(with, without));
    println!("{title}");
    println!("  {:<22}{bare}", format!("without {what}"));
    println!("  {:<22}{}", format!("with {what}"), estimate(with));
    println!("  {:<22}{added}", "difference");
    let [share, low, high] = [added.median, added.low, added.high].map(|ms| ms / bare.median * 100.0);
    println!("  {:<22}{share:8.2} % [{low:.2}, {high:.2}]", "share");
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
