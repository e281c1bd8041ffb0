//! A hub over a recording that grows.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use djscope_capture::recorder::{Recorder, RecorderOptions};
use djscope_hub::model::{Turn, TurnKind};
use djscope_hub::{Answer, Client, Live, LocalClient, Mailbox, Query, RecordingState};
use djscope_recording::{Entry, Writer, WriterOptions};

/// The first answer that `wanted` makes something of.
fn answer<T>(client: &mut LocalClient, wanted: impl Fn(Answer) -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = client.answers().into_iter().find_map(&wanted) {
            return found;
        }
        assert!(since.elapsed() < Duration::from_secs(10), "no answer");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn turns(client: &mut LocalClient, filter: &str) -> djscope_hub::TurnPage {
    client.ask(Query::Turns {
        filter: filter.to_owned(),
        from: 0,
        limit: 10,
    });
    answer(client, |answer| match answer {
        Answer::Turns(page) => Some(page),
        _ => None,
    })
}

#[test]
fn questions_about_a_recording_that_grows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.djscope");
    let mailbox = Mailbox::default();
    let options = WriterOptions {
        on_commit: Some(mailbox.on_commit()),
        ..WriterOptions::default()
    };
    let writer = Writer::create(&path, options).unwrap();
    let mut client = LocalClient::open(&path, None, mailbox, || {}).unwrap();
    assert_eq!(turns(&mut client, "").total, 0);

    writer.write(Entry::Turn(Box::new(Turn::begun(1, TurnKind::Tick, 10))));
    let status = answer(&mut client, |answer| match answer {
        Answer::Status(status) if status.turns == 1 => Some(status),
        _ => None,
    });
    assert_eq!(status.recording, RecordingState::Saved);
    assert_eq!(turns(&mut client, "kind:tick").rows[0].turn, 1);
    assert_eq!(turns(&mut client, "kind:event").total, 0);
    assert!(turns(&mut client, "kin:tick").filter_error.is_some());

    client.ask(Query::Turn { turn: 99 });
    let message = answer(&mut client, |answer| match answer {
        Answer::Failed { message, .. } => Some(message),
        _ => None,
    });
    assert!(message.contains("no turn 99"), "{message}");

    client.ask(Query::Turn { turn: 1 });
    let watched = |client: &mut LocalClient| {
        answer(client, |answer| match answer {
            Answer::Turn(detail) => Some(detail.turn.error.clone()),
            _ => None,
        })
    };
    assert_eq!(watched(&mut client), None);
    // A turn that was asked for is sent again when more of it is known.
    let more = Turn {
        error: Some("broke".to_owned()),
        ..Turn::begun(1, TurnKind::Tick, 10)
    };
    writer.write(Entry::Turn(Box::new(more)));
    assert_eq!(watched(&mut client), Some("broke".to_owned()));

    drop(client);
    assert!(writer.finish().unwrap().is_one_file);
}

/// The panel says that the file is gone, without anything being recorded, and reads on where the recording goes on.
#[cfg(unix)]
#[test]
fn a_recording_that_is_removed_is_followed() {
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
        proxy: String::new(),
        upstream: String::new(),
        command: None,
        with_probe: false,
        recorder: recorder.shared(),
        notices: Arc::default(),
    };
    let mut client = LocalClient::open(&path, Some(live), mailbox, || {}).unwrap();
    std::thread::sleep(Duration::from_millis(600));
    std::fs::remove_file(&path).unwrap();
    let status = answer(&mut client, |answer| match answer {
        Answer::Status(status) if !status.problems.is_empty() => Some(status),
        _ => None,
    });
    assert!(
        status.problems[0].contains("r.djscope was removed while it was recorded"),
        "{:?}",
        status.problems
    );
    assert!(status.path.ends_with("r-rescued.djscope"), "{status:?}");
    drop(client);
    let summary = recorder.finish().unwrap();
    assert!(summary.is_one_file && summary.path.ends_with("r-rescued.djscope"));
}

#[test]
fn damage_anywhere_in_a_saved_recording_is_among_the_problems() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.djscope");
    let writer = Writer::create(&path, WriterOptions::default()).unwrap();
    writer.write(Entry::Turn(Box::new(Turn::begun(1, TurnKind::Tick, 10))));
    writer.finish().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(4).position(|window| window == b"tick").unwrap();
    bytes[at + 1] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let mut client = LocalClient::open(&path, None, Mailbox::default(), || {}).unwrap();
    let status = answer(&mut client, |answer| match answer {
        Answer::Status(status) if !status.problems.is_empty() => Some(status),
        _ => None,
    });
    assert!(status.problems[0].contains("1 of "), "{:?}", status.problems);
}
