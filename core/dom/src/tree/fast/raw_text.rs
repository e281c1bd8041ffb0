//! Elements whose content is text.

use memchr::memchr_iter;

use super::super::names::Traits;
use super::{Fast, StartTag};

impl<'a> Fast<'a> {
    /// Text that is not markup, up to the end tag of the element that was just opened.
    pub(super) fn raw_text(&mut self, tag: &StartTag<'a>) -> Option<()> {
        let mut start = self.at;
        let (text_end, end) = self.end_of_raw_text(tag)?;
        if tag.name == "textarea" && self.source.as_bytes().get(start) == Some(&b'\n') {
            start += 1;
        }
        if start < text_end {
            let span = if tag.traits.has(Traits::DECODED_TEXT) {
                self.decoded(start..text_end, false)?
            } else {
                self.span(start..text_end)
            };
            if self.is_building()
                && let Some(builder) = &mut self.builder
            {
                builder.text(span, start..text_end);
            }
        }
        self.at = end;
        self.close(text_end..end);
        Some(())
    }

    pub(super) fn skip_raw_text(&mut self, tag: &StartTag<'a>) -> Option<()> {
        self.at = self.end_of_raw_text(tag)?.1;
        Some(())
    }

    /// Where the text of a raw element ends, and where its end tag does.
    pub(super) fn end_of_raw_text(&self, tag: &StartTag<'a>) -> Option<(usize, usize)> {
        let bytes = self.source.as_bytes();
        for offset in memchr_iter(b'<', &bytes[self.at..]) {
            let at = self.at + offset;
            let after = &bytes[at + 1..];
            // `<!--` in a script hides its end tag.
            if tag.name == "script" && after.starts_with(b"!--") {
                return None;
            }
            let name_end = 1 + tag.name.len();
            let is_end = after.first() == Some(&b'/')
                && after
                    .get(1..name_end)
                    .is_some_and(|name| name.eq_ignore_ascii_case(tag.name.as_bytes()));
            if is_end {
                return match after.get(name_end)? {
                    b'>' => Some((at, at + 1 + name_end + 1)),
                    b' ' | b'\n' | b'\t' | 12 | b'/' => None,
                    _ => continue,
                };
            }
        }
        None
    }
}
