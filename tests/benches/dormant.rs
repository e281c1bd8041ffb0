//! What a dormant probe adds to an event, and to the start of an interpreter, while no djscope is attached.

#![allow(clippy::unwrap_used, reason = "a bench that cannot do its work should stop")]

use std::process::Command;
use std::time::Duration;

use djscope_tests::dormant::Venv;
use djscope_tests::paired::{count_of_rounds, rounds, show_without_and_with, without_and_with};
use djscope_tests::project;
use djscope_tests::raw::Live;

/// How many interpreters are started in each environment.
const STARTS: usize = 250;

fn main() {
    let (bare, dormant) = (Venv::bare(), Venv::with_probe());
    let times = without_and_with(
        count_of_rounds(1500),
        |with_probe| {
            let venv = if with_probe { &dormant } else { &bare };
            let server = venv.serve(project::free_port(), &[]);
            if with_probe {
                venv.wait_for_offer();
            }
            server
        },
        |server| Live::mount(server.address, "shop.views.counter.CounterView", "/counter/"),
        |live| {
            live.event("increment", "{}");
        },
    );
    show_without_and_with(
        "round trip of an event, under daphne, without djscope, in ms",
        "the dormant probe",
        &times,
    );
    show_without_and_with(
        "start of an interpreter that does nothing, in ms",
        "the dormant probe",
        &starts(&bare, &dormant),
    );
}

fn starts(bare: &Venv, dormant: &Venv) -> [Vec<f64>; 2] {
    let mut ways = [bare, dormant].map(|venv| {
        let python = venv.root().join("bin/python");
        move || {
            // Whoever starts Python every day has its bytecode.
            let mut command = Command::new(&python);
            command.args(["-c", "pass"]).env_remove("PYTHONDONTWRITEBYTECODE");
            assert!(command.status().unwrap().success());
        }
    });
    let [without, with] = &mut ways;
    rounds(2, Duration::ZERO, &mut [&mut *without, &mut *with]);
    let times = rounds(STARTS, Duration::ZERO, &mut [without, with]);
    times.try_into().unwrap()
}
