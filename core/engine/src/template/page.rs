//! A page whose parts can be rendered one by one.

use std::sync::Arc;

use super::context::Context;
use super::environment::Environment;
use super::error::TemplateError;
use super::loader::Loader;
use super::node::{Node, blocks};
use super::output::Output;
use super::reads::{NodeReads, Reads};
use super::render::{Renderer, recursion_error};
use super::tags::Block;
use super::{Template, node};

/// A template with the templates that it extends, as the outermost nodes that write the page.
///
/// Rendering all parts in their order gives what [`Template::render`] gives. A part that sets names
/// ([`NodeReads::writes`]) or remembers something ([`NodeReads::is_stateful`]) has to be rendered before those that
/// follow it.
#[derive(Debug)]
pub struct Page<'a> {
    renderer: Renderer<'a>,
    /// Template's number in the render, and the node's index in it.
    parts: Vec<(u32, usize)>,
    /// The blocks of all templates, those that take precedence first.
    blocks: Vec<Arc<Block>>,
}

impl<'a> Page<'a> {
    /// Loads the templates that `template` extends.
    ///
    /// # Errors
    ///
    /// What `{% extends %}` raises, with its place.
    pub fn new(
        template: &Template,
        context: &'a Context,
        loader: &'a dyn Loader,
        environment: &'a Environment,
    ) -> Result<Self, TemplateError> {
        let mut page = Self {
            renderer: Renderer::new(template, context, loader, environment),
            parts: Vec::new(),
            blocks: Vec::new(),
        };
        page.add(template)?;
        Ok(page)
    }

    fn add(&mut self, template: &Template) -> Result<(), TemplateError> {
        let mut template = template.clone();
        loop {
            self.blocks.extend(blocks(template.nodes()));
            let number = self.renderer.current;
            let mut parent = None;
            for (index, node) in template.nodes().iter().enumerate() {
                match node.as_tag().and_then(node::Tag::as_extends) {
                    Some(extends) => {
                        let entered = self.renderer.enter_parent(extends);
                        parent = Some(entered.map_err(|error| error.at(template.name(), node.position))?);
                    }
                    None => self.parts.push((number, index)),
                }
            }
            let Some(parent) = parent else { return Ok(()) };
            if self.renderer.templates().len() > self.renderer.environment.limits.max_depth {
                return Err(recursion_error());
            }
            self.renderer.current = parent;
            template = self.renderer.templates()[parent as usize].clone();
        }
    }

    /// How many parts there are.
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether there is no part.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The templates of the render so far; [`Note::template`](super::Note::template) counts them.
    pub fn templates(&self) -> &[Template] {
        self.renderer.templates()
    }

    /// The template that a part stands in.
    pub fn template(&self, part: usize) -> &Template {
        &self.renderer.templates()[self.parts[part].0 as usize]
    }

    /// The node of a part.
    pub fn node(&self, part: usize) -> &Node {
        &self.template(part).nodes()[self.parts[part].1]
    }

    /// What a part reads, through all blocks and templates in it.
    pub fn reads(&self, part: usize) -> NodeReads {
        Reads::of_node(
            self.node(part),
            self.template(part),
            &self.blocks,
            self.renderer.loader,
        )
    }

    /// Renders a part.
    ///
    /// # Errors
    ///
    /// What its nodes raise, with the place.
    pub fn render(&mut self, part: usize, out: &mut Output) -> Result<(), TemplateError> {
        let (number, index) = self.parts[part];
        let template = self.template(part).clone();
        self.renderer.current = number;
        self.renderer.render_node(&template.nodes()[index], out)
    }
}
