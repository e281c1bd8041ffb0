//! What a template is made of once it is read.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use super::expression::Expression;
use super::output::Output;
use super::reads::Reads;
use super::render::Renderer;
use super::tags::{Block, Extends};
use super::{Position, TemplateError};

/// A piece of a template that writes something or changes the context.
#[derive(Debug)]
pub struct Node {
    /// Its number in the template, in the order of the source.
    pub id: u32,
    /// Where it begins.
    pub position: Position,
    /// Where it stands in the source, up to the end of its end tag, in bytes.
    pub span: Range<usize>,
    /// What it is.
    pub(crate) kind: Kind,
}

/// What a [`Node`] is.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Literal text.
    Text(Box<str>),
    /// `{{ … }}`.
    Variable(Box<Expression>),
    /// `{% … %}`.
    Tag(Box<dyn Tag>),
}

/// A tag with all that it needs to render.
pub(crate) trait Tag: Debug + Send + Sync {
    /// Writes what the tag gives, or changes the context.
    ///
    /// # Errors
    ///
    /// Whatever Django raises.
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError>;

    /// Tells which names of the context the tag reads and which it writes, bodies included.
    fn read(&self, reads: &mut Reads<'_>);

    /// The nodes inside the tag, body by body.
    fn bodies(&self) -> Vec<&[Node]> {
        Vec::new()
    }

    /// Whether djust takes what the tag writes for HTML elements.
    fn bears_elements(&self) -> bool {
        true
    }

    /// The block, if the tag is one.
    fn as_block(&self) -> Option<&Arc<Block>> {
        None
    }

    /// The name of the template that the tag brings in, if no variable and no filter is in it.
    fn constant_template(&self) -> Option<String> {
        None
    }

    /// The tag `{% extends %}`, if it is one.
    fn as_extends(&self) -> Option<&Extends> {
        None
    }
}

impl Node {
    /// Whether it is literal text.
    pub fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Text(_))
    }

    /// The nodes inside it, body by body.
    pub fn bodies(&self) -> Vec<&[Node]> {
        self.as_tag().map(Tag::bodies).unwrap_or_default()
    }

    /// The tag, if it is one.
    pub(crate) fn as_tag(&self) -> Option<&dyn Tag> {
        match &self.kind {
            Kind::Tag(tag) => Some(&**tag),
            Kind::Text(_) | Kind::Variable(_) => None,
        }
    }

    /// Whether djust takes what the node writes for HTML elements; a variable is escaped, so it has none.
    pub fn bears_elements(&self) -> bool {
        match &self.kind {
            Kind::Text(text) => text.contains('<'),
            Kind::Variable(_) => false,
            Kind::Tag(tag) => tag.bears_elements(),
        }
    }
}

/// Whether djust takes what any of the nodes writes for HTML elements.
pub(crate) fn bear_elements(nodes: &[Node]) -> bool {
    nodes.iter().any(Node::bears_elements)
}

/// All blocks among the nodes and inside them, in the order of the source.
pub(crate) fn blocks(nodes: &[Node]) -> Vec<Arc<Block>> {
    let mut found = Vec::new();
    collect_blocks(nodes, &mut found);
    found
}

fn collect_blocks(nodes: &[Node], found: &mut Vec<Arc<Block>>) {
    for node in nodes {
        if let Some(block) = node.as_tag().and_then(Tag::as_block) {
            found.push(Arc::clone(block));
        }
        for body in node.bodies() {
            collect_blocks(body, found);
        }
    }
}
