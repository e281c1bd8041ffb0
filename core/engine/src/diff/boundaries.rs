//! The marks of `{% if %}` among the children of an element: `<!--dj-if id="…"-->` and `<!--/dj-if-->`.

use rustc_hash::FxHashMap;

use super::Sibling;
use crate::tree::{Kind, NodeId, Tree};

/// The boundary id of an opening mark; a bare `<!--dj-if-->` opens nothing.
pub(crate) fn opening_id(text: &str) -> Option<&str> {
    let after = text.trim().strip_prefix("dj-if")?;
    if !after.starts_with([' ', '\t']) {
        return None;
    }
    let (_, value) = after.split_once("id=\"")?;
    value.split_once('"').map(|(id, _)| id)
}

/// Whether it is the closing mark.
pub(crate) fn is_closing(text: &str) -> bool {
    text.trim() == "/dj-if"
}

/// Pairs of opening and closing marks among `nodes`, by position, outer ones after those they hold.
pub(crate) fn pairs(tree: &Tree, nodes: &[NodeId]) -> Vec<(usize, usize)> {
    let mut open = Vec::new();
    let mut pairs = Vec::new();
    for (index, &node) in nodes.iter().enumerate() {
        if tree.kind(node) != Kind::Comment {
            continue;
        }
        let text = tree.text(node);
        if opening_id(text).is_some() {
            open.push(index);
        } else if is_closing(text)
            && let Some(start) = open.pop()
        {
            pairs.push((start, index));
        }
    }
    pairs
}

/// One `{% if %}` that is in no other.
#[derive(Clone, Copy)]
pub(super) struct Boundary {
    /// Positions of its marks.
    pub open: usize,
    pub close: usize,
    /// How many siblings that are in no boundary stand before it.
    pub others_before: usize,
}

impl Boundary {
    pub fn body(&self) -> std::ops::Range<usize> {
        self.open + 1..self.close
    }

    pub fn id<'a>(&self, tree: &'a Tree, nodes: &[NodeId]) -> &'a str {
        opening_id(tree.text(nodes[self.open])).unwrap_or_default()
    }
}

/// The outermost boundaries among children. An opening mark that nothing closes is an ordinary comment.
pub(super) struct Boundaries(Vec<Boundary>);

impl Boundaries {
    pub fn find(tree: &Tree, nodes: &[NodeId]) -> Self {
        if !nodes.iter().any(|&node| tree.kind(node) == Kind::Comment) {
            return Self(Vec::new());
        }
        let mut pairs = pairs(tree, nodes);
        pairs.sort_unstable();
        let mut found: Vec<Boundary> = Vec::new();
        let mut others = 0;
        let mut after = 0;
        for (open, close) in pairs {
            if open < after {
                continue;
            }
            others += open - after;
            after = close + 1;
            found.push(Boundary {
                open,
                close,
                others_before: others,
            });
        }
        Self(found)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Boundary> {
        self.0.iter()
    }

    pub fn get(&self, ordinal: usize) -> Boundary {
        self.0[ordinal]
    }

    /// Which boundary has an id; of two with the same id the last.
    pub fn by_id<'a>(&self, tree: &'a Tree, nodes: &[NodeId]) -> FxHashMap<&'a str, usize> {
        self.0
            .iter()
            .enumerate()
            .map(|(ordinal, boundary)| (boundary.id(tree, nodes), ordinal))
            .collect()
    }

    /// The children that are in no boundary; `start` is the index of the first of `nodes`.
    pub fn others(&self, nodes: &[NodeId], start: u32) -> Vec<Sibling> {
        let mut others = Vec::with_capacity(nodes.len());
        let mut from = 0;
        let ends = self.0.iter().map(|boundary| (boundary.open, boundary.close + 1));
        for (until, next) in ends.chain([(nodes.len(), nodes.len())]) {
            others.extend((from..until).map(|index| Sibling {
                index: start + index as u32,
                node: nodes[index],
            }));
            from = next;
        }
        others
    }
}
