use super::value;
use crate::value::{PythonError, Value};

/// What Python gives, or the class and the text of what it raises.
type Outcome = Result<&'static str, &'static str>;

/// Typed encoding, `int()`, `float()`; what raises by its class and text.
const CONVERTED: &[(&str, Outcome, Outcome)] = &[
    ("true", Ok("1"), Ok("1.0")),
    ("-2.9", Ok("-2"), Ok("-2.9")),
    ("1e20", Ok("100000000000000000000"), Ok("1e+20")),
    (r#"{"$decimal":"-12.9"}"#, Ok("-12"), Ok("-12.9")),
    (r#"{"$decimal":"1.5E+3"}"#, Ok("1500"), Ok("1500.0")),
    (r#"" 1_000\n""#, Ok("1000"), Ok("1000.0")),
    (r#""١٢""#, Ok("12"), Ok("12.0")),
    (
        r#""1.5""#,
        Err("ValueError: invalid literal for int() with base 10: '1.5'"),
        Ok("1.5"),
    ),
    (
        r#""1__0""#,
        Err("ValueError: invalid literal for int() with base 10: '1__0'"),
        Err("ValueError: could not convert string to float: '1__0'"),
    ),
    (r#"{"$bytes":"Nw=="}"#, Ok("7"), Ok("7.0")),
    (
        r#"{"$float":"inf"}"#,
        Err("OverflowError: cannot convert float infinity to integer"),
        Ok("inf"),
    ),
    (
        r#"{"$float":"nan"}"#,
        Err("ValueError: cannot convert float NaN to integer"),
        Ok("nan"),
    ),
    (
        "null",
        Err(
            "TypeError: int() argument must be a string, a bytes-like object or a real number, not 'NoneType'",
        ),
        Err("TypeError: float() argument must be a string or a real number, not 'NoneType'"),
    ),
];

#[test]
fn numbers_are_read_as_python_reads_them() {
    for (json, int, float) in CONVERTED {
        let value = value(json);
        let told =
            |result: Result<Value, PythonError>| result.map(|value| value.repr()).map_err(|e| e.to_string());
        let owned = |result: &Outcome| (*result).map(str::to_owned).map_err(str::to_owned);
        assert_eq!(told(value.to_int().map(Value::int)), owned(int), "int({json})");
        assert_eq!(
            told(value.to_float().map(Value::Float)),
            owned(float),
            "float({json})"
        );
    }
}

#[test]
fn numbers_without_bounds_are_refused() {
    let long = Value::from("9".repeat(4301));
    assert_eq!(long.to_int().unwrap_err().class, "ValueError");
    let large = value(r#"{"$decimal":"1E+999999999"}"#);
    assert_eq!(large.to_int().unwrap_err().class, "ValueError");
    assert_eq!(large.to_float(), Ok(f64::INFINITY));
    assert_eq!(large.to_str(), "1E+999999999");
    let small = value(r#"{"$decimal":"1E-999999999"}"#);
    assert_eq!(small.to_int().map(Value::int).unwrap(), Value::Int(0));
    assert!(small.compare(&large).unwrap().unwrap().is_lt());
}

/// Value, key, item or what is raised.
const SUBSCRIPTED: &[(&str, &str, Outcome)] = &[
    ("[1,2]", "-1", Ok("2")),
    ("[1,2]", "true", Ok("2")),
    ("[1,2]", "2", Err("IndexError: list index out of range")),
    (
        "[1,2]",
        r#""0""#,
        Err("TypeError: list indices must be integers or slices, not str"),
    ),
    (r#""ab""#, "1", Ok("'b'")),
    (r#""ab""#, "5", Err("IndexError: string index out of range")),
    (
        r#""ab""#,
        "1.0",
        Err("TypeError: string indices must be integers, not 'float'"),
    ),
    (
        r#"{"$tuple":[]}"#,
        "0",
        Err("IndexError: tuple index out of range"),
    ),
    (r#"{"a":1}"#, r#""a""#, Ok("1")),
    (r#"{"a":1}"#, r#""b""#, Err("KeyError: 'b'")),
    (r#"{"a":1}"#, "[]", Err("TypeError: unhashable type: 'list'")),
    ("5", "0", Err("TypeError: 'int' object is not subscriptable")),
    (
        r#"{"$set":[1]}"#,
        "0",
        Err("TypeError: 'set' object is not subscriptable"),
    ),
];

#[test]
fn subscripts_are_pythons() {
    for (container, key, expected) in SUBSCRIPTED {
        let found = value(container).subscript(&value(key));
        let found = found.map(|item| item.repr()).map_err(|error| error.to_string());
        let expected = (*expected).map(str::to_owned).map_err(str::to_owned);
        assert_eq!(found, expected, "{container}[{key}]");
    }
}
