//! `pprint` (Python's `pprint.pformat`).

use std::convert::Infallible;

use super::sort::sort;
use super::{Call, FilterError};
use crate::value::text::{is_whitespace, split_lines};
use crate::value::{Dict, Value};

/// Columns of a line.
const WIDTH: usize = 80;

/// `pprint`.
pub(super) fn pprint(call: &Call<'_>) -> Result<Value, FilterError> {
    let mut out = String::new();
    Printer { out: &mut out }.write(
        call.value,
        Place {
            indent: 0,
            allowance: 0,
            level: 0,
        },
    );
    Ok(Value::from(out))
}

/// Where a value is written.
#[derive(Clone, Copy)]
struct Place {
    /// Columns before it.
    indent: usize,
    /// Columns for what follows on the last line.
    allowance: usize,
    /// Containers around it.
    level: usize,
}

struct Printer<'a> {
    out: &'a mut String,
}

impl Printer<'_> {
    /// On one line if it fits, else the items below each other.
    fn write(&mut self, value: &Value, place: Place) {
        let line = sorted_repr(value);
        let width = WIDTH.checked_sub(place.indent + place.allowance);
        let fits = width.is_some_and(|width| line.chars().count() <= width);
        let inner = Place {
            level: place.level + 1,
            ..place
        };
        match value {
            Value::Dict(dict) if !fits => self.write_dict(dict, inner),
            Value::List(items) if !fits => self.write_items("[", items.iter(), "]", inner),
            Value::Tuple(items) if !fits => {
                let close = if items.len() == 1 { ",)" } else { ")" };
                self.write_items("(", items.iter(), close, inner);
            }
            Value::Set(items) if !fits && !items.is_empty() => {
                let items = sorted(items.iter().collect(), |item| *item);
                self.write_items("{", items.into_iter(), "}", inner);
            }
            Value::Str(text) | Value::Safe(text) if !fits && !text.is_empty() => self.write_text(text, inner),
            Value::Bytes(bytes) if !fits && bytes.len() > 4 => self.write_bytes(bytes, inner),
            _ => self.out.push_str(&line),
        }
    }

    fn new_line(&mut self, indent: usize) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn write_items<'v>(
        &mut self,
        open: &str,
        items: impl Iterator<Item = &'v Value>,
        close: &str,
        place: Place,
    ) {
        self.out.push_str(open);
        let indent = place.indent + 1;
        let mut items = items.peekable();
        while let Some(item) = items.next() {
            let is_last = items.peek().is_none();
            let allowance = if is_last { place.allowance + close.len() } else { 1 };
            self.write(
                item,
                Place {
                    indent,
                    allowance,
                    ..place
                },
            );
            if !is_last {
                self.out.push(',');
                self.new_line(indent);
            }
        }
        self.out.push_str(close);
    }

    fn write_dict(&mut self, dict: &Dict, place: Place) {
        self.out.push('{');
        let indent = place.indent + 1;
        let mut entries = sorted_entries(dict).into_iter().peekable();
        while let Some((key, value)) = entries.next() {
            let is_last = entries.peek().is_none();
            let key = sorted_repr(key);
            self.out.push_str(&key);
            self.out.push_str(": ");
            let allowance = if is_last { place.allowance + 1 } else { 1 };
            let indent_of_value = indent + key.chars().count() + 2;
            self.write(
                value,
                Place {
                    indent: indent_of_value,
                    allowance,
                    ..place
                },
            );
            if !is_last {
                self.out.push(',');
                self.new_line(indent);
            }
        }
        self.out.push('}');
    }

    /// A long text as several that Python puts together, broken behind whitespace.
    fn write_text(&mut self, text: &str, place: Place) {
        let has_parentheses = place.level == 1;
        let extra = usize::from(has_parentheses);
        let indent = place.indent + extra;
        let chunks = text_chunks(text, WIDTH.saturating_sub(indent), place.allowance + extra);
        if let [only] = chunks.as_slice() {
            self.out.push_str(only);
            return;
        }
        self.write_chunks(&chunks, has_parentheses, indent);
    }

    fn write_bytes(&mut self, bytes: &[u8], place: Place) {
        let has_parentheses = place.level == 1;
        let extra = usize::from(has_parentheses);
        let indent = place.indent + extra;
        let chunks = bytes_chunks(bytes, WIDTH.saturating_sub(indent), place.allowance + extra);
        self.write_chunks(&chunks, has_parentheses, indent);
    }

    fn write_chunks(&mut self, chunks: &[String], has_parentheses: bool, indent: usize) {
        if has_parentheses {
            self.out.push('(');
        }
        for (index, chunk) in chunks.iter().enumerate() {
            if index > 0 {
                self.new_line(indent);
            }
            self.out.push_str(chunk);
        }
        if has_parentheses {
            self.out.push(')');
        }
    }
}

