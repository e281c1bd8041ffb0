//! Renders nodes: the state of one render, and how expressions are written.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::context::Context;
use super::environment::Environment;
use super::error::{LIMIT_EXCEEDED, TemplateError};
use super::escape::escape_into;
use super::expression::Expression;
use super::loader::Loader;
use super::memo::{Memo, Remembering};
use super::node::{Kind, Node};
use super::output::Output;
use super::resolve::{Missing, Stop};
use super::scopes::{Bound, Scopes};
use super::state::{Frame, Loop, RunningBlock};
use super::unwind::Depth;
use super::{Template, formats};
use crate::value::Value;

/// How deep bodies of tags can stand in each other, over all templates of a render.
const MAX_BODIES: usize = 300;

/// The state of one render.
#[derive(Debug)]
pub struct Renderer<'a> {
    pub(super) context: &'a Context,
    pub(super) scopes: Scopes<'a>,
    pub(super) loader: &'a dyn Loader,
    pub(super) environment: Cow<'a, Environment>,
    pub(super) autoescape: bool,
    /// `Context.use_l10n`.
    pub(super) use_l10n: bool,
    /// `Context.use_tz`.
    pub(super) use_tz: bool,
    pub(super) if_markers: bool,
    /// What stands for a name that does not exist, without a place for the name.
    pub(super) invalid: Value,
    /// `RenderContext`: the state of each template that is being rendered.
    pub(super) frames: Vec<Frame>,
    /// The loops that run, the outermost first.
    pub(super) loops: Vec<Loop>,
    /// The blocks that run, the outermost first.
    pub(super) blocks: Vec<RunningBlock>,
    /// What `block.super` gave, while the expression that asked for it is evaluated.
    pub(super) super_text: Option<(usize, Result<Value, TemplateError>)>,
    /// The templates of this render. One that is loaded anew is another one.
    templates: Vec<Template>,
    /// The template whose nodes are being rendered.
    pub(super) current: u32,
    /// Where templates were loaded: by which template, at which place, by which name.
    loaded: HashMap<(u32, u32, Arc<str>), u32>,
    /// The `{% include %}`s that lead to what is being rendered, see [`MarkerId`](super::markers::MarkerId).
    pub(super) includes: Vec<(u32, u32)>,
    /// Rows of loops that may be as they were.
    pub(super) remembering: Option<Remembering<'a>>,
    pub(super) depth: Depth,
    iterations: usize,
}

impl<'a> Renderer<'a> {
    pub(super) fn new(
        template: &Template,
        context: &'a Context,
        loader: &'a dyn Loader,
        environment: &'a Environment,
    ) -> Self {
        Self {
            context,
            scopes: Scopes::new(&context.values),
            loader,
            environment: Cow::Borrowed(environment),
            autoescape: environment.autoescape,
            use_l10n: true,
            use_tz: environment.use_tz,
            if_markers: environment.if_markers,
            invalid: Value::from(&*environment.string_if_invalid),
            frames: vec![Frame::default()],
            loops: Vec::new(),
            blocks: Vec::new(),
            super_text: None,
            templates: vec![template.clone()],
            current: 0,
            loaded: HashMap::new(),
            includes: Vec::new(),
            remembering: None,
            depth: Depth::default(),
            iterations: 0,
        }
    }

    /// Renders a node of the template itself, with the rows of loops as they were in the render before: `text` is what
    /// the node wrote then, and `memo` what is known of it.
    ///
    /// # Errors
    ///
    /// As [`Renderer::render_node`].
    pub fn render_again(
        &mut self,
        node: &Node,
        memo: &'a Memo,
        text: &'a str,
        out: &mut Output,
    ) -> Result<Memo, TemplateError> {
        self.remembering = Some(Remembering::new(memo, text, out.len()));
        self.render_node(node, out)?;
        Ok(self
            .remembering
            .take()
            .map(Remembering::finish)
            .unwrap_or_default())
    }

    /// Whether the environment is the one that was given, which no tag around has changed.
    pub(super) fn has_own_environment(&self) -> bool {
        matches!(self.environment, Cow::Borrowed(_))
    }

