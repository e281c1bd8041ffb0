//! `{% for %}`.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::error::TemplateError;
use super::super::expression::Expression;
use super::super::lexer::Token;
use super::super::memo::RunningRows;
use super::super::node::{Node, Tag, bear_elements};
use super::super::output::Output;
use super::super::parser::Parser;
use super::super::reads::Reads;
use super::super::render::Renderer;
use super::super::scopes::Bound;
use super::super::state::{Loop, ParentLoop};
use crate::value::Value;

/// `{% for %}`.
#[derive(Debug)]
pub struct For {
    names: Box<[Arc<str>]>,
    sequence: Expression,
    is_reversed: bool,
    body: Vec<Node>,
    empty: Vec<Node>,
    forloop: Arc<str>,
}

pub(super) fn compile(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let words = token.split_contents()?;
    if words.len() < 4 {
        return Err(TemplateError::syntax(format!(
            "'for' statements should have at least four words: {}",
            token.contents
        )));
    }
    let is_reversed = words.last().is_some_and(|word| word == "reversed");
    let in_index = words.len() - if is_reversed { 3 } else { 2 };
    if words[in_index] != "in" {
        return Err(TemplateError::syntax(format!(
            "'for' statements should use the format 'for x in y': {}",
            token.contents
        )));
    }
    let names: Vec<String> = words[1..in_index.max(1)]
        .join(" ")
        .split(',')
        .map(|name| name.trim_matches(' ').to_owned())
        .collect();
    if names
        .iter()
        .any(|name| name.is_empty() || name.contains([' ', '"', '\'', '|']))
    {
        return Err(TemplateError::syntax(format!(
            "'for' tag received an invalid argument: {}",
            token.contents
        )));
    }
    let sequence = parser.compile(&words[in_index + 1])?;
    let body = parser.parse_until(&["empty", "endfor"])?;
    let end = parser.end_token()?;
    let empty = if end.contents == "empty" {
        parser.parse_body("endfor")?
    } else {
        Vec::new()
    };
    let names = names.iter().map(|name| name.as_str().into()).collect();
    Ok(Box::new(For {
        names,
        sequence,
        is_reversed,
        body,
        empty,
        forloop: "forloop".into(),
    }))
}

impl Tag for For {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let parent = renderer.running_loop();
        renderer.scoped(|renderer| {
            let sequence = renderer.evaluate_or_none(&self.sequence)?;
            let length = length(&sequence)?;
            if length == 0 {
                return renderer.render_nodes(&self.empty, out);
            }
            if self.is_reversed && matches!(sequence, Value::Set(_)) {
                return Err(TemplateError::new("TypeError", "'set' object is not reversible"));
            }
            let number = renderer.loops.len();
            let running = Loop {
                counter0: 0,
                length,
                index: 0,
                parent,
                seen: HashMap::new(),
            };
            renderer.loops.push(running);
            renderer.scopes.set(&self.forloop, Bound::Loop(number));
            self.render_items(&sequence, length, renderer, out)?;
            renderer.loops.pop();
            Ok(())
        })
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.expression(&self.sequence);
        let names = self.names.iter().chain([&self.forloop]);
        reads.scope(names, |reads| reads.nodes(&self.body));
        reads.nodes(&self.empty);
    }

    fn bodies(&self) -> Vec<&[Node]> {
        vec![&self.body, &self.empty]
    }

    fn bears_elements(&self) -> bool {
        bear_elements(&self.body) || bear_elements(&self.empty)
    }
}

impl For {
    fn render_items<'a>(
        &self,
        sequence: &Value,
        length: usize,
        renderer: &mut Renderer<'a>,
        out: &mut Output,
    ) -> Result<(), TemplateError> {
        let address = std::ptr::from_ref(self) as usize;
        let mut rows = renderer.start_rows(address, &self.body, &self.names, length, self.is_reversed);
        let items = sequence.iterate().into_iter().flatten();
        if self.is_reversed {
            let items: Vec<_> = items.collect();
            for (counter0, item) in items.iter().rev().enumerate() {
                self.render_row(
                    item,
                    counter0,
                    length.saturating_sub(counter0 + 1),
                    &mut rows,
                    renderer,
                    out,
                )?;
            }
        } else {
            for (index, item) in items.enumerate() {
                self.render_row(&item, index, index, &mut rows, renderer, out)?;
            }
        }
        if let Some(rows) = rows {
            renderer.finish_rows(rows);
        }
        Ok(())
    }

    /// Writes the row of an item as it was before if it is known, else renders it.
    fn render_row<'a>(
        &self,
        item: &Value,
        counter0: usize,
        index: usize,
        rows: &mut Option<RunningRows<'a>>,
        renderer: &mut Renderer<'a>,
        out: &mut Output,
    ) -> Result<(), TemplateError> {
        renderer.count_iteration()?;
        let Some(rows) = rows else {
            return self.render_item(item, counter0, index, renderer, out);
        };
        if rows.write_known(counter0, item, out) {
            return out.check();
        }
        let start = out.len();
        self.render_item(item, counter0, index, renderer, out)?;
        rows.remember(item, start, out);
        Ok(())
    }

    /// Renders the body once: the only place that does.
    fn render_item(
        &self,
        item: &Value,
        counter0: usize,
        index: usize,
        renderer: &mut Renderer<'_>,
        out: &mut Output,
    ) -> Result<(), TemplateError> {
        if let Some(running) = renderer.loops.last_mut() {
            running.counter0 = counter0;
            running.index = index;
        }
        if let [name] = &*self.names {
            renderer.assign(name, item.clone());
            return renderer.render_nodes(&self.body, out);
        }
        self.check_length(item)?;
        renderer.scoped(|renderer| {
            for (name, part) in self.names.iter().zip(item.iterate().into_iter().flatten()) {
                renderer.assign(name, part.into_owned());
            }
            renderer.render_nodes(&self.body, out)
        })
    }

    fn check_length(&self, item: &Value) -> Result<(), TemplateError> {
        let (names, length) = (self.names.len(), item.len().unwrap_or(1));
        if names == length {
            return Ok(());
        }
        // The space at the end is Django's.
        let message = format!("Need {names} values to unpack in for loop; got {length}. ");
        Err(TemplateError::new("ValueError", message))
    }
}

/// How many items a loop has. `None` has none.
fn length(sequence: &Value) -> Result<usize, TemplateError> {
    if sequence.is_none() {
        return Ok(0);
    }
    match (sequence.len(), sequence.iterate()) {
        (Some(length), Some(_)) => Ok(length),
        (None, Some(items)) => Ok(items.count()),
        (_, None) => {
            let message = format!("'{}' object is not iterable", sequence.type_name());
            Err(TemplateError::new("TypeError", message))
        }
    }
}

impl Renderer<'_> {
    /// What `forloop` stands for here.
    pub(super) fn running_loop(&self) -> ParentLoop {
        match self.scopes.bound("forloop") {
            Some(Bound::Loop(number)) => ParentLoop::Loop(*number),
            Some(Bound::Value(value)) => ParentLoop::Value(value.clone()),
            Some(Bound::Block(_)) => ParentLoop::None,
            None => self
                .scopes
                .given("forloop")
                .map_or(ParentLoop::None, |value| ParentLoop::Value(value.clone())),
        }
    }
}
