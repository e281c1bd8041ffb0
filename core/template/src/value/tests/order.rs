use std::cmp::Ordering;

use rustc_hash::FxBuildHasher;

use super::value;
use crate::value::{Dict, Value};

const MOMENT: &str = r#"{"$datetime":"2026-11-24T10:00:00+01:00"}"#;
const SAME_MOMENT: &str = r#"{"$datetime":"2026-11-24T09:00:00+00:00"}"#;
const NAIVE: &str = r#"{"$datetime":"2026-11-24T10:00:00"}"#;

/// Pairs that Python's `==` takes for equal.
const EQUAL: &[(&str, &str)] = &[
    ("1", "1.0"),
    ("1", "true"),
    ("1", r#"{"$decimal":"1.00"}"#),
    ("0", "-0.0"),
    ("0.5", r#"{"$decimal":"0.5"}"#),
    (r#"{"$int":"100000000000000000000"}"#, "1e20"),
    (r#"{"$int":"1000000000000000000000"}"#, r#"{"$decimal":"1E+21"}"#),
    (r#""a""#, r#"{"$safe":"a"}"#),
    ("[1]", "[1.0]"),
    (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#),
    (r#"{"$dict":[[1,"x"]]}"#, r#"{"$dict":[[1.0,"x"]]}"#),
    (r#"{"$set":[1,2]}"#, r#"{"$set":[2,1]}"#),
    (MOMENT, SAME_MOMENT),
    (
        r#"{"$model":{"app":"a","model":"M","pk":1,"fields":{"x":1}}}"#,
        r#"{"$model":{"app":"a","model":"M","pk":1,"fields":{"x":2}}}"#,
    ),
];

/// Pairs that it does not.
const DIFFERENT: &[(&str, &str)] = &[
    ("1", r#""1""#),
    ("0.1", r#"{"$decimal":"0.1"}"#),
    ("9007199254740993", "9007199254740992.0"),
    ("null", "0"),
    ("[1]", r#"{"$tuple":[1]}"#),
    (r#""a""#, r#"{"$bytes":"YQ=="}"#),
    (r#"{"$float":"nan"}"#, r#"{"$float":"nan"}"#),
    (MOMENT, NAIVE),
    (
        r#"{"$date":"2026-11-24"}"#,
        r#"{"$datetime":"2026-11-24T00:00:00"}"#,
    ),
    (
        r#"{"$model":{"app":"a","model":"M","pk":null,"fields":{}}}"#,
        r#"{"$model":{"app":"a","model":"M","pk":null,"fields":{}}}"#,
    ),
];

#[test]
fn equality_is_pythons_and_equal_values_have_the_same_hash() {
    use std::hash::BuildHasher;
    let hash = |value: &Value| FxBuildHasher.hash_one(value);
    for (a, b) in EQUAL {
        let (a, b) = (value(a), value(b));
        assert_eq!(a, b);
        assert_eq!(b, a);
        assert_eq!(hash(&a), hash(&b), "hash of {a:?} and {b:?}");
    }
    for (a, b) in DIFFERENT {
        assert_ne!(value(a), value(b));
    }
}

#[test]
fn what_is_the_same_is_more_than_equal() {
    for (a, b) in EQUAL {
        assert!(!value(a).same(&value(b)), "{a} and {b}");
        assert!(value(a).same(&value(a)), "{a}");
    }
    let nan = r#"[{"$float":"nan"}]"#;
    assert!(value(nan).same(&value(nan)));
    assert_eq!(value(nan).fingerprint(), value(nan).fingerprint());
    let decimals = (value(r#"{"$decimal":"1.0"}"#), value(r#"{"$decimal":"1.00"}"#));
    assert!(decimals.0 == decimals.1 && !decimals.0.same(&decimals.1));
}

#[test]
fn a_dict_finds_keys_that_are_equal_and_keeps_their_order() {
    let mut dict = Dict::new();
    for index in 0..20 {
        dict.insert(format!("key {index}"), index);
    }
    dict.insert(1, "one");
    dict.insert(true, "true");
    assert_eq!(dict.get("key 19"), Some(&Value::Int(19)));
    assert_eq!(dict.get("key 20"), None);
    assert_eq!(dict.get_value(&Value::Float(1.0)), Some(&Value::from("true")));
    assert_eq!(dict.get_value(&Value::safe("key 3")), Some(&Value::Int(3)));
    assert_eq!(dict.keys().last().map(Value::repr).as_deref(), Some("1"));
    dict.remove(&Value::from("key 0"));
    assert_eq!(dict.keys().next(), Some(&Value::from("key 1")));
}

/// How two values compare, or the text of the error.
type Outcome = Result<Option<Ordering>, &'static str>;

/// Two values and how `a < b`, `a == b`, `a > b` answer, or the text of the `TypeError`.
const ORDERED: &[(&str, &str, Outcome)] = &[
    ("1", "2.5", Ok(Some(Ordering::Less))),
    (
        "9007199254740993",
        "9007199254740992.0",
        Ok(Some(Ordering::Greater)),
    ),
    (
        r#"{"$int":"-100000000000000000000"}"#,
        "-5",
        Ok(Some(Ordering::Less)),
    ),
    ("0.1", r#"{"$decimal":"0.1"}"#, Ok(Some(Ordering::Greater))),
    (
        r#"{"$decimal":"-1E+5"}"#,
        r#"{"$decimal":"-99999.9"}"#,
        Ok(Some(Ordering::Less)),
    ),
    (r#"{"$float":"nan"}"#, "1", Ok(None)),
    ("true", "2", Ok(Some(Ordering::Less))),
    (r#""a""#, r#"{"$safe":"b"}"#, Ok(Some(Ordering::Less))),
    (r#""é""#, r#""z""#, Ok(Some(Ordering::Greater))),
    ("[1,2]", "[1,2,0]", Ok(Some(Ordering::Less))),
    (r#"[1,"a"]"#, "[2,1]", Ok(Some(Ordering::Less))),
    (r#"{"$set":[1]}"#, r#"{"$set":[1,2]}"#, Ok(Some(Ordering::Less))),
    (r#"{"$set":[1]}"#, r#"{"$set":[2]}"#, Ok(None)),
    (MOMENT, SAME_MOMENT, Ok(Some(Ordering::Equal))),
    (
        MOMENT,
        NAIVE,
        Err("can't compare offset-naive and offset-aware datetimes"),
    ),
    (
        r#"{"$date":"2026-11-24"}"#,
        NAIVE,
        Err("can't compare datetime.datetime to datetime.date"),
    ),
    (
        "1",
        r#""a""#,
        Err("'<' not supported between instances of 'int' and 'str'"),
    ),
    (
        "null",
        "null",
        Err("'<' not supported between instances of 'NoneType' and 'NoneType'"),
    ),
    (
        r#"[1,"a"]"#,
        "[1,2]",
        Err("'<' not supported between instances of 'str' and 'int'"),
    ),
    (
        r#"{"$decimal":"1"}"#,
        "{}",
        Err("'<' not supported between instances of 'decimal.Decimal' and 'dict'"),
    ),
];

#[test]
fn order_is_pythons() {
    for (a, b, expected) in ORDERED {
        let found = value(a).compare(&value(b)).map_err(|error| error.message);
        assert_eq!(found, (*expected).map_err(str::to_owned), "{a} and {b}");
    }
}

/// Container, needle, answer or the text of the `TypeError`.
const CONTAINED: &[(&str, &str, Result<bool, &str>)] = &[
    ("[1,2]", "1.0", Ok(true)),
    (r#""abc""#, r#""bc""#, Ok(true)),
    (
        r#""abc""#,
        "1",
        Err("'in <string>' requires string as left operand, not int"),
    ),
    (r#"{"a":1}"#, r#"{"$safe":"a"}"#, Ok(true)),
    (r#"{"a":1}"#, "[]", Err("unhashable type: 'list'")),
    (r#"{"$set":[1,2]}"#, "true", Ok(true)),
    (r#"{"$bytes":"AQI="}"#, "2", Ok(true)),
    ("5", "5", Err("argument of type 'int' is not iterable")),
];

#[test]
fn containment_is_pythons() {
    for (container, needle, expected) in CONTAINED {
        let found = value(container)
            .contains(&value(needle))
            .map_err(|error| error.message);
        assert_eq!(
            found,
            (*expected).map_err(str::to_owned),
            "{needle} in {container}"
        );
    }
}
