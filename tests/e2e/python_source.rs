//! Tests that are made out of turns, as Python reads them: no text of a recording can end the literal or the remark that it
//! is in.

use std::io::Write;
use std::process::{Command, Stdio};

use djscope_recording::model::{Exception, Outcome, Snapshot, Turn, TurnDetail, TurnKind, changes_between};
use djscope_report::pytest::{Expect, Test, text};
use djscope_report::python::literal::{bytes, remark, string};
use djscope_tests::project;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

/// What Python's own parser makes of source: the kinds of statements of each module, and what it evaluates.
const READER: &str = r#"
import ast, json, sys

def told(source):
    module = ast.parse(source)
    kinds = [type(each).__name__ for each in module.body]
    kinds += [type(each).__name__ for each in ast.walk(module) if isinstance(each, (ast.Import, ast.ImportFrom, ast.Call))]
    values = {}
    for each in module.body:
        if isinstance(each, ast.Assign) and each.targets[0].id != "FILL_IN":
            try:
                values[each.targets[0].id] = ast.literal_eval(each.value)
            except ValueError:
                pass
    return {"kinds": kinds, "values": {k: v for k, v in values.items() if isinstance(v, (dict, list, str))}}

for line in sys.stdin:
    print(json.dumps(told(json.loads(line))))
"#;

/// Asks Python about sources, one process for all of them.
fn read(sources: &[String]) -> Vec<Value> {
    let mut child = Command::new(project::program("python"))
        .args(["-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let lines: String = sources
        .iter()
        .map(|source| format!("{}\n", json!(source)))
        .collect();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> = answers
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), sources.len(), "{said}");
    answers
}

/// Texts that are meant to break out, and any other.
fn hostile() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        Just("'".to_owned()),
        Just("\"".to_owned()),
        Just("\"\"\"".to_owned()),
        Just("'''".to_owned()),
        Just("\\".to_owned()),
        Just("\n".to_owned()),
        Just("\r".to_owned()),
        Just("\n    import os\n".to_owned()),
        Just("#".to_owned()),
        Just("\\N{BULLET}".to_owned()),
        Just("{page}".to_owned()),
        Just("{view}".to_owned()),
        Just("{user}\n".to_owned()),
        Just("[redacted".to_owned()),
        Just("\0\u{c}\u{b}\u{1c}\u{85}\u{2028}\u{202e}\u{feff}".to_owned()),
        "\\PC{0,8}",
        any::<String>(),
    ];
    vec(parts, 0..5).prop_map(|parts| parts.concat())
}

fn typed() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        hostile().prop_map(Value::String),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (
            prop_oneof![
                Just("$decimal"),
                Just("$datetime"),
                Just("$uuid"),
                Just("$safe"),
                Just("$int"),
                Just("$float"),
                Just("$bytes")
            ],
            hostile()
        )
            .prop_map(|(tag, text)| json!({tag: text})),
        (hostile(), hostile())
            .prop_map(|(class, name)| json!({"$object": {"type": class, "fields": {name: 1}}})),
        (hostile(), hostile())
            .prop_map(|(app, model)| json!({"$model": {"app": app, "model": model, "pk": 1, "fields": {}}})),
        (hostile(), hostile()).prop_map(|(kind, text)| json!({"$repr": {"type": kind, "text": text}})),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            btree_map(hostile(), inner.clone(), 0..4).prop_map(|map| json!(map)),
            vec(inner.clone(), 0..3).prop_map(|items| json!({"$tuple": items})),
            (inner.clone(), inner).prop_map(|(key, value)| json!({"$dict": [[key, value]]})),
        ]
    })
}

fn some<T>(count: usize, strategy: impl Strategy<Value = T>) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    (0..count)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect()
}

