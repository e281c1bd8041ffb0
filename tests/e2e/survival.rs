//! Servers that restart, djscope that ends or stands still: the app is not held up, and the recording opens.

use std::fs;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use djscope_tests::djscope::{self, Recording};
use djscope_tests::project::{self, Kind, Server};
use djscope_tests::raw::{Answer, Connection, Live};
use serde_json::Value;

const COUNTER: &str = "shop.views.counter.CounterView";

/// Processes that djscope has started.
fn children(pid: u32) -> Vec<String> {
    let output = Command::new("pgrep")
        .args(["-P", &pid.to_string()])
        .output()
        .unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

fn is_running(pid: &str) -> bool {
    Command::new("kill")
        .args(["-0", pid])
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success()
}

#[test]
fn every_ending_leaves_a_recording_that_opens() {
    for (signal, code) in [("INT", Some(0)), ("TERM", Some(0)), ("KILL", None)] {
        let mut recording = Recording::start(Kind::Daphne, &[]);
        let mut live = Live::mount(recording.proxy, COUNTER, "/counter/");
        for _ in 0..5 {
            live.event("increment", "{}");
        }
        // Longer than a batch of the writer waits.
        std::thread::sleep(Duration::from_millis(400));
        let servers = children(recording.pid());
        assert!(!servers.is_empty(), "{signal}: no server");
        let (ended, log) = recording.stop(signal);
        assert_eq!(ended, code, "{signal}: {log}");
        let since = Instant::now();
        while let Some(left) = servers.iter().find(|pid| is_running(pid)) {
            // Who is killed cannot wait for its server.
            let late = since.elapsed() > Duration::from_secs(if signal == "KILL" { 20 } else { 0 });
            assert!(!late, "{signal}: {left} still runs");
            std::thread::sleep(Duration::from_millis(20));
        }
        let turns = djscope::turns(&recording.path, "kind:event outcome:patched");
        assert_eq!(turns.len(), 5, "{signal}");
        assert_eq!(turns[4]["after"]["public"]["count"], 5, "{signal}");
    }
}

#[test]
fn a_stop_before_the_server_listens_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.djscope");
    let child = Command::new(djscope::binary())
        .args(["run", "--headless", "--out"])
        .arg(&path)
        .args(["--", "sleep", "60"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(700));
    let servers = children(child.id());
    assert_eq!(servers.len(), 1);
    send_signal("INT", child.id());
    let since = Instant::now();
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(since.elapsed() < Duration::from_secs(3), "{error}");
    assert_eq!(output.status.code(), Some(2), "{error}");
    let said = "djscope: stopped before the server listened\nhint: nothing could be recorded yet; ";
    assert!(error.starts_with(said) && error.lines().count() == 2, "{error}");
    assert!(!is_running(&servers[0]) && !path.exists());
}

fn send_signal(name: &str, pid: u32) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .status();
    assert!(status.unwrap().success());
}

fn get(address: SocketAddr, path: &str) -> Answer {
    let mut connection = Connection::open(address);
    connection.send(
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/html\r\nConnection: close\r\n\r\n")
            .as_bytes(),
    );
    connection.answer("GET")
}

