//! What the new tree takes from the old one: the ids that the browser knows, and what is not to be touched.

use rustc_hash::FxHashMap;

use super::before::Before;
use super::boundaries::{Children, Level, by_id};
use super::{Sibling, are_plain};
use crate::tree::{Kind, NodeId, Tree};

/// Gives the elements of `new` the ids of those in `old` that they stand for.
///
/// Elements are matched much as the patches are, but not quite: an element of another name ends the search, of two
/// children with one key the last old one counts, and ignored and replaced content is matched as well
/// (`djust_vdom::diff::sync_ids`).
pub fn sync_ids(old: &Tree, new: &mut Tree) {
    let mut sync = Sync {
        old,
        new,
        before: None,
        pairs: vec![(old.root(), new.root())],
        ids: Vec::new(),
    };
    while let Some((before, after)) = sync.pairs.pop() {
        sync.pair(before, after);
    }
    let ids = sync.ids;
    for (node, id) in ids {
        new.set_id(node, id);
    }
}

/// The ids to set in a tree of which children were exchanged.
pub(crate) fn ids_since(tree: &Tree, before: &Before) -> Vec<(NodeId, u64)> {
    let mut sync = Sync {
        old: tree,
        new: tree,
        before: Some(before),
        pairs: vec![(tree.root(), tree.root())],
        ids: Vec::new(),
    };
    while let Some((old, new)) = sync.pairs.pop() {
        if old != new || before.is_changed(old) {
            sync.pair(old, new);
        }
    }
    sync.ids
}

struct Sync<'a> {
    old: &'a Tree,
    new: &'a Tree,
    before: Option<&'a Before>,
    pairs: Vec<(NodeId, NodeId)>,
    ids: Vec<(NodeId, u64)>,
}

impl Sync<'_> {
    fn pair(&mut self, before: NodeId, after: NodeId) {
        if self.old.kind(before) != Kind::Element
            || self.new.kind(after) != Kind::Element
            || self.old.name(before) != self.new.name(after)
        {
            return;
        }
        if let Some(id) = self.old.id(before) {
            self.ids.push((after, id.0));
        }
        let old_nodes = match self.before {
            Some(noted) => noted.children_of(self.old, before),
            None => self.old.children(before),
        };
        let new_nodes = self.new.children(after);
        if are_plain(self.old, old_nodes) && are_plain(self.new, new_nodes) {
            self.pairs
                .extend(old_nodes.iter().copied().zip(new_nodes.iter().copied()));
            return;
        }
        let (old, new) = (
            Children::of(self.old, old_nodes),
            Children::of(self.new, new_nodes),
        );
        let mut levels = vec![(old.level(), new.level())];
        while let Some((old, new)) = levels.pop() {
            self.level(&old, &new, &mut levels);
        }
    }

    /// Pairs children, or what is in the body of an `{% if %}`; the bodies in it are left to do.
    fn level<'l>(&mut self, old: &Level<'l>, new: &Level<'l>, levels: &mut Vec<(Level<'l>, Level<'l>)>) {
        let (old_boundaries, new_boundaries) = (old.boundaries(), new.boundaries());
        if !old_boundaries.is_empty() {
            let old_by_id = by_id(&old_boundaries);
            for boundary in &new_boundaries {
                if let Some(&ordinal) = old_by_id.get(boundary.id) {
                    levels.push((old_boundaries[ordinal].body.clone(), boundary.body.clone()));
                }
            }
        }
        let nodes = |siblings: Vec<Sibling>| -> Vec<NodeId> {
            siblings.into_iter().map(|sibling| sibling.node).collect()
        };
        let old = nodes(old.others(&old_boundaries));
        let new = nodes(new.others(&new_boundaries));
        if !new.iter().any(|&node| self.new.key(node).is_some()) {
            self.pairs.extend(old.into_iter().zip(new));
            return;
        }
        let old_by_key: FxHashMap<&str, NodeId> = old
            .iter()
            .filter_map(|&node| self.old.key(node).map(|key| (key, node)))
            .collect();
        for &node in &new {
            if let Some(&before) = self.new.key(node).and_then(|key| old_by_key.get(key)) {
                self.pairs.push((before, node));
            }
        }
        let unkeyed = |tree: &Tree, nodes: &[NodeId]| -> Vec<NodeId> {
            nodes
                .iter()
                .copied()
                .filter(|&node| tree.key(node).is_none())
                .collect()
        };
        self.pairs
            .extend(unkeyed(self.old, &old).into_iter().zip(unkeyed(self.new, &new)));
    }
}

/// Puts the old content of every `dj-update="ignore"` into `new`; elements are matched by position
/// (`djust_vdom::splice_ignore_subtrees`).
pub fn keep_ignored(old: &Tree, new: &mut Tree) {
    if !new.has_ignored() {
        return;
    }
    let mut pairs = vec![(old.root(), new.root())];
    while let Some((before, after)) = pairs.pop() {
        if old.kind(before) != Kind::Element
            || new.kind(after) != Kind::Element
            || old.name(before) != new.name(after)
        {
            continue;
        }
        if new.attribute(after, "dj-update") == Some("ignore") {
            new.take_content(after, old, before);
            continue;
        }
        let children = old
            .children(before)
            .iter()
            .copied()
            .zip(new.children(after).iter().copied());
        pairs.extend(children);
    }
}
