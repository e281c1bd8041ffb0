//! The dormant probe: `djscope probe`, and `djscope attach` to servers that were started before.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use djscope_tests::djscope::{self, Recording};
use djscope_tests::dormant::Venv;
use djscope_tests::project;
use djscope_tests::raw::Live;
use serde_json::Value;

const COUNTER: (&str, &str) = ("shop.views.counter.CounterView", "/counter/");
const DEEDS: (&str, &str) = ("shop.views.deeds.DeedsView", "/deeds/7/");

fn probe(verb: &str, venv: &Path) -> (Option<i32>, String) {
    let output = djscope::run(&["probe", verb, venv.to_str().unwrap()]);
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

/// Every file below a folder with its contents.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.push((path.clone(), Vec::new()));
            found.extend(files(&path));
        } else {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn installed_looked_at_and_taken_away() {
    let venv = Venv::bare();
    let before = files(&venv.packages());
    assert!(probe("status", &venv.root()).1.contains("not installed"));
    let (code, text) = probe("install", &venv.root().join("bin/python"));
    assert!(code == Some(0) && text.contains("installed, version"), "{text}");
    assert!(probe("status", &venv.root()).1.contains("installed, version"));
    // A server makes bytecode of it.
    drop(venv.serve(project::free_port(), &[]));
    let file = venv.packages().join("djscope_dormant/__init__.py");
    fs::write(&file, "raise SystemExit").unwrap();
    let (code, text) = probe("status", &venv.root());
    assert!(
        code == Some(1) && text.contains("damaged") && text.contains("__init__.py"),
        "{text}"
    );
    assert_eq!(probe("install", &venv.root()).0, Some(0));
    let (code, text) = probe("uninstall", &venv.root());
    assert!(code == Some(0) && text.contains("taken away"), "{text}");
    assert_eq!(files(&venv.packages()), before);
    let (code, text) = probe("install", &venv.runtime());
    assert!(
        code == Some(2) && text.contains("pyvenv.cfg") && text.contains("hint: "),
        "{text}"
    );
}

/// The turns of events on two pages: one that has been there, one that is mounted.
fn used(address: std::net::SocketAddr, recording: Recording) -> Vec<Value> {
    let mut counter = Live::mount(address, COUNTER.0, COUNTER.1);
    for (event, params) in [("increment", "{}"), ("add", r#"{"amount":5}"#), ("look", "{}")] {
        counter.event(event, params);
    }
    let mut deeds = Live::mount(address, DEEDS.0, DEEDS.1);
    for event in ["extend", "look", "basket", "hush", "force"] {
        deeds.event(event, "{}");
    }
    recording.turns()
}

/// What of a turn does not depend on when and in which process it was.
fn lasting(turn: &Value) -> Value {
    let mut told = turn.clone();
    let fields = told.as_object_mut().unwrap();
    for name in ["turn", "t_ms", "ms", "connection", "frames", "logs", "http"] {
        fields.remove(name);
    }
    let spans = fields
        .get("spans")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let mut kinds: Vec<String> = spans
        .map(|span| format!("{} {}", span["kind"], span["name"]))
        // As long as they are too short to be seen there are none.
        .filter(|span| !span.contains("waiting") && !span.contains("wire"))
        .collect();
    kinds.sort();
    fields.insert("spans".to_owned(), kinds.into());
    told
}

#[test]
fn the_same_turns_and_states_as_under_run() {
    let venv = Venv::with_probe();
    let under_run = {
        let command = venv.command(project::free_port());
        let recording = Recording::serve_in(&command, &project::folder(), &[], &venv.variables());
        let turns = used(recording.proxy, recording);
        // Its own probe is at work; the other one keeps silent.
        assert!(!venv.offers().exists());
        turns
    };
    let server = venv.serve(project::free_port(), &[]);
    venv.wait_for_offer();
    let recording = Recording::attach_in(&format!("http://{}", server.address), &[], &venv.variables());
    recording.wait_for_word("switched on");
    let attached = used(recording.proxy, recording);
    assert_eq!(attached.len(), under_run.len());
    for (attached, run) in attached.iter().zip(&under_run) {
        assert_eq!(lasting(attached), lasting(run));
    }
    let count = attached.iter().find(|turn| turn["event"] == "add").unwrap();
    assert_eq!(
        (
            &count["before"]["public"]["count"],
            &count["after"]["public"]["count"]
        ),
        (&1.into(), &6.into()),
        "{count}"
    );
}

#[test]
fn ten_times_on_and_off_by_whatever_end() {
    let venv = Venv::with_probe();
    let server = venv.serve(project::free_port(), &[]);
    venv.wait_for_offer();
    let upstream = format!("http://{}", server.address);
    // A page that is there all the time, on the server's own address.
    let mut own = Live::mount(server.address, COUNTER.0, COUNTER.1);
    for round in 0..10 {
        let mut recording = Recording::attach_in(&upstream, &[], &venv.variables());
        recording.wait_for_word("switched on");
        let mut page = Live::mount(recording.proxy, COUNTER.0, COUNTER.1);
        page.event("increment", "{}");
        own.event("increment", "{}");
        if round % 2 == 0 {
            let (code, log) = recording.stop("INT");
            assert_eq!(code, Some(0), "{log}");
            let turns = djscope::turns(&recording.path, "event:increment");
            let states: Vec<_> = turns
                .iter()
                .map(|turn| {
                    (
                        &turn["before"]["public"]["count"],
                        &turn["after"]["public"]["count"],
                    )
                })
                .collect();
            let mine = states.iter().any(|state| *state == (&0.into(), &1.into()));
            assert!(mine, "{round}: {states:?}");
        } else {
            recording.kill();
        }
        own.event("increment", "{}");
    }
}

#[test]
fn a_server_that_comes_back_is_watched_again() {
    let venv = Venv::with_probe();
    let port = project::free_port();
    let first = venv.serve(port, &[]);
    venv.wait_for_offer();
    let recording = Recording::attach_in(&format!("http://127.0.0.1:{port}"), &[], &venv.variables());
    recording.wait_for_word("switched on");
    Live::mount(recording.proxy, COUNTER.0, COUNTER.1).event("increment", "{}");
    // What a probe gathered in the last moment before a kill is lost.
    std::thread::sleep(std::time::Duration::from_millis(500));
    drop(first);
    let _second = venv.serve(port, &[]);
    // It is looked for four times a second.
    std::thread::sleep(std::time::Duration::from_secs(3));
    Live::mount(recording.proxy, COUNTER.0, COUNTER.1).event("add", r#"{"amount":4}"#);
    let turns = recording.turns();
    let of = |event: &str| turns.iter().find(|turn| turn["event"] == event).unwrap();
    assert_eq!(of("increment")["after"]["public"]["count"], 1);
    assert_eq!(of("add")["after"]["public"]["count"], 4, "{}", of("add"));
}

#[test]
fn what_others_have_put_there_breaks_nothing() {
    let venv = Venv::with_probe();
    let server = venv.serve(project::free_port(), &[]);
    venv.wait_for_offer();
    let folder = venv.offers();
    let mut sleeper = std::process::Command::new("sleep").arg("600").spawn().unwrap();
    let alive = sleeper.id();
    let dead = {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        child.id()
    };
    let mut made = Vec::new();
    let mut put = |name: String, text: &str, mode: u32| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        made.push(path);
    };
    put(format!("{alive}.json"), "garbage", 0o600);
    put(
        "1.json".to_owned(),
        r#"{"pid":1,"token":"x","socket":"1.sock"}"#,
        0o666,
    );
    put("note.json".to_owned(), "mine", 0o600);
    put("99999999999999.json".to_owned(), "{}", 0o600);
    let left = folder.join(format!("{dead}.json"));
    fs::write(&left, "{}").unwrap();
    symlink("/etc/passwd", folder.join("2.json")).unwrap();
    let recording = Recording::attach_in(&format!("http://{}", server.address), &[], &venv.variables());
    recording.wait_for_word("switched on");
    Live::mount(recording.proxy, COUNTER.0, COUNTER.1).event("increment", "{}");
    assert_eq!(recording.turns().last().unwrap()["after"]["public"]["count"], 1);
    assert!(!left.exists(), "what a dead process left is still there");
    assert!(made.iter().all(|path| path.exists()));
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
}

#[test]
fn without_an_offer_attach_says_how_to_have_one() {
    let venv = Venv::with_probe();
    for variables in [("DJSCOPE_PROBE", "0"), ("DJSCOPE_TEST_DEBUG", "0")] {
        let server = venv.serve(project::free_port(), &[variables]);
        let recording = Recording::attach_in(&format!("http://{}", server.address), &[], &venv.variables());
        recording.wait_for_word("djscope probe install");
        Live::mount(recording.proxy, COUNTER.0, COUNTER.1).event("increment", "{}");
        let turns = recording.turns();
        assert!(turns.last().unwrap()["before"].is_null(), "{turns:?}");
        assert!(!venv.offers().exists());
    }
}

#[test]
fn a_second_djscope_is_refused_and_records_the_wire() {
    let venv = Venv::with_probe();
    let server = venv.serve(project::free_port(), &[]);
    venv.wait_for_offer();
    let upstream = format!("http://{}", server.address);
    let first = Recording::attach_in(&upstream, &[], &venv.variables());
    first.wait_for_word("switched on");
    let second = Recording::attach_in(&upstream, &[], &venv.variables());
    second.wait_for_word(&format!(
        "another djscope, process {}, is attached to this server",
        first.pid()
    ));
    Live::mount(second.proxy, COUNTER.0, COUNTER.1).event("increment", "{}");
    assert!(second.turns().last().unwrap()["before"].is_null());
    Live::mount(first.proxy, COUNTER.0, COUNTER.1).event("increment", "{}");
    assert_eq!(first.turns().last().unwrap()["after"]["public"]["count"], 1);
}