#[test]
fn a_literal_is_the_text_that_it_was() {
    let texts = some(2000, hostile());
    let sources: Vec<String> = texts
        .iter()
        .map(|text| {
            format!(
                "# {}\nx = {}\ny = {}.decode()\n\"\"\"{}\"\"\"\n",
                remark(text),
                string(text),
                bytes(text.as_bytes()),
                remark(text)
            )
        })
        .collect();
    for ((text, source), told) in texts.iter().zip(&sources).zip(read(&sources)) {
        assert_eq!(told["values"]["x"], json!(text), "{source}");
        assert_eq!(
            told["kinds"],
            json!(["Assign", "Assign", "Expr", "Call"]),
            "{source}"
        );
    }
    let sources: Vec<String> = texts
        .iter()
        .map(|text| format!("x = list({})", bytes(text.as_bytes())))
        .collect();
    read(&sources);
}

/// A turn all of whose texts come from a stranger.
#[derive(Debug)]
struct Stranger {
    texts: Vec<String>,
    values: Vec<Value>,
}

fn module(stranger: &Stranger) -> (String, Value) {
    let text_of = |index: usize| stranger.texts[index].clone();
    let mut turn = Turn::begun(17, TurnKind::Event, 0);
    turn.event = Some(text_of(0));
    turn.outcome = Outcome::Error;
    turn.error = Some(text_of(1));
    turn.exception = Some(Exception {
        class: text_of(2),
        message: text_of(3),
        ..Exception::default()
    });
    let mut before = Snapshot::default();
    before.public.insert(text_of(4), stranger.values[0].clone());
    before.private.insert(text_of(5), stranger.values[1].clone());
    before.public.insert("total".to_owned(), json!(1));
    let mut after = Snapshot::default();
    after.public.insert(text_of(4), stranger.values[2].clone());
    after
        .public
        .insert("total".to_owned(), stranger.values[2].clone());
    let detail = TurnDetail {
        changes: changes_between(&before, &after),
        before: Some(before),
        after: Some(after),
        ..TurnDetail::of(turn)
    };
    let event = json!({"type": "event", "event": text_of(0), "params": {text_of(6): text_of(7)}});
    let mount = json!({"type": "mount", "view": "a.B", "url": text_of(8), "params": {}});
    let test = Test {
        recording: &stranger.texts[9],
        recorded_at: "now",
        detail: &detail,
        view: "a.B",
        mount: mount.as_object().unwrap().clone(),
        user: json!(stranger.texts[10]),
        settings: Some(&stranger.texts[11]),
        has_database: true,
        kept: None,
        earlier: Vec::new(),
        event: Some(event.clone()),
        expects: vec![
            Expect::Recorded,
            Expect::UpToDate,
            Expect::NoError,
            Expect::HtmlContains(text_of(12)),
        ],
        is_default: false,
        minimised: text_of(13),
        unsteady: vec![(text_of(4), text_of(14))],
    };
    (text(&test).unwrap(), event)
}

#[test]
fn a_module_from_a_stranger_holds_nothing_else() {
    let strangers = some(
        300,
        (vec(hostile(), 15), vec(typed(), 3)).prop_map(|(texts, values)| Stranger { texts, values }),
    );
    let modules: Vec<(String, Value)> = strangers.iter().map(module).collect();
    let sources: Vec<String> = modules.iter().map(|(source, _)| source.clone()).collect();
    let is_masked = |event: &Value| event.to_string().contains("[redacted");
    let mut whole = 0;
    for ((source, event), told) in modules.iter().zip(read(&sources)) {
        if !is_masked(event) {
            assert_eq!(told["values"]["EVENT"], *event, "{source}");
            whole += 1;
        }
        let kinds = told["kinds"].as_array().unwrap();
        let count = |kind: &str| kinds.iter().filter(|each| *each == kind).count();
        assert_eq!(count("ClassDef"), 1, "{source}");
        assert_eq!(count("If"), 1, "{source}");
        // Of the test's own; classes of values are imported by name besides.
        assert_eq!(count("Import"), 4, "{source}");
    }
    assert!(whole > 100, "{whole}");
}
