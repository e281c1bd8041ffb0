//! A parser for the HTML that templates produce: every tag closed in order, nothing that the rules of HTML would move
//! or repair.
//!
//! It gives up, with `None`, on whatever the reference parser may read in another way; that it never gives another
//! tree is tested against the reference parser.

use memchr::{memchr, memchr_iter, memchr2, memmem};

use super::build::{Builder, ReadAttribute};
use super::names::{Traits, foreign_svg_attribute, is_space};
use super::parse::Ids;
use super::{IdCounter, Namespace, NodeId, RootPlace, Span, Tree, references};

/// Parses a page; `None` if the reference parser has to.
pub(super) fn parse(source: &str, ids: Ids) -> Option<(Tree, IdCounter)> {
    if has_replaced_bytes(source) {
        return None;
    }
    let names_root = ["dj-root", "dj-view"]
        .iter()
        .any(|name| memmem::find(source.as_bytes(), name.as_bytes()).is_some());
    if names_root {
        match Fast::new(source, Root::Named, ids).page()? {
            Some(built) => return Some(built),
            None => return Fast::new(source, Root::FirstInBody, ids).page()?,
        }
    }
    Fast::new(source, Root::FirstInBody, ids).page()?
}

/// Parses what stands among the children of an element; adds its nodes to the tree.
///
/// `None` if the reference parser has to; then the tree has some text more.
pub(super) fn parse_among(
    source: &str,
    tree: &mut Tree,
    depth: usize,
    around: &[&str],
) -> Option<Vec<NodeId>> {
    if has_replaced_bytes(source) {
        return None;
    }
    let mut builder = Builder::onto(std::mem::take(tree), Ids::Counted(IdCounter::default()), depth);
    let base = builder.store(source).start;
    let mut fast = Fast::new(source, Root::Fragment, Ids::Written);
    fast.builder = Some(builder);
    fast.base = base;
    fast.stage = Stage::InBody;
    for name in around {
        let open = Open::of(name, Traits::of(name), fast.stack.last(), fast.stack.len());
        fast.stack.push(open);
        fast.counts.add(name, 1);
    }
    fast.floor = fast.stack.len();
    let is_read = fast.run().is_some() && fast.stack.len() == fast.floor;
    let (read, nodes) = fast
        .builder
        .map(|builder| builder.finish_children(source.len()))?;
    *tree = read;
    is_read.then_some(nodes)
}

/// NUL and CR, which the tokenizer replaces.
fn has_replaced_bytes(source: &str) -> bool {
    memchr2(0, b'\r', source.as_bytes()).is_some()
}

/// Which element is the root.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Root {
    /// The first with `dj-root` or `dj-view`.
    Named,
    /// The first in the body.
    FirstInBody,
    /// There is none: everything is built.
    Fragment,
}

/// How far the parser is in the page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Start,
    InHead { is_written: bool },
    AfterHead,
    InBody,
    AfterBody,
}

#[derive(Clone, Copy)]
struct Open<'a> {
    name: &'a str,
    traits: Traits,
    /// The parser opened it, no tag did.
    is_implied: bool,
    /// The element at or above it that ends the search for an open list item.
    item_search_ends_at: Option<usize>,
}

impl<'a> Open<'a> {
    fn of(name: &'a str, traits: Traits, parent: Option<&Self>, index: usize) -> Self {
        let item_search_ends_at = if traits.has(Traits::ENDS_ITEM_SEARCH) {
            Some(index)
        } else {
            parent.and_then(|parent| parent.item_search_ends_at)
        };
        Self {
            name,
            traits,
            is_implied: false,
            item_search_ends_at,
        }
    }
}

/// How many elements are open of those that may not stand in each other.
#[derive(Default)]
struct Counts {
    p: usize,
    a: usize,
    button: usize,
    form: usize,
}

impl Counts {
    fn add(&mut self, name: &str, change: isize) {
        let count = match name {
            "p" => &mut self.p,
            "a" => &mut self.a,
            "button" => &mut self.button,
            "form" => &mut self.form,
            _ => return,
        };
        *count = count.saturating_add_signed(change);
    }
}

