//! What a probe tells, joined to what the wire shows, whichever comes first.

use std::collections::BTreeMap;

use djscope_capture::probe::{ProbeMessage, ProbeReport};
use djscope_capture::turns::Seen;
use djscope_recording::Entry;
use djscope_recording::model::{HttpBody, HttpExchange, Outcome, Span, SpanKind, TurnKind};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::playbook::{Written, assemble, down, mounted, probe, up};

fn told(seq: u64, kind: &str, event: Option<&str>, reference: Option<i64>, sent: &Value) -> Value {
    json!({"type": "turn", "seq": seq, "transport": "ws", "session_id": "s", "view": "7-1", "class": "app.views.V",
        "kind": kind, "event": event, "ref": reference, "start_us": 1000 * seq, "duration_us": 500,
        "before": {"base": seq > 1, "public": if seq > 1 { json!({}) } else { json!({"count": 0}) }, "private": {}, "unset": []},
        "after": {"base": true, "public": {"count": seq}, "private": {"_secret": seq}, "unset": []},
        "context": ["count"], "rendered": ["count"], "sent": sent,
        "spans": [{"id": 0, "parent": null, "kind": "handler", "name": "increment", "start_us": 10, "duration_us": 100, "detail": {}}],
        "logs": [{"t_us": 5, "level": "INFO", "logger": "app", "message": "hi", "file": null, "line": null, "traceback": null}]})
}

/// Two events and a tick, with the probe's reports in their own order but anywhere among the frames.
fn session(places: [usize; 3]) -> Vec<Seen> {
    let mut frames = mounted(1, "s");
    let head = frames.len();
    frames.extend([
        up(1, 1000, &json!({"type": "event", "event": "increment", "params": {}, "ref": 1})),
        down(1, 1600, &json!({"type": "patch", "patches": [], "version": 2, "ref": 1, "event_name": "increment", "source": "event"})),
        down(1, 2600, &json!({"type": "patch", "patches": [], "version": 3, "source": "tick", "event_name": "tick"})),
        up(1, 3000, &json!({"type": "event", "event": "increment", "params": {}, "ref": 2})),
        down(1, 3600, &json!({"type": "noop", "ref": 2, "event_name": "increment", "source": "event"})),
    ]);
    let reports = [
        told(
            1,
            "event",
            Some("increment"),
            Some(1),
            &json!([{"type": "patch", "version": 2, "ref": 1, "t_us": 400}]),
        ),
        told(
            2,
            "tick",
            Some("tick"),
            None,
            &json!([{"type": "patch", "version": 3, "ref": null, "t_us": 400}]),
        ),
        told(
            3,
            "event",
            Some("increment"),
            Some(2),
            &json!([{"type": "noop", "version": null, "ref": 2, "t_us": 400}]),
        ),
    ];
    let mut at = head;
    for (report, place) in reports.into_iter().zip(places) {
        at = (at + place).min(frames.len());
        frames.insert(at, probe(4000, report));
        at += 1;
    }
    frames
}

proptest! {
    #[test]
    fn reports_are_joined_wherever_they_arrive(places in [0usize..6, 0usize..6, 0usize..6]) {
        // A report of an event is never before the event itself: its frame is queued before the server can see it.
        let written = assemble(session([places[0].max(1), places[1], places[2].max(3)]));
        prop_assert_eq!(written.lines(), [
            "mount - - -> mounted v1 [mount mount]",
            "event increment ref=1 -> empty_patch patches=0 v2 changed=count,_secret [event patch]",
            "tick tick - -> empty_patch patches=0 v3 changed=count,_secret [patch]",
            "event increment ref=2 -> noop changed=count,_secret [event noop]",
        ]);
    }
}

#[test]
fn times_of_the_server_are_shifted_to_the_time_of_the_turn() {
    let written = assemble(session([2, 2, 2]));
    let spans: Vec<_> = written
        .entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Spans { turn: 2, spans } => Some(spans),
            _ => None,
        })
        .flatten()
        .collect();
    assert_eq!((spans[0].kind, spans[0].start_us), (SpanKind::Handler, 10));
    // Sent at 1000 + 400 by the server's clock, read at 1600.
    assert_eq!(
        (spans[1].kind, spans[1].start_us, spans[1].duration_us),
        (SpanKind::Wire, 400, 200)
    );
}

