use super::value;
use crate::value::{Value, changes};

/// Two states, and the changes as `path: before -> after`.
const CHANGED: &[(&str, &str, &[&str])] = &[
    (r#"{"a":1}"#, r#"{"a":1}"#, &[]),
    (
        r#"{"count":1,"x":[]}"#,
        r#"{"count":2,"x":[]}"#,
        &["['count']: 1 -> 2"],
    ),
    (r#"{"a":1}"#, r#"{"a":1.0}"#, &["['a']: 1 -> 1.0"]),
    (r#"{"a":1}"#, r#"{"b":1}"#, &["['a']: 1 -> ", "['b']:  -> 1"]),
    (
        r#"{"a":1,"b":2}"#,
        r#"{"b":2,"a":1}"#,
        &[": {'a': 1, 'b': 2} -> {'b': 2, 'a': 1}"],
    ),
    (
        r#"{"items":[{"id":1,"n":"a"},{"id":2,"n":"b"}]}"#,
        r#"{"items":[{"id":1,"n":"a"},{"id":2,"n":"c"}]}"#,
        &["['items'][1]['n']: 'b' -> 'c'"],
    ),
    ("[1,2,3]", "[2,3]", &["[0]: 1 -> "]),
    ("[1,2,3]", "[1,9,2,3]", &["[1]:  -> 9"]),
    ("[1,1]", "[1]", &["[1]: 1 -> "]),
    (
        r#"{"$set":[1,2]}"#,
        r#"{"$set":[2,3]}"#,
        &["[1]: 1 -> ", "[3]:  -> 3"],
    ),
    (r#"{"$tuple":[1]}"#, "[1]", &[": (1,) -> [1]"]),
    (
        r#"{"$object":{"type":"app.Cart","fields":{"total":1}}}"#,
        r#"{"$object":{"type":"app.Cart","fields":{"total":2}}}"#,
        &[".total: 1 -> 2"],
    ),
    (r#"{"a":{"$safe":"x"}}"#, r#"{"a":"x"}"#, &["['a']: 'x' -> 'x'"]),
    (r#"{"a":{"$float":"nan"}}"#, r#"{"a":{"$float":"nan"}}"#, &[]),
];

#[test]
fn changes_are_told_where_they_are() {
    for (before, after, expected) in CHANGED {
        let told = |value: &Option<Value>| value.as_ref().map(Value::repr).unwrap_or_default();
        let found: Vec<String> = changes(&value(before), &value(after))
            .iter()
            .map(|change| {
                let path: String = change.path.iter().map(ToString::to_string).collect();
                format!("{path}: {} -> {}", told(&change.before), told(&change.after))
            })
            .collect();
        assert_eq!(found, *expected, "{before} and {after}");
    }
}
