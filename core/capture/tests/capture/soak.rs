//! Heavy use for long: what the recorder holds does not grow with what it has recorded.

use std::fs;
use std::time::{Duration, Instant};

use djscope_capture::observation::{Observation, SocketOpened};
use djscope_capture::probe::{ProbeMessage, ProbeReport};
use djscope_capture::queue::Tap;
use djscope_capture::recorder::{Recorder, RecorderOptions};
use djscope_recording::model::{Direction, HttpBody, HttpExchange};
use serde_json::{Value, json};

use crate::secrets::websocket;

/// Visits of one run; `DJSCOPE_SOAK_VISITS` asks for more.
const VISITS: u64 = 48;

/// Less than the default, so that what may be kept is kept after a third of the visits.
const MEMORY_BYTES: usize = 96 << 20;

/// Events of one visit.
const EVENTS: u64 = 4;

/// Memory of this process that is in use, in bytes.
fn resident_bytes() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

/// Text that is never the same twice and compresses about as HTML does.
fn text(seed: u64, length: usize) -> String {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut text = String::with_capacity(length + 40);
    while text.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push_str("<li class='row'>entry ");
        text.push_str(&state.to_string());
        text.push_str("</li>");
    }
    text
}

/// What visitors of a site do, as relay and probe see it.
struct Visits<'a> {
    tap: Tap,
    recorder: &'a Recorder,
}