fn spans_of(written: &Written, turn: u64) -> Vec<&Span> {
    let of_turn = |entry| match entry {
        &Entry::Spans { turn: of, ref spans } if of == turn => Some(spans),
        _ => None,
    };
    written.entries.iter().filter_map(of_turn).flatten().collect()
}

#[test]
fn the_wait_begins_when_the_proxy_has_read_the_frame() {
    let event = |t_us, reference: i64| {
        up(
            1,
            t_us,
            &json!({"type": "event", "event": "go", "params": {}, "ref": reference}),
        )
    };
    let answer = |t_us, reference: i64| {
        down(
            1,
            t_us,
            &json!({"type": "noop", "ref": reference, "event_name": "go", "source": "event"}),
        )
    };
    // The server looks at the frame 40 ms after it was read, and begins the work 2 ms later.
    let waited = json!([{"id": 0, "parent": null, "kind": "queue", "name": "", "start_us": 0, "duration_us": 2_000},
                        {"id": 1, "parent": null, "kind": "handler", "name": "go", "start_us": 2_000, "duration_us": 500}]);
    let queueless = json!([{"id": 0, "parent": null, "kind": "handler", "name": "go", "start_us": 0, "duration_us": 500}]);
    let cases = [
        (50_000, waited.clone(), Some((0, 42_000)), 42_000),
        (50_000, queueless.clone(), Some((0, 40_000)), 40_000),
        (10_000, queueless.clone(), None, 0),
        (10_000, waited.clone(), Some((0, 2_000)), 2_000),
        // The clocks of two readings differ a little; a clock that jumped says nothing.
        (9_990, waited.clone(), Some((0, 2_000)), 2_000),
        (90_000_000, waited, Some((0, 2_000)), 2_000),
    ];
    for (start_us, spans, queue, handler_us) in cases {
        let mut report = told(
            1,
            "event",
            Some("go"),
            Some(1),
            &json!([{"type": "noop", "ref": 1, "t_us": 3_000}]),
        );
        (report["start_us"], report["spans"]) = (json!(start_us), spans);
        let mut frames = mounted(1, "s");
        frames.extend([event(10_000, 1), answer(60_000, 1), probe(61_000, report)]);
        let written = assemble(frames);
        let spans = spans_of(&written, 2);
        let find = |kind| spans.iter().find(|span| span.kind == kind);
        let found = find(SpanKind::Queue).map(|span| (span.start_us, span.duration_us));
        assert_eq!(found, queue, "{start_us}");
        assert_eq!(
            find(SpanKind::Handler).unwrap().start_us,
            handler_us,
            "{start_us}"
        );
        let wire = find(SpanKind::Wire).map(|span| span.start_us);
        let jumped = start_us > 60_000;
        assert_eq!(wire.is_some(), !jumped, "{start_us}: {wire:?}");
    }
}

#[test]
fn what_no_frame_has_set_off_begins_when_it_begins() {
    for (kind, source) in [("tick", "tick"), ("async", "async"), ("push", "broadcast")] {
        // Begun at 20,000, sent 30 ms later, read another 1 ms later.
        for (start_us, begins_us) in [(20_000, 20_000), (900_000_000, 21_000), (5_000, 5_000)] {
            let sent = json!([{"type": "patch", "version": 3, "ref": null, "t_us": 30_000}]);
            let mut report = told(1, kind, Some("work"), None, &sent);
            report["start_us"] = json!(start_us);
            let mut frames = vec![probe(0, json!({"type": "hello", "protocol": 1, "pid": 7}))];
            frames.extend(mounted(1, "s"));
            frames.extend([
                down(1, 51_000, &json!({"type": "patch", "patches": [], "version": 3, "source": source, "event_name": "work"})),
                // The browser has done its part before the report comes.
                up(1, 53_000, &json!({"type": "client_applied", "version": 3, "milliseconds": 1.0, "failed": 0})),
                probe(60_000, report),
            ]);
            let written = assemble(frames);
            let turn = &written.turns[&2];
            assert_eq!((turn.kind.name(), turn.t_us), (kind, begins_us));
            assert_eq!(turn.duration_us, Some(51_000 - begins_us as u64));
            let spans = spans_of(&written, 2);
            let start = |kind| {
                spans
                    .iter()
                    .find(|span| span.kind == kind)
                    .map(|span| span.start_us)
            };
            assert_eq!(start(SpanKind::Handler), Some(10));
            assert_eq!(start(SpanKind::Client), Some(52_000 - begins_us));
            assert_eq!(
                spans.iter().filter(|span| span.kind == SpanKind::Client).count(),
                1
            );
        }
    }
}

