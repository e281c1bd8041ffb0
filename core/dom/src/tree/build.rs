//! Builds a tree from what a parser reads: djust's rules of whitespace, comments, keys, ids and depth.

use super::id::NO_ID;
use super::names::{Traits, is_mark, is_space, svg_attribute};
use super::parse::Ids;
use super::{Attribute, ElementId, IdCounter, Kind, Namespace, Node, NodeId, Slice, Span, Tree};

/// The deepest element that is kept, the root being 1; what is deeper is flattened to its text
/// (`djust_vdom::MAX_VDOM_DEPTH`).
pub const MAX_DEPTH: usize = 256;

/// Where something stands in the source, in bytes.
pub(super) type Range = std::ops::Range<usize>;

/// What was read in an element, before the rules of whitespace are applied.
#[derive(Clone, Copy)]
struct Raw {
    what: What,
    start: usize,
    end: usize,
}

#[derive(Clone, Copy)]
enum What {
    Element(NodeId),
    Text(Span),
    /// Text of nothing but whitespace.
    Space(Span),
    Mark(Span),
    /// A comment that is not kept.
    Dropped,
}

struct Open {
    node: NodeId,
    /// The first of its own in `Builder::raw`.
    first: usize,
    start: usize,
    open_end: usize,
    depth: usize,
}

/// An attribute as it was read: its name in the source's spelling rules already applied.
pub(super) struct ReadAttribute {
    pub name: Span,
    pub value: Span,
}

/// A tree that is being built.
pub(super) struct Builder {
    tree: Tree,
    raw: Vec<Raw>,
    open: Vec<Open>,
    ids: IdCounter,
    /// Depth at which the built elements start: 1 for a page.
    depth: usize,
    /// The text of the element at the greatest depth, and how many elements are open below it.
    flattened: Option<Flattened>,
    /// A `dj-id` in the source is the element's id, as for a browser.
    keeps_ids: bool,
    /// An element that has no id by the source gets one.
    gives_ids: bool,
}

/// Children of an element that were read without it.
pub(super) struct ReadChildren {
    pub tree: Tree,
    pub children: Vec<NodeId>,
    /// The numbers that are left.
    pub ids: IdCounter,
}

/// Where the children of an element that were placed end.
struct Place {
    /// The first child in the tree's list.
    first: usize,
    /// Of the last one, in the source.
    start: usize,
    end: usize,
}

/// The next thing that is neither comment nor whitespace: found once for all that stand before it.
#[derive(Default)]
struct Ahead {
    until: usize,
    is_inline: bool,
}

struct Flattened {
    text: String,
    open: usize,
    has_elements: bool,
}

impl Builder {
    /// A builder on an empty tree of which the text starts with `source`.
    pub fn new(source: &str, ids: Ids) -> Self {
        let mut text = String::with_capacity(source.len() + source.len() / 16 + 64);
        text.push_str(source);
        let size = source.len() / 24 + 8;
        let tree = Tree {
            nodes: Vec::with_capacity(size),
            children: Vec::with_capacity(size),
            attributes: Vec::with_capacity(size / 2),
            text,
            ..Tree::default()
        };
        Self::onto(tree, ids, 1)
    }

    /// A builder that adds to `tree` elements of which the outermost have the given depth.
    pub fn onto(tree: Tree, ids: Ids, depth: usize) -> Self {
        let keeps_ids = matches!(ids, Ids::Written | Ids::Kept);
        let gives_ids = matches!(ids, Ids::Counted(_) | Ids::Written);
        let ids = match ids {
            Ids::Counted(ids) => ids,
            Ids::Written | Ids::Kept => IdCounter::default(),
        };
        Self {
            tree,
            raw: Vec::with_capacity(64),
            open: Vec::with_capacity(32),
            ids,
            depth,
            flattened: None,
            keeps_ids,
            gives_ids,
        }
    }

