//! `{% block %}` and `block.super`.

use std::sync::Arc;

use super::super::error::TemplateError;
use super::super::lexer::Token;
use super::super::node::{Node, Tag, bear_elements};
use super::super::output::Output;
use super::super::parser::Parser;
use super::super::reads::Reads;
use super::super::render::Renderer;
use super::super::scopes::Bound;
use super::super::state::{PlacedBlock, RunningBlock};
use crate::value::Value;

/// The content of a `{% block %}`.
#[derive(Debug)]
pub(crate) struct Block {
    /// Its name.
    pub name: Arc<str>,
    /// Its nodes.
    pub nodes: Vec<Node>,
    /// Name of the template that it stands in.
    pub template: Option<Arc<str>>,
}

#[derive(Debug)]
struct BlockTag {
    block: Arc<Block>,
    /// The name `block`.
    binding: Arc<str>,
}

pub(super) fn compile(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let words = token.split();
    let [_, name] = words.as_slice() else {
        return Err(TemplateError::syntax(format!(
            "'{}' tag takes only one argument",
            words[0]
        )));
    };
    if parser.block_names.contains(name) {
        return Err(TemplateError::syntax(format!(
            "'{}' tag with name '{name}' appears more than once",
            words[0]
        )));
    }
    parser.block_names.insert(name.clone());
    let nodes = parser.parse_until(&["endblock"])?;
    let end = parser.end_token()?;
    let named_end = format!("endblock {name}");
    if end.contents != "endblock" && end.contents != named_end {
        return Err(parser.unexpected_end("endblock", &["endblock", &named_end]));
    }
    let block = Arc::new(Block {
        name: name.as_str().into(),
        nodes,
        template: parser.template_name.map(Into::into),
    });
    Ok(Box::new(BlockTag {
        block,
        binding: "block".into(),
    }))
}

impl Tag for BlockTag {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let own = PlacedBlock {
            block: Arc::clone(&self.block),
            template: renderer.current,
        };
        renderer.render_block(own, &self.binding, out)
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.block(&self.block, &self.binding);
    }

    fn bodies(&self) -> Vec<&[Node]> {
        vec![&self.block.nodes]
    }

    fn bears_elements(&self) -> bool {
        bear_elements(&self.block.nodes)
    }

    fn as_block(&self) -> Option<&Arc<Block>> {
        Some(&self.block)
    }
}

impl Renderer<'_> {
    /// Renders the innermost definition of a block; `own` is the one at the place of the tag.
    fn render_block(
        &mut self,
        own: PlacedBlock,
        binding: &Arc<str>,
        out: &mut Output,
    ) -> Result<(), TemplateError> {
        let queues = self.frames.last_mut().and_then(|frame| frame.blocks.as_mut());
        let can_have_super = queues.is_some();
        let innermost = queues.and_then(|queues| queues.pop(&own.block.name));
        let placed = innermost.clone().unwrap_or(own);
        self.deeper(|renderer| {
            renderer.scoped(|renderer| {
                let number = renderer.blocks.len();
                renderer.blocks.push(RunningBlock {
                    placed: placed.clone(),
                    can_have_super,
                });
                renderer.scopes.set(binding, Bound::Block(number));
                renderer.in_template(placed.template, |renderer| {
                    renderer.render_nodes(&placed.block.nodes, out)
                })?;
                renderer.blocks.pop();
                Ok(())
            })
        })?;
        let queues = self.frames.last_mut().and_then(|frame| frame.blocks.as_mut());
        if let (Some(placed), Some(queues)) = (innermost, queues) {
            queues.push(placed);
        }
        Ok(())
    }

    /// What `block.super` gives: the definition that stands before the one that is being rendered.
    pub(in super::super) fn render_super(&mut self, number: usize) -> Result<Value, TemplateError> {
        let running = &self.blocks[number];
        if !running.can_have_super {
            return Err(TemplateError::syntax(
                "'BlockNode' object has no attribute 'context'. Did you use {{ block.super }} in a base template?",
            ));
        }
        let placed = running.placed.clone();
        let queues = self.frames.last().and_then(|frame| frame.blocks.as_ref());
        if !queues.is_some_and(|queues| queues.has(&placed.block.name)) {
            return Ok(Value::from(""));
        }
        let mut out = Output::new(self.environment.limits.max_output_bytes);
        self.enter_capture();
        self.render_block(placed, &"block".into(), &mut out)?;
        self.leave_capture();
        Ok(Value::safe(out.into_string()))
    }
}