/// A start tag.
struct StartTag<'a> {
    name: &'a str,
    traits: Traits,
    is_self_closing: bool,
    start: usize,
    end: usize,
}

struct Fast<'a> {
    source: &'a str,
    at: usize,
    root: Root,
    stage: Stage,
    stack: Vec<Open<'a>>,
    counts: Counts,
    builder: Option<Builder>,
    ids: Ids,
    /// Where `source` starts in the text of the tree.
    base: u32,
    /// Elements below this place in the stack stand around the fragment.
    floor: usize,
    /// The root was found and ended.
    is_built: bool,
    is_in_svg: bool,
    /// The stack's size when the outermost `svg` was opened.
    svg_at: usize,
    root_namespace: Namespace,
    place: Option<RootPlace>,
    attributes: Vec<(usize, usize, usize, usize)>,
    read: Vec<ReadAttribute>,
}

impl<'a> Fast<'a> {
    fn new(source: &'a str, root: Root, ids: Ids) -> Self {
        Self {
            source,
            at: 0,
            root,
            stage: Stage::Start,
            stack: Vec::with_capacity(32),
            counts: Counts::default(),
            builder: None,
            ids,
            base: 0,
            floor: 0,
            is_built: false,
            is_in_svg: false,
            svg_at: 0,
            root_namespace: Namespace::Html,
            place: None,
            attributes: Vec::with_capacity(16),
            read: Vec::with_capacity(16),
        }
    }

    /// `None`: not for this parser. `Some(None)`: read, but without a root.
    #[allow(clippy::option_option)]
    fn page(mut self) -> Option<Option<(Tree, IdCounter)>> {
        self.run()?;
        match self.builder {
            Some(builder) => {
                let (mut tree, ids) = builder.finish(self.source.len(), self.root_namespace)?;
                tree.place = self.place;
                Some(Some((tree, ids)))
            }
            // Without an element in the body the root is `html` itself.
            None if self.root == Root::FirstInBody => None,
            None => Some(None),
        }
    }

    fn is_building(&self) -> bool {
        self.builder.is_some() && !self.is_built
    }

    fn run(&mut self) -> Option<()> {
        let bytes = self.source.as_bytes();
        while self.at < bytes.len() {
            let tag = memchr(b'<', &bytes[self.at..]).map_or(bytes.len(), |offset| self.at + offset);
            if tag > self.at {
                self.text(tag)?;
            }
            if tag == bytes.len() {
                break;
            }
            match bytes.get(tag + 1)? {
                b'/' => self.end_tag()?,
                b'!' => self.declaration()?,
                letter if letter.is_ascii_alphabetic() => {
                    let tag = self.start_tag()?;
                    self.start(&tag)?;
                }
                _ => return None,
            }
        }
        // A page may end before its elements do; nothing is moved by that, but in a table or a list of options.
        let ends_open = self.stack.len() > self.floor;
        if ends_open
            && (self.root == Root::Fragment || self.stack.iter().any(|open| !open.traits.has(Traits::PLAIN)))
        {
            return None;
        }
        Some(())
    }

    /// Text up to `end`.
    fn text(&mut self, end: usize) -> Option<()> {
        let range = self.at..end;
        let text = &self.source[range.clone()];
        self.at = end;
        if self.stage != Stage::InBody {
            if is_space(text) {
                return Some(());
            }
            if self.stage == Stage::AfterBody {
                return None;
            }
            self.stage = Stage::InBody;
        }
        if let Some(open) = self.stack.last() {
            let holds_only_space = matches!(
                open.name,
                "table" | "thead" | "tbody" | "tfoot" | "tr" | "colgroup" | "select" | "optgroup"
            );
            if holds_only_space && !is_space(text) {
                return None;
            }
        }
        let span = self.decoded(range.clone(), false)?;
        if self.is_building()
            && let Some(builder) = &mut self.builder
        {
            builder.text(span, range);
        }
        Some(())
    }

