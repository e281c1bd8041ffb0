//! How much of the written page each node takes.

use super::{ChildContext, NodeId, Place, Tree};

impl Tree {
    /// Whether it is known how much of the written page each node takes.
    pub(crate) fn is_measured(&self) -> bool {
        !self.written.is_empty()
    }

    pub(crate) fn written_length(&self, node: NodeId) -> usize {
        self.written.get(node.0 as usize).copied().unwrap_or_default() as usize
    }

    /// Nodes have become longer in the written page.
    pub(crate) fn grow_written(&mut self, nodes: impl IntoIterator<Item = NodeId>, growth: isize) {
        for node in nodes {
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
    pub(crate) fn write_measured(&mut self, nodes: &[NodeId]) -> String {
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
