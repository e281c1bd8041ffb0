//! Real sessions (`core/wire/fixtures`), table cases, and interleaving.

use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use djscope_capture::turns::{Message, Seen};
use djscope_recording::model::{ConnectionId, Direction, Micros, Outcome, TurnKind};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::playbook::{assemble, down, mounted, opened, up};

fn session(name: &str, connection: ConnectionId) -> Vec<Seen> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../wire/fixtures/{name}.jsonl"));
    let mut session = vec![opened(connection)];
    for line in fs::read_to_string(path).unwrap().lines() {
        let frame: Value = serde_json::from_str(line).unwrap();
        let data = frame["data"].as_str().unwrap();
        let message = if frame["opcode"] == "text" {
            Message::Text {
                text: data.to_owned(),
                length: data.len() as u64,
            }
        } else {
            let bytes = STANDARD.decode(data).unwrap();
            Message::Binary {
                length: bytes.len() as u64,
                bytes,
            }
        };
        let direction = if frame["dir"] == "c2s" {
            Direction::ToServer
        } else {
            Direction::ToBrowser
        };
        let t_us = (frame["t_ms"].as_f64().unwrap() * 1000.0) as Micros;
        session.push(Seen::Message {
            connection,
            t_us,
            direction,
            message,
        });
    }
    session
}

#[test]
fn real_sessions() {
    let names = [
        "counter",
        "form",
        "rows",
        "tabs",
        "tick",
        "timetravel",
        "dje_g-no-kwargs",
        "dje_j-raises",
        "dje_o-dup-keys",
    ];
    let mut text = String::new();
    for name in names {
        let written = assemble(session(name, 1));
        text += &format!("{name}\n");
        for line in written.lines() {
            text += &format!("  {line}\n");
        }
        let events = session(name, 1).iter().filter(|seen| is_event(seen)).count();
        let turns: Vec<_> = written
            .turns
            .values()
            .filter(|turn| turn.kind == TurnKind::Event)
            .collect();
        assert_eq!(turns.len(), events, "{name}");
        assert!(
            turns.iter().all(|turn| turn.outcome != Outcome::Unanswered),
            "{name}"
        );
    }
    insta::assert_snapshot!(text);
}

fn is_event(seen: &Seen) -> bool {
    matches!(seen, Seen::Message { direction: Direction::ToServer, message: Message::Text { text, .. }, .. }
        if text.contains("\"event\"") && text.contains("\"params\""))
}

/// One case: what happens after the mount, and the lines that have to come of it.
fn case(frames: Vec<Seen>, expected: &[&str]) {
    let mut session = mounted(1, "s");
    session.extend(frames);
    assert_eq!(assemble(session).lines()[1..], *expected);
}

fn event(t_us: Micros, name: &str, reference: i64) -> Seen {
    up(
        1,
        t_us,
        &json!({"type": "event", "event": name, "params": {}, "ref": reference}),
    )
}

#[test]
fn errors_are_paired_by_order() {
    case(
        vec![
            event(100, "bad", 1),
            event(110, "good", 2),
            down(1, 200, &json!({"type": "error", "error": "no"})),
            down(
                1,
                300,
                &json!({"type": "patch", "patches": [], "version": 2, "ref": 2, "event_name": "good", "source": "event"}),
            ),
        ],
        &[
            "event bad ref=1 -> error error=\"no\" [event error]",
            "event good ref=2 -> empty_patch patches=0 v2 [event patch]",
        ],
    );
}

#[test]
fn ticks_and_broadcasts_are_turns_of_their_own_even_during_an_event() {
    case(
        vec![
            event(100, "slow", 1),
            down(
                1,
                150,
                &json!({"type": "patch", "patches": [{"type": "SetText", "path": [0], "text": "t"}], "version": 2, "source": "tick", "event_name": "tick"}),
            ),
            down(
                1,
                160,
                &json!({"type": "patch", "patches": [], "version": 3, "source": "broadcast", "broadcast": true}),
            ),
            down(
                1,
                300,
                &json!({"type": "noop", "ref": 1, "event_name": "slow", "source": "event"}),
            ),
        ],
        &[
            "event slow ref=1 -> noop [event noop]",
            "tick tick - -> patched patches=1 v2 [patch]",
            "push - - -> empty_patch patches=0 v3 [patch]",
        ],
    );
}

