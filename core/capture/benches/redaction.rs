//! What redaction costs the recorder: the same session recorded with and without it, in turns.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use bytes::Bytes;
use djscope_capture::observation::{Observation, SocketOpened};
use djscope_capture::probe::{ProbeMessage, ProbeReport};
use djscope_capture::queue::Tap;
use djscope_capture::recorder::{Recorder, RecorderOptions};
use djscope_capture::redaction::Rules;
use djscope_recording::model::{Direction, HttpBody, HttpExchange};
use nix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

const TURNS: u64 = 700;
const ROUNDS: usize = 60;

fn main() {
    let mut with = Vec::new();
    let mut without = Vec::new();
    for round in 0..ROUNDS {
        // The order is swapped from round to round.
        for first in [round % 2 == 0, round % 2 != 0] {
            if first {
                with.push(recorded(Rules::default()));
            } else {
                without.push(recorded(Rules::none()));
            }
        }
    }
    let mut shares: Vec<f64> = with
        .iter()
        .zip(&without)
        .map(|(with, without)| (with - without) / with * 100.0)
        .collect();
    for list in [&mut with, &mut without, &mut shares] {
        list.sort_by(f64::total_cmp);
    }
    let median = |list: &[f64]| list[list.len() / 2];
    let per_turn = |seconds: f64| seconds / TURNS as f64 * 1e6;
    println!(
        "recorder with redaction     {:8.1} µs of a core a turn",
        per_turn(median(&with))
    );
    println!(
        "recorder without redaction  {:8.1} µs of a core a turn",
        per_turn(median(&without))
    );
    println!(
        "share of redaction          {:8.1} % [{:.1}, {:.1}]   target: at most 5 %",
        median(&shares),
        shares[shares.len() / 5],
        shares[shares.len() * 4 / 5]
    );
    // Whatever else the machine did can only have added to a time.
    println!(
        "the same, by the fastest    {:8.1} %",
        (with[0] - without[0]) / with[0] * 100.0
    );
}

/// Seconds of processor time for a whole recording.
fn recorded(rules: Rules) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let options = RecorderOptions {
        rules,
        queue_bytes: 1 << 30,
        ..RecorderOptions::default()
    };
    let recorder = Recorder::start(&folder.path().join("bench.djscope"), options).unwrap();
    let observations = session();
    let start = processor_time();
    let tap = recorder.tap();
    for observation in observations {
        send(&tap, observation);
    }
    recorder.finish().unwrap();
    (processor_time() - start).as_secs_f64()
}

fn send(tap: &Tap, observation: Observation) {
    tap.send_waiting(observation);
}

fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).unwrap().into()
}

/// A page and its events, with djust's debug payload, states, queries and logs.
fn session() -> Vec<Observation> {
    let rows = |n: u64| -> String {
        (0..120)
            .map(|row| format!("<tr dj-id=\"r{row}\"><td class=\"name\">Product {row}</td><td>{}</td><td><a href=\"/products/{row}/?page=2\">Details</a></td></tr>", row + n))
            .collect()
    };
    let page = |n: u64| {
        format!(
            "<form><input type=\"hidden\" name=\"csrfmiddlewaretoken\" value=\"d8fKq2mZx7Lw3nRt5vBy9cHj{n:04}\"><table>{}</table></form>",
            rows(n)
        )
    };
    let mut all = vec![
        Observation::HttpEnded {
            exchange: Box::new(exchange(&page(1))),
        },
        Observation::SocketOpened(SocketOpened {
            connection: 1,
            t_us: 0,
            path: "/ws/live/".to_owned(),
            status: 101,
            extensions: String::new(),
            server: String::new(),
            is_websocket: true,
        }),
        frame(
            0,
            Direction::ToBrowser,
            &json!({"type": "connect", "session_id": "s"}),
        ),
        frame(
            1,
            Direction::ToServer,
            &json!({"type": "mount", "view": "shop.views.Products", "params": {}, "url": "/products/?page=2"}),
        ),
        frame(
            2,
            Direction::ToBrowser,
            &json!({"type": "mount", "view": "shop.views.Products", "version": 1, "html": page(1)}),
        ),
    ];
    for n in 2..TURNS + 2 {
        let t_us = n as i64 * 10_000;
        all.push(frame(t_us, Direction::ToServer, &json!({"type": "event", "event": "search", "params": {"value": format!("lamp {n}"), "field": "query"}, "ref": n})));
        let patches: Vec<Value> = (0..12)
            .map(|row| json!({"type": "SetText", "path": [0, row, 1, 0], "d": format!("r{row}"), "text": format!("Product {row} at {n} euros, in stock")}))
            .collect();
        let debug = json!({"variables": (0..15).map(|k| (format!("value_{k}"), json!({"type": "list", "value": format!("[<Product: Lamp {k}>, <Product: Chair {n}>]"), "size": 120}))).collect::<serde_json::Map<_, _>>(),
                           "performance": {"handler_ms": 1.2, "render_ms": 0.7}});
        all.push(frame(t_us + 3000, Direction::ToBrowser, &json!({"type": "patch", "version": n, "ref": n, "event_name": "search", "patches": patches, "_debug": debug})));
        all.push(probe(t_us + 3500, turn(n, t_us)));
    }
    all
}

