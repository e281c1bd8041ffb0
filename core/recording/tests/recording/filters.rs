use djscope_recording::filter::{Filter, HELP};
use djscope_recording::model::{Outcome, Turn, TurnKind};
use djscope_recording::{Entry, Reader};
use proptest::prelude::*;
use serde_json::json;

use crate::sample;

/// Five turns that differ in everything a filter can ask for.
fn turns() -> Vec<Entry> {
    let of = |number, change: &dyn Fn(&mut Turn)| {
        let mut turn = sample::turn(number);
        change(&mut turn);
        Entry::Turn(Box::new(turn))
    };
    vec![
        of(1, &|turn| {
            turn.kind = TurnKind::Mount;
            turn.outcome = Outcome::Mounted;
            turn.event = None;
            turn.changed = None;
            turn.patches = None;
            turn.view = Some("shop.views.ProductList".to_owned());
        }),
        of(2, &|turn| {
            turn.event = Some("search".to_owned());
            turn.params = json!({"value": "50% off_"});
            turn.changed = Some(vec!["items".to_owned(), "item_count".to_owned()]);
            turn.duration_us = Some(25_000);
        }),
        of(3, &|turn| {
            turn.outcome = Outcome::Error;
            turn.error = Some("ValueError: boom".to_owned());
            turn.connection = Some(2);
        }),
        of(4, &|turn| {
            turn.kind = TurnKind::Tick;
            turn.event = None;
            turn.outcome = Outcome::Noop;
            turn.patches = Some(0);
            turn.changed = Some(Vec::new());
        }),
        of(5, &|turn| turn.event = Some("two words".to_owned())),
        Entry::Spans {
            turn: 5,
            spans: sample::spans(),
        },
        Entry::Finding(djscope_recording::model::Finding {
            turn: Some(5),
            ..sample::finding()
        }),
        Entry::Log(djscope_recording::model::LogRecord {
            turn: Some(4),
            ..sample::log()
        }),
    ]
}

#[test]
fn each_term_finds_its_turns() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("filters.djscope");
    sample::record(&path, turns());
    let reader = Reader::open(&path).unwrap();
    let cases: &[(&str, &[u64])] = &[
        ("", &[1, 2, 3, 4, 5]),
        ("kind:event", &[2, 3, 5]),
        ("kind:EVENT", &[2, 3, 5]),
        ("-kind:event", &[1, 4]),
        ("kind!=event", &[1, 4]),
        ("kind:t*", &[4]),
        ("outcome:noop | outcome:error", &[3, 4]),
        ("outcome:noop or outcome:error", &[3, 4]),
        ("handler:search", &[2]),
        ("event:sea*", &[2]),
        ("event:*", &[2, 3, 5]),
        ("-event:*", &[1, 4]),
        ("event:\"two words\"", &[5]),
        ("key:items", &[2]),
        ("key:item", &[]),
        ("key:item*", &[2]),
        ("key:*count", &[2, 3, 5]),
        ("key:i*count", &[2]),
        ("key:i*s", &[2]),
        ("key:*", &[2, 3, 5]),
        ("view:ProductList", &[1]),
        ("view:views.ProductList", &[1]),
        ("view:List", &[]),
        ("view:*List", &[1]),
        ("error:*", &[3]),
        ("error:boom", &[3]),
        ("-error:boom", &[1, 2, 4, 5]),
        ("finding:*", &[5]),
        ("finding:dje*", &[5]),
        ("finding:other", &[]),
        ("log:warning", &[4]),
        ("log:*", &[4]),
        ("query:product", &[5]),
        ("params:50%", &[2]),
        ("params:\"off_\"", &[2]),
        ("ms>20", &[2]),
        ("ms<=4.12", &[1, 3, 4, 5]),
        ("patches=0", &[4]),
        ("sql>0", &[5]),
        ("sql:1", &[5]),
        ("findings>=1", &[5]),
        ("t>3.5", &[4, 5]),
        ("turn>1 turn<4", &[2, 3]),
        ("conn:2", &[3]),
        ("connection!=2", &[1, 2, 4, 5]),
        ("version=3 ref:5 kind:mount", &[1]),
        ("search", &[2]),
        ("SEARCH", &[2]),
        ("boom", &[3]),
        ("/50% off/", &[2]),
        ("/item_c/", &[2]),
        ("/value/", &[2, 3]),
        ("(kind:mount | kind:tick) -kind:mount", &[4]),
        ("kind:event and -(search | boom)", &[5]),
    ];
    for (filter, wanted) in cases {
        let parsed = Filter::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
        let page = reader.turns(&parsed, 0, 100).unwrap();
        let found: Vec<u64> = page.rows.iter().map(|row| row.turn).collect();
        assert_eq!(found, *wanted, "{filter}");
        assert_eq!(page.total, wanted.len() as u64, "{filter}");
        let again = Filter::parse(&parsed.to_string()).unwrap();
        assert_eq!(again, parsed, "{filter} printed as {parsed}");
    }
    assert_eq!(reader.problems(), Vec::<String>::new());
}

