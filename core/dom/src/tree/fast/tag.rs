//! Reading tags: names and attributes.

use memchr::memchr;
use rustc_hash::FxHashSet;

use super::super::build::ReadAttribute;
use super::super::names::{Traits, foreign_svg_attribute};
use super::super::{FEW, Span};
use super::{Fast, StartTag};

impl<'a> Fast<'a> {
    /// Reads a start tag; its attributes go to `self.attributes` as (name start, name end, value start, value end).
    pub(super) fn start_tag(&mut self) -> Option<StartTag<'a>> {
        let bytes = self.source.as_bytes();
        let start = self.at;
        let mut at = start + 1;
        while !matches!(bytes.get(at)?, b' ' | b'\n' | b'\t' | 12 | b'/' | b'>') {
            if bytes[at].is_ascii_uppercase() || bytes[at] == b'<' {
                return None;
            }
            at += 1;
        }
        let name = &self.source[start + 1..at];
        self.attributes.clear();
        let mut is_self_closing = false;
        loop {
            match bytes.get(at)? {
                b' ' | b'\n' | b'\t' | 12 => at += 1,
                b'>' => break,
                b'/' => {
                    if *bytes.get(at + 1)? != b'>' {
                        return None;
                    }
                    is_self_closing = true;
                    at += 1;
                }
                _ => at = self.attribute(at)?,
            }
        }
        self.at = at + 1;
        Some(StartTag {
            name,
            traits: Traits::of(name),
            is_self_closing,
            start,
            end: self.at,
        })
    }

    /// Reads one attribute at `at`; gives where it ends.
    pub(super) fn attribute(&mut self, start: usize) -> Option<usize> {
        let bytes = self.source.as_bytes();
        let mut at = start;
        loop {
            match bytes.get(at)? {
                b' ' | b'\n' | b'\t' | 12 | b'/' | b'>' => break,
                b'=' if at > start => break,
                b'"' | b'\'' | b'<' | b'=' => return None,
                _ => at += 1,
            }
        }
        let name_end = at;
        while matches!(bytes.get(at)?, b' ' | b'\n' | b'\t' | 12) {
            at += 1;
        }
        if bytes[at] != b'=' {
            self.attributes.push((start, name_end, name_end, name_end));
            return Some(at);
        }
        at += 1;
        while matches!(bytes.get(at)?, b' ' | b'\n' | b'\t' | 12) {
            at += 1;
        }
        let quote = bytes[at];
        if quote == b'"' || quote == b'\'' {
            let value_end = at + 1 + memchr(quote, &bytes[at + 1..])?;
            self.attributes.push((start, name_end, at + 1, value_end));
            at = value_end + 1;
            return matches!(bytes.get(at)?, b' ' | b'\n' | b'\t' | 12 | b'/' | b'>').then_some(at);
        }
        let value_start = at;
        while !matches!(bytes.get(at)?, b' ' | b'\n' | b'\t' | 12 | b'>') {
            if matches!(bytes[at], b'"' | b'\'' | b'<' | b'=' | b'`') {
                return None;
            }
            at += 1;
        }
        if at == value_start {
            return None;
        }
        self.attributes.push((start, name_end, value_start, at));
        Some(at)
    }

    /// Decodes the attributes of the tag into `self.read`; true if one of them names the root.
    pub(super) fn read_attributes(&mut self, tag: &StartTag<'a>) -> Option<bool> {
        self.read.clear();
        let mut names_root = false;
        let mut many = FxHashSet::default();
        let is_foreign = self.is_in_svg || tag.name == "svg";
        for index in 0..self.attributes.len() {
            let (start, name_end, value_start, value_end) = self.attributes[index];
            let name = &self.source[start..name_end];
            // A namespace in the name of a foreign attribute has rules of its own.
            if is_foreign && (name.contains(':') || name.starts_with("xmlns") && name != "xmlns") {
                return None;
            }
            if self.attributes.len() <= FEW {
                let is_known = self.attributes[..index]
                    .iter()
                    .any(|&(start, end, ..)| self.source[start..end].eq_ignore_ascii_case(name));
                if is_known {
                    continue;
                }
            } else if !many.insert(name.to_ascii_lowercase()) {
                continue;
            }
            names_root |= name == "dj-root" || name == "dj-view";
            let value = self.decoded(value_start..value_end, true)?;
            let name = self.attribute_name(start..name_end, is_foreign);
            self.read.push(ReadAttribute { name, value });
        }
        Some(names_root)
    }

    /// The name in lower case, or as SVG spells it.
    pub(super) fn attribute_name(&mut self, range: std::ops::Range<usize>, is_foreign: bool) -> Span {
        let name = &self.source[range.clone()];
        let has_upper = name.bytes().any(|byte| byte.is_ascii_uppercase());
        if !has_upper && !is_foreign {
            return self.span(range);
        }
        let lower = name.to_ascii_lowercase();
        let camel = if is_foreign {
            foreign_svg_attribute(&lower)
        } else {
            None
        };
        let spelt = camel.unwrap_or(&lower);
        if spelt == name {
            return self.span(range);
        }
        match &mut self.builder {
            Some(builder) => builder.store(spelt),
            None => Span::default(),
        }
    }
}
