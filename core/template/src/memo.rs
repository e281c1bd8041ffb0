//! Rows of a loop that are as they were: their text is taken from the render before.
//!
//! The body of a loop writes the same text again if the item, the names that it reads from outside and, where that
//! matters, the place of the item are the same. Nothing is remembered of a body that reads what cannot be known (tags
//! of a project), the clock, or how often it ran (`{% cycle %}`).

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::chain::Blocks;
use super::node::Node;
use super::output::Output;
use super::reads::Reads;
use super::render::Renderer;
use crate::value::Value;

/// The rows that the loops of a part of a template wrote.
#[derive(Clone, Debug, Default)]
pub struct Memo {
    /// By the loop's address and how many times it ran before in this render.
    loops: FxHashMap<(usize, usize), Rows>,
    bodies: FxHashMap<usize, Arc<Body>>,
}

/// What a body depends on.
#[derive(Debug)]
struct Body {
    can_be_kept: bool,
    /// Names from outside of the loop.
    outside: Vec<Arc<str>>,
    /// It reads `forloop`: then the length matters as well.
    reads_loop: bool,
    /// It has marks of `{% if %}`, which name the place of the item.
    has_marks: bool,
}

/// What one loop wrote.
#[derive(Clone, Debug)]
struct Rows {
    outside: Vec<Option<Value>>,
    length: usize,
    items: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    item: Value,
    /// Seen from the start of the part.
    text: Range<usize>,
}

/// The memo while a part is rendered again.
#[derive(Debug)]
pub(super) struct Remembering<'a> {
    before: &'a Memo,
    /// What the part wrote before.
    text: &'a str,
    after: Memo,
    /// Where the part starts in the output.
    start: usize,
    runs: FxHashMap<usize, usize>,
    /// Output that is captured does not stay where it is written.
    captures: usize,
}

/// The rows of one loop while it runs.
#[derive(Debug)]
pub(super) struct RunningRows<'a> {
    key: (usize, usize),
    body: Arc<Body>,
    before: Option<&'a Rows>,
    text: &'a str,
    start: usize,
    after: Rows,
    /// Old rows by the fingerprint of their item, made when the first row is not where it was.
    by_item: Option<FxHashMap<u64, usize>>,
}

impl<'a> Remembering<'a> {
    pub(super) fn new(before: &'a Memo, text: &'a str, start: usize) -> Self {
        Self {
            before,
            text,
            after: Memo {
                loops: FxHashMap::default(),
                bodies: before.bodies.clone(),
            },
            start,
            runs: FxHashMap::default(),
            captures: 0,
        }
    }

    pub(super) fn finish(self) -> Memo {
        self.after
    }
}

impl<'a> Renderer<'a> {
    /// Notes that what is written from now on will be taken back.
    pub(super) fn enter_capture(&mut self) {
        if let Some(remembering) = &mut self.remembering {
            remembering.captures += 1;
        }
    }

    pub(super) fn leave_capture(&mut self) {
        if let Some(remembering) = &mut self.remembering {
            remembering.captures = remembering.captures.saturating_sub(1);
        }
    }

    /// How many captures run.
    pub(super) fn captures(&self) -> usize {
        self.remembering
            .as_ref()
            .map_or(0, |remembering| remembering.captures)
    }

    /// Ends the captures that an exception left.
    pub(super) fn set_captures(&mut self, captures: usize) {
        if let Some(remembering) = &mut self.remembering {
            remembering.captures = captures;
        }
    }