#[test]
fn a_mistake_is_named_placed_and_explained() {
    let mistakes = [
        "handlr:search",
        "kind:evnt",
        "kind:bananas",
        "ms>fast",
        "ms>20ms",
        "t>2s",
        "kind>event",
        "key:",
        "ms=",
        "(kind:event",
        "kind:event)",
        "kind:event |",
        "| a",
        "\"open",
        "/open",
        "//",
        "- a",
        "zzzzzz:1",
        "()",
    ];
    let told: Vec<String> = mistakes
        .iter()
        .map(|text| {
            let error = Filter::parse(text).unwrap_err();
            let hint = error
                .hint
                .as_ref()
                .map_or_else(String::new, |hint| format!("\nhint: {hint}"));
            format!("{}\n{error}{hint}\n", error.caret())
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn every_key_is_in_the_help() {
    for key in [
        "kind",
        "outcome",
        "handler",
        "event",
        "key",
        "view",
        "error",
        "finding",
        "log",
        "query",
        "params",
        "ms",
        "patches",
        "sql",
        "findings",
        "t",
        "turn",
        "connection",
        "conn",
        "version",
        "ref",
    ] {
        assert!(
            HELP.contains(&format!("{key}:"))
                || HELP.contains(&format!("{key}>"))
                || HELP.contains(&format!("{key}=")),
            "{key}"
        );
    }
}

#[test]
fn what_nests_too_deep_or_is_too_long_is_refused() {
    for text in [
        "(".repeat(1000),
        "-".repeat(1000) + "a",
        "a ".repeat(900),
        "a".repeat(3000),
    ] {
        assert!(Filter::parse(&text).is_err());
    }
}

proptest! {
    #[test]
    fn any_text_parses_or_says_why(text in ".{0,60}") {
        if let Err(error) = Filter::parse(&text) {
            prop_assert!(error.column >= 1 && !error.caret().is_empty());
        }
    }

    #[test]
    fn what_parses_prints_as_what_parses_the_same(
        text in r#"((kind:event|ms>2\.5|-|\(|\)|\||or|and|/a b/|"q\\"r"|key:i\*|error!=x|word|t<=3|é) ?){1,12}"#
    ) {
        if let Ok(filter) = Filter::parse(&text) {
            let printed = filter.to_string();
            prop_assert_eq!(Filter::parse(&printed), Ok(filter), "{}", printed);
        }
    }
}

/// As deep as a filter may nest, it is printed as one that may nest as deep.
#[test]
fn the_deepest_filters_are_printed_as_filters() {
    let deep = |open: &str, inner: &str, close: &str, times: usize| {
        format!("{}{inner}{}", open.repeat(times), close.repeat(times))
    };
    for text in [
        format!("'|\nZ\n{}\",\"\n--------*---", "-".repeat(32)),
        deep("-(a ", "kind!=event", ")", 16),
        deep("(a | b ", "-kind:event", ")", 32),
        deep("-(a | b ", "-x", ")", 16),
        deep("-", "kind!=event", "", 32),
    ] {
        let filter = Filter::parse(&text).unwrap();
        let printed = filter.to_string();
        assert_eq!(Filter::parse(&printed).as_ref(), Ok(&filter), "{text}: {printed}");
    }
    assert!(Filter::parse(&deep("-", "x", "", 40)).is_err());
}