#[test]
fn background_work_ends_in_a_turn_of_its_own() {
    case(
        vec![
            event(100, "load", 1),
            down(
                1,
                150,
                &json!({"type": "patch", "patches": [], "version": 2, "ref": 1, "event_name": "load", "source": "event", "async_pending": true}),
            ),
            down(
                1,
                900_000,
                &json!({"type": "patch", "patches": [{"type": "SetText", "path": [0], "text": "t"}], "version": 3, "event_name": "load", "source": "async"}),
            ),
        ],
        &[
            "event load ref=1 -> empty_patch patches=0 v2 [event patch]",
            "async load - -> patched patches=1 v3 [patch]",
        ],
    );
}

#[test]
fn recovery_url_change_and_redirects() {
    case(
        vec![
            up(1, 100, &json!({"type": "request_html"})),
            down(
                1,
                150,
                &json!({"type": "html_recovery", "html": "<p></p>", "version": 2}),
            ),
            up(
                1,
                200,
                &json!({"type": "url_change", "params": {"tab": "a"}, "uri": "/?tab=a"}),
            ),
            down(
                1,
                250,
                &json!({"type": "patch", "patches": [], "version": 3, "event_name": "url_change"}),
            ),
            event(300_000, "go", 1),
            down(
                1,
                300_100,
                &json!({"type": "navigation", "action": "live_redirect", "path": "/next/", "replace": false}),
            ),
            down(
                1,
                300_200,
                &json!({"type": "noop", "ref": 1, "event_name": "go", "source": "event"}),
            ),
            up(
                1,
                300_300,
                &json!({"type": "live_redirect_mount", "view": "app.views.W", "params": {}, "url": "/next/"}),
            ),
            down(
                1,
                300_400,
                &json!({"type": "mount", "view": "app.views.W", "version": 4, "html": ""}),
            ),
        ],
        &[
            "recovery request_html - -> recovered v2 [request_html html_recovery]",
            "url_change url_change - -> empty_patch patches=0 v3 [url_change patch]",
            "event go ref=1 -> redirected [event navigation noop]",
            "mount live_redirect - -> mounted v4 [live_redirect_mount mount]",
        ],
    );
}

#[test]
fn side_frames_go_with_the_turn_that_is_worked_on() {
    case(
        vec![
            event(100_000, "save", 1),
            event(100_010, "next", 2),
            down(
                1,
                101_000,
                &json!({"type": "patch", "patches": [], "version": 2, "ref": 1, "event_name": "save", "source": "event"}),
            ),
            down(
                1,
                101_300,
                &json!({"type": "flash", "action": "put", "level": "info", "message": "Saved"}),
            ),
            down(
                1,
                101_400,
                &json!({"type": "push_event", "event": "saved", "payload": {}}),
            ),
            down(1, 109_000, &json!({"type": "flash", "action": "clear"})),
            down(
                1,
                110_000,
                &json!({"type": "noop", "ref": 2, "event_name": "next", "source": "event"}),
            ),
        ],
        &[
            "event save ref=1 -> empty_patch patches=0 v2 [event patch flash push_event]",
            "event next ref=2 -> noop [event flash noop]",
        ],
    );
}

