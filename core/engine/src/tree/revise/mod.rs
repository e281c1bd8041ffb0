//! Exchanging a part of a tree for what its source has become.
//!
//! Two sources of one page are mostly the same at both ends. What differs lies in one element; of its children only
//! those are read again that the difference touches, together with their neighbours up to the next block element,
//! beyond which no rule of whitespace reaches.

mod holder;
mod region;
mod written;

use super::names::is_space;
use super::{ElementId, Extent, Kind, Namespace, NodeId, Slice, Tree, fast};
use crate::diff::{DiffOptions, diff_at, ids_at};
use holder::{Holder, Touched};
use region::Region;

/// What became of the page between two sources.
#[derive(Debug)]
pub(crate) struct Revision {
    /// What the browser is told.
    pub patches: Vec<djscope_wire::Patch>,
    /// Which part of the written page has to be written again; `None`: all of it.
    pub run: Option<Run>,
}

/// How many elements around a difference are tried.
const MOST_ATTEMPTS: usize = 3;

/// Children of one element that were exchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Where they start in the written page, in bytes.
    pub start: usize,
    /// How many bytes the old ones took.
    pub old_length: usize,
    /// What is written instead.
    pub html: String,
}

/// Children of the holder and what takes their place.
struct Exchange {
    touched: Touched,
    nodes: Vec<NodeId>,
}

impl Tree {
    /// Makes this tree, which was read from `old`, the tree of `new`; gives what changed, or `None` if all of it has to
    /// be read again (then the tree is as it was).
    ///
    /// `next_id` is the first id of the elements of `new`, were it read anew.
    pub(crate) fn revise(
        &mut self,
        old: &str,
        new: &str,
        next_id: u64,
        options: DiffOptions,
    ) -> Option<Revision> {
        if self.has_ignored || self.root_namespace != Namespace::Html || self.place.is_none() {
            return None;
        }
        let region = Region::between(old, new)?;
        let mut holder = self.holder(region, options)?;
        if let Some(revision) = self.revise_text(&holder, region, old, new) {
            return Some(revision);
        }
        if self.has_doubled_keys() || self.is_worn() {
            return None;
        }
        for _ in 0..MOST_ATTEMPTS {
            if let Some(exchange) = self.read_touched(&holder, region, new)? {
                return Some(self.exchange(&holder, region, exchange, next_id, options));
            }
            // What differs may begin in one element and end in another.
            if !holder.ascend() {
                break;
            }
        }
        None
    }

    /// Reads the children that a region touches; all of them, if those that could stay would stand for others.
    ///
    /// `Some(None)` if they cannot be read here.
    #[allow(clippy::option_option)]
    fn read_touched(&mut self, holder: &Holder, region: Region, new: &str) -> Option<Option<Exchange>> {
        // A row goes into the body that the parser has made of a table, if it has made one.
        if self.name(holder.node) == "table" {
            return Some(None);
        }
        let touched = self.touched(holder, region)?;
        let all = self.all_touched(holder);
        for touched in [touched, all] {
            let source = &new[touched.start..touched.end.checked_add_signed(region.growth)?];
            let before = self.sizes();
            let Some(nodes) = self.read_among(source, holder) else {
                return Some(None);
            };
            let exchange = Exchange { touched, nodes };
            if self.kept_stand_for_themselves(holder, &exchange) {
                return Some(Some(exchange));
            }
            self.shrink_to(before);
        }
        Some(None)
    }

