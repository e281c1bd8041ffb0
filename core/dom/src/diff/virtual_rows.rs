//! Children of `dj-virtual`: the client holds only a window of them, so they are addressed by key, never by index.

use djscope_wire::Patch;
use rustc_hash::{FxHashMap, FxHashSet};

use super::increasing::longest_increasing;
use super::{Differ, Parent, Sibling};
use crate::tree::Tree;

impl Differ<'_> {
    /// Whether every row has a key of its own (DJE-052 if not: then they are compared as other children are).
    pub(super) fn can_be_virtual(&self, old: &[Sibling], new: &[Sibling]) -> bool {
        let has_own_keys = |tree: &Tree, rows: &[Sibling]| {
            let mut seen = FxHashSet::default();
            rows.iter()
                .all(|row| tree.key(row.node).is_some_and(|key| seen.insert(key)))
        };
        has_own_keys(self.old, old) && has_own_keys(self.new, new)
    }

    /// Removals, changes of rows that stay, then moves and insertions from the end: the row that one is put before is
    /// in place by then.
    pub(super) fn virtual_rows(&mut self, old: &[Sibling], new: &[Sibling], parent: Parent) {
        let (before, after) = (self.old, self.new);
        let key_of_old = |row: &Sibling| before.key(row.node).unwrap_or_default();
        let key_of_new = |row: &Sibling| after.key(row.node).unwrap_or_default();
        let positions: FxHashMap<&str, usize> = old
            .iter()
            .enumerate()
            .map(|(position, row)| (key_of_old(row), position))
            .collect();
        let new_keys: FxHashSet<&str> = new.iter().map(key_of_new).collect();
        let path = self.path.clone();
        let d = self.old_id(parent.old);

        for row in old {
            let key = key_of_old(row);
            if !new_keys.contains(key) {
                self.patches.push(Patch::VirtualRemove {
                    path: path.clone(),
                    d: d.clone(),
                    key: key.to_owned(),
                });
            }
        }
        for row in new {
            if let Some(&position) = positions.get(key_of_new(row)) {
                self.virtual_update(old[position], *row, parent);
            }
        }
        let staying: Vec<(usize, u32)> = new
            .iter()
            .enumerate()
            .filter_map(|(at, row)| {
                positions
                    .get(key_of_new(row))
                    .map(|&position| (at, position as u32))
            })
            .collect();
        let sequence: Vec<u32> = staying.iter().map(|&(_, position)| position).collect();
        let stable: FxHashSet<usize> = longest_increasing(&sequence)
            .into_iter()
            .map(|index| staying[index].0)
            .collect();
        for (at, row) in new.iter().enumerate().rev() {
            let key = key_of_new(row);
            let before_key = new.get(at + 1).map(|next| key_of_new(next).to_owned());
            let (path, d, key_text) = (path.clone(), d.clone(), key.to_owned());
            if !positions.contains_key(key) {
                self.patches.push(Patch::VirtualInsert {
                    path,
                    d,
                    key: key_text,
                    node: after.to_wire(row.node),
                    before_key,
                });
            } else if !stable.contains(&at) {
                self.patches.push(Patch::VirtualMove {
                    path,
                    d,
                    key: key_text,
                    before_key,
                });
            }
        }
    }

    /// The changes in one row, their paths counted from the row.
    fn virtual_update(&mut self, old: Sibling, new: Sibling, parent: Parent) {
        let outer_path = std::mem::take(&mut self.path);
        let outer_patches = std::mem::take(&mut self.patches);
        let namespace = parent.context.namespace_of(self.new.name(new.node));
        self.nodes(old.node, new.node, namespace);
        let patches = std::mem::replace(&mut self.patches, outer_patches);
        self.path = outer_path;
        if !patches.is_empty() {
            self.patches.push(Patch::VirtualUpdate {
                path: self.path.clone(),
                d: self.old_id(parent.old),
                key: self.new.key(new.node).unwrap_or_default().to_owned(),
                patches,
            });
        }
    }
}
