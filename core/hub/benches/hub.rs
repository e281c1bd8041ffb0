//! What a user of the hub waits for, against the targets of BENCHMARKS.md.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use djscope_capture::observation::Observation;
use djscope_capture::probe::ProbeReport;
use djscope_capture::recorder::{Recorder, RecorderOptions};
use djscope_hub::model::{Outcome, PatchRecord, Scope, Turn, TurnKind};
use djscope_hub::socket::{RemoteClient, SocketServer};
use djscope_hub::{Answer, Bell, Client, Event, Hub, Live, Mailbox, Query, Side, StateView, Waiting};
use djscope_recording::{Entry, Keyframe, SnapshotDelta, Writer, WriterOptions};
use serde_json::{Map, Value, json};

const PATIENCE: Duration = Duration::from_secs(60);
const TURNS: u64 = 1_000_000;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    large_state(&folder.path().join("large.djscope"));
    changed_list(&folder.path().join("list.djscope"));
    seek(&folder.path().join("seek.djscope"));
    many_turns(&folder.path().join("many.djscope"));
    finding(&folder.path().join("live.djscope"));
}

type User = Waiting<Box<dyn Client>>;

fn user(hub: &Hub) -> User {
    let bell = Bell::default();
    let rung = bell.clone();
    Waiting::new(Box::new(hub.client(move || rung.ring())), bell, PATIENCE)
}

fn open(path: &Path) -> (Hub, User) {
    let hub = Hub::open(path, None, Mailbox::default()).unwrap();
    let user = user(&hub);
    (hub, user)
}

fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let since = Instant::now();
    let made = work();
    (since.elapsed().as_secs_f64() * 1e3, made)
}

/// Prints the median of the times and 90 % of them.
fn print(what: &str, mut times_ms: Vec<f64>, target: &str) {
    times_ms.sort_by(f64::total_cmp);
    println!(
        "{what:<52} {:9.2} ms [90 %: {:.2}]   target: {target}",
        times_ms[times_ms.len() / 2],
        times_ms[times_ms.len() * 9 / 10]
    );
}

fn rows(count: u32, change: u32) -> Value {
    (0..count)
        .map(|id| json!({"id": id, "name": format!("product number {id}"), "price": {"$decimal": "1.20"}, "left": if id == change { 7 } else { 3 }}))
        .collect()
}

fn snapshot(number: u64, rows: Value) -> Entry {
    Entry::Snapshot(SnapshotDelta {
        snapshot: number,
        base: (number > 1).then(|| number - 1),
        public: Map::from_iter([("rows".to_owned(), rows), ("n".to_owned(), number.into())]),
        ..SnapshotDelta::default()
    })
}

fn turn_of_states() -> Entry {
    let mut turn = Turn::begun(1, TurnKind::Event, 1_000);
    turn.outcome = Outcome::Patched;
    (turn.before, turn.after) = (Some(1), Some(2));
    turn.changed = Some(vec!["rows".to_owned()]);
    Entry::Turn(Box::new(turn))
}

fn record(path: &Path, entries: impl IntoIterator<Item = Entry>) {
    let writer = Writer::create(path, WriterOptions::default()).unwrap();
    for entry in entries {
        // A state that is larger than the queue waits for those before it.
        let is_state = matches!(entry, Entry::Snapshot(_));
        writer.write(entry);
        assert!(!is_state || writer.flush(PATIENCE));
    }
    assert_eq!(writer.finish().unwrap().health.dropped(), 0);
}

fn state(view: &StateView) -> Query {
    Query::State {
        turn: 1,
        view: view.clone(),
        from: 0,
        limit: 60,
    }
}

fn large_state(path: &Path) {
    let count = 125_000;
    println!(
        "a state of {:.1} MB",
        rows(count, 0).to_string().len() as f64 / 1e6
    );
    record(
        path,
        [
            snapshot(1, rows(count, 0)),
            snapshot(2, rows(count, 77)),
            turn_of_states(),
        ],
    );
    let (mut first, mut opened, mut value) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..15 {
        let (_hub, mut user) = open(path);
        first.push(timed(|| user.query(state(&StateView::default())).unwrap()).0);
        let view = StateView {
            flipped: vec!["rows".to_owned()],
            ..StateView::default()
        };
        opened.push(timed(|| user.query(state(&view)).unwrap()).0);
        let path = vec!["rows".to_owned(), (round * 1_000).to_string(), "name".to_owned()];
        let query = Query::Value {
            turn: 1,
            side: Side::After,
            scope: Scope::Public,
            path,
        };
        value.push(timed(|| user.query(query).unwrap()).0);
    }
    print("first screen of State, file just opened", first, "< 100 ms");
    print("rows of an opened list of 125,000", opened, "-");
    print("one value by its path", value, "< 10 ms");
}

