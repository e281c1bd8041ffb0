//! `{% extends %}`.

use std::sync::Arc;

use super::super::Template;
use super::super::error::TemplateError;
use super::super::expression::{Expression, Head};
use super::super::lexer::Token;
use super::super::node::{Node, Tag, blocks};
use super::super::output::Output;
use super::super::parser::Parser;
use super::super::reads::Reads;
use super::super::render::{Renderer, recursion_error};
use super::super::state::BlockQueues;
use super::block::Block;
use super::paths::relative_path;

/// `{% extends %}` with all that follows it in the template.
#[derive(Debug)]
pub(crate) struct Extends {
    /// Name of the parent.
    pub parent: Expression,
    /// What follows.
    pub nodes: Vec<Node>,
    /// The blocks in what follows.
    pub blocks: Vec<Arc<Block>>,
}

pub(super) fn compile(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let words = token.split_contents()?;
    let [tag, parent] = words.as_slice() else {
        return Err(TemplateError::syntax(format!(
            "'{}' takes one argument",
            words[0]
        )));
    };
    let parent = parser.compile(&relative_path(parser.template_name, parent, false)?)?;
    let nodes = parser.parse_until(&[])?;
    if has_extends(&nodes) {
        let message = format!("'{tag}' cannot appear more than once in the same template");
        return Err(TemplateError::syntax(message));
    }
    let blocks = blocks(&nodes);
    Ok(Box::new(Extends {
        parent,
        nodes,
        blocks,
    }))
}

fn has_extends(nodes: &[Node]) -> bool {
    nodes
        .iter()
        .filter_map(Node::as_tag)
        .any(|tag| tag.as_extends().is_some() || tag.bodies().into_iter().any(has_extends))
}

impl Tag for Extends {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let parent = renderer.enter_parent(self)?;
        let template = renderer.templates()[parent as usize].clone();
        renderer.deeper(|renderer| {
            renderer.in_template(parent, |renderer| renderer.render_nodes(template.nodes(), out))
        })
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.extends(self);
    }

    fn bodies(&self) -> Vec<&[Node]> {
        vec![&self.nodes]
    }

    fn bears_elements(&self) -> bool {
        false
    }

    fn constant_template(&self) -> Option<String> {
        self.parent.constant_name()
    }

    fn as_extends(&self) -> Option<&Extends> {
        Some(self)
    }
}

impl Renderer<'_> {
    /// Goes from a template that extends others to the outermost one, whose nodes are to be rendered then.
    ///
    /// # Errors
    ///
    /// If a parent cannot be loaded.
    pub fn enter_outermost(&mut self) -> Result<Template, TemplateError> {
        loop {
            let template = self.template().clone();
            let Some(extends) = template
                .nodes()
                .first()
                .and_then(Node::as_tag)
                .and_then(|tag| tag.as_extends())
            else {
                return Ok(template);
            };
            if self.templates().len() > self.environment.limits.max_depth {
                return Err(recursion_error());
            }
            self.current = self.enter_parent(extends)?;
        }
    }

    /// Loads the parent of the current template and makes the blocks known: all but the rendering of the parent.
    pub(in super::super) fn enter_parent(&mut self, extends: &Extends) -> Result<u32, TemplateError> {
        let template = self.load_parent(extends)?;
        let parent = self.enter(&template, None);
        let own = self.current;
        let Some(frame) = self.frames.last_mut() else {
            return Ok(parent);
        };
        let queues = frame.blocks.get_or_insert_with(BlockQueues::default);
        queues.add(&extends.blocks, own);
        // A parent that extends nothing is the root; its blocks are the last ones.
        let first = template.nodes().iter().find(|node| !node.is_text());
        if first.is_some_and(|node| node.as_tag().is_none_or(|tag| tag.as_extends().is_none())) {
            queues.add(&blocks(template.nodes()), parent);
        }
        Ok(parent)
    }

    fn load_parent(&mut self, extends: &Extends) -> Result<Template, TemplateError> {
        let name = self.evaluate(&extends.parent)?;
        if !name.is_truthy() {
            let mut message = format!("Invalid template name in 'extends' tag: {}.", name.repr());
            if !extends.parent.filters.is_empty() || matches!(extends.parent.head, Head::Variable(_)) {
                message.push_str(&format!(" Got this from the '{}' variable.", extends.parent.text));
            }
            return Err(TemplateError::syntax(message));
        }
        let origin = self.template().origin().clone();
        let extended = self.frames.last_mut().map(|frame| {
            if frame.extended.is_empty() {
                frame.extended.push(origin);
            }
            frame.extended.clone()
        });
        let template = self.loader.load(&name.to_str(), &extended.unwrap_or_default())?;
        if let Some(frame) = self.frames.last_mut() {
            frame.extended.push(template.origin().clone());
        }
        Ok(template)
    }
}
