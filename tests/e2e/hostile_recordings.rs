//! Recordings from a stranger, damaged ones and huge ones: what is shown is bounded, and what is not shown is said.

use std::path::Path;
use std::time::{Duration, Instant};

use djscope_recording::model::{LogRecord, Span, SpanKind, Turn, TurnKind};
use djscope_recording::{Entry, SnapshotDelta, Writer, WriterOptions};
use djscope_tests::djscope;
use rusqlite::Connection;
use serde_json::{Value, json};

/// More than a busy machine takes, and less than without bounds.
const PATIENCE: Duration = Duration::from_secs(200);

fn record(path: &Path, entries: impl IntoIterator<Item = Entry>) {
    let writer = Writer::create(path, WriterOptions::default()).unwrap();
    for entry in entries {
        writer.write(entry);
    }
    assert_eq!(writer.finish().unwrap().health.dropped(), 0);
}

fn turn(number: u64) -> Entry {
    Entry::Turn(Box::new(Turn::begun(number, TurnKind::Event, number as i64)))
}

/// Exit code, standard output and standard error of `show`.
fn show(path: &Path, options: &[&str]) -> (Option<i32>, String, String) {
    let since = Instant::now();
    let output = djscope::run(&[&["show", path.to_str().unwrap()], options].concat());
    assert!(since.elapsed() < PATIENCE, "{:?}", since.elapsed());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn objects(out: &str) -> Vec<Value> {
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn numbers(objects: &[Value]) -> Vec<u64> {
    objects
        .iter()
        .map(|object| object["turn"].as_u64().unwrap())
        .collect()
}

/// The panel draws it in time.
fn draws(path: &Path) {
    let picture = path.with_extension("png");
    let since = Instant::now();
    let output = djscope::run(&[
        "open",
        path.to_str().unwrap(),
        "--turn",
        "1",
        "--screenshot",
        picture.to_str().unwrap(),
    ]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(since.elapsed() < PATIENCE, "{:?}", since.elapsed());
}

#[test]
fn damaged_rows_keep_their_place_and_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.djscope");
    record(&path, (1..=700).map(turn));
    Connection::open(&path)
        .unwrap()
        .execute_batch("UPDATE turns SET changed = '[', params = '{' WHERE turn <= 600 OR turn = 700")
        .unwrap();
    let (code, out, error) = show(&path, &["--json"]);
    let objects = objects(&out);
    assert_eq!(code, Some(1), "{error}");
    assert!(numbers(&objects).into_iter().eq(1..=700));
    assert!(
        objects[0]["left_out"][0]
            .as_str()
            .unwrap()
            .starts_with("turn 1: "),
        "{}",
        objects[0]
    );
    assert_eq!(objects[650]["left_out"], json!([]));
    assert!(error.contains(" parts are damaged:\n  turn 1: "), "{error}");
    let (code, out, _) = show(&path, &[]);
    assert_eq!((code, out.lines().count()), (Some(1), 701));
    assert_eq!(out.matches("damaged: turn ").count(), 601);
    let (code, _, error) = show(&path, &["--filter", "turn=650"]);
    assert_eq!(
        code,
        Some(1),
        "the file as a whole is not what was written: {error}"
    );
}

#[test]
fn a_flipped_bit_is_said_though_everything_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bit.djscope");
    let log = LogRecord {
        turn: Some(1),
        t_us: 5,
        level: "INFO".to_owned(),
        logger: "shop".to_owned(),
        message: "paid 1000 dollars".to_owned(),
        file: None,
        line: None,
        traceback: None,
    };
    record(&path, [turn(1), Entry::Log(log)]);
    let (code, out, error) = show(&path, &["--json"]);
    assert_eq!((code, error.as_str()), (Some(0), ""), "{out}");
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes
        .windows(9)
        .position(|window| window == b"paid 1000")
        .unwrap();
    bytes[at + 5] ^= 8;
    std::fs::write(&path, bytes).unwrap();
    let (code, _, error) = show(&path, &["--json"]);
    assert_eq!(code, Some(1));
    assert!(error.contains("bit.djscope is damaged: 1 of "), "{error}");
}

#[test]
fn a_turn_of_very_many_spans_is_shown_in_part() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spans.djscope");
    let spans = (0..300_000).map(|number| Span {
        span: number,
        parent: None,
        kind: SpanKind::Sql,
        name: format!("query {number}"),
        start_us: i64::from(number),
        duration_us: 1,
        detail: json!({"sql": "SELECT 1"}),
    });
    let spans: Vec<Span> = spans.collect();
    let entries = spans.chunks(10_000).map(|spans| Entry::Spans {
        turn: 1,
        spans: spans.to_vec(),
    });
    record(&path, std::iter::once(turn(1)).chain(entries));
    let (code, out, error) = show(&path, &["--json"]);
    let objects = objects(&out);
    assert_eq!(code, Some(0), "too much is no damage: {error}");
    assert_eq!(objects[0]["spans"].as_array().unwrap().len(), 20_000);
    assert_eq!(
        objects[0]["left_out"],
        json!(["spans of turn 1: 280000 more are not given"])
    );
    assert!(error.contains("280000 parts were too much"), "{error}");
    draws(&path);
}

