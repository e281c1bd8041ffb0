//! The blocks of templates that extend each other.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Template;
use super::node::blocks;
use super::tags::Block;

/// The definitions of each block, those that take precedence first.
#[derive(Clone, Debug, Default)]
pub struct Blocks(FxHashMap<Arc<str>, Vec<Arc<Block>>>);

impl Blocks {
    /// Those of templates of which each extends the next.
    pub fn of(chain: &[Template]) -> Self {
        let mut all = Self::default();
        for template in chain {
            all.add(&blocks(template.nodes()));
        }
        all
    }

    /// Adds the blocks of the next template.
    pub(super) fn add(&mut self, blocks: &[Arc<Block>]) {
        for block in blocks {
            self.0
                .entry(Arc::clone(&block.name))
                .or_default()
                .push(Arc::clone(block));
        }
    }

    /// The definitions of a block.
    pub(super) fn named(&self, name: &str) -> &[Arc<Block>] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}