    /// Whether the differ will match every child that is kept with itself, so that it needs no new id.
    fn kept_stand_for_themselves(&self, holder: &Holder, exchange: &Exchange) -> bool {
        let children = self.children(holder.node);
        let Touched { first, last, .. } = exchange.touched;
        let (gone, nodes) = (&children[first..last], &exchange.nodes);
        let kept = || children[..first].iter().chain(&children[last..]).copied();
        if kept().next().is_none() {
            return true;
        }
        let mark = |node: NodeId| (self.kind(node) == Kind::Comment).then(|| self.text(node));
        let has_marks = gone.iter().chain(nodes).any(|&node| mark(node).is_some());
        let has_same_marks =
            gone.len() == nodes.len() && gone.iter().zip(nodes).all(|(&a, &b)| mark(a) == mark(b));
        let keys = |nodes: &[NodeId]| nodes.iter().map(|&node| self.key(node)).collect::<Vec<_>>();
        let (gone_keys, new_keys) = (keys(gone), keys(nodes));
        if gone_keys == new_keys {
            return has_same_marks;
        }
        let unkeyed = |keys: &[Option<&str>]| keys.iter().filter(|key| key.is_none()).count();
        let is_keyed = new_keys.iter().any(Option::is_some)
            || (kept().any(|node| self.key(node).is_some()) && kept().all(|node| mark(node).is_none()));
        let mut seen = rustc_hash::FxHashSet::default();
        let mut all_keys = new_keys
            .iter()
            .copied()
            .flatten()
            .chain(kept().filter_map(|node| self.key(node)));
        !has_marks
            && is_keyed
            && unkeyed(&gone_keys) == unkeyed(&new_keys)
            && all_keys.all(|key| seen.insert(key))
    }

