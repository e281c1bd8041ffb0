//! The HTML tree of a page, as djust keeps it.
//!
//! A tree is an arena: nodes in document order, their children and attributes in slices beside them, all text in one
//! buffer. What a node says in the page's source is told relative to its parent, so that a part of a tree can be
//! exchanged without touching what follows it.

mod arena;
mod build;
mod edit;
mod fast;
mod id;
mod names;
mod namespace;
mod parse;
mod reference;
mod references;
mod write;
mod written;

pub use build::MAX_DEPTH;
pub use id::{ElementId, IdCounter};
pub use namespace::Namespace;
pub use parse::{ParseError, Parsed, Parser, parse, parse_content, parse_sent, parse_written};

pub(crate) use names::{Traits, is_space};
pub(crate) use namespace::ChildContext;
pub(crate) use parse::{InsertedInto, parse_among, parse_inserted};
pub(crate) use write::Place;

use id::NO_ID;

/// A node's place in the arena of its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

/// A piece of the tree's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    length: u32,
}

impl Span {
    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..(self.start + self.length) as usize
    }
}

/// A slice of the tree's children or attributes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slice {
    start: u32,
    length: u32,
}

impl Slice {
    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..(self.start + self.length) as usize
    }
}

/// Among so few attributes one is found fastest one by one.
const FEW: usize = 16;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An element.
    Element,
    /// Text.
    Text,
    /// A comment of the `dj-if` family; others are not kept.
    Comment,
}

/// Where a node stands in the source, relative to its parent; all in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    /// From the end of the sibling before it, or of the parent's start tag, to its start.
    pub lead: u32,
    /// Its start tag; 0 for what is not an element.
    pub open: u32,
    /// Its end tag; 0 if it has none.
    pub close: u32,
    /// All of it.
    pub length: u32,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    kind: Kind,
    traits: Traits,
    /// Of an element.
    name: Span,
    /// The text of a text or comment; the key of an element, empty if it has none.
    content: Span,
    attributes: Slice,
    children: Slice,
    /// [`NO_ID`] if it has none.
    id: u64,
    /// How many elements are in it, itself included.
    elements: u32,
    extent: Extent,
}

impl Node {
    const EMPTY: Self = Self {
        kind: Kind::Text,
        traits: Traits::NONE,
        name: Span { start: 0, length: 0 },
        content: Span { start: 0, length: 0 },
        attributes: Slice { start: 0, length: 0 },
        children: Slice { start: 0, length: 0 },
        id: NO_ID,
        elements: 0,
        extent: Extent {
            lead: 0,
            open: 0,
            close: 0,
            length: 0,
        },
    };
}

#[derive(Clone, Copy, Debug)]
struct Attribute {
    name: Span,
    value: Span,
}

/// The HTML tree of a page.
#[derive(Clone, Debug)]
pub struct Tree {
    nodes: Vec<Node>,
    children: Vec<NodeId>,
    attributes: Vec<Attribute>,
    text: String,
    root: NodeId,
    root_namespace: Namespace,
    /// Some node has `dj-update="ignore"`.
    has_ignored: bool,
    /// Some node has `dj-update="append"` or `"prepend"`.
    accumulates: bool,
    /// Where the root starts in the source, and in what it stands there; `None` if nodes do not know their places.
    place: Option<RootPlace>,
    /// Bytes that each node took when the tree was last written whole.
    written: Vec<u32>,
    /// Whether two siblings have one key, once that was asked.
    pub(crate) has_doubled_keys: Option<bool>,
    /// Sizes of the arena when it was built.
    built: Sizes,
}

/// How much an arena holds, what is no longer used included.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sizes {
    nodes: usize,
    children: usize,
    attributes: usize,
    text: usize,
}

/// Where the root stands in the source.
#[derive(Clone, Debug)]
pub(crate) struct RootPlace {
    pub start: u32,
    /// Names of the elements around it, outermost first.
    pub around: Vec<Box<str>>,
}

/// A tree without a node, which no one outside sees.
impl Default for Tree {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            children: Vec::new(),
            attributes: Vec::new(),
            text: String::new(),
            root: NodeId(0),
            root_namespace: Namespace::Html,
            has_ignored: false,
            accumulates: false,
            place: None,
            written: Vec::new(),
            has_doubled_keys: None,
            built: Sizes::default(),
        }
    }
}

impl Tree {
    /// The element that everything is in.
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// The namespace that the parser gave the root: `dj-root` may stand on an element inside `<svg>`.
    pub fn root_namespace(&self) -> Namespace {
        self.root_namespace
    }

    /// What `node` is.
    pub fn kind(&self, node: NodeId) -> Kind {
        self.node(node).kind
    }

    /// The name of an element as the parser gives it; `#text` or `#comment` for the others.
    pub fn name(&self, node: NodeId) -> &str {
        let entry = self.node(node);
        match entry.kind {
            Kind::Element => self.slice(entry.name),
            Kind::Text => "#text",
            Kind::Comment => "#comment",
        }
    }

    /// The text of a text or comment; nothing for an element.
    pub fn text(&self, node: NodeId) -> &str {
        match self.kind(node) {
            Kind::Element => "",
            Kind::Text | Kind::Comment => self.slice(self.node(node).content),
        }
    }

    /// The value of `dj-key`, else of `data-key`, of an element.
    pub fn key(&self, node: NodeId) -> Option<&str> {
        let entry = self.node(node);
        (entry.kind == Kind::Element && entry.content.length > 0).then(|| self.slice(entry.content))
    }

    /// The `dj-id`: of a page that was read every element has one, and no text; a node from outside may differ.
    pub fn id(&self, node: NodeId) -> Option<ElementId> {
        let id = self.node(node).id;
        (id != NO_ID).then_some(ElementId(id))
    }

