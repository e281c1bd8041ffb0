//! What every client can rely on, in the hub's own process and over a socket.

use std::time::{Duration, Instant};

use djscope_hub::model::{FindingCode, Scope, TurnId};
use djscope_hub::{
    Answer, Ask, Command, ErrorCode, Event, Job, MAX_ANSWER_BYTES, Message, Node, PayloadPiece, Query,
    Request, Side, SourcePiece, StateView,
};

use crate::stand::{BOTH, LONG, Stand, Transport, begun, command, heard, raised, rich, tick, total};

#[test]
fn questions_have_answers_and_errors_have_codes() {
    for transport in BOTH {
        let stand = Stand::of((1..=300).map(begun).chain([raised(301)]).collect());
        let mut user = stand.user(transport);
        assert_eq!(total(&mut user, ""), 301);
        assert_eq!(total(&mut user, "kind:event"), 1);
        let mut ask = |query: Query| user.query(query);
        let position = ask(Query::Position {
            filter: "kind:tick".to_owned(),
            turn: 17,
        });
        assert_eq!(
            position,
            Ok(Answer::Position {
                position: 16,
                matches: true
            })
        );
        let missing = ask(Query::Position {
            filter: "kind:tick".to_owned(),
            turn: 301,
        });
        assert_eq!(
            missing,
            Ok(Answer::Position {
                position: 300,
                matches: false
            })
        );
        let after = Query::TurnsAfter {
            filter: String::new(),
            after: 299,
            limit: 10,
        };
        let Ok(Answer::Rows(rows)) = ask(after) else {
            panic!()
        };
        assert_eq!(
            rows.iter().map(|row| row.turn).collect::<Vec<TurnId>>(),
            [300, 301]
        );
        let Ok(Answer::Turn(summary)) = ask(Query::Turn { turn: 301 }) else {
            panic!()
        };
        assert_eq!((summary.subject.as_str(), summary.chain.len()), ("save", 6));
        assert!(summary.verdict.unwrap().headline.starts_with("ValueError"));
        for (query, code) in [
            (Query::Turn { turn: 999 }, ErrorCode::NotFound),
            (Query::Payload { frame: 9, from: 0 }, ErrorCode::NotFound),
            (
                Query::Turns {
                    filter: "kin:tick".to_owned(),
                    from: 0,
                    limit: 1,
                },
                ErrorCode::BadFilter,
            ),
        ] {
            assert_eq!(ask(query).unwrap_err().code, code);
        }
        let paused = command(&mut user, Command::Pause { paused: true });
        assert_eq!(paused.unwrap_err().code, ErrorCode::NotLive);
    }
}

