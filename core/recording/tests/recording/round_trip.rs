use djscope_recording::filter::Filter;
use djscope_recording::model::{DebugSource, DebugState, Outcome, TurnKind};
use djscope_recording::{BodySide, Entry, Keyframe, Reader};
use serde_json::json;

use crate::sample;

#[test]
fn every_kind_of_entry_reads_back_as_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("all.djscope");
    sample::record(&path, sample::everything());
    let reader = Reader::open(&path).unwrap();
    let detail = reader.turn(1).unwrap().unwrap();
    for entry in sample::everything() {
        match entry {
            Entry::Connection(connection) => {
                assert_eq!(detail.connection.as_ref(), Some(&connection));
                assert_eq!(reader.connections().unwrap(), [connection]);
            }
            Entry::View(view) => {
                assert_eq!(detail.view.as_ref(), Some(&view));
                assert_eq!(reader.views().unwrap(), [view]);
            }
            Entry::Source(source) => {
                assert_eq!(reader.sources().unwrap().len(), 1);
                assert_eq!(reader.source(&source.hash).unwrap(), Some(*source));
                assert_eq!(reader.source("unknown").unwrap(), None);
            }
            Entry::Turn(turn) => assert_eq!(detail.turn, *turn),
            Entry::Frame(frame) => assert!(detail.frames.contains(&frame), "{frame:?}"),
            Entry::Patches { patches, .. } => assert_eq!(detail.patches, patches),
            Entry::Spans { spans, .. } => assert_eq!(detail.spans, spans),
            Entry::Log(log) => {
                assert_eq!(detail.logs, std::slice::from_ref(&log));
                assert_eq!(reader.logs(0, 10).unwrap(), [log]);
            }
            Entry::Http(mut http) => {
                let body = |side| reader.http_body(1, side).unwrap().unwrap();
                assert_eq!(body(BodySide::Request), http.request_body.bytes);
                assert_eq!(body(BodySide::Response), http.response_body.bytes);
                http.request_body.bytes.clear();
                http.response_body.bytes.clear();
                assert_eq!(detail.http.as_ref(), Some(&*http));
                assert_eq!(reader.http(0, 10).unwrap().rows, [*http]);
            }
            Entry::Keyframe(keyframe) => assert_eq!(reader.dom(1).unwrap().unwrap().html, keyframe.html),
            Entry::Finding(finding) => {
                assert_eq!(reader.findings(0, 10).unwrap(), std::slice::from_ref(&finding));
                assert_eq!(reader.findings_of_turn(1).unwrap(), [finding]);
            }
            Entry::Meta { key, value } => assert_eq!(reader.meta().unwrap()[&key], value),
            Entry::HttpTurn { http, turn } => {
                assert_eq!(reader.http_exchange(http).unwrap().unwrap().turn, Some(turn));
            }
            Entry::Snapshot(_) => {}
        }
    }
    assert_eq!(detail.before.unwrap().public["count"], json!(1));
    let after = detail.after.unwrap();
    assert_eq!(after.public.keys().collect::<Vec<_>>(), ["count", "items"]);
    assert_eq!(after.private["_secret"], json!({"$decimal": "1.20"}));
    assert_eq!(detail.changes.len(), 1);
    let shown = [detail.debug.before, detail.debug.after].map(|state| state.unwrap().public);
    assert_eq!(
        shown,
        [3, 4].map(|number| sample::shown(number, number - 2).public)
    );
    assert_eq!(reader.verify().unwrap(), Vec::<String>::new());
    assert_eq!(reader.problems(), Vec::<String>::new());
}

#[test]
fn what_djust_showed_is_in_the_list_where_no_probe_reported() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("shown.djscope");
    let shown = |number, changed| {
        let mut turn = sample::turn(number);
        turn.changed = changed;
        turn.debug_state = Some(DebugState {
            source: DebugSource::TimeTravel,
            before: None,
            before_turn: None,
            after: None,
            changed: Some(vec!["total".to_owned()]),
        });
        Entry::Turn(Box::new(turn))
    };
    sample::record(
        &path,
        vec![
            shown(1, None),
            shown(2, Some(Vec::new())),
            Entry::Turn(Box::new(sample::turn(3))),
        ],
    );
    let reader = Reader::open(&path).unwrap();
    let rows = reader.turns(&Filter::all(), 0, 10).unwrap().rows;
    let likely: Vec<_> = rows.into_iter().map(|row| row.likely_changed).collect();
    assert_eq!(likely, [Some(vec!["total".to_owned()]), None, None]);
    for (text, count) in [("key:total", 1), ("key:tot*l", 1), ("key:*", 2), ("-key:*", 1)] {
        let found = reader.turns(&Filter::parse(text).unwrap(), 0, 10).unwrap();
        assert_eq!(found.rows.len(), count, "{text}");
    }
    let source = reader
        .turn_record(1)
        .unwrap()
        .unwrap()
        .debug_state
        .unwrap()
        .source;
    assert_eq!(source, DebugSource::TimeTravel);
}

