//! Tags that are answered from outside, by a [`Library`].

use std::sync::Arc;

use super::super::error::TemplateError;
use super::super::expression::Expression;
use super::super::lexer::Token;
use super::super::library::{Library, TagBody, TagCall, TagShape};
use super::super::node::{Node, Tag};
use super::super::output::Output;
use super::super::parser::Parser;
use super::super::reads::Reads;
use super::super::render::Renderer;
use super::arguments::{Arguments, Assignments, evaluate};

/// A tag of a project.
#[derive(Debug)]
pub struct CustomTag {
    library: Arc<dyn Library>,
    name: Arc<str>,
    contents: String,
    arguments: Box<[Expression]>,
    keywords: Assignments,
    target: Option<Arc<str>>,
    /// Whether the answer is escaped and assigned as that of a `simple_tag`.
    is_simple: bool,
    body: Body,
}

#[derive(Debug)]
enum Body {
    None,
    Nodes(Vec<Node>),
    Source(String),
}

impl CustomTag {
    /// Reads a tag of the given shape.
    ///
    /// # Errors
    ///
    /// `TemplateSyntaxError` if its arguments cannot be read or its end is missing.
    pub(in super::super) fn compile(
        parser: &mut Parser<'_>,
        token: &Token,
        library: Arc<dyn Library>,
        name: Arc<str>,
        shape: &TagShape,
    ) -> Result<Box<dyn Tag>, TemplateError> {
        let contents = token
            .contents
            .strip_prefix(&*name)
            .unwrap_or_default()
            .trim()
            .to_owned();
        let mut tag = Self {
            library,
            name,
            contents,
            arguments: Box::default(),
            keywords: Assignments::new(),
            target: None,
            is_simple: shape.arguments,
            body: Body::None,
        };
        if shape.arguments {
            let arguments = Arguments::parse(token, parser)?;
            tag.arguments = arguments.positional.into();
            tag.keywords = arguments.keywords;
            tag.target = arguments.target;
        }
        tag.body = match &shape.body {
            TagBody::None => Body::None,
            TagBody::Rendered(end) => Body::Nodes(parser.parse_body(end)?),
            TagBody::Source(end) => {
                let span = parser.skip_past(end, None)?;
                Body::Source(parser.source[span].to_owned())
            }
        };
        Ok(Box::new(tag))
    }
}

impl Tag for CustomTag {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let mut arguments = Vec::with_capacity(self.arguments.len());
        for expression in &self.arguments {
            arguments.push(renderer.evaluate(expression)?);
        }
        let keywords = evaluate(&self.keywords, renderer)?;
        let rendered = match &self.body {
            Body::Nodes(nodes) => Some(renderer.capture(nodes, out)?),
            Body::None | Body::Source(_) => None,
        };
        let body = match &self.body {
            Body::Source(source) => Some(source.as_str()),
            Body::None | Body::Nodes(_) => rendered.as_deref(),
        };
        let call = TagCall {
            name: &self.name,
            contents: &self.contents,
            arguments,
            keywords,
            body,
            context: renderer.flat_context(),
            autoescape: renderer.autoescape,
        };
        let answer = self.library.render_tag(&call)?;
        for (name, value) in answer.assigned {
            renderer.assign(&name, value);
        }
        if self.is_simple {
            renderer.finish_simple(self.target.as_ref(), answer.output, out);
        } else {
            answer.output.write_str(out.text_mut());
        }
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.everything();
        reads.expressions(&self.arguments);
        for (_, expression) in &self.keywords {
            reads.expression(expression);
        }
        if let Body::Nodes(nodes) = &self.body {
            reads.nodes(nodes);
        }
        reads.write(self.target.as_ref());
    }

    fn bodies(&self) -> Vec<&[Node]> {
        match &self.body {
            Body::Nodes(nodes) => vec![nodes],
            Body::None | Body::Source(_) => Vec::new(),
        }
    }
}
