//! `djscope attach` to a server without a probe: what djust itself shows with `DEBUG` on.

use std::net::SocketAddr;

use djscope_tests::djscope::{self, Recording};
use djscope_tests::project::{self, Kind, Server};
use djscope_tests::raw::{Connection, Live};
use serde_json::{Value, json};

const PAYLOAD: &str = "public, cut at 100 characters, from djust's debug payload";

fn attached() -> (Server, Recording) {
    let port = project::free_port();
    let server = Server::serve(&Kind::Daphne.command(port), port, &[]);
    let recording = Recording::attach(&format!("http://{}", server.address), &[]);
    (server, recording)
}

fn ended(recording: &mut Recording) -> Vec<Value> {
    let (code, log) = recording.stop("INT");
    assert_eq!(code, Some(0), "{log}");
    djscope::turns(&recording.path, "kind:event")
}

fn table(recording: &Recording) -> (String, String) {
    let output = djscope::run(&["show", recording.path.to_str().unwrap()]);
    (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn the_debug_payload_is_a_weaker_state() {
    let (_server, mut recording) = attached();
    let mut live = Live::mount(recording.proxy, "shop.views.counter.CounterView", "/counter/");
    live.event("increment", "{}");
    live.event("look", "{}");
    live.event("add", r#"{"amount":5}"#);
    let turns = ended(&mut recording);
    let [increment, look, add] = turns.as_slice() else {
        panic!("{turns:?}")
    };
    // Never in the place of what a probe reports.
    for turn in &turns {
        assert_eq!(
            (&turn["before"], &turn["after"], &turn["changed"]),
            (&Value::Null, &Value::Null, &Value::Null)
        );
    }
    let shown = &increment["debug_state"];
    assert_eq!(
        (&shown["source"], &shown["words"]),
        (&json!("debug_payload"), &json!(PAYLOAD))
    );
    assert_eq!(
        (&shown["before"], &shown["changed"], &shown["after"]["count"]),
        (&Value::Null, &Value::Null, &json!(1))
    );
    // After a noop djust shows nothing, and the next state is compared with the one that it has shown.
    assert_eq!(look["debug_state"], Value::Null);
    let shown = &add["debug_state"];
    assert_eq!(
        (
            &shown["before"]["count"],
            &shown["before_turn"],
            &shown["after"]["count"],
            &shown["changed"]
        ),
        (&json!(1), &increment["turn"], &json!(6), &json!(["count"]))
    );
    assert!(shown["after"].get("client_timezone").is_none() && shown["after"].get("_secret").is_none());
    let (lines, said) = table(&recording);
    let line = lines.lines().find(|line| line.contains(" add ")).unwrap();
    assert!(line.contains("~count"), "{lines}");
    assert!(said.contains("likely"), "{said}");
}

#[test]
fn a_long_value_is_cut_and_says_so() {
    let (_server, mut recording) = attached();
    let mut live = Live::mount(recording.proxy, "shop.views.deeds.DeedsView", "/deeds/7/");
    live.event("extend", "{}");
    let turns = ended(&mut recording);
    let after = turns[0]["debug_state"]["after"].as_object().unwrap();
    let shown: Vec<&Value> = after.values().filter_map(|value| value.get("$shown")).collect();
    assert!(!shown.is_empty(), "{after:?}");
    let text = |value: &Value| value["text"].as_str().map_or(0, |text| text.chars().count());
    assert!(
        shown
            .iter()
            .all(|value| text(value) <= 100 && value["cut"].is_boolean()),
        "{shown:?}"
    );
    assert!(
        shown
            .iter()
            .any(|value| value["cut"] == true && text(value) == 100),
        "{shown:?}"
    );
}

#[test]
fn time_travel_shows_values_before_and_after() {
    let (_server, mut recording) = attached();
    let mut live = Live::mount(recording.proxy, "shop.views.counter.HistoryView", "/history/");
    live.event("increment", "{}");
    let turns = ended(&mut recording);
    let shown = &turns[0]["debug_state"];
    assert_eq!(shown["source"], "time_travel");
    assert_eq!(
        (
            &shown["before"]["count"],
            &shown["after"]["count"],
            &shown["before_turn"],
            &shown["changed"]
        ),
        (&json!(0), &json!(1), &Value::Null, &json!(["count"]))
    );
}

#[test]
fn a_project_that_is_served_by_wsgi_is_told_so() {
    let command = Kind::Runserver.command(project::free_port());
    let variables = [("DJANGO_SETTINGS_MODULE", "site_config.wsgi_settings".to_owned())];
    let mut recording = Recording::serve_in(&command, &project::folder(), &[], &variables);
    let answer = ask_for_a_socket(recording.proxy);
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    recording.wait_for_word("ASGI_APPLICATION");
    // The page itself is there.
    let mut page = Connection::open(recording.proxy);
    page.send(
        format!(
            "GET /counter/ HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            recording.proxy
        )
        .as_bytes(),
    );
    assert!(page.answer("GET").status.ends_with("200 OK"));
    let (code, log) = recording.stop("INT");
    assert_eq!(code, Some(0), "{log}");
    let (_, said) = table(&recording);
    for words in [
        "not live",
        "/ws/live/",
        "WSGIServer",
        "daphne",
        "ASGI_APPLICATION",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

/// The status line of the answer to djust's handshake.
fn ask_for_a_socket(address: SocketAddr) -> String {
    let mut connection = Connection::open(address);
    connection.send(
        format!(
            "GET /ws/live/ HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        .as_bytes(),
    );
    connection.head().status
}
