//! Why a patch was sent: which nodes of the template wrote what it changes, and which names of the state they read.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use djscope_wire::Patch;

use super::View;
use djscope_dom::tree::Tree;
use djscope_template::{Blocks, Node, Note, Output, Position, Read, Reads, Template, TemplateError};

/// The cause of one patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The patch's place in its batch.
    pub patch: usize,
    /// The nodes of the template that wrote what the patch changes, and the tags that they stand in, outermost first.
    pub nodes: Vec<CauseNode>,
}

/// A node of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CauseNode {
    /// Name of the template, if it has one.
    pub template: Option<Arc<str>>,
    /// Where the node begins.
    pub position: Position,
    /// Its first line: `{% for item in items %}`.
    pub source: String,
    /// What the node itself reads, without what is in it: `items`, `item.label`.
    pub reads: Vec<Arc<str>>,
    /// Those of the changed keys that it reads.
    pub changed: Vec<Arc<str>>,
}

impl View {
    /// The causes of the patches of the last render, of which `changed` were the changed keys.
    ///
    /// Nothing is told of a page that was not written by this state (stale keys), of one that only html5ever could
    /// read, since its nodes have no place in the source, and of patches that remove a whole `{% if %}`.
    ///
    /// # Errors
    ///
    /// What the template raises when it is rendered once more.
    pub fn causes(&self, patches: &[Patch], changed: &[&str]) -> Result<Vec<Cause>, TemplateError> {
        let Some(page) = &self.page else {
            return Ok(Vec::new());
        };
        let causes = self.with_writers(changed, |writers| {
            let causes = patches.iter().enumerate().filter_map(|(patch, told)| {
                let range = range_of(page.tree(), told)?;
                let nodes = writers.of(&range);
                (!nodes.is_empty()).then_some(Cause { patch, nodes })
            });
            causes.collect()
        })?;
        Ok(causes)
    }

    /// Renders the page once more, noting which node writes what, and asks about that; nothing is asked of a page
    /// that was not written by this state.
    pub(super) fn with_writers<T: Default>(
        &self,
        changed: &[&str],
        ask: impl FnOnce(&mut Writers<'_>) -> T,
    ) -> Result<T, TemplateError> {
        let Some(page) = &self.page else {
            return Ok(T::default());
        };
        let mut out = Output::with_notes(self.environment.limits.max_output_bytes);
        let mut renderer = self
            .plan
            .template
            .renderer(&self.context, &*self.plan.loader, &self.environment);
        renderer.render_nodes(self.plan.template.nodes(), &mut out)?;
        if out.as_str() != page.source() {
            return Ok(T::default());
        }
        let mut writers = Writers {
            notes: out.notes(),
            length: out.len(),
            templates: renderer.templates(),
            nodes: HashMap::new(),
            view: self,
            changed,
        };
        Ok(ask(&mut writers))
    }
}

/// Where in the source is what a patch makes.
fn range_of(tree: &Tree, patch: &Patch) -> Option<Range<usize>> {
    let child = |path: &[u32], index: u32| {
        let path: Vec<u32> = path.iter().copied().chain([index]).collect();
        tree.source_range(&path)
    };
    match patch {
        Patch::SetText { path, .. } | Patch::Replace { path, .. } => tree.source_range(path),
        Patch::SetAttr { path, .. } | Patch::RemoveAttr { path, .. } => tree.start_tag_range(path),
        Patch::InsertChild { path, index, .. }
        | Patch::MoveChild { path, to: index, .. }
        | Patch::InsertSubtree { path, index, .. }
        | Patch::MoveSubtree { path, index, .. } => child(path, *index),
        Patch::RemoveChild { path, .. }
        | Patch::VirtualUpdate { path, .. }
        | Patch::VirtualInsert { path, .. }
        | Patch::VirtualMove { path, .. }
        | Patch::VirtualRemove { path, .. } => tree.source_range(path),
        Patch::RemoveSubtree { .. } | Patch::Other(_) => None,
    }
}

/// Which node wrote which part of the output.
pub(super) struct Writers<'a> {
    notes: &'a [Note],
    length: usize,
    templates: &'a [Template],
    /// Of each template the nodes by number, with the number of the one that they stand in.
    nodes: HashMap<u32, HashMap<u32, (&'a Node, Option<u32>)>>,
    view: &'a View,
    changed: &'a [&'a str],
}

