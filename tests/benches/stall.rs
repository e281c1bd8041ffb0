//! Round trips of events while the disk stalls, beside those while it does not.

#![allow(clippy::unwrap_used, reason = "a bench that cannot do its work should stop")]

use std::time::{Duration, Instant};

use djscope_tests::disk::{Disk, Fault};
use djscope_tests::djscope::Recording;
use djscope_tests::paired::{difference, estimate, rounds};
use djscope_tests::raw::Live;

const WARM_UP: usize = 100;
const PAUSE: Duration = Duration::from_millis(2);

/// How long one operation of the disk takes while it stalls.
const STALL: Duration = Duration::from_secs(10);

fn main() {
    // Cargo passes --bench and names of benches; a number says how many stalls are wanted.
    let stalls = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(4);
    println!("round trip of an event of the demo in ms, {stalls} times {STALL:?} of a disk that stalls");
    let mut times = vec![Vec::new(); 2];
    for number in 0..stalls {
        for (all, new) in times.iter_mut().zip(one_pair(number % 2 == 1)) {
            all.extend(new);
        }
    }
    for (name, times) in ["works", "stalls"].iter().zip(&times) {
        println!(
            "  disk {name:<10} median {}  99 % {:8.3}  ({} rounds)",
            estimate(times),
            percentile(times, 99),
            times.len()
        );
    }
    println!("  difference                {}", difference(&times[1], &times[0]));
    println!(
        "  ratio           median {:.3}  99 % {:.3}",
        percentile(&times[1], 50) / percentile(&times[0], 50),
        percentile(&times[1], 99) / percentile(&times[0], 99)
    );
}

/// Times on a disk that works and on one that stalls meanwhile, of two fresh processes that take turns.
fn one_pair(stalls_first: bool) -> Vec<Vec<f64>> {
    let disks = [Disk::new(), Disk::new()];
    let start = |disk: &Disk| Recording::demo_in(&[], &disk.environment());
    let recordings = if stalls_first {
        let [second, first] = [start(&disks[1]), start(&disks[0])];
        [first, second]
    } else {
        [start(&disks[0]), start(&disks[1])]
    };
    let mut lives = recordings
        .each_ref()
        .map(|recording| Live::mount(recording.proxy, "demo.views.Counter", "/counter/"));
    let [works, stalls] = &mut lives;
    let mut ways = [works, stalls].map(|live| {
        move || {
            live.event("increment", "{}");
        }
    });
    let [works, stalls] = &mut ways;
    let ways: &mut [&mut dyn FnMut()] = &mut [works, stalls];
    rounds(WARM_UP, PAUSE, ways);
    disks[1].set(Fault::Stall, 0, u64::MAX, STALL);
    let since = Instant::now();
    let mut times = vec![Vec::new(); 2];
    while since.elapsed() < STALL {
        for (all, new) in times.iter_mut().zip(rounds(20, PAUSE, ways)) {
            all.extend(new);
        }
    }
    assert!(disks[1].faults() > 0, "the disk was not asked for anything");
    disks[1].recover();
    for recording in recordings {
        let turns = recording.turns();
        let events = turns.iter().filter(|turn| turn["kind"] == "event").count();
        assert_eq!(events, WARM_UP + times[0].len());
    }
    times
}

fn percentile(times: &[f64], percent: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() - 1) * percent / 100]
}
