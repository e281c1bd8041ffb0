//! A disk that stalls and one that fails: what is lost is named, and nothing after it is lost.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use djscope_capture::observation::{Observation, SocketOpened};
use djscope_capture::probe::{ProbeMessage, ProbeReport};
use djscope_capture::queue::Tap;
use djscope_capture::recorder::{Recorder, RecorderOptions};
use djscope_recording::filter::Filter;
use djscope_recording::model::{Direction, TurnDetail};
use djscope_recording::{Health, Reader, WriterOptions};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::playbook::{mounted, up};
use crate::secrets::websocket;

/// A view whose state grows by one key and changes by one in every turn, as a probe reports it.
struct View {
    number: u64,
    turn: u64,
    /// Set by the recorder when it has lost a state.
    wants_whole: Arc<AtomicBool>,
}

impl View {
    fn state(&self) -> Value {
        let rows: Vec<u64> = (0..self.turn % 50).collect();
        json!({"count": self.turn, "rows": rows, "text": "a state of some length ".repeat(20)})
    }

    /// Opens its connection.
    fn open(&self, tap: &Tap) {
        let connection = self.number + 1;
        let connect = json!({"type": "connect", "session_id": format!("s{}", self.number)}).to_string();
        tap.send(Observation::SocketOpened(SocketOpened {
            connection,
            t_us: 0,
            path: "/ws/live/".to_owned(),
            status: 101,
            extensions: String::new(),
            server: String::new(),
            is_websocket: true,
        }));
        tap.send(Observation::SocketBytes {
            connection,
            t_us: 1,
            direction: Direction::ToBrowser,
            bytes: websocket(1, connect.as_bytes(), false).into(),
        });
    }

    /// Reports a turn; whole if asked for, else as a difference.
    fn report(&mut self, tap: &Tap) {
        let is_whole = self.turn == 0 || self.wants_whole.swap(false, Ordering::Relaxed);
        let before = if is_whole { self.state() } else { json!({}) };
        self.turn += 1;
        let after = json!({"count": self.turn, "rows": (0..self.turn % 50).collect::<Vec<_>>()});
        let message = json!({
            "type": "turn", "transport": "ws", "session_id": format!("s{}", self.number), "kind": "tick", "event": "count", "class": "app.V", "view": format!("7-{}", self.number),
            "start_us": self.turn * 1000, "duration_us": 500,
            "before": {"base": !is_whole, "public": before}, "after": {"base": true, "public": after},
            "spans": [{"id": 1, "kind": "handler", "name": "count", "start_us": 0, "duration_us": 400}],
        });
        let message: ProbeMessage = serde_json::from_value(message).unwrap();
        tap.send(Observation::Probe {
            t_us: tap.now_us(),
            report: ProbeReport::Message { pid: 7, message },
        });
    }
}

/// Keeps every write of the recording waiting, as a disk does that does not answer.
fn stalled(path: &Path) -> Connection {
    let db = Connection::open(path).unwrap();
    db.busy_timeout(Duration::from_secs(20)).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    db
}

