//! Patches of `dj-virtual`, which name rows by key.

use djscope_wire::Patch;

use super::Batch;
use crate::tree::NodeId;

impl Batch<'_> {
    /// Applies one patch to the rows of `parent`; false if it names a row that is not there.
    pub(super) fn virtual_row(&mut self, parent: NodeId, patch: &Patch) -> bool {
        let mut rows = self.tree.children(parent).to_vec();
        let position = |batch: &Self, rows: &[NodeId], key: &str| {
            rows.iter().position(|&row| batch.tree.key(row) == Some(key))
        };
        match patch {
            Patch::VirtualRemove { key, .. } => {
                let Some(at) = position(self, &rows, key) else {
                    return false;
                };
                rows.remove(at);
            }
            Patch::VirtualUpdate { key, patches, .. } => {
                let Some(at) = position(self, &rows, key) else {
                    return false;
                };
                return self.in_row(rows[at], patches);
            }
            Patch::VirtualInsert {
                key,
                node,
                before_key,
                ..
            } => {
                if position(self, &rows, key).is_some() {
                    return true;
                }
                let node = self.tree.add_wire(node);
                self.index.add(self.tree, node);
                let before = before_key.as_deref().and_then(|key| position(self, &rows, key));
                rows.insert(before.unwrap_or(rows.len()), node);
            }
            Patch::VirtualMove { key, before_key, .. } => {
                let Some(at) = position(self, &rows, key) else {
                    return false;
                };
                let row = rows.remove(at);
                let before = before_key.as_deref().and_then(|key| position(self, &rows, key));
                rows.insert(before.unwrap_or(rows.len()), row);
            }
            _ => return false,
        }
        self.tree.set_children(parent, &rows);
        true
    }

    /// A batch of which the paths start at a row.
    fn in_row(&mut self, row: NodeId, patches: &[Patch]) -> bool {
        let root = self.tree.root();
        self.tree.set_root(row);
        let failed_before = self.applied.failed.len();
        self.children(patches);
        let mut all_found = self.applied.failed.len() == failed_before;
        self.applied.failed.truncate(failed_before);
        for patch in patches {
            all_found &= self.node(patch);
        }
        self.tree.set_root(root);
        all_found
    }
}
