//! Typed values (see `docs/probe-protocol.md`) as Python would print them, and what is inside them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a value is, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A string.
    Text,
    /// A number, date or the like.
    Number,
    /// `None`, `True`, `False`.
    Keyword,
    /// Something with parts.
    Container,
    /// Something of which only a description is known.
    Opaque,
    /// Taken out before it was written.
    Redacted,
}

/// The tag and the content of a typed value.
fn tagged(value: &Value) -> Option<(&str, &Value)> {
    let map = value.as_object()?;
    let (name, inner) = map.iter().next()?;
    (map.len() == 1 && name.starts_with('$')).then_some((name.as_str(), inner))
}

/// True for what stands in the place of a secret.
pub fn is_redacted(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with("[redacted"),
        _ => tagged(value).is_some_and(|(tag, _)| tag == "$redacted"),
    }
}

/// What `value` is.
pub fn class(value: &Value) -> Class {
    if is_redacted(value) {
        return Class::Redacted;
    }
    match value {
        Value::Null | Value::Bool(_) => Class::Keyword,
        Value::Number(_) => Class::Number,
        Value::String(_) => Class::Text,
        Value::Array(_) => Class::Container,
        Value::Object(_) => match tagged(value).map(|(tag, _)| tag) {
            Some("$safe" | "$bytes") => Class::Text,
            Some(
                "$decimal" | "$datetime" | "$date" | "$time" | "$timedelta" | "$uuid" | "$int" | "$float",
            ) => Class::Number,
            Some("$repr" | "$cycle" | "$shown") => Class::Opaque,
            _ => Class::Container,
        },
    }
}

/// `value` as Python prints it, cut after about `limit` bytes.
pub fn repr(value: &Value, limit: usize) -> String {
    let mut out = String::new();
    write(value, limit, &mut out);
    if out.len() > limit {
        let cut = (0..=limit)
            .rev()
            .find(|index| out.is_char_boundary(*index))
            .unwrap_or(0);
        out.truncate(cut);
        out.push('…');
    }
    out
}

fn write(value: &Value, limit: usize, out: &mut String) {
    if out.len() > limit {
        return;
    }
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) if is_redacted(value) => out.push_str(&redacted_text(text)),
        Value::String(text) => quote(text, limit, out),
        Value::Array(items) => sequence("[", items, "]", limit, out),
        Value::Object(map) => match tagged(value) {
            Some((tag, inner)) => typed(tag, inner, limit, out),
            None => dictionary(
                map.iter().map(|(name, value)| (Key::Name(name), value)),
                limit,
                out,
            ),
        },
    }
}

enum Key<'a> {
    Name(&'a str),
    Value(&'a Value),
}

fn dictionary<'a>(pairs: impl Iterator<Item = (Key<'a>, &'a Value)>, limit: usize, out: &mut String) {
    out.push('{');
    for (index, (key, value)) in pairs.enumerate() {
        if out.len() > limit {
            break;
        }
        if index > 0 {
            out.push_str(", ");
        }
        match key {
            Key::Name(name) => quote(name, limit, out),
            Key::Value(key) => write(key, limit, out),
        }
        out.push_str(": ");
        write(value, limit, out);
    }
    out.push('}');
}

fn sequence(open: &str, items: &[Value], close: &str, limit: usize, out: &mut String) {
    out.push_str(open);
    for (index, item) in items.iter().enumerate() {
        if out.len() > limit {
            break;
        }
        if index > 0 {
            out.push_str(", ");
        }
        write(item, limit, out);
    }
    out.push_str(close);
}

fn quote(text: &str, limit: usize, out: &mut String) {
    let mark = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    out.push(mark);
    for character in text.chars() {
        if out.len() > limit {
            break;
        }
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            other if other == mark => {
                out.push('\\');
                out.push(other);
            }
            other if other.is_control() => out.push_str(&format!("\\x{:02x}", other as u32)),
            other => out.push(other),
        }
    }
    out.push(mark);
}

fn called(name: &str, argument: &Value, limit: usize, out: &mut String) {
    out.push_str(name);
    out.push('(');
    write(argument, limit, out);
    out.push(')');
}