#[test]
fn rows_and_totals_count_what_belongs_to_a_turn() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rows.djscope");
    // Spans and findings may come before their turn.
    let mut entries = sample::everything();
    entries.reverse();
    entries.sort_by_key(|entry| !matches!(entry, Entry::Snapshot(delta) if delta.base.is_none()));
    sample::record(&path, entries);
    let reader = Reader::open(&path).unwrap();
    let page = reader.turns(&Filter::all(), 0, 10).unwrap();
    assert_eq!(page.total, 1);
    let row = &page.rows[0];
    assert_eq!(
        (row.queries, row.findings, row.cause.as_str()),
        (1, 1, "increment")
    );
    assert_eq!(row.error.as_deref(), Some("boom"));
    let totals = reader.totals().unwrap();
    assert_eq!(
        (totals.turns, totals.frames, totals.findings, totals.logs),
        (1, 2, 1, 1)
    );
    assert!(totals.is_ended);
    assert_eq!(totals.span_us, 1_004_120);
}

#[test]
fn the_last_record_of_a_turn_counts() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("twice.djscope");
    let mut begun = sample::turn(1);
    begun.outcome = Outcome::Unanswered;
    let spans = Entry::Spans {
        turn: 1,
        spans: sample::spans(),
    };
    sample::record(
        &path,
        vec![
            Entry::Turn(Box::new(begun)),
            spans,
            Entry::Turn(Box::new(sample::turn(1))),
        ],
    );
    let reader = Reader::open(&path).unwrap();
    let page = reader.turns(&Filter::all(), 0, 10).unwrap();
    assert_eq!(
        (page.total, page.rows[0].outcome, page.rows[0].queries),
        (1, Outcome::Patched, 1)
    );
}

#[test]
fn the_page_of_a_turn_starts_at_the_nearest_keyframe_of_its_view() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dom.djscope");
    let mut entries = Vec::new();
    for number in 1..=20 {
        let mut turn = sample::turn(number);
        turn.view_id = Some(1 + number % 2);
        entries.push(Entry::Turn(Box::new(turn)));
        entries.push(Entry::Patches {
            turn: number,
            patches: vec![sample::patch(number, 0)],
        });
        if number == 4 || number == 10 {
            let html = format!("<p>{number}</p>");
            entries.push(Entry::Keyframe(Keyframe {
                turn: number,
                connection: Some(1),
                view_id: Some(1),
                html,
            }));
        }
    }
    sample::record(&path, entries);
    let reader = Reader::open(&path).unwrap();
    let batches = |turn| {
        let dom = reader.dom(turn).unwrap()?;
        Some((
            dom.html,
            dom.batches.iter().map(|batch| batch.turn).collect::<Vec<_>>(),
        ))
    };
    assert_eq!(batches(2), None, "before the first keyframe");
    assert_eq!(batches(3), None, "a view without one");
    assert_eq!(batches(4), Some(("<p>4</p>".to_owned(), vec![])));
    assert_eq!(batches(8), Some(("<p>4</p>".to_owned(), vec![6, 8])));
    assert_eq!(batches(16), Some(("<p>10</p>".to_owned(), vec![12, 14, 16])));
}

#[test]
fn the_same_body_is_stored_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bodies.djscope");
    let script: Vec<u8> = (0..200_000u32)
        .flat_map(|i| (i.wrapping_mul(2_654_435_761)).to_le_bytes())
        .collect();
    let entries = (1..=50).map(|number| {
        let mut http = sample::http();
        http.http = number;
        http.response_body.bytes.clone_from(&script);
        Entry::Http(Box::new(http))
    });
    sample::record(&path, entries.collect());
    assert!(std::fs::metadata(&path).unwrap().len() < 2 * script.len() as u64);
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.http_body(50, BodySide::Response).unwrap().unwrap(), script);
    assert_eq!(reader.http(48, 10).unwrap().rows.len(), 2);
    assert_eq!(reader.http_body(51, BodySide::Response).unwrap(), None);
}

#[test]
fn turns_are_found_by_number_time_and_place() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("seek.djscope");
    let entries = (1..=100).map(|number| {
        let mut turn = sample::turn(number);
        turn.connection = Some(1 + number % 3);
        if number % 10 == 0 {
            turn.kind = TurnKind::Tick;
            turn.outcome = Outcome::Noop;
        }
        Entry::Turn(Box::new(turn))
    });
    sample::record(&path, entries.collect());
    let reader = Reader::open(&path).unwrap();
    let ticks = Filter::parse("kind:tick").unwrap();
    assert_eq!(reader.turn_at(4_500_000).unwrap(), Some(4));
    assert_eq!(reader.turn_at(0).unwrap(), None);
    assert_eq!(reader.turn_after(20, &ticks).unwrap(), Some(30));
    assert_eq!(reader.turn_before(20, &ticks).unwrap(), Some(10));
    assert_eq!(reader.turn_before(10, &ticks).unwrap(), None);
    assert_eq!(reader.turn_position(35, &ticks).unwrap(), 3);
    let of_connection = reader.turns_of_connection(2, 50, 3).unwrap();
    assert_eq!(
        of_connection.iter().map(|row| row.turn).collect::<Vec<_>>(),
        [52, 55, 58]
    );
    let page = reader.turns(&ticks, 8, 10).unwrap();
    assert_eq!((page.total, page.rows.len()), (10, 2));
    let overview = reader.overview(10).unwrap();
    assert_eq!(
        overview
            .columns
            .iter()
            .map(|column| column.ok + column.quiet)
            .sum::<u32>(),
        100
    );
    assert_eq!(
        overview.columns.iter().map(|column| column.quiet).sum::<u32>(),
        10
    );
    assert_eq!(overview.columns[0].first_turn, Some(1));
}
