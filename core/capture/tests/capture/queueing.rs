//! Why a turn waited for its thread.

use djscope_recording::Entry;
use djscope_recording::model::{Span, SpanKind};
use serde_json::{Value, json};

use crate::playbook::{Written, assemble, down, mounted, probe, up};

fn report(session: &str, view: &str, event: &str, start_us: i64, handler_us: u64, thread: u64) -> Value {
    json!({"type": "turn", "seq": 1, "transport": "ws", "session_id": session, "view": view, "class": "app.views.V",
        "kind": "event", "event": event, "ref": 1, "start_us": start_us, "duration_us": handler_us + 200,
        "spans": [{"id": 0, "parent": null, "kind": "queue", "name": "", "start_us": 0, "duration_us": 100, "detail": {}},
            {"id": 1, "parent": null, "kind": "handler", "name": event, "start_us": 100, "duration_us": handler_us,
             "detail": {"thread": thread}}],
        "sent": [{"type": "noop", "version": null, "ref": 1, "t_us": handler_us + 150}]})
}

/// One visitor's handler holds thread 3 from 1.1 to 301.1 ms; another's frame comes at 50 ms and is looked at after.
fn session(second_thread: u64) -> Written {
    let mut frames = mounted(1, "s");
    frames.extend(mounted(2, "t"));
    let noop = |name: &str| json!({"type": "noop", "ref": 1, "event_name": name, "source": "event"});
    frames.extend([
        up(
            1,
            900,
            &json!({"type": "event", "event": "hold", "params": {}, "ref": 1}),
        ),
        up(
            2,
            50_000,
            &json!({"type": "event", "event": "go", "params": {}, "ref": 1}),
        ),
        down(1, 301_500, &noop("hold")),
        down(2, 303_000, &noop("go")),
        probe(310_000, report("s", "7-1", "hold", 1_000, 300_000, 3)),
        probe(310_000, report("t", "7-2", "go", 302_000, 500, second_thread)),
    ]);
    assemble(frames)
}

fn wait_of(written: &Written, event: &str) -> Span {
    let turn = written
        .turns
        .values()
        .find(|turn| turn.event.as_deref() == Some(event))
        .unwrap();
    let spans = written.entries.iter().filter_map(|entry| match entry {
        Entry::Spans { turn: of, spans } if *of == turn.turn => Some(spans),
        _ => None,
    });
    let wait = spans.flatten().find(|span| span.kind == SpanKind::Queue);
    wait.unwrap().clone()
}

#[test]
fn a_wait_names_what_kept_the_thread() {
    let written = session(3);
    let wait = wait_of(&written, "go");
    assert_eq!(
        (wait.name.as_str(), wait.start_us, wait.duration_us),
        ("waiting", 0, 252_100)
    );
    let holding = written
        .turns
        .values()
        .find(|turn| turn.event.as_deref() == Some("hold"));
    let occupant = &wait.detail["occupied_by"];
    assert_eq!(occupant["turn"], json!(holding.unwrap().turn));
    assert_eq!(
        (&occupant["kind"], &occupant["name"]),
        (&json!("handler"), &json!("hold"))
    );
    assert_eq!(
        (&occupant["thread"], &occupant["overlap_us"]),
        (&json!(3), &json!(251_100))
    );
    assert_eq!(wait_of(&written, "hold").detail.get("occupied_by"), None);
}

#[test]
fn a_busy_thread_that_the_turn_does_not_need_is_not_named() {
    let wait = wait_of(&session(4), "go");
    assert_eq!(
        (wait.name.as_str(), wait.detail.get("occupied_by")),
        ("waiting", None)
    );
}
