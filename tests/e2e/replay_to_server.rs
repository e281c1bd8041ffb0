//! The browser's side of a recording, played to a live server.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use djscope_tests::browser::Browser;
use djscope_tests::djscope::{Recording, binary, run};
use djscope_tests::project::{self, Kind, Server};
use djscope_tests::raw::{Connection, Live};
use serde_json::Value;

use crate::journeys::{Step, take};
use crate::replay_to_browser::pages;

const COUNTER: &str = "shop.views.counter.CounterView";

/// Plays a file to a server.
fn replay(file: &Path, server: SocketAddr, options: &[&str]) -> Output {
    let address = format!("http://{server}");
    let words = [
        &[
            "replay",
            file.to_str().unwrap(),
            "--to",
            "server",
            &address,
            "--yes",
        ],
        options,
    ]
    .concat();
    run(&words)
}

/// What was said of turns, and of all in all.
fn answers(output: &Output) -> (Vec<Value>, Value) {
    let text = String::from_utf8_lossy(&output.stdout);
    let mut lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let last = lines.pop().unwrap_or_else(|| panic!("{}", said(output)));
    (lines, last["summary"].clone())
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A recording of journeys in a browser.
async fn used(journeys: &[(String, &[Step])]) -> Recording {
    let mut recording = Recording::start(Kind::Daphne, &[]);
    let browser = Browser::start();
    for (path, steps) in journeys {
        let mut page = browser.page().await;
        page.open(&format!("http://{}{path}", recording.proxy)).await;
        for step in *steps {
            take(&mut page, step).await;
            page.settle().await;
        }
        // The page's socket is closed: what ticks on would be most of the recording.
        page.call("Page.navigate", serde_json::json!({"url": "about:blank"}))
            .await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    recording.stop("INT");
    recording
}

/// A short recording without a browser.
fn counted(clicks: usize) -> Recording {
    let mut recording = Recording::start(Kind::Daphne, &[]);
    let mut live = Live::mount(recording.proxy, COUNTER, "/counter/");
    for _ in 0..clicks {
        live.event("increment", "{}");
    }
    drop(live);
    thread::sleep(Duration::from_millis(300));
    recording.stop("INT");
    recording
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journeys_are_answered_as_they_were() {
    let recording = used(&pages()).await;
    let server = Server::start(Kind::Daphne);
    let output = replay(&recording.path, server.address, &["--json", "--timeout", "30"]);
    let (turns, summary) = answers(&output);
    let others: Vec<String> = turns
        .iter()
        .filter(|turn| turn["agree"] != true)
        .map(|turn| format!("{turn:.1500}"))
        .collect();
    println!("{summary}\n{}", others.join("\n"));
    assert_eq!(
        (&summary["differs"], &summary["errors"]),
        (&0.into(), &serde_json::json!([]))
    );
    let same = summary["same"].as_u64().unwrap();
    assert!(same * 100 >= turns.len() as u64 * 95, "{summary}");
    assert!(turns.len() > 80, "{summary}");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn a_hundred_copies_meet_no_error_of_ours() {
    let recording = counted(5);
    let server = Server::start(Kind::Daphne);
    let options = ["--json", "--copies", "100", "--stagger", "5", "--timeout", "60"];
    let (turns, summary) = answers(&replay(&recording.path, server.address, &options));
    println!("{summary}");
    assert_eq!(summary["errors"], serde_json::json!([]));
    assert_eq!(
        (&summary["differs"], &summary["cannot tell"]),
        (&0.into(), &0.into())
    );
    assert_eq!(summary["ms"]["count"], 600);
    assert!(
        turns.iter().all(|turn| turn["copies"]["same"] == 100),
        "{turns:?}"
    );
}

/// A server with djust's own limits.
fn limited() -> Server {
    let port = project::free_port();
    let environment = [("DJSCOPE_TEST_FAST", "0".to_owned())];
    Server::serve(&Kind::Daphne.command(port), port, &environment)
}

#[test]
fn the_limits_of_a_server_are_respected_and_named() {
    let recording = counted(300);
    let server = limited();
    let output = replay(&recording.path, server.address, &["--json", "--pace", "max"]);
    let (_, summary) = answers(&output);
    assert_eq!(
        (&summary["differs"], &summary["errors"]),
        (&0.into(), &serde_json::json!([])),
        "{summary}"
    );
    assert_eq!(summary["same"], 301);

    // Without a limit of ours the server's own is met.
    let output = replay(
        &recording.path,
        server.address,
        &["--json", "--pace", "max", "--rate", "0", "--timeout", "20"],
    );
    let (turns, summary) = answers(&output);
    let errors = summary["errors"].as_array().unwrap();
    let others = turns
        .iter()
        .filter(|turn| turn["agree"] != true)
        .map(|turn| format!("{turn:.700}"));
    println!("{summary}\n{}", others.collect::<Vec<_>>().join("\n"));
    assert!(errors.iter().all(|error| error["side"] == "server"), "{summary}");
    assert!(
        errors.is_empty() == turns.iter().all(|turn| turn["agree"] == true),
        "{summary}"
    );
}

#[test]
fn another_server_answers_otherwise() {
    let recording = counted(2);
    let project = tempfile::tempdir().unwrap();
    let copy = project.path().join("project");
    assert!(
        Command::new("cp")
            .arg("-r")
            .args([&project::folder(), &copy])
            .status()
            .unwrap()
            .success()
    );
    let source = copy.join("shop/views/counter.py");
    let text = std::fs::read_to_string(&source).unwrap();
    std::fs::write(
        &source,
        text.replacen("self.count += self.step", "self.count += 10 * self.step", 1),
    )
    .unwrap();
    let mut other = Recording::serve(&Kind::Daphne.command(project::free_port()), &copy, &[]);
    let output = replay(&recording.path, other.proxy, &["--json"]);
    let (turns, summary) = answers(&output);
    assert_eq!(output.status.code(), Some(1), "{summary}");
    let of = |kind: &'static str| turns.iter().filter(move |turn| turn["kind"] == kind);
    assert!(of("mount").all(|turn| turn["server"] == "same"), "{turns:?}");
    assert!(of("event").all(|turn| turn["server"] == "differs"), "{turns:?}");
    let differs = &of("event").next().unwrap()["differs"][0];
    assert_eq!(
        (&differs["recorded"], &differs["got"]),
        (&"1".into(), &"10".into()),
        "{differs}"
    );

    let output = replay(&recording.path, other.proxy, &[]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("differs") && text.contains("recorded '1', now '10'"),
        "{text}"
    );
    assert!(said(&output).contains("p50"), "{}", said(&output));
    other.stop("INT");
}

#[test]
fn what_is_masked_is_not_sent() {
    let mut recording = Recording::start(Kind::Daphne, &[]);
    let mut live = Live::mount(recording.proxy, COUNTER, "/counter/");
    live.event("increment", r#"{"password": "correct horse battery"}"#);
    live.event("increment", "{}");
    drop(live);
    thread::sleep(Duration::from_millis(300));
    recording.stop("INT");
    let server = Server::start(Kind::Daphne);
    let (turns, summary) = answers(&replay(&recording.path, server.address, &["--json"]));
    let words: Vec<_> = turns
        .iter()
        .map(|turn| turn["server"].as_str().unwrap())
        .collect();
    assert_eq!(words, ["same", "cannot tell", "cannot tell"], "{turns:?}");
    let reasons = turns[1]["reasons"].to_string();
    assert!(reasons.contains("/params/password"), "{reasons}");
    assert!(
        turns[2]["reasons"].to_string().contains("was not sent"),
        "{turns:?}"
    );
    assert_eq!(summary["errors"], serde_json::json!([]));
}

#[test]
fn a_page_by_http_alone_is_played_too() {
    let mut recording = Recording::start(Kind::Daphne, &[]);
    let mut connection = Connection::open(recording.proxy);
    connection.send(
        format!(
            "GET /counter/ HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            recording.proxy
        )
        .as_bytes(),
    );
    assert!(connection.answer("GET").status.contains("200"));
    thread::sleep(Duration::from_millis(300));
    recording.stop("INT");
    let server = Server::start(Kind::Daphne);
    let (turns, summary) = answers(&replay(&recording.path, server.address, &["--json"]));
    assert_eq!(turns.len(), 1, "{turns:?}");
    assert_eq!(turns[0]["server"], "same", "{turns:?}");
    assert_eq!(summary["errors"], serde_json::json!([]));
}

/// A server that answers every request in the same way.
fn stub(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut head = [0; 4096];
            let _ = stream.read(&mut head);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

#[test]
fn servers_that_are_none_or_go_away() {
    let recording = counted(3);
    for (answer, expected) in [
        (
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            "refused a WebSocket with 403",
        ),
        (
            "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
            "refused a WebSocket with 503",
        ),
        ("SSH-2.0-OpenSSH_9.2\r\n", "could not be opened"),
        ("", "could not be opened"),
    ] {
        let output = replay(&recording.path, stub(answer), &["--json"]);
        let (turns, summary) = answers(&output);
        assert_eq!(output.status.code(), Some(1), "{summary}");
        assert!(
            turns.iter().all(|turn| turn["server"] == "cannot tell"),
            "{turns:?}"
        );
        let errors = summary["errors"].to_string();
        assert!(
            errors.contains(expected) && errors.contains("\"side\":\"server\""),
            "{answer}: {errors}"
        );
    }

    let server = Server::start(Kind::Daphne);
    let mut child = Command::new(binary())
        .arg("replay")
        .arg(&recording.path)
        .args([
            "--to",
            "server",
            &format!("http://{}", server.address),
            "--yes",
            "--json",
            "--copies",
            "200",
            "--stagger",
            "50",
        ])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    thread::sleep(Duration::from_secs(4));
    drop(server);
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{text}");
    let summary: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let errors = summary["summary"]["errors"].as_array().unwrap().clone();
    assert!(
        !errors.is_empty() && errors.iter().all(|error| error["side"] == "server"),
        "{summary}"
    );
}

#[test]
fn nothing_is_played_where_it_should_not_be() {
    let recording = counted(1);
    let file = recording.path.to_str().unwrap();
    let port = project::free_port();
    let free = format!("http://127.0.0.1:{port}");
    let mut empty = Recording::start(Kind::Daphne, &[]);
    empty.stop("INT");
    let empty_file = empty.path.to_str().unwrap();
    let server = Server::start(Kind::Daphne);
    let live = format!("http://{}", server.address);
    for (words, expected) in [
        (vec![file, "--to", "server", &free, "--yes"], "nothing answers"),
        (
            vec![file, "--to", "server", "https://127.0.0.1", "--yes"],
            "asks for TLS",
        ),
        (
            vec![file, "--to", "server", "wss://127.0.0.1", "--yes"],
            "asks for TLS",
        ),
        (
            vec![file, "--to", "server", "http://192.0.2.7:8000", "--yes"],
            "--allow-host",
        ),
        (
            vec![file, "--to", "server", "nonsense:", "--yes"],
            "not the address of a server",
        ),
        (vec![file, "--to", "server"], "which server?"),
        (vec![file, "--to", "moon"], "a server or a browser"),
        (vec![file, "--to", "browser", &free], "a browser has no address"),
        (
            vec![empty_file, "--to", "server", &live, "--yes"],
            "nothing that a browser sent",
        ),
        (vec![empty_file, "--to", "browser"], "no page to show"),
        (vec!["/no/such.djscope", "--to", "browser"], "/no/such.djscope"),
        (vec![file, "--to", "server", &live], "--yes says so"),
        (
            vec![file, "--to", "server", &live, "--copies", "0"],
            "not a number from 1 to 1000",
        ),
        (
            vec![file, "--to", "server", &live, "--login-cookie", "a"],
            "sessionid=VALUE",
        ),
    ] {
        let output = run(&[&["replay"], &words[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{words:?}: {}", said(&output));
        assert!(said(&output).contains(expected), "{words:?}: {}", said(&output));
        assert!(output.stdout.is_empty(), "{words:?}");
    }
}
