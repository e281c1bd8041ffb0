//! HTML as Python's `html.parser` reads it, which `striptags` and the truncation of HTML are built on.
//!
//! It is no tree parser and forgives in its own way; what it makes of broken HTML is what Django shows.

use std::ops::ControlFlow;

use super::FilterError;
use super::entities::unescape;
use super::html_references::{named_reference, numeric_reference};
use super::html_tags::{
    end_of_start_tag, end_of_tag_name, find_end_tag, plain_end_tag, rest_after_attributes,
};
use crate::value::text::is_whitespace;
use crate::value::{PythonError, Value};

/// So many bytes of a text may be looked at again for tags that do not end, for each byte of the text.
const MAX_REREADS: usize = 1000;

/// What is done with the parts of a text.
pub(super) trait Handler {
    /// A start tag: its name in lower case, its text, and whether it ends with `/>`.
    fn start_tag(&mut self, name: &str, source: &str, closes_itself: bool);

    /// The name of an end tag in lower case.
    fn end_tag(&mut self, name: &str);

    /// Text. The handler may want no more.
    fn data(&mut self, data: &str) -> ControlFlow<()>;

    /// A character reference without `&` and `;`, if the parser was told not to replace them.
    fn reference(&mut self, name: &str);
}

/// One pass over one text.
pub(super) struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// The element of which the content is not HTML.
    raw_element: Option<String>,
    replaces_references: bool,
    /// Where the last `>` stands.
    last_close: Option<usize>,
    reread_bytes: usize,
}

/// How one construct ended.
enum Step {
    /// The parser goes on behind it.
    To(usize),
    /// It has no end.
    Unfinished,
    /// The handler wants no more.
    Stop,
}