#[test]
fn parts_come_in_pieces_that_make_the_whole() {
    for transport in BOTH {
        let stand = Stand::of(rich());
        let mut user = stand.user(transport);
        let Ok(Answer::Turn(summary)) = user.query(Query::Turn { turn: 1 }) else {
            panic!()
        };
        assert!(serde_json::to_string(&summary).unwrap().len() < MAX_ANSWER_BYTES);
        let mut all = |query: fn(u64) -> Query| {
            let (mut seen, mut answers) = (0, 0);
            loop {
                let answer = user.query(query(seen)).unwrap();
                assert!(serde_json::to_string(&answer).unwrap().len() <= MAX_ANSWER_BYTES + 100);
                let (from, rows, total) = match &answer {
                    Answer::Patches(page) => (page.from, page.rows.len(), page.total),
                    Answer::Frames(page) => (page.from, page.rows.len(), page.total),
                    Answer::Spans(page) => (page.from, page.rows.len(), page.total),
                    Answer::Logs(page) => (page.from, page.rows.len(), page.total),
                    Answer::Payload(PayloadPiece { piece, .. }) => {
                        (piece.from, piece.text.len(), piece.total)
                    }
                    Answer::Processes(page) => (page.from, page.rows.len(), page.total),
                    Answer::Source(SourcePiece { piece, .. }) => (piece.from, piece.text.len(), piece.total),
                    other => panic!("{other:?}"),
                };
                assert_eq!(from, seen);
                seen += rows as u64;
                answers += 1;
                if seen == total {
                    return (seen, answers);
                }
            }
        };
        assert!(matches!(
            all(|from| Query::Patches { turn: 1, from }),
            (3_000, 2..)
        ));
        assert_eq!(all(|from| Query::Frames { turn: 1, from }), (1, 1));
        assert_eq!(all(|from| Query::Spans { turn: 1, from }), (400, 1));
        assert!(matches!(all(|from| Query::Logs { turn: 1, from }), (1_000, 2..)));
        assert!(matches!(
            all(|from| Query::Payload { frame: 1, from }),
            (600_000, 5)
        ));
        let source = |from| Query::Source {
            hash: "9f86d0".to_owned(),
            from,
        };
        assert!(matches!(all(source), (360_000, 3)));
        assert!(matches!(all(|from| Query::Processes { from }), (6, 2..)));
        let unknown = Query::Source {
            hash: "none".to_owned(),
            from: 0,
        };
        assert_eq!(user.query(unknown).unwrap_err().code, ErrorCode::NotFound);
        let value = Query::Value {
            turn: 1,
            side: Side::After,
            scope: Scope::Public,
            path: ["rows", "4999", "name"].map(str::to_owned).to_vec(),
        };
        let Ok(Answer::Value { json, length }) = user.query(value) else {
            panic!()
        };
        assert_eq!((json.as_str(), length), ("\"row 4999\"", 10));
        let find = Query::FindInState {
            turn: 1,
            text: "ROW 4999".to_owned(),
            limit: 5,
        };
        let Ok(Answer::Paths(paths)) = user.query(find) else {
            panic!()
        };
        assert_eq!(
            paths,
            [(
                Scope::Public,
                ["rows", "4999", "name"].map(str::to_owned).to_vec()
            )]
        );
        let Ok(Answer::WholeTurn { detail, .. }) = user.query(Query::WholeTurn { turn: 1 }) else {
            panic!()
        };
        assert_eq!(detail.unwrap().patches.len(), 3_000);
    }
}

#[test]
fn the_tree_of_a_state_is_shown_where_one_looks() {
    for transport in BOTH {
        let stand = Stand::of(rich());
        let mut user = stand.user(transport);
        let mut page = |view: &StateView, from: u64, limit: u32| {
            let query = Query::State {
                turn: 1,
                view: view.clone(),
                from,
                limit,
            };
            match user.query(query).unwrap() {
                Answer::State(page) => page,
                other => panic!("{other:?}"),
            }
        };
        let closed = page(&StateView::default(), 0, 100);
        // Two heads, query, rows, _count.
        assert_eq!((closed.total, closed.rows.len()), (5, 5));
        let found = page(
            &StateView {
                reveal: Some(djscope_hub::parts::path_of(&[
                    "rows".to_owned(),
                    "4321".to_owned(),
                    "name".to_owned(),
                ])),
                ..StateView::default()
            },
            0,
            10,
        );
        assert_eq!((found.total, found.revealed), (5 + 5_000 + 3, Some(4_326)));
        let open = StateView {
            flipped: found.flipped,
            ..StateView::default()
        };
        let there = page(&open, 4_326, 1);
        let [Node::Entry { name, after, .. }] = &there.rows[..] else {
            panic!("{there:?}")
        };
        assert_eq!(
            (name.as_str(), after.as_ref().unwrap().text.as_str()),
            ("name", "'row 4321'")
        );
    }
}

#[test]
fn each_client_watches_its_own_turn() {
    for (one, other) in [
        (Transport::Process, Transport::Socket),
        (Transport::Socket, Transport::Process),
        (Transport::Socket, Transport::Socket),
    ] {
        let stand = Stand::of(vec![begun(1), begun(2)]);
        let (mut one, mut other) = (stand.user(one), stand.user(other));
        command(&mut one, Command::Watch { turn: Some(1) }).unwrap();
        command(&mut other, Command::Watch { turn: Some(2) }).unwrap();
        for number in [1, 2] {
            let mut turn = tick(number);
            turn.error = Some(format!("broke {number}"));
            stand.write(djscope_recording::Entry::Turn(Box::new(turn)));
        }
        for (user, number) in [(&mut one, 1), (&mut other, 2)] {
            let summary = heard(user, |event| match event {
                Event::Turn(summary) => Some(summary),
                _ => None,
            });
            assert_eq!(summary.turn.turn, number);
            assert_eq!(summary.turn.error, Some(format!("broke {number}")));
        }
        // Nobody hears of what they no longer watch.
        command(&mut one, Command::Watch { turn: None }).unwrap();
        let mut turn = tick(1);
        turn.error = Some("broke again".to_owned());
        stand.write(djscope_recording::Entry::Turn(Box::new(turn)));
        heard(&mut one, |event| match event {
            Event::Turn(summary) => panic!("{summary:?}"),
            Event::Turns { first: 1, last: 1 } => Some(()),
            _ => None,
        });
    }
}

