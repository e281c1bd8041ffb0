use super::value;
use crate::value::{Value, size};

/// Encodings that are written as they were read.
const KEPT: &[&str] = &[
    "null",
    "-9223372036854775808",
    "1.0",
    "0.1",
    "1e+300",
    r#"{"$int":"18446744073709551615"}"#,
    r#"{"$float":"inf"}"#,
    r#"{"$decimal":"0E+5"}"#,
    r#"{"$safe":"<b>"}"#,
    r#"{"$bytes":"AAH/"}"#,
    r#"{"$tuple":[{"$set":[]}]}"#,
    r#"{"b":1,"a":[]}"#,
    r#"{"$dict":[[1,"a"],[null,{"$tuple":[]}]]}"#,
    r#"{"$dict":[["$x",1]]}"#,
    r#"{"$date":"2026-11-24"}"#,
    r#"{"$time":"10:00:00.000001+01:00"}"#,
    r#"{"$datetime":"2026-11-24T10:00:00+01:00"}"#,
    r#"{"$datetime":"2026-11-24T10:00:00+03:15[+0315]"}"#,
    r#"{"$datetime":"2026-10-25T02:30:00+01:00[Europe/Paris]"}"#,
    r#"{"$timedelta":-86400}"#,
    r#"{"$timedelta":0.5}"#,
    r#"{"$uuid":"12345678-1234-5678-1234-567812345678"}"#,
    r#"{"$model":{"app":"shop","model":"Product","pk":{"$uuid":"12345678-1234-5678-1234-567812345678"},"fields":{"id":1}}}"#,
    r#"{"$object":{"type":"app.cart.Cart","fields":{"lines":[],"total":{"$decimal":"1.20"}}}}"#,
    r#"{"$queryset":{"model":"shop.Product","rows":null,"sql":"SELECT 1"}}"#,
    r#"{"$queryset":{"model":null,"rows":null,"sql":null}}"#,
    r#"{"$repr":{"type":"app.Client","text":"<app.Client>"}}"#,
    r#"{"$cycle":"list"}"#,
    r#"{"$cut":{"type":"list","length":90000,"kept":[1]}}"#,
    r#"{"$cut":{"type":"dict","length":3,"kept":null}}"#,
    r#"{"$tomorrow":{"what":[1,{"$safe":"x"}]}}"#,
];

#[test]
fn what_is_read_is_written_again() {
    for json in KEPT {
        assert_eq!(value(json).to_json().to_string(), *json);
    }
}

/// Encodings with another form, and the one that is written.
const REWRITTEN: &[(&str, &str)] = &[
    (r#"{"$int":"7"}"#, "7"),
    (
        r#"{"$int":"-0x10000000000000000"}"#,
        r#"{"$int":"-18446744073709551616"}"#,
    ),
    ("18446744073709551615", r#"{"$int":"18446744073709551615"}"#),
    (r#"{"$timedelta":90.0}"#, r#"{"$timedelta":90}"#),
    (
        r#"{"$datetime":"2026-11-24T10:00Z"}"#,
        r#"{"$datetime":"2026-11-24T10:00:00+00:00"}"#,
    ),
    (
        r#"{"$uuid":"12345678123456781234567812345678"}"#,
        r#"{"$uuid":"12345678-1234-5678-1234-567812345678"}"#,
    ),
    (
        r#"{"$queryset":{"model":"a.B","rows":[1,2],"sql":null}}"#,
        "[1,2]",
    ),
    (r#"{"$dict":[["a",1]]}"#, r#"{"a":1}"#),
    (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
];

#[test]
fn other_forms_are_understood() {
    for (json, written) in REWRITTEN {
        assert_eq!(value(json).to_json().to_string(), *written, "{json}");
    }
}

const REFUSED: &[&str] = &[
    r#"{"$decimal":"a"}"#,
    r#"{"$decimal":1}"#,
    r#"{"$date":"2026-13-01"}"#,
    r#"{"$date":"0000-01-01"}"#,
    r#"{"$time":"24:00:00"}"#,
    r#"{"$time":"10:00:60"}"#,
    r#"{"$datetime":"yesterday"}"#,
    r#"{"$datetime":"2026-11-24T10:00:00+25:00"}"#,
    r#"{"$timedelta":1e20}"#,
    r#"{"$uuid":"1234"}"#,
    r#"{"$bytes":"?"}"#,
    r#"{"$int":"0x"}"#,
    r#"{"$float":"1.5"}"#,
    r#"{"$tuple":1}"#,
    r#"{"$dict":[[1]]}"#,
    r#"{"$model":{"app":"shop"}}"#,
    r#"[{"$cut":{"type":"list","length":-1,"kept":null}}]"#,
];

#[test]
fn what_a_kind_cannot_hold_is_refused_by_its_name() {
    for json in REFUSED {
        let parsed: serde_json::Value = serde_json::from_str(json).unwrap();
        let error = Value::from_json(&parsed).unwrap_err().to_string();
        assert!(error.starts_with("not a value: $"), "{json}: {error}");
        assert!(serde_json::from_str::<Value>(json).is_err(), "{json}");
    }
}

#[test]
fn an_evaluated_queryset_is_its_rows_and_what_was_cut_is_its_beginning() {
    let rows = value(
        r#"{"$queryset":{"model":"a.B","rows":[{"$model":{"app":"a","model":"B","pk":1,"fields":{}}}]}}"#,
    );
    assert_eq!(rows.len(), Some(1));
    assert_eq!(rows.index(0).and_then(|row| row.item("pk")), Some(Value::Int(1)));
    let cut = value(r#"{"$cut":{"type":"list","length":90000,"kept":["a","b"]}}"#);
    assert_eq!(cut.len(), Some(90_000));
    assert_eq!(cut.iterate().unwrap().count(), 2);
    assert_eq!(cut.index(1), Some(Value::from("b")));
}

#[test]
fn deep_values_are_refused_before_they_harm() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(serde_json::from_str::<Value>(&deep).is_err());
}

#[test]
fn a_value_takes_few_bytes_and_its_size_counts_what_it_holds() {
    assert_eq!(size_of::<Value>(), 24);
    assert_eq!(size(&Value::Int(1)), 24);
    assert_eq!(size(&Value::from("abcd")), 28);
    assert_eq!(size(&value(r#"{"a":["b"]}"#)), 24 + 25 + 24 + 25);
}
