//! Exchanging a part of a tree for what its source has become.
//!
//! Two sources of one page are mostly the same at both ends. What differs lies in one element; of its children only
//! those are read again that the difference touches, together with their neighbours up to the next block element,
//! beyond which no rule of whitespace reaches.

use super::names::{Traits, is_space};
use super::{ElementId, Extent, Kind, Namespace, NodeId, Place, Sizes, Slice, Tree, fast};
use crate::diff::{DiffOptions, diff_at, ids_at};

/// What became of the page between two sources.
#[derive(Debug)]
pub(crate) struct Revision {
    /// What the browser is told.
    pub patches: Vec<djscope_wire::Patch>,
    /// Which part of the written page has to be written again; `None`: all of it.
    pub run: Option<Run>,
}

/// How many elements around a difference are tried.
const MOST_ATTEMPTS: usize = 3;

/// Children of one element that were exchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Where they start in the written page, in bytes.
    pub start: usize,
    /// How many bytes the old ones took.
    pub old_length: usize,
    /// What is written instead.
    pub html: String,
}

/// A piece of the old source, and how much longer the new source is there.
#[derive(Clone, Copy, Debug)]
struct Region {
    start: usize,
    end: usize,
    growth: isize,
}

impl Region {
    /// What differs between two sources; `None` if nothing does.
    fn between(old: &str, new: &str) -> Option<Self> {
        let most = old.len().min(new.len());
        let mut start = common_prefix(old.as_bytes(), new.as_bytes());
        if start == old.len() && start == new.len() {
            return None;
        }
        while !old.is_char_boundary(start) {
            start -= 1;
        }
        let mut tail = common_suffix(old.as_bytes(), new.as_bytes()).min(most - start);
        while !old.is_char_boundary(old.len() - tail) {
            tail -= 1;
        }
        let region = Self {
            start,
            end: old.len() - tail,
            growth: new.len() as isize - old.len() as isize,
        };
        Some(region.slid_to_a_tag(old, new))
    }

    /// What was only inserted or only removed can be seen at several places, `[<li>a</li>]<li>b</li>` as well as
    /// `<li>[a</li><li>]b</li>`; this takes the one at a tag.
    fn slid_to_a_tag(self, old: &str, new: &str) -> Self {
        let (longer, length) = if self.start == self.end {
            (new.as_bytes(), self.growth)
        } else if self.growth == self.start as isize - self.end as isize {
            (old.as_bytes(), -self.growth)
        } else {
            return self;
        };
        let Ok(length) = usize::try_from(length) else {
            return self;
        };
        let mut start = self.start;
        while start > 0 && longer[start] != b'<' && longer[start - 1] == longer[start + length - 1] {
            start -= 1;
        }
        if longer.get(start) != Some(&b'<') {
            return self;
        }
        let back = self.start - start;
        Self {
            start,
            end: self.end - back,
            ..self
        }
    }

    fn is_in(self, range: &std::ops::Range<usize>) -> bool {
        range.start <= self.start && self.end <= range.end
    }
}

fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    const BLOCK: usize = 64;
    let most = a.len().min(b.len());
    let mut at = 0;
    while at + BLOCK <= most && a[at..at + BLOCK] == b[at..at + BLOCK] {
        at += BLOCK;
    }
    at + a[at..most]
        .iter()
        .zip(&b[at..most])
        .take_while(|(a, b)| a == b)
        .count()
}

fn common_suffix(a: &[u8], b: &[u8]) -> usize {
    const BLOCK: usize = 64;
    let most = a.len().min(b.len());
    let (a, b) = (&a[a.len() - most..], &b[b.len() - most..]);
    let mut left = most;
    while left >= BLOCK && a[left - BLOCK..left] == b[left - BLOCK..left] {
        left -= BLOCK;
    }
    most - left
        + a[..left]
            .iter()
            .rev()
            .zip(b[..left].iter().rev())
            .take_while(|(a, b)| a == b)
            .count()
}

/// The element that holds the region, and the way to it.
struct Holder {
    node: NodeId,
    /// Child indices from the root, and the elements on the way, without `node`.
    path: Vec<u32>,
    above: Vec<NodeId>,
    /// Where its content starts in the source.
    content_start: usize,
    /// The same of the elements above it.
    starts_above: Vec<usize>,
}