fn typed(tag: &str, inner: &Value, limit: usize, out: &mut String) {
    let text = inner.as_str().unwrap_or_default();
    match tag {
        "$safe" => called("SafeString", inner, limit, out),
        "$decimal" => called("Decimal", inner, limit, out),
        "$uuid" => called("UUID", inner, limit, out),
        "$datetime" => called("datetime", inner, limit, out),
        "$date" => called("date", inner, limit, out),
        "$time" => called("time", inner, limit, out),
        "$timedelta" => {
            out.push_str(&format!("timedelta(seconds={inner})"));
        }
        "$float" => called("float", inner, limit, out),
        "$int" => out.push_str(text),
        "$bytes" => out.push_str(&format!(
            "b'…' ({} bytes)",
            text.trim_end_matches('=').len() * 3 / 4
        )),
        "$tuple" => tuple(inner, limit, out),
        "$set" => match inner.as_array() {
            Some(items) if !items.is_empty() => sequence("{", items, "}", limit, out),
            _ => out.push_str("set()"),
        },
        "$dict" => {
            let pairs = inner.as_array().into_iter().flatten();
            let pairs = pairs.filter_map(|pair| Some((Key::Value(pair.get(0)?), pair.get(1)?)));
            dictionary(pairs, limit, out);
        }
        "$model" => {
            let name = inner["model"].as_str().unwrap_or("Model");
            out.push_str(&format!("<{name} pk="));
            write(&inner["pk"], limit, out);
            out.push('>');
        }
        "$queryset" => queryset(inner, out),
        "$object" => {
            out.push_str(last_part(inner["type"].as_str().unwrap_or("object")));
            object_fields(&inner["fields"], limit, out);
        }
        "$repr" => out.push_str(inner["text"].as_str().unwrap_or("<object>")),
        "$shown" => shown(inner, out),
        "$cycle" => out.push_str(&format!(
            "<{} that contains itself>",
            if text.is_empty() { "value" } else { text }
        )),
        "$cut" => cut(inner, limit, out),
        "$redacted" => out.push_str(&redacted_value(inner)),
        _ => out.push_str(&format!("{tag}: {inner}")),
    }
}

/// What djust itself showed of a value: its `repr`, cut, or only how large it is.
fn shown(inner: &Value, out: &mut String) {
    match inner["text"].as_str() {
        Some(text) => {
            out.push_str(text);
            if inner["cut"] == true {
                out.push('…');
            }
        }
        None => {
            let bytes = inner["bytes"].as_u64().unwrap_or_default();
            out.push_str(&format!("<not shown, {bytes} bytes>"));
        }
    }
}

/// What the mark `[redacted:TYPE:LENGTH:MARK]` of a text says.
fn redacted_text(mark: &str) -> String {
    let facts = mark
        .trim_end_matches(']')
        .strip_prefix("[redacted:")
        .unwrap_or_default();
    match facts.split(':').collect::<Vec<_>>()[..] {
        [kind, length, mark] => redaction(kind, length, mark),
        _ => "redacted".to_owned(),
    }
}

/// What the mark `{"type", "length", "mark"}` of a value in a state says. Older recordings have the name of the value.
fn redacted_value(inner: &Value) -> String {
    match (
        inner["type"].as_str(),
        inner["length"].as_str(),
        inner["mark"].as_str(),
    ) {
        (Some(kind), Some(length), Some(mark)) => redaction(kind, length, mark),
        _ => "redacted".to_owned(),
    }
}

/// Equal secrets of a recording have equal marks, so the mark tells whether one changed.
fn redaction(kind: &str, length: &str, mark: &str) -> String {
    format!("redacted {kind}, length {}, #{mark}", length.replace('-', "–"))
}

fn tuple(inner: &Value, limit: usize, out: &mut String) {
    let items = inner.as_array().map_or(&[][..], Vec::as_slice);
    sequence("(", items, if items.len() == 1 { ",)" } else { ")" }, limit, out);
}

fn queryset(inner: &Value, out: &mut String) {
    let model = last_part(inner["model"].as_str().unwrap_or("Model"));
    match inner["rows"].as_array() {
        Some(rows) => out.push_str(&format!("<QuerySet of {model}, {} rows>", rows.len())),
        None => out.push_str(&format!("<QuerySet of {model}, not evaluated>")),
    }
}

fn object_fields(fields: &Value, limit: usize, out: &mut String) {
    out.push('(');
    for (index, (name, value)) in fields.as_object().into_iter().flatten().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        out.push_str(name);
        out.push('=');
        write(value, limit, out);
    }
    out.push(')');
}

fn cut(inner: &Value, limit: usize, out: &mut String) {
    let kind = inner["type"].as_str().unwrap_or("value");
    match &inner["kept"] {
        Value::Null => out.push_str(&format!("<{kind}, too deep to keep>")),
        kept => {
            let length = inner["length"].as_u64().unwrap_or_default();
            out.push_str(&format!("<{kind} of {length}, cut> "));
            write(kept, limit, out);
        }
    }
}

fn last_part(dotted: &str) -> &str {
    dotted.rsplit('.').next().unwrap_or(dotted)
}

