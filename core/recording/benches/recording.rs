//! How fast a recording is written and read. Builds a recording of 100,000 turns once, and one of a large state.

#![allow(clippy::unwrap_used, reason = "a bench that cannot do its work should stop")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use criterion::Criterion;
use djscope_recording::filter::Filter;
use djscope_recording::model::{Direction, FrameRecord, Opcode, Outcome, Span, SpanKind, Turn, TurnKind};
use djscope_recording::{Entry, Reader, SnapshotDelta, Writer, WriterOptions};
use serde_json::{Value, json};

/// Turns of the long recording; two frames of about 1 KB each.
const TURNS: u64 = 100_000;

/// Turns of the recording with a list of about 1 MB that changes a little each turn.
const LARGE_TURNS: u64 = 1_000;

/// Names of a state beside the one that changes.
const NAMES: u64 = 30;

fn main() {
    let directory = tempfile::tempdir().unwrap();
    let long = directory.path().join("long.djscope");
    let large = directory.path().join("large.djscope");
    write_long(&long);
    write_large(&large);
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    reading_long(&mut criterion, &long);
    reading_large(&mut criterion, &large);
    criterion.final_summary();
}

fn write_long(path: &Path) {
    let begun = Instant::now();
    let mut waited = Duration::ZERO;
    let writer = Writer::create(path, WriterOptions::default()).unwrap();
    for number in 1..=TURNS {
        // Making the entries is not the writer's work.
        let making = Instant::now();
        let entries = turn_entries(number);
        waited += making.elapsed();
        for entry in entries {
            writer.write(entry);
        }
    }
    let summary = writer.finish().unwrap();
    assert_eq!(summary.health.dropped(), 0, "{:?}", summary.health.error);
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "written: {TURNS} turns with {} frames, states and spans in {seconds:.2} s = {:.0} frames/s ({:.2} s of it making \
         entries), {} MB",
        2 * TURNS,
        (2 * TURNS) as f64 / seconds,
        waited.as_secs_f64(),
        summary.health.size_bytes / 1_000_000
    );
}

fn turn_entries(number: u64) -> Vec<Entry> {
    let turn = Turn {
        turn: number,
        kind: TurnKind::Event,
        connection: Some(1 + number % 4),
        view_id: Some(1 + number % 4),
        view: Some("app.views.ProductList".to_owned()),
        event: Some(["search", "increment", "select", "sort"][(number % 4) as usize].to_owned()),
        params: json!({"value": format!("text {}", number % 1000)}),
        reference: Some(number as i64),
        t_us: number as i64 * 10_000,
        duration_us: Some(1_000 + number % 40_000),
        outcome: if number.is_multiple_of(50) {
            Outcome::Noop
        } else {
            Outcome::Patched
        },
        changed: Some(vec!["count".to_owned(), format!("name{}", number % NAMES)]),
        patches: Some(2),
        version: Some(number as i64),
        before: (number > 1).then(|| number - 1),
        after: Some(number),
        context: Some(vec!["count".to_owned(), "items".to_owned()]),
        rendered: Some(vec!["count".to_owned()]),
        djust: None,
        debug_state: None,
        handed: None,
        changed_keys: None,
        work: djscope_recording::model::ServerWork::default(),
        error: number.is_multiple_of(500).then(|| "ValueError: boom".to_owned()),
        exception: None,
        full_html: None,
        sent: Vec::new(),
        http: None,
        missing: Vec::new(),
    };
    let mut delta = SnapshotDelta {
        snapshot: number,
        base: turn.before,
        ..SnapshotDelta::default()
    };
    let text = |number: u64| {
        json!(format!(
            "a value that is too long to stand in a manifest, for example number {number}"
        ))
    };
    if number == 1 {
        delta
            .public
            .extend((0..NAMES).map(|name| (format!("name{name}"), text(name))));
    }
    delta.public.insert("count".to_owned(), json!(number));
    delta
        .public
        .insert(format!("name{}", number % NAMES), text(number));
    let frame = |frame, direction| {
        let item = |i: u64| {
            format!(
                "{{\"type\":\"SetText\",\"path\":[0,1,{i}],\"text\":\"item {}\"}}",
                i * number
            )
        };
        let patches: Vec<String> = (0..18).map(item).collect();
        let payload = format!(
            "{{\"type\":\"patch\",\"version\":{number},\"patches\":[{}]}}",
            patches.join(",")
        );
        Entry::Frame(FrameRecord {
            frame,
            connection: 1 + number % 4,
            turn: Some(number),
            t_us: number as i64 * 10_000,
            direction,
            opcode: Opcode::Text,
            kind: "patch".to_owned(),
            length: payload.len() as u64,
            payload,
            redacted: Vec::new(),
            cut: false,
        })
    };
    let span = |span, kind, name: &str| Span {
        span,
        parent: None,
        kind,
        name: name.to_owned(),
        start_us: 100 * i64::from(span),
        duration_us: 80,
        detail: Value::Null,
    };
    let spans = vec![
        span(0, SpanKind::Handler, "search"),
        span(
            1,
            SpanKind::Sql,
            "SELECT id, name FROM product WHERE name LIKE %s",
        ),
        span(2, SpanKind::Render, "render"),
    ];
    vec![
        frame(2 * number - 1, Direction::ToServer),
        Entry::Snapshot(delta),
        frame(2 * number, Direction::ToBrowser),
        Entry::Spans { turn: number, spans },
        Entry::Turn(Box::new(turn)),
    ]
}

