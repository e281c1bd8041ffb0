//! Where nodes are in the written page.

use super::super::{ChildContext, NodeId, Place, Tree};
use super::holder::Holder;

impl Tree {
    /// Where the child at an index is in the written page.
    pub(super) fn run_start(&self, holder: &Holder, child: usize) -> Option<usize> {
        if self.written.is_empty() {
            return None;
        }
        let mut start = 0;
        let steps = holder.path.iter().map(|&index| index as usize).chain([child]);
        for (&node, index) in holder.above.iter().chain([&holder.node]).zip(steps) {
            start += self.start_length(node);
            start += self.children(node)[..index]
                .iter()
                .map(|&child| self.written_length(child))
                .sum::<usize>();
        }
        Some(start)
    }

    pub(super) fn written_length(&self, node: NodeId) -> usize {
        self.written.get(node.0 as usize).copied().unwrap_or_default() as usize
    }

    pub(super) fn grow_written(&mut self, holder: &Holder, also: &[NodeId], growth: isize) {
        for &node in holder.above.iter().chain([&holder.node]).chain(also) {
            if let Some(length) = self.written.get_mut(node.0 as usize) {
                *length = (*length as isize + growth) as u32;
            }
        }
    }

    /// The whole page, and for every node how much of it it takes.
    pub(crate) fn write_measured_page(&mut self) -> String {
        self.written.clear();
        self.written.resize(self.nodes.len(), 0);
        let place: Place = self.root_place();
        let mut html = String::with_capacity(self.text.len() + self.nodes.len() * 12);
        let mut written = std::mem::take(&mut self.written);
        self.write_noting(self.root, place, &mut html, &mut written);
        self.written = written;
        html
    }

    /// Children of an HTML element, measured as well.
    pub(super) fn write_measured(&mut self, nodes: &[NodeId]) -> String {
        self.written.resize(self.nodes.len(), 0);
        let mut written = std::mem::take(&mut self.written);
        let mut html = String::new();
        for &node in nodes {
            let place = Place {
                namespace: Some(ChildContext::Html.namespace_of(self.name(node))),
                scripting: true,
            };
            self.write_noting(node, place, &mut html, &mut written);
        }
        self.written = written;
        html
    }
}
