//! The smallest patches from one tree to another, in djust's order (`djust_vdom::diff`).
//!
//! For each pair of elements: their attributes, then the bodies of `{% if %}`, then the other children, by key if one
//! of the new ones has a key, else by position.

mod accumulate;
mod before;
mod boundaries;
mod ids;
mod increasing;
mod keyed;
mod virtual_rows;

use djscope_wire::Patch;

use crate::tree::{ChildContext, Kind, Namespace, NodeId, Place, Tree};
pub use accumulate::accumulate;
pub(crate) use before::Before;
use boundaries::{Boundary, Children, Level, by_id};
pub(crate) use boundaries::{opening_id, pairs};
pub(crate) use ids::ids_since;
pub use ids::{keep_ignored, sync_ids};

/// What changes how trees are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiffOptions {
    /// Children of `dj-virtual` are addressed by key (`virtual_keyed_ops`; djust's Python turns it on, its Rust does
    /// not).
    pub virtual_keys: bool,
    /// `dj-update="append"` and `"prepend"` keep what is there, as djust's documentation promises; djust itself
    /// replaces it.
    pub accumulate: bool,
}

/// The patches that make `old` the same as `new`.
pub fn diff(old: &Tree, new: &Tree, options: DiffOptions) -> Vec<Patch> {
    let mut differ = Differ::new(old, new, options);
    differ.nodes(old.root(), new.root(), new.root_namespace());
    differ.patches
}

/// The patches that make a tree as it was `before` what it is.
pub(crate) fn diff_since(tree: &Tree, before: &Before, options: DiffOptions) -> Vec<Patch> {
    let mut differ = Differ::new(tree, tree, options);
    differ.before = Some(before);
    differ.nodes(tree.root(), tree.root(), tree.root_namespace());
    differ.patches
}

/// A child and its place among all children of its parent.
#[derive(Clone, Copy)]
struct Sibling {
    index: u32,
    node: NodeId,
}

/// Whether nothing but their order tells which children stand for which.
fn are_plain(tree: &Tree, nodes: &[NodeId]) -> bool {
    nodes
        .iter()
        .all(|&node| tree.kind(node) != Kind::Comment && tree.key(node).is_none())
}

/// Where children are compared.
#[derive(Clone, Copy)]
struct Parent {
    /// The old parent, of which the patches name the id.
    old: NodeId,
    /// How the new parent places its children.
    context: ChildContext,
    /// The parent is `dj-virtual`, and its children are addressed by key.
    is_virtual: bool,
}

struct Differ<'a> {
    old: &'a Tree,
    new: &'a Tree,
    /// Both are one tree, of which this is what was exchanged.
    before: Option<&'a Before>,
    options: DiffOptions,
    path: Vec<u32>,
    patches: Vec<Patch>,
    /// Elements and bodies of `{% if %}` that are being compared in each other.
    depth: usize,
}

/// How deep bodies of `{% if %}` are followed into each other; what is deeper is compared as ordinary siblings.
const MAX_DEPTH: usize = 500;

impl<'a> Differ<'a> {
    fn new(old: &'a Tree, new: &'a Tree, options: DiffOptions) -> Self {
        Self {
            old,
            new,
            before: None,
            options,
            path: Vec::with_capacity(16),
            patches: Vec::new(),
            depth: 0,
        }
    }

    fn old_id(&self, node: NodeId) -> Option<String> {
        self.old.id(node).map(|id| id.to_string())
    }

    /// Whether the node is the same on both sides, with all that is in it.
    fn is_kept(&self, old: NodeId, new: NodeId) -> bool {
        old == new && self.before.is_some_and(|before| !before.is_changed(old))
    }