    /// Adds text to the buffer.
    pub fn store(&mut self, text: &str) -> Span {
        let start = self.tree.text.len();
        self.tree.text.push_str(text);
        Span {
            start: start as u32,
            length: text.len() as u32,
        }
    }

    /// How many elements are open.
    pub fn open_elements(&self) -> usize {
        self.open.len() + self.flattened.as_ref().map_or(0, |flattened| flattened.open)
    }

    /// Starts an element. `attributes` are in the order of the source, names without duplicates.
    pub fn open(&mut self, name: Span, traits: Traits, attributes: &mut [ReadAttribute], source: Range) {
        if let Some(flattened) = &mut self.flattened {
            flattened.open += 1;
            flattened.has_elements = true;
            return;
        }
        let node = NodeId(self.tree.nodes.len() as u32);
        let depth = self.depth + self.open.len();
        let (slice, key) = self.add_attributes(traits, attributes);
        let id = match self.kept_id(attributes) {
            Some(id) => id.0,
            None if self.gives_ids => self.ids.take().0,
            None => NO_ID,
        };
        self.tree.nodes.push(Node {
            kind: Kind::Element,
            traits,
            name,
            content: key,
            attributes: slice,
            id,
            elements: 1,
            ..Node::EMPTY
        });
        self.open.push(Open {
            node,
            first: self.raw.len(),
            start: source.start,
            open_end: source.end,
            depth,
        });
        if depth >= MAX_DEPTH {
            self.flattened = Some(Flattened {
                text: String::new(),
                open: 0,
                has_elements: false,
            });
        }
    }

    fn kept_id(&self, attributes: &[ReadAttribute]) -> Option<ElementId> {
        if !self.keeps_ids {
            return None;
        }
        let id = attributes
            .iter()
            .find(|attribute| self.tree.slice(attribute.name) == "dj-id")?;
        ElementId::parse(self.tree.slice(id.value))
    }

    /// Puts the attributes into the tree, sorted; gives the key as well.
    fn add_attributes(&mut self, traits: Traits, attributes: &mut [ReadAttribute]) -> (Slice, Span) {
        let mut key = Span::default();
        let start = self.tree.attributes.len();
        for attribute in attributes.iter_mut() {
            let name = self.tree.slice(attribute.name);
            match name {
                "dj-id" => continue,
                "dj-key" | "data-key" if key.length == 0 => key = attribute.value,
                "dj-update" => match self.tree.slice(attribute.value) {
                    "ignore" => self.tree.has_ignored = true,
                    "append" | "prepend" => self.tree.accumulates = true,
                    _ => {}
                },
                _ => {}
            }
            if traits.has(Traits::SVG)
                && let Some(camel) = svg_attribute(self.tree.slice(attribute.name))
            {
                attribute.name = self.store(camel);
            }
            self.tree.attributes.push(Attribute {
                name: attribute.name,
                value: attribute.value,
            });
        }
        let text = &self.tree.text;
        let own = &mut self.tree.attributes[start..];
        let name_of = |attribute: &Attribute| {
            &text[attribute.name.start as usize..(attribute.name.start + attribute.name.length) as usize]
        };
        if !own.is_sorted_by(|a, b| name_of(a) <= name_of(b)) {
            own.sort_by(|a, b| name_of(a).cmp(name_of(b)));
        }
        let slice = Slice {
            start: start as u32,
            length: own.len() as u32,
        };
        (slice, key)
    }

    /// Text, decoded.
    pub fn text(&mut self, text: Span, source: Range) {
        if let Some(flattened) = &mut self.flattened {
            flattened.text.push_str(self.tree.slice(text));
            return;
        }
        let what = if is_space(self.tree.slice(text)) {
            What::Space(text)
        } else {
            What::Text(text)
        };
        self.push(what, source);
    }

    /// A comment, kept only if it is a mark.
    pub fn comment(&mut self, text: Span, source: Range) {
        if self.flattened.is_some() {
            return;
        }
        let what = if is_mark(self.tree.slice(text)) {
            What::Mark(text)
        } else {
            What::Dropped
        };
        self.push(what, source);
    }

