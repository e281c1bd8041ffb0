//! The patches of one parent's children.

use djscope_wire::Patch;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Batch;
use crate::diff::{opening_id, pairs};
use crate::tree::{InsertedInto, NodeId, Tree, parse_inserted};

/// What a batch does to the children of one parent; each with its place in the batch.
#[derive(Default)]
pub(super) struct Group<'a> {
    removals: Vec<(usize, &'a Patch)>,
    placements: Vec<(usize, &'a Patch)>,
}

impl<'a> Group<'a> {
    pub fn add(&mut self, place: usize, patch: &'a Patch) {
        match patch {
            Patch::RemoveChild { .. } | Patch::RemoveSubtree { .. } => self.removals.push((place, patch)),
            _ => self.placements.push((place, patch)),
        }
    }
}

/// The children before the batch, found by id or boundary.
struct Before {
    children: Vec<NodeId>,
    by_id: FxHashMap<String, usize>,
    /// Boundary id to the positions of its marks.
    spans: FxHashMap<String, (usize, usize)>,
}

impl Before {
    fn of(tree: &Tree, parent: NodeId) -> Self {
        let children = tree.children(parent).to_vec();
        let mut by_id = FxHashMap::default();
        for (position, &child) in children.iter().enumerate() {
            if let Some(id) = tree.id(child) {
                by_id.entry(id.to_string()).or_insert(position);
            }
        }
        let mut spans = FxHashMap::default();
        for (open, close) in pairs(tree, &children) {
            if let Some(id) = opening_id(tree.text(children[open])) {
                let span = spans.entry(id.to_owned()).or_insert((open, close));
                if open < span.0 {
                    *span = (open, close);
                }
            }
        }
        Self {
            children,
            by_id,
            spans,
        }
    }

    fn position(&self, child_d: Option<&str>, index: u32) -> Option<usize> {
        let index = index as usize;
        child_d
            .and_then(|id| self.by_id.get(id).copied())
            .or_else(|| (index < self.children.len()).then_some(index))
    }
}

/// What becomes of a child.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Stays,
    Removed,
    /// Goes with a placement.
    Moved(usize),
}

impl Batch<'_> {
    pub(super) fn siblings(&mut self, parent: NodeId, group: &Group<'_>) {
        let before = Before::of(self.tree, parent);
        let mut fates = vec![Fate::Stays; before.children.len()];
        for (place, patch) in &group.removals {
            if !remove(&before, patch, &mut fates) {
                self.applied.failed.push(*place);
            }
        }
        self.detach(&before, group, &mut fates);
        let mut moved: FxHashMap<usize, Vec<NodeId>> = FxHashMap::default();
        let mut staying = Vec::with_capacity(before.children.len());
        for (&child, fate) in before.children.iter().zip(&fates) {
            match fate {
                Fate::Stays => staying.push(child),
                Fate::Removed => {}
                Fate::Moved(placement) => moved.entry(*placement).or_default().push(child),
            }
        }
        let children = self.place(parent, group, staying, moved);
        self.tree.set_children(parent, &children);
    }

    /// Takes out what is moved: single children first, then whole bodies, the innermost first, so that none takes
    /// along what moves by itself.
    fn detach(&mut self, before: &Before, group: &Group<'_>, fates: &mut [Fate]) {
        let mut spans = Vec::new();
        for (placement, (place, patch)) in group.placements.iter().enumerate() {
            match patch {
                Patch::MoveChild { from, child_d, .. } => match before.position(child_d.as_deref(), *from) {
                    Some(position) if fates[position] == Fate::Stays => {
                        fates[position] = Fate::Moved(placement);
                    }
                    Some(_) => {}
                    None => self.applied.failed.push(*place),
                },
                Patch::MoveSubtree { id, .. } => match before.spans.get(id) {
                    Some(&(open, close)) => spans.push((close - open, open, placement)),
                    None => self.applied.failed.push(*place),
                },
                _ => {}
            }
        }
        spans.sort_unstable();
        for (length, open, placement) in spans {
            for fate in &mut fates[open..=open + length] {
                if *fate == Fate::Stays {
                    *fate = Fate::Moved(placement);
                }
            }
        }
    }

    /// Puts everything in by ascending final index: what stays is already in its final order.
    fn place(
        &mut self,
        parent: NodeId,
        group: &Group<'_>,
        staying: Vec<NodeId>,
        mut moved: FxHashMap<usize, Vec<NodeId>>,
    ) -> Vec<NodeId> {
        let mut order: Vec<(u32, usize)> = group
            .placements
            .iter()
            .enumerate()
            .map(|(placement, (_, patch))| (final_index(patch), placement))
            .collect();
        order.sort_unstable();
        let present: FxHashSet<String> = staying
            .iter()
            .filter_map(|&child| opening_id(self.tree.text(child)).map(str::to_owned))
            .collect();
        let mut result = Vec::with_capacity(staying.len() + order.len());
        let mut staying = staying.into_iter();
        for (index, placement) in order {
            let missing = (index as usize).saturating_sub(result.len());
            result.extend(staying.by_ref().take(missing));
            let (place, patch) = group.placements[placement];
            let nodes = match patch {
                Patch::InsertChild { node, .. } => {
                    let node = self.tree.add_wire(node);
                    self.index.add(self.tree, node);
                    vec![node]
                }
                Patch::InsertSubtree { id, .. } if present.contains(id) => Vec::new(),
                Patch::InsertSubtree { html, .. } => self.inserted(parent, html).unwrap_or_else(|| {
                    self.applied.failed.push(place);
                    Vec::new()
                }),
                _ => moved.remove(&placement).unwrap_or_default(),
            };
            // A body that moved before may be longer than the index of what goes into it.
            let at = (index as usize).min(result.len());
            result.splice(at..at, nodes);
        }
        result.extend(staying);
        result
    }

    fn inserted(&mut self, parent: NodeId, html: &str) -> Option<Vec<NodeId>> {
        let name = self.tree.name(parent).to_owned();
        let encoding = self.tree.attribute(parent, "encoding").map(str::to_owned);
        let into = InsertedInto {
            name: &name,
            namespace: self.index.namespace(parent),
            encoding: encoding.as_deref(),
        };
        let nodes = parse_inserted(html, self.tree, into).ok()?;
        for &node in &nodes {
            self.index.add(self.tree, node);
        }
        Some(nodes)
    }
}

fn remove(before: &Before, patch: &Patch, fates: &mut [Fate]) -> bool {
    let range = match patch {
        Patch::RemoveChild { index, child_d, .. } => before
            .position(child_d.as_deref(), *index)
            .map(|position| (position, position)),
        Patch::RemoveSubtree { id } => before.spans.get(id).copied(),
        _ => None,
    };
    let Some((first, last)) = range else { return false };
    fates[first..=last].fill(Fate::Removed);
    true
}

fn final_index(patch: &Patch) -> u32 {
    match patch {
        Patch::InsertChild { index, .. }
        | Patch::InsertSubtree { index, .. }
        | Patch::MoveSubtree { index, .. } => *index,
        Patch::MoveChild { to, .. } => *to,
        _ => u32::MAX,
    }
}
