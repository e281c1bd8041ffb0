//! A recording whose bytes are changed: whatever the reader finds, it neither panics nor runs on.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use djscope_recording::filter::Filter;
use djscope_recording::model::{
    Connection, Direction, FrameRecord, LogRecord, Opcode, Span, SpanKind, Turn, TurnKind,
};
use djscope_recording::{BodySide, Entry, Reader, SnapshotDelta, Writer, WriterOptions};
use serde_json::json;

struct Sample {
    _folder: tempfile::TempDir,
    path: PathBuf,
    bytes: Vec<u8>,
}

/// A small recording with a row of every kind, and the file that damaged copies are written to.
fn sample() -> &'static Sample {
    static SAMPLE: OnceLock<Sample> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let whole = folder.path().join("whole.djscope");
        let writer = Writer::create(&whole, WriterOptions::default()).unwrap();
        entries().into_iter().for_each(|entry| writer.write(entry));
        writer.finish().unwrap();
        Sample {
            bytes: fs::read(&whole).unwrap(),
            path: folder.path().join("damaged.djscope"),
            _folder: folder,
        }
    })
}

fn entries() -> Vec<Entry> {
    let mut entries = vec![Entry::Connection(Connection {
        connection: 1,
        opened_us: 0,
        closed_us: None,
        path: "/ws/live/".to_owned(),
        session_id: Some("s".to_owned()),
        status: 101,
        close: None,
        is_djust: true,
        extensions: String::new(),
        problem: None,
    })];
    for number in 1..=12 {
        let mut delta = SnapshotDelta {
            snapshot: number,
            base: (number > 1).then(|| number - 1),
            ..SnapshotDelta::default()
        };
        delta
            .public
            .insert(format!("name_{}", number % 3), json!("a value ".repeat(30)));
        let mut turn = Turn::begun(number, TurnKind::Event, number as i64);
        turn.connection = Some(1);
        turn.after = Some(number);
        turn.before = (number > 1).then(|| number - 1);
        let frame = FrameRecord {
            frame: number,
            connection: 1,
            turn: Some(number),
            t_us: number as i64,
            direction: Direction::ToServer,
            opcode: Opcode::Text,
            kind: "event".to_owned(),
            length: 40,
            payload: "{\"type\":\"event\",\"event\":\"x\",\"params\":{}}".to_owned(),
            redacted: Vec::new(),
            cut: false,
        };
        let span = Span {
            span: 1,
            parent: None,
            kind: SpanKind::Handler,
            name: "x".to_owned(),
            start_us: 0,
            duration_us: 5,
            detail: json!({"file": "a.py"}),
        };
        let log = LogRecord {
            turn: Some(number),
            t_us: 1,
            level: "INFO".to_owned(),
            logger: "app".to_owned(),
            message: "hello".to_owned(),
            file: None,
            line: None,
            traceback: None,
        };
        entries.extend([
            Entry::Snapshot(delta),
            Entry::Turn(Box::new(turn)),
            Entry::Frame(frame),
            Entry::Spans {
                turn: number,
                spans: vec![span],
            },
            Entry::Log(log),
        ]);
    }
    entries
}

/// Changes the recording at places of the fuzzer's choice, three bytes for each, and reads everything of it.
pub fn read_damaged(changes: &[u8]) {
    let sample = sample();
    let mut bytes = sample.bytes.clone();
    for change in changes.chunks_exact(3) {
        let place = usize::from(u16::from_le_bytes([change[0], change[1]])) * bytes.len() / 65_536;
        bytes[place] ^= change[2];
    }
    if changes.len() % 3 == 2 {
        let kept = usize::from(changes[changes.len() - 1]) * bytes.len() / 255;
        bytes.truncate(kept);
    }
    fs::write(&sample.path, &bytes).unwrap();
    read(&sample.path);
}

fn read(path: &Path) {
    let Ok(reader) = Reader::open(path) else { return };
    let _ = (
        reader.meta(),
        reader.totals(),
        reader.connections(),
        reader.views(),
        reader.logs(0, 100),
        reader.findings(0, 100),
    );
    let Ok(page) = reader.turns(&Filter::all(), 0, 100) else {
        return;
    };
    for row in page.rows {
        let _ = (
            reader.turn(row.turn),
            reader.state(row.turn),
            reader.dom(row.turn),
        );
    }
    if let Ok(page) = reader.http(0, 100) {
        for exchange in page.rows {
            let _ = (
                reader.http_body(exchange.http, BodySide::Request),
                reader.http_body(exchange.http, BodySide::Response),
            );
        }
    }
    let _ = reader.problems();
}
