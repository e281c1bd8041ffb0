//! What a dormant probe adds to an event, and to the start of an interpreter, while no djscope is attached.

#![allow(clippy::unwrap_used, reason = "a bench that cannot do its work should stop")]

use std::process::Command;
use std::time::Duration;

use djscope_tests::dormant::Venv;
use djscope_tests::paired::{difference, estimate, rounds};
use djscope_tests::project;
use djscope_tests::raw::Live;

const WARM_UP: usize = 40;
const PAUSE: Duration = Duration::from_millis(2);

/// Two processes of the same program differ by themselves, so several pairs are measured.
const PAIRS: usize = 6;

fn main() {
    // Cargo passes --bench and names of benches; a number says how many rounds are wanted.
    let count = std::env::args().find_map(|word| word.parse().ok());
    let count = count.unwrap_or(1500) / PAIRS;
    let venvs = [Venv::bare(), Venv::with_probe()];
    let mut times = vec![Vec::new(); 2];
    for pair in 0..PAIRS {
        for (all, new) in times.iter_mut().zip(one_pair(&venvs, count, pair % 2 == 1)) {
            all.extend(new);
        }
    }
    show(
        "round trip of an event, under daphne, without djscope, in ms",
        &times,
    );
    show(
        "start of an interpreter that does nothing, in ms",
        &starts(&venvs, count),
    );
}

fn show(title: &str, times: &[Vec<f64>]) {
    println!("{title}");
    println!("  without the probe   {}", estimate(&times[0]));
    println!("  with the probe      {}", estimate(&times[1]));
    println!("  difference          {}", difference(&times[1], &times[0]));
}

/// Times without and with the probe, of two fresh servers.
fn one_pair(venvs: &[Venv; 2], count: usize, probe_first: bool) -> Vec<Vec<f64>> {
    let serve = |with_probe| {
        let venv: &Venv = &venvs[usize::from(with_probe)];
        let server = venv.serve(project::free_port(), &[]);
        if with_probe {
            venv.wait_for_offer();
        }
        server
    };
    let mut servers = [serve(probe_first), serve(!probe_first)];
    if probe_first {
        servers.reverse();
    }
    let mut lives = servers
        .each_ref()
        .map(|server| Live::mount(server.address, "shop.views.counter.CounterView", "/counter/"));
    let [without, with] = &mut lives;
    let mut ways = [without, with].map(|live| {
        move || {
            live.event("increment", "{}");
        }
    });
    let [without, with] = &mut ways;
    let ways: &mut [&mut dyn FnMut()] = &mut [without, with];
    rounds(WARM_UP, PAUSE, ways);
    rounds(count, PAUSE, ways)
}

fn starts(venvs: &[Venv; 2], count: usize) -> Vec<Vec<f64>> {
    let mut ways = venvs.each_ref().map(|venv| {
        let python = venv.root().join("bin/python");
        move || {
            let status = Command::new(&python).args(["-c", "pass"]).status().unwrap();
            assert!(status.success());
        }
    });
    let [without, with] = &mut ways;
    rounds(count, PAUSE, &mut [without, with])
}