fn changed_list(path: &Path) {
    let count = 12_500;
    println!(
        "a list of {:.1} MB of which one row changed",
        rows(count, 0).to_string().len() as f64 / 1e6
    );
    record(
        path,
        [
            snapshot(1, rows(count, 0)),
            snapshot(2, rows(count, 77)),
            turn_of_states(),
        ],
    );
    let mut times = Vec::new();
    for _ in 0..31 {
        let (_hub, mut user) = open(path);
        user.query(Query::Status).unwrap();
        let ask = || match user.query(Query::Turn { turn: 1 }).unwrap() {
            Answer::Turn(summary) => assert_eq!(summary.counts.changes, 3),
            other => panic!("{other:?}"),
        };
        times.push(timed(ask).0);
    }
    print("its turn, before and after", times, "< 10 ms");
    over_a_socket(path);
}

fn over_a_socket(path: &Path) {
    let hub = Arc::new(Hub::open(path, None, Mailbox::default()).unwrap());
    let server = SocketServer::start(Arc::clone(&hub), 0).unwrap();
    let bell = Bell::default();
    let rung = bell.clone();
    let remote: Box<dyn Client> =
        Box::new(RemoteClient::connect(server.address(), move || rung.ring()).unwrap());
    let mut users = [user(&hub), Waiting::new(remote, bell, PATIENCE)];
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..2_000 {
        for which in [round % 2, 1 - round % 2] {
            let query = Query::Turn { turn: 1 };
            times[which].push(timed(|| users[which].query(query).unwrap()).0);
        }
    }
    let mut added: Vec<f64> = times[1]
        .iter()
        .zip(&times[0])
        .map(|(remote, own)| remote - own)
        .collect();
    added.sort_by(f64::total_cmp);
    let [own, remote] = times;
    print("a summary in the process", own, "-");
    print("the same over a WebSocket", remote, "-");
    print("what the WebSocket adds", added, "< 1 ms");
}

const SEEK_TURNS: u64 = 100_000;

/// Renders between two whole pages, as the probe sends them.
const RENDERS_A_KEYFRAME: u64 = 64;

