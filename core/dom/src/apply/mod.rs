//! A batch of patches applied to a tree, as the client of djust 1.2.6 does it (`_applyPatchBatch`,
//! `djust_vdom::patch::apply_patches`).
//!
//! For each parent: removals, and what is moved, are found among the children as they were before the batch; then
//! everything that is placed goes in by ascending final index. After all parents follow text, attributes and
//! replacements, found by id, else by their path in the finished tree.

mod index;
mod siblings;
mod virtual_rows;

use djscope_wire::Patch;
use rustc_hash::FxHashMap;

use crate::tree::{ElementId, Kind, NodeId, Tree};
use index::Index;
use siblings::Group;

/// Patches that found nothing to change, by their place in the batch; the client reports these to the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Places of the patches that failed, ascending.
    pub failed: Vec<usize>,
}

/// Applies a batch.
pub fn apply(tree: &mut Tree, patches: &[Patch]) -> Applied {
    let mut batch = Batch {
        index: Index::of(tree),
        tree,
        applied: Applied::default(),
    };
    batch.children(patches);
    for (place, patch) in patches.iter().enumerate() {
        if !batch.node(patch) {
            batch.applied.failed.push(place);
        }
    }
    batch.applied.failed.sort_unstable();
    batch.applied
}

struct Batch<'a> {
    tree: &'a mut Tree,
    index: Index,
    applied: Applied,
}

impl Batch<'_> {
    /// Every patch that changes which children a parent has.
    fn children(&mut self, patches: &[Patch]) {
        let mut order: Vec<NodeId> = Vec::new();
        let mut groups: FxHashMap<NodeId, Group<'_>> = FxHashMap::default();
        for (place, patch) in patches.iter().enumerate() {
            let parent = match patch {
                Patch::RemoveChild { d, path, .. }
                | Patch::InsertChild { d, path, .. }
                | Patch::MoveChild { d, path, .. }
                | Patch::InsertSubtree { d, path, .. }
                | Patch::MoveSubtree { d, path, .. } => self.element(d.as_deref(), path),
                Patch::RemoveSubtree { id } => self.index.holder_of(id),
                _ => continue,
            };
            let Some(parent) = parent else {
                self.applied.failed.push(place);
                continue;
            };
            let group = groups.entry(parent).or_insert_with(|| {
                order.push(parent);
                Group::default()
            });
            group.add(place, patch);
        }
        for parent in order {
            if let Some(group) = groups.remove(&parent) {
                self.siblings(parent, &group);
            }
        }
    }

    /// A patch that changes one node; true for the others, which were applied before.
    fn node(&mut self, patch: &Patch) -> bool {
        let found = match patch {
            Patch::SetText { path, d, .. }
            | Patch::SetAttr { path, d, .. }
            | Patch::RemoveAttr { path, d, .. }
            | Patch::Replace { path, d, .. } => self.target(d.as_deref(), path),
            Patch::VirtualUpdate { path, d, .. }
            | Patch::VirtualInsert { path, d, .. }
            | Patch::VirtualMove { path, d, .. }
            | Patch::VirtualRemove { path, d, .. } => {
                let Some(parent) = self.target(d.as_deref(), path) else {
                    return false;
                };
                return self.virtual_row(parent, patch);
            }
            _ => return true,
        };
        let Some(node) = found else { return false };
        match patch {
            Patch::SetText { text, .. } => self.set_text(node, text),
            Patch::SetAttr { key, value, .. } => self.tree.set_attribute(node, key, value),
            Patch::RemoveAttr { key, .. } => self.tree.remove_attribute(node, key),
            Patch::Replace { node: new, path, .. } => return self.replace(node, path, new),
            _ => {}
        }
        true
    }

    /// As `textContent`: an element's content becomes one text.
    fn set_text(&mut self, node: NodeId, text: &str) {
        if self.tree.kind(node) == Kind::Element {
            let child = self.tree.add_text(text);
            self.tree.set_children(node, &[child]);
        } else {
            self.tree.set_text(node, text);
        }
    }

    fn replace(&mut self, node: NodeId, path: &[u32], new: &djscope_wire::Node) -> bool {
        let new = self.tree.add_wire(new);
        self.index.add(self.tree, new);
        if node == self.tree.root() {
            self.tree.set_root(new);
            return true;
        }
        // Mostly the path leads there; looking through the whole tree is for patches that only have an id.
        if let Some((&index, above)) = path.split_last()
            && let Some(parent) = self.tree.at(above)
            && self.tree.children(parent).get(index as usize) == Some(&node)
        {
            return self.tree.replace_child(parent, index as usize, node, new);
        }
        let parent = self.index.parent_of(self.tree, node);
        parent.is_some_and(|parent| self.tree.replace_child(parent, usize::MAX, node, new))
    }

    /// The element with an id, else the one at a path of the tree as it is now.
    fn element(&self, d: Option<&str>, path: &[u32]) -> Option<NodeId> {
        let node = self.target(d, path)?;
        (self.tree.kind(node) == Kind::Element).then_some(node)
    }

    fn target(&self, d: Option<&str>, path: &[u32]) -> Option<NodeId> {
        d.and_then(ElementId::parse)
            .and_then(|id| self.index.element(id))
            .or_else(|| self.tree.at(path))
    }
}
