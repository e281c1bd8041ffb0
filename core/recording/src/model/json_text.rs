//! JSON as text, read only where somebody looks.
//!
//! A state of 10 MB need not become ten million objects before its first row is shown. Nothing here checks that a text
//! is JSON to its end: what is no JSON is met where it is looked at, and never with a panic.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::json::{Json, Kind};

/// One JSON value as text, in UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonText<'a>(&'a [u8]);

impl<'a> JsonText<'a> {
    /// The value that `text` is, with or without blanks around it.
    pub fn of(text: &'a [u8]) -> Self {
        let begin = text
            .iter()
            .position(|byte| !is_blank(*byte))
            .unwrap_or(text.len());
        let end = text
            .iter()
            .rposition(|byte| !is_blank(*byte))
            .map_or(begin, |last| last + 1);
        Self(&text[begin..end])
    }

    /// The text.
    pub const fn bytes(self) -> &'a [u8] {
        self.0
    }

    fn begins(self, with: u8) -> bool {
        self.0.first() == Some(&with)
    }

    const fn walk(self) -> Walk<'a> {
        Walk { text: self.0, at: 1 }
    }

    /// The content of a string in which nothing is escaped.
    fn plain_string(self) -> Option<&'a str> {
        let inner = self.0.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        let is_plain =
            memchr::memchr2(b'"', b'\\', inner).is_none() && !inner.iter().any(u8::is_ascii_control);
        std::str::from_utf8(inner).ok().filter(|_| is_plain)
    }

    /// False if the first member of an object certainly has no name that begins with `$`.
    fn may_be_tagged(self) -> bool {
        let first = self.0.strip_prefix(b"{").unwrap_or_default();
        let first = first.trim_ascii_start().strip_prefix(b"\"").unwrap_or_default();
        matches!(first.first(), Some(b'$' | b'\\'))
    }
}

impl<'a> Json<'a> for JsonText<'a> {
    type Items = Items<'a>;
    type Members = Members<'a>;

    fn kind(self) -> Kind<'a> {
        match self.0.first() {
            Some(b'[') => Kind::List,
            Some(b'{') => Kind::Dict,
            _ => match self.plain_string() {
                Some(text) => Kind::Text(Cow::Borrowed(text)),
                None => match self.to_value() {
                    Value::Null => Kind::Null,
                    Value::Bool(is_true) => Kind::Bool(is_true),
                    Value::Number(number) => Kind::Number(Cow::Owned(number)),
                    Value::String(text) => Kind::Text(Cow::Owned(text)),
                    Value::Array(_) | Value::Object(_) => Kind::Text(Cow::Borrowed(NO_JSON)),
                },
            },
        }
    }

    fn items(self) -> Items<'a> {
        Items(if self.begins(b'[') {
            self.walk()
        } else {
            Walk::ended()
        })
    }

    fn members(self) -> Members<'a> {
        Members(if self.begins(b'{') {
            self.walk()
        } else {
            Walk::ended()
        })
    }

    fn to_value(self) -> Value {
        serde_json::from_slice(self.0).unwrap_or_else(|_| json!({"$repr": {"type": "", "text": NO_JSON}}))
    }

    fn is_identical(self, other: Self) -> bool {
        self.0 == other.0
    }

    fn tagged(self) -> Option<(Cow<'a, str>, Self)> {
        if !self.may_be_tagged() {
            return None;
        }
        let mut members = self.members();
        let (name, inner) = members.next()?;
        (name.starts_with('$') && members.next().is_none()).then_some((name, inner))
    }
}

/// What stands in the place of a text that is no JSON.
const NO_JSON: &str = "<damaged: not JSON>";

/// The items of an array.
#[derive(Clone, Debug)]
pub struct Items<'a>(Walk<'a>);

impl<'a> Iterator for Items<'a> {
    type Item = JsonText<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.0.value();
        self.0.go_on(b']');
        item
    }
}

/// The members of an object.
#[derive(Clone, Debug)]
pub struct Members<'a>(Walk<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, JsonText<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let name = self.0.name();
        let value = name.is_some().then(|| self.0.value()).flatten();
        self.0.go_on(b'}');
        Some((name?, value?))
    }
}