    /// The templates that took part so far; [`Note::template`](super::output::Note::template) counts them.
    pub fn templates(&self) -> &[Template] {
        &self.templates
    }

    /// The template whose nodes are being rendered.
    pub(super) fn template(&self) -> &Template {
        &self.templates[self.current as usize]
    }

    /// Renders nodes of the current template.
    ///
    /// # Errors
    ///
    /// What the first node raises that raises something, with its place.
    pub fn render_nodes(&mut self, nodes: &[Node], out: &mut Output) -> Result<(), TemplateError> {
        self.depth.bodies += 1;
        if self.depth.bodies > MAX_BODIES {
            return Err(recursion_error());
        }
        for node in nodes {
            self.render_node(node, out)?;
        }
        self.depth.bodies -= 1;
        Ok(())
    }

    /// Renders a node of the current template.
    ///
    /// # Errors
    ///
    /// What the node raises, with its place.
    pub fn render_node(&mut self, node: &Node, out: &mut Output) -> Result<(), TemplateError> {
        out.note(self.current, node.id);
        let rendered = match &node.kind {
            Kind::Text(text) => {
                out.push_str(text);
                Ok(())
            }
            Kind::Variable(expression) => self.write_expression(expression, out),
            Kind::Tag(tag) => tag.render(self, out),
        };
        rendered
            .and_then(|()| out.check())
            .map_err(|error| error.at(self.template().name(), node.position))
    }

    /// Renders nodes into a string of its own.
    pub(super) fn capture(&mut self, nodes: &[Node], out: &mut Output) -> Result<String, TemplateError> {
        let start = out.mark();
        self.enter_capture();
        self.render_nodes(nodes, out)?;
        self.leave_capture();
        Ok(out.take_from(start))
    }

