//! A parser for the HTML that templates produce: every tag closed in order, nothing that the rules of HTML would move
//! or repair.
//!
//! It gives up, with `None`, on whatever the reference parser may read in another way; that it never gives another
//! tree is tested against the reference parser.

mod elements;
mod raw_text;
mod rules;
mod tag;

use memchr::{memchr, memchr2, memmem};

use super::build::{Builder, ReadAttribute};
use super::names::{Traits, is_space};
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

/// Parses what stands among the children of an element that keeps no whitespace; adds its nodes to the tree.
///
/// `None` if the reference parser has to; then the tree has some text more, and some ids are taken.
pub(super) fn parse_among(
    source: &str,
    tree: &mut Tree,
    ids: &mut IdCounter,
    depth: usize,
    around: &[&str],
) -> Option<Vec<NodeId>> {
    if has_replaced_bytes(source) {
        return None;
    }
    let mut builder = Builder::onto(std::mem::take(tree), Ids::Counted(*ids), depth);
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
    let read = fast
        .builder
        .map(|builder| builder.finish_children(Traits::NONE, source.len()))?;
    *tree = read.tree;
    *ids = read.ids;
    is_read.then_some(read.children)
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
}