    /// The children in order.
    pub fn children(&self, node: NodeId) -> &[NodeId] {
        &self.children[self.node(node).children.range()]
    }

    /// Names and values of the attributes, sorted by name, without `dj-id`.
    pub fn attributes(&self, node: NodeId) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.attributes[self.node(node).attributes.range()]
            .iter()
            .map(|attribute| (self.slice(attribute.name), self.slice(attribute.value)))
    }

    /// The value of one attribute.
    pub fn attribute(&self, node: NodeId, name: &str) -> Option<&str> {
        let attributes = &self.attributes[self.node(node).attributes.range()];
        let found = if attributes.len() <= FEW {
            attributes
                .iter()
                .position(|attribute| self.slice(attribute.name) == name)
        } else {
            attributes
                .binary_search_by(|attribute| self.slice(attribute.name).cmp(name))
                .ok()
        };
        found.map(|index| self.slice(attributes[index].value))
    }

    /// How many elements are in the tree.
    pub fn elements(&self) -> u64 {
        u64::from(self.node(self.root).elements)
    }

    /// The node at a path of child indices from the root.
    pub fn at(&self, path: &[u32]) -> Option<NodeId> {
        path.iter().try_fold(self.root, |node, &index| {
            self.children(node).get(index as usize).copied()
        })
    }

    /// Where the node at a path stands in the source, in bytes; `None` if html5ever read the page.
    pub fn source_range(&self, path: &[u32]) -> Option<std::ops::Range<usize>> {
        let (node, start) = self.place_of(path)?;
        Some(start..start + self.node(node).extent.length as usize)
    }

    /// Where the start tag of the element at a path stands in the source.
    pub fn start_tag_range(&self, path: &[u32]) -> Option<std::ops::Range<usize>> {
        let (node, start) = self.place_of(path)?;
        Some(start..start + self.node(node).extent.open as usize)
    }

    fn place_of(&self, path: &[u32]) -> Option<(NodeId, usize)> {
        let mut node = self.root;
        let mut start = self.place.as_ref()?.start as usize;
        for &index in path {
            let children = self.children(node);
            let child = *children.get(index as usize)?;
            start += self.node(node).extent.open as usize;
            for &before in &children[..index as usize] {
                let extent = self.node(before).extent;
                start += (extent.lead + extent.length) as usize;
            }
            start += self.node(child).extent.lead as usize;
            node = child;
        }
        Some((node, start))
    }

    /// The largest `dj-id` in it; `None` if no node has one.
    pub fn largest_id(&self) -> Option<ElementId> {
        let mut largest = None;
        let mut open = vec![self.root];
        while let Some(node) = open.pop() {
            largest = largest.max(self.id(node));
            open.extend_from_slice(self.children(node));
        }
        largest
    }

    /// The tree below `node` as patches carry it.
    pub fn to_wire(&self, node: NodeId) -> djscope_wire::Node {
        let id = self.id(node).map(|id| id.to_string());
        let mut attrs = serde_json::Map::with_capacity(self.attributes(node).len() + 1);
        let mut pending_id = id.clone();
        for (name, value) in self.attributes(node) {
            if name > "dj-id"
                && let Some(id) = pending_id.take()
            {
                attrs.insert("dj-id".to_owned(), id.into());
            }
            attrs.insert(name.to_owned(), value.into());
        }
        if let Some(id) = pending_id {
            attrs.insert("dj-id".to_owned(), id.into());
        }
        djscope_wire::Node {
            tag: self.name(node).to_owned(),
            attrs,
            children: self
                .children(node)
                .iter()
                .map(|&child| self.to_wire(child))
                .collect(),
            text: (self.kind(node) != Kind::Element).then(|| self.text(node).to_owned()),
            key: self.key(node).map(str::to_owned),
            djust_id: id,
            ..djscope_wire::Node::default()
        }
    }

    fn node(&self, node: NodeId) -> &Node {
        &self.nodes[node.0 as usize]
    }

    fn node_mut(&mut self, node: NodeId) -> &mut Node {
        &mut self.nodes[node.0 as usize]
    }

    fn slice(&self, span: Span) -> &str {
        &self.text[span.range()]
    }

    /// Where the root stands in the source; `None` if nodes do not know their places.
    pub(crate) fn root_in_source(&self) -> Option<&RootPlace> {
        self.place.as_ref()
    }

    pub(crate) fn extent(&self, node: NodeId) -> Extent {
        self.node(node).extent
    }

    pub(crate) fn extent_mut(&mut self, node: NodeId) -> &mut Extent {
        &mut self.node_mut(node).extent
    }

    /// How many elements are in a node, itself included.
    pub(crate) fn elements_of(&self, node: NodeId) -> u32 {
        self.node(node).elements
    }

    pub(crate) fn set_elements(&mut self, node: NodeId, elements: u32) {
        self.node_mut(node).elements = elements;
    }

    pub(crate) fn traits(&self, node: NodeId) -> Traits {
        self.node(node).traits
    }
}

/// Equal trees have the same names, attributes, text and ids.
impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        let mut pairs = vec![(self.root, other.root)];
        while let Some((a, b)) = pairs.pop() {
            let same = self.kind(a) == other.kind(b)
                && self.name(a) == other.name(b)
                && self.text(a) == other.text(b)
                && self.id(a) == other.id(b)
                && self.children(a).len() == other.children(b).len()
                && self.attributes(a).eq(other.attributes(b));
            if !same {
                return false;
            }
            pairs.extend(
                self.children(a)
                    .iter()
                    .copied()
                    .zip(other.children(b).iter().copied()),
            );
        }
        true
    }
}
