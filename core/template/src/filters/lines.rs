//! Filters that look at lines.

use std::fmt::Write;

use super::{Call, FilterError};
use crate::escape::push;
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

/// `django.utils.text.normalize_newlines()`.
fn normalize_newlines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}
