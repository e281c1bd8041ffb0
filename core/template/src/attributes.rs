//! Attributes and methods of Python's own types that a template can reach by a dot.
//!
//! Methods are called without arguments, as Django calls them; those that need some give `string_if_invalid`.

use super::text::strip;
use crate::value::text::{
    digit_value, expand_tabs, is_printable, is_whitespace, split_lines, titlecase, words,
};
use crate::value::{Dict, Opaque, Value};

/// What an attribute gives.
#[derive(Debug)]
pub(super) enum Attribute {
    /// Its value, or what the method returned.
    Value(Value),
    /// It is a method that needs arguments.
    NeedsArguments,
}

/// The attribute of a value; `None` if it has none of that name.
pub(super) fn attribute(value: &Value, name: &str) -> Option<Attribute> {
    if needs_arguments(value, name) {
        return Some(Attribute::NeedsArguments);
    }
    let found = match value {
        Value::Str(text) | Value::Safe(text) => of_text(text, name),
        Value::Dict(dict) => of_dict(dict, name),
        Value::List(items) => match name {
            "copy" => Some(value.clone()),
            "pop" => items.last().cloned(),
            "clear" | "reverse" | "sort" => Some(Value::None),
            _ => None,
        },
        Value::Set(items) => match name {
            "copy" | "union" | "difference" | "intersection" => Some(value.clone()),
            "pop" => items.first().cloned(),
            "clear" | "update" | "difference_update" | "intersection_update" => Some(Value::None),
            _ => None,
        },
        Value::Bool(_) | Value::Int(_) => of_int(value.to_small_int().ok()?, name),
        Value::Float(float) => of_float(*float, name),
        Value::Bytes(bytes) if name == "hex" => Some(Value::from(
            bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
        )),
        Value::Bytes(bytes) if name == "decode" => std::str::from_utf8(bytes).ok().map(Value::from),
        Value::Uuid(bytes) => of_uuid(*bytes, name),
        Value::TimeDelta(delta) => super::moments::of_delta(*delta, name),
        Value::Date(date) => super::moments::of_date(*date, name),
        Value::Time(time) => super::moments::of_time(time, name),
        Value::DateTime(moment) => super::moments::of_datetime(moment, name),
        _ => None,
    };
    found.map(Attribute::Value)
}

/// Methods that cannot be called without arguments, by the type that has them.
const WITH_ARGUMENTS: &[(&str, &[&str])] = &[
    (
        "str",
        &[
            "center",
            "count",
            "endswith",
            "find",
            "format_map",
            "index",
            "join",
            "ljust",
            "maketrans",
            "partition",
            "removeprefix",
            "removesuffix",
            "replace",
            "rfind",
            "rindex",
            "rjust",
            "rpartition",
            "startswith",
            "translate",
            "zfill",
        ],
    ),
    ("dict", &["fromkeys", "get", "pop", "setdefault"]),
    (
        "list",
        &["append", "count", "extend", "index", "insert", "remove"],
    ),
    ("tuple", &["count", "index"]),
    (
        "set",
        &[
            "add",
            "discard",
            "isdisjoint",
            "issubset",
            "issuperset",
            "remove",
            "symmetric_difference",
        ],
    ),
    (
        "date",
        &[
            "strftime",
            "fromisoformat",
            "fromordinal",
            "fromtimestamp",
            "fromisocalendar",
            "strptime",
        ],
    ),
    ("time", &["strftime", "fromisoformat"]),
];

fn needs_arguments(value: &Value, name: &str) -> bool {
    let kind = match value {
        Value::Str(_) | Value::Safe(_) => "str",
        Value::Dict(_) => "dict",
        Value::List(_) => "list",
        Value::Tuple(_) => "tuple",
        Value::Set(_) => "set",
        Value::Date(_) | Value::DateTime(_) => "date",
        Value::Time(_) => "time",
        _ => return false,
    };
    WITH_ARGUMENTS
        .iter()
        .any(|(own, names)| *own == kind && names.contains(&name))
}

fn of_dict(dict: &Dict, name: &str) -> Option<Value> {
    let pair = |(key, value): (&Value, &Value)| Value::tuple(vec![key.clone(), value.clone()]);
    Some(match name {
        "items" => view("dict_items", dict.iter().map(pair).collect()),
        "keys" => view("dict_keys", dict.keys().cloned().collect()),
        "values" => view("dict_values", dict.values().cloned().collect()),
        "copy" => Value::from(dict.clone()),
        "popitem" => pair(dict.iter().last()?),
        "clear" | "update" => Value::None,
        _ => return None,
    })
}