    fn push(&mut self, what: What, source: Range) {
        self.raw.push(Raw {
            what,
            start: source.start,
            end: source.end,
        });
    }

    /// Ends the innermost element; `end_tag` is empty if it has none.
    pub fn close(&mut self, end_tag: Range) {
        let end = end_tag.end;
        if let Some(flattened) = &mut self.flattened
            && flattened.open > 0
        {
            flattened.open -= 1;
            return;
        }
        let Some(open) = self.open.pop() else { return };
        let traits = self.tree.traits(open.node);
        if open.depth >= MAX_DEPTH
            && let Some(flattened) = self.flattened.take()
        {
            self.keep_flattened(&flattened, traits, open.open_end..end);
        }
        let (children, elements) = self.assemble(open.first, traits, open.open_end);
        let node = self.tree.node_mut(open.node);
        node.children = children;
        node.elements += elements;
        node.extent.open = (open.open_end - open.start) as u32;
        node.extent.close = end_tag.len() as u32;
        self.push(What::Element(open.node), open.start..end);
    }

    /// The text of everything in the deepest element (`djust_vdom::parser::collapse_subtree_to_text`).
    fn keep_flattened(&mut self, flattened: &Flattened, traits: Traits, source: Range) {
        let loses_text = flattened.has_elements && traits.has(Traits::RAW_TEXT);
        if !loses_text && !flattened.text.is_empty() {
            let text = self.store(&flattened.text);
            let what = if is_space(&flattened.text) {
                What::Space(text)
            } else {
                What::Text(text)
            };
            self.push(what, source);
        }
    }

    /// Makes children of what was read since `first`; gives them and how many elements they hold.
    ///
    /// Whitespace alone is kept, as one space, only between two things that flow in a line; comments and other
    /// whitespace are looked through (djust #2999, `djust_vdom::parser::build_children`).
    fn assemble(&mut self, first: usize, parent: Traits, content_start: usize) -> (Slice, u32) {
        let keeps_space = parent.has(Traits::PRESERVES_SPACE);
        let start = self.tree.children.len();
        let mut elements = 0;
        let mut place = Place {
            first: start,
            start: content_start,
            end: content_start,
        };
        let mut is_inline_before = false;
        let mut ahead = Ahead::default();
        for index in first..self.raw.len() {
            let raw = self.raw[index];
            match raw.what {
                What::Element(node) => {
                    elements += self.tree.node(node).elements;
                    is_inline_before = self.tree.traits(node).has(Traits::INLINE);
                    self.place(node, raw, &mut place);
                }
                What::Text(text) => {
                    is_inline_before = true;
                    self.place_text(text, raw, &mut place);
                }
                What::Space(text) if keeps_space => self.place_text(text, raw, &mut place),
                What::Space(_) => {
                    let is_kept = is_inline_before && self.is_inline_next(index, &mut ahead);
                    let ends_in_space = self
                        .last_text(start)
                        .is_some_and(|text| text.ends_with(|last: char| last.is_ascii_whitespace()));
                    if is_kept && !ends_in_space {
                        let space = self.store(" ");
                        self.place_text(space, raw, &mut place);
                    }
                }
                What::Mark(text) => {
                    let node = self.add_leaf(Kind::Comment, text);
                    self.place(node, raw, &mut place);
                }
                What::Dropped => {}
            }
        }
        self.raw.truncate(first);
        let slice = Slice {
            start: start as u32,
            length: (self.tree.children.len() - start) as u32,
        };
        (slice, elements)
    }

    /// Makes `node` the next child.
    fn place(&mut self, node: NodeId, raw: Raw, place: &mut Place) {
        let entry = self.tree.node_mut(node);
        entry.extent.lead = (raw.start - place.end) as u32;
        entry.extent.length = (raw.end - raw.start) as u32;
        place.start = raw.start;
        place.end = raw.end;
        self.tree.children.push(node);
    }

