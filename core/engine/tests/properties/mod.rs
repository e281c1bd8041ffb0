//! Lines of other tools: every one has an answer, which is an object and says what was asked for or what is wrong.
#![allow(clippy::unwrap_used)]

use djscope_engine::lines::{Request, answer};
use djscope_oracle::pages::page;
use djscope_oracle::templates::source;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Everything that can be asked for.
pub const REQUESTS: &[Request] = &[Request::Render, Request::Diff, Request::Apply, Request::Session];

/// Pieces of lines.
pub const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "null",
    "true",
    "0",
    "-1",
    "1e400",
    "18446744073709551616",
    "\"a\"",
    "\"items\"",
    "\"$safe\"",
    "\"$datetime\"",
    "\"$decimal\"",
    "\"changed\"",
    "\"state\"",
    "\"path\"",
    "\"d\"",
    "\"index\"",
    "\"type\"",
    "\"MoveChild\"",
    "\"RemoveSubtree\"",
    "\"node\"",
    "\"children\"",
    "{{ a }}",
    "{% if a %}",
    "{% endif %}",
    "{% for x in items %}",
    "{% endfor %}",
    "{% include 'part' %}",
    "<p>",
    "</p>",
    "<li dj-key='1'>",
    "<!--dj-if id='if-1-0'-->",
    "<!--/dj-if-->",
    "\\u0000",
    "\\ud800",
    "\\\"",
    "é",
];

/// Fails unless the line is answered, each time in the same way.
pub fn line_is_answered(request: Request, line: &[u8]) -> Value {
    let given = answer(request, line, &|| 0.0);
    assert_eq!(given, answer(request, line, &|| 0.0));
    let expected = match request {
        Request::Render => "output",
        Request::Diff => "patches",
        Request::Apply => "html",
        Request::Session => "steps",
    };
    assert!(
        given.get(expected).is_some() || (given["error"].is_string() && given["message"].is_string()),
        "{given}"
    );
    given
}

/// Values of a context, as the probe encodes them.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(3),
        json!(-1.5),
        json!("<a> & b"),
        json!(1e300),
        json!(u64::MAX),
        json!({"$safe": "<b>x</b>"}),
        json!({"$unknown": 1}),
        json!({"$decimal": "1.50"}),
        json!({"$datetime": "2024-02-30T25:00:00"}),
    ]);
    leaf.prop_recursive(3, 12, 4, |inner| {
        let names = prop::sample::select(vec!["k", "n", "a", "items", "$safe", ""]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names, inner), 0..4).prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

fn state() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec!["a", "n", "x", "items", "d"]);
    prop::collection::vec((name, value()), 0..5).prop_map(|fields| fields.into_iter().collect())
}

/// A patch, of which nothing has to fit the page.
fn patch() -> impl Strategy<Value = Value> {
    let kind = prop::sample::select(djscope_wire::Patch::KINDS.to_vec());
    let id = || {
        prop::sample::select(vec![
            "0",
            "1",
            "2",
            "7",
            "zz",
            "-",
            "lYGhA16ahye",
            "lYGhA16ahyf",
            "",
        ])
    };
    let path = prop::collection::vec(0..4_u32, 0..4);
    let node = json!({"tag": "p", "attrs": {"dj-key": "3", "dj-id": "1"}, "key": "3",
        "children": [{"tag": "#text", "text": "t"}, {"tag": "i", "djust_id": "1"}]});
    let html = prop::sample::select(vec![
        "<!--dj-if id=\"if-1-0\"--><b dj-id=\"2\">x</b><!--/dj-if-->",
        "<td>1",
        "",
        "<!--/dj-if-->text",
    ]);
    let boundary = prop::sample::select(vec!["if-1-0", "if-0-0", "", "1"]);
    (kind, path, prop::option::of(id()), prop::option::of(id()), (0..5_u32, 0..5_u32), (html, boundary)).prop_map(
        move |(kind, path, d, child_d, (from, to), (html, boundary))| {
            json!({"type": kind, "path": path, "d": d, "child_d": child_d, "index": from, "from": from, "to": to,
                "id": boundary, "html": html, "node": node, "text": "t", "key": "3", "value": "v",
                "before_key": child_d, "patches": [{"type": "SetText", "path": [0], "text": "u"}]})
        },
    )
}

/// A line that is well-formed and asks for something that may not be there.
pub fn line() -> impl Strategy<Value = (Request, Value)> {
    let names = || {
        prop::option::of(prop::collection::vec(
            prop::sample::select(vec!["a", "n", "x", "d", "no"]),
            0..3,
        ))
    };
    prop_oneof![
        (source(), source(), state(), any::<bool>()).prop_map(|(page, part, context, autoescape)| {
            let line = json!({"templates": {"page": page, "part": part}, "name": "page", "context": context,
                "autoescape": autoescape, "string_if_invalid": "INVALID"});
            (Request::Render, line)
        }),
        (source(), page()).prop_map(|(old, new)| (Request::Diff, json!({"old": old, "new": new.html()}))),
        (page(), prop::collection::vec(patch(), 0..6))
            .prop_map(|(page, patches)| (Request::Apply, json!({"html": page.html(), "patches": patches}))),
        (
            source(),
            source(),
            prop::collection::vec((state(), names()), 0..4),
            any::<bool>()
        )
            .prop_map(|(page, part, steps, full)| {
                let steps: Vec<Value> = steps
                    .into_iter()
                    .map(|(state, changed)| json!({"state": state, "changed": changed}))
                    .collect();
                let template = format!("<div dj-root>{page}</div>");
                let line =
                    json!({"template": template, "templates": {"part": part}, "steps": steps, "full": full});
                (Request::Session, line)
            }),
    ]
}