#[test]
fn a_state_of_very_many_names_is_shown_in_part() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("names.djscope");
    let mut state = SnapshotDelta {
        snapshot: 1,
        ..SnapshotDelta::default()
    };
    state.public.insert("a".to_owned(), json!("x".repeat(500)));
    let mut after = Turn::begun(1, TurnKind::Event, 1);
    after.after = Some(1);
    record(&path, [Entry::Snapshot(state), Entry::Turn(Box::new(after))]);
    let set: Vec<Value> = (0..200_000)
        .map(|number| json!([0, format!("name {number}"), 1]))
        .collect();
    Connection::open(&path)
        .unwrap()
        .execute(
            "UPDATE snapshots SET body = ?",
            [json!({"unset": [], "set": set}).to_string()],
        )
        .unwrap();
    let (_, out, error) = show(&path, &["--json"]);
    let objects = objects(&out);
    assert_eq!(objects[0]["after"]["public"].as_object().unwrap().len(), 10_000);
    let left_out = objects[0]["left_out"].to_string();
    assert!(
        left_out.contains("names of state 1: 190000 more are not given"),
        "{left_out} {error}"
    );
    draws(&path);
}

#[test]
fn a_large_value_in_every_turn_is_not_printed_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.djscope");
    let mut entries = Vec::new();
    for number in 1..=60 {
        let mut state = SnapshotDelta {
            snapshot: number,
            ..SnapshotDelta::default()
        };
        for name in ["a", "b", "c"] {
            state.public.insert(name.to_owned(), json!("x".repeat(30 << 20)));
        }
        let mut after = Turn::begun(number, TurnKind::Event, 1);
        after.after = Some(1);
        entries.push(Entry::Turn(Box::new(after)));
        if number == 1 {
            entries.push(Entry::Snapshot(state));
        }
    }
    record(&path, entries);
    // Three names of 30 MB are more than a turn may have; two are given to each turn.
    let body = r#"{"unset": [], "set": [[0, "a", 1], [0, "b", 1]]}"#;
    Connection::open(&path)
        .unwrap()
        .execute("UPDATE snapshots SET body = ?", [body])
        .unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() < 1 << 20);
    let (_, out, error) = show(&path, &["--json"]);
    assert!(out.len() <= 256 << 20, "{} bytes", out.len());
    assert!(out.lines().count() >= 4, "{error}");
    let printed = out.lines().count();
    assert!(
        error.contains(&format!("{} turns are not printed", 60 - printed)),
        "{error}"
    );
    let body = r#"{"unset": [], "set": [[0, "a", 1], [0, "b", 1], [0, "c", 1]]}"#;
    Connection::open(&path)
        .unwrap()
        .execute("UPDATE snapshots SET body = ?", [body])
        .unwrap();
    let (_, out, _) = show(&path, &["--json", "--filter", "turn=7"]);
    let objects = objects(&out);
    assert_eq!(objects[0]["after"], Value::Null);
    let left_out = objects[0]["left_out"].to_string();
    assert!(left_out.contains("state 1: 31458 KB are not given"), "{left_out}");
    draws(&path);
}

const EVIL: &str = "\x1b]0;owned\x07\x1b[2J\r\u{9b}31m\u{202e}txt\u{2066}\n";

fn is_harmless(text: &str) -> bool {
    !text.chars().any(|character| {
        (character.is_control() && character != '\n') || "\u{202e}\u{2066}".contains(character)
    })
}

#[test]
fn nothing_that_a_terminal_obeys_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("evil.djscope");
    let evil = || EVIL.to_owned();
    let mut turn = Turn::begun(1, TurnKind::Event, 1);
    (turn.event, turn.view, turn.error) = (Some(evil()), Some(evil()), Some(evil()));
    (turn.changed, turn.params) = (Some(vec![evil()]), json!({EVIL: EVIL}));
    turn.missing = vec![evil()];
    record(&path, [Entry::Turn(Box::new(turn))]);
    for options in [&[][..], &["--json"][..]] {
        let (code, out, error) = show(&path, options);
        assert_eq!(code, Some(0), "{error}");
        assert!(is_harmless(&out) && is_harmless(&error), "{out:?} {error:?}");
    }
    let (_, out, _) = show(&path, &["--json"]);
    assert_eq!(
        objects(&out)[0]["params"],
        json!({EVIL: EVIL}),
        "it reads back as it was"
    );
    // In errors: names of files, of tables and triggers, and what was not understood.
    let named = folder.path().join(format!("no {EVIL}.djscope"));
    let triggered = folder.path().join("trigger.djscope");
    std::fs::copy(&path, &triggered).unwrap();
    Connection::open(&triggered)
        .unwrap()
        .execute_batch(&format!(
            "CREATE TRIGGER \"{EVIL}\" AFTER INSERT ON logs BEGIN DELETE FROM turns; END"
        ))
        .unwrap();
    let filter = format!("kind:{EVIL}");
    for (path, options) in [
        (&named, &[][..]),
        (&triggered, &[][..]),
        (&path, &["--filter", &filter][..]),
    ] {
        let (code, out, error) = show(path, options);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{error}");
        assert!(is_harmless(&error) && error.contains("\\x1b"), "{error:?}");
        assert!(error.lines().all(|line| !line.starts_with("txt")), "{error:?}");
    }
}