impl<'a> Writers<'a> {
    /// The template that wrote the byte of the page at `at`, and the line of it that did.
    pub fn line_of(&mut self, at: usize) -> Option<(Option<Arc<str>>, usize)> {
        let place = self
            .notes
            .partition_point(|note| note.start <= at)
            .checked_sub(1)?;
        let (start, template, node) = {
            let note = &self.notes[place];
            (note.start, note.template, note.node)
        };
        let (node, _) = *self.nodes_of(template).get(&node)?;
        let template = &self.templates[template as usize];
        let within = if node.is_text() { at - start } else { 0 };
        let end = (node.span.start + within).min(node.span.end);
        let lines = template.source().get(node.span.start..end)?.matches('\n').count();
        Some((
            template.name().map(Arc::from),
            node.position.line as usize + lines,
        ))
    }

    fn of(&mut self, range: &Range<usize>) -> Vec<CauseNode> {
        let first = self
            .notes
            .partition_point(|note| note.start <= range.start)
            .saturating_sub(1);
        let mut found: Vec<(u32, u32)> = Vec::new();
        for (index, note) in self.notes.iter().enumerate().skip(first) {
            if note.start >= range.end {
                break;
            }
            let end = self.notes.get(index + 1).map_or(self.length, |next| next.start);
            if end <= range.start || end == note.start {
                continue;
            }
            for node in self.with_ancestors(note.template, note.node) {
                if !found.contains(&node) {
                    found.push(node);
                }
            }
            if found.len() >= MAX_NODES {
                break;
            }
        }
        let mut causes = Vec::new();
        for (template, node) in found {
            let known = self.nodes_of(template).get(&node).map(|&(node, _)| node);
            if let Some(node) = known.filter(|node| !node.is_text()) {
                causes.push(self.cause(template, node));
            }
        }
        causes
    }

    /// The number of a node and of those that it stands in, outermost first.
    fn with_ancestors(&mut self, template: u32, node: u32) -> Vec<(u32, u32)> {
        let nodes = self.nodes_of(template);
        let mut chain = vec![(template, node)];
        let mut at = node;
        while let Some(&(_, Some(parent))) = nodes.get(&at) {
            chain.push((template, parent));
            at = parent;
        }
        chain.reverse();
        chain
    }

    fn nodes_of(&mut self, template: u32) -> &HashMap<u32, (&'a Node, Option<u32>)> {
        let templates = self.templates;
        self.nodes.entry(template).or_insert_with(|| {
            let mut nodes = HashMap::new();
            if let Some(template) = templates.get(template as usize) {
                gather(template.nodes(), None, &mut nodes);
            }
            nodes
        })
    }

    fn cause(&self, template: u32, node: &Node) -> CauseNode {
        let template = &self.templates[template as usize];
        let reads = Reads::of_node(node, template, &Blocks::default(), &*self.view.plan.loader);
        let own: Vec<&Read> = reads
            .reads
            .iter()
            .filter(|read| read.position == node.position)
            .collect();
        let is_changed = |read: &&&Read| self.changed.contains(&&*read.name);
        CauseNode {
            template: template.name().map(Arc::from),
            position: node.position,
            source: first_line(&template.source()[node.span.clone()]),
            reads: own.iter().map(|read| Arc::clone(&read.path)).collect(),
            changed: own
                .iter()
                .filter(is_changed)
                .map(|read| Arc::clone(&read.name))
                .collect(),
        }
    }
}

/// How many nodes are told of one patch.
const MAX_NODES: usize = 64;

fn gather<'a>(nodes: &'a [Node], parent: Option<u32>, gathered: &mut HashMap<u32, (&'a Node, Option<u32>)>) {
    for node in nodes {
        gathered.insert(node.id, (node, parent));
        for body in node.bodies() {
            gather(body, Some(node.id), gathered);
        }
    }
}

/// A tag up to its end, or the first line of it.
fn first_line(source: &str) -> String {
    let end = source.find("%}").map_or(source.len(), |end| end + 2);
    source[..end].lines().next().unwrap_or_default().to_owned()
}
