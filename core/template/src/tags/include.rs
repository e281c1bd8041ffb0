//! `{% include %}`.

use std::sync::Arc;

use indexmap::IndexMap;

use super::super::Template;
use super::super::error::TemplateError;
use super::super::expression::Expression;
use super::super::lexer::Token;
use super::super::node::Tag;
use super::super::output::Output;
use super::super::parser::Parser;
use super::super::reads::Reads;
use super::super::render::Renderer;
use super::super::state::Frame;
use super::arguments::{assignments, evaluate};
use super::paths::relative_path;
use crate::value::Value;

/// `{% include %}`.
#[derive(Debug)]
pub(crate) struct Include {
    /// Name of the template.
    pub template: Expression,
    /// `with name=value`.
    pub assignments: IndexMap<Arc<str>, Expression>,
    /// `only`.
    pub is_isolated: bool,
    /// The number of the tag in its template, for djust's markers.
    number: u32,
}

pub(super) fn compile(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let words = token.split_contents()?;
    let [tag, name, options @ ..] = words.as_slice() else {
        return Err(TemplateError::syntax(format!(
            "{} tag takes at least one argument: the name of the template to be included.",
            repr(&words[0])
        )));
    };
    let mut rest = options;
    let mut with = None;
    let mut is_isolated = false;
    while let [option, after @ ..] = rest {
        rest = after;
        if (option == "with" && with.is_some()) || (option == "only" && is_isolated) {
            let option = repr(option);
            return Err(TemplateError::syntax(format!(
                "The {option} option was specified more than once."
            )));
        }
        match option.as_str() {
            "with" => {
                let found = assignments(&mut rest, parser, false)?;
                if found.is_empty() {
                    let tag = repr(tag);
                    let message = format!("\"with\" in {tag} tag needs at least one keyword argument.");
                    return Err(TemplateError::syntax(message));
                }
                with = Some(found);
            }
            "only" => is_isolated = true,
            _ => {
                let message = format!("Unknown argument for {} tag: {}.", repr(tag), repr(option));
                return Err(TemplateError::syntax(message));
            }
        }
    }
    let template = parser.compile(&relative_path(parser.template_name, name, true)?)?;
    let number = parser.counters.next_include();
    Ok(Box::new(Include {
        template,
        assignments: with.unwrap_or_default(),
        is_isolated,
        number,
    }))
}

fn repr(word: &str) -> String {
    Value::str(word).repr()
}

impl Tag for Include {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let template = self.load(renderer)?;
        let values = evaluate(&self.assignments, renderer)?;
        renderer.includes.push((renderer.template().hash(), self.number));
        let number = renderer.enter(&template, Some(self.number));
        let hidden = self.is_isolated.then(|| renderer.scopes.isolate());
        if hidden.is_none() {
            renderer.scopes.push();
        }
        for (name, value) in values {
            renderer.assign(&name, value);
        }
        renderer.render_template(&template, number, out)?;
        match hidden {
            Some(hidden) => renderer.scopes.reveal(hidden),
            None => renderer.scopes.pop(),
        }
        renderer.includes.pop();
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.include(self);
    }

    fn constant_template(&self) -> Option<String> {
        self.template.constant_name()
    }
}

impl Include {
    fn load(&self, renderer: &mut Renderer<'_>) -> Result<Template, TemplateError> {
        let value = renderer.evaluate(&self.template)?;
        if let Some(name) = value.as_text().filter(|name| !name.is_empty()) {
            let name = relative_path(renderer.template().name(), name, false)?;
            let name = name.into_owned();
            return renderer.loader.select(std::slice::from_ref(&name));
        }
        if !value.is_truthy() {
            return renderer.loader.select(&[]);
        }
        let Some(names) = value.iterate() else {
            let message = format!("'{}' object is not iterable", value.type_name());
            return Err(TemplateError::new("TypeError", message));
        };
        let names: Vec<String> = names.map(|name| name.to_str().into_owned()).collect();
        renderer.loader.select(&names)
    }
}

impl Renderer<'_> {
    /// Renders another template, with a state of its own.
    fn render_template(
        &mut self,
        template: &Template,
        number: u32,
        out: &mut Output,
    ) -> Result<(), TemplateError> {
        self.deeper(|renderer| {
            renderer.frames.push(Frame::default());
            renderer.in_template(number, |renderer| renderer.render_nodes(template.nodes(), out))?;
            renderer.frames.pop();
            Ok(())
        })
    }
}
