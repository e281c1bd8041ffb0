//! Probes of either version of the protocol are understood; what the older one does not say is not known.

use djscope_recording::Entry;
use djscope_recording::model::{Decision, ServerWork, Turn, View};
use serde_json::{Value, json};

use crate::playbook::{Written, assemble, down, mounted, probe, up};

const PATCH: &str = "patch";

fn session(version: u32, more_of_turn: &Value, more_of_view: &Value) -> Written {
    let with = |mut message: Value, more: &Value| {
        message
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        message
    };
    let view = json!({"type": "view", "class": "app.views.V", "file": "/views.py", "line": 3, "handlers": [],
        "template": null});
    let turn = json!({"type": "turn", "seq": 1, "transport": "ws", "session_id": "s", "view": "7-1",
        "class": "app.views.V", "kind": "event", "event": "go", "ref": 1, "start_us": 1100, "duration_us": 500,
        "before": {"base": false, "public": {"n": 0}, "private": {}, "unset": []},
        "after": {"base": true, "public": {"n": 1}, "private": {}, "unset": []},
        "context": ["n"], "rendered": ["n"], "spans": [], "logs": [],
        "sent": [{"type": PATCH, "version": 2, "ref": 1, "t_us": 400}]});
    let mut frames = vec![probe(0, json!({"type": "hello", "protocol": version, "pid": 7}))];
    frames.extend(mounted(1, "s"));
    frames.extend([
        up(
            1,
            1000,
            &json!({"type": "event", "event": "go", "params": {}, "ref": 1}),
        ),
        down(
            1,
            1600,
            &json!({"type": PATCH, "patches": [], "version": 2, "ref": 1, "event_name": "go"}),
        ),
        probe(
            2000,
            json!({"type": "source", "hash": "ab", "module": "app.views", "file": "/views.py", "text": "x"}),
        ),
        probe(2000, with(view, more_of_view)),
        probe(2000, with(turn, more_of_turn)),
    ]);
    assemble(frames)
}

fn last_turn(written: &Written) -> Turn {
    let mut turns = written.entries.iter().filter_map(|entry| match entry {
        Entry::Turn(turn) if turn.event.as_deref() == Some("go") => Some((**turn).clone()),
        _ => None,
    });
    turns.next_back().unwrap()
}

fn last_view(written: &Written) -> View {
    let mut views = written.entries.iter().filter_map(|entry| match entry {
        Entry::View(view) if view.file.is_some() => Some(view.clone()),
        _ => None,
    });
    views.next_back().unwrap()
}

#[test]
fn a_probe_of_version_1_is_understood() {
    let written = session(1, &json!({}), &json!({}));
    let turn = last_turn(&written);
    assert_eq!(turn.changed, Some(vec!["n".to_owned()]));
    assert_eq!((turn.djust, turn.handed, turn.changed_keys), (None, None, None));
    assert_eq!(turn.work, ServerWork::unseen());
    assert!(turn.missing.is_empty(), "{:?}", turn.missing);
    assert_eq!(last_view(&written).class_data, None);
}

#[test]
fn what_version_2_adds_is_in_the_turn_and_its_view() {
    let more = json!({"djust": {"changed": ["n"], "skip": false, "force": false}, "changed_keys": ["n"],
        "handed": {"base": false, "public": {"n": 1, "token": "abcdef-123456"}, "private": {}, "unset": []},
        "work": {"session": {"touched": true, "saved": false}, "news": 1}});
    let written = session(
        2,
        &more,
        &json!({"data": {"attributes": {"page_size": 20}, "reserved": ["page_title"]}}),
    );
    let turn = last_turn(&written);
    let decision = Decision {
        changed: Some(vec!["n".to_owned()]),
        skip: false,
        force: false,
    };
    assert_eq!(turn.djust, Some(decision));
    assert!(turn.work.session.unwrap().touched);
    let handed = turn.handed.unwrap();
    let delta = written.entries.iter().find_map(|entry| match entry {
        Entry::Snapshot(delta) if delta.snapshot == handed => Some(delta),
        _ => None,
    });
    assert_eq!(delta.unwrap().public["n"], json!(1));
    assert_ne!(turn.after, Some(handed));
    let data = last_view(&written).class_data.unwrap();
    assert_eq!(
        (&data.attributes["page_size"], data.reserved.len()),
        (&json!(20), 1)
    );
    let has_source = written
        .entries
        .iter()
        .any(|entry| matches!(entry, Entry::Source(source) if source.text == "x"));
    assert!(has_source);
}

#[test]
fn values_on_ones_that_were_lost_are_asked_for_again() {
    let handed =
        |base: bool| json!({"handed": {"base": base, "public": {"n": 1}, "private": {}, "unset": []}});
    let turn = last_turn(&session(2, &handed(true), &json!({})));
    assert_eq!(turn.handed, None);
    assert_eq!(
        turn.missing,
        ["values handed to the renderer: they build on values that were lost"]
    );
    assert!(turn.after.is_some());
}
