//! Children that have keys.

use rustc_hash::{FxHashMap, FxHashSet};

use super::increasing::longest_increasing;
use super::{Differ, Parent, Sibling};
use crate::tree::Tree;

/// Siblings of one side by whether a key names them.
struct Side<'a> {
    siblings: &'a [Sibling],
    /// The key of each; `None` also for a key that two siblings have.
    keys: Vec<Option<&'a str>>,
}

impl<'a> Side<'a> {
    fn unkeyed(&self) -> Vec<Sibling> {
        let pairs = self.siblings.iter().zip(&self.keys);
        pairs
            .filter(|(_, key)| key.is_none())
            .map(|(&sibling, _)| sibling)
            .collect()
    }

    fn positions(&self) -> FxHashMap<&'a str, usize> {
        let pairs = self.keys.iter().enumerate();
        pairs
            .filter_map(|(position, key)| key.map(|key| (key, position)))
            .collect()
    }
}

/// Keys that more than one sibling of a side has.
fn doubled<'a>(tree: &'a Tree, siblings: &[Sibling], doubled: &mut FxHashSet<&'a str>) {
    let mut seen = FxHashSet::with_capacity_and_hasher(siblings.len(), Default::default());
    for sibling in siblings {
        if let Some(key) = tree.key(sibling.node)
            && !seen.insert(key)
        {
            doubled.insert(key);
        }
    }
}

impl<'a> Differ<'a> {
    /// Children of which at least one new one has a key: removals, then those without a key by position, then pairs
    /// of the same key, insertions, and moves.
    pub(super) fn keyed(&mut self, old: &[Sibling], new: &[Sibling], parent: Parent) {
        if self.only_one_differs(old, new, parent) {
            return;
        }
        let mut ambiguous = FxHashSet::default();
        doubled(self.old, old, &mut ambiguous);
        doubled(self.new, new, &mut ambiguous);
        let side = |tree: &'a Tree, siblings| Side {
            siblings,
            keys: keys_of(tree, siblings, &ambiguous),
        };
        let old = side(self.old, old);
        let new = side(self.new, new);
        let (old_positions, new_positions) = (old.positions(), new.positions());

        for (&sibling, key) in old.siblings.iter().zip(&old.keys) {
            if key.is_some_and(|key| !new_positions.contains_key(key)) {
                self.remove(parent.old, sibling);
            }
        }
        let (old_unkeyed, new_unkeyed) = (old.unkeyed(), new.unkeyed());
        self.unkeyed(&old_unkeyed, &new_unkeyed, parent);

        let mut matched: Vec<(usize, usize)> = Vec::with_capacity(new.keys.len());
        for (position, key) in new.keys.iter().enumerate() {
            if let Some(&old_position) = key.and_then(|key| old_positions.get(key)) {
                matched.push((old_position, position));
            }
        }
        for &(before, after) in &matched {
            self.pair(old.siblings[before], new.siblings[after], parent);
        }
        for (&sibling, key) in new.siblings.iter().zip(&new.keys) {
            if key.is_some_and(|key| !old_positions.contains_key(key)) {
                self.insert(parent.old, sibling);
            }
        }
        let is_mixed = !old_unkeyed.is_empty() || !new_unkeyed.is_empty();
        self.moves(&old, &new, &matched, is_mixed, parent);
    }

    /// The common case of one row that changed: everything else is shared, nothing moves.
    fn only_one_differs(&mut self, old: &[Sibling], new: &[Sibling], parent: Parent) -> bool {
        if self.before.is_none() || old.len() != new.len() {
            return false;
        }
        let is_other = |(before, after): &(&Sibling, &Sibling)| !self.is_kept(before.node, after.node);
        let mut differing = old.iter().zip(new).filter(is_other);
        let Some((&before, &after)) = differing.next() else {
            return old
                .iter()
                .zip(new)
                .all(|(before, after)| before.index == after.index);
        };
        let stays = differing.next().is_none()
            && old
                .iter()
                .zip(new)
                .all(|(before, after)| before.index == after.index)
            && self.are_both_comments_or_neither(before, after)
            && self.old.key(before.node) == self.new.key(after.node);
        if stays {
            self.pair(before, after, parent);
        }
        stays
    }

    /// Children without a key among others, or with a key that is not unique.
    fn unkeyed(&mut self, old: &[Sibling], new: &[Sibling], parent: Parent) {
        for (&before, &after) in old.iter().zip(new) {
            let has_moved = before.index != after.index;
            let has_id = self.old.id(before.node).is_some();
            // What has no id cannot be moved: it is made again where it belongs (djust #2999).
            if (has_moved && !has_id) || !self.are_both_comments_or_neither(before, after) {
                self.remove(parent.old, before);
                self.insert(parent.old, after);
                continue;
            }
            if has_moved {
                self.move_to(parent.old, before, after);
            }
            self.pair(before, after, parent);
        }
        self.surplus(old, new, parent);
    }

    /// The order of the pairs: with keys alone, what is in the longest increasing run stays; beside others without a
    /// key, only what has the same index.
    fn moves(
        &mut self,
        old: &Side<'_>,
        new: &Side<'_>,
        matched: &[(usize, usize)],
        is_mixed: bool,
        parent: Parent,
    ) {
        let mut stays = vec![false; matched.len()];
        if is_mixed {
            for (stays, &(before, after)) in stays.iter_mut().zip(matched) {
                *stays = old.siblings[before].index == new.siblings[after].index;
            }
        } else {
            let sequence: Vec<u32> = matched.iter().map(|&(before, _)| before as u32).collect();
            for position in longest_increasing(&sequence) {
                stays[position] = true;
            }
        }
        for (&(before, after), stays) in matched.iter().zip(stays) {
            if !stays {
                self.move_to(parent.old, old.siblings[before], new.siblings[after]);
            }
        }
    }
}

fn keys_of<'a>(tree: &'a Tree, siblings: &[Sibling], ambiguous: &FxHashSet<&str>) -> Vec<Option<&'a str>> {
    siblings
        .iter()
        .map(|sibling| tree.key(sibling.node).filter(|key| !ambiguous.contains(key)))
        .collect()
}