/// A place in the text of a container. At the end of the text it stays there.
#[derive(Clone, Debug)]
struct Walk<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    const fn ended() -> Self {
        Self { text: &[], at: 0 }
    }

    fn skip_blanks(&mut self) {
        while self.text.get(self.at).is_some_and(|byte| is_blank(*byte)) {
            self.at += 1;
        }
    }

    fn end(&mut self) {
        self.at = self.text.len();
    }

    /// Steps over the comma behind a value; ends behind the last one.
    fn go_on(&mut self, close: u8) {
        self.skip_blanks();
        match self.text.get(self.at) {
            Some(b',') => self.at += 1,
            Some(byte) if *byte == close => self.end(),
            _ => self.end(),
        }
    }

    fn name(&mut self) -> Option<Cow<'a, str>> {
        self.skip_blanks();
        let begin = self.at;
        if self.text.get(begin) != Some(&b'"') {
            self.end();
            return None;
        }
        let end = string_end(self.text, begin);
        let quoted = self.text.get(begin..end)?;
        self.at = end;
        self.skip_blanks();
        if self.text.get(self.at) != Some(&b':') {
            self.end();
            return None;
        }
        self.at += 1;
        let inner = quoted.get(1..quoted.len().checked_sub(1)?)?;
        if inner.contains(&b'\\') {
            serde_json::from_slice(quoted).ok().map(Cow::Owned)
        } else {
            std::str::from_utf8(inner).ok().map(Cow::Borrowed)
        }
    }

    fn value(&mut self) -> Option<JsonText<'a>> {
        self.skip_blanks();
        let begin = self.at;
        self.at = value_end(self.text, begin);
        let text = self.text.get(begin..self.at)?;
        (!text.is_empty()).then_some(JsonText(text))
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Where the string that begins at `begin` with a quotation mark ends; the end of the text if it does not.
fn string_end(bytes: &[u8], begin: usize) -> usize {
    let mut at = begin + 1;
    while let Some(found) = bytes
        .get(at..)
        .and_then(|rest| memchr::memchr2(b'"', b'\\', rest))
    {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

/// Where the value that begins at `begin` ends.
fn value_end(bytes: &[u8], begin: usize) -> usize {
    match bytes.get(begin) {
        Some(b'"') => string_end(bytes, begin),
        Some(b'{' | b'[') => container_end(bytes, begin),
        Some(_) => {
            let rest = &bytes[begin..];
            let length = rest
                .iter()
                .position(|byte| matches!(byte, b',' | b']' | b'}' | b':' | b'"') || is_blank(*byte));
            begin + length.unwrap_or(rest.len())
        }
        None => bytes.len(),
    }
}

fn container_end(bytes: &[u8], begin: usize) -> usize {
    let (mut at, mut depth) = (begin, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end(bytes, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// The value as made by stepping through its text.
    fn walked(text: JsonText<'_>) -> Value {
        match text.kind() {
            Kind::List => text.items().map(walked).collect(),
            Kind::Dict => text
                .members()
                .map(|(name, value)| (name.into_owned(), walked(value)))
                .collect(),
            _ => text.to_value(),
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
            Just(json!("\"]},\\")),
        ];
        leaf.prop_recursive(5, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((".{0,4}", inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn stepping_through_a_text_gives_what_parsing_it_gives(value in values(), is_pretty: bool) {
            let text = if is_pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            let text = format!(" {}\n", text.unwrap());
            let text = JsonText::of(text.as_bytes());
            prop_assert_eq!(walked(text), serde_json::from_slice::<Value>(text.bytes()).unwrap());
        }

        #[test]
        fn any_text_is_stepped_through_to_an_end(text in r#"[\[\]{}",:\\a1 é]{0,24}"#) {
            fn steps(text: JsonText<'_>, depth: usize) -> usize {
                let items = text.items().map(|item| if depth < 30 { steps(item, depth + 1) } else { 0 }).sum::<usize>();
                let members = text.members().map(|(_, value)| if depth < 30 { steps(value, depth + 1) } else { 0 });
                1 + items + members.sum::<usize>()
            }
            prop_assert!(steps(JsonText::of(text.as_bytes()), 0) <= text.len() * 30 + 1);
        }
    }

    #[test]
    fn what_is_no_json_ends_the_walk() {
        for text in [
            "[1, 2",
            "[1 2]",
            "[,]",
            "{\"a\" 1}",
            "{1: 2}",
            "{\"a",
            "[\"\\",
            "]",
            "",
            "[[[[",
            "{\"a\":}",
        ] {
            let json = JsonText::of(text.as_bytes());
            let _ = (json.items().count(), json.members().count());
            assert_eq!(json.to_value()["$repr"]["text"], NO_JSON, "{text}");
        }
        assert_eq!(JsonText::of(b"[1, [2, 3], {\"a\": 4}]").items().count(), 3);
    }
}