    /// A region in one text that needs no decoding: by far the most frequent change.
    fn revise_text(&mut self, holder: &Holder, region: Region, old: &str, new: &str) -> Option<Revision> {
        let mut start = holder.content_start;
        let mut found = None;
        for (index, &child) in self.children(holder.node).iter().enumerate() {
            let extent = self.node(child).extent;
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
        self.node_mut(node).extent.length = after.len() as u32;
        if let Some(run) = &run {
            self.grow_written(holder, &[node], run.html.len() as isize - run.old_length as isize);
        }
        let mut path = holder.path.clone();
        path.push(index as u32);
        Some(Revision {
            patches: vec![djscope_wire::Patch::SetText {
                path,
                d: None,
                text: after.to_owned(),
            }],
            run,
        })
    }

    fn read_among(&mut self, source: &str, holder: &Holder) -> Option<Vec<NodeId>> {
        let place = self.place.clone()?;
        let mut around: Vec<String> = place.around.iter().map(ToString::to_string).collect();
        around.extend(holder.above.iter().map(|&node| self.name(node).to_owned()));
        around.push(self.name(holder.node).to_owned());
        let names: Vec<&str> = around.iter().map(String::as_str).collect();
        let before = self.sizes();
        let depth = holder.above.len() + 2;
        let nodes = fast::parse_among(source, self, depth, &names);
        if nodes.is_none() || self.has_ignored {
            self.shrink_to(before);
            self.has_ignored = false;
            return None;
        }
        nodes
    }

    fn exchange(
        &mut self,
        holder: &Holder,
        region: Region,
        exchange: Exchange,
        next_id: u64,
        options: DiffOptions,
    ) -> Revision {
        let Exchange { touched, nodes } = exchange;
        let old_children = self.children(holder.node).to_vec();
        let gone = &old_children[touched.first..touched.last];
        let elements = |tree: &Self, nodes: &[NodeId]| {
            nodes
                .iter()
                .map(|&node| i64::from(tree.node(node).elements))
                .sum::<i64>()
        };
        let more_elements = elements(self, &nodes) - elements(self, gone);
        let old_length: usize = gone.iter().map(|&node| self.written_length(node)).sum();
        let start = self.run_start(holder, touched.first);
        self.number(holder, &old_children[..touched.first], &nodes, next_id);
        self.join_extents(&old_children, &touched, region, &nodes);

        let mut children = old_children[..touched.first].to_vec();
        children.extend_from_slice(&nodes);
        children.extend_from_slice(&old_children[touched.last..]);
        let revised = NodeId(self.nodes.len() as u32);
        self.nodes.push(*self.node(holder.node));
        self.set_children(revised, &children);
        let patches = diff_at(
            (self, holder.node),
            (self, revised),
            holder.path.clone(),
            Namespace::Html,
            options,
        );
        for (node, id) in ids_at(self, holder.node, revised) {
            self.set_id(node, id);
        }
        self.adopt_children(holder.node, revised);

        self.grow(holder, region.growth);
        for &node in holder.above.iter().chain([&holder.node]) {
            let entry = self.node_mut(node);
            entry.elements = (i64::from(entry.elements) + more_elements) as u32;
        }
        let keeps_all = nodes.len() == children.len();
        let is_doubled =
            (keeps_all && self.are_doubled(&[holder.node], false)) || self.are_doubled(&nodes, true);
        self.has_doubled_keys = Some(is_doubled);
        let run = start.map(|start| {
            let html = self.write_measured(&nodes);
            self.grow_written(holder, &[], html.len() as isize - old_length as isize);
            Run {
                start,
                old_length,
                html,
            }
        });
        Revision { patches, run }
    }

    /// Gives the new elements the ids that they would have if the page was read anew.
    fn number(&mut self, holder: &Holder, kept_before: &[NodeId], nodes: &[NodeId], next_id: u64) {
        let mut before = 1;
        for (&parent, &index) in holder.above.iter().zip(&holder.path) {
            let siblings = &self.children(parent)[..index as usize];
            before += 1 + siblings
                .iter()
                .map(|&node| u64::from(self.node(node).elements))
                .sum::<u64>();
        }
        before += kept_before
            .iter()
            .map(|&node| u64::from(self.node(node).elements))
            .sum::<u64>();
        let mut id = next_id + before;
        let mut open: Vec<NodeId> = nodes.iter().rev().copied().collect();
        while let Some(node) = open.pop() {
            if self.kind(node) == Kind::Element {
                self.node_mut(node).id = ElementId(id).0;
                id += 1;
                let slice: Slice = self.node(node).children;
                open.extend(self.children[slice.range()].iter().rev());
            }
        }
    }

    /// The first child that is kept after the new ones starts where it did, seen from them.
    fn join_extents(&mut self, old_children: &[NodeId], touched: &Touched, region: Region, nodes: &[NodeId]) {
        let read = (touched.end as isize + region.growth) as usize - touched.start;
        let taken: usize = nodes
            .iter()
            .map(|&node| {
                let extent: Extent = self.node(node).extent;
                (extent.lead + extent.length) as usize
            })
            .sum();
        if let Some(&after) = old_children.get(touched.last) {
            self.node_mut(after).extent.lead = (read - taken) as u32;
        }
    }

    /// The holder and what it is in have become longer in the source.
    fn grow(&mut self, holder: &Holder, growth: isize) {
        for &node in holder.above.iter().chain([&holder.node]) {
            let extent = &mut self.node_mut(node).extent;
            extent.length = (extent.length as isize + growth) as u32;
        }
    }

    /// Whether two siblings somewhere have one key: then an element may get the id of another.
    fn has_doubled_keys(&mut self) -> bool {
        if let Some(known) = self.has_doubled_keys {
            return known;
        }
        let is_doubled = self.are_doubled(&[self.root], true);
        self.has_doubled_keys = Some(is_doubled);
        is_doubled
    }

    /// Whether children of one of `nodes`, or if `is_deep` of anything in them, have one key.
    fn are_doubled(&self, nodes: &[NodeId], is_deep: bool) -> bool {
        let mut open = nodes.to_vec();
        let mut seen = rustc_hash::FxHashSet::default();
        while let Some(node) = open.pop() {
            seen.clear();
            for &child in self.children(node) {
                if self.key(child).is_some_and(|key| !seen.insert(key)) {
                    return true;
                }
                if is_deep && !self.children(child).is_empty() {
                    open.push(child);
                }
            }
        }
        false
    }

    /// Makes the children of `from` those of `node`, in the same place if they are as many.
    fn adopt_children(&mut self, node: NodeId, from: NodeId) {
        let (old, new) = (self.node(node).children, self.node(from).children);
        if old.length == new.length && new.range().end == self.children.len() {
            self.children.copy_within(new.range(), old.start as usize);
            self.children.truncate(new.start as usize);
        } else {
            self.node_mut(node).children = new;
        }
    }
}
