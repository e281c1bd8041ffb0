//! Keys that do not say which child is which: DJE-050, DJE-051 and DJE-052 of djust.

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::View;
use djscope_dom::tree::{Kind, NodeId, Tree};
use djscope_template::TemplateError;

/// What is wrong with the keys of an element's children.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyProblem {
    /// Which problem.
    pub kind: KeyProblemKind,
    /// Name of the element.
    pub parent: String,
    /// The way to it from the root.
    pub path: Vec<u32>,
    /// The template that wrote its start tag, if it has a name.
    pub template: Option<Arc<str>>,
    /// The line of the template on which its start tag begins; `None` if that cannot be told.
    pub line: Option<usize>,
}

/// Which problem there is with keys (djust `crates/djust_vdom/src/diff.rs`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyProblemKind {
    /// DJE-050: some children have a key and others have not.
    Mixed,
    /// DJE-051: two children have this key.
    Duplicate(String),
    /// DJE-052: a child of `dj-virtual` has no key, or one that another has as well.
    Virtual,
}

impl KeyProblemKind {
    /// djust's code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Mixed => "DJE-050",
            Self::Duplicate(_) => "DJE-051",
            Self::Virtual => "DJE-052",
        }
    }
}

impl View {
    /// What is wrong with the keys of the page that the browser has.
    ///
    /// # Errors
    ///
    /// What the template raises when it is rendered once more to tell the lines.
    pub fn key_problems(&self) -> Result<Vec<KeyProblem>, TemplateError> {
        let Some(page) = &self.page else {
            return Ok(Vec::new());
        };
        let tree = page.tree();
        let mut found = Vec::new();
        let mut open = vec![(tree.root(), Vec::new())];
        while let Some((node, path)) = open.pop() {
            for kind in problems_of(tree, node) {
                found.push((kind, node, path.clone()));
            }
            for (index, &child) in tree.children(node).iter().enumerate() {
                if tree.kind(child) == Kind::Element {
                    let way = path.iter().copied().chain([index as u32]).collect();
                    open.push((child, way));
                }
            }
        }
        found.sort_by(|a, b| a.2.cmp(&b.2));
        if found.is_empty() {
            return Ok(Vec::new());
        }
        self.with_writers(&[], |writers| {
            let located = found.into_iter().map(|(kind, node, path)| {
                let start: Option<Range<usize>> = tree.start_tag_range(&path);
                let place = start.and_then(|range| writers.line_of(range.start));
                let (template, line) = place.unzip();
                KeyProblem {
                    kind,
                    parent: tree.name(node).to_owned(),
                    path,
                    template: template.flatten(),
                    line,
                }
            });
            located.collect()
        })
    }
}

fn problems_of(tree: &Tree, node: NodeId) -> Vec<KeyProblemKind> {
    let children: Vec<NodeId> = tree
        .children(node)
        .iter()
        .copied()
        .filter(|&child| tree.kind(child) == Kind::Element)
        .collect();
    let keys: Vec<&str> = children.iter().filter_map(|&child| tree.key(child)).collect();
    let mut seen = FxHashSet::default();
    let mut doubled: Vec<&str> = keys.iter().copied().filter(|key| !seen.insert(*key)).collect();
    doubled.dedup();
    if tree.attribute(node, "dj-virtual").is_some() {
        let is_wrong = keys.len() < children.len() || !doubled.is_empty();
        return is_wrong.then_some(KeyProblemKind::Virtual).into_iter().collect();
    }
    let mut problems = Vec::new();
    if !keys.is_empty() && keys.len() < children.len() {
        problems.push(KeyProblemKind::Mixed);
    }
    problems.extend(
        doubled
            .into_iter()
            .map(|key| KeyProblemKind::Duplicate(key.to_owned())),
    );
    problems
}
