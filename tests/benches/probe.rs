//! What the probe adds to the turn of a handler that takes 5 ms.

#![allow(clippy::unwrap_used, reason = "a bench that cannot do its work should stop")]

use std::time::Duration;

use djscope_tests::djscope::Recording;
use djscope_tests::paired::{difference, estimate, rounds};
use djscope_tests::project::Kind;
use djscope_tests::raw::Live;

const WARM_UP: usize = 40;
const PAUSE: Duration = Duration::from_millis(2);

fn main() {
    let count = std::env::args()
        .find_map(|word| word.parse().ok())
        .unwrap_or(1000);
    let recordings = [&["--no-probe"][..], &[]].map(|options| Recording::start(Kind::Daphne, options));
    println!("round trip of an event whose handler takes 5 ms, under daphne, through the proxy, in ms");
    let mut lives = [&recordings[0], &recordings[1]]
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
    let times = rounds(count, PAUSE, ways);
    let (bare, added) = (estimate(&times[0]), difference(&times[1], &times[0]));
    println!("  without the probe   {bare}");
    println!("  with the probe      {}", estimate(&times[1]));
    println!("  difference          {added}");
    println!(
        "  share of the turn   {:.1} % [{:.1}, {:.1}]",
        share(added.median, bare.median),
        share(added.low, bare.median),
        share(added.high, bare.median)
    );
}

fn share(added: f64, whole: f64) -> f64 {
    added / whole * 100.0
}