fn wait_for(what: &str, recorder: &Recorder, is_so: impl Fn(&Health) -> bool) {
    let since = Instant::now();
    while !is_so(&recorder.shared().health()) {
        assert!(
            since.elapsed() < Duration::from_secs(60),
            "{what}: {:?}",
            recorder.shared().health()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn details(path: &Path) -> Vec<TurnDetail> {
    let reader = Reader::open(path).unwrap();
    let rows = reader.turns(&Filter::default(), 0, 100_000).unwrap().rows;
    rows.iter()
        .map(|row| reader.turn(row.turn).unwrap().unwrap())
        .collect()
}

/// Small queues, so that a stall of a second does what a minute does at full size.
fn options() -> RecorderOptions {
    let defaults = RecorderOptions::default();
    RecorderOptions {
        queue_bytes: 4 << 20,
        writer: WriterOptions {
            queue_entries: 400,
            patience: Duration::from_millis(50),
            lost_state_bytes: 16 << 10,
            ..defaults.writer
        },
        ..defaults
    }
}

#[test]
fn after_a_stall_states_come_back_and_every_loss_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stall.djscope");
    let recorder = Recorder::start(&path, options()).unwrap();
    let wants_whole: Vec<Arc<AtomicBool>> = (0..3).map(|_| Arc::default()).collect();
    let asked = wants_whole.clone();
    recorder
        .shared()
        .on_lost_states(move || asked.iter().for_each(|flag| flag.store(true, Ordering::Relaxed)));
    let mut views: Vec<View> = wants_whole
        .into_iter()
        .enumerate()
        .map(|(number, wants_whole)| View {
            number: number as u64,
            turn: 0,
            wants_whole,
        })
        .collect();
    let tap = recorder.tap();
    views.iter().for_each(|view| view.open(&tap));
    let mut work = |turns: usize, may_go_on: &dyn Fn() -> bool| {
        for _ in 0..turns {
            views.iter_mut().for_each(|view| view.report(&tap));
            std::thread::sleep(Duration::from_millis(2));
            while !may_go_on() {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    };
    // However busy the machine is: nothing is lost because it is slow.
    let keeps_up = || recorder.shared().memory().0 < 20_000;
    work(20, &keeps_up);
    wait_for("the first turns", &recorder, |health| health.turns >= 60);

    let lock = stalled(&path);
    work(300, &|| true);
    wait_for("a loss", &recorder, |health| health.dropped() > 0);
    wait_for("the failure", &recorder, |health| health.is_failing);
    drop(lock);
    wait_for("the disk again", &recorder, |health| !health.is_failing);
    // What is on its way when the disk answers again may still build on what was lost.
    work(200, &keeps_up);
    recorder.finish().unwrap();

    let turns = details(&path);
    assert_eq!(turns.len(), 3 * 520, "every turn has its row");
    let complete =
        |detail: &TurnDetail| detail.before.is_some() && detail.after.is_some() && !detail.spans.is_empty();
    let unnamed: Vec<u64> = turns
        .iter()
        .filter(|detail| !complete(detail) && detail.turn.missing.is_empty())
        .map(|detail| detail.turn.turn)
        .collect();
    assert!(
        unnamed.is_empty(),
        "turns that do not say what they lost: {unnamed:?}"
    );
    let lost = turns.iter().filter(|detail| !complete(detail)).count();
    assert!(lost > 100, "the stall has to lose something: {lost}");
    let last = &turns[turns.len() - 300..];
    let incomplete: Vec<_> = last
        .iter()
        .filter(|detail| !complete(detail))
        .map(|detail| (detail.turn.turn, &detail.turn.missing))
        .collect();
    assert!(
        incomplete.is_empty(),
        "the last turns are complete: {incomplete:?}"
    );
    for detail in last {
        // A state that comes back is the right one.
        let after = &detail.after.as_ref().unwrap().public;
        assert_eq!(
            after["count"].as_u64(),
            detail.before.as_ref().unwrap().public["count"]
                .as_u64()
                .map(|count| count + 1)
        );
        assert_eq!(
            after["rows"].as_array().map(Vec::len),
            after["count"].as_u64().map(|count| (count % 50) as usize)
        );
        assert!(after["text"].as_str().unwrap().len() > 300);
    }
}

#[test]
fn closed_connections_are_forgotten_and_end_when_they_end() {
    use djscope_capture::turns::{Assembler, Seen};

    let mut assembler = Assembler::new(0);
    let mut ends = Vec::new();
    for connection in 1..=50 {
        let at_us = connection as i64 * 1_000_000;
        let mut session = mounted(connection, &format!("s{connection}"));
        let event = json!({"type": "event", "event": "x", "params": {"text": "y".repeat(100_000)}, "ref": 1});
        session.push(up(connection, at_us, &event));
        session.push(Seen::Closed {
            connection,
            t_us: at_us + 500,
        });
        for seen in session {
            ends.extend(assembler.observe(seen));
        }
    }
    assert!(
        assembler.open_connections() <= 12,
        "{} are remembered",
        assembler.open_connections()
    );
    ends.extend(assembler.finish(100_000_000));
    for entry in &ends {
        if let djscope_recording::Entry::Connection(record) = entry
            && let Some(closed_us) = record.closed_us
        {
            assert_eq!(closed_us, record.connection as i64 * 1_000_000 + 500);
        }
    }
}
