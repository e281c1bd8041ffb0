//! What a tag means where it stands: nothing but the start or the end of an element, or the parser gives up
//! (HTML Living Standard, 13.2.6: tree construction).

use super::super::names::Traits;
use super::Root;
use super::{Fast, Stage, StartTag};

impl<'a> Fast<'a> {
    /// Takes a start tag for what it means where it stands.
    pub(super) fn start(&mut self, tag: &StartTag<'a>) -> Option<()> {
        if self.stage != Stage::InBody && !self.start_before_body(tag)? {
            return Some(());
        }
        if self.is_in_svg {
            return self.start_in_svg(tag);
        }
        if self
            .stack
            .last()
            .is_some_and(|open| open.name == "table" && tag.name == "tr")
        {
            self.open_implied("tbody", tag.start);
        } else if self.stack.last().is_some_and(|open| open.is_implied) && tag.name != "tr" {
            self.close(tag.start..tag.start);
        }
        self.check_start(tag)?;
        if tag.is_self_closing && !tag.traits.has(Traits::VOID) && tag.name != "svg" {
            return None;
        }
        self.open(tag)?;
        if tag.traits.has(Traits::VOID) || (tag.name == "svg" && tag.is_self_closing) {
            self.close(tag.end..tag.end);
            return Some(());
        }
        if tag.name == "svg" {
            self.is_in_svg = true;
            self.svg_at = self.stack.len();
        } else if tag.traits.has(Traits::RAW_TEXT) || tag.traits.has(Traits::DECODED_TEXT) {
            self.raw_text(tag)?;
        } else if tag.name == "pre" && self.source.as_bytes().get(self.at) == Some(&b'\n') {
            self.at += 1;
        }
        Some(())
    }

    /// Before the body; true if the tag starts it.
    pub(super) fn start_before_body(&mut self, tag: &StartTag<'a>) -> Option<bool> {
        if self.stage == Stage::AfterBody {
            return None;
        }
        match (tag.name, self.stage) {
            ("html", Stage::Start) => return Some(false),
            ("head", Stage::Start) => {
                self.stage = Stage::InHead { is_written: true };
                return Some(false);
            }
            ("body", Stage::Start | Stage::InHead { is_written: false } | Stage::AfterHead) => {
                self.stage = Stage::InBody;
                return Some(false);
            }
            ("html" | "head" | "body" | "template", _) => return None,
            _ => {}
        }
        if !tag.traits.has(Traits::HEAD) {
            if self.stage == (Stage::InHead { is_written: true }) {
                return None;
            }
            self.stage = Stage::InBody;
            return Some(true);
        }
        if self.stage == Stage::AfterHead || tag.name == "noframes" {
            return None;
        }
        if self.stage == Stage::Start {
            self.stage = Stage::InHead { is_written: false };
        }
        if !tag.traits.has(Traits::VOID) {
            self.skip_raw_text(tag)?;
        }
        Some(false)
    }

    /// Gives up unless the tag only opens an element where it stands.
    pub(super) fn check_start(&self, tag: &StartTag<'a>) -> Option<()> {
        let parent = self.stack.last();
        let parent_name = parent.map_or("body", |open| open.name);
        let is_allowed = match parent_name {
            "table" => matches!(tag.name, "caption" | "colgroup" | "thead" | "tbody" | "tfoot"),
            "thead" | "tbody" | "tfoot" => tag.name == "tr",
            "tr" => matches!(tag.name, "td" | "th"),
            "colgroup" => tag.name == "col",
            "select" => matches!(tag.name, "option" | "optgroup"),
            "optgroup" => tag.name == "option",
            "option" => false,
            _ => {
                tag.traits.has(Traits::PLAIN)
                    || matches!(tag.name, "table" | "select" | "title" | "textarea" | "svg")
            }
        };
        let closes_something = ((tag.traits.has(Traits::CLOSES_P) || tag.name == "p") && self.counts.p > 0)
            || (tag.name == "a" && self.counts.a > 0)
            || (tag.name == "button" && self.counts.button > 0)
            || (tag.name == "form" && self.counts.form > 0)
            || (tag.traits.has(Traits::HEADING)
                && parent.is_some_and(|open| open.traits.has(Traits::HEADING)))
            || self.ends_item(tag.name);
        (is_allowed && !closes_something).then_some(())
    }

    /// Whether a list item ends an open one.
    pub(super) fn ends_item(&self, name: &str) -> bool {
        let ended: &[&str] = match name {
            "li" => &["li"],
            "dd" | "dt" => &["dd", "dt"],
            _ => return false,
        };
        self.stack
            .last()
            .and_then(|open| open.item_search_ends_at)
            .is_some_and(|index| ended.contains(&self.stack[index].name))
    }

    pub(super) fn start_in_svg(&mut self, tag: &StartTag<'a>) -> Option<()> {
        let is_plain = tag.traits.has(Traits::SVG)
            && !matches!(
                tag.name,
                "svg"
                    | "clippath"
                    | "foreignobject"
                    | "desc"
                    | "title"
                    | "lineargradient"
                    | "radialgradient"
                    | "textpath"
                    | "animatemotion"
                    | "animatetransform"
            )
            && !tag.name.starts_with("fe");
        if !is_plain {
            return None;
        }
        self.open(tag)?;
        if tag.is_self_closing {
            self.close(tag.end..tag.end);
        }
        Some(())
    }

    pub(super) fn end_tag(&mut self) -> Option<()> {
        let bytes = self.source.as_bytes();
        let start = self.at;
        let name_start = start + 2;
        let mut at = name_start;
        while !matches!(bytes.get(at)?, b' ' | b'\n' | b'\t' | 12 | b'>') {
            at += 1;
        }
        let name = &self.source[name_start..at];
        while matches!(bytes.get(at)?, b' ' | b'\n' | b'\t' | 12) {
            at += 1;
        }
        if bytes[at] != b'>' {
            return None;
        }
        self.at = at + 1;
        if self.stack.len() == self.floor {
            return self.end_outside(name);
        }
        if name == "table" && self.stack.last().is_some_and(|open| open.is_implied) {
            self.close(start..start);
        }
        let open = self.stack.last()?;
        if self.stack.len() <= self.floor || open.name != name || open.is_implied {
            return None;
        }
        self.close(start..self.at);
        Some(())
    }

    /// The end tags of a page's frame.
    pub(super) fn end_outside(&mut self, name: &str) -> Option<()> {
        if self.root == Root::Fragment {
            return None;
        }
        match (name, self.stage) {
            ("head", Stage::InHead { is_written: true }) => self.stage = Stage::AfterHead,
            ("body", Stage::InBody) => self.stage = Stage::AfterBody,
            ("html", Stage::AfterBody) => {}
            _ => return None,
        }
        Some(())
    }
}