    fn nodes(&mut self, old: NodeId, new: NodeId, namespace: Namespace) {
        if self.is_kept(old, new) {
            return;
        }
        let (before, after) = (self.old, self.new);
        if before.kind(old) != after.kind(new) || before.name(old) != after.name(new) {
            self.patches.push(Patch::Replace {
                path: self.path.clone(),
                d: self.old_id(old),
                node: after.to_wire(new),
            });
            return;
        }
        if after.kind(new) != Kind::Element {
            if before.text(old) != after.text(new) {
                self.patches.push(Patch::SetText {
                    path: self.path.clone(),
                    d: self.old_id(old),
                    text: after.text(new).to_owned(),
                });
            }
            return;
        }
        self.attributes(old, new);
        if after.attribute(new, "dj-update") == Some("ignore") {
            return;
        }
        let is_replaced = |tree: &Tree, node: NodeId| tree.attribute(node, "data-djust-replace").is_some();
        if is_replaced(before, old) && is_replaced(after, new) {
            self.replace_children(old, new);
            return;
        }
        let parent = Parent {
            old,
            context: after.child_context(new, namespace),
            is_virtual: self.options.virtual_keys && after.attribute(new, "dj-virtual").is_some(),
        };
        let old_nodes = match self.before {
            Some(noted) => noted.children_of(before, old),
            None => before.children(old),
        };
        let new_nodes = after.children(new);
        if !parent.is_virtual && are_plain(before, old_nodes) && are_plain(after, new_nodes) {
            self.plain(old_nodes, new_nodes, parent);
            return;
        }
        let (old, new) = (Children::of(before, old_nodes), Children::of(after, new_nodes));
        self.children(&old.level(), &new.level(), parent);
    }

    /// New and changed attributes by name, then those that are gone; `dj-*` stays, as the client has bound it.
    fn attributes(&mut self, old: NodeId, new: NodeId) {
        let (before, after) = (self.old, self.new);
        if before.attributes(old).eq(after.attributes(new)) {
            return;
        }
        let d = self.old_id(old);
        for (name, value) in after.attributes(new) {
            if before.attribute(old, name) != Some(value) {
                self.patches.push(Patch::SetAttr {
                    path: self.path.clone(),
                    d: d.clone(),
                    key: name.to_owned(),
                    value: value.to_owned(),
                });
            }
        }
        for (name, _) in before.attributes(old) {
            if !name.starts_with("dj-") && after.attribute(new, name).is_none() {
                self.patches.push(Patch::RemoveAttr {
                    path: self.path.clone(),
                    d: d.clone(),
                    key: name.to_owned(),
                });
            }
        }
    }

    /// `data-djust-replace`: all children away, the new ones in.
    fn replace_children(&mut self, old: NodeId, new: NodeId) {
        let removed = self.old.children(old);
        for (index, &node) in removed.iter().enumerate().rev() {
            self.remove(
                old,
                Sibling {
                    index: index as u32,
                    node,
                },
            );
        }
        for (index, &node) in self.new.children(new).iter().enumerate() {
            self.insert(
                old,
                Sibling {
                    index: index as u32,
                    node,
                },
            );
        }
    }

    /// Children without marks and keys, as most elements have them: the i-th with the i-th.
    fn plain(&mut self, old: &[NodeId], new: &[NodeId], parent: Parent) {
        let sibling = |(index, &node): (usize, &NodeId)| Sibling {
            index: index as u32,
            node,
        };
        let common = old.len().min(new.len());
        for (before, after) in old.iter().enumerate().zip(new.iter().enumerate()) {
            self.pair(sibling(before), sibling(after), parent);
        }
        for before in old.iter().enumerate().skip(common).rev() {
            self.remove(parent.old, sibling(before));
        }
        for after in new.iter().enumerate().skip(common) {
            self.insert(parent.old, sibling(after));
        }
    }

    /// Children, or the body of an `{% if %}` among them.
    fn children(&mut self, old: &Level<'_>, new: &Level<'_>, parent: Parent) {
        self.depth += 1;
        if self.depth < MAX_DEPTH {
            self.level(old, new, parent);
        } else {
            self.level(
                &old.clone().without_boundaries(),
                &new.clone().without_boundaries(),
                parent,
            );
        }
        self.depth -= 1;
    }

    fn level(&mut self, old: &Level<'_>, new: &Level<'_>, parent: Parent) {
        let (old_boundaries, new_boundaries) = (old.boundaries(), new.boundaries());
        if !old_boundaries.is_empty() || !new_boundaries.is_empty() {
            self.boundaries(&old_boundaries, new, &new_boundaries, parent);
        }
        let old_siblings = old.others(&old_boundaries);
        let new_siblings = new.others(&new_boundaries);
        let any_keyed = new_siblings
            .iter()
            .any(|sibling| self.new.key(sibling.node).is_some());
        if parent.is_virtual && self.can_be_virtual(&old_siblings, &new_siblings) {
            self.virtual_rows(&old_siblings, &new_siblings, parent);
        } else if any_keyed {
            self.keyed(&old_siblings, &new_siblings, parent);
        } else {
            self.by_position(&old_siblings, &new_siblings, parent);
        }
    }

