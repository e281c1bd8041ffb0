//! What the probe adds to the turn of a handler that takes 5 ms.

#![allow(clippy::unwrap_used, reason = "a bench that cannot do its work should stop")]

use std::time::Duration;

use djscope_tests::djscope::Recording;
use djscope_tests::paired::{difference, estimate, rounds};
use djscope_tests::project::Kind;
use djscope_tests::raw::Live;

const WARM_UP: usize = 40;
const PAUSE: Duration = Duration::from_millis(2);

/// Two processes of the same program differ by more than the probe costs, so several pairs are measured.
const PAIRS: usize = 6;

fn main() {
    // Cargo passes --bench and names of benches; a number says how many rounds are wanted.
    let count = std::env::args().find_map(|word| word.parse().ok());
    let count = count.unwrap_or(1500) / PAIRS;
    println!("round trip of an event whose handler takes 5 ms, under daphne, through the proxy, in ms");
    let mut times = vec![Vec::new(); 2];
    for pair in 0..PAIRS {
        for (all, new) in times.iter_mut().zip(one_pair(count, pair % 2 == 1)) {
            all.extend(new);
        }
    }
    let (bare, added) = (estimate(&times[0]), difference(&times[1], &times[0]));
    println!("  without the probe   {bare}");
    println!("  with the probe      {}", estimate(&times[1]));
    println!("  difference          {added}");
    let [share, low, high] = [added.median, added.low, added.high].map(|ms| ms / bare.median * 100.0);
    println!("  share of the turn   {share:.1} % [{low:.1}, {high:.1}]");
}

/// Times without and with the probe, of two fresh servers.
fn one_pair(count: usize, probe_first: bool) -> Vec<Vec<f64>> {
    let start = |with_probe| Recording::start(Kind::Daphne, if with_probe { &[] } else { &["--no-probe"] });
    let mut recordings = [start(probe_first), start(!probe_first)];
    if probe_first {
        recordings.reverse();
    }
    let mut lives = recordings
        .each_ref()
        .map(|recording| Live::mount(recording.proxy, "shop.views.failing.SlowView", "/slow/"));
    let [without, with] = &mut lives;
    let mut ways = [without, with].map(|live| {
        move || {
            live.event("run", r#"{"ms":5}"#);
        }
    });
    let [without, with] = &mut ways;
    let ways: &mut [&mut dyn FnMut()] = &mut [without, with];
    rounds(WARM_UP, PAUSE, ways);
    rounds(count, PAUSE, ways)
}
