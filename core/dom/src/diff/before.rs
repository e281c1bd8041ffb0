//! What a tree was before some of its elements got other children.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::tree::{NodeId, Tree};

/// The children that elements of a tree had.
#[derive(Debug, Default)]
pub(crate) struct Before {
    children: FxHashMap<NodeId, Vec<NodeId>>,
    /// Those elements, and all that they are in.
    changed: FxHashSet<NodeId>,
}

impl Before {
    /// Notes the children of an element that will get others; `above` is what it is in. What was noted first counts.
    pub fn note(&mut self, tree: &Tree, holder: NodeId, above: &[NodeId]) {
        self.children
            .entry(holder)
            .or_insert_with(|| tree.children(holder).to_vec());
        self.changed.insert(holder);
        self.changed.extend(above);
    }

    /// Whether something in the element is no longer as it was.
    pub fn is_changed(&self, node: NodeId) -> bool {
        self.changed.contains(&node)
    }

    /// The children that an element had.
    pub fn children_of<'a>(&'a self, tree: &'a Tree, node: NodeId) -> &'a [NodeId] {
        self.children
            .get(&node)
            .map_or_else(|| tree.children(node), Vec::as_slice)
    }
}