#[test]
fn the_work_of_the_browser_is_kept_where_no_report_comes() {
    let mut frames = vec![probe(0, json!({"type": "hello", "protocol": 1, "pid": 7}))];
    frames.extend(mounted(1, "s"));
    frames.extend([
        down(
            1,
            51_000,
            &json!({"type": "patch", "patches": [], "version": 3, "source": "tick", "event_name": "tick"}),
        ),
        up(
            1,
            53_000,
            &json!({"type": "client_applied", "version": 3, "milliseconds": 1.0, "failed": 0}),
        ),
    ]);
    let written = assemble(frames);
    let spans = spans_of(&written, 2);
    assert_eq!(
        (spans.len(), spans[0].kind, spans[0].start_us),
        (1, SpanKind::Client, 1_000)
    );
}

#[test]
fn what_the_browser_tells_of_its_work_is_a_span_of_the_turn() {
    let mut frames = session([2, 2, 2]);
    let applied = |t_us, version, milliseconds: f64| {
        up(
            1,
            t_us,
            &json!({"type": "client_applied", "version": version, "milliseconds": milliseconds, "failed": 1,
                            "element": "button#add"}),
        )
    };
    frames.extend([
        applied(5_000, 2, 1.5),
        applied(5_100, 9, 1.5),
        applied(5_200, 3, -1.0),
        applied(5_300, 3, 1e300),
    ]);
    let written = assemble(frames);
    assert_eq!(
        written.lines().len(),
        4,
        "it begins no turn: {:?}",
        written.lines()
    );
    let spans: Vec<_> = written
        .entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Spans { turn, spans } => Some(spans.iter().map(move |span| (*turn, span))),
            _ => None,
        })
        .flatten()
        .filter(|(_, span)| span.kind == SpanKind::Client)
        .collect();
    assert_eq!(spans.len(), 1, "{spans:?}");
    let (turn, span) = spans[0];
    // The event came at 1,000, and the browser had done its part by 5,000.
    assert_eq!((turn, span.start_us, span.duration_us), (2, 2_500, 1_500));
    assert_eq!(span.detail, json!({"failed": 1, "element": "button#add"}));
}

#[test]
fn states_are_written_as_differences_and_shared() {
    let written = assemble(session([2, 2, 2]));
    let deltas: Vec<_> = written
        .entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Snapshot(delta) => Some((delta.snapshot, delta.base)),
            _ => None,
        })
        .collect();
    assert_eq!(deltas, [(1, None), (2, Some(1)), (3, Some(2)), (4, Some(3))]);
    let turns: Vec<_> = written
        .turns
        .values()
        .map(|turn| (turn.before, turn.after))
        .collect();
    assert_eq!(
        turns,
        [
            (None, None),
            (Some(1), Some(2)),
            (Some(2), Some(3)),
            (Some(3), Some(4))
        ]
    );
}

#[test]
fn a_tick_that_sends_nothing_is_a_turn() {
    let mut frames = mounted(1, "s");
    frames.push(probe(4000, told(1, "tick", Some("tick"), None, &json!([]))));
    let written = assemble(frames);
    assert_eq!(
        written.lines()[1],
        "tick tick - -> silent changed=count,_secret []"
    );
    assert_eq!(written.turns[&2].connection, Some(1));
}