impl Holder {
    /// Takes the element around it instead; false if there is none.
    fn ascend(&mut self) -> bool {
        let (Some(node), Some(start)) = (self.above.pop(), self.starts_above.pop()) else {
            return false;
        };
        self.path.pop();
        self.node = node;
        self.content_start = start;
        true
    }
}

/// Which children of the holder are read again.
struct Touched {
    /// Positions among the children.
    first: usize,
    last: usize,
    /// The piece of the old source from the end of what is kept before to the start of what is kept after.
    start: usize,
    end: usize,
}

/// Children of the holder and what takes their place.
struct Exchange {
    touched: Touched,
    nodes: Vec<NodeId>,
}

impl Tree {
    /// Makes this tree, which was read from `old`, the tree of `new`; gives what changed, or `None` if all of it has to
    /// be read again (then the tree is as it was).
    ///
    /// `next_id` is the first id of the elements of `new`, were it read anew.
    pub(crate) fn revise(
        &mut self,
        old: &str,
        new: &str,
        next_id: u64,
        options: DiffOptions,
    ) -> Option<Revision> {
        if self.has_ignored || self.root_namespace != Namespace::Html || self.place.is_none() {
            return None;
        }
        let region = Region::between(old, new)?;
        let mut holder = self.holder(region, options)?;
        if let Some(revision) = self.revise_text(&holder, region, old, new) {
            return Some(revision);
        }
        if self.has_doubled_keys() || self.is_worn() {
            return None;
        }
        for _ in 0..MOST_ATTEMPTS {
            if let Some(exchange) = self.read_touched(&holder, region, new)? {
                return Some(self.exchange(&holder, region, exchange, next_id, options));
            }
            // What differs may begin in one element and end in another.
            if !holder.ascend() {
                break;
            }
        }
        None
    }

    /// Reads the children that a region touches; all of them, if those that could stay would stand for others.
    ///
    /// `Some(None)` if they cannot be read here.
    #[allow(clippy::option_option)]
    fn read_touched(&mut self, holder: &Holder, region: Region, new: &str) -> Option<Option<Exchange>> {
        // A row goes into the body that the parser has made of a table, if it has made one.
        if self.name(holder.node) == "table" {
            return Some(None);
        }
        let touched = self.touched(holder, region)?;
        let all = self.all_touched(holder);
        for touched in [touched, all] {
            let source = &new[touched.start..touched.end.checked_add_signed(region.growth)?];
            let before = self.sizes();
            let Some(nodes) = self.read_among(source, holder) else {
                return Some(None);
            };
            let exchange = Exchange { touched, nodes };
            if self.kept_stand_for_themselves(holder, &exchange) {
                return Some(Some(exchange));
            }
            self.shrink_to(before);
        }
        Some(None)
    }

    /// Whether the differ will match every child that is kept with itself, so that it needs no new id.
    fn kept_stand_for_themselves(&self, holder: &Holder, exchange: &Exchange) -> bool {
        let children = self.children(holder.node);
        let Touched { first, last, .. } = exchange.touched;
        let (gone, nodes) = (&children[first..last], &exchange.nodes);
        let kept = || children[..first].iter().chain(&children[last..]).copied();
        if kept().next().is_none() {
            return true;
        }
        let mark = |node: NodeId| (self.kind(node) == Kind::Comment).then(|| self.text(node));
        let has_marks = gone.iter().chain(nodes).any(|&node| mark(node).is_some());
        let has_same_marks =
            gone.len() == nodes.len() && gone.iter().zip(nodes).all(|(&a, &b)| mark(a) == mark(b));
        let keys = |nodes: &[NodeId]| nodes.iter().map(|&node| self.key(node)).collect::<Vec<_>>();
        let (gone_keys, new_keys) = (keys(gone), keys(nodes));
        if gone_keys == new_keys {
            return has_same_marks;
        }
        let unkeyed = |keys: &[Option<&str>]| keys.iter().filter(|key| key.is_none()).count();
        let is_keyed = new_keys.iter().any(Option::is_some)
            || (kept().any(|node| self.key(node).is_some()) && kept().all(|node| mark(node).is_none()));
        let mut seen = rustc_hash::FxHashSet::default();
        let mut all_keys = new_keys
            .iter()
            .copied()
            .flatten()
            .chain(kept().filter_map(|node| self.key(node)));
        !has_marks
            && is_keyed
            && unkeyed(&gone_keys) == unkeyed(&new_keys)
            && all_keys.all(|key| seen.insert(key))
    }

