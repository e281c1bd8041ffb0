//! Truncation of HTML: tags are kept and closed, only text counts.

use std::ops::ControlFlow;

use super::html_parser::{Handler, Parser};
use super::truncate::{composed, length_or_none, push_ellipsis};
use super::{Call, FilterError};
use crate::escape::escape_into;
use crate::value::Value;
use crate::value::text::is_whitespace;

/// Elements without content, and the two old ones that Django counts among them.
const VOID_ELEMENTS: [&str; 16] = [
    "area", "base", "br", "col", "embed", "frame", "hr", "img", "input", "link", "meta", "param", "source",
    "spacer", "track", "wbr",
];

/// `truncatechars_html`.
pub(super) fn truncatechars_html(call: &Call<'_>) -> Result<Value, FilterError> {
    let text = call.text();
    let text = composed(&text);
    let unit = |length: usize| Unit::Characters {
        length,
        processed: 0,
        source_length: text.chars().count(),
    };
    // The ellipsis is one character.
    truncate(call, &text, |length| (unit(length), length - 1, "…"))
}

/// `truncatewords_html`.
pub(super) fn truncatewords_html(call: &Call<'_>) -> Result<Value, FilterError> {
    truncate(call, &call.text(), |length| (Unit::Words, length, " …"))
}

fn truncate(
    call: &Call<'_>,
    text: &str,
    request: impl FnOnce(usize) -> (Unit, usize, &'static str),
) -> Result<Value, FilterError> {
    let Some(length) = length_or_none(call)? else {
        return Ok(call.as_safe_as_value(call.text()));
    };
    if length == 0 {
        return Ok(call.as_safe_as_value(""));
    }
    let (unit, remaining, ellipsis) = request(length);
    let mut truncator = Truncator {
        unit,
        remaining,
        ellipsis,
        open: Vec::new(),
        out: String::new(),
        out_characters: 0,
    };
    if Parser::new(text, true).feed(&mut truncator)?.is_break() {
        truncator.close_all();
    }
    Ok(call.as_safe_as_value(truncator.out))
}

/// What is counted.
enum Unit {
    /// Characters of text; the whole source and what was seen of it decide whether the end fits without an ellipsis.
    Characters {
        length: usize,
        processed: usize,
        source_length: usize,
    },
    Words,
}

struct Truncator {
    unit: Unit,
    remaining: usize,
    ellipsis: &'static str,
    /// The elements that are open, the innermost last.
    open: Vec<String>,
    out: String,
    out_characters: usize,
}

impl Truncator {
    fn close_all(&mut self) {
        while let Some(name) = self.open.pop() {
            self.push_end_tag(&name);
        }
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
        self.out_characters += text.chars().count();
    }

    fn push_end_tag(&mut self, name: &str) {
        self.push("</");
        self.push(name);
        self.push(">");
    }

    /// The text of which there are more units than remain, cut.
    fn finish(&mut self, mut kept: String) -> ControlFlow<()> {
        push_ellipsis_to(&mut kept, self.ellipsis, &self.unit);
        self.push(&kept);
        self.remaining = 0;
        ControlFlow::Break(())
    }

    fn push_characters(&mut self, data: &str) -> ControlFlow<()> {
        let count = data.chars().count();
        if let Unit::Characters {
            length,
            processed,
            source_length,
        } = &mut self.unit
        {
            *processed += count;
            if *processed == *length && self.out_characters + count == *source_length {
                self.push(data);
                return ControlFlow::Break(());
            }
        }
        let end = data
            .char_indices()
            .nth(self.remaining)
            .map_or(data.len(), |(index, _)| index);
        let mut kept = String::new();
        escape_into(&data[..end], &mut kept);
        if self.remaining < count {
            return self.finish(kept);
        }
        self.remaining -= count;
        self.push(&kept);
        ControlFlow::Continue(())
    }

    fn push_words(&mut self, data: &str) -> ControlFlow<()> {
        let words = split_words(data);
        let mut kept = String::new();
        for (index, word) in words.iter().take(self.remaining).enumerate() {
            if index > 0 {
                kept.push(' ');
            }
            escape_into(word, &mut kept);
        }
        if self.remaining < words.len() {
            return self.finish(kept);
        }
        self.remaining -= words.len();
        self.push(&kept);
        ControlFlow::Continue(())
    }
}

/// Without an ellipsis of its own a text of words may end with one already.
fn push_ellipsis_to(text: &mut String, ellipsis: &str, unit: &Unit) {
    match unit {
        Unit::Characters { .. } => text.push_str(ellipsis),
        Unit::Words => push_ellipsis(text, ellipsis),
    }
}

impl Handler for Truncator {
    fn start_tag(&mut self, name: &str, source: &str, closes_itself: bool) {
        self.push(source);
        if !VOID_ELEMENTS.contains(&name) {
            self.open.push(name.to_owned());
            if closes_itself {
                self.end_tag(name);
            }
        }
    }

    fn end_tag(&mut self, name: &str) {
        if VOID_ELEMENTS.contains(&name) {
            return;
        }
        self.push_end_tag(name);
        if self.open.last().is_some_and(|open| open == name) {
            self.open.pop();
        }
    }

    fn data(&mut self, data: &str) -> ControlFlow<()> {
        match self.unit {
            Unit::Characters { .. } => self.push_characters(data),
            Unit::Words => self.push_words(data),
        }
    }

    /// References come as data.
    fn reference(&mut self, _: &str) {}
}

/// The words of a text; whitespace at its beginning and its end belongs to the first and the last.
fn split_words(text: &str) -> Vec<&str> {
    let inner_start = text.len() - text.trim_start_matches(is_whitespace).len();
    let inner_end = text.trim_end_matches(is_whitespace).len();
    if inner_end <= inner_start {
        return vec![text];
    }
    let mut words = Vec::new();
    let mut start = 0;
    let mut at = inner_start;
    while let Some(length) = text[at..inner_end].find(is_whitespace) {
        words.push(&text[start..at + length]);
        let rest = text[at + length..].trim_start_matches(is_whitespace);
        at = text.len() - rest.len();
        start = at;
    }
    words.push(&text[start..]);
    words
}
