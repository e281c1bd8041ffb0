//! `{% cycle %}` and `{% resetcycle %}`.

use std::sync::Arc;

use super::super::error::TemplateError;
use super::super::expression::Expression;
use super::super::lexer::Token;
use super::super::node::Tag;
use super::super::output::Output;
use super::super::parser::Parser;
use super::super::reads::Reads;
use super::super::render::Renderer;

/// `{% cycle %}`. All tags that refer to one by its name share its state.
#[derive(Clone, Debug)]
pub(crate) struct Cycle {
    state: u32,
    values: Arc<[Expression]>,
    name: Option<Arc<str>>,
    is_silent: bool,
}

pub(super) fn compile(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let mut words = token.split_contents()?;
    match words.as_slice() {
        [] | [_] => {
            return Err(TemplateError::syntax(
                "'cycle' tag requires at least two arguments",
            ));
        }
        [_, name] => return named(parser, name),
        _ => {}
    }
    let mut is_silent = false;
    let mut name = None;
    if let [_, .., separator, own, flag] = words.as_slice()
        && words.len() > 4
        && separator == "as"
    {
        if flag != "silent" {
            return Err(TemplateError::syntax(format!(
                "Only 'silent' flag is allowed after cycle's name, not '{flag}'."
            )));
        }
        is_silent = true;
        name = Some(own.clone());
        words.truncate(words.len() - 3);
    } else if let [_, .., separator, own] = words.as_slice()
        && words.len() > 4
        && separator == "as"
    {
        name = Some(own.clone());
        words.truncate(words.len() - 2);
    }
    let cycle = Cycle {
        values: parser.compile_all(&words[1..])?.into_vec().into(),
        state: parser.counters.next_state(),
        name: name.as_deref().map(Into::into),
        is_silent,
    };
    parser.cycles.last = Some(cycle.state);
    if let Some(name) = name {
        parser.cycles.named.insert(name, cycle.clone());
    }
    Ok(Box::new(cycle))
}

fn named(parser: &Parser<'_>, name: &str) -> Result<Box<dyn Tag>, TemplateError> {
    if parser.cycles.named.is_empty() {
        let message = format!("No named cycles in template. '{name}' is not defined");
        return Err(TemplateError::syntax(message));
    }
    match parser.cycles.named.get(name) {
        Some(cycle) => Ok(Box::new(cycle.clone())),
        None => Err(TemplateError::syntax(format!(
            "Named cycle '{name}' does not exist"
        ))),
    }
}

impl Tag for Cycle {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let key = (renderer.current, self.state);
        let mut round = 0;
        if let Some(frame) = renderer.frames.last_mut() {
            let next = frame.cycles.entry(key).or_default();
            round = *next;
            *next += 1;
        }
        let Some(expression) = self.values.get(round % self.values.len().max(1)) else {
            return Ok(());
        };
        let value = renderer.evaluate(expression)?;
        if !self.is_silent {
            renderer.write_value(&value, out)?;
        }
        if let Some(name) = &self.name {
            renderer.scopes.set_upward(name, value);
        }
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.stateful();
        reads.expressions(&*self.values);
        reads.write(self.name.as_ref());
    }

    fn bears_elements(&self) -> bool {
        false
    }
}

/// `{% resetcycle %}`.
#[derive(Debug)]
pub struct ResetCycle {
    state: u32,
}

pub(super) fn compile_reset(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let words = token.split_contents()?;
    let state = match words.as_slice() {
        [_, name] => match parser.cycles.named.get(name) {
            Some(cycle) => cycle.state,
            None => {
                return Err(TemplateError::syntax(format!(
                    "Named cycle '{name}' does not exist."
                )));
            }
        },
        [_] => parser
            .cycles
            .last
            .ok_or_else(|| TemplateError::syntax("No cycles in template."))?,
        _ => {
            let name = crate::value::Value::from(words.first().cloned().unwrap_or_default()).repr();
            return Err(TemplateError::syntax(format!(
                "{name} tag accepts at most one argument."
            )));
        }
    };
    Ok(Box::new(ResetCycle { state }))
}

impl Tag for ResetCycle {
    fn render(&self, renderer: &mut Renderer<'_>, _out: &mut Output) -> Result<(), TemplateError> {
        let key = (renderer.current, self.state);
        if let Some(frame) = renderer.frames.last_mut() {
            frame.cycles.insert(key, 0);
        }
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.stateful();
    }

    fn bears_elements(&self) -> bool {
        false
    }
}