#[test]
fn the_mount_of_an_embedded_view_is_not_the_page_s() {
    let mut child = told(1, "mount", None, None, &json!([]));
    child["parent"] = json!("7-0");
    child["class"] = json!("app.views.Child");
    child["view"] = json!("7-2");
    let mut page = told(
        2,
        "mount",
        None,
        None,
        &json!([{"type": "mount", "version": 1, "ref": null, "t_us": 10}]),
    );
    page["before"] = json!({"base": false, "public": {"count": 0}});
    let mut frames = mounted(1, "s");
    frames.extend([probe(4000, child), probe(4100, page)]);
    let written = assemble(frames);
    let views: Vec<_> = written
        .turns
        .values()
        .map(|turn| turn.view.as_deref().unwrap())
        .collect();
    assert_eq!(views, ["app.views.V", "app.views.Child"]);
    assert!(written.turns[&1].after.is_some() && written.turns[&2].after.is_some());
}

/// Every record of a view as it was written last, with its class and whether it has its code.
fn views(written: &Written) -> Vec<(u64, &str, bool)> {
    let records = written.entries.iter().filter_map(|entry| match entry {
        Entry::View(view) => Some((view.view, (view.class.as_str(), view.file.is_some()))),
        _ => None,
    });
    let last: BTreeMap<u64, (&str, bool)> = records.collect();
    last.into_iter()
        .map(|(number, (class, has_code))| (number, class, has_code))
        .collect()
}

fn class(name: &str, line: u32) -> Value {
    json!({"type": "view", "class": name, "file": "/views.py", "line": line, "handlers": [], "template": null})
}

fn event_turns(numbers: impl IntoIterator<Item = i64>) -> Vec<Seen> {
    let frames = numbers.into_iter().flat_map(|number| {
        let t_us = 10_000 * number;
        let mut report = told(
            1,
            "event",
            Some("go"),
            Some(number),
            &json!([{"type": "noop", "ref": number, "t_us": 10}]),
        );
        report["start_us"] = json!(t_us);
        [
            up(
                1,
                t_us,
                &json!({"type": "event", "event": "go", "params": {}, "ref": number}),
            ),
            down(
                1,
                t_us + 20,
                &json!({"type": "noop", "ref": number, "event_name": "go", "source": "event"}),
            ),
            probe(t_us + 30, report),
        ]
    });
    frames.collect()
}

#[test]
fn a_view_that_was_mounted_before_its_class_was_told_gets_its_code() {
    let mut frames = mounted(1, "s");
    frames.push(probe(40, class("app.views.V", 3)));
    frames.extend(event_turns([1]));
    // Another process says the same.
    frames.push(probe(20_000, class("app.views.V", 3)));
    frames.extend(event_turns([3]));
    let written = assemble(frames);
    assert_eq!(views(&written), [(1, "app.views.V", true)]);
    assert!(written.turns.values().all(|turn| turn.view_id == Some(1)));
}

#[test]
fn other_code_of_a_class_is_another_record() {
    let mut frames = vec![probe(0, class("app.views.V", 3))];
    frames.extend(mounted(1, "s"));
    frames.extend(event_turns([1]));
    frames.push(probe(20_000, class("app.views.V", 4)));
    frames.extend(event_turns([3, 4]));
    let written = assemble(frames);
    assert_eq!(
        views(&written),
        [(1, "app.views.V", true), (2, "app.views.V", true)]
    );
    let ids: Vec<_> = written.turns.values().map(|turn| turn.view_id).collect();
    assert_eq!(ids, [Some(1), Some(1), Some(2), Some(2)]);
}

/// The report of a mount that was asked for as `app.views.V`.
fn mount_of(class: &str) -> Seen {
    let mut report = told(
        1,
        "mount",
        None,
        None,
        &json!([{"type": "mount", "version": 1, "t_us": 5}]),
    );
    report["class"] = json!(class);
    probe(50, report)
}

