//! The engine's results are those of djust.

use std::collections::HashMap;
use std::time::Instant;

use djscope_engine::lines::{Request, answer};
use djscope_oracle::{Oracle, cases, pages, runner};
use proptest::strategy::{Strategy, ValueTree};
use serde_json::{Value, json};

fn ours(request: Request, question: &Value) -> Value {
    let start = Instant::now();
    answer(request, question.to_string().as_bytes(), &|| {
        start.elapsed().as_secs_f64() * 1e6
    })
}

#[test]
fn patches_between_two_pages() {
    let mut oracle = Oracle::start("djust_engine.py");
    let mut runner = runner(1);
    let any = (pages::page(), pages::page());
    let changed = pages::page().prop_flat_map(|old| (proptest::strategy::Just(old.clone()), old.changed()));
    for _ in 0..cases() {
        for (old, new) in [
            any.new_tree(&mut runner).unwrap().current(),
            changed.new_tree(&mut runner).unwrap().current(),
        ] {
            let question = json!({"old": old.html(), "new": new.html()});
            let expected = oracle.ask(&question);
            let got = ours(Request::Diff, &question);
            assert_eq!(got["patches"], expected["patches"], "{question}");
        }
    }
}

/// Compares what two engines say of one page, whose new elements may have other numbers.
#[derive(Default)]
struct SameButForIds {
    /// djust's id to ours.
    ids: HashMap<String, String>,
}

impl SameButForIds {
    fn id(&mut self, theirs: &str, ours: &str) -> bool {
        self.ids
            .entry(theirs.to_owned())
            .or_insert_with(|| ours.to_owned())
            == ours
    }

    fn html(&mut self, theirs: &str, ours: &str) -> bool {
        let parts = |html: &str| html.split(" dj-id=\"").map(str::to_owned).collect::<Vec<_>>();
        let (theirs, ours) = (parts(theirs), parts(ours));
        theirs.len() == ours.len()
            && theirs[0] == ours[0]
            && theirs.iter().zip(&ours).skip(1).all(|(theirs, ours)| {
                let (their_id, theirs) = theirs.split_once('"').unwrap();
                let (our_id, ours) = ours.split_once('"').unwrap();
                theirs == ours && self.id(their_id, our_id)
            })
    }

    fn json(&mut self, key: &str, theirs: &Value, ours: &Value) -> bool {
        match (theirs, ours) {
            (Value::String(theirs), Value::String(ours)) => match key {
                "d" | "child_d" | "djust_id" | "dj-id" => self.id(theirs, ours),
                "html" => self.html(theirs, ours),
                _ => theirs == ours,
            },
            (Value::Array(theirs), Value::Array(ours)) => {
                theirs.len() == ours.len()
                    && theirs
                        .iter()
                        .zip(ours)
                        .all(|(theirs, ours)| self.json(key, theirs, ours))
            }
            (Value::Object(theirs), Value::Object(ours)) => {
                theirs.len() == ours.len()
                    && theirs
                        .iter()
                        .all(|(key, value)| ours.get(key).is_some_and(|ours| self.json(key, value, ours)))
            }
            _ => theirs == ours,
        }
    }
}

/// Compares a session, step by step.
pub fn compare_session(question: &Value, expected: &Value, got: &Value) {
    let mut same = SameButForIds::default();
    let steps = expected["steps"].as_array().unwrap();
    assert_eq!(
        got["steps"].as_array().map(Vec::len),
        Some(steps.len()),
        "{question}\n{got}"
    );
    for (number, (expected, got)) in steps.iter().zip(got["steps"].as_array().unwrap()).enumerate() {
        assert!(
            same.json("patches", &expected["patches"], &got["patches"]),
            "step {number} of {question}\ndjust {}\nours  {}",
            expected["patches"],
            got["patches"]
        );
        assert!(
            same.html(expected["html"].as_str().unwrap(), got["html"].as_str().unwrap()),
            "step {number} of {question}\ndjust {}\nours  {}",
            expected["html"],
            got["html"]
        );
        assert_eq!(expected["version"], got["version"]);
    }
}

