//! Tags that change what their body rendered: `{% filter %}` and `{% spaceless %}`.

use std::sync::Arc;

use super::super::error::TemplateError;
use super::super::expression::Expression;
use super::super::lexer::Token;
use super::super::node::{Node, Tag, bear_elements};
use super::super::output::Output;
use super::super::parser::Parser;
use super::super::reads::Reads;
use super::super::render::Renderer;
use super::super::text::strip;
use crate::value::Value;
use crate::value::text::is_whitespace;

/// `{% filter %}`.
#[derive(Debug)]
struct Filtered {
    expression: Expression,
    name: Arc<str>,
    nodes: Vec<Node>,
}

pub(super) fn compile_filter(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let Some((_, filters)) = token.contents.split_once(is_whitespace) else {
        return Err(TemplateError::new(
            "ValueError",
            "not enough values to unpack (expected 2, got 1)",
        ));
    };
    let expression = parser.compile(&format!("var|{}", filters.trim_start_matches(is_whitespace)))?;
    for step in &expression.filters {
        if matches!(&*step.name, "escape" | "safe") {
            return Err(TemplateError::syntax(format!(
                "\"filter {}\" is not permitted.  Use the \"autoescape\" tag instead.",
                step.name
            )));
        }
    }
    let nodes = parser.parse_body("endfilter")?;
    Ok(Box::new(Filtered {
        expression,
        name: "var".into(),
        nodes,
    }))
}

impl Tag for Filtered {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        // djust's markers are no markers any more once filters went over them.
        let markers = std::mem::replace(&mut renderer.if_markers, false);
        let text = renderer.capture(&self.nodes, out)?;
        renderer.if_markers = markers;
        renderer.scoped(|renderer| {
            renderer.assign(&self.name, Value::safe(text));
            let value = renderer.evaluate(&self.expression)?;
            let Some(text) = value.as_text() else {
                let message = format!(
                    "sequence item 0: expected str instance, {} found",
                    value.type_name()
                );
                return Err(TemplateError::new("TypeError", message));
            };
            out.push_str(text);
            Ok(())
        })
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.nodes(&self.nodes);
        reads.scope([&self.name], |reads| reads.expression(&self.expression));
    }

    fn bodies(&self) -> Vec<&[Node]> {
        vec![&self.nodes]
    }

    fn bears_elements(&self) -> bool {
        bear_elements(&self.nodes)
    }
}

/// `{% spaceless %}`.
#[derive(Debug)]
struct Spaceless {
    nodes: Vec<Node>,
}

pub(super) fn compile_spaceless(
    parser: &mut Parser<'_>,
    _token: &Token,
) -> Result<Box<dyn Tag>, TemplateError> {
    let nodes = parser.parse_body("endspaceless")?;
    Ok(Box::new(Spaceless { nodes }))
}

impl Tag for Spaceless {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let text = renderer.capture(&self.nodes, out)?;
        write_spaceless(strip(&text), out.text_mut());
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.nodes(&self.nodes);
    }

    fn bodies(&self) -> Vec<&[Node]> {
        vec![&self.nodes]
    }

    fn bears_elements(&self) -> bool {
        bear_elements(&self.nodes)
    }
}

/// Without the space between `>` and `<`.
fn write_spaceless(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('>') {
        let (before, after) = rest.split_at(at + 1);
        out.push_str(before);
        let trimmed = after.trim_start_matches(is_whitespace);
        rest = if trimmed.starts_with('<') { trimmed } else { after };
    }
    out.push_str(rest);
}