#[test]
fn a_view_of_another_class_is_another_view() {
    // Whatever the wire calls it: another name, or the name of a class that is known.
    for (class_of_mount, known) in [
        ("app.views.Other", "app.views.X"),
        ("app.views.inner.V", "app.views.V"),
    ] {
        let mut frames = vec![probe(0, class(known, 3))];
        frames.extend(mounted(1, "s"));
        frames.push(probe(40, class(class_of_mount, 3)));
        frames.push(mount_of(class_of_mount));
        frames.extend(mounted(2, "t"));
        let written = assemble(frames);
        let classes: Vec<_> = views(&written).into_iter().map(|(_, class, _)| class).collect();
        assert_eq!(classes, ["app.views.V", class_of_mount, "app.views.V"]);
    }
}

#[test]
fn a_view_that_is_asked_for_by_another_name_is_one_view() {
    let renamed = |seen: Seen| match seen {
        Seen::Probe { t_us, report } => Seen::Probe {
            t_us,
            report: match report {
                ProbeReport::Message {
                    pid,
                    message: ProbeMessage::Turn(mut turn),
                } => {
                    turn.class = Some("app.views.inner.V".to_owned());
                    ProbeReport::Message {
                        pid,
                        message: ProbeMessage::Turn(turn),
                    }
                }
                other => other,
            },
        },
        other => other,
    };
    let mut frames = mounted(1, "s");
    frames.push(probe(40, class("app.views.inner.V", 3)));
    frames.push(mount_of("app.views.inner.V"));
    frames.extend(event_turns([1, 2]).into_iter().map(renamed));
    frames.extend(mounted(2, "t"));
    let written = assemble(frames);
    assert_eq!(
        views(&written),
        [(1, "app.views.inner.V", true), (2, "app.views.inner.V", true)]
    );
    let ids: Vec<_> = written.turns.values().map(|turn| turn.view_id).collect();
    assert_eq!(ids, [Some(1), Some(1), Some(1), Some(2)]);
}

#[test]
fn the_last_report_of_a_socket_that_has_ended_makes_no_second_view() {
    let mut frames = vec![probe(0, class("app.views.V", 3))];
    frames.extend(mounted(1, "s"));
    let mut last = event_turns([1]);
    let report = last.pop().unwrap();
    frames.extend(last);
    frames.push(Seen::Closed {
        connection: 1,
        t_us: 10_025,
    });
    frames.push(report);
    let written = assemble(frames);
    assert_eq!(views(&written), [(1, "app.views.V", true)]);
    assert_eq!(written.turns[&2].view_id, Some(1));
    assert!(written.turns[&2].after.is_some());
}

#[test]
fn a_turn_without_a_render_has_no_names_of_one() {
    let mut frames = mounted(1, "s");
    let (mut without, with) = (
        told(1, "tick", Some("tick"), None, &json!([])),
        told(2, "tick", Some("tick"), None, &json!([])),
    );
    (without["context"], without["rendered"]) = (Value::Null, Value::Null);
    frames.extend([probe(4000, without), probe(4000, with)]);
    let written = assemble(frames);
    let count = Some(vec!["count".to_owned()]);
    assert_eq!(
        (&written.turns[&2].context, &written.turns[&2].rendered),
        (&None, &None)
    );
    assert_eq!(
        (&written.turns[&3].context, &written.turns[&3].rendered),
        (&count, &count)
    );
}

#[test]
fn a_report_with_null_for_an_empty_list_is_understood() {
    let mut report = told(1, "tick", Some("tick"), None, &json!([]));
    for name in ["context", "rendered", "spans", "logs", "missing"] {
        report[name] = Value::Null;
    }
    let mut frames = mounted(1, "s");
    frames.push(probe(4000, report));
    assert_eq!(
        assemble(frames).lines()[1],
        "tick tick - -> silent changed=count,_secret []"
    );
}