fn view(type_name: &str, items: Value) -> Value {
    Value::Opaque(Opaque::view(type_name, items).into())
}

fn of_text(text: &str, name: &str) -> Option<Value> {
    if let Some(holds) = of_characters(text, name) {
        return Some(Value::from(holds));
    }
    let list = |parts: Vec<Value>| Value::from(parts);
    Some(match name {
        "upper" => Value::from(text.to_uppercase()),
        "lower" => Value::from(text.to_lowercase()),
        "casefold" => Value::from(text.to_lowercase().replace('ß', "ss")),
        "capitalize" => Value::from(capitalize(text)),
        "title" => Value::from(titlecase(text)),
        "swapcase" => Value::from(swap_case(text)),
        "strip" => Value::from(strip(text)),
        "lstrip" => Value::from(text.trim_start_matches(is_whitespace)),
        "rstrip" => Value::from(text.trim_end_matches(is_whitespace)),
        "split" | "rsplit" => list(words(text).map(Value::from).collect()),
        "splitlines" => list(split_lines(text, false).into_iter().map(Value::from).collect()),
        "format" => Value::from(text),
        "expandtabs" => Value::from(expand_tabs(text)),
        "encode" => Value::Bytes(text.as_bytes().into()),
        _ => return None,
    })
}

/// The methods that tell something about all characters.
fn of_characters(text: &str, name: &str) -> Option<bool> {
    let all = |test: fn(char) -> bool| !text.is_empty() && text.chars().all(test);
    let is_cased = |character: char| character.is_uppercase() || character.is_lowercase();
    let has_cased = text.chars().any(is_cased);
    Some(match name {
        "isalpha" => all(char::is_alphabetic),
        "isalnum" => all(char::is_alphanumeric),
        "isdigit" | "isdecimal" => all(|character| digit_value(character).is_some()),
        "isnumeric" => all(char::is_numeric),
        "isspace" => all(is_whitespace),
        "isascii" => text.is_ascii(),
        "isprintable" => text.chars().all(is_printable),
        "isupper" => has_cased && !text.chars().any(char::is_lowercase),
        "islower" => has_cased && !text.chars().any(char::is_uppercase),
        "istitle" => has_cased && titlecase(text) == text,
        "isidentifier" => {
            let mut characters = text.chars();
            let is_start = |character: char| character == '_' || character.is_alphabetic();
            characters.next().is_some_and(is_start) && characters.all(super::text::is_word)
        }
        _ => return None,
    })
}

fn capitalize(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first
            .to_uppercase()
            .chain(characters.as_str().to_lowercase().chars())
            .collect(),
        None => String::new(),
    }
}

fn swap_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_uppercase() {
            out.extend(character.to_lowercase());
        } else {
            out.extend(character.to_uppercase());
        }
    }
    out
}

fn of_int(number: i64, name: &str) -> Option<Value> {
    Some(match name {
        "real" | "numerator" | "conjugate" => Value::Int(number),
        "imag" => Value::Int(0),
        "denominator" => Value::Int(1),
        "bit_length" => Value::Int(i64::from(64 - number.unsigned_abs().leading_zeros())),
        "bit_count" => Value::Int(i64::from(number.unsigned_abs().count_ones())),
        "as_integer_ratio" => Value::tuple(vec![Value::Int(number), Value::Int(1)]),
        _ => return None,
    })
}

fn of_float(number: f64, name: &str) -> Option<Value> {
    Some(match name {
        "real" | "conjugate" => Value::Float(number),
        "imag" => Value::Float(0.0),
        "is_integer" => Value::from(number.is_finite() && number.fract() == 0.0),
        _ => return None,
    })
}

fn of_uuid(bytes: [u8; 16], name: &str) -> Option<Value> {
    let text = Value::Uuid(bytes).to_str().into_owned();
    Some(match name {
        "hex" => Value::from(text.replace('-', "")),
        "int" => Value::Uuid(bytes).to_int().ok().map(Value::from)?,
        "urn" => Value::from(format!("urn:uuid:{text}")),
        "version" => Value::Int(i64::from(bytes[6] >> 4)),
        "bytes" => Value::Bytes(bytes.as_slice().into()),
        _ => return None,
    })
}