/// The parts of `value` by name, in order; empty if it has none.
pub fn children(value: &Value) -> Vec<(String, &Value)> {
    match value {
        Value::Array(items) => numbered(items),
        Value::Object(map) => match tagged(value) {
            None => named(map),
            Some(("$tuple" | "$set", Value::Array(items))) => numbered(items),
            Some(("$dict", Value::Array(pairs))) => pairs
                .iter()
                .filter_map(|pair| Some((repr(pair.get(0)?, 60), pair.get(1)?)))
                .collect(),
            Some(("$model" | "$object", inner)) => inner["fields"].as_object().map(named).unwrap_or_default(),
            Some(("$queryset", inner)) => inner["rows"]
                .as_array()
                .map(|rows| numbered(rows))
                .unwrap_or_default(),
            Some(("$cut", inner)) => children(&inner["kept"]),
            Some(_) => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// How many parts `value` has, without looking at them.
pub fn len(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len(),
        Value::Object(map) => match tagged(value) {
            None => map.len(),
            Some(("$tuple" | "$set" | "$dict", Value::Array(items))) => items.len(),
            Some(("$model" | "$object", inner)) => inner["fields"].as_object().map_or(0, Map::len),
            Some(("$queryset", inner)) => inner["rows"].as_array().map_or(0, Vec::len),
            Some(("$cut", inner)) => len(&inner["kept"]),
            Some(_) => 0,
        },
        _ => 0,
    }
}

fn numbered(items: &[Value]) -> Vec<(String, &Value)> {
    items
        .iter()
        .enumerate()
        .map(|(index, item)| (index.to_string(), item))
        .collect()
}

fn named(map: &Map<String, Value>) -> Vec<(String, &Value)> {
    map.iter().map(|(name, value)| (name.clone(), value)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_print_as_in_python() {
        let cases = [
            (json!(null), "None"),
            (json!(true), "True"),
            (json!("it's"), "\"it's\""),
            (json!("a\nb"), "'a\\nb'"),
            (json!({"$decimal": "1.20"}), "Decimal('1.20')"),
            (json!({"$set": [1, 2]}), "{1, 2}"),
            (json!({"$set": []}), "set()"),
            (json!({"$tuple": [1, 2]}), "(1, 2)"),
            (json!({"$tuple": [1]}), "(1,)"),
            (
                json!({"$model": {"app": "shop", "model": "Product", "pk": 3, "fields": {}}}),
                "<Product pk=3>",
            ),
            (
                json!({"$dict": [[1, "a"], [{"$tuple": [1, 2]}, null]]}),
                "{1: 'a', (1, 2): None}",
            ),
            (
                json!({"$queryset": {"model": "shop.Product", "rows": null, "sql": ""}}),
                "<QuerySet of Product, not evaluated>",
            ),
            (
                json!({"$object": {"type": "app.cart.Cart", "fields": {"n": 1}}}),
                "Cart(n=1)",
            ),
            (
                json!({"$cut": {"type": "list", "length": 90000, "kept": [1]}}),
                "<list of 90000, cut> [1]",
            ),
            (
                json!({"$shown": {"type": "list", "text": "[1, 2", "cut": true, "bytes": 4000}}),
                "[1, 2…",
            ),
            (
                json!({"$shown": {"type": "", "text": null, "cut": false, "bytes": 48}}),
                "<not shown, 48 bytes>",
            ),
            (
                json!({"$cut": {"type": "dict", "length": 3, "kept": null}}),
                "<dict, too deep to keep>",
            ),
            (json!({"$cycle": "dict"}), "<dict that contains itself>"),
            (json!({"$bytes": "AAEC"}), "b'…' (3 bytes)"),
            (json!({"$float": "nan"}), "float('nan')"),
            (json!({"$int": "99999999999999999999"}), "99999999999999999999"),
            (json!({"a": [1, 2.5]}), "{'a': [1, 2.5]}"),
            (json!("[redacted]"), "redacted"),
            (json!({"$redacted": "password"}), "redacted"),
            (
                json!("[redacted:str:9-16:1a2b3c4d]"),
                "redacted str, length 9–16, #1a2b3c4d",
            ),
            (
                json!({"$redacted": {"type": "int", "length": "1-8", "mark": "1a2b3c4d"}}),
                "redacted int, length 1–8, #1a2b3c4d",
            ),
        ];
        for (value, text) in cases {
            assert_eq!(repr(&value, 200), text);
        }
    }

    #[test]
    fn long_values_are_cut_without_being_written_out() {
        let long = Value::Array(vec![json!("ä".repeat(100)); 100_000]);
        let text = repr(&long, 101);
        assert!(
            text.len() <= 101 + '…'.len_utf8() && text.ends_with('…'),
            "{text}"
        );
    }

    #[test]
    fn parts_of_typed_values() {
        let model =
            json!({"$model": {"app": "shop", "model": "Product", "pk": 3, "fields": {"name": "Tea"}}});
        assert_eq!(children(&model)[0].0, "name");
        for value in [
            model.clone(),
            json!({"$tuple": [5, 6]}),
            json!({"$dict": [[1, 2]]}),
            json!({"$cut": {"type": "list", "length": 9, "kept": [1, 2, 3]}}),
            json!({"$queryset": {"model": "shop.Product", "rows": [1]}}),
            json!({"a": {"b": 1}}),
            json!({"$decimal": "1"}),
            json!("text"),
        ] {
            assert_eq!(children(&value).len(), len(&value), "{value}");
        }
        assert_eq!(children(&json!({"$tuple": [5, 6]})).len(), 2);
        assert!(children(&json!({"$decimal": "1"})).is_empty());
        assert_eq!(
            children(&json!({"$dict": [[{"$tuple": [1, 2]}, 3]]}))[0].0,
            "(1, 2)"
        );
    }
}
