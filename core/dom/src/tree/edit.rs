//! Changing a tree.

use super::id::NO_ID;
use super::names::Traits;
use super::{Attribute, ElementId, Kind, Namespace, Node, NodeId, Slice, Span, Tree};

impl Tree {
    /// Whether an element has `dj-update="ignore"`.
    pub(crate) fn has_ignored(&self) -> bool {
        self.has_ignored
    }

    /// Whether some element only ever gets more children.
    pub(crate) fn accumulates(&self) -> bool {
        self.accumulates
    }

    pub(crate) fn set_key(&mut self, node: NodeId, key: &str) {
        let key = self.store(key);
        self.node_mut(node).content = key;
    }

    pub(crate) fn set_id(&mut self, node: NodeId, id: u64) {
        self.node_mut(node).id = id;
    }

    pub(crate) fn set_root(&mut self, node: NodeId) {
        self.root = node;
    }

    /// Adds a text that is nobody's child yet.
    pub(crate) fn add_text(&mut self, text: &str) -> NodeId {
        let content = self.store(text);
        self.push(Node {
            kind: Kind::Text,
            content,
            ..Node::EMPTY
        })
    }

    pub(crate) fn set_text(&mut self, node: NodeId, text: &str) {
        let content = self.store(text);
        self.node_mut(node).content = content;
    }

    /// Gives an element other children, in the same place of the arena if they are as many.
    pub(crate) fn set_children(&mut self, node: NodeId, children: &[NodeId]) {
        let old = self.node(node).children.range();
        if old.len() == children.len() {
            self.children[old].copy_from_slice(children);
            return;
        }
        let start = self.children.len() as u32;
        self.children.extend_from_slice(children);
        self.node_mut(node).children = Slice {
            start,
            length: children.len() as u32,
        };
    }

    /// Puts `new` in the place of a child, found at `index` or else by itself; false if it is no child of `parent`.
    pub(crate) fn replace_child(&mut self, parent: NodeId, index: usize, child: NodeId, new: NodeId) -> bool {
        let own = self.node(parent).children.range();
        let children = &mut self.children[own];
        let place = if children.get(index) == Some(&child) {
            Some(index)
        } else {
            children.iter().position(|&other| other == child)
        };
        if let Some(place) = place {
            children[place] = new;
        }
        place.is_some()
    }

    /// Sets an attribute; `dj-key` and `data-key` do not change the key that the element was parsed with.
    pub(crate) fn set_attribute(&mut self, node: NodeId, name: &str, value: &str) {
        let value = self.store(value);
        let range = self.node(node).attributes.range();
        let place =
            self.attributes[range.clone()].binary_search_by(|attribute| self.slice(attribute.name).cmp(name));
        match place {
            Ok(at) => self.attributes[range.start + at].value = value,
            Err(at) => {
                let name = self.store(name);
                let start = self.attributes.len();
                self.attributes.extend_from_within(range);
                self.attributes.insert(start + at, Attribute { name, value });
                self.node_mut(node).attributes = Slice {
                    start: start as u32,
                    length: (self.attributes.len() - start) as u32,
                };
            }
        }
    }

    pub(crate) fn remove_attribute(&mut self, node: NodeId, name: &str) {
        let range = self.node(node).attributes.range();
        let start = self.attributes.len();
        for index in range {
            let attribute = self.attributes[index];
            if self.slice(attribute.name) != name {
                self.attributes.push(attribute);
            }
        }
        self.node_mut(node).attributes = Slice {
            start: start as u32,
            length: (self.attributes.len() - start) as u32,
        };
    }

    /// Takes all ids of a tree of the same shape.
    pub(crate) fn copy_ids(&mut self, other: &Self) {
        let mut pairs = vec![(self.root, other.root)];
        while let Some((node, from)) = pairs.pop() {
            self.set_id(node, other.node(from).id);
            pairs.extend(
                self.children(node)
                    .iter()
                    .copied()
                    .zip(other.children(from).iter().copied()),
            );
        }
    }