    /// Makes text the next child, or a part of the text before it, from which only a dropped comment separates it.
    fn place_text(&mut self, text: Span, raw: Raw, place: &mut Place) {
        if self.last_text(place.first).is_none() {
            let node = self.add_leaf(Kind::Text, text);
            self.place(node, raw, place);
            return;
        }
        let last = self.tree.children[self.tree.children.len() - 1];
        let before = self.tree.node(last).content;
        let is_at_end = (before.start + before.length) as usize == self.tree.text.len();
        let start = if is_at_end {
            before.start
        } else {
            let start = self.tree.text.len() as u32;
            self.tree.text.extend_from_within(before.range());
            start
        };
        self.tree.text.extend_from_within(text.range());
        let node = self.tree.node_mut(last);
        node.content = Span {
            start,
            length: before.length + text.length,
        };
        node.extent.length = (raw.end - place.start) as u32;
        place.end = raw.end;
    }

    /// Whether the next thing that is neither comment nor whitespace flows in a line.
    fn is_inline_next(&self, index: usize, ahead: &mut Ahead) -> bool {
        if ahead.until <= index {
            ahead.is_inline = false;
            ahead.until = self.raw.len();
            for (at, raw) in self.raw.iter().enumerate().skip(index + 1) {
                let is_inline = match raw.what {
                    What::Element(node) => self.tree.traits(node).has(Traits::INLINE),
                    What::Text(_) => true,
                    What::Space(_) | What::Mark(_) | What::Dropped => continue,
                };
                *ahead = Ahead { until: at, is_inline };
                break;
            }
        }
        ahead.is_inline
    }

    fn add_leaf(&mut self, kind: Kind, content: Span) -> NodeId {
        let node = NodeId(self.tree.nodes.len() as u32);
        self.tree.nodes.push(Node {
            kind,
            content,
            ..Node::EMPTY
        });
        node
    }

    fn last_text(&self, start: usize) -> Option<&str> {
        let last = *self.tree.children[start..].last()?;
        (self.tree.kind(last) == Kind::Text).then(|| self.tree.text(last))
    }

    /// The finished tree; nothing if no element was built.
    pub fn finish(mut self, end: usize, root_namespace: Namespace) -> Option<(Tree, IdCounter)> {
        while !self.open.is_empty() {
            self.close(end..end);
        }
        let (root, length) = self.raw.iter().find_map(|raw| match raw.what {
            What::Element(node) => Some((node, raw.end - raw.start)),
            _ => None,
        })?;
        self.tree.root = root;
        self.tree.node_mut(root).extent.length = length as u32;
        self.tree.root_namespace = root_namespace;
        self.tree.built = self.tree.sizes();
        Some((self.tree, self.ids))
    }

    /// What was read as the children of an element.
    pub fn finish_children(mut self, parent: Traits, end: usize) -> ReadChildren {
        while !self.open.is_empty() {
            self.close(end..end);
        }
        let (slice, _) = self.assemble(0, parent, 0);
        let children = self.tree.children[slice.range()].to_vec();
        self.tree.children.truncate(slice.start as usize);
        ReadChildren {
            tree: self.tree,
            children,
            ids: self.ids,
        }
    }

    /// What a client inserts: elements, marks, and text that is one space or more than whitespace.
    pub fn finish_inserted(mut self) -> (Tree, Vec<NodeId>) {
        let mut nodes = Vec::new();
        for index in 0..self.raw.len() {
            match self.raw[index].what {
                What::Element(node) => nodes.push(node),
                What::Text(text) => nodes.push(self.add_leaf(Kind::Text, text)),
                What::Space(text) if self.tree.slice(text) == " " => {
                    nodes.push(self.add_leaf(Kind::Text, text));
                }
                What::Mark(text) => nodes.push(self.add_leaf(Kind::Comment, text)),
                What::Space(_) | What::Dropped => {}
            }
        }
        (self.tree, nodes)
    }
}
