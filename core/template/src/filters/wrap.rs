//! `wordwrap`.

use super::{Call, FilterError};
use crate::value::text::{expand_tabs, is_whitespace, split_lines};
use crate::value::{PythonError, Value};

/// `wordwrap`: lines are broken at whitespace; words are not, and existing line ends stay.
pub(super) fn wordwrap(call: &Call<'_>) -> Result<Value, FilterError> {
    let text = call.text();
    let width = call.length_argument()?;
    let mut lines = Vec::new();
    for line in split_lines(&text, false) {
        let Some(width) = usize::try_from(width).ok().filter(|width| *width > 0) else {
            return Err(PythonError::value_error(format!(
                "invalid width {width} (must be > 0)"
            )));
        };
        let expanded = expand_tabs(line);
        let wrapped = wrap_line(&expanded, width);
        if wrapped.is_empty() {
            // A line of nothing but whitespace stays as it is.
            lines.push(line.to_owned());
        }
        lines.extend(wrapped);
    }
    if text.ends_with('\n') {
        lines.push(String::new());
    }
    Ok(call.as_safe_as_value(lines.join("\n")))
}

/// The words of a line and the whitespace between them, with their lengths in characters.
fn chunks(line: &str) -> Vec<(&str, usize)> {
    let is_separator = |c: char| matches!(c, '\t' | '\n' | '\x0b' | '\x0c' | '\r' | ' ');
    let mut chunks = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let kind = is_separator(first);
        let end = rest.find(|c| is_separator(c) != kind).unwrap_or(rest.len());
        let (chunk, after) = rest.split_at(end);
        chunks.push((chunk, chunk.chars().count()));
        rest = after;
    }
    chunks
}

/// `textwrap.TextWrapper` with `break_long_words` and `break_on_hyphens` off.
fn wrap_line(line: &str, width: usize) -> Vec<String> {
    let is_blank = |chunk: &str| chunk.chars().all(is_whitespace);
    let chunks = chunks(line);
    let mut lines: Vec<String> = Vec::new();
    let mut next = 0;
    while next < chunks.len() {
        if !lines.is_empty() && is_blank(chunks[next].0) {
            next += 1;
        }
        let start = next;
        let mut length = 0;
        while next < chunks.len() && length + chunks[next].1 <= width {
            length += chunks[next].1;
            next += 1;
        }
        // A word that is too long for any line has one for itself.
        if next < chunks.len() && next == start {
            next += 1;
        }
        let mut end = next;
        if end > start && is_blank(chunks[end - 1].0) {
            end -= 1;
        }
        if end > start {
            lines.push(chunks[start..end].iter().map(|(chunk, _)| *chunk).collect());
        }
    }
    lines
}
