//! A hub beside a recorder.

use std::sync::Arc;
use std::time::{Duration, Instant};

use djscope_capture::observation::Observation;
use djscope_capture::probe::ProbeReport;
use djscope_capture::recorder::{Recorder, RecorderOptions};
use djscope_hub::model::FindingCode;
use djscope_hub::{
    Answer, Bell, Command, Event, Hub, Live, LocalClient, Mailbox, Query, RecordingState, Status, Waiting,
};
use djscope_recording::{Reader, Writer, WriterOptions};
use serde_json::json;

use crate::stand::{LONG, begun, command, total};

fn user(hub: &Hub) -> Waiting<LocalClient> {
    let bell = Bell::default();
    let rung = bell.clone();
    Waiting::new(hub.client(move || rung.ring()), bell, LONG)
}

/// The first status that is as wanted.
fn status(user: &mut Waiting<LocalClient>, wanted: impl Fn(&Status) -> bool) -> Status {
    let since = Instant::now();
    loop {
        assert!(since.elapsed() < LONG, "no such status");
        match user.next_event(LONG) {
            Some(Event::Status(status)) if wanted(&status) => return *status,
            _ => {}
        }
    }
}

/// A recorder with a hub beside it.
struct Beside {
    path: std::path::PathBuf,
    recorder: Recorder,
    hub: Hub,
    _folder: tempfile::TempDir,
}

impl Beside {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.djscope");
        let mailbox = Mailbox::default();
        let options = RecorderOptions {
            writer: WriterOptions {
                on_commit: Some(mailbox.on_commit()),
                ..WriterOptions::default()
            },
            ..RecorderOptions::default()
        };
        let recorder = Recorder::start(&path, options).unwrap();
        let live = Live {
            proxy: "http://127.0.0.1:1".to_owned(),
            upstream: String::new(),
            command: None,
            with_probe: false,
            recorder: recorder.shared(),
            notices: Arc::default(),
        };
        let hub = Hub::open(&path, Some(live), mailbox).unwrap();
        Self {
            path,
            recorder,
            hub,
            _folder: folder,
        }
    }

    /// What a probe reports of a handler that raised.
    fn raise(&self, number: u64) {
        let tap = self.recorder.tap();
        let turn = json!({
            "type": "turn", "seq": number, "transport": "http", "client": ["127.0.0.1", 20_000], "kind": "event",
            "event": "save", "class": "app.views.Page", "view": "7-1", "start_us": tap.now_us(), "duration_us": 500,
            "exception": {"type": "builtins.ValueError", "message": "no", "traceback": "Traceback", "frames": [
                {"file": "/srv/app/views.py", "line": 9, "function": "save", "source": "raise ValueError('no')"}]},
        });
        tap.send_waiting(Observation::Probe {
            t_us: tap.now_us(),
            report: ProbeReport::Message {
                pid: 7,
                message: serde_json::from_value(turn).unwrap(),
            },
        });
    }
}

/// A finding arrives unasked while it is recorded, is in the list, and is stored with the version of the rules.
#[test]
fn findings_arrive_while_it_is_recorded() {
    let beside = Beside::start();
    let mut user = user(&beside.hub);
    beside.raise(1);
    let since = Instant::now();
    let finding = loop {
        assert!(since.elapsed() < LONG);
        if let Some(Event::Findings(findings)) = user.next_event(LONG) {
            break findings.into_iter().next().unwrap();
        }
    };
    assert_eq!(finding.code, FindingCode::HandlerRaised);
    assert_eq!(finding.message, "save raised ValueError: no");
    assert!(finding.certain && finding.primary);
    while total(&mut user, "finding:*") != 1 {
        assert!(since.elapsed() < LONG);
        std::thread::sleep(Duration::from_millis(5));
    }
    let Ok(Answer::Turn(summary)) = user.query(Query::Turn { turn: 1 }) else {
        panic!()
    };
    assert_eq!(summary.findings, std::slice::from_ref(&finding));
    // Once, however often the turn is committed.
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(total(&mut user, "findings=1"), 1);
    drop(user);
    drop(beside.hub);
    assert!(beside.recorder.finish().unwrap().is_one_file);
    let reader = Reader::open(&beside.path).unwrap();
    assert_eq!(reader.findings(0, 10).unwrap(), [finding]);
}

#[test]
fn a_live_recording_can_be_paused() {
    let beside = Beside::start();
    let mut user = user(&beside.hub);
    assert_eq!(status(&mut user, |_| true).recording, RecordingState::Live);
    command(&mut user, Command::Pause { paused: true }).unwrap();
    status(&mut user, |status| status.recording == RecordingState::Paused);
    assert!(beside.recorder.shared().is_paused());
    command(&mut user, Command::Pause { paused: false }).unwrap();
    status(&mut user, |status| status.recording == RecordingState::Live);
}

/// The panel says that the file is gone, without anything being recorded, and reads on where the recording goes on.
#[cfg(unix)]
#[test]
fn a_recording_that_is_removed_is_followed() {
    let beside = Beside::start();
    let mut user = user(&beside.hub);
    std::thread::sleep(Duration::from_millis(600));
    std::fs::remove_file(&beside.path).unwrap();
    let status = status(&mut user, |status| !status.problems.is_empty());
    assert!(
        status.problems[0].contains("r.djscope was removed while it was recorded"),
        "{:?}",
        status.problems
    );
    assert!(status.path.ends_with("r-rescued.djscope"), "{status:?}");
    drop(beside.hub);
    let summary = beside.recorder.finish().unwrap();
    assert!(summary.is_one_file && summary.path.ends_with("r-rescued.djscope"));
}

#[test]
fn damage_anywhere_in_a_saved_recording_is_among_the_problems() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.djscope");
    let writer = Writer::create(&path, WriterOptions::default()).unwrap();
    writer.write(begun(1));
    writer.finish().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(4).position(|window| window == b"tick").unwrap();
    bytes[at + 1] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let hub = Hub::open(&path, None, Mailbox::default()).unwrap();
    let mut user = user(&hub);
    let status = status(&mut user, |status| status.damage.is_some());
    assert!(
        status.problems.iter().any(|problem| problem.contains("1 of ")),
        "{:?}",
        status.problems
    );
}
