//! Exchanging parts of a tree for what their source has become.
//!
//! Two sources of one page are mostly the same. What differs lies in some elements; of the children of each only those
//! are read again that the difference touches, together with their neighbours up to the next block element, beyond
//! which no rule of whitespace reaches.

mod exchange;
mod holder;
mod plan;
mod region;

use crate::diff::DiffOptions;
use crate::tree::{Kind, Namespace, Tree, is_space};
use holder::Holder;
pub use region::Changed;
use region::Region;

/// What became of the page between two sources.
#[derive(Debug)]
pub(super) struct Revision {
    /// What the browser is told.
    pub patches: Vec<djscope_wire::Patch>,
    /// Which parts of the written page have to be written again, the last one first; `None`: all of it.
    pub runs: Option<Vec<Run>>,
}

/// Children of one element that were exchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Where they start in the written page, in bytes.
    pub start: usize,
    /// How many bytes the old ones took.
    pub old_length: usize,
    /// What is written instead.
    pub html: String,
}

impl Tree {
    /// Makes this tree, which was read from `old`, the tree of `new`; gives what changed, or `None` if all of it has to
    /// be read again (then the tree is as it was).
    ///
    /// The sources differ only in the `changed` pieces; `next_id` is the first id of the elements of `new`, were it
    /// read anew.
    pub(super) fn revise(
        &mut self,
        old: &str,
        new: &str,
        changed: &[Changed],
        next_id: u64,
        options: DiffOptions,
    ) -> Option<Revision> {
        if self.has_ignored() || self.root_namespace() != Namespace::Html || self.root_in_source().is_none() {
            return None;
        }
        let regions = Region::between(old, new, changed)?;
        if let [region] = regions.as_slice() {
            let holder = self.holder(*region, options)?;
            if let Some(revision) = self.revise_text(&holder, *region, old, new) {
                return Some(revision);
            }
        }
        if self.has_doubled_keys() || self.is_worn() {
            return None;
        }
        let exchanges = self.read_regions(regions, new, options)?;
        Some(self.exchange(&exchanges, next_id, options))
    }

    /// A region in one text that needs no decoding: by far the most frequent change.
    fn revise_text(&mut self, holder: &Holder, region: Region, old: &str, new: &str) -> Option<Revision> {
        let mut start = holder.content_start;
        let mut found = None;
        for (index, &child) in self.children(holder.node).iter().enumerate() {
            let extent = self.extent(child);
            start += extent.lead as usize;
            let end = start + extent.length as usize;
            if self.kind(child) == Kind::Text && start <= region.start && region.end <= end {
                found = Some((index, child, start..end));
                break;
            }
            if start > region.start {
                break;
            }
            start = end;
        }
        let (index, node, range) = found?;
        let before = &old[range.clone()];
        let after = &new[range.start..range.end.checked_add_signed(region.growth)?];
        let is_plain =
            |text: &str| !is_space(text) && memchr::memchr3(b'<', b'&', b'\r', text.as_bytes()).is_none();
        if before != self.text(node) || !is_plain(before) || !is_plain(after) || after.contains('\0') {
            return None;
        }
        let run = self.run_start(holder, index).map(|start| {
            let mut html = String::with_capacity(after.len() + 16);
            let (mut old_html, place) = (String::new(), self.root_place());
            self.write(node, place, &mut old_html);
            self.set_text(node, after);
            self.write(node, place, &mut html);
            Run {
                start,
                old_length: old_html.len(),
                html,
            }
        });
        if run.is_none() {
            self.set_text(node, after);
        }
        self.grow(holder, region.growth);
        self.extent_mut(node).length = after.len() as u32;
        if let Some(run) = &run {
            let growth = run.html.len() as isize - run.old_length as isize;
            self.grow_written(holder.way().chain([node]), growth);
        }
        let mut path = holder.path.clone();
        path.push(index as u32);
        Some(Revision {
            patches: vec![djscope_wire::Patch::SetText {
                path,
                d: None,
                text: after.to_owned(),
            }],
            runs: run.map(|run| vec![run]),
        })
    }
}