/// One view through a long session: 21 names of which one changes, a page of 200 rows of which one changes.
fn long_session() -> impl Iterator<Item = Entry> {
    let name = |index: u64| {
        (
            format!("name_{index:02}"),
            json!({"n": index, "text": "some words of a state"}),
        )
    };
    let list: String = (0..200)
        .map(|row| format!(r#"<li dj-id="{row}"><b>product {row}</b> costs <i>12.50</i></li>"#))
        .collect();
    let html = move |turn: u64| format!(r#"<p dj-id="p">{turn}</p><ul dj-id="u">{list}</ul>"#);
    (1..=SEEK_TURNS).flat_map(move |number| {
        let mut turn = Turn::begun(number, TurnKind::Event, i64::try_from(number).unwrap() * 1_000);
        (turn.connection, turn.view_id) = (Some(1), Some(1));
        turn.outcome = Outcome::Patched;
        (turn.before, turn.after) = ((number > 1).then(|| number - 1), Some(number));
        let state = SnapshotDelta {
            snapshot: number,
            base: (number > 1).then(|| number - 1),
            public: match number {
                1 => (0..20)
                    .map(name)
                    .chain([("count".to_owned(), json!(1))])
                    .collect(),
                _ => Map::from_iter([("count".to_owned(), number.into())]),
            },
            ..SnapshotDelta::default()
        };
        let patch = json!({"type": "SetText", "path": [0, 0], "d": "p", "text": number.to_string()});
        let patches = Entry::Patches {
            turn: number,
            patches: vec![PatchRecord {
                frame: number,
                index: 0,
                kind: "SetText".to_owned(),
                path: vec![0, 0],
                target: Some("p".to_owned()),
                summary: String::new(),
                patch,
            }],
        };
        let keyframe = (number % RENDERS_A_KEYFRAME == 1).then(|| {
            Entry::Keyframe(Keyframe {
                turn: number,
                connection: Some(1),
                view_id: Some(1),
                html: html(number),
            })
        });
        let entries = [Entry::Snapshot(state), Entry::Turn(Box::new(turn)), patches];
        entries.into_iter().chain(keyframe)
    })
}

fn seek(path: &Path) {
    record(path, long_session());
    println!(
        "{SEEK_TURNS} turns of one view, {} MB",
        std::fs::metadata(path).unwrap().len() >> 20
    );
    let (mut states, mut pages, mut views) = (Vec::new(), Vec::new(), Vec::new());
    let (_hub, mut user) = open(path);
    user.query(Query::Status).unwrap();
    for round in 0..200_u64 {
        let turn = 2 + (round * 7_919_317) % (SEEK_TURNS - 1);
        let state = Query::State {
            turn,
            view: StateView::default(),
            from: 0,
            limit: 60,
        };
        states.push(timed(|| user.query(state).unwrap()).0);
        let page = || match user.query(Query::Page { turn, from: 0 }).unwrap() {
            Answer::Page(page) => assert!(page.piece.text.contains(&format!(">{turn}</p>"))),
            other => panic!("{other:?}"),
        };
        pages.push(timed(page).0);
        views.push(timed(|| user.query(Query::ViewsAt { turn }).unwrap()).0);
    }
    print("the state of any turn", states, "< 20 ms");
    print("the page of any turn", pages, "< 50 ms");
    print("the views at any turn", views, "-");
}

fn many_turns(path: &Path) {
    record(
        path,
        (1..=TURNS).map(|number| {
            let mut turn = Turn::begun(number, TurnKind::Event, i64::try_from(number).unwrap() * 1_000);
            turn.event = Some("search".to_owned());
            turn.outcome = Outcome::Patched;
            Entry::Turn(Box::new(turn))
        }),
    );
    let size = std::fs::metadata(path).unwrap().len();
    println!("{TURNS} turns, {} MB", size >> 20);
    let page = |from: u64| Query::Turns {
        filter: String::new(),
        from,
        limit: 128,
    };
    let mut opened = Vec::new();
    for _ in 0..9 {
        opened.push(
            timed(|| {
                let (hub, mut user) = open(path);
                user.query(page(0)).unwrap();
                (hub, user)
            })
            .0,
        );
    }
    print("open and the first page of the list", opened, "< 300 ms");
    let (_hub, mut user) = open(path);
    let (mut pages, mut positions) = (Vec::new(), Vec::new());
    for round in 0..100_u64 {
        let at = (round * 7_919_317) % TURNS;
        pages.push(timed(|| user.query(page(at)).unwrap()).0);
        let position = Query::Position {
            filter: String::new(),
            turn: at + 1,
        };
        positions.push(timed(|| user.query(position).unwrap()).0);
    }
    print("any page of the list", pages, "< 5 ms");
    print("jump to a turn (one query)", positions, "-");
}

/// From the moment at which a probe's report is there to the event that tells of the finding.
fn finding(path: &Path) {
    let mailbox = Mailbox::default();
    let options = RecorderOptions {
        writer: WriterOptions {
            on_commit: Some(mailbox.on_commit()),
            ..WriterOptions::default()
        },
        ..RecorderOptions::default()
    };
    let recorder = Recorder::start(path, options).unwrap();
    let live = Live {
        proxy: String::new(),
        upstream: String::new(),
        command: None,
        with_probe: false,
        recorder: recorder.shared(),
        notices: Arc::default(),
    };
    let hub = Hub::open(path, Some(live), mailbox).unwrap();
    let mut user = user(&hub);
    let tap = recorder.tap();
    let mut times = Vec::new();
    for number in 1..=60 {
        std::thread::sleep(Duration::from_millis(37));
        let turn = json!({
            "type": "turn", "seq": number, "transport": "http", "client": ["127.0.0.1", 20_000], "kind": "event",
            "event": "save", "class": "app.views.Page", "view": format!("7-{number}"), "start_us": tap.now_us(),
            "duration_us": 500, "exception": {"type": "builtins.ValueError", "message": "no", "traceback": "", "frames": []},
        });
        let report = ProbeReport::Message {
            pid: 7,
            message: serde_json::from_value(turn).unwrap(),
        };
        let arrived = || {
            tap.send_waiting(Observation::Probe {
                t_us: tap.now_us(),
                report,
            });
            while !matches!(user.next_event(PATIENCE), Some(Event::Findings(_)) | None) {}
        };
        times.push(timed(arrived).0);
    }
    print("a finding at the client, after its turn", times, "< 200 ms");
}
