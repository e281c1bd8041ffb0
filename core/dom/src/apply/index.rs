//! Where things are in a tree that is being patched.

use rustc_hash::FxHashMap;

use crate::diff::opening_id;
use crate::tree::{ElementId, Kind, Namespace, NodeId, Tree};

/// Elements by id, and what holds the marks of `{% if %}`.
#[derive(Default)]
pub(super) struct Index {
    elements: FxHashMap<ElementId, NodeId>,
    /// Boundary id to the element among whose children its mark is; the first in the document.
    holders: FxHashMap<String, NodeId>,
    namespaces: FxHashMap<NodeId, Namespace>,
}

impl Index {
    pub fn of(tree: &Tree) -> Self {
        let mut index = Self::default();
        index.add_in(tree, tree.root(), tree.root_namespace());
        index
    }

    /// Adds a node that was inserted, which is taken to stand in HTML.
    pub fn add(&mut self, tree: &Tree, node: NodeId) {
        self.add_in(tree, node, Namespace::Html);
    }

    fn add_in(&mut self, tree: &Tree, node: NodeId, namespace: Namespace) {
        let mut open = vec![(node, namespace)];
        while let Some((node, namespace)) = open.pop() {
            if tree.kind(node) != Kind::Element {
                continue;
            }
            if let Some(id) = tree.id(node) {
                self.elements.entry(id).or_insert(node);
            }
            self.namespaces.insert(node, namespace);
            let context = tree.child_context(node, namespace);
            for &child in tree.children(node).iter().rev() {
                match tree.kind(child) {
                    Kind::Element => open.push((child, context.namespace_of(tree.name(child)))),
                    Kind::Comment => {
                        if let Some(id) = opening_id(tree.text(child)) {
                            self.holders.entry(id.to_owned()).or_insert(node);
                        }
                    }
                    Kind::Text => {}
                }
            }
        }
    }

    pub fn element(&self, id: ElementId) -> Option<NodeId> {
        self.elements.get(&id).copied()
    }

    pub fn holder_of(&self, boundary: &str) -> Option<NodeId> {
        self.holders.get(boundary).copied()
    }

    pub fn namespace(&self, node: NodeId) -> Namespace {
        self.namespaces.get(&node).copied().unwrap_or(Namespace::Html)
    }

    /// The element among whose children `node` is now.
    pub fn parent_of(&self, tree: &Tree, node: NodeId) -> Option<NodeId> {
        let mut open = vec![tree.root()];
        while let Some(parent) = open.pop() {
            if tree.children(parent).contains(&node) {
                return Some(parent);
            }
            open.extend_from_slice(tree.children(parent));
        }
        None
    }
}
