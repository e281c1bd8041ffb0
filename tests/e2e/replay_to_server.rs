//! The browser's side of a recording, played to a live server.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use djscope_recording::Reader;
use djscope_recording::model::Direction;
use djscope_tests::browser::Browser;
use djscope_tests::djscope::{Recording, binary, run};
use djscope_tests::project::{self, Kind, Server};
use djscope_tests::raw::{Connection, Live};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

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

/// The turns that are not the same.
fn others(turns: &[Value]) -> String {
    let others = turns.iter().filter(|turn| turn["agree"] != true);
    others.map(|turn| format!("{turn:.1500}\n")).collect()
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

/// Asks for a page with more headers.
fn get(server: SocketAddr, path: &str, headers: &str) {
    let mut connection = Connection::open(server);
    let head = format!("GET {path} HTTP/1.1\r\nHost: {server}\r\n{headers}Connection: close\r\n\r\n");
    connection.send(head.as_bytes());
    assert!(connection.answer("GET").status.contains("200"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journeys_are_answered_as_they_were() {
    let recording = used(&pages()).await;
    let server = Server::start(Kind::Daphne);
    let output = replay(&recording.path, server.address, &["--json", "--timeout", "30"]);
    let (turns, summary) = answers(&output);
    println!("{summary}\n{}", others(&turns));
    assert_eq!(
        (&summary["differs"], &summary["errors"]),
        (&0.into(), &serde_json::json!([]))
    );
    let same = summary["same"].as_u64().unwrap();
    assert!(same * 100 >= turns.len() as u64 * 95, "{summary}");
    assert!(turns.len() > 80, "{summary}");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_copies_meet_no_error_of_ours() {
    // A counter, a list, and a form.
    let recording = used(&pages()[..3]).await;
    let server = Server::start(Kind::Daphne);
    let options = ["--json", "--copies", "100", "--stagger", "50", "--timeout", "60"];
    let (turns, summary) = answers(&replay(&recording.path, server.address, &options));
    println!("{summary}\n{}", others(&turns));
    // A server that is busy with others as well may give up a handshake. That is its own doing, and named so.
    let errors = summary["errors"].as_array().unwrap();
    assert!(errors.iter().all(|error| error["side"] == "server"), "{summary}");
    assert_eq!(summary["differs"], 0);
    assert!(turns.len() > 20, "{summary}");
    for turn in turns.iter().filter(|_| errors.is_empty()) {
        // The list shows a stock that every copy adds to.
        let is_shared = turn["view"] == "shop.views.products.ProductListView";
        let is_told = turn["reasons"] == serde_json::json!(["the copies are answered differently"]);
        assert!(turn["copies"]["same"] == 100 || (is_shared && is_told), "{turn}");
    }
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
    println!("{summary}\n{}", others(&turns));
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
    get(recording.proxy, "/counter/", "");
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

/// A server that drops the first event as too much, and answers the others as recorded.
async fn dropping(listener: tokio::net::TcpListener, frames: Vec<Value>) -> Vec<Value> {
    let mut heard = Vec::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else {
            continue;
        };
        let mut frames = frames.iter();
        let mut next = || frames.next().cloned().unwrap_or_default();
        socket.send(Message::text(next().to_string())).await.unwrap();
        while let Some(Ok(Message::Text(text))) = socket.next().await {
            let message: Value = serde_json::from_str(&text).unwrap();
            heard.push(message.clone());
            let mut answer = match heard.len() {
                2 => serde_json::json!({"type": "error", "error": "Rate limit exceeded, event dropped"}),
                _ => next(),
            };
            if answer["type"] == "patch" {
                answer["ref"] = message["ref"].clone();
            }
            socket.send(Message::text(answer.to_string())).await.unwrap();
        }
        return heard;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_dropped_as_too_much_is_sent_again() {
    let recording = tokio::task::spawn_blocking(|| counted(2)).await.unwrap();
    let reader = Reader::open(&recording.path).unwrap();
    let frames = reader.frames(1..=1000, 1000).unwrap();
    let sent = frames
        .iter()
        .filter(|frame| frame.direction == Direction::ToBrowser);
    let sent = sent
        .filter_map(|frame| serde_json::from_str(&frame.payload).ok())
        .collect();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(dropping(listener, sent));
    let file = recording.path.clone();
    let output = tokio::task::spawn_blocking(move || replay(&file, address, &["--json"]))
        .await
        .unwrap();
    let (turns, summary) = answers(&output);
    assert!(turns.iter().all(|turn| turn["agree"] == true), "{turns:?}");
    assert_eq!(summary["errors"], serde_json::json!([]), "{summary}");
    let heard = server.await.unwrap();
    let kinds: Vec<_> = heard
        .iter()
        .map(|message| message["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["mount", "event", "event", "event"]);
    let references: Vec<_> = heard[1..]
        .iter()
        .map(|message| message["ref"].as_i64().unwrap())
        .collect();
    assert_eq!(references, [1, 2, 3]);
}

#[test]
fn who_was_logged_in_is_said() {
    const LOGIN: &str = "import django; django.setup()\n\
        from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model\n\
        from django.contrib.sessions.backends.db import SessionStore\n\
        user, _ = get_user_model().objects.get_or_create(username='ada')\n\
        session = SessionStore()\n\
        session[SESSION_KEY] = str(user.pk)\n\
        session[BACKEND_SESSION_KEY] = 'django.contrib.auth.backends.ModelBackend'\n\
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()\n\
        session.save()\n\
        print(session.session_key)\n";
    let login = |database: &Path| {
        let output = Command::new(project::program("python"))
            .args(["-c", LOGIN])
            .current_dir(project::folder())
            .env("DJANGO_SETTINGS_MODULE", "site_config.settings")
            .env("DJSCOPE_TEST_DB", database)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
        format!("sessionid={}", String::from_utf8(output.stdout).unwrap().trim())
    };
    let mut recording = Recording::start(Kind::Daphne, &[]);
    let cookie = login(&recording.database());
    // The page of deeds asks who the user is.
    get(recording.proxy, "/deeds/7/", &format!("Cookie: {cookie}\r\n"));
    thread::sleep(Duration::from_millis(300));
    recording.stop("INT");
    let mut other = Recording::start(Kind::Daphne, &[]);
    let output = replay(&recording.path, other.proxy, &[]);
    assert!(
        said(&output).contains("was logged in (user 1), and no login is given"),
        "{}",
        said(&output)
    );
    let cookie = login(&other.database());
    let output = replay(&recording.path, other.proxy, &["--login-cookie", &cookie]);
    assert!(!said(&output).contains("was logged in"), "{}", said(&output));
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    thread::sleep(Duration::from_millis(300));
    other.stop("INT");
    // The live server has seen nobody first, then who was logged in.
    let reader = Reader::open(&other.path).unwrap();
    let user = |turn| {
        reader
            .turn_record(turn)
            .unwrap()
            .unwrap()
            .work
            .mount
            .unwrap()
            .user
    };
    assert_eq!([user(1), user(2)], [Value::Null, 1.into()]);
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
