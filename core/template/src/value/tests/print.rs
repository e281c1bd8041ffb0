use super::value;
use crate::value::Value;

/// Typed encoding, `str()`, `repr()`.
const PRINTED: &[(&str, &str, &str)] = &[
    ("null", "None", "None"),
    ("true", "True", "True"),
    ("-7", "-7", "-7"),
    (
        r#"{"$int":"18446744073709551616"}"#,
        "18446744073709551616",
        "18446744073709551616",
    ),
    ("1.0", "1.0", "1.0"),
    ("-0.0", "-0.0", "-0.0"),
    ("0.1", "0.1", "0.1"),
    ("1e15", "1000000000000000.0", "1000000000000000.0"),
    ("1e16", "1e+16", "1e+16"),
    (
        "123456789012345680.0",
        "1.2345678901234568e+17",
        "1.2345678901234568e+17",
    ),
    ("2203644846331638.25", "2203644846331638.2", "2203644846331638.2"),
    ("0.0001", "0.0001", "0.0001"),
    ("0.00001", "1e-05", "1e-05"),
    ("5e-324", "5e-324", "5e-324"),
    (r#"{"$float":"nan"}"#, "nan", "nan"),
    (r#"{"$float":"-inf"}"#, "-inf", "-inf"),
    (r#"{"$decimal":"1.20"}"#, "1.20", "Decimal('1.20')"),
    (r#"{"$decimal":"1E+3"}"#, "1E+3", "Decimal('1E+3')"),
    (r#"{"$decimal":"-0E-10"}"#, "-0E-10", "Decimal('-0E-10')"),
    (r#"{"$decimal":"0.000001"}"#, "0.000001", "Decimal('0.000001')"),
    (r#"{"$decimal":"0.0000001"}"#, "1E-7", "Decimal('1E-7')"),
    (r#"{"$decimal":"-Infinity"}"#, "-Infinity", "Decimal('-Infinity')"),
    (r#"{"$decimal":"sNaN12"}"#, "sNaN12", "Decimal('sNaN12')"),
    (r#""it's""#, "it's", r#""it's""#),
    (r#""\"it's\"""#, r#""it's""#, r#"'"it\'s"'"#),
    (r#""a\\\n\r\t""#, "a\\\n\r\t", r"'a\\\n\r\t'"),
    (
        r#""\u0000\u007f\u00a0\u00e9\u200b\u2028\ud83d\ude00\ue000""#,
        "\0\x7f\u{a0}é\u{200b}\u{2028}😀\u{e000}",
        r"'\x00\x7f\xa0é\u200b\u2028😀\ue000'",
    ),
    (r#"{"$safe":"<b>"}"#, "<b>", "'<b>'"),
    (r#"{"$bytes":"J1z/Cg=="}"#, r#"b"'\\\xff\n""#, r#"b"'\\\xff\n""#),
    ("[]", "[]", "[]"),
    (r#"[1,"a",[null]]"#, "[1, 'a', [None]]", "[1, 'a', [None]]"),
    (r#"{"$tuple":[]}"#, "()", "()"),
    (r#"{"$tuple":[1]}"#, "(1,)", "(1,)"),
    (r#"{"$tuple":[1,2]}"#, "(1, 2)", "(1, 2)"),
    (r#"{"$set":[]}"#, "set()", "set()"),
    (r#"{"$set":[1,"a"]}"#, "{1, 'a'}", "{1, 'a'}"),
    (
        r#"{"a":1.5,"b":{}}"#,
        "{'a': 1.5, 'b': {}}",
        "{'a': 1.5, 'b': {}}",
    ),
    (
        r#"{"$dict":[[1,{"$date":"2026-11-24"}]]}"#,
        "{1: datetime.date(2026, 11, 24)}",
        "{1: datetime.date(2026, 11, 24)}",
    ),
    (
        r#"{"$date":"0001-01-01"}"#,
        "0001-01-01",
        "datetime.date(1, 1, 1)",
    ),
    (r#"{"$time":"10:30:00"}"#, "10:30:00", "datetime.time(10, 30)"),
    (
        r#"{"$time":"10:30:05.000120+00:00"}"#,
        "10:30:05.000120+00:00",
        "datetime.time(10, 30, 5, 120, tzinfo=datetime.timezone.utc)",
    ),
    (
        r#"{"$datetime":"2026-11-24T10:30:05"}"#,
        "2026-11-24 10:30:05",
        "datetime.datetime(2026, 11, 24, 10, 30, 5)",
    ),
    (
        r#"{"$datetime":"2026-11-24T10:00:00-03:30"}"#,
        "2026-11-24 10:00:00-03:30",
        "datetime.datetime(2026, 11, 24, 10, 0, tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=73800)))",
    ),
    (
        r#"{"$datetime":"2026-10-25T02:30:00+01:00[Europe/Paris]"}"#,
        "2026-10-25 02:30:00+01:00",
        "datetime.datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=zoneinfo.ZoneInfo(key='Europe/Paris'))",
    ),
    (r#"{"$timedelta":0}"#, "0:00:00", "datetime.timedelta(0)"),
    (
        r#"{"$timedelta":-1.5}"#,
        "-1 day, 23:59:58.500000",
        "datetime.timedelta(days=-1, seconds=86398, microseconds=500000)",
    ),
    (
        r#"{"$timedelta":180000}"#,
        "2 days, 2:00:00",
        "datetime.timedelta(days=2, seconds=7200)",
    ),
    (
        r#"{"$uuid":"12345678-1234-5678-1234-567812345678"}"#,
        "12345678-1234-5678-1234-567812345678",
        "UUID('12345678-1234-5678-1234-567812345678')",
    ),
    (
        r#"{"$model":{"app":"shop","model":"Product","pk":3,"fields":{"id":3}}}"#,
        "Product object (3)",
        "<Product: Product object (3)>",
    ),
    (
        r#"{"$repr":{"type":"app.Client","text":"<app.Client>"}}"#,
        "<app.Client>",
        "<app.Client>",
    ),
    (r#"[{"$cycle":"list"}]"#, "[[...]]", "[[...]]"),
    (
        r#"{"$cut":{"type":"list","length":90000,"kept":[1,2]}}"#,
        "[1, 2]",
        "[1, 2]",
    ),
];

#[test]
fn values_print_as_python_prints_them() {
    for (json, text, repr) in PRINTED {
        let value = value(json);
        assert_eq!(value.to_str(), *text, "str of {json}");
        assert_eq!(value.repr(), *repr, "repr of {json}");
    }
}

/// Typed encoding, name of the class, truth, length.
const DESCRIBED: &[(&str, &str, bool, Option<usize>)] = &[
    ("null", "NoneType", false, None),
    ("0", "int", false, None),
    ("-0.0", "float", false, None),
    (r#"{"$float":"nan"}"#, "float", true, None),
    (r#"{"$decimal":"0.00"}"#, "Decimal", false, None),
    (r#""é""#, "str", true, Some(1)),
    (r#"{"$safe":""}"#, "SafeString", false, Some(0)),
    (r#"{"$bytes":""}"#, "bytes", false, Some(0)),
    ("[null]", "list", true, Some(1)),
    ("{}", "dict", false, Some(0)),
    (r#"{"$timedelta":0}"#, "timedelta", false, None),
    (r#"{"$time":"00:00:00"}"#, "time", true, None),
    (r#"{"$datetime":"2026-01-01T00:00:00"}"#, "datetime", true, None),
    (
        r#"{"$uuid":"00000000-0000-0000-0000-000000000000"}"#,
        "UUID",
        true,
        None,
    ),
    (
        r#"{"$object":{"type":"app.cart.Cart","fields":{}}}"#,
        "Cart",
        true,
        None,
    ),
    (
        r#"{"$cut":{"type":"list","length":90000,"kept":null}}"#,
        "list",
        true,
        Some(90_000),
    ),
];

#[test]
fn values_have_the_class_the_truth_and_the_length_of_python() {
    for (json, type_name, is_truthy, length) in DESCRIBED {
        let value = value(json);
        assert_eq!(value.type_name(), *type_name, "{json}");
        assert_eq!(value.is_truthy(), *is_truthy, "{json}");
        assert_eq!(value.len(), *length, "{json}");
    }
}

#[test]
fn iteration_gives_characters_keys_and_items() {
    let items = |json: &str| -> Vec<String> {
        value(json)
            .iterate()
            .into_iter()
            .flatten()
            .map(|item| item.repr())
            .collect()
    };
    assert_eq!(items(r#""aé😀""#), ["'a'", "'é'", "'😀'"]);
    assert_eq!(items(r#"{"$safe":"<"}"#), ["'<'"]);
    assert_eq!(items(r#"{"x":1,"y":2}"#), ["'x'", "'y'"]);
    assert_eq!(items(r#"{"$bytes":"AQI="}"#), ["1", "2"]);
    assert!(value("3").iterate().is_none());
}

/// Value, index, item.
const INDEXED: &[(&str, i64, Option<&str>)] = &[
    ("[1,2,3]", 0, Some("1")),
    ("[1,2,3]", -1, Some("3")),
    ("[1,2,3]", 3, None),
    ("[1,2,3]", -4, None),
    (r#""héllo""#, 1, Some("'é'")),
    (r#""héllo""#, -5, Some("'h'")),
    (r#""abc""#, -4, None),
    (r#"{"$bytes":"AQI="}"#, -1, Some("2")),
    (r#"{"a":1}"#, 0, None),
    ("[]", i64::MIN, None),
];

#[test]
fn an_index_counts_from_both_ends() {
    for (json, index, item) in INDEXED {
        let found = value(json).index(*index).as_ref().map(Value::repr);
        assert_eq!(found.as_deref(), *item, "{json}[{index}]");
    }
}