#[test]
fn an_upload_is_one_turn() {
    let reference = "00010203-0405-0607-0809-0a0b0c0d0e0f";
    let mut chunk = vec![1];
    chunk.extend(0..16u8);
    chunk.extend([0, 0, 0, 0, b'x']);
    let binary = Message::Binary {
        length: chunk.len() as u64,
        bytes: chunk,
    };
    case(
        vec![
            up(
                1,
                100,
                &json!({"type": "upload_register", "upload_name": "doc", "ref": reference, "client_name": "a.txt", "client_size": 1}),
            ),
            down(
                1,
                150,
                &json!({"type": "upload_registered", "ref": reference, "upload_name": "doc"}),
            ),
            Seen::Message {
                connection: 1,
                t_us: 160,
                direction: Direction::ToServer,
                message: binary,
            },
            down(
                1,
                170,
                &json!({"type": "upload_progress", "ref": reference, "progress": 100, "status": "complete"}),
            ),
        ],
        &["upload doc - -> done [upload_register upload_registered upload upload_progress]"],
    );
}

#[test]
fn what_was_not_understood_is_not_lost() {
    case(
        vec![
            up(1, 10_000, &json!({"type": "of_the_future", "x": 1})),
            down(1, 10_500, &json!({"type": "also_new", "y": 2})),
            down(
                1,
                900_000,
                &json!({"type": "patch", "patches": [], "version": 2, "ref": 77, "event_name": "earlier", "source": "event"}),
            ),
            up(1, 900_100, &json!({"type": "ping"})),
            down(1, 900_200, &json!({"type": "pong"})),
        ],
        &[
            "other of_the_future - -> done [of_the_future also_new]",
            "event earlier ref=77 -> empty_patch patches=0 v2 [patch]",
        ],
    );
}

#[test]
fn an_event_that_is_never_answered_stays_open() {
    case(
        vec![
            event(100, "lost", 1),
            Seen::Closed {
                connection: 1,
                t_us: 200,
            },
        ],
        &["event lost ref=1 -> unanswered [event]"],
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// What one connection does has no influence on the turns of another.
    #[test]
    fn any_interleaving_of_two_connections_gives_the_same_turns(
        names in proptest::sample::subsequence(vec!["counter", "tabs", "tick", "timetravel", "form", "dje_j-raises"], 2),
        picks in proptest::collection::vec(any::<bool>(), 0..400),
    ) {
        let (first, second) = (session(names[0], 1), session(names[1], 2));
        let alone = [assemble(first.clone()).lines(), assemble(second.clone()).lines()];
        let (mut first, mut second) = (first.into_iter().peekable(), second.into_iter().peekable());
        let mut picks = picks.into_iter().chain(std::iter::repeat(true));
        let mut mixed = Vec::new();
        while first.peek().is_some() || second.peek().is_some() {
            let take_first = picks.next().unwrap_or(true) && first.peek().is_some() || second.peek().is_none();
            mixed.extend(if take_first { first.next() } else { second.next() });
        }
        let mut written = assemble(mixed);
        for (connection, alone) in [(1, &alone[0]), (2, &alone[1])] {
            let others: Vec<_> = written.turns.values().filter(|turn| turn.connection != Some(connection)).cloned().collect();
            for turn in &others {
                written.turns.remove(&turn.turn);
            }
            prop_assert_eq!(&written.lines(), alone);
            written.turns.extend(others.into_iter().map(|turn| (turn.turn, turn)));
        }
    }

    #[test]
    fn any_frames_in_any_order_are_safe(
        frames in proptest::collection::vec((any::<bool>(), 0usize..40, proptest::option::of(0i64..4), 0i64..3_000_000), 0..60),
    ) {
        let mut now = 100;
        let mut messages = mounted(1, "s");
        for (from_browser, kind, reference, pause) in frames {
            now += pause;
            let kinds = if from_browser { djscope_wire::ClientFrame::KINDS } else { djscope_wire::ServerFrame::KINDS };
            let mut frame = json!({"type": kinds[kind % kinds.len()], "event": "e", "event_name": "e", "view": "v",
                "session_id": "s", "patches": [], "entry": {"event_name": "e"}});
            if let Some(reference) = reference {
                frame["ref"] = json!(reference);
            }
            messages.push(if from_browser { up(1, now, &frame) } else { down(1, now, &frame) });
        }
        let count = messages.iter().filter(|seen| matches!(seen, Seen::Message { .. })).count();
        prop_assert_eq!(assemble(messages).frames.len(), count);
    }
}
