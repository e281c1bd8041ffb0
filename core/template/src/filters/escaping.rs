//! Filters that escape, mark as safe and strip tags.

use std::fmt::Write;
use std::ops::ControlFlow;

use super::html_parser::{Handler, Parser};
use super::{Call, FilterError};
use crate::escape;
use crate::value::{PythonError, Value};

/// `escape`.
pub(super) fn escape(call: &Call<'_>) -> Result<Value, FilterError> {
    Ok(Value::safe(escape::conditional_escape(call.value)))
}

/// `force_escape`.
pub(super) fn force_escape(call: &Call<'_>) -> Result<Value, FilterError> {
    Ok(Value::safe(escape::escape(&call.text())))
}

/// `escapeseq`.
pub(super) fn escapeseq(call: &Call<'_>) -> Result<Value, FilterError> {
    for_each(call, |item| Value::safe(escape::conditional_escape(item)))
}

/// `safe`.
pub(super) fn safe(call: &Call<'_>) -> Result<Value, FilterError> {
    Ok(mark_safe(call.value))
}

/// `safeseq`.
pub(super) fn safeseq(call: &Call<'_>) -> Result<Value, FilterError> {
    for_each(call, mark_safe)
}

fn mark_safe(value: &Value) -> Value {
    match value {
        Value::Safe(text) | Value::Str(text) => Value::Safe(text.clone()),
        _ => Value::safe(value.to_str()),
    }
}

fn for_each(call: &Call<'_>, function: fn(&Value) -> Value) -> Result<Value, FilterError> {
    let items = call.value.items()?;
    Ok(items.map(|item| function(&item)).collect())
}

/// `escapejs`.
pub(super) fn escapejs(call: &Call<'_>) -> Result<Value, FilterError> {
    let text = call.text();
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\\'
            | '\''
            | '"'
            | '>'
            | '<'
            | '&'
            | '='
            | '-'
            | ';'
            | '`'
            | '\u{2028}'
            | '\u{2029}'
            | '\0'..='\x1f' => {
                let _ = write!(out, "\\u{:04X}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    Ok(Value::safe(out))
}

/// So often tags are stripped of what stripping tags has made.
const MAX_STRIP_DEPTH: usize = 50;
/// From this length on a tag without an end may hold fewer than [`MAX_STRIP_DEPTH`] others.
const LONG_TAG: usize = 1000;

/// `striptags`.
pub(super) fn striptags(call: &Call<'_>) -> Result<Value, FilterError> {
    let mut text = call.text().into_owned();
    if has_suspicious_tag(&text) {
        return Err(suspicious());
    }
    let mut depth = 0;
    while text.contains('<') && text.contains('>') {
        if depth >= MAX_STRIP_DEPTH {
            return Err(suspicious());
        }
        let mut stripper = Stripper::default();
        Parser::new(&text, false).run_to_end(&mut stripper)?;
        if count(&stripper.kept) == count(&text) {
            break;
        }
        text = stripper.kept;
        depth += 1;
    }
    Ok(call.as_safe_as_value(text))
}

fn suspicious() -> PythonError {
    PythonError::new("SuspiciousOperation", "")
}

fn count(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'<').count()
}

/// Whether a tag opens that is long, has no end and holds many others.
fn has_suspicious_tag(text: &str) -> bool {
    let opens_tag =
        |segment: &str, at: usize| segment[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic());
    text.split('>')
        .filter(|segment| segment.len() > LONG_TAG)
        .any(|segment| {
            let tag = segment.match_indices('<').find(|(at, _)| opens_tag(segment, *at));
            tag.is_some_and(|(at, _)| {
                let tag = &segment[at..];
                tag.chars().count() > LONG_TAG + 1 && count(tag) >= MAX_STRIP_DEPTH
            })
        })
}

/// Keeps what is no tag.
#[derive(Default)]
struct Stripper {
    kept: String,
}

impl Handler for Stripper {
    fn start_tag(&mut self, _: &str, _: &str, _: bool) {}

    fn end_tag(&mut self, _: &str) {}

    fn data(&mut self, data: &str) -> ControlFlow<()> {
        self.kept.push_str(data);
        ControlFlow::Continue(())
    }

    fn reference(&mut self, name: &str) {
        let _ = write!(self.kept, "&{name};");
    }
}
