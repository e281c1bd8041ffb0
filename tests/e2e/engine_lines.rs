//! `djscope engine`: another tool sends lines and reads lines.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};

use djscope_tests::djscope;
use serde_json::{Value, json};

fn answers(request: &str, lines: &[u8]) -> Vec<Value> {
    let output = answered(request, lines);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
        .stdout
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

fn answered(request: &str, lines: &[u8]) -> Output {
    let mut child = Command::new(djscope::binary())
        .args(["engine", request])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines = lines.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&lines));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    output
}

#[test]
fn every_line_is_answered_in_order() {
    let lines = [
        json!({"templates": {"a": "{{ n|add:1 }}{% include 'b' %}", "b": "<{{ s }}>"}, "name": "a", "context": {"n": 1, "s": {"$safe": "<i>"}}}).to_string(),
        "not JSON".to_owned(),
        String::new(),
        json!({"templates": {"a": "x\n {% nope %}"}, "name": "a"}).to_string(),
        json!({"templates": {}, "name": "a"}).to_string(),
        r#"{"templates":{"a":"\ud800"},"name":"a"}"#.to_owned(),
        json!({"templates": {"a": "{{ d }}"}, "name": "a", "context": {"d": {"$decimal": "1.20"}}}).to_string(),
    ];
    let answers = answers("render", lines.join("\n").as_bytes());
    assert_eq!(answers.len(), 6);
    assert_eq!(answers[0]["output"], "2<<i>>");
    assert_eq!(answers[1]["error"], "InvalidLine");
    assert_eq!(answers[2]["error"], "TemplateSyntaxError");
    assert_eq!(
        (
            &answers[2]["template"],
            &answers[2]["line"],
            &answers[2]["column"]
        ),
        (&json!("a"), &json!(2), &json!(2))
    );
    assert_eq!(answers[3]["error"], "TemplateDoesNotExist");
    assert_eq!(
        answers[4]["error"], "InvalidLine",
        "half a surrogate pair is no text"
    );
    assert_eq!(answers[5]["output"], "1.20");
}

#[test]
fn patches_and_back() {
    let (old, new) = ("<div><p>a</p></div>", "<div><p class=\"b\">c</p><i>d</i></div>");
    let difference = &answers("diff", json!({"old": old, "new": new}).to_string().as_bytes())[0];
    assert_eq!(difference["patches"].as_array().unwrap().len(), 3);
    let line = json!({"html": old, "patches": difference["patches"]});
    let applied = &answers("apply", line.to_string().as_bytes())[0];
    assert_eq!(applied["failed"], json!([]));
    let html = "<div dj-id=\"0\"><p class=\"b\" dj-id=\"1\">c</p><i dj-id=\"2\">d</i></div>";
    assert_eq!(applied["html"], html);
}

#[test]
fn a_view_through_its_states() {
    let line = json!({"template": "<div dj-root>{% if a %}<b>{{ n }}</b>{% endif %}</div>", "steps": [
        {"state": {"a": false, "n": 1}, "changed": null},
        {"state": {"a": true}, "changed": ["a"]},
        {"state": {"n": 2}, "changed": ["a"]},
        {"state": {"n": 3}, "changed": ["n"]},
        {"state": {}, "changed": []},
    ]});
    let steps = &answers("session", line.to_string().as_bytes())[0]["steps"];
    let kinds: Vec<Value> = steps
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            step["patches"].as_array().map_or(Value::Null, |patches| {
                patches.iter().map(|patch| patch["type"].clone()).collect()
            })
        })
        .collect();
    assert_eq!(
        kinds,
        [
            Value::Null,
            json!(["InsertChild"]),
            json!(["SetText"]),
            json!(["SetText"]),
            json!([])
        ]
    );
    assert_eq!(steps[4]["version"], 5);
    assert!(steps[1]["us"].as_f64().unwrap() > 0.0);
}

#[test]
fn whoever_waits_for_an_answer_gets_it() {
    let mut child = Command::new(djscope::binary())
        .args(["engine", "diff"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for number in 0..3 {
        writeln!(
            input,
            "{}",
            json!({"old": "<p>a</p>", "new": format!("<p>{number}</p>")})
        )
        .unwrap();
        let mut answer = String::new();
        output.read_line(&mut answer).unwrap();
        assert!(answer.contains(&format!("\"text\":\"{number}\"")), "{answer}");
    }
    drop(output);
    // Nobody reads any more: that is no error of ours.
    for _ in 0..2000 {
        if writeln!(input, "{}", json!({"old": "<p>a</p>", "new": "<p>b</p>"})).is_err() {
            break;
        }
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn what_it_does_not_know() {
    for arguments in [
        &["engine"][..],
        &["engine", "nonsense"],
        &["engine", "diff", "extra"],
    ] {
        let output = djscope::run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}