    /// The text of a piece of the source, with its references decoded.
    fn decoded(&mut self, range: std::ops::Range<usize>, in_attribute: bool) -> Option<Span> {
        let text = &self.source[range.clone()];
        if memchr(b'&', text.as_bytes()).is_none() {
            return Some(self.span(range));
        }
        let mut decoded = String::with_capacity(text.len());
        references::decode(text, in_attribute, &mut decoded)?;
        Some(match &mut self.builder {
            Some(builder) => builder.store(&decoded),
            None => Span::default(),
        })
    }

    fn span(&self, range: std::ops::Range<usize>) -> Span {
        Span {
            start: self.base + range.start as u32,
            length: range.len() as u32,
        }
    }

    /// A comment or the doctype.
    fn declaration(&mut self) -> Option<()> {
        let start = self.at;
        let rest = &self.source[start..];
        let Some(comment) = rest.strip_prefix("<!--") else {
            let is_doctype = rest
                .get(..9)
                .is_some_and(|word| word.eq_ignore_ascii_case("<!doctype"));
            if !is_doctype || self.stage != Stage::Start {
                return None;
            }
            self.at = start + memchr(b'>', rest.as_bytes())? + 1;
            return Some(());
        };
        let length = memmem::find(comment.as_bytes(), b"-->")?;
        let text = &comment[..length];
        if text.starts_with('>') || text.starts_with("->") || text.contains("--!>") {
            return None;
        }
        let text_start = start + 4;
        self.at = text_start + length + 3;
        if self.is_building() {
            let span = self.span(text_start..text_start + length);
            let range = start..self.at;
            if let Some(builder) = &mut self.builder {
                builder.comment(span, range);
            }
        }
        Some(())
    }

    /// Reads a start tag; its attributes go to `self.attributes` as (name start, name end, value start, value end).
    fn start_tag(&mut self) -> Option<StartTag<'a>> {
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
    fn attribute(&mut self, start: usize) -> Option<usize> {
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

    /// Takes a start tag for what it means where it stands.
    fn start(&mut self, tag: &StartTag<'a>) -> Option<()> {
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
    fn start_before_body(&mut self, tag: &StartTag<'a>) -> Option<bool> {
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
    fn check_start(&self, tag: &StartTag<'a>) -> Option<()> {
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
    fn ends_item(&self, name: &str) -> bool {
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

    fn start_in_svg(&mut self, tag: &StartTag<'a>) -> Option<()> {
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

    fn open_implied(&mut self, name: &'static str, at: usize) {
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

    fn open(&mut self, tag: &StartTag<'a>) -> Option<()> {
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

    /// Decodes the attributes of the tag into `self.read`; true if one of them names the root.
    fn read_attributes(&mut self, tag: &StartTag<'a>) -> Option<bool> {
        self.read.clear();
        let mut names_root = false;
        let is_foreign = self.is_in_svg || tag.name == "svg";
        for index in 0..self.attributes.len() {
            let (start, name_end, value_start, value_end) = self.attributes[index];
            let name = &self.source[start..name_end];
            // A namespace in the name of a foreign attribute has rules of its own.
            if is_foreign && (name.contains(':') || name.starts_with("xmlns") && name != "xmlns") {
                return None;
            }
            let is_known = self.attributes[..index]
                .iter()
                .any(|&(start, end, ..)| self.source[start..end].eq_ignore_ascii_case(name));
            if is_known {
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
    fn attribute_name(&mut self, range: std::ops::Range<usize>, is_foreign: bool) -> Span {
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

    /// Ends the innermost element; `end_tag` is empty if it has none.
    fn close(&mut self, end_tag: std::ops::Range<usize>) {
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

    fn end_tag(&mut self) -> Option<()> {
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
    fn end_outside(&mut self, name: &str) -> Option<()> {
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

    /// Text that is not markup, up to the end tag of the element that was just opened.
    fn raw_text(&mut self, tag: &StartTag<'a>) -> Option<()> {
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

    fn skip_raw_text(&mut self, tag: &StartTag<'a>) -> Option<()> {
        self.at = self.end_of_raw_text(tag)?.1;
        Some(())
    }

    /// Where the text of a raw element ends, and where its end tag does.
    fn end_of_raw_text(&self, tag: &StartTag<'a>) -> Option<(usize, usize)> {
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
