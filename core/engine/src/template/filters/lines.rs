//! Filters that look at lines.

use std::fmt::Write;

use super::{Call, FilterError};
use crate::template::escape::escape_into;
use crate::value::Value;

/// `linenumbers`.
pub(super) fn linenumbers(call: &Call<'_>) -> Result<Value, FilterError> {
    let text = call.text();
    let count = text.split('\n').count();
    let width = count.to_string().len();
    let mut out = String::with_capacity(text.len() + count * (width + 2));
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let _ = write!(out, "{:0width$}. ", index + 1);
        push(line, call.escapes(), &mut out);
    }
    Ok(Value::safe(out))
}

/// `linebreaks`: paragraphs between empty lines, a break for every other line end.
pub(super) fn linebreaks(call: &Call<'_>) -> Result<Value, FilterError> {
    let text = normalize_newlines(&call.text());
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text.as_str();
    loop {
        let (paragraph, next) = match rest.split_once("\n\n") {
            Some((paragraph, next)) => (paragraph, Some(next.trim_start_matches('\n'))),
            None => (rest, None),
        };
        out.push_str("<p>");
        push_with_breaks(paragraph, call.escapes(), &mut out);
        out.push_str("</p>");
        let Some(next) = next else { break };
        out.push_str("\n\n");
        rest = next;
    }
    Ok(Value::safe(out))
}

/// `linebreaksbr`.
pub(super) fn linebreaksbr(call: &Call<'_>) -> Result<Value, FilterError> {
    let text = normalize_newlines(&call.text());
    let mut out = String::with_capacity(text.len() + 16);
    push_with_breaks(&text, call.escapes(), &mut out);
    Ok(Value::safe(out))
}

fn push_with_breaks(text: &str, escapes: bool, out: &mut String) {
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push_str("<br>");
        }
        push(line, escapes, out);
    }
}

fn push(text: &str, escapes: bool, out: &mut String) {
    if escapes {
        escape_into(text, out);
    } else {
        out.push_str(text);
    }
}

/// `django.utils.text.normalize_newlines()`.
fn normalize_newlines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// `str.splitlines()`, without the line ends; with `keep_ends` each line has its own.
pub(super) fn split_lines(text: &str, keep_ends: bool) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        if !is_line_end(character) {
            continue;
        }
        let mut end = at + character.len_utf8();
        if character == '\r' && characters.next_if(|(_, next)| *next == '\n').is_some() {
            end += 1;
        }
        lines.push(&text[start..if keep_ends { end } else { at }]);
        start = end;
    }
    if start < text.len() {
        lines.push(&text[start..]);
    }
    lines
}

fn is_line_end(character: char) -> bool {
    matches!(
        character,
        '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}
