//! Typed values (see `docs/probe-protocol.md`) as Python would print them, and what is inside them.

use std::borrow::Cow;

use djscope_recording::model::{Json, Kind};
use serde::{Deserialize, Serialize};

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

/// True for what stands in the place of a secret.
pub fn is_redacted<'a>(value: impl Json<'a>) -> bool {
    match value.kind() {
        Kind::Text(text) => text.starts_with("[redacted"),
        Kind::Dict => value.tagged().is_some_and(|(tag, _)| tag == "$redacted"),
        _ => false,
    }
}

/// What `value` is.
pub fn class<'a>(value: impl Json<'a>) -> Class {
    if is_redacted(value) {
        return Class::Redacted;
    }
    match value.kind() {
        Kind::Null | Kind::Bool(_) => Class::Keyword,
        Kind::Number(_) => Class::Number,
        Kind::Text(_) => Class::Text,
        Kind::List => Class::Container,
        Kind::Dict => match value.tagged().as_ref().map(|(tag, _)| &**tag) {
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
pub fn repr<'a>(value: impl Json<'a>, limit: usize) -> String {
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

fn write<'a>(value: impl Json<'a>, limit: usize, out: &mut String) {
    if out.len() > limit {
        return;
    }
    match value.kind() {
        Kind::Null => out.push_str("None"),
        Kind::Bool(true) => out.push_str("True"),
        Kind::Bool(false) => out.push_str("False"),
        Kind::Number(number) => out.push_str(&number.to_string()),
        Kind::Text(text) if is_redacted(value) => out.push_str(&redacted_text(&text)),
        Kind::Text(text) => quote(&text, limit, out),
        Kind::List => sequence("[", value.items(), "]", limit, out),
        Kind::Dict => match value.tagged() {
            Some((tag, inner)) => typed(&tag, inner, limit, out),
            None => dictionary(
                value.members().map(|(name, value)| (Key::Name(name), value)),
                limit,
                out,
            ),
        },
    }
}

enum Key<'a, J> {
    Name(Cow<'a, str>),
    Value(J),
}

fn dictionary<'a, J: Json<'a>>(pairs: impl Iterator<Item = (Key<'a, J>, J)>, limit: usize, out: &mut String) {
    out.push('{');
    for (index, (key, value)) in pairs.enumerate() {
        if out.len() > limit {
            break;
        }
        if index > 0 {
            out.push_str(", ");
        }
        match key {
            Key::Name(name) => quote(&name, limit, out),
            Key::Value(key) => write(key, limit, out),
        }
        out.push_str(": ");
        write(value, limit, out);
    }
    out.push('}');
}

fn sequence<'a, J: Json<'a>>(
    open: &str,
    items: impl Iterator<Item = J>,
    close: &str,
    limit: usize,
    out: &mut String,
) {
    out.push_str(open);
    for (index, item) in items.enumerate() {
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

fn called<'a>(name: &str, argument: impl Json<'a>, limit: usize, out: &mut String) {
    out.push_str(name);
    out.push('(');
    write(argument, limit, out);
    out.push(')');
}

fn typed<'a, J: Json<'a>>(tag: &str, inner: J, limit: usize, out: &mut String) {
    let text = || inner.string().unwrap_or_default();
    match tag {
        "$safe" => called("SafeString", inner, limit, out),
        "$decimal" => called("Decimal", inner, limit, out),
        "$uuid" => called("UUID", inner, limit, out),
        "$datetime" => called("datetime", inner, limit, out),
        "$date" => called("date", inner, limit, out),
        "$time" => called("time", inner, limit, out),
        "$timedelta" => {
            out.push_str(&format!("timedelta(seconds={})", inner.to_value()));
        }
        "$float" => called("float", inner, limit, out),
        "$int" => out.push_str(&text()),
        "$bytes" => out.push_str(&format!(
            "b'…' ({} bytes)",
            text().trim_end_matches('=').len() * 3 / 4
        )),
        "$tuple" => tuple(inner, limit, out),
        "$set" if inner.items().next().is_some() => sequence("{", inner.items(), "}", limit, out),
        "$set" => out.push_str("set()"),
        "$dict" => dictionary(
            pairs(inner).map(|(key, value)| (Key::Value(key), value)),
            limit,
            out,
        ),
        "$model" => {
            let name = text_of(inner, "model");
            out.push_str(&format!("<{} pk=", name.as_deref().unwrap_or("Model")));
            match inner.member("pk") {
                Some(key) => write(key, limit, out),
                None => out.push_str("None"),
            }
            out.push('>');
        }
        "$queryset" => queryset(inner, out),
        "$object" => {
            let name = text_of(inner, "type");
            out.push_str(last_part(name.as_deref().unwrap_or("object")));
            object_fields(inner.member("fields"), limit, out);
        }
        "$repr" => out.push_str(text_of(inner, "text").as_deref().unwrap_or("<object>")),
        "$cycle" => {
            let text = text();
            let kind = if text.is_empty() { "value" } else { &*text };
            out.push_str(&format!("<{kind} that contains itself>"));
        }
        "$shown" => shown(inner, out),
        "$cut" => cut(inner, limit, out),
        "$redacted" => out.push_str(&redacted_value(inner)),
        _ => out.push_str(&format!("{tag}: {}", inner.to_value())),
    }
}

/// What djust itself showed of a value: its `repr`, cut, or only how large it is.
fn shown<'a>(inner: impl Json<'a>, out: &mut String) {
    match text_of(inner, "text") {
        Some(text) => {
            out.push_str(&text);
            if inner.member("cut").map(Json::kind) == Some(Kind::Bool(true)) {
                out.push('…');
            }
        }
        None => {
            let bytes = inner.member("bytes").map(Json::to_value);
            let bytes = bytes.and_then(|bytes| bytes.as_u64()).unwrap_or_default();
            out.push_str(&format!("<not shown, {bytes} bytes>"));
        }
    }
}

/// The text of a member.
fn text_of<'a>(value: impl Json<'a>, name: &str) -> Option<Cow<'a, str>> {
    value.member(name).and_then(Json::string)
}

/// The keys and values of a dictionary whose keys are no texts.
fn pairs<'a, J: Json<'a>>(inner: J) -> impl Iterator<Item = (J, J)> {
    inner.items().filter_map(|pair| {
        let mut both = pair.items();
        Some((both.next()?, both.next()?))
    })
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
fn redacted_value<'a>(inner: impl Json<'a>) -> String {
    match (
        text_of(inner, "type"),
        text_of(inner, "length"),
        text_of(inner, "mark"),
    ) {
        (Some(kind), Some(length), Some(mark)) => redaction(&kind, &length, &mark),
        _ => "redacted".to_owned(),
    }
}

/// Equal secrets of a recording have equal marks, so the mark tells whether one changed.
fn redaction(kind: &str, length: &str, mark: &str) -> String {
    format!("redacted {kind}, length {}, #{mark}", length.replace('-', "–"))
}

fn tuple<'a>(inner: impl Json<'a>, limit: usize, out: &mut String) {
    let is_one = inner.items().take(2).count() == 1;
    sequence("(", inner.items(), if is_one { ",)" } else { ")" }, limit, out);
}