/// About 1 MB as JSON: 6,000 products.
fn products() -> Vec<Value> {
    let product = |i: u64| {
        json!({"id": i, "name": format!("Product {}", i.wrapping_mul(0x9e37_79b9_7f4a_7c15)), "price": {"$decimal": format!("{}.50", i % 90)},
               "stock": i % 17, "category": "tools and other things", "is_active": i.is_multiple_of(3), "url": format!("/products/{i}/")})
    };
    (0..6_000).map(product).collect()
}

fn write_large(path: &Path) {
    let mut items = products();
    let size = serde_json::to_string(&items).unwrap().len();
    let begun = Instant::now();
    let writer = Writer::create(path, WriterOptions::default()).unwrap();
    for number in 1..=LARGE_TURNS {
        let place = (number * 7919 % 6_000) as usize;
        items[place]["stock"] = json!(number);
        let mut delta = SnapshotDelta {
            snapshot: number,
            base: (number > 1).then(|| number - 1),
            ..SnapshotDelta::default()
        };
        delta
            .public
            .insert("items".to_owned(), Value::Array(items.clone()));
        writer.write(Entry::Snapshot(delta));
        for entry in turn_entries(number)
            .into_iter()
            .filter(|entry| matches!(entry, Entry::Turn(_)))
        {
            writer.write(entry);
        }
    }
    let summary = writer.finish().unwrap();
    assert_eq!(summary.health.dropped(), 0, "{:?}", summary.health.error);
    println!(
        "written: {LARGE_TURNS} states with a list of {size} bytes, each different, in {:.2} s, {:.1} KB a state",
        begun.elapsed().as_secs_f64(),
        summary.health.size_bytes as f64 / LARGE_TURNS as f64 / 1000.0
    );
}

fn reading_long(criterion: &mut Criterion, path: &PathBuf) {
    criterion.bench_function("100k turns: open to the first page", |bench| {
        bench.iter(|| Reader::open(path).unwrap().turns(&Filter::all(), 0, 100).unwrap());
    });
    let reader = Reader::open(path).unwrap();
    let mut turn = 1;
    criterion.bench_function("100k turns: everything about any turn", |bench| {
        bench.iter(|| {
            turn = (turn * 48_271) % TURNS + 1;
            reader.turn(turn).unwrap().unwrap()
        });
    });
    for text in [
        "kind:event ms>20",
        "key:name7",
        "-outcome:patched or error:*",
        "/text 77/",
        "query:product",
    ] {
        criterion.bench_function(
            &format!("100k turns: open, count and page of `{text}`"),
            |bench| {
                let filter = Filter::parse(text).unwrap();
                bench.iter(|| Reader::open(path).unwrap().turns(&filter, 1_000, 100).unwrap());
            },
        );
    }
    criterion.bench_function("100k turns: last page", |bench| {
        bench.iter(|| reader.turns(&Filter::all(), TURNS - 100, 100).unwrap());
    });
    criterion.bench_function("100k turns: overview in 500 columns", |bench| {
        bench.iter(|| reader.overview(500).unwrap());
    });
    criterion.bench_function("100k turns: totals", |bench| {
        bench.iter(|| reader.totals().unwrap());
    });
}

fn reading_large(criterion: &mut Criterion, path: &PathBuf) {
    let mut turn = 1;
    let mut next = move || {
        turn = (turn * 48_271) % LARGE_TURNS + 1;
        turn
    };
    criterion.bench_function("1 MB list: the full state of any turn", |bench| {
        let reader = Reader::open(path).unwrap();
        bench.iter_with_large_drop(|| reader.snapshot(next()).unwrap().unwrap());
    });
    criterion.bench_function("1 MB list: the full state of any turn, just opened", |bench| {
        bench.iter_with_large_drop(|| Reader::open(path).unwrap().snapshot(next()).unwrap().unwrap());
    });
    criterion.bench_function("1 MB list: only parsing it as JSON", |bench| {
        let text = serde_json::to_string(&products()).unwrap();
        bench.iter_with_large_drop(|| serde_json::from_str::<Value>(&text).unwrap());
    });
    criterion.bench_function("1 MB list: before and after any turn", |bench| {
        let reader = Reader::open(path).unwrap();
        bench.iter_with_large_drop(|| reader.state(next()).unwrap());
    });
}
