use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use djscope_recording::filter::Filter;
use djscope_recording::model::Turn;
use djscope_recording::{Entry, Reader, RecordingError, SnapshotDelta, Writer, WriterOptions};
use serde_json::json;

use crate::sample;

const LONG: Duration = Duration::from_secs(30);

#[test]
fn a_reader_sees_a_recording_grow() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("live.djscope");
    let commits = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&commits);
    let options = WriterOptions {
        on_commit: Some(Box::new(move |commit| seen.lock().unwrap().push(commit))),
        ..WriterOptions::default()
    };
    let writer = Writer::create(&path, options).unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.turns(&Filter::all(), 0, 10).unwrap().total, 0);
    let empty = reader.revision().unwrap();
    assert_eq!(reader.revision().unwrap(), empty);
    writer.write(Entry::Turn(Box::new(sample::turn(1))));
    assert!(writer.flush(LONG));
    assert_ne!(reader.revision().unwrap(), empty);
    assert_eq!(reader.turns(&Filter::all(), 0, 10).unwrap().total, 1);
    assert!(!reader.totals().unwrap().is_ended);
    let commits = commits.lock().unwrap().clone();
    assert_eq!(commits[0].turns, [1]);
    assert!(commits[0].health.size_bytes > 0);
    let summary = writer.finish().unwrap();
    assert!(!summary.is_one_file, "the reader still has it open");
    assert!(reader.totals().unwrap().is_ended);
    drop(reader);
    assert!(Reader::open(&path).unwrap().totals().unwrap().is_ended);
}

#[test]
fn a_finished_recording_is_one_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("one.djscope");
    sample::record(&path, sample::everything());
    let names: Vec<_> = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["one.djscope"]);
}

#[test]
fn an_entry_waits_no_longer_than_a_batch() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("soon.djscope");
    let writer = Writer::create(&path, WriterOptions::default()).unwrap();
    let reader = Reader::open(&path).unwrap();
    let begun = Instant::now();
    writer.write(Entry::Turn(Box::new(sample::turn(1))));
    while reader.count(&Filter::all()).unwrap() == 0 {
        assert!(begun.elapsed() < LONG);
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[test]
fn a_full_disk_loses_entries_and_says_so_and_never_waits_for_ever() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("full.djscope");
    let options = WriterOptions {
        max_bytes: Some(2 << 20),
        ..WriterOptions::default()
    };
    let writer = Writer::create(&path, options).unwrap();
    let noise = |number: u64| {
        let random: String = (0..200u64)
            .map(|i| format!("{:016x}", (number * 1000 + i).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
            .collect();
        Entry::Frame(sample::frame(number, None, &random))
    };
    let begun = Instant::now();
    writer.write(Entry::Turn(Box::new(sample::turn(1))));
    assert!(writer.flush(LONG));
    for number in 1..=5_000 {
        writer.write(noise(number));
    }
    assert!(writer.flush(LONG));
    assert!(begun.elapsed() < LONG);
    let health = writer.health();
    // What is small enough may still find room behind what was not.
    assert!(health.lost["frame"] > 1_000, "{health:?}");
    assert!(
        health.error.as_ref().unwrap().starts_with("no space left for"),
        "{health:?}"
    );
    assert_eq!(health.frames + health.lost["frame"], 5_000);
    // What could not end well still opens.
    let ended = writer.finish();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.totals().unwrap().turns, 1);
    assert_eq!(reader.totals().unwrap().frames, health.frames);
    assert!(matches!(ended, Ok(_) | Err(RecordingError::DiskFull(_))));
}

fn state(snapshot: u64, name: &str, value: serde_json::Value) -> Entry {
    let mut delta = SnapshotDelta {
        snapshot,
        base: (snapshot > 1).then(|| snapshot - 1),
        ..SnapshotDelta::default()
    };
    delta.public.insert(name.to_owned(), value);
    Entry::Snapshot(delta)
}

#[test]
fn a_file_that_is_held_for_a_while_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("held.djscope");
    let writer = Writer::create(&path, WriterOptions::default()).unwrap();
    writer.write(state(1, "a", json!(1)));
    assert!(writer.flush(LONG));
    // Another process holds the file for longer than one attempt waits.
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    writer.write(state(2, "b", json!(2)));
    let since = Instant::now();
    while !writer.health().is_failing {
        assert!(since.elapsed() < LONG);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(writer.health().error.unwrap().contains("locked"));
    other.execute_batch("ROLLBACK").unwrap();
    drop(other);
    writer.write(state(3, "c", json!(3)));
    assert!(writer.flush(LONG));
    let summary = writer.finish().unwrap();
    assert!(!summary.health.is_failing && summary.health.dropped() == 0);
    let reader = Reader::open(&path).unwrap();
    assert_eq!(
        json!(reader.snapshot(3).unwrap().unwrap().public),
        json!({"a": 1, "b": 2, "c": 3})
    );
    assert!(!reader.meta().unwrap().contains_key("lost"));
}

#[test]
fn states_go_on_after_a_loss() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gap.djscope");
    let options = WriterOptions {
        max_bytes: Some(1 << 20),
        ..WriterOptions::default()
    };
    let writer = Writer::create(&path, options).unwrap();
    writer.write(state(1, "a", json!(1)));
    assert!(writer.flush(LONG));
    // What cannot be compressed does not fit into the file.
    let noise: Vec<u64> = (0..400_000_u64)
        .map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15))
        .collect();
    writer.write(state(2, "b", json!(noise)));
    assert!(writer.flush(LONG));
    assert_eq!(writer.health().lost["snapshot"], 1);
    assert!(writer.health().error.unwrap().starts_with("no space left for"));
    std::thread::sleep(Duration::from_millis(200));
    writer.write(state(3, "b", json!(3)));
    let summary = writer.finish().unwrap();
    assert!(!summary.health.is_failing);
    let reader = Reader::open(&path).unwrap();
    assert_eq!(
        json!(reader.snapshot(3).unwrap().unwrap().public),
        json!({"a": 1, "b": 3})
    );
    assert_eq!(reader.meta().unwrap()["lost"], json!({"snapshot": 1}));
    assert!(reader.meta().unwrap()["lost_reason"].is_string());
}

