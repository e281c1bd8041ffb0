//! An event reaches its handler, or is refused, as with djust.

use std::sync::Arc;

use djscope_live::{Parameter, ParameterType, Signature};
use djscope_template::value::{Dict, Value};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Value as Json, json};

use djscope_oracle::Oracle;
use djscope_oracle::{cases, runner};

fn annotation(name: &str) -> ParameterType {
    match name {
        "int" => ParameterType::Int,
        "float" => ParameterType::Float,
        "bool" => ParameterType::Bool,
        "str" => ParameterType::Str,
        "Decimal" => ParameterType::Decimal,
        "UUID" => ParameterType::Uuid,
        "list" => ParameterType::List(None),
        "dict" => ParameterType::Dict,
        "List[int]" => ParameterType::List(Some(Box::new(ParameterType::Int))),
        "List[bool]" => ParameterType::List(Some(Box::new(ParameterType::Bool))),
        "Optional[int]" => ParameterType::Union(Box::new(ParameterType::Int)),
        "Union[float, str]" => ParameterType::Union(Box::new(ParameterType::Float)),
        _ => ParameterType::Any,
    }
}

const ANNOTATIONS: &[&str] = &[
    "any",
    "int",
    "float",
    "bool",
    "str",
    "Decimal",
    "UUID",
    "list",
    "dict",
    "List[int]",
    "Optional[int]",
    "Union[float, str]",
    "List[bool]",
];

fn sent_value() -> impl Strategy<Value = Json> {
    let text = prop::sample::select(vec![
        "",
        "1",
        " 42 ",
        "-7",
        "+3",
        "1_000",
        "3.5",
        "1e3",
        "nan",
        "-inf",
        "abc",
        "True",
        "YES",
        "on",
        "off",
        "a,b, c",
        "1, 2,3",
        "1,x",
        "1.20",
        "550e8400-e29b-41d4-a716-446655440000",
        "{550e8400e29b41d4a716446655440000}",
        "urn:uuid:550e8400-e29b-41d4-a716-446655440000",
        "99999999999999999999",
        "٣",
        "it's \"quoted\"",
        "é\n\u{200b}",
        "a very long text that does not fit into fifty characters of an error",
    ])
    .prop_map(|text| json!(text));
    prop_oneof![
        4 => text,
        1 => prop::sample::select(vec![json!(null), json!(true), json!(false), json!(3), json!(2.5), json!(-0.0), json!([1, "a"]), json!({"a": 1})]),
    ]
}

fn questions() -> impl Strategy<Value = Json> {
    let names = prop::sample::subsequence(
        vec!["item_id", "field_name", "value", "count", "is_on", "q"],
        0..4,
    );
    let parameters = names.prop_flat_map(|names| {
        let count = names.len();
        let each = prop::collection::vec((prop::sample::select(ANNOTATIONS), any::<bool>()), count);
        each.prop_map(move |each| -> Json {
            let parameters = names.iter().zip(each);
            parameters
                .map(|(name, (annotation, required))| json!({"name": name, "annotation": annotation, "required": required}))
                .collect()
        })
    });
    let known = prop::sample::subsequence(
        vec!["item_id", "field_name", "value", "count", "is_on", "q"],
        0..6,
    );
    let other = prop::sample::subsequence(vec!["itemId", "field", "_args2", "view_id", "x"], 0..2);
    let sent =
        (known, other, prop::collection::vec(sent_value(), 8)).prop_map(|(known, other, values)| -> Json {
            let names = known.into_iter().chain(other);
            names
                .map(str::to_owned)
                .zip(values)
                .collect::<serde_json::Map<_, _>>()
                .into()
        });
    let positional = prop::collection::vec(sent_value(), 0..3);
    (parameters, any::<bool>(), sent, positional, prop::bool::weighted(0.9)).prop_map(
        |(parameters, takes_any, sent, positional, coerce)| {
            json!({"parameters": parameters, "takes_any": takes_any, "sent": sent, "positional": positional, "coerce": coerce})
        },
    )
}

fn ours(question: &Json) -> Result<Dict, String> {
    let parameters = question["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|parameter| Parameter {
            name: Arc::from(parameter["name"].as_str().unwrap()),
            annotation: annotation(parameter["annotation"].as_str().unwrap()),
            default: (parameter["required"] == false).then_some(Value::None),
        });
    let signature = Signature {
        parameters: parameters.collect(),
        takes_any: question["takes_any"] == true,
    };
    let sent: Dict = serde_json::from_value(question["sent"].clone()).unwrap();
    let positional: Vec<Value> = serde_json::from_value(question["positional"].clone()).unwrap();
    let bound = signature.bind(&sent, &positional, question["coerce"] == true);
    bound
        .map(|arguments| arguments.values)
        .map_err(|refused| refused.message("pick"))
}

/// djust's error without its hints, which are indented further.
fn without_hints(error: &str) -> String {
    let said = |line: &&str| line.starts_with("Handler ") || line.starts_with("  - ");
    error.lines().filter(said).collect::<Vec<_>>().join("\n")
}

#[test]
fn arguments_of_events() {
    let mut oracle = Oracle::start("handler_parameters.py");
    let mut runner = runner(5);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..cases() * 4 {
        let question = questions().new_tree(&mut runner).unwrap().current();
        let expected = oracle.ask(&question);
        match ours(&question) {
            Ok(values) => {
                accepted += 1;
                assert_eq!(expected["valid"], true, "{question}\n{expected}");
                let values = serde_json::to_value(Value::from(values)).unwrap();
                assert_eq!(values, expected["values"], "{question}");
            }
            Err(message) => {
                refused += 1;
                let error = expected["error"]
                    .as_str()
                    .unwrap_or_else(|| panic!("{question}\n{message}"));
                assert_eq!(message, without_hints(error), "{question}");
            }
        }
    }
    assert!(
        accepted > 100 && refused > 100,
        "{accepted} accepted, {refused} refused"
    );
}
