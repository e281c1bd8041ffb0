//! What tags remember during a render.

use std::collections::HashMap;
use std::sync::Arc;

use super::render::Renderer;
use super::tags::Block;
use crate::value::{Dict, Value};

/// A tag that remembers something: its template's number in the render, and its own number there.
pub(super) type StateKey = (u32, u32);

/// The state of one template that is being rendered (a level of Django's `RenderContext`).
#[derive(Debug, Default)]
pub(super) struct Frame {
    /// How often each `{% cycle %}` was rendered.
    pub(super) cycles: HashMap<StateKey, usize>,
    /// What each `{% ifchanged %}` outside of loops saw last.
    pub(super) seen: HashMap<StateKey, Seen>,
    /// The blocks of the templates that extend each other, if there are such.
    pub(super) blocks: Option<BlockQueues>,
    /// Origins of the templates that were extended, so that none extends itself.
    pub(super) extended: Vec<Arc<str>>,
}

/// What an `{% ifchanged %}` compares.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Seen {
    /// What it rendered.
    Text(String),
    /// The values of its arguments.
    Values(Vec<Value>),
}

/// The definitions of each block, the outermost parent's first (`BlockContext`).
#[derive(Debug, Default)]
pub(super) struct BlockQueues(HashMap<Arc<str>, Vec<PlacedBlock>>);

/// A block and its template's number in the render.
#[derive(Clone, Debug)]
pub(super) struct PlacedBlock {
    pub(super) block: Arc<Block>,
    pub(super) template: u32,
}

impl BlockQueues {
    /// Adds the blocks of a parent, behind which those stand that are there.
    pub(super) fn add(&mut self, blocks: &[Arc<Block>], template: u32) {
        for block in blocks {
            let placed = PlacedBlock {
                block: Arc::clone(block),
                template,
            };
            self.0
                .entry(Arc::clone(&block.name))
                .or_default()
                .insert(0, placed);
        }
    }

    pub(super) fn pop(&mut self, name: &str) -> Option<PlacedBlock> {
        self.0.get_mut(name)?.pop()
    }

    pub(super) fn push(&mut self, placed: PlacedBlock) {
        self.0
            .entry(Arc::clone(&placed.block.name))
            .or_default()
            .push(placed);
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|queue| !queue.is_empty())
    }
}

/// A block that is being rendered.
#[derive(Debug)]
pub(super) struct RunningBlock {
    pub(super) placed: PlacedBlock,
    /// Whether templates extend each other, so that `block.super` means something.
    pub(super) can_have_super: bool,
}

/// A loop that runs.
#[derive(Debug)]
pub(super) struct Loop {
    /// `forloop.counter0`.
    pub(super) counter0: usize,
    /// Number of items.
    pub(super) length: usize,
    /// Where the item stands in the sequence; differs from the counter if the loop is reversed.
    pub(super) index: usize,
    /// `forloop.parentloop`.
    pub(super) parent: ParentLoop,
    /// What each `{% ifchanged %}` in the loop saw last.
    pub(super) seen: HashMap<StateKey, Seen>,
}

/// What was `forloop` outside of a loop.
#[derive(Clone, Debug)]
pub(super) enum ParentLoop {
    /// Nothing.
    None,
    /// A loop, by its number.
    Loop(usize),
    /// A value of the context with that name.
    Value(Value),
}

impl Loop {
    /// `forloop.name`, but for `parentloop`.
    pub(super) fn attribute(&self, name: &str) -> Option<Value> {
        let number = |number: usize| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
        Some(match name {
            "counter" => number(self.counter0 + 1),
            "counter0" => number(self.counter0),
            "revcounter" => number(self.length.saturating_sub(self.counter0)),
            "revcounter0" => number(self.length.saturating_sub(self.counter0 + 1)),
            "first" => Value::Bool(self.counter0 == 0),
            "last" => Value::Bool(self.counter0 + 1 == self.length),
            _ => return None,
        })
    }
}

/// The names of `forloop`, in Django's order.
const LOOP_NAMES: [&str; 6] = [
    "counter0",
    "counter",
    "revcounter",
    "revcounter0",
    "first",
    "last",
];

impl Renderer<'_> {
    /// `forloop` as a dict.
    pub(super) fn loop_dict(&self, number: usize) -> Value {
        let mut outwards = Vec::new();
        let mut parent = Value::from(Dict::new());
        let mut next = Some(number);
        while let Some(running) = next.and_then(|number| self.loops.get(number)) {
            outwards.push(running);
            next = None;
            match &running.parent {
                ParentLoop::None => {}
                ParentLoop::Loop(number) => next = Some(*number),
                ParentLoop::Value(value) => parent = value.clone(),
            }
        }
        for running in outwards.into_iter().rev() {
            let mut dict = Dict::new();
            dict.insert("parentloop", parent);
            for name in LOOP_NAMES {
                dict.insert(name, running.attribute(name));
            }
            parent = Value::from(dict);
        }
        parent
    }
}
