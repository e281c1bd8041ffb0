//! A probe that was started and never speaks, in the turns that it should have reported.

use djscope_capture::probe::ProbeReport;
use djscope_capture::turns::{Assembler, Seen};
use djscope_recording::model::Turn;
use serde_json::{Value, json};

use crate::joining::exchange;
use crate::playbook::{Written, assemble, down, mounted, probe, up};

const WHY: &str = "started with -I; start it without";

fn fact(key: &'static str, value: Value) -> Seen {
    Seen::Fact { key, value }
}

fn event(t_us: i64, reference: i64) -> [Seen; 2] {
    [
        up(
            1,
            t_us,
            &json!({"type": "event", "event": "increment", "params": {}, "ref": reference}),
        ),
        down(
            1,
            t_us + 600,
            &json!({"type": "noop", "ref": reference, "event_name": "increment", "source": "event"}),
        ),
    ]
}

fn tick(t_us: i64) -> Seen {
    down(
        1,
        t_us,
        &json!({"type": "patch", "patches": [], "version": 9, "source": "tick", "event_name": "tick"}),
    )
}

fn hello() -> Seen {
    probe(5_000, json!({"type": "hello", "protocol": 1, "pid": 7}))
}

fn sentences(turn: &Turn) -> Vec<&str> {
    turn.missing.iter().map(String::as_str).collect()
}

fn said(written: &Written) -> Vec<usize> {
    let about_it = |turn: &Turn| {
        sentences(turn)
            .iter()
            .filter(|text| text.contains("no probe was heard"))
            .count()
    };
    written.turns.values().map(about_it).collect()
}

#[test]
fn turns_before_and_after_the_explanation_say_it_once() {
    let mut seen = vec![fact("probe", json!(true))];
    seen.extend(mounted(1, "s"));
    seen.extend(event(1_000, 1));
    seen.push(fact("probe_silent", json!(WHY)));
    seen.extend(event(3_000, 2));
    seen.push(tick(4_000));
    let written = assemble(seen);
    let sentence = format!("state, spans, SQL and logs: no probe was heard, {WHY}");
    for turn in written.turns.values() {
        assert_eq!(turn.missing, [sentence.as_str()], "{turn:?}");
    }
    assert_eq!(written.turns.len(), 4);
}

#[test]
fn what_was_not_explained_by_the_end_is_said_all_the_same() {
    let mut seen = vec![fact("probe", json!(true))];
    seen.extend(mounted(1, "s"));
    assert_eq!(said(&assemble(seen)), [1]);
}

#[test]
fn nothing_is_said_without_a_probe_to_wait_for_or_with_one_that_speaks() {
    for first in [fact("probe", json!(false)), fact("probe", json!(true))] {
        let mut seen = vec![hello(), first];
        seen.extend(mounted(1, "s"));
        seen.push(fact("probe_silent", json!(WHY)));
        seen.extend(event(1_000, 1));
        assert_eq!(said(&assemble(seen)), [0, 0]);
    }
    let mut seen = vec![fact("probe", json!(false))];
    seen.extend(mounted(1, "s"));
    seen.push(fact("probe_silent", json!(WHY)));
    assert_eq!(said(&assemble(seen)), [0]);
}

#[test]
fn a_probe_that_speaks_late_takes_it_back() {
    let mut seen = vec![fact("probe", json!(true))];
    seen.extend(mounted(1, "s"));
    seen.extend(event(1_000, 1));
    seen.push(fact("probe_silent", json!(WHY)));
    seen.push(hello());
    seen.push(probe(
        5_000,
        json!({"type": "turn", "seq": 1, "transport": "ws", "session_id": "s", "view": "7-1", "class": "app.views.V",
               "kind": "event", "event": "increment", "ref": 1, "start_us": 1_000, "duration_us": 500}),
    ));
    seen.extend(event(6_000, 2));
    assert_eq!(said(&assemble(seen)), [1, 0, 0]);
}

#[test]
fn a_process_that_has_ended_does_not_speak_for_the_server() {
    let gone = || Seen::Probe {
        t_us: 0,
        report: ProbeReport::Gone { pid: 7 },
    };
    let mut seen = vec![fact("probe", json!(true)), hello(), gone()];
    seen.extend(mounted(1, "s"));
    seen.push(fact("probe_silent", json!(WHY)));
    seen.extend(event(1_000, 1));
    assert_eq!(said(&assemble(seen)), [1, 1]);
    // A last frame while a probe takes its leave is no silence.
    let mut seen = vec![fact("probe", json!(true)), hello()];
    seen.extend(mounted(1, "s"));
    seen.extend([gone(), tick(4_000)]);
    assert_eq!(said(&assemble(seen)), [0, 0]);
}

#[test]
fn the_silence_begins_with_the_first_frame_of_the_server() {
    let mut assembler = Assembler::new(0);
    assembler.observe(fact("probe", json!(true)));
    let mut frames = mounted(1, "s").into_iter();
    assembler.observe(frames.next().unwrap());
    assert_eq!(assembler.probe().unheard_since_us, None);
    assembler.observe(frames.next().unwrap());
    assert!(assembler.takes_probe_news());
    assert_eq!(assembler.probe().unheard_since_us, Some(10));
    assembler.observe(hello());
    assert_eq!(assembler.probe().unheard_since_us, None);
}

#[test]
fn an_event_over_http_says_it_as_well() {
    let posted = || Seen::HttpEnded {
        exchange: Box::new(exchange("POST", 200, "{}")),
    };
    let seen = [
        fact("probe", json!(true)),
        posted(),
        fact("probe_silent", json!(WHY)),
        posted(),
    ];
    assert_eq!(said(&assemble(seen)), [1, 1]);
}
