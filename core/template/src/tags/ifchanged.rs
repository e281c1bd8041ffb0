//! `{% ifchanged %}`.

use super::super::error::TemplateError;
use super::super::expression::Expression;
use super::super::lexer::Token;
use super::super::node::{Node, Tag, bear_elements};
use super::super::output::Output;
use super::super::parser::Parser;
use super::super::reads::Reads;
use super::super::render::Renderer;
use super::super::state::{ParentLoop, Seen, StateKey};

/// `{% ifchanged %}`.
#[derive(Debug)]
pub struct IfChanged {
    state: u32,
    values: Box<[Expression]>,
    changed: Vec<Node>,
    same: Vec<Node>,
}

pub(super) fn compile(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let words = token.split_contents()?;
    let state = parser.counters.next_state();
    let changed = parser.parse_until(&["else", "endifchanged"])?;
    let end = parser.end_token()?;
    let same = if end.contents == "else" {
        parser.parse_body("endifchanged")?
    } else {
        Vec::new()
    };
    let values = parser.compile_all(&words[1..])?;
    Ok(Box::new(IfChanged {
        state,
        values,
        changed,
        same,
    }))
}

impl Tag for IfChanged {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let key = (renderer.current, self.state);
        if self.values.is_empty() {
            let text = renderer.capture(&self.changed, out)?;
            if !renderer.has_changed(key, Seen::Text(text.clone())) {
                return renderer.render_nodes(&self.same, out);
            }
            if text.is_empty() {
                // Django renders once more what gave nothing; a cycle inside goes on by two.
                return renderer.render_nodes(&self.changed, out);
            }
            out.push_str(&text);
            return Ok(());
        }
        let mut values = Vec::with_capacity(self.values.len());
        for expression in &self.values {
            values.push(renderer.evaluate_or_none(expression)?);
        }
        let has_changed = renderer.has_changed(key, Seen::Values(values));
        renderer.render_nodes(if has_changed { &self.changed } else { &self.same }, out)
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.stateful();
        reads.expressions(&self.values);
        reads.nodes(&self.changed);
        reads.nodes(&self.same);
    }

    fn bodies(&self) -> Vec<&[Node]> {
        vec![&self.changed, &self.same]
    }

    fn bears_elements(&self) -> bool {
        bear_elements(&self.changed) || bear_elements(&self.same)
    }
}

impl Renderer<'_> {
    /// Whether a tag sees something else than at its last run in the same loop, or in the same template if there is
    /// none.
    fn has_changed(&mut self, key: StateKey, seen: Seen) -> bool {
        let states = match self.running_loop() {
            ParentLoop::Loop(number) => self.loops.get_mut(number).map(|running| &mut running.seen),
            ParentLoop::None | ParentLoop::Value(_) => self.frames.last_mut().map(|frame| &mut frame.seen),
        };
        let Some(states) = states else { return true };
        if states.get(&key) == Some(&seen) {
            return false;
        }
        states.insert(key, seen);
        true
    }
}
