//! The marks of `{% if %}` among the children of an element: `<!--dj-if id="…"-->` and `<!--/dj-if-->`.

use std::ops::Range;

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
fn is_closing(text: &str) -> bool {
    text.trim() == "/dj-if"
}

/// Pairs of opening and closing marks among `nodes`, by the position of the opening one. An opening mark that nothing
/// closes is an ordinary comment.
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
    pairs.sort_unstable();
    pairs
}

/// The children of an element, and the pairs of marks among them.
pub(super) struct Children<'a> {
    tree: &'a Tree,
    nodes: &'a [NodeId],
    pairs: Vec<(usize, usize)>,
}

impl<'a> Children<'a> {
    pub fn of(tree: &'a Tree, nodes: &'a [NodeId]) -> Self {
        Self {
            tree,
            nodes,
            pairs: pairs(tree, nodes),
        }
    }

    /// All of them, marks or not.
    pub fn level(&self) -> Level<'_> {
        Level {
            tree: self.tree,
            nodes: self.nodes,
            range: 0..self.nodes.len(),
            pairs: &self.pairs,
        }
    }
}

/// Children that are compared with each other: those of an element, or those in the body of an `{% if %}`.
#[derive(Clone)]
pub(super) struct Level<'a> {
    tree: &'a Tree,
    nodes: &'a [NodeId],
    range: Range<usize>,
    /// The pairs of marks in the range, those inside of others as well.
    pairs: &'a [(usize, usize)],
}

/// One `{% if %}` that is in no other of its level.
#[derive(Clone)]
pub(super) struct Boundary<'a> {
    pub id: &'a str,
    /// Positions of its marks among all children.
    pub open: usize,
    pub close: usize,
    /// How many siblings that are in no boundary stand before it.
    pub others_before: usize,
    /// What stands between its marks.
    pub body: Level<'a>,
}

impl<'a> Level<'a> {
    /// The same children, with marks taken for ordinary comments.
    pub fn without_boundaries(self) -> Self {
        Self { pairs: &[], ..self }
    }

    /// The outermost boundaries.
    pub fn boundaries(&self) -> Vec<Boundary<'a>> {
        let mut found = Vec::new();
        let mut rest = self.pairs;
        let mut others = 0;
        let mut after = self.range.start;
        while let Some((&(open, close), inside)) = rest.split_first() {
            let inner = inside.partition_point(|&(start, _)| start < close);
            let (inner, next) = inside.split_at(inner);
            others += open - after;
            after = close + 1;
            found.push(Boundary {
                id: opening_id(self.tree.text(self.nodes[open])).unwrap_or_default(),
                open,
                close,
                others_before: others,
                body: Level {
                    range: open + 1..close,
                    pairs: inner,
                    ..self.clone()
                },
            });
            rest = next;
        }
        found
    }

    /// The children that are in no boundary.
    pub fn others(&self, boundaries: &[Boundary<'_>]) -> Vec<Sibling> {
        let mut others = Vec::with_capacity(self.range.len());
        let mut from = self.range.start;
        let ends = boundaries
            .iter()
            .map(|boundary| (boundary.open, boundary.close + 1));
        for (until, next) in ends.chain([(self.range.end, self.range.end)]) {
            others.extend((from..until).map(|index| Sibling {
                index: index as u32,
                node: self.nodes[index],
            }));
            from = next;
        }
        others
    }

    /// A boundary with both of its marks.
    pub fn whole(&self, boundary: &Boundary<'_>) -> &'a [NodeId] {
        &self.nodes[boundary.open..=boundary.close]
    }
}

/// Which boundary has an id; of two with the same id the last.
pub(super) fn by_id<'a>(boundaries: &[Boundary<'a>]) -> FxHashMap<&'a str, usize> {
    boundaries
        .iter()
        .enumerate()
        .map(|(ordinal, boundary)| (boundary.id, ordinal))
        .collect()
}