fn queryset<'a>(inner: impl Json<'a>, out: &mut String) {
    let name = text_of(inner, "model");
    let model = last_part(name.as_deref().unwrap_or("Model"));
    match inner.member("rows").filter(|rows| rows.kind() == Kind::List) {
        Some(rows) => out.push_str(&format!("<QuerySet of {model}, {} rows>", rows.items().count())),
        None => out.push_str(&format!("<QuerySet of {model}, not evaluated>")),
    }
}

fn object_fields<'a, J: Json<'a>>(fields: Option<J>, limit: usize, out: &mut String) {
    out.push('(');
    for (index, (name, value)) in fields.into_iter().flat_map(Json::members).enumerate() {
        if out.len() > limit {
            break;
        }
        if index > 0 {
            out.push_str(", ");
        }
        out.push_str(&name);
        out.push('=');
        write(value, limit, out);
    }
    out.push(')');
}

fn cut<'a>(inner: impl Json<'a>, limit: usize, out: &mut String) {
    let kind = text_of(inner, "type");
    let kind = kind.as_deref().unwrap_or("value");
    match inner.member("kept").filter(|kept| kept.kind() != Kind::Null) {
        None => out.push_str(&format!("<{kind}, too deep to keep>")),
        Some(kept) => {
            let length = inner.member("length").map(Json::to_value);
            let length = length.and_then(|length| length.as_u64()).unwrap_or_default();
            out.push_str(&format!("<{kind} of {length}, cut> "));
            write(kept, limit, out);
        }
    }
}

