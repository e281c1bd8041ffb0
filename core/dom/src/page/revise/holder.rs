//! The element that holds a difference, and its children that it touches.

use super::region::Region;
use crate::diff::DiffOptions;
use crate::tree::{Kind, NodeId, Traits, Tree};

/// The element that holds the region, and the way to it.
#[derive(Clone)]
pub(super) struct Holder {
    pub(super) node: NodeId,
    /// Child indices from the root, and the elements on the way, without `node`.
    pub(super) path: Vec<u32>,
    pub(super) above: Vec<NodeId>,
    /// Where its content starts in the source.
    pub(super) content_start: usize,
    /// The same of the elements above it.
    pub(super) starts_above: Vec<usize>,
}

impl Holder {
    /// Takes the element around it instead; false if there is none.
    pub(super) fn ascend(&mut self) -> bool {
        let (Some(node), Some(start)) = (self.above.pop(), self.starts_above.pop()) else {
            return false;
        };
        self.path.pop();
        self.node = node;
        self.content_start = start;
        true
    }

    /// The elements that it is in, outermost first, and the element itself.
    pub(super) fn way(&self) -> impl Iterator<Item = NodeId> {
        self.above.iter().copied().chain([self.node])
    }
}

/// Which children of the holder are read again.
#[derive(Clone)]
pub(super) struct Touched {
    /// Positions among the children.
    pub(super) first: usize,
    pub(super) last: usize,
    /// The piece of the old source from the end of what is kept before to the start of what is kept after.
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Tree {
    /// Where the child at an index is in the written page.
    pub(super) fn run_start(&self, holder: &Holder, child: usize) -> Option<usize> {
        if !self.is_measured() {
            return None;
        }
        let mut start = 0;
        let steps = holder.path.iter().map(|&index| index as usize).chain([child]);
        for (node, index) in holder.way().zip(steps) {
            start += self.start_length(node);
            start += self.children(node)[..index]
                .iter()
                .map(|&child| self.written_length(child))
                .sum::<usize>();
        }
        Some(start)
    }

    /// Walks from the root to the innermost element of which the content holds the region.
    pub(super) fn holder(&self, region: Region, options: DiffOptions) -> Option<Holder> {
        let mut start = self.root_in_source()?.start as usize;
        let mut holder = Holder {
            node: self.root(),
            path: Vec::new(),
            above: Vec::new(),
            content_start: start + self.extent(self.root()).open as usize,
            starts_above: Vec::new(),
        };
        if !region.is_in(&self.content(self.root(), start)) {
            return None;
        }
        loop {
            if !self.can_hold(holder.node, options) {
                return None;
            }
            start = holder.content_start;
            let mut inner = None;
            for (index, &child) in self.children(holder.node).iter().enumerate() {
                let extent = self.extent(child);
                start += extent.lead as usize;
                if start > region.start {
                    break;
                }
                if self.may_descend(child)
                    && region.is_in(&self.content(child, start))
                    && !self.may_vanish(child, start, region)
                {
                    inner = Some((index, child, start + extent.open as usize));
                    break;
                }
                start += extent.length as usize;
            }
            let Some((index, child, content_start)) = inner else {
                return Some(holder);
            };
            holder.path.push(index as u32);
            holder.above.push(holder.node);
            holder.starts_above.push(holder.content_start);
            holder.node = child;
            holder.content_start = content_start;
        }
    }

    /// Whether the region touches the first child of an element that no tag opens: the parser makes it for that child.
    pub(super) fn may_vanish(&self, node: NodeId, start: usize, region: Region) -> bool {
        let first = self.children(node).first().map(|&first| self.extent(first));
        self.extent(node).open == 0
            && first.is_none_or(|first| region.start < start + (first.lead + first.length) as usize)
    }

    pub(super) fn content(&self, node: NodeId, start: usize) -> std::ops::Range<usize> {
        let extent = self.extent(node);
        start + extent.open as usize..start + (extent.length - extent.close) as usize
    }

    /// Whether the differ and the parser treat the content of an element as they do anywhere.
    pub(super) fn can_hold(&self, node: NodeId, options: DiffOptions) -> bool {
        self.attribute(node, "data-djust-replace").is_none()
            && !(options.virtual_keys && self.attribute(node, "dj-virtual").is_some())
    }

    /// Whether the content of an element may be read apart from it.
    pub(super) fn may_descend(&self, node: NodeId) -> bool {
        let traits = self.traits(node);
        self.kind(node) == Kind::Element
            && !traits.has(Traits::VOID)
            && !traits.has(Traits::RAW_TEXT)
            && !traits.has(Traits::DECODED_TEXT)
            && !traits.has(Traits::PRESERVES_SPACE)
            && self.name(node) != "svg"
    }

    /// The children that a region touches, and their neighbours up to the next block element.
    pub(super) fn touched(&self, holder: &Holder, region: Region) -> Option<Touched> {
        let children = self.children(holder.node);
        let is_block =
            |child: NodeId| self.kind(child) == Kind::Element && !self.traits(child).has(Traits::INLINE);
        let mut touched = Touched {
            first: 0,
            last: children.len(),
            start: holder.content_start,
            end: 0,
        };
        let mut start = holder.content_start;
        let mut end_is_found = false;
        for (index, &child) in children.iter().enumerate() {
            let extent = self.extent(child);
            start += extent.lead as usize;
            let end = start + extent.length as usize;
            if is_block(child) && end <= region.start {
                touched.first = index + 1;
                touched.start = end;
            } else if is_block(child) && region.end <= start && index >= touched.first {
                touched.last = index;
                touched.end = start;
                end_is_found = true;
                break;
            }
            start = end;
        }
        if !end_is_found {
            touched.end = self.all_touched(holder).end;
        }
        (touched.start <= region.start && region.end <= touched.end).then_some(touched)
    }

    pub(super) fn all_touched(&self, holder: &Holder) -> Touched {
        let extent = self.extent(holder.node);
        Touched {
            first: 0,
            last: self.children(holder.node).len(),
            start: holder.content_start,
            end: holder.content_start + (extent.length - extent.open - extent.close) as usize,
        }
    }
}
