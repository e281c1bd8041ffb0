//! The last words of a probe, and the reason where there is not even a first.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use djscope_tests::djscope;
use djscope_tests::project::{self, Kind, Server};
use djscope_tests::raw::Live;
use serde_json::Value;

use crate::started::{Started, descendants, send, shell, until};

/// Presses once, and has `end` end everything as soon as the answer is there. Gives the count in the
/// last state, which is large: the probe is at work on it for longer than the server needs to answer.
fn last_count(kind: Kind, end: impl Fn(&Started)) -> Option<i64> {
    let mut run = Started::of(kind, &[]);
    let mut live = Live::mount(run.proxy, "shop.views.state.BigStateView", "/big-state/");
    live.event("increment", "{}");
    end(&run);
    assert_eq!(run.code(), Some(0), "{}", run.log());
    let turns = djscope::turns(&run.folder.path().join("r.djscope"), "kind:event");
    assert_eq!(turns.len(), 1);
    turns[0]["after"]["public"]["count"].as_i64()
}

#[test]
fn the_last_state_is_recorded_when_djscope_ends() {
    for kind in [Kind::Autoreload, Kind::Runserver, Kind::Daphne, Kind::Uvicorn] {
        for signal in ["INT", "TERM"] {
            let count = last_count(kind, |run| run.send(signal));
            assert_eq!(count, Some(1), "{kind:?} {signal}");
        }
    }
}

#[test]
fn the_last_state_is_recorded_when_the_server_ends() {
    let cases = [
        (Kind::Runserver, "INT"),
        (Kind::Runserver, "TERM"),
        (Kind::Daphne, "INT"),
        (Kind::Daphne, "TERM"),
        (Kind::Uvicorn, "INT"),
    ];
    for (kind, signal) in cases {
        // As a terminal does: all at once, without the guard.
        let count = last_count(kind, |run| {
            for pid in &descendants(run.child.id())[1..] {
                send(signal, *pid);
            }
        });
        assert_eq!(count, Some(1), "{kind:?} {signal}");
    }
}

/// Mounts, presses, and gives what is said: on standard error, and in `missing` of every turn.
fn silent(command: &[String], address: SocketAddr, waits: bool) -> (String, Vec<Value>) {
    let mut run = Started::with(
        "exec",
        &["--upstream", &format!("http://{address}")],
        command,
        address,
    );
    let mut live = Live::mount(run.proxy, "shop.views.counter.CounterView", "/counter/");
    live.event("increment", "{}");
    if waits {
        until("it is said at once", || run.log().contains("no probe was heard"));
        live.event("increment", "{}");
    }
    run.send("INT");
    assert_eq!(run.code(), Some(0), "{}", run.log());
    let turns = djscope::turns(&run.folder.path().join("r.djscope"), "");
    assert_eq!(turns.len(), if waits { 3 } else { 2 });
    (run.log(), turns)
}

#[test]
fn a_probe_that_is_never_heard_is_named_with_the_reason() {
    let words = |address: SocketAddr| {
        let port = address.port();
        format!("-m daphne -b 127.0.0.1 -p {port} site_config.asgi:application")
    };
    let python = project::program("python").display().to_string();
    let venv = Path::new(&python).ancestors().nth(2).unwrap();
    let keep = "DJSCOPE_TEST_DB=$DJSCOPE_TEST_DB DJSCOPE_TEST_FAST=1 PATH=$PATH";
    let cases = [
        (
            "$PYTHON -E $DAPHNE",
            "was started with -E, which ignores PYTHONPATH",
            "start the server without this flag",
        ),
        (
            "PYTHONPATH=$PYTHONPATH:$(echo $VENV/lib/python*/site-packages) $PYTHON -S $DAPHNE",
            "was started with -S, which leaves sitecustomize out",
            "start the server without this flag",
        ),
        (
            "env -i $KEEP $PYTHON $DAPHNE",
            "did not pass on its environment",
            "have it pass on PYTHONPATH, DJSCOPE_PROBE_ADDRESS and DJSCOPE_PROBE_TOKEN",
        ),
        (
            "$PYTHON manage.py check >&2; env -i $KEEP $PYTHON $DAPHNE",
            "did not pass on its environment",
            "have it pass on PYTHONPATH",
        ),
        (
            "PYTHONPATH=. $PYTHON $DAPHNE",
            "has replaced PYTHONPATH",
            "add to PYTHONPATH instead of replacing it",
        ),
    ];
    for (index, (script, reason, way_out)) in cases.into_iter().enumerate() {
        let address = SocketAddr::from(([127, 0, 0, 1], project::free_port()));
        let script = script
            .replace("$PYTHON", &python)
            .replace("$DAPHNE", &words(address))
            .replace("$VENV", venv.to_str().unwrap())
            .replace("$KEEP", keep);
        // Said while it runs, and in a run that is over before.
        // A process that was heard before and has ended makes the silence no less.
        let waits = index % 2 == 0 || script.contains("manage.py check");
        let (log, turns) = silent(&shell(&script), address, waits);
        let said: Vec<&str> = log
            .lines()
            .filter(|line| line.contains("no probe was heard"))
            .collect();
        assert!(said.len() == 1 && said[0].contains(reason), "{script}: {log}");
        assert!(log.contains(&format!("hint: {way_out}")), "{script}: {log}");
        for turn in turns {
            let missing = turn["missing"].as_array().unwrap();
            let texts: Vec<&str> = missing.iter().filter_map(Value::as_str).collect();
            let fits = |text: &&str| {
                text.contains("no probe was heard") && text.contains(reason) && text.contains(way_out)
            };
            assert!(texts.len() == 1 && texts.iter().all(fits), "{script}: {turn}");
        }
    }
}

#[test]
fn a_server_that_the_command_has_not_started_is_named() {
    let address = SocketAddr::from(([127, 0, 0, 1], project::free_port()));
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("mark");
    let command = shell(&format!("touch {}; exec sleep 1000", mark.display()));
    // As a container does, or a service that the command only wakes.
    let elsewhere = std::thread::spawn(move || {
        until("the command has started", || mark.exists());
        Server::start_on(Kind::Daphne, address.port())
    });
    let (log, turns) = silent(&command, address, true);
    let reason = "was not started by the command that djscope has started";
    assert!(log.contains(reason), "{log}");
    for turn in turns {
        assert!(turn["missing"][0].as_str().unwrap().contains(reason), "{turn}");
    }
    drop(elsewhere.join().unwrap());
}

#[test]
fn a_folder_that_cannot_be_on_the_path_is_not_taken() {
    let odd = tempfile::tempdir().unwrap();
    let odd = odd.path().join("a:b");
    fs::create_dir(&odd).unwrap();
    let shell = format!("umask 0; TMPDIR={} exec", odd.display());
    let port = project::free_port();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut run = Started::with(&shell, &[], &Kind::Daphne.command(port), address);
    let mut live = Live::mount(run.proxy, "shop.views.counter.CounterView", "/counter/");
    live.event("increment", "{}");
    run.send("INT");
    assert_eq!(run.code(), Some(0), "{}", run.log());
    let turns = djscope::turns(&run.folder.path().join("r.djscope"), "kind:event");
    assert_eq!(turns[0]["after"]["public"]["count"], 1, "{}", run.log());
    assert_eq!(turns[0]["missing"], serde_json::json!([]));
}