impl Visits<'_> {
    fn bytes(&self, connection: u64, direction: Direction, frame: &Value) {
        let from_browser = direction == Direction::ToServer;
        self.tap.send(Observation::SocketBytes {
            connection,
            t_us: self.tap.now_us(),
            direction,
            bytes: websocket(1, frame.to_string().as_bytes(), from_browser).into(),
        });
    }

    fn report(&self, message: Value) {
        let message: ProbeMessage = serde_json::from_value(message).unwrap();
        self.tap.send_waiting(Observation::Probe {
            t_us: self.tap.now_us(),
            report: ProbeReport::Message { pid: 7, message },
        });
    }

    /// A page is loaded: an exchange, and the report of the view that rendered it and is never heard of again.
    fn load(&self, number: u64) {
        let http = self.tap.next_http();
        let port = u16::try_from(20_000 + number % 20_000).unwrap();
        self.tap.send(Observation::HttpBegan { http, port });
        let t_us = self.tap.now_us();
        self.report(json!({
            "type": "turn", "transport": "http", "client": ["127.0.0.1", port], "kind": "mount", "class": "app.views.Page", "view": format!("7-{}", 2 * number),
            "start_us": t_us, "duration_us": 500, "after": {"public": {"rows": text(number * 7 + 1, 100_000), "number": number}},
            "spans": [{"id": 1, "kind": "render", "name": "page.html", "start_us": 0, "duration_us": 400}],
        }));
        let body = text(number * 7 + 2, 200_000).into_bytes();
        self.tap.send(Observation::HttpEnded {
            exchange: Box::new(HttpExchange {
                http,
                turn: None,
                t_us,
                duration_us: Some(900),
                method: "GET".to_owned(),
                url: format!("/page/{number}/"),
                status: 200,
                request_headers: vec![("Cookie".to_owned(), format!("sessionid=soak{number:028}"))],
                response_headers: vec![("Content-Type".to_owned(), "text/html; charset=utf-8".to_owned())],
                request_body: HttpBody::default(),
                response_body: HttpBody {
                    length: body.len() as u64,
                    bytes: body,
                    redacted: false,
                },
                error: None,
            }),
        });
    }

    /// A socket is opened, a view mounted with a large state and much HTML, used, and closed.
    fn live(&self, number: u64) {
        let connection = self.tap.next_connection();
        let session = format!("session-{number}");
        self.tap.send(Observation::SocketOpened(SocketOpened {
            connection,
            t_us: self.tap.now_us(),
            path: "/ws/live/".to_owned(),
            status: 101,
            extensions: String::new(),
            server: String::new(),
            is_websocket: true,
        }));
        let (up, down) = (Direction::ToServer, Direction::ToBrowser);
        self.bytes(
            connection,
            down,
            &json!({"type": "connect", "session_id": session}),
        );
        self.bytes(
            connection,
            up,
            &json!({"type": "mount", "view": "app.views.V", "params": {}, "url": "/"}),
        );
        let view = format!("7-{}", 2 * number + 1);
        let turn = |kind: &str, event: Option<&str>, seed: u64, length: usize| {
            json!({
                "type": "turn", "transport": "ws", "session_id": session, "kind": kind, "event": event, "ref": event.map(|_| seed % 10), "class": "app.views.V", "view": view,
                "start_us": self.tap.now_us(), "duration_us": 500,
                "before": {"base": event.is_some(), "public": {}}, "after": {"base": true, "public": {"rows": text(number * 100 + seed, length), "count": seed}},
                "spans": [{"id": 1, "kind": "handler", "name": "increment", "start_us": 0, "duration_us": 400}],
            })
        };
        self.report(turn("mount", None, 50, 1_000_000));
        self.bytes(
            connection,
            down,
            &json!({"type": "mount", "session_id": session, "view": "app.views.V", "version": 1, "html": format!("<ul dj-id=\"1\">{}</ul>", text(number * 100 + 51, 1_000_000))}),
        );
        for event in 1..=EVENTS {
            self.bytes(
                connection,
                up,
                &json!({"type": "event", "event": "increment", "params": {"number": event}, "ref": event}),
            );
            self.report(turn("event", Some("increment"), event, 300_000));
            let patches =
                json!([{"type": "SetText", "path": [0, 0], "text": text(number * 100 + 60 + event, 20_000)}]);
            self.bytes(
                connection,
                down,
                &json!({"type": "patch", "patches": patches, "version": event + 1, "event_name": "increment", "source": "event", "ref": event}),
            );
        }
        self.tap.send(Observation::SocketClosed {
            connection,
            t_us: self.tap.now_us(),
        });
    }

    /// Waits until what was seen is on its way to the disk: the work is the same however fast the machine is.
    fn wait_for_room(&self, at_most_bytes: usize) {
        let since = Instant::now();
        while self.recorder.shared().memory().0 > at_most_bytes {
            assert!(
                since.elapsed() < Duration::from_secs(120),
                "the recorder stands still"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

#[test]
fn memory_is_flat_under_heavy_use_and_within_the_budget() {
    let visits = std::env::var("DJSCOPE_SOAK_VISITS").map_or(VISITS, |visits| visits.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(
        &folder.path().join("soak.djscope"),
        RecorderOptions::within(MEMORY_BYTES),
    )
    .unwrap();
    let work = Visits {
        tap: recorder.tap(),
        recorder: &recorder,
    };
    let mut resident = Vec::new();
    for number in 1..=visits {
        work.load(number);
        work.live(number);
        work.wait_for_room(4 << 20);
        resident.push(resident_bytes());
        if number % 10 == 0 {
            println!("{number} visits: {} MB", resident_bytes() >> 20);
        }
    }
    work.wait_for_room(1 << 20);
    assert_eq!(recorder.shared().dropped(), 0);
    drop(work);
    let summary = recorder.finish().unwrap();
    assert_eq!(summary.health.dropped(), 0, "{:?}", summary.health);
    assert_eq!(summary.health.turns, visits * (2 + EVENTS));
    let most = resident.iter().copied().max().unwrap();
    // The first third fills what may be kept. One sample has a visit more or less on its way.
    let third = resident.len() / 3;
    let mut thirds = resident.chunks_mut(third).skip(1).map(median);
    let (second, last) = (thirds.next().unwrap(), thirds.next().unwrap());
    println!(
        "{visits} visits: {} MB in the second third of them, {} MB in the last, {} MB at most, of {} MB",
        second >> 20,
        last >> 20,
        most >> 20,
        MEMORY_BYTES >> 20
    );
    // A short run ends before every store has what it may keep: only a long one tells whether memory is flat.
    let is_long = std::env::var_os("DJSCOPE_SOAK_VISITS").is_some();
    assert!(
        !is_long || last * 10 <= second * 11,
        "{second} bytes, then {last}"
    );
    assert!(most < MEMORY_BYTES, "{most} bytes");
}

fn median(values: &mut [usize]) -> usize {
    values.sort_unstable();
    values[values.len() / 2]
}