/// Somebody who takes nothing costs a few messages, however much happens, and nobody else waits for them.
#[test]
fn a_slow_client_slows_nobody_and_holds_little() {
    for transport in BOTH {
        let stand = Stand::of(vec![begun(1)]);
        let (mut slow, _) = stand.client(transport);
        for id in 1..=200 {
            let query = Ask::Query(Query::Turn { turn: 1 });
            slow.send(Request { id, ask: query }).unwrap();
        }
        let mut user = stand.user(transport);
        for number in 2..=400 {
            stand.write(begun(number));
        }
        assert_eq!(total(&mut user, ""), 400);
        let since = Instant::now();
        let (mut replies, mut events) = (0, 0);
        while replies < 200 {
            for message in slow.receive() {
                match message {
                    Message::Reply(reply) => {
                        replies += 1;
                        assert!(reply.into_result().is_ok());
                    }
                    Message::Event(_) => events += 1,
                }
            }
            assert!(since.elapsed() < LONG, "{replies} replies");
            std::thread::sleep(Duration::from_millis(1));
        }
        // 400 commits, of which it hears in bundles: what it could not take was replaced by what is newer.
        assert!(events < 150, "{events} events waited");
    }
}

#[test]
fn a_flood_of_requests_is_refused_and_others_are_served() {
    for transport in BOTH {
        let stand = Stand::of((1..=50).map(begun).collect());
        let (mut flood, _) = stand.client(transport);
        let mut user = stand.user(transport);
        let (mut refused, mut sent) = (0, 0);
        for id in 1..=20_000 {
            let query = Ask::Query(Query::WholeTurn { turn: 1 + id % 50 });
            match flood.send(Request { id, ask: query }) {
                Ok(()) => sent += 1,
                Err(error) => {
                    assert!(
                        [ErrorCode::Busy, ErrorCode::ConnectionLost].contains(&error.code),
                        "{error:?}"
                    );
                    refused += 1;
                }
            }
            if id % 4_000 == 0 {
                assert_eq!(total(&mut user, ""), 50);
            }
        }
        assert!(
            refused > 15_000 || transport == Transport::Socket,
            "{sent} were taken"
        );
        let heard = flood.receive();
        assert!(heard.len() <= 2_000, "{} wait", heard.len());
        assert_eq!(total(&mut user, ""), 50);
    }
}

#[test]
fn a_request_that_waits_can_be_given_up() {
    for transport in BOTH {
        let stand = Stand::of(rich());
        let (mut client, bell) = stand.client(transport);
        for id in 1..=20 {
            let ask = Ask::Query(Query::WholeTurn { turn: 1 });
            client.send(Request { id, ask }).unwrap();
        }
        client
            .send(Request {
                id: 100,
                ask: Ask::Command(Command::Cancel { request: 20 }),
            })
            .unwrap();
        let since = Instant::now();
        let mut of_last = None;
        let mut answered = 0;
        while answered < 21 {
            assert!(since.elapsed() < LONG, "{answered} replies");
            bell.wait(LONG);
            for message in client.receive() {
                if let Message::Reply(reply) = message {
                    answered += 1;
                    if reply.id == 20 {
                        of_last = Some(reply.into_result());
                    }
                }
            }
        }
        assert_eq!(of_last.unwrap().unwrap_err().code, ErrorCode::Cancelled);
    }
}