    /// Walks from the root to the innermost element of which the content holds the region.
    fn holder(&self, region: Region, options: DiffOptions) -> Option<Holder> {
        let mut start = self.place.as_ref()?.start as usize;
        let mut holder = Holder {
            node: self.root,
            path: Vec::new(),
            above: Vec::new(),
            content_start: start + self.node(self.root).extent.open as usize,
            starts_above: Vec::new(),
        };
        if !region.is_in(&self.content(self.root, start)) {
            return None;
        }
        loop {
            if !self.can_hold(holder.node, options) {
                return None;
            }
            start = holder.content_start;
            let mut inner = None;
            for (index, &child) in self.children(holder.node).iter().enumerate() {
                let extent = self.node(child).extent;
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
    fn may_vanish(&self, node: NodeId, start: usize, region: Region) -> bool {
        let first = self.children(node).first().map(|&first| self.node(first).extent);
        self.node(node).extent.open == 0
            && first.is_none_or(|first| region.start < start + (first.lead + first.length) as usize)
    }

    fn content(&self, node: NodeId, start: usize) -> std::ops::Range<usize> {
        let extent = self.node(node).extent;
        start + extent.open as usize..start + (extent.length - extent.close) as usize
    }

    /// Whether the differ and the parser treat the content of an element as they do anywhere.
    fn can_hold(&self, node: NodeId, options: DiffOptions) -> bool {
        self.attribute(node, "data-djust-replace").is_none()
            && !(options.virtual_keys && self.attribute(node, "dj-virtual").is_some())
    }

    /// Whether the content of an element may be read apart from it.
    fn may_descend(&self, node: NodeId) -> bool {
        let traits = self.traits(node);
        self.kind(node) == Kind::Element
            && !traits.has(Traits::VOID)
            && !traits.has(Traits::RAW_TEXT)
            && !traits.has(Traits::DECODED_TEXT)
            && !traits.has(Traits::PRESERVES_SPACE)
            && self.name(node) != "svg"
    }

    /// A region in one text that needs no decoding: by far the most frequent change.
    fn revise_text(&mut self, holder: &Holder, region: Region, old: &str, new: &str) -> Option<Revision> {
        let mut start = holder.content_start;
        let mut found = None;
        for (index, &child) in self.children(holder.node).iter().enumerate() {
            let extent = self.node(child).extent;
            start += extent.lead as usize;
            let end = start + extent.length as usize;
            if self.kind(child) == Kind::Text && start <= region.start && region.end <= end {
                found = Some((index, child, start..end));
                break;
            }
            if start > region.start {
                break;
            }
            start = end;
        }
        let (index, node, range) = found?;
        let before = &old[range.clone()];
        let after = &new[range.start..range.end.checked_add_signed(region.growth)?];
        let is_plain =
            |text: &str| !is_space(text) && memchr::memchr3(b'<', b'&', b'\r', text.as_bytes()).is_none();
        if before != self.text(node) || !is_plain(before) || !is_plain(after) || after.contains('\0') {
            return None;
        }
        let run = self.run_start(holder, index).map(|start| {
            let mut html = String::with_capacity(after.len() + 16);
            let (mut old_html, place) = (String::new(), self.root_place());
            self.write(node, place, &mut old_html);
            self.set_text(node, after);
            self.write(node, place, &mut html);
            Run {
                start,
                old_length: old_html.len(),
                html,
            }
        });
        if run.is_none() {
            self.set_text(node, after);
        }
        self.grow(holder, region.growth);
        self.node_mut(node).extent.length = after.len() as u32;
        if let Some(run) = &run {
            self.grow_written(holder, &[node], run.html.len() as isize - run.old_length as isize);
        }
        let mut path = holder.path.clone();
        path.push(index as u32);
        Some(Revision {
            patches: vec![djscope_wire::Patch::SetText {
                path,
                d: None,
                text: after.to_owned(),
            }],
            run,
        })
    }

    /// The children that a region touches, and their neighbours up to the next block element.
    fn touched(&self, holder: &Holder, region: Region) -> Option<Touched> {
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
            let extent = self.node(child).extent;
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

    fn all_touched(&self, holder: &Holder) -> Touched {
        let extent = self.node(holder.node).extent;
        Touched {
            first: 0,
            last: self.children(holder.node).len(),
            start: holder.content_start,
            end: holder.content_start + (extent.length - extent.open - extent.close) as usize,
        }
    }

    fn read_among(&mut self, source: &str, holder: &Holder) -> Option<Vec<NodeId>> {
        let place = self.place.clone()?;
        let mut around: Vec<String> = place.around.iter().map(ToString::to_string).collect();
        around.extend(holder.above.iter().map(|&node| self.name(node).to_owned()));
        around.push(self.name(holder.node).to_owned());
        let names: Vec<&str> = around.iter().map(String::as_str).collect();
        let before = self.sizes();
        let depth = holder.above.len() + 2;
        let nodes = fast::parse_among(source, self, depth, &names);
        if nodes.is_none() || self.has_ignored {
            self.shrink_to(before);
            self.has_ignored = false;
            return None;
        }
        nodes
    }

    fn exchange(
        &mut self,
        holder: &Holder,
        region: Region,
        exchange: Exchange,
        next_id: u64,
        options: DiffOptions,
    ) -> Revision {
        let Exchange { touched, nodes } = exchange;
        let old_children = self.children(holder.node).to_vec();
        let gone = &old_children[touched.first..touched.last];
        let elements = |tree: &Self, nodes: &[NodeId]| {
            nodes
                .iter()
                .map(|&node| i64::from(tree.node(node).elements))
                .sum::<i64>()
        };
        let more_elements = elements(self, &nodes) - elements(self, gone);
        let old_length: usize = gone.iter().map(|&node| self.written_length(node)).sum();
        let start = self.run_start(holder, touched.first);
        self.number(holder, &old_children[..touched.first], &nodes, next_id);
        self.join_extents(&old_children, &touched, region, &nodes);

        let mut children = old_children[..touched.first].to_vec();
        children.extend_from_slice(&nodes);
        children.extend_from_slice(&old_children[touched.last..]);
        let revised = NodeId(self.nodes.len() as u32);
        self.nodes.push(*self.node(holder.node));
        self.set_children(revised, &children);
        let patches = diff_at(
            (self, holder.node),
            (self, revised),
            holder.path.clone(),
            Namespace::Html,
            options,
        );
        for (node, id) in ids_at(self, holder.node, revised) {
            self.set_id(node, id);
        }
        self.adopt_children(holder.node, revised);

        self.grow(holder, region.growth);
        for &node in holder.above.iter().chain([&holder.node]) {
            let entry = self.node_mut(node);
            entry.elements = (i64::from(entry.elements) + more_elements) as u32;
        }
        let keeps_all = nodes.len() == children.len();
        let is_doubled =
            (keeps_all && self.are_doubled(&[holder.node], false)) || self.are_doubled(&nodes, true);
        self.has_doubled_keys = Some(is_doubled);
        let run = start.map(|start| {
            let html = self.write_measured(&nodes);
            self.grow_written(holder, &[], html.len() as isize - old_length as isize);
            Run {
                start,
                old_length,
                html,
            }
        });
        Revision { patches, run }
    }

    /// Gives the new elements the ids that they would have if the page was read anew.
    fn number(&mut self, holder: &Holder, kept_before: &[NodeId], nodes: &[NodeId], next_id: u64) {
        let mut before = 1;
        for (&parent, &index) in holder.above.iter().zip(&holder.path) {
            let siblings = &self.children(parent)[..index as usize];
            before += 1 + siblings
                .iter()
                .map(|&node| u64::from(self.node(node).elements))
                .sum::<u64>();
        }
        before += kept_before
            .iter()
            .map(|&node| u64::from(self.node(node).elements))
            .sum::<u64>();
        let mut id = next_id + before;
        let mut open: Vec<NodeId> = nodes.iter().rev().copied().collect();
        while let Some(node) = open.pop() {
            if self.kind(node) == Kind::Element {
                self.node_mut(node).id = ElementId(id).0;
                id += 1;
                let slice: Slice = self.node(node).children;
                open.extend(self.children[slice.range()].iter().rev());
            }
        }
    }

    /// The first child that is kept after the new ones starts where it did, seen from them.
    fn join_extents(&mut self, old_children: &[NodeId], touched: &Touched, region: Region, nodes: &[NodeId]) {
        let read = (touched.end as isize + region.growth) as usize - touched.start;
        let taken: usize = nodes
            .iter()
            .map(|&node| {
                let extent: Extent = self.node(node).extent;
                (extent.lead + extent.length) as usize
            })
            .sum();
        if let Some(&after) = old_children.get(touched.last) {
            self.node_mut(after).extent.lead = (read - taken) as u32;
        }
    }

    /// The holder and what it is in have become longer in the source.
    fn grow(&mut self, holder: &Holder, growth: isize) {
        for &node in holder.above.iter().chain([&holder.node]) {
            let extent = &mut self.node_mut(node).extent;
            extent.length = (extent.length as isize + growth) as u32;
        }
    }

    /// Where the child at an index is in the written page.
    fn run_start(&self, holder: &Holder, child: usize) -> Option<usize> {
        if self.written.is_empty() {
            return None;
        }
        let mut start = 0;
        let steps = holder.path.iter().map(|&index| index as usize).chain([child]);
        for (&node, index) in holder.above.iter().chain([&holder.node]).zip(steps) {
            start += self.start_length(node);
            start += self.children(node)[..index]
                .iter()
                .map(|&child| self.written_length(child))
                .sum::<usize>();
        }
        Some(start)
    }

    fn written_length(&self, node: NodeId) -> usize {
        self.written.get(node.0 as usize).copied().unwrap_or_default() as usize
    }

    fn grow_written(&mut self, holder: &Holder, also: &[NodeId], growth: isize) {
        for &node in holder.above.iter().chain([&holder.node]).chain(also) {
            if let Some(length) = self.written.get_mut(node.0 as usize) {
                *length = (*length as isize + growth) as u32;
            }
        }
    }

    /// Whether two siblings somewhere have one key: then an element may get the id of another.
    fn has_doubled_keys(&mut self) -> bool {
        if let Some(known) = self.has_doubled_keys {
            return known;
        }
        let is_doubled = self.are_doubled(&[self.root], true);
        self.has_doubled_keys = Some(is_doubled);
        is_doubled
    }

    /// Whether children of one of `nodes`, or if `is_deep` of anything in them, have one key.
    fn are_doubled(&self, nodes: &[NodeId], is_deep: bool) -> bool {
        let mut open = nodes.to_vec();
        let mut seen = rustc_hash::FxHashSet::default();
        while let Some(node) = open.pop() {
            seen.clear();
            for &child in self.children(node) {
                if self.key(child).is_some_and(|key| !seen.insert(key)) {
                    return true;
                }
                if is_deep && !self.children(child).is_empty() {
                    open.push(child);
                }
            }
        }
        false
    }

    /// Makes the children of `from` those of `node`, in the same place if they are as many.
    fn adopt_children(&mut self, node: NodeId, from: NodeId) {
        let (old, new) = (self.node(node).children, self.node(from).children);
        if old.length == new.length && new.range().end == self.children.len() {
            self.children.copy_within(new.range(), old.start as usize);
            self.children.truncate(new.start as usize);
        } else {
            self.node_mut(node).children = new;
        }
    }

    pub(super) fn sizes(&self) -> Sizes {
        Sizes {
            nodes: self.nodes.len(),
            children: self.children.len(),
            attributes: self.attributes.len(),
            text: self.text.len(),
        }
    }

    fn shrink_to(&mut self, sizes: Sizes) {
        self.nodes.truncate(sizes.nodes);
        self.children.truncate(sizes.children);
        self.attributes.truncate(sizes.attributes);
        self.text.truncate(sizes.text);
    }

    /// Whether so much of the arena is no longer used that reading the page anew is better.
    fn is_worn(&self) -> bool {
        let now = self.sizes();
        now.nodes > 3 * self.built.nodes + 4096
            || now.children > 3 * self.built.children + 16384
            || now.attributes > 3 * self.built.attributes + 4096
            || now.text > 3 * self.built.text + 65536
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
    fn write_measured(&mut self, nodes: &[NodeId]) -> String {
        self.written.resize(self.nodes.len(), 0);
        let mut written = std::mem::take(&mut self.written);
        let mut html = String::new();
        for &node in nodes {
            let place = Place {
                namespace: Some(super::ChildContext::Html.namespace_of(self.name(node))),
                scripting: true,
            };
            self.write_noting(node, place, &mut html, &mut written);
        }
        self.written = written;
        html
    }
}
