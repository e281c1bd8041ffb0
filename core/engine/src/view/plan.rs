//! What is known of a template before it is rendered, for all views of it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use djscope_template::family::{Kinship, chain, family};
use djscope_template::{Blocks, Loader, NodeReads, Reads, Template};

/// A template, those that it extends, and what each of its parts reads.
pub struct Plan {
    pub(super) template: Template,
    pub(super) loader: Arc<dyn Loader + Send + Sync>,
    /// The template extends others by fixed names; its parts are those of the outermost.
    pub(super) is_merged: bool,
    /// One for each outermost node.
    pub(super) parts: Vec<PlannedPart>,
}

/// An outermost node of the template.
#[derive(Debug)]
pub(super) struct PlannedPart {
    pub reads: NodeReads,
    names: BTreeSet<String>,
}

impl Plan {
    /// The plan of a template.
    pub fn new(template: Template, loader: Arc<dyn Loader + Send + Sync>) -> Self {
        let chain = chain(&template, &*loader);
        let blocks = Blocks::of(&chain);
        let outermost = chain.last().unwrap_or(&template);
        let parts = outermost
            .nodes()
            .iter()
            .map(|node| {
                let reads = Reads::of_node(node, outermost, &blocks, &*loader);
                let names = reads.reads.iter().map(|read| (*read.name).to_owned()).collect();
                PlannedPart { reads, names }
            })
            .collect();
        let is_merged = chain.len() > 1;
        Self {
            template,
            loader,
            is_merged,
            parts,
        }
    }

    /// The template and all others that it is made of.
    pub fn family(&self) -> Vec<(Template, Kinship)> {
        family(&self.template, &*self.loader)
    }

    /// Whether some part of the template reads a name of the state.
    pub fn reads(&self, name: &str) -> bool {
        self.parts.iter().any(|part| part.reads_any(&[name]))
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Plan")
            .field("template", &self.template.name())
            .finish_non_exhaustive()
    }
}

impl PlannedPart {
    pub fn reads_any(&self, changed: &[&str]) -> bool {
        self.reads.reads_everything || changed.iter().any(|name| self.names.contains(*name))
    }
}