#[test]
fn a_socket_beside_the_proxy_is_said_to_be_one() {
    let written = assemble([probe(1000, told(1, "event", Some("go"), Some(1), &json!([])))]);
    assert_eq!(written.turns[&1].connection, None);
    assert!(written.turns[&1].missing[0].contains("did not go through the proxy"));
}

/// A request of the POST fallback, answered.
pub fn exchange(method: &str, status: u16, answer: &str) -> HttpExchange {
    HttpExchange {
        http: 9,
        turn: None,
        t_us: 900,
        duration_us: Some(700),
        method: method.to_owned(),
        url: "/counter/".to_owned(),
        status,
        request_headers: vec![("X-Djust-Event".to_owned(), "increment".to_owned())],
        response_headers: Vec::new(),
        request_body: HttpBody {
            length: 7,
            bytes: br#"{"n":1}"#.to_vec(),
            redacted: false,
        },
        response_body: HttpBody {
            length: answer.len() as u64,
            bytes: answer.as_bytes().to_vec(),
            redacted: false,
        },
        error: None,
    }
}

#[test]
fn a_first_render_is_tied_to_its_request_by_port() {
    let mut report = told(1, "mount", None, None, &json!([]));
    report["transport"] = json!("http");
    report["client"] = json!(["127.0.0.1", 40001]);
    for report_first in [true, false] {
        let ended = Seen::HttpEnded {
            exchange: Box::new(exchange("GET", 200, "<html>")),
        };
        let began = Seen::HttpBegan { http: 9, port: 40001 };
        let session = if report_first {
            vec![began, probe(1500, report.clone()), ended]
        } else {
            vec![began, ended, probe(1700, report.clone())]
        };
        let mut hello = vec![probe(0, json!({"type": "hello", "protocol": 1, "pid": 7}))];
        hello.extend(session);
        let written = assemble(hello);
        let turn = &written.turns[&1];
        assert_eq!(
            (turn.kind, turn.outcome, turn.http),
            (TurnKind::Mount, Outcome::Mounted, Some(9))
        );
        let linked = written.entries.iter().rev().find_map(|entry| match entry {
            Entry::Http(exchange) => exchange.turn,
            Entry::HttpTurn { turn, .. } => Some(*turn),
            _ => None,
        });
        assert_eq!(linked, Some(1));
    }
}

/// What a page embeds is reported before the page: the request is the page's all the same.
#[test]
fn a_request_belongs_to_the_page_and_not_to_what_it_embeds() {
    let of = |seq: u64, view: &str, parent: Option<&str>| {
        let mut report = told(seq, "mount", None, None, &json!([]));
        report["transport"] = json!("http");
        report["client"] = json!(["127.0.0.1", 40001]);
        report["view"] = json!(view);
        report["parent"] = json!(parent);
        report["before"] = Value::Null;
        probe(1500, report)
    };
    let written = assemble(vec![
        probe(0, json!({"type": "hello", "protocol": 2, "pid": 7})),
        Seen::HttpBegan { http: 9, port: 40001 },
        of(1, "7-2", Some("7-1")),
        of(2, "7-3", Some("7-1")),
        of(3, "7-1", None),
        Seen::HttpEnded {
            exchange: Box::new(exchange("GET", 200, "<html>")),
        },
    ]);
    let exchanges: Vec<_> = written.turns.values().map(|turn| turn.http).collect();
    assert_eq!(exchanges, [None, None, Some(9)]);
}

#[test]
fn a_fallback_event_is_a_turn_even_without_a_probe() {
    let answer = r#"{"patches": [{"type": "SetText", "path": [0], "text": "1"}], "version": 2}"#;
    let written = assemble([Seen::HttpEnded {
        exchange: Box::new(exchange("POST", 200, answer)),
    }]);
    assert_eq!(written.lines(), ["event increment - -> patched patches=1 v2 []"]);
    assert_eq!(written.turns[&1].params, json!({"n": 1}));
    let refused = assemble([Seen::HttpEnded {
        exchange: Box::new(exchange("POST", 403, "no")),
    }]);
    assert_eq!(
        refused.lines(),
        ["event increment - -> error error=\"HTTP status 403\" []"]
    );
}