    /// Bodies of `{% if %}` that are in both are compared; those of one side only are removed or inserted whole.
    fn boundaries(&mut self, old: &[Boundary<'_>], level: &Level<'_>, new: &[Boundary<'_>], parent: Parent) {
        let d = self.old_id(parent.old);
        let new_by_id = by_id(new);
        let old_by_id = by_id(old);
        for (ordinal, boundary) in old.iter().enumerate() {
            let Some(&new_ordinal) = new_by_id.get(boundary.id) else {
                self.patches.push(Patch::RemoveSubtree {
                    id: boundary.id.to_owned(),
                });
                continue;
            };
            let counterpart = &new[new_ordinal];
            // Moved is only what stands elsewhere among the siblings that are in no boundary: the length of a body
            // before it does not count (djust #1826).
            if (boundary.others_before, ordinal) != (counterpart.others_before, new_ordinal) {
                self.patches.push(Patch::MoveSubtree {
                    id: boundary.id.to_owned(),
                    path: self.path.clone(),
                    d: d.clone(),
                    index: counterpart.open as u32,
                });
            }
            self.children(&boundary.body, &counterpart.body, parent);
        }
        for boundary in new.iter().filter(|boundary| !old_by_id.contains_key(boundary.id)) {
            self.patches.push(Patch::InsertSubtree {
                id: boundary.id.to_owned(),
                path: self.path.clone(),
                d: d.clone(),
                index: boundary.open as u32,
                html: self.written(level.whole(boundary), parent.context),
            });
        }
    }

    /// Nodes as the client reads them: in the namespace of the parent, with scripting off.
    fn written(&self, nodes: &[NodeId], context: ChildContext) -> String {
        let mut html = String::new();
        for &node in nodes {
            let place = Place {
                namespace: Some(context.namespace_of(self.new.name(node))),
                scripting: false,
            };
            self.new.write(node, place, &mut html);
        }
        html
    }

    /// The i-th with the i-th; a comment is never made of something else.
    fn by_position(&mut self, old: &[Sibling], new: &[Sibling], parent: Parent) {
        for (&before, &after) in old.iter().zip(new) {
            if self.are_both_comments_or_neither(before, after) {
                self.pair(before, after, parent);
            } else {
                self.remove(parent.old, before);
                self.insert(parent.old, after);
            }
        }
        self.surplus(old, new, parent);
    }

    /// What one side has more: the old from the end, the new from the start.
    fn surplus(&mut self, old: &[Sibling], new: &[Sibling], parent: Parent) {
        let common = old.len().min(new.len());
        for &sibling in old[common..].iter().rev() {
            self.remove(parent.old, sibling);
        }
        for &sibling in &new[common..] {
            self.insert(parent.old, sibling);
        }
    }

    fn are_both_comments_or_neither(&self, old: Sibling, new: Sibling) -> bool {
        (self.old.kind(old.node) == Kind::Comment) == (self.new.kind(new.node) == Kind::Comment)
    }

    /// Compares two nodes that stand for each other.
    fn pair(&mut self, old: Sibling, new: Sibling, parent: Parent) {
        if self.is_kept(old.node, new.node) {
            return;
        }
        let namespace = parent.context.namespace_of(self.new.name(new.node));
        self.path.push(new.index);
        self.nodes(old.node, new.node, namespace);
        self.path.pop();
    }

    fn remove(&mut self, parent: NodeId, old: Sibling) {
        self.patches.push(Patch::RemoveChild {
            path: self.path.clone(),
            d: self.old_id(parent),
            index: old.index,
            child_d: self.old_id(old.node),
        });
    }

    fn insert(&mut self, parent: NodeId, new: Sibling) {
        self.patches.push(Patch::InsertChild {
            path: self.path.clone(),
            d: self.old_id(parent),
            index: new.index,
            node: self.new.to_wire(new.node),
            ref_d: None,
        });
    }

    fn move_to(&mut self, parent: NodeId, old: Sibling, new: Sibling) {
        self.patches.push(Patch::MoveChild {
            path: self.path.clone(),
            d: self.old_id(parent),
            from: old.index,
            to: new.index,
            child_d: self.old_id(old.node),
        });
    }
}