#[test]
fn a_full_queue_gives_the_entry_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("queue.djscope");
    let options = WriterOptions {
        queue_entries: 10,
        patience: Duration::from_millis(20),
        batch: Duration::from_secs(5),
        ..WriterOptions::default()
    };
    let writer = Writer::create(&path, options).unwrap();
    let entry = || Entry::Meta {
        key: "a".to_owned(),
        value: json!(1),
    };
    let given_back = (0..20).filter_map(|_| writer.try_write(entry()).err()).count();
    assert_eq!(given_back, 10);
    let begun = Instant::now();
    writer.write(entry());
    assert!(begun.elapsed() < Duration::from_secs(4));
    assert_eq!(writer.health().lost["meta"], 1);
    assert_eq!(
        writer.health().error.as_deref(),
        Some("the recorder cannot keep up")
    );
    assert_eq!(writer.finish().unwrap().health.dropped(), 1);
}

#[test]
fn one_bad_entry_does_not_spoil_its_batch() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bad.djscope");
    let writer = Writer::create(&path, WriterOptions::default()).unwrap();
    writer.write(Entry::Frame(sample::frame(1, None, "first")));
    writer.write(Entry::Frame(sample::frame(1, None, "same number")));
    writer.write(Entry::Turn(Box::new(Turn {
        turn: u64::MAX,
        ..sample::turn(1)
    })));
    writer.write(Entry::Turn(Box::new(sample::turn(2))));
    let health = writer.finish().unwrap().health;
    assert_eq!(
        (
            health.lost["frame"],
            health.lost["turn"],
            health.turns,
            health.frames
        ),
        (1, 1, 1, 1)
    );
}

/// Not a test of its own: the process that the next test kills.
#[test]
fn records_until_it_is_killed() {
    let Some(path) = std::env::var_os("DJSCOPE_TEST_KILLED") else {
        return;
    };
    let writer = Writer::create(path, WriterOptions::default()).unwrap();
    for number in 1.. {
        writer.write(Entry::Turn(Box::new(sample::turn(number))));
        writer.write(Entry::Frame(sample::frame(number, Some(number), "{}")));
        std::thread::sleep(Duration::from_micros(200));
    }
}

#[test]
fn a_killed_process_leaves_a_recording_that_opens() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("killed.djscope");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writing::records_until_it_is_killed", "--nocapture"])
        .env("DJSCOPE_TEST_KILLED", &path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    // Also a second process that reads while the first one writes.
    while Reader::open(&path)
        .and_then(|reader| reader.count(&Filter::all()))
        .unwrap_or(0)
        < 200
    {
        assert!(begun.elapsed() < LONG);
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = std::fs::read(&path).unwrap();
    let reader = Reader::open(&path).unwrap();
    let totals = reader.totals().unwrap();
    assert!(totals.turns >= 200 && !totals.is_ended);
    assert_eq!(reader.verify().unwrap(), Vec::<String>::new());
    drop(reader);
    assert_eq!(std::fs::read(&path).unwrap(), before, "opening does not write");
}