    /// The rows of the loop that starts; `None` if they cannot be kept.
    pub(super) fn start_rows(
        &mut self,
        address: usize,
        body: &[Node],
        names: &[Arc<str>],
        length: usize,
        is_reversed: bool,
    ) -> Option<RunningRows<'a>> {
        let is_outermost = self.loops.len() == 1 && self.includes.is_empty();
        let remembering = self.remembering.as_ref()?;
        if !is_outermost || remembering.captures > 0 || !self.has_own_environment() {
            return None;
        }
        let known = remembering.after.bodies.get(&address).cloned();
        let body = known.unwrap_or_else(|| Arc::new(self.body(body, names)));
        let outside = body.outside.iter().map(|name| self.get(name)).collect();
        let remembering = self.remembering.as_mut()?;
        remembering.after.bodies.insert(address, Arc::clone(&body));
        if !body.can_be_kept {
            return None;
        }
        let run = remembering.runs.entry(address).or_default();
        let key = (address, *run);
        *run += 1;
        let after = Rows {
            outside,
            length,
            items: Vec::with_capacity(length),
        };
        // Marks name the place in the sequence, which in a reversed loop is counted from the end.
        let length_matters = body.reads_loop || (body.has_marks && is_reversed);
        let before = remembering.before.loops.get(&key).filter(|before| {
            (before.length == length || !length_matters) && all_same(&before.outside, &after.outside)
        });
        Some(RunningRows {
            key,
            body,
            before,
            text: remembering.text,
            start: remembering.start,
            after,
            by_item: None,
        })
    }

    pub(super) fn finish_rows(&mut self, rows: RunningRows<'a>) {
        if let Some(remembering) = &mut self.remembering {
            remembering.after.loops.insert(rows.key, rows.after);
        }
    }

    fn body(&self, body: &[Node], names: &[Arc<str>]) -> Body {
        let blocks = Blocks::default();
        let reads = Reads::of_nodes(body, self.template(), &blocks, self.loader);
        let is_own = |name: &str| names.iter().any(|own| **own == *name);
        let mut outside: Vec<Arc<str>> = Vec::new();
        for read in &reads.reads {
            if !is_own(&read.name) && *read.name != *"forloop" && !outside.contains(&read.name) {
                outside.push(Arc::clone(&read.name));
            }
        }
        Body {
            can_be_kept: !reads.reads_everything
                && !reads.is_stateful
                && !reads.reads_clock
                && reads.writes.is_empty()
                && !has_block(body),
            outside,
            reads_loop: reads.reads.iter().any(|read| *read.name == *"forloop"),
            has_marks: self.if_markers && reads.has_conditions,
        }
    }
}

/// A block in a loop is rendered by rules of its own.
fn has_block(nodes: &[Node]) -> bool {
    nodes
        .iter()
        .filter_map(Node::as_tag)
        .any(|tag| tag.as_block().is_some() || tag.bodies().into_iter().any(has_block))
}

fn all_same(before: &[Option<Value>], after: &[Option<Value>]) -> bool {
    before.iter().zip(after).all(|pair| match pair {
        (Some(before), Some(after)) => before.same(after),
        (None, None) => true,
        _ => false,
    })
}

impl<'a> RunningRows<'a> {
    /// Writes the row of an item as it was, if it is.
    pub(super) fn write_known(&mut self, counter0: usize, item: &Value, out: &mut Output) -> bool {
        let Some(text) = self.known(counter0, item) else {
            return false;
        };
        let start = out.len();
        out.push_str(text);
        self.remember(item, start, out);
        true
    }

    fn known(&mut self, counter0: usize, item: &Value) -> Option<&'a str> {
        let before = self.before?;
        let at_its_place = before.items.get(counter0).filter(|row| row.item.same(item));
        let is_bound_to_its_place = self.body.reads_loop || self.body.has_marks;
        let row = match at_its_place {
            Some(row) => row,
            None if is_bound_to_its_place => return None,
            None => {
                let by_item = self.by_item.get_or_insert_with(|| {
                    let rows = before.items.iter().enumerate();
                    rows.map(|(index, row)| (row.item.fingerprint(), index)).collect()
                });
                let index = *by_item.get(&item.fingerprint())?;
                before.items.get(index).filter(|row| row.item.same(item))?
            }
        };
        self.text.get(row.text.clone())
    }

    /// Remembers what was written for an item since the output had `start` bytes.
    pub(super) fn remember(&mut self, item: &Value, start: usize, out: &Output) {
        self.after.items.push(Row {
            item: item.clone(),
            text: start - self.start..out.len() - self.start,
        });
    }
}
