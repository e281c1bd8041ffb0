//! `{% with %}`.

use super::super::error::TemplateError;
use super::super::lexer::Token;
use super::super::node::{Node, Tag, bear_elements};
use super::super::output::Output;
use super::super::parser::Parser;
use super::super::reads::Reads;
use super::super::render::Renderer;
use super::arguments::{Assignments, assignments, evaluate};
use crate::value::Value;

/// `{% with %}`.
#[derive(Debug)]
struct With {
    assignments: Assignments,
    nodes: Vec<Node>,
}

pub(super) fn compile(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let words = token.split_contents()?;
    let tag = Value::str(words[0].as_str()).repr();
    let mut rest = &words[1..];
    let assignments = assignments(&mut rest, parser, true)?;
    if assignments.is_empty() {
        return Err(TemplateError::syntax(format!(
            "{tag} expected at least one variable assignment"
        )));
    }
    if let [first, ..] = rest {
        let first = Value::str(first.as_str()).repr();
        return Err(TemplateError::syntax(format!(
            "{tag} received an invalid token: {first}"
        )));
    }
    let nodes = parser.parse_body("endwith")?;
    Ok(Box::new(With { assignments, nodes }))
}

impl Tag for With {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let values = evaluate(&self.assignments, renderer)?;
        renderer.scoped(|renderer| {
            for (name, value) in values {
                renderer.assign(&name, value);
            }
            renderer.render_nodes(&self.nodes, out)
        })
    }

    fn read(&self, reads: &mut Reads<'_>) {
        for (_, expression) in &self.assignments {
            reads.expression(expression);
        }
        reads.scope(self.assignments.keys(), |reads| reads.nodes(&self.nodes));
    }

    fn bodies(&self) -> Vec<&[Node]> {
        vec![&self.nodes]
    }

    fn bears_elements(&self) -> bool {
        bear_elements(&self.nodes)
    }
}