fn text_repr(text: &str) -> String {
    Value::from(text).repr()
}

fn text_chunks(text: &str, width: usize, allowance: usize) -> Vec<String> {
    let lines = split_lines(text, true);
    let mut chunks = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let is_last = index + 1 == lines.len();
        let room_at_end = width.saturating_sub(if is_last { allowance } else { 0 });
        let line_repr = text_repr(line);
        if line_repr.chars().count() <= room_at_end {
            chunks.push(line_repr);
        } else {
            push_line_chunks(line, width, room_at_end, &mut chunks);
        }
    }
    chunks
}

/// The parts of one line, as many together as fit.
fn push_line_chunks(line: &str, width: usize, room_at_end: usize, chunks: &mut Vec<String>) {
    let mut current = String::new();
    let mut parts = parts(line).into_iter().peekable();
    while let Some(part) = parts.next() {
        let room = if parts.peek().is_none() {
            room_at_end
        } else {
            width
        };
        let candidate = format!("{current}{part}");
        if text_repr(&candidate).chars().count() <= room {
            current = candidate;
            continue;
        }
        if !current.is_empty() {
            chunks.push(text_repr(&current));
        }
        part.clone_into(&mut current);
    }
    if !current.is_empty() {
        chunks.push(text_repr(&current));
    }
}

/// Words, each with the whitespace behind it.
fn parts(line: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let word = rest.find(is_whitespace).unwrap_or(rest.len());
        let end = rest[word..]
            .find(|c| !is_whitespace(c))
            .map_or(rest.len(), |length| word + length);
        let (part, after) = rest.split_at(end);
        parts.push(part);
        rest = after;
    }
    parts
}

/// Four bytes at a time, as many together as fit.
fn bytes_chunks(bytes: &[u8], width: usize, allowance: usize) -> Vec<String> {
    let bytes_repr = |bytes: &[u8]| Value::Bytes(bytes.into()).repr();
    let mut chunks = Vec::new();
    let mut current: Vec<u8> = Vec::new();
    // A last part of four bytes is not told from the others by its beginning.
    let last = bytes.len() / 4;
    for (index, part) in bytes.chunks(4).enumerate() {
        let room = width.saturating_sub(if index == last { allowance } else { 0 });
        let candidate = [current.as_slice(), part].concat();
        if bytes_repr(&candidate).len() <= room {
            current = candidate;
            continue;
        }
        if !current.is_empty() {
            chunks.push(bytes_repr(&current));
        }
        current = part.to_vec();
    }
    if !current.is_empty() {
        chunks.push(bytes_repr(&current));
    }
    chunks
}

/// `repr()` with the keys of dicts in order.
fn sorted_repr(value: &Value) -> String {
    let mut out = String::new();
    push_sorted_repr(value, &mut out);
    out
}

fn push_sorted_repr(value: &Value, out: &mut String) {
    match value {
        Value::Dict(dict) => {
            out.push('{');
            for (index, (key, value)) in sorted_entries(dict).into_iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                push_sorted_repr(key, out);
                out.push_str(": ");
                push_sorted_repr(value, out);
            }
            out.push('}');
        }
        Value::List(items) => push_items("[", items, "]", out),
        Value::Tuple(items) => push_items("(", items, if items.len() == 1 { ",)" } else { ")" }, out),
        _ => value.write_repr(out),
    }
}

fn push_items(open: &str, items: &[Value], close: &str, out: &mut String) {
    out.push_str(open);
    for (index, item) in items.iter().enumerate() {
        out.push_str(if index > 0 { ", " } else { "" });
        push_sorted_repr(item, out);
    }
    out.push_str(close);
}

fn sorted_entries(dict: &Dict) -> Vec<(&Value, &Value)> {
    sorted(dict.iter().collect(), |(key, _)| key)
}

fn sorted<'v, T>(items: Vec<T>, key: fn(&T) -> &'v Value) -> Vec<T> {
    let sorted = sort(items, &|a, b| Ok::<_, Infallible>(is_less(key(a), key(b))));
    sorted.unwrap_or_else(|never| match never {})
}

/// Python's `<`; what has no order is ordered by its type.
fn is_less(a: &Value, b: &Value) -> bool {
    a.is_less(b).unwrap_or_else(|_| class_name(a) < class_name(b))
}

/// The name of a class as `str(type(value))` has it.
fn class_name(value: &Value) -> String {
    match value {
        Value::Safe(_) => "django.utils.safestring.SafeString".to_owned(),
        Value::Uuid(_) => "uuid.UUID".to_owned(),
        Value::Record(record) => record.type_name().to_owned(),
        _ => value.qualified_type_name().to_owned(),
    }
}
