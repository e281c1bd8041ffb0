//! Putting new children into a tree.

use super::holder::{Holder, Touched};
use super::plan::Exchange;
use super::region::Region;
use super::{Revision, Run};
use crate::diff::{Before, DiffOptions, diff_since, ids_since, opening_id};
use crate::tree::{Kind, NodeId, Tree};

/// A part of the written page that is written again.
struct Rewritten {
    start: Option<usize>,
    old_length: usize,
}

impl Tree {
    /// Exchanges children, in the order of the source, and tells what changed.
    pub(super) fn exchange(
        &mut self,
        exchanges: &[Exchange],
        next_id: u64,
        options: DiffOptions,
    ) -> Revision {
        let mut before = Before::default();
        // From the end: what stands before an exchange is then where it was.
        let rewritten: Vec<Rewritten> = exchanges
            .iter()
            .rev()
            .map(|exchange| self.put(exchange, &mut before))
            .collect();
        for exchange in exchanges {
            self.number(exchange, next_id);
        }
        let patches = diff_since(self, &before, options);
        for (node, id) in ids_since(self, &before) {
            self.set_id(node, id);
        }
        let is_doubled = exchanges.iter().any(|exchange| {
            let children = self.children(exchange.holder.node).len();
            (exchange.nodes.len() == children && self.are_doubled(&[exchange.holder.node], false))
                || self.are_doubled(&exchange.nodes, true)
        });
        self.has_doubled_keys = Some(is_doubled);
        let runs = exchanges
            .iter()
            .rev()
            .zip(rewritten)
            .map(|(exchange, rewritten)| {
                let start = rewritten.start?;
                let html = self.write_measured(&exchange.nodes);
                let growth = html.len() as isize - rewritten.old_length as isize;
                self.grow_written(exchange.holder.way(), growth);
                Some(Run {
                    start,
                    old_length: rewritten.old_length,
                    html,
                })
            });
        Revision {
            patches,
            runs: runs.collect(),
        }
    }

    fn put(&mut self, exchange: &Exchange, before: &mut Before) -> Rewritten {
        let Exchange {
            region,
            holder,
            touched,
            nodes,
        } = exchange;
        let old_children = self.children(holder.node).to_vec();
        let gone = &old_children[touched.first..touched.last];
        let elements = |tree: &Self, nodes: &[NodeId]| -> i64 {
            nodes.iter().map(|&node| i64::from(tree.elements_of(node))).sum()
        };
        let more_elements = elements(self, nodes) - elements(self, gone);
        let rewritten = Rewritten {
            start: self.run_start(holder, touched.first),
            old_length: gone.iter().map(|&node| self.written_length(node)).sum(),
        };
        before.note(self, holder.node, &holder.above);
        self.join_extents(&old_children, touched, *region, nodes);
        let mut children = old_children[..touched.first].to_vec();
        children.extend_from_slice(nodes);
        children.extend_from_slice(&old_children[touched.last..]);
        self.set_children(holder.node, &children);
        self.grow(holder, region.growth);
        for node in holder.way() {
            let elements = i64::from(self.elements_of(node)) + more_elements;
            self.set_elements(node, elements as u32);
        }
        rewritten
    }

    /// Gives the new elements the ids that they would have if the page was read anew.
    fn number(&mut self, exchange: &Exchange, next_id: u64) {
        let first = exchange.nodes.first().copied();
        let way: Vec<NodeId> = exchange.holder.way().chain(first).collect();
        let mut before = 0;
        for step in way.windows(2) {
            let siblings = self
                .children(step[0])
                .iter()
                .take_while(|&&child| child != step[1]);
            before += 1 + siblings
                .map(|&child| u64::from(self.elements_of(child)))
                .sum::<u64>();
        }
        let mut id = next_id + before;
        let mut open: Vec<NodeId> = exchange.nodes.iter().rev().copied().collect();
        while let Some(node) = open.pop() {
            if self.kind(node) == Kind::Element {
                self.set_id(node, id);
                id += 1;
                open.extend(self.children(node).iter().rev());
            }
        }
    }

    /// The first child that is kept after the new ones starts where it did, seen from them.
    fn join_extents(&mut self, old_children: &[NodeId], touched: &Touched, region: Region, nodes: &[NodeId]) {
        let read = (touched.end as isize + region.growth) as usize - touched.start;
        let taken: usize = nodes
            .iter()
            .map(|&node| {
                let extent = self.extent(node);
                (extent.lead + extent.length) as usize
            })
            .sum();
        if let Some(&after) = old_children.get(touched.last) {
            self.extent_mut(after).lead = (read - taken) as u32;
        }
    }

    /// The holder and what it is in have become longer in the source.
    pub(super) fn grow(&mut self, holder: &Holder, growth: isize) {
        for node in holder.way() {
            let extent = self.extent_mut(node);
            extent.length = (extent.length as isize + growth) as u32;
        }
    }

    /// Whether two siblings somewhere have one key, or two conditions one mark: then one may get the ids of the other.
    pub(super) fn has_doubled_keys(&mut self) -> bool {
        if let Some(known) = self.has_doubled_keys {
            return known;
        }
        let is_doubled = self.are_doubled(&[self.root()], true);
        self.has_doubled_keys = Some(is_doubled);
        is_doubled
    }

    /// Whether children of one of `nodes`, or if `is_deep` of anything in them, have one key or one mark.
    fn are_doubled(&self, nodes: &[NodeId], is_deep: bool) -> bool {
        let mut open = nodes.to_vec();
        let mut seen = rustc_hash::FxHashSet::default();
        while let Some(node) = open.pop() {
            seen.clear();
            for &child in self.children(node) {
                let name = self.key(child).or_else(|| opening_id(self.text(child)));
                if name.is_some_and(|name| !seen.insert((self.kind(child), name))) {
                    return true;
                }
                if is_deep && !self.children(child).is_empty() {
                    open.push(child);
                }
            }
        }
        false
    }
}