fn last_part(dotted: &str) -> &str {
    dotted.rsplit('.').next().unwrap_or(dotted)
}

/// The parts of a value by name, as far as it has any.
enum Parts<'a, J: Json<'a>> {
    None,
    Items(J::Items),
    Members(J::Members),
    /// Of a dictionary whose keys are no texts: they are named as Python prints them.
    Pairs(J),
}

fn parts<'a, J: Json<'a>>(value: J) -> Parts<'a, J> {
    match value.kind() {
        Kind::List => Parts::Items(value.items()),
        Kind::Dict => {
            let Some((tag, inner)) = value.tagged() else {
                return Parts::Members(value.members());
            };
            match &*tag {
                "$tuple" | "$set" => Parts::Items(inner.items()),
                "$dict" => Parts::Pairs(inner),
                "$model" | "$object" => inner
                    .member("fields")
                    .map_or(Parts::None, |fields| Parts::Members(fields.members())),
                "$queryset" => inner
                    .member("rows")
                    .map_or(Parts::None, |rows| Parts::Items(rows.items())),
                "$cut" => inner.member("kept").map_or(Parts::None, parts),
                _ => Parts::None,
            }
        }
        _ => Parts::None,
    }
}

/// The parts of `value` by name, in order; empty if it has none.
pub fn children<'a, J: Json<'a>>(value: J) -> Vec<(Cow<'a, str>, J)> {
    match parts(value) {
        Parts::None => Vec::new(),
        Parts::Items(items) => items
            .enumerate()
            .map(|(index, item)| (Cow::Owned(index.to_string()), item))
            .collect(),
        Parts::Members(members) => members.collect(),
        Parts::Pairs(inner) => pairs(inner)
            .map(|(key, value)| (Cow::Owned(repr(key, 60)), value))
            .collect(),
    }
}

/// The part of `value` with this name.
pub fn child<'a, J: Json<'a>>(value: J, name: &str) -> Option<J> {
    match parts(value) {
        Parts::None => None,
        Parts::Items(mut items) => items.nth(name.parse().ok()?),
        Parts::Members(mut members) => members.find(|(own, _)| own == name).map(|(_, value)| value),
        Parts::Pairs(inner) => pairs(inner)
            .find(|(key, _)| repr(*key, 60) == name)
            .map(|(_, value)| value),
    }
}

/// How many parts `value` has, at most `limit`, without looking into them.
pub fn len_up_to<'a>(value: impl Json<'a>, limit: usize) -> usize {
    match parts(value) {
        Parts::None => 0,
        Parts::Items(items) => items.take(limit).count(),
        Parts::Members(members) => members.take(limit).count(),
        Parts::Pairs(inner) => pairs(inner).take(limit).count(),
    }
}

#[cfg(test)]
mod tests {
    use djscope_recording::model::JsonText;
    use serde_json::{Value, json};

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
            assert_eq!(repr(JsonText::of(value.to_string().as_bytes()), 200), text);
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
            let all = children(&value);
            assert_eq!(all.len(), len_up_to(&value, 9), "{value}");
            for (name, part) in &all {
                assert_eq!(child(&value, name), Some(*part), "{value}");
            }
            let text = value.to_string();
            let text = JsonText::of(text.as_bytes());
            assert_eq!((repr(text, 200), class(text)), (repr(&value, 200), class(&value)));
            let named = |(name, part): (Cow<'_, str>, JsonText<'_>)| (name.into_owned(), part.to_value());
            let expected = all
                .into_iter()
                .map(|(name, part)| (name.into_owned(), part.clone()));
            assert!(children(text).into_iter().map(named).eq(expected), "{value}");
        }
        assert_eq!(children(&json!({"$tuple": [5, 6]})).len(), 2);
        assert!(children(&json!({"$decimal": "1"})).is_empty());
        assert_eq!(
            children(&json!({"$dict": [[{"$tuple": [1, 2]}, 3]]}))[0].0,
            "(1, 2)"
        );
    }
}