    /// Runs `body` in a scope of its own.
    pub(super) fn scoped<T>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<T, TemplateError>,
    ) -> Result<T, TemplateError> {
        self.scopes.push();
        let result = body(self)?;
        self.scopes.pop();
        Ok(result)
    }

    /// Sets a name in the innermost scope.
    pub(super) fn assign(&mut self, name: &Arc<str>, value: Value) {
        self.scopes.set(name, Bound::Value(value));
    }

    /// Writes the value of an expression (`VariableNode.render`).
    fn write_expression(&mut self, expression: &Expression, out: &mut Output) -> Result<(), TemplateError> {
        self.with_super(|renderer| {
            let value = renderer.resolve(expression, Missing::Invalid)?;
            Ok(renderer.write_value(&value, out)?)
        })
    }

    /// The value of an expression; a name that does not exist gives `string_if_invalid`.
    ///
    /// # Errors
    ///
    /// What a filter raises, and `VariableDoesNotExist` for the argument of a filter.
    pub(crate) fn evaluate(&mut self, expression: &Expression) -> Result<Value, TemplateError> {
        self.with_super(|renderer| {
            renderer
                .resolve(expression, Missing::Invalid)
                .map(Cow::into_owned)
        })
    }

    /// The value of an expression; a name that does not exist gives `None` (`ignore_failures`).
    ///
    /// # Errors
    ///
    /// As [`Renderer::evaluate`].
    pub(crate) fn evaluate_or_none(&mut self, expression: &Expression) -> Result<Value, TemplateError> {
        self.with_super(|renderer| renderer.resolve(expression, Missing::None).map(Cow::into_owned))
    }

    /// The value of an expression; `None` where the argument of a filter does not exist.
    pub(super) fn evaluate_unless_missing(
        &mut self,
        expression: &Expression,
    ) -> Result<Option<Value>, TemplateError> {
        self.with_super(|renderer| match renderer.resolve(expression, Missing::Invalid) {
            Ok(value) => Ok(Some(value.into_owned())),
            Err(Stop::Missing(..)) => Ok(None),
            Err(stop) => Err(stop),
        })
    }

    /// Runs an evaluation; if it asks for `block.super`, renders that and runs it again with the text.
    pub(super) fn with_super<T>(
        &mut self,
        mut attempt: impl FnMut(&Self) -> Result<T, Stop>,
    ) -> Result<T, TemplateError> {
        let mut result = attempt(self);
        if let Err(Stop::Super(index)) = result {
            let place = self.place();
            let text = self.render_super(index);
            if text.is_err() {
                self.unwind(place);
            }
            self.super_text = Some((index, text));
            result = attempt(self);
            self.super_text = None;
        }
        result.map_err(|stop| self.error_of(stop))
    }

    /// Writes a value as a part of the page (`render_value_in_context`).
    pub(super) fn write_value(&self, value: &Value, out: &mut Output) -> Result<(), TemplateError> {
        let text = out.text_mut();
        match value {
            Value::Safe(safe) => text.push_str(safe),
            Value::Str(plain) if self.autoescape => escape_into(plain, text),
            Value::Str(plain) => text.push_str(plain),
            Value::None | Value::Bool(_) => value.write_str(text),
            Value::Int(_) if !self.environment.use_thousand_separator => value.write_str(text),
            _ => {
                let local = formats::local_time(value, self.use_tz, &self.environment)?;
                let value = local.as_ref().unwrap_or(value);
                let localized = formats::localize(value, self.use_l10n, &self.environment)?;
                if self.autoescape {
                    escape_into(&localized, text);
                } else {
                    text.push_str(&localized);
                }
            }
        }
        Ok(())
    }

    /// A value as a part of the page, as a value again.
    pub(super) fn rendered(&self, value: &Value) -> Result<Value, TemplateError> {
        let mut out = Output::new(usize::MAX);
        self.write_value(value, &mut out)?;
        let is_safe = self.autoescape || value.is_safe();
        Ok(if is_safe {
            Value::safe(out.into_string())
        } else {
            Value::from(out.into_string())
        })
    }

    /// Counts what can run again and again: the body of a loop, a block, an included template.
    pub(super) fn count_iteration(&mut self) -> Result<(), TemplateError> {
        self.iterations += 1;
        let most = self.environment.limits.max_iterations;
        if self.iterations <= most {
            return Ok(());
        }
        let message = format!("Loops, blocks and included templates run more than {most} times.");
        Err(TemplateError::new(LIMIT_EXCEEDED, message))
    }

    /// Runs `body` one template or block deeper.
    pub(super) fn deeper<T>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<T, TemplateError>,
    ) -> Result<T, TemplateError> {
        self.count_iteration()?;
        self.depth.templates += 1;
        if self.depth.templates > self.environment.limits.max_depth {
            return Err(recursion_error());
        }
        let result = body(self)?;
        self.depth.templates -= 1;
        Ok(result)
    }

    /// Runs `body` with nodes of another template of this render.
    pub(super) fn in_template<T>(
        &mut self,
        template: u32,
        body: impl FnOnce(&mut Self) -> Result<T, TemplateError>,
    ) -> Result<T, TemplateError> {
        let outer = std::mem::replace(&mut self.current, template);
        let result = body(self)?;
        self.current = outer;
        Ok(result)
    }

    /// The number of a template in this render.
    ///
    /// Django's cached loader gives the same object for the same name; without it, each `{% include %}` keeps the
    /// object that it loaded first, and each `{% extends %}` loads anew: `place` is the tag that keeps it.
    pub(super) fn enter(&mut self, template: &Template, place: Option<u32>) -> u32 {
        if self.loader.is_cached() {
            let known = self.templates.iter().position(|own| own.is(template));
            if let Some(number) = known {
                return u32::try_from(number).unwrap_or(u32::MAX);
            }
        }
        let key = place.map(|place| (self.current, place, template.origin().clone()));
        if let Some(number) = key.as_ref().and_then(|key| self.loaded.get(key)) {
            return *number;
        }
        let number = u32::try_from(self.templates.len()).unwrap_or(u32::MAX);
        self.templates.push(template.clone());
        if let Some(key) = key {
            self.loaded.insert(key, number);
        }
        number
    }
}

/// Python's error for what stands too deep in itself.
pub(super) fn recursion_error() -> TemplateError {
    TemplateError::new("RecursionError", "maximum recursion depth exceeded")
}