#[test]
fn a_job_reports_and_ends() {
    for transport in BOTH {
        let stand = Stand::of((1..=600).map(raised).collect());
        let mut user = stand.user(transport);
        let Ok(Answer::Started { job }) = command(&mut user, Command::Start { job: Job::Diagnose }) else {
            panic!()
        };
        let (mut last, mut found) = (0, 0);
        let end = heard(&mut user, |event| match event {
            Event::Progress(progress) if progress.job == job => {
                assert!(progress.done >= last && progress.total == 600);
                last = progress.done;
                None
            }
            Event::Findings(findings) => {
                found += findings.len();
                None
            }
            Event::Ended(end) if end.job == job => Some(end),
            _ => None,
        });
        assert!(end.is_complete && end.message.is_none(), "{end:?}");
        assert!(found >= 600);
        let stop = command(&mut user, Command::Stop { job });
        assert_eq!(stop.unwrap_err().code, ErrorCode::NotFound, "it has ended");
    }
}

#[test]
fn a_job_can_be_stopped_and_ends_with_its_client() {
    for transport in BOTH {
        let stand = Stand::of((1..=3_000).map(raised).collect());
        let mut gone = stand.user(transport);
        for _ in 0..4 {
            command(&mut gone, Command::Start { job: Job::Diagnose }).unwrap();
        }
        let mut user = stand.user(transport);
        let busy = command(&mut user, Command::Start { job: Job::Diagnose });
        let is_busy = busy.is_err_and(|error| error.code == ErrorCode::Busy);
        drop(gone);
        // The jobs of a client that has gone make room for others.
        let since = Instant::now();
        let job = loop {
            match command(&mut user, Command::Start { job: Job::Diagnose }) {
                Ok(Answer::Started { job }) => break job,
                Ok(other) => panic!("{other:?}"),
                Err(error) => assert_eq!(error.code, ErrorCode::Busy),
            }
            assert!(since.elapsed() < LONG, "was busy: {is_busy}");
            std::thread::sleep(Duration::from_millis(2));
        };
        if command(&mut user, Command::Stop { job }).is_ok() {
            let end = heard(&mut user, |event| match event {
                Event::Ended(end) if end.job == job => Some(end),
                _ => None,
            });
            assert!(!end.is_complete);
        }
    }
}

/// Who watches a turn of a saved recording before the rules have looked at it hears what they find.
#[test]
fn a_watched_turn_hears_of_its_findings() {
    for transport in BOTH {
        let stand = Stand::of((1..=2_000).map(raised).collect());
        let mut user = stand.user(transport);
        command(&mut user, Command::Watch { turn: Some(2_000) }).unwrap();
        let since = Instant::now();
        let has_findings = |user: &mut _| matches!(djscope_hub::Waiting::query(user, Query::Turn { turn: 2_000 }), Ok(Answer::Turn(summary)) if !summary.findings.is_empty());
        if !has_findings(&mut user) {
            let summary = heard(&mut user, |event| match event {
                Event::Turn(summary) if !summary.findings.is_empty() => Some(summary),
                _ => None,
            });
            assert_eq!(summary.turn.turn, 2_000);
        }
        assert!(since.elapsed() < LONG);
    }
}

/// A saved recording is looked at by the rules as soon as it is open, and never written.
#[test]
fn findings_of_a_saved_recording_are_made_on_opening() {
    for transport in BOTH {
        let stand = Stand::of(vec![begun(1), raised(2), begun(3), raised(4)]);
        let before = std::fs::read(&stand.path).unwrap();
        let mut user = stand.user(transport);
        let since = Instant::now();
        while total(&mut user, "finding:handler-raised") < 2 {
            assert!(since.elapsed() < LONG);
            std::thread::sleep(Duration::from_millis(2));
        }
        let Ok(Answer::Turn(summary)) = user.query(Query::Turn { turn: 2 }) else {
            panic!()
        };
        let [finding] = &summary.findings[..] else {
            panic!("{summary:?}")
        };
        assert_eq!(finding.code, FindingCode::HandlerRaised);
        let all = Query::Findings {
            turn: None,
            from: 1,
            limit: 10,
        };
        let Ok(Answer::Findings(found)) = user.query(all) else {
            panic!()
        };
        assert_eq!(
            found.iter().map(|finding| finding.turn).collect::<Vec<_>>(),
            [Some(4)]
        );
        assert_eq!(std::fs::read(&stand.path).unwrap(), before);
    }
}
