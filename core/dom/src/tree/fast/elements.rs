//! Opening and closing elements.

use super::super::build::Builder;
use super::super::names::Traits;
use super::super::{Namespace, RootPlace};
use super::{Fast, Open, Root, StartTag};

impl<'a> Fast<'a> {
    pub(super) fn open_implied(&mut self, name: &'static str, at: usize) {
        let traits = Traits::of(name);
        let mut open = Open::of(name, traits, self.stack.last(), self.stack.len());
        open.is_implied = true;
        self.stack.push(open);
        if self.is_building()
            && let Some(builder) = &mut self.builder
        {
            let span = builder.store(name);
            builder.open(span, traits, &mut [], at..at);
        }
    }

    pub(super) fn open(&mut self, tag: &StartTag<'a>) -> Option<()> {
        let names_root = self.read_attributes(tag)?;
        let becomes_root = self.builder.is_none()
            && match self.root {
                Root::Named => names_root,
                Root::FirstInBody => self.stack.is_empty(),
                Root::Fragment => false,
            };
        if becomes_root {
            // An element of SVG as the root is rare, and its namespace matters.
            if self.is_in_svg {
                return None;
            }
            if tag.name == "svg" {
                self.root_namespace = Namespace::Svg;
            }
            self.place = Some(RootPlace {
                start: tag.start as u32,
                around: self.stack.iter().map(|open| open.name.into()).collect(),
            });
            self.builder = Some(Builder::new(self.source, self.ids));
            self.read_attributes(tag)?;
        }
        let open = Open::of(tag.name, tag.traits, self.stack.last(), self.stack.len());
        self.stack.push(open);
        self.counts.add(tag.name, 1);
        if self.is_building() {
            let name_start = tag.start + 1;
            let name = self.span(name_start..name_start + tag.name.len());
            if let Some(builder) = &mut self.builder {
                builder.open(name, tag.traits, &mut self.read, tag.start..tag.end);
            }
        }
        Some(())
    }

    /// Ends the innermost element; `end_tag` is empty if it has none.
    pub(super) fn close(&mut self, end_tag: std::ops::Range<usize>) {
        let Some(open) = self.stack.pop() else { return };
        self.counts.add(open.name, -1);
        if self.is_in_svg && self.stack.len() < self.svg_at {
            self.is_in_svg = false;
        }
        if self.is_building()
            && let Some(builder) = &mut self.builder
        {
            builder.close(end_tag);
            if self.root != Root::Fragment && builder.open_elements() == 0 {
                self.is_built = true;
            }
        }
    }
}