    /// Makes the id and the children of `from` those of `node`, copied from another tree.
    pub(crate) fn take_content(&mut self, node: NodeId, other: &Self, from: NodeId) {
        let children: Vec<NodeId> = other
            .children(from)
            .iter()
            .map(|&child| self.copy(other, child))
            .collect();
        self.set_children(node, &children);
        self.node_mut(node).id = other.node(from).id;
    }

    /// Copies a node of another tree with all that is in it.
    pub(crate) fn copy(&mut self, other: &Self, from: NodeId) -> NodeId {
        let children: Vec<NodeId> = other
            .children(from)
            .iter()
            .map(|&child| self.copy(other, child))
            .collect();
        let source = *other.node(from);
        let mut copied = Node {
            name: self.store(other.slice(source.name)),
            content: self.store(other.slice(source.content)),
            children: Slice::default(),
            ..source
        };
        let start = self.attributes.len();
        for attribute in &other.attributes[source.attributes.range()] {
            let copied = Attribute {
                name: self.store(other.slice(attribute.name)),
                value: self.store(other.slice(attribute.value)),
            };
            self.attributes.push(copied);
        }
        copied.attributes = Slice {
            start: start as u32,
            length: (self.attributes.len() - start) as u32,
        };
        let node = self.push(copied);
        self.set_children(node, &children);
        node
    }

    /// Makes an element without attributes and id the root.
    pub(super) fn set_root_element(&mut self, name: &str, children: &[NodeId]) {
        let stored = self.store(name);
        let elements = self.elements_in(children);
        self.root = self.push(Node {
            kind: Kind::Element,
            traits: Traits::of(name),
            name: stored,
            elements: 1 + elements,
            ..Node::EMPTY
        });
        self.set_children(self.root, children);
        self.built = self.sizes();
    }

    /// How many elements are in all of `nodes`.
    fn elements_in(&self, nodes: &[NodeId]) -> u32 {
        nodes.iter().map(|&node| self.node(node).elements).sum()
    }

    /// The tree below a node as patches carry it, in the namespace that a parser would give the node.
    pub fn from_wire(wire: &djscope_wire::Node, namespace: Namespace) -> Self {
        let mut tree = Self {
            root_namespace: namespace,
            ..Self::default()
        };
        tree.root = tree.add_wire(wire);
        tree.built = tree.sizes();
        tree
    }

    /// Adds a node that a patch carries.
    pub(crate) fn add_wire(&mut self, wire: &djscope_wire::Node) -> NodeId {
        let kind = match wire.tag.as_str() {
            "#text" => Kind::Text,
            "#comment" => Kind::Comment,
            _ => Kind::Element,
        };
        let children: Vec<NodeId> = wire.children.iter().map(|child| self.add_wire(child)).collect();
        let elements = u32::from(kind == Kind::Element) + self.elements_in(&children);
        let content = match kind {
            Kind::Element => wire.key.as_deref(),
            Kind::Text | Kind::Comment => wire.text.as_deref(),
        };
        let content = self.store(content.unwrap_or_default());
        let name = if kind == Kind::Element {
            self.store(&wire.tag)
        } else {
            Span::default()
        };
        let id = wire.djust_id.as_deref().and_then(ElementId::parse);
        let node = self.push(Node {
            kind,
            traits: if kind == Kind::Element {
                Traits::of(&wire.tag)
            } else {
                Traits::default()
            },
            name,
            content,
            id: id.map_or(NO_ID, |id| id.0),
            elements,
            ..Node::EMPTY
        });
        self.set_children(node, &children);
        for (name, value) in &wire.attrs {
            let value = value.as_str().unwrap_or_default();
            self.has_ignored |= name == "dj-update" && value == "ignore";
            self.accumulates |= name == "dj-update" && matches!(value, "append" | "prepend");
            if name != "dj-id" {
                self.set_attribute(node, name, value);
            }
        }
        node
    }

    pub(super) fn store(&mut self, text: &str) -> Span {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        Span {
            start,
            length: text.len() as u32,
        }
    }

    fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId((self.nodes.len() - 1) as u32)
    }
}
