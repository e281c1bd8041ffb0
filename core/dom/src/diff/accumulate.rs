//! Elements that keep their children when they get more: `dj-update="append"` and `"prepend"`.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::tree::{Kind, NodeId, Tree};

/// Puts the old children of every such element of `new`, found by its `id`, beside the new ones. A child with the
/// `id` of an old one takes its place.
///
/// Children with an `id` are keyed by it in both trees, so that patches name what is added and nothing else.
pub fn accumulate(old: &mut Tree, new: &mut Tree) {
    if !new.accumulates() {
        return;
    }
    let by_id: FxHashMap<String, NodeId> = elements(old)
        .into_iter()
        .filter(|&node| mode(old, node).is_some())
        .filter_map(|node| Some((old.attribute(node, "id")?.to_owned(), node)))
        .collect();
    for node in elements(new) {
        let Some(mode) = mode(new, node) else { continue };
        let before = new.attribute(node, "id").and_then(|id| by_id.get(id));
        if let Some(&before) = before {
            merge(old, before, new, node, mode);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Append,
    Prepend,
}

fn mode(tree: &Tree, node: NodeId) -> Option<Mode> {
    match tree.attribute(node, "dj-update")? {
        "append" => Some(Mode::Append),
        "prepend" => Some(Mode::Prepend),
        _ => None,
    }
}

fn elements(tree: &Tree) -> Vec<NodeId> {
    let mut found = Vec::new();
    let mut open = vec![tree.root()];
    while let Some(node) = open.pop() {
        if tree.kind(node) == Kind::Element {
            found.push(node);
            open.extend(tree.children(node));
        }
    }
    found
}

fn merge(old: &mut Tree, before: NodeId, new: &mut Tree, node: NodeId, mode: Mode) {
    key_by_id(old, before);
    key_by_id(new, node);
    let fresh = new.children(node).to_vec();
    let by_key: FxHashMap<String, NodeId> = fresh
        .iter()
        .filter_map(|&child| Some((new.key(child)?.to_owned(), child)))
        .collect();
    let mut kept = Vec::with_capacity(old.children(before).len() + fresh.len());
    let mut replaced: FxHashSet<NodeId> = FxHashSet::default();
    for &child in old.children(before) {
        match old.key(child).and_then(|key| by_key.get(key)) {
            Some(&replacement) => {
                replaced.insert(replacement);
                kept.push(replacement);
            }
            None => kept.push(new.copy(old, child)),
        }
    }
    let added = fresh.into_iter().filter(|child| !replaced.contains(child));
    match mode {
        Mode::Append => kept.extend(added),
        Mode::Prepend => {
            kept.splice(0..0, added);
        }
    }
    new.set_children(node, &kept);
}

fn key_by_id(tree: &mut Tree, node: NodeId) {
    for child in tree.children(node).to_vec() {
        let id = tree.attribute(child, "id").map(str::to_owned);
        if let Some(id) = id.filter(|_| tree.kind(child) == Kind::Element && tree.key(child).is_none()) {
            tree.set_key(child, &id);
        }
    }
}