/// Asks for a page until its status is `status`.
fn wait_for_status(address: SocketAddr, path: &str, status: u16) -> Answer {
    let since = Instant::now();
    loop {
        let answer = get(address, path);
        if answer.status.contains(&format!(" {status} ")) {
            return answer;
        }
        assert!(
            since.elapsed() < Duration::from_secs(30),
            "never {status}: {}",
            answer.status
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn counts(turns: &[Value]) -> Vec<i64> {
    let counted = turns.iter().map(|turn| &turn["after"]["public"]["count"]);
    counted.filter_map(Value::as_i64).collect()
}

#[test]
fn a_server_that_is_killed_and_started_again() {
    let port = project::free_port();
    let server = Server::start_on(Kind::Uvicorn, port);
    let recording = Recording::attach(&format!("http://{}", server.address), &[]);
    Live::mount(recording.proxy, COUNTER, "/counter/").event("increment", "{}");
    drop(server);
    let down = get(recording.proxy, "/counter/");
    assert!(down.status.contains(" 502 "), "{}", down.status);
    let page = String::from_utf8(down.body).unwrap();
    assert!(
        page.contains("http-equiv=\"refresh\"") && page.contains("connection refused"),
        "{page}"
    );
    let _again = Server::start_on(Kind::Uvicorn, port);
    wait_for_status(recording.proxy, "/counter/", 200);
    Live::mount(recording.proxy, COUNTER, "/counter/").event("decrement", "{}");
    let turns = recording.turns();
    let events: Vec<&Value> = turns.iter().filter(|turn| turn["kind"] == "event").collect();
    assert_eq!(
        (events.len(), &events[0]["event"], &events[1]["event"]),
        (2, &"increment".into(), &"decrement".into())
    );
    assert_ne!(events[0]["connection"], events[1]["connection"]);
}

#[test]
fn the_autoreloader_restarts_the_server_and_the_probe_comes_back() {
    let copy = tempfile::tempdir().unwrap();
    let copied = Command::new("cp")
        .arg("-r")
        .arg(project::folder().join("."))
        .arg(copy.path())
        .status();
    assert!(copied.unwrap().success());
    let command = Kind::Autoreload.command(project::free_port());
    let mut recording = Recording::serve(&command, copy.path(), &[]);
    Live::mount(recording.proxy, COUNTER, "/counter/").event("increment", "{}");
    // The reloader compares times of files once a second.
    std::thread::sleep(Duration::from_millis(1500));
    let source = copy.path().join("shop/views/counter.py");
    let changed = fs::read_to_string(&source)
        .unwrap()
        .replace("self.count += self.step", "self.count += 10");
    fs::write(&source, changed).unwrap();
    wait_for_status(recording.proxy, "/counter/", 502);
    wait_for_status(recording.proxy, "/counter/", 200);
    Live::mount(recording.proxy, COUNTER, "/counter/").event("increment", "{}");
    std::thread::sleep(Duration::from_millis(300));
    let (code, log) = recording.stop("INT");
    assert_eq!(code, Some(0), "{log}");
    let turns = djscope::turns(&recording.path, "kind:event");
    assert_eq!(counts(&turns), [1, 10], "{log}");
}

#[test]
fn a_djscope_that_reads_nothing_does_not_hold_up_the_app() {
    let port = project::free_port();
    let server = SocketAddr::from(([127, 0, 0, 1], port));
    let mut recording = Recording::serve(&Kind::Daphne.command(port), &project::folder(), &[]);
    let mut live = Live::mount(server, "shop.views.state.BigStateView", "/big-state/");
    let name = "increment";
    live.event(name, "{}");
    send_signal("STOP", recording.pid());
    let slowest = (0..100)
        .map(|_| {
            let since = Instant::now();
            live.event(name, "{}");
            since.elapsed()
        })
        .max()
        .unwrap();
    send_signal("CONT", recording.pid());
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    let (code, log) = recording.stop("INT");
    assert_eq!(code, Some(0), "{log}");
}

#[test]
fn an_older_djust_runs_and_is_recorded() {
    let older = project::program("python")
        .ancestors()
        .nth(3)
        .unwrap()
        .join("venv-1.1");
    if !older.exists() {
        eprintln!("{} is missing: run ./dev setup", older.display());
        return;
    }
    let mut command = Kind::Daphne.command(project::free_port());
    command[0] = older.join("bin/daphne").display().to_string();
    let recording = Recording::serve(&command, &project::folder(), &[]);
    let mut live = Live::mount(recording.proxy, COUNTER, "/counter/");
    for _ in 0..3 {
        live.event("increment", "{}");
    }
    let turns = recording.turns();
    let events: Vec<Value> = turns.into_iter().filter(|turn| turn["kind"] == "event").collect();
    assert_eq!(counts(&events), [1, 2, 3]);
    assert!(
        events.iter().all(|turn| turn["outcome"] == "patched"),
        "{events:?}"
    );
}
