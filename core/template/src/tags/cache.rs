//! `{% cache %}`.

use super::super::error::{TemplateError, VARIABLE_DOES_NOT_EXIST};
use super::super::expression::Expression;
use super::super::lexer::Token;
use super::super::node::{Node, Tag};
use super::super::output::Output;
use super::super::parser::Parser;
use super::super::reads::Reads;
use super::super::render::Renderer;
use crate::value::Value;

/// `{% cache %}`: nothing is kept, the body is always rendered.
#[derive(Debug)]
struct Cache {
    nodes: Vec<Node>,
    timeout: Expression,
    using: Option<Expression>,
    vary_on: Box<[Expression]>,
}

pub(super) fn compile(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let nodes = parser.parse_body("endcache")?;
    let mut words = token.split_contents()?;
    if words.len() < 3 {
        let tag = Value::str(words[0].as_str()).repr();
        return Err(TemplateError::syntax(format!(
            "'{tag}' tag requires at least 2 arguments."
        )));
    }
    let mut using = None;
    if let Some(name) = words
        .last()
        .and_then(|word| word.strip_prefix("using="))
        .filter(|_| words.len() > 3)
    {
        using = Some(parser.compile(name)?);
        words.pop();
    }
    let timeout = parser.compile(&words[1])?;
    let vary_on = parser.compile_all(&words[3..])?;
    Ok(Box::new(Cache {
        nodes,
        timeout,
        using,
        vary_on,
    }))
}

impl Tag for Cache {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let timeout = known(&self.timeout, renderer)?;
        if !timeout.is_none()
            && timeout
                .to_int()
                .is_err_and(|error| error.is_any(&["ValueError", "TypeError"]))
        {
            let message = format!(
                "\"cache\" tag got a non-integer timeout value: {}",
                timeout.repr()
            );
            return Err(TemplateError::syntax(message));
        }
        if let Some(using) = &self.using {
            let name = known(using, renderer)?;
            if !matches!(name.as_text(), Some("default" | "template_fragments")) {
                let message = format!("Invalid cache name specified for cache tag: {}", name.repr());
                return Err(TemplateError::syntax(message));
            }
        }
        for expression in &self.vary_on {
            renderer.evaluate(expression)?;
        }
        let markers = std::mem::replace(&mut renderer.if_markers, false);
        renderer.render_nodes(&self.nodes, out)?;
        renderer.if_markers = markers;
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.expression(&self.timeout);
        reads.expressions(self.using.as_slice());
        reads.expressions(&self.vary_on);
        reads.nodes(&self.nodes);
    }

    fn bodies(&self) -> Vec<&[Node]> {
        vec![&self.nodes]
    }
}

fn known(expression: &Expression, renderer: &mut Renderer<'_>) -> Result<Value, TemplateError> {
    renderer.evaluate(expression).map_err(|error| {
        if error.class != VARIABLE_DOES_NOT_EXIST {
            return error;
        }
        let head = expression
            .as_variable()
            .map_or(&*expression.text, |variable| &variable.text);
        TemplateError::syntax(format!(
            "\"cache\" tag got an unknown variable: <Variable: '{head}'>"
        ))
    })
}
