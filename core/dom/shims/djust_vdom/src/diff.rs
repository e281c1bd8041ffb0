//! From two trees to patches.

use std::sync::atomic::{AtomicBool, Ordering};

use djscope_dom::diff::{DiffOptions, diff as difference, sync_ids as take_ids};
use djscope_dom::tree::Namespace;

use crate::names::Names;
use crate::{Patch, VNode};

static VIRTUAL_KEYS: AtomicBool = AtomicBool::new(false);

/// Whether children of `dj-virtual` are addressed by key.
pub fn set_virtual_keyed_ops(enabled: bool) {
    VIRTUAL_KEYS.store(enabled, Ordering::Relaxed);
}

/// See [`set_virtual_keyed_ops`].
pub fn virtual_keyed_ops_enabled() -> bool {
    VIRTUAL_KEYS.load(Ordering::Relaxed)
}

/// The patches from one tree to the other.
pub fn diff(old: &VNode, new: &VNode) -> Vec<Patch> {
    diff_in(old, new, Namespace::Html)
}

/// The same; `root_namespace` is that of the root of `new`.
pub fn diff_in(old: &VNode, new: &VNode, root_namespace: Namespace) -> Vec<Patch> {
    let mut names = Names::default();
    let old = names.tree(old);
    let new = names.tree_in(new, root_namespace);
    let options = DiffOptions {
        virtual_keys: virtual_keyed_ops_enabled(),
        ..DiffOptions::default()
    };
    difference(&old, &new, options)
        .into_iter()
        .filter_map(|patch| Patch::from_wire(patch, &names))
        .collect()
}

/// The patches of two nodes that stand at `path` in their trees.
pub fn diff_nodes(old: &VNode, new: &VNode, path: &[usize]) -> Vec<Patch> {
    let mut patches = diff(old, new);
    for own in patches.iter_mut().filter_map(Patch::path_mut) {
        own.splice(0..0, path.iter().copied());
    }
    patches
}

/// Gives the elements of `new` the ids of those in `old` that they stand for.
pub fn sync_ids(old: &VNode, new: &mut VNode) {
    let mut names = Names::default();
    let old = names.tree(old);
    let mut synced = names.tree(new);
    take_ids(&old, &mut synced);
    *new = names.node(&synced.to_wire(synced.root()));
}
