//! How much an arena holds.

use super::{Sizes, Tree};

impl Tree {
    pub(crate) fn sizes(&self) -> Sizes {
        Sizes {
            nodes: self.nodes.len(),
            children: self.children.len(),
            attributes: self.attributes.len(),
            text: self.text.len(),
        }
    }

    pub(crate) fn shrink_to(&mut self, sizes: Sizes) {
        self.nodes.truncate(sizes.nodes);
        self.children.truncate(sizes.children);
        self.attributes.truncate(sizes.attributes);
        self.text.truncate(sizes.text);
    }

    /// Whether so much of the arena is no longer used that reading the page anew is better.
    pub(crate) fn is_worn(&self) -> bool {
        let now = self.sizes();
        now.nodes > 3 * self.built.nodes + 4096
            || now.children > 3 * self.built.children + 16384
            || now.attributes > 3 * self.built.attributes + 4096
            || now.text > 3 * self.built.text + 65536
    }
}