impl<'a> Parser<'a> {
    /// A parser that gives character references as data, replaced, or by themselves.
    pub(super) fn new(text: &'a str, replaces_references: bool) -> Parser<'a> {
        Parser {
            text,
            at: 0,
            raw_element: None,
            replaces_references,
            last_close: text.rfind('>'),
            reread_bytes: 0,
        }
    }

    /// `feed()` and `close()`.
    pub(super) fn run_to_end(mut self, handler: &mut impl Handler) -> Result<(), FilterError> {
        match self.run(false, handler)? {
            ControlFlow::Continue(()) => self.run(true, handler).map(|_| ()),
            ControlFlow::Break(()) => Ok(()),
        }
    }

    /// `feed()` alone: what has no end is left. Tells whether the handler wanted no more.
    pub(super) fn feed(mut self, handler: &mut impl Handler) -> Result<ControlFlow<()>, FilterError> {
        self.run(false, handler)
    }

    fn run(&mut self, is_end: bool, handler: &mut impl Handler) -> Result<ControlFlow<()>, FilterError> {
        while self.at < self.text.len() {
            let Some(next) = self.next_markup() else { break };
            if next > self.at && self.push_data(self.at, next, handler).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            self.at = next;
            if self.at == self.text.len() {
                break;
            }
            let flow = if self.rest().starts_with('<') {
                self.read_tag(is_end, handler)?
            } else {
                self.read_reference(is_end, handler)
            };
            match flow {
                Step::To(at) => self.at = at,
                Step::Unfinished => break,
                Step::Stop => return Ok(ControlFlow::Break(())),
            }
        }
        if is_end && self.at < self.text.len() && self.raw_element.is_none() {
            let at = std::mem::replace(&mut self.at, self.text.len());
            return Ok(self.push_data(at, self.text.len(), handler));
        }
        Ok(ControlFlow::Continue(()))
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Where the next tag or reference begins, or the text ends; `None` if that cannot be told yet.
    fn next_markup(&self) -> Option<usize> {
        let (text, at) = (self.text, self.at);
        if let Some(element) = &self.raw_element {
            return find_end_tag(text, at, element);
        }
        if !self.replaces_references {
            return Some(text[at..].find(['&', '<']).map_or(text.len(), |found| at + found));
        }
        if let Some(found) = text[at..].find('<') {
            return Some(at + found);
        }
        // A reference may be cut in two at the end.
        let near_end = text
            .char_indices()
            .rev()
            .nth(33)
            .map_or(0, |(index, _)| index)
            .max(at);
        let is_cut = text[near_end..]
            .rfind('&')
            .is_some_and(|found| !text[near_end + found..].contains(|c| c == ';' || is_whitespace(c)));
        if is_cut { None } else { Some(text.len()) }
    }

    fn push_data(&self, from: usize, to: usize, handler: &mut impl Handler) -> ControlFlow<()> {
        let data = &self.text[from..to];
        if self.replaces_references && self.raw_element.is_none() {
            handler.data(&unescape(data))
        } else {
            handler.data(data)
        }
    }

    /// Where the next `>` stands, from a place on.
    fn close_from(&self, at: usize) -> Option<usize> {
        if self.last_close? < at {
            return None;
        }
        self.text.get(at..)?.find('>').map(|found| at + found)
    }

    fn read_tag(&mut self, is_end: bool, handler: &mut impl Handler) -> Result<Step, FilterError> {
        let rest = self.rest();
        let step = if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
            self.read_start_tag(handler)
        } else if rest.starts_with("</") {
            self.read_end_tag(handler)
        } else if rest.starts_with("<!--") {
            self.find_behind(self.at + 4, "--", "")
        } else if rest.starts_with("<?") {
            self.close_from(self.at + 2)
                .map_or(Step::Unfinished, |close| Step::To(close + 1))
        } else if rest.starts_with("<!") {
            self.read_declaration()?
        } else if rest.len() > 1 {
            match handler.data("<") {
                ControlFlow::Continue(()) => Step::To(self.at + 1),
                ControlFlow::Break(()) => Step::Stop,
            }
        } else {
            return Ok(Step::Unfinished);
        };
        match step {
            Step::Unfinished if is_end => self.give_up_tag(handler),
            step => Ok(step),
        }
    }

    /// What begins like a tag and does not end is text, until the next `>` or the next `<`.
    fn give_up_tag(&mut self, handler: &mut impl Handler) -> Result<Step, FilterError> {
        self.reread_bytes += self.text.len() - self.at;
        if self.reread_bytes / MAX_REREADS > self.text.len() {
            return Err(PythonError::new(
                "SuspiciousOperation",
                "too many tags without an end",
            ));
        }
        let end = match self.close_from(self.at + 1) {
            Some(close) => close + 1,
            None => self.rest()[1..]
                .find('<')
                .map_or(self.at + 1, |found| self.at + 1 + found),
        };
        Ok(match self.push_data(self.at, end, handler) {
            ControlFlow::Continue(()) => Step::To(end),
            ControlFlow::Break(()) => Step::Stop,
        })
    }

    fn read_start_tag(&mut self, handler: &mut impl Handler) -> Step {
        let Some(end) = end_of_start_tag(self.text, self.at) else {
            return Step::Unfinished;
        };
        let (name, after_name) = end_of_tag_name(self.text, self.at + 1);
        let name = name.to_lowercase();
        let source = &self.text[self.at..end];
        let close = rest_after_attributes(self.text, after_name, end);
        match close.trim_matches(is_whitespace) {
            ">" => {
                handler.start_tag(&name, source, false);
                if matches!(&*name, "script" | "style") {
                    self.raw_element = Some(name);
                }
            }
            "/>" => handler.start_tag(&name, source, true),
            _ => {
                if handler.data(source).is_break() {
                    return Step::Stop;
                }
            }
        }
        Step::To(end)
    }

    fn read_end_tag(&mut self, handler: &mut impl Handler) -> Step {
        let Some(close) = self.close_from(self.at + 1) else {
            return Step::Unfinished;
        };
        if let Some((name, end)) = plain_end_tag(self.text, self.at) {
            let name = name.to_lowercase();
            if self.raw_element.as_ref().is_some_and(|element| *element != name) {
                return self.push_raw(close + 1, handler);
            }
            handler.end_tag(&name);
            self.raw_element = None;
            return Step::To(end);
        }
        if self.raw_element.is_some() {
            return self.push_raw(close + 1, handler);
        }
        if !self.text[self.at + 2..].starts_with(|c: char| c.is_ascii_alphabetic()) {
            // `</>` is nothing, everything else a comment.
            return Step::To(close + 1);
        }
        let (name, _) = end_of_tag_name(self.text, self.at + 2);
        handler.end_tag(&name.to_lowercase());
        Step::To(close + 1)
    }

    fn push_raw(&self, end: usize, handler: &mut impl Handler) -> Step {
        match handler.data(&self.text[self.at..end]) {
            ControlFlow::Continue(()) => Step::To(end),
            ControlFlow::Break(()) => Step::Stop,
        }
    }

    fn read_declaration(&self) -> Result<Step, FilterError> {
        let rest = self.rest();
        if rest.starts_with("<![") {
            return self.read_marked_section();
        }
        // A doctype ends as any other.
        Ok(self
            .close_from(self.at + 2)
            .map_or(Step::Unfinished, |close| Step::To(close + 1)))
    }

    /// `<![CDATA[…]]>` and what Microsoft Office writes, `<![if …]>`.
    fn read_marked_section(&self) -> Result<Step, FilterError> {
        let rest = &self.text[self.at + 3..];
        if rest.is_empty() {
            return Ok(Step::Unfinished);
        }
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let shown: String = self.rest().chars().take(20).collect();
            let shown = Value::from(shown).repr();
            return Err(PythonError::new(
                "AssertionError",
                format!("expected name token at {shown}"),
            ));
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let name_end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let after_space = rest[name_end..].trim_start_matches(is_whitespace);
        if after_space.is_empty() {
            return Ok(Step::Unfinished);
        }
        match &*rest[..name_end].to_lowercase() {
            "temp" | "cdata" | "ignore" | "include" | "rcdata" => Ok(self.find_behind(self.at + 3, "]", "]")),
            "if" | "else" | "endif" => Ok(self.find_behind(self.at + 3, "]", "")),
            _ => {
                let shown = Value::from(&rest[..rest.len() - after_space.len()]).repr();
                let message = format!("unknown status keyword {shown} in marked section");
                Err(PythonError::new("AssertionError", message))
            }
        }
    }

    /// Behind `first`, `second` and `>`, between which whitespace may stand.
    fn find_behind(&self, from: usize, first: &str, second: &str) -> Step {
        if self.last_close.is_none_or(|close| close < from) {
            return Step::Unfinished;
        }
        let mut at = from;
        while let Some(found) = self.text[at..].find(first) {
            at += found + 1;
            let rest = self.text[at - 1 + first.len()..].trim_start_matches(is_whitespace);
            let Some(rest) = rest.strip_prefix(second) else {
                continue;
            };
            let Some(rest) = rest.trim_start_matches(is_whitespace).strip_prefix('>') else {
                continue;
            };
            return Step::To(self.text.len() - rest.len());
        }
        Step::Unfinished
    }

    /// `&` in a text of which the references are not replaced.
    fn read_reference(&mut self, is_end: bool, handler: &mut impl Handler) -> Step {
        let rest = self.rest();
        if rest.starts_with("&#") {
            if let Some(length) = numeric_reference(rest) {
                handler.reference(&rest[1..length]);
                return Step::To(self.behind_reference(length));
            }
            if rest.contains(';') {
                if handler.data("&#").is_break() {
                    return Step::Stop;
                }
                self.at += 2;
            }
            return Step::Unfinished;
        }
        if let Some(length) = named_reference(rest) {
            handler.reference(&rest[1..length]);
            return Step::To(self.behind_reference(length));
        }
        if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
            if is_end && rest.len() == 2 {
                self.at += 1;
            }
            return Step::Unfinished;
        }
        if rest.len() == 1 {
            return Step::Unfinished;
        }
        match handler.data("&") {
            ControlFlow::Continue(()) => Step::To(self.at + 1),
            ControlFlow::Break(()) => Step::Stop,
        }
    }

    fn behind_reference(&self, length: usize) -> usize {
        let end = self.at + length;
        if self.text[end..].starts_with(';') {
            end + 1
        } else {
            end
        }
    }
}