/// Templates with what a state change can hit: text, attributes, conditions, loops with and without keys, nesting.
const TEMPLATES: &[&str] = &[
    "<div dj-root><h1>{{ t }}</h1>{% if a %}<p>{{ x }}</p>{% elif b %}<i>{{ x }}</i>{% else %}none{% endif %}<ul>\
     {% for row in rows %}<li dj-key=\"{{ row.id }}\" class=\"{% if row.on %}on{% endif %}\">{{ row.n }}\
     {% if row.on %}<b>!</b>{% endif %}</li>{% empty %}<li>empty</li>{% endfor %}</ul><p>{{ x }} tail</p></div>",
    "<div dj-root>{% for row in rows %}<span dj-key=\"{{ row.id }}\">{{ row.n }}</span> {% endfor %}<em>{{ rows|length }}</em></div>",
    "<div dj-root><p title=\"{{ t }}\">{{ a }}</p><p>{{ b }}</p><p>{{ t|upper }}: {{ x }}</p><textarea>{{ x }}</textarea>\
     <input value=\"{{ x }}\"></div>",
    "<section dj-root>{% if a %}<div>A</div>{% endif %}{% if b %}<div>B</div>{% endif %}{% with y=x %}<p>{{ y }}</p>{% endwith %}\
     {% for row in rows %}{% for c in row.n %}<u>{{ c }}</u>{% endfor %}<hr>{% endfor %}</section>",
    "<div dj-root>\n<table><thead><tr><th>{{ t }}</th></tr></thead>\n<tbody>\n{% for row in rows %}<tr dj-key=\"{{ row.id }}\">\
     <td>{{ forloop.counter }}</td><td>{{ row.n }}</td></tr>\n{% endfor %}</tbody></table>\n<p>{{ rows|length }} rows</p></div>",
    "<div dj-root>{% for row in rows reversed %}<p>{{ row.n }}{% if row.on %}<b>{{ x }}</b>{% endif %}</p>{% endfor %}\
     {% if a and not b %}{{ x }}{% endif %}</div>",
    "<div dj-root class=\"{% if a %}on{% else %}off{% endif %}\">{% for row in rows %}{{ row.n }}, {% endfor %}<b>{{ x|default:\"-\" }}</b></div>",
];

const TEXTS: &[&str] = &[
    "x", "hello", "a & b", "é ↑", "1 < 2", "tail ", " lead", "\u{a0}", "", "0",
];

fn rows() -> impl Strategy<Value = Value> {
    let row = (
        proptest::sample::select(vec!["aa", "b", "<c>", "é"]),
        proptest::bool::ANY,
    );
    let keys = proptest::sample::subsequence((0..10).collect::<Vec<i32>>(), 0..7).prop_shuffle();
    (keys, proptest::collection::vec(row, 7)).prop_map(|(keys, rows)| {
        keys.iter()
            .zip(rows)
            .map(|(id, (n, on))| json!({"id": id, "n": n, "on": on}))
            .collect()
    })
}

/// A template and the states that it goes through.
fn sessions() -> impl Strategy<Value = Value> {
    let state = (
        proptest::sample::select(TEXTS),
        proptest::bool::ANY,
        proptest::bool::ANY,
        proptest::sample::select(TEXTS),
        rows(),
    );
    let names = proptest::sample::subsequence(vec!["t", "a", "b", "x", "rows"], 1..3);
    let steps = proptest::collection::vec((state, names), 2..8);
    (proptest::sample::select(TEMPLATES), proptest::bool::ANY, steps).prop_map(
        |(template, loop_cache, steps)| {
            let steps: Vec<Value> = steps
                .into_iter()
                .enumerate()
                .map(|(number, ((t, a, b, x, rows), names))| {
                    let mut state = json!({"t": t, "a": a, "b": b, "x": x, "rows": rows});
                    if number == 0 {
                        return json!({"state": state, "changed": null});
                    }
                    state
                        .as_object_mut()
                        .unwrap()
                        .retain(|name, _| names.contains(&name.as_str()));
                    json!({"state": state, "changed": names})
                })
                .collect();
            json!({"template": template, "loop_cache": loop_cache, "steps": steps})
        },
    )
}

#[test]
fn views_through_their_states() {
    let mut oracle = Oracle::start("djust_engine.py");
    let mut runner = runner(2);
    for _ in 0..cases() {
        let mut question = sessions().new_tree(&mut runner).unwrap().current();
        let expected = oracle.ask(&question);
        compare_session(&question, &expected, &ours(Request::Session, &question));
        question["full"] = json!(true);
        compare_session(&question, &expected, &ours(Request::Session, &question));
    }
}