fn turn(n: u64, t_us: i64) -> Value {
    let products: Vec<Value> = (0..40)
        .map(|row| json!({"$model": {"app": "shop", "model": "Product", "pk": row, "fields": {"name": format!("Product {row}"), "price": {"$decimal": "19.90"}, "stock": row + n, "description": "A lamp for the desk, in three colours"}}}))
        .collect();
    let queries: Vec<Value> = (0..4)
        .map(|k| json!({"id": k + 10, "parent": 1, "kind": "sql", "name": "SELECT \"shop_product\".\"id\", \"shop_product\".\"name\", \"shop_product\".\"price\" FROM \"shop_product\" WHERE \"shop_product\".\"name\" LIKE %s ORDER BY \"shop_product\".\"id\" ASC LIMIT 40",
                        "start_us": k * 100, "duration_us": 80, "detail": {"params": [format!("%lamp {n}%")], "alias": "default", "file": "/app/shop/views.py", "line": 30, "function": "search", "many": false}}))
        .collect();
    let mut spans = queries;
    spans.push(json!({"id": 1, "kind": "handler", "name": "search", "start_us": 0, "duration_us": 900}));
    json!({"type": "turn", "transport": "ws", "session_id": "s", "view": "7-1", "class": "shop.views.Products", "kind": "event", "event": "search",
           "params": {"value": format!("lamp {n}")}, "ref": n, "start_us": t_us, "duration_us": 2500,
           "before": {"base": n > 2, "public": {}, "private": {}}, "after": {"base": true, "public": {"query": format!("lamp {n}"), "products": products}, "private": {"_seen": n}},
           "context": ["query", "products"], "rendered": ["query", "products"], "spans": spans,
           "logs": [{"t_us": 5, "level": "INFO", "logger": "shop", "message": format!("search for lamp {n} gave 40 products"), "file": "/app/shop/views.py", "line": 31}],
           "sent": [{"type": "patch", "version": n, "ref": n, "t_us": 2400}]})
}

fn probe(t_us: i64, message: Value) -> Observation {
    let message: ProbeMessage = serde_json::from_value(message).unwrap();
    Observation::Probe {
        t_us,
        report: ProbeReport::Message { pid: 7, message },
    }
}

fn frame(t_us: i64, direction: Direction, value: &Value) -> Observation {
    let payload = value.to_string().into_bytes();
    let is_masked = direction == Direction::ToServer;
    let mut bytes = vec![0x81, if is_masked { 0xff } else { 127 }];
    bytes.extend((payload.len() as u64).to_be_bytes());
    if is_masked {
        bytes.extend([0; 4]);
    }
    bytes.extend(payload);
    Observation::SocketBytes {
        connection: 1,
        t_us,
        direction,
        bytes: Bytes::from(bytes),
    }
}

fn exchange(page: &str) -> HttpExchange {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    HttpExchange {
        http: 1,
        turn: None,
        t_us: 0,
        duration_us: Some(5000),
        method: "GET".to_owned(),
        url: "/products/?page=2".to_owned(),
        status: 200,
        request_headers: vec![header(
            "Cookie",
            "sessionid=abcdefgh12345678; csrftoken=zyxwvut987654321",
        )],
        response_headers: vec![header("Content-Type", "text/html; charset=utf-8")],
        request_body: HttpBody::default(),
        response_body: HttpBody {
            length: page.len() as u64,
            bytes: page.as_bytes().to_vec(),
            redacted: false,
        },
        error: None,
    }
}
