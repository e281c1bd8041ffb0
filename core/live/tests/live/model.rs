//! What the browser may set by `dj-model`.

use djscope_live::{ModelFields, ModelRefused};
use djscope_template::value::Value;
use djscope_template::{Libraries, Loader, MemoryLoader};
use serde_json::{Value as Json, json};

use djscope_oracle::Oracle;

fn fields(templates: &[(&str, &str)], allowed: &[&str]) -> ModelFields {
    let sources = templates
        .iter()
        .map(|(name, source)| ((*name).to_owned(), (*source).to_owned()));
    let loader = MemoryLoader::new(sources, &Libraries::django());
    let template = loader.load(templates[0].0, &[]).unwrap();
    ModelFields::of(&template, &loader, allowed)
}

fn names(fields: &ModelFields) -> Vec<String> {
    fields.names().map(str::to_owned).collect()
}

#[test]
fn what_a_template_binds() {
    let mut oracle = Oracle::start("djust_engine.py");
    for source in [
        "<input dj-model=\"q\">",
        "<input dj-model='q'>",
        "<input dj-model=\"{{ name }}\"><p>dj-model text</p>",
        "{% if a %}<input dj-model=\"a\">{% else %}{% for b in c %}<input type=text dj-model=\"b\">{% endfor %}{% endif %}",
        "<input data-dj-model=\"q\"><input dj-model=\"\"><input dj-modelled=\"z\">",
        "{{ \"dj-model='x'\" }}<input\ndj-model=\"y\">",
        "<p>no binding</p>",
    ] {
        let expected = oracle.ask(&json!({"model_fields_of": source}));
        assert_eq!(
            json!(names(&fields(&[("page", source)], &[]))),
            expected["fields"],
            "{source}"
        );
    }
}

#[test]
fn bindings_of_other_templates_and_with_modifiers() {
    let templates = [
        (
            "page",
            "{% extends 'base' %}{% block a %}<input dj-model.lazy=\"late\">{% endblock %}",
        ),
        (
            "base",
            "<input dj-model=\"top\">{% block a %}{% endblock %}{% include 'part' %}{% include name %}",
        ),
        ("part", "<input dj-model.debounce-500='slow'>{% include 'page' %}"),
    ];
    assert_eq!(
        names(&fields(&templates, &["also"])),
        ["also", "late", "slow", "top"]
    );
}

/// Field, value that is sent, value that is there, what is stored or why not.
type Write = (&'static str, Json, Option<Json>, Result<Json, ModelRefused>);

fn writes() -> Vec<Write> {
    let not = |expected: &str| {
        Err(ModelRefused::NotConvertible {
            expected: expected.to_owned(),
        })
    };
    vec![
        ("q", json!("x"), Some(json!("")), Ok(json!("x"))),
        ("q", json!(7), Some(json!("")), Ok(json!(7))),
        ("q", json!("7"), Some(json!(1)), Ok(json!(7))),
        ("q", json!("7.5"), Some(json!(1)), not("int")),
        ("q", json!(true), Some(json!(1)), Ok(json!(true))),
        ("q", json!("7.5"), Some(json!(1.0)), Ok(json!(7.5))),
        ("q", json!("a"), Some(json!(1.0)), not("float")),
        ("q", json!([1]), Some(json!(1)), not("int")),
        ("q", json!("on"), Some(json!(false)), Ok(json!(true))),
        ("q", json!("off"), Some(json!(true)), Ok(json!(false))),
        ("q", json!(null), Some(json!(1)), Ok(json!(null))),
        ("q", json!("x"), Some(json!(null)), Ok(json!("x"))),
        ("q", json!("x"), None, Err(ModelRefused::Unknown)),
        ("other", json!("x"), Some(json!("")), Err(ModelRefused::NotBound)),
        ("_q", json!("x"), Some(json!("")), Err(ModelRefused::Private)),
        (
            "request",
            json!("x"),
            Some(json!("")),
            Err(ModelRefused::Forbidden),
        ),
        ("", json!("x"), Some(json!("")), Err(ModelRefused::NoField)),
    ]
}

#[test]
fn what_is_stored() {
    let value = |json: &Json| Value::from_json(json).unwrap();
    let fields = fields(
        &[(
            "page",
            "<input dj-model=\"q\"><input dj-model=\"_q\"><input dj-model=\"request\">",
        )],
        &[],
    );
    for (field, sent, current, expected) in writes() {
        let got = fields.write(field, &value(&sent), current.as_ref().map(value).as_ref());
        assert_eq!(
            got.map(|stored| stored.to_json()),
            expected,
            "{field} {sent} {current:?}"
        );
    }
}
