//! Tags that change how their body is rendered: `{% autoescape %}`, `{% localize %}`, `{% localtime %}`,
//! `{% timezone %}` and `{% language %}`.

use std::borrow::Cow;

use super::super::error::TemplateError;
use super::super::expression::Expression;
use super::super::lexer::Token;
use super::super::node::{Node, Tag, bear_elements};
use super::super::output::Output;
use super::super::parser::Parser;
use super::super::reads::Reads;
use super::super::render::Renderer;
use crate::value::{Value, Zone};

/// A body and the setting that it is rendered with.
#[derive(Debug)]
struct Setting {
    change: Change,
    nodes: Vec<Node>,
}

#[derive(Debug)]
enum Change {
    Autoescape(bool),
    Localize(bool),
    LocalTime(bool),
    TimeZone(Expression),
    Language(Expression),
}

pub(super) fn compile_autoescape(
    parser: &mut Parser<'_>,
    token: &Token,
) -> Result<Box<dyn Tag>, TemplateError> {
    let words = token.split();
    let [_, argument] = words.as_slice() else {
        return Err(TemplateError::syntax(
            "'autoescape' tag requires exactly one argument.",
        ));
    };
    if argument != "on" && argument != "off" {
        return Err(TemplateError::syntax(
            "'autoescape' argument should be 'on' or 'off'",
        ));
    }
    body(parser, Change::Autoescape(argument == "on"), "endautoescape")
}

pub(super) fn compile_localize(
    parser: &mut Parser<'_>,
    token: &Token,
) -> Result<Box<dyn Tag>, TemplateError> {
    let is_on = on_or_off(token)?;
    body(parser, Change::Localize(is_on), "endlocalize")
}

pub(super) fn compile_localtime(
    parser: &mut Parser<'_>,
    token: &Token,
) -> Result<Box<dyn Tag>, TemplateError> {
    let is_on = on_or_off(token)?;
    body(parser, Change::LocalTime(is_on), "endlocaltime")
}

pub(super) fn compile_timezone(
    parser: &mut Parser<'_>,
    token: &Token,
) -> Result<Box<dyn Tag>, TemplateError> {
    let words = token.split_contents()?;
    let [_, zone] = words.as_slice() else {
        return Err(TemplateError::syntax(format!(
            "'{}' takes one argument (timezone)",
            words[0]
        )));
    };
    let zone = parser.compile(zone)?;
    body(parser, Change::TimeZone(zone), "endtimezone")
}

pub(super) fn compile_language(
    parser: &mut Parser<'_>,
    token: &Token,
) -> Result<Box<dyn Tag>, TemplateError> {
    let words = token.split_contents()?;
    let [_, language] = words.as_slice() else {
        return Err(TemplateError::syntax(format!(
            "'{}' takes one argument (language)",
            words[0]
        )));
    };
    let language = parser.compile(language)?;
    body(parser, Change::Language(language), "endlanguage")
}

fn on_or_off(token: &Token) -> Result<bool, TemplateError> {
    let words = token.split_contents()?;
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [_] | [_, "on"] => Ok(true),
        [_, "off"] => Ok(false),
        _ => {
            let tag = Value::str(words[0].as_str()).repr();
            Err(TemplateError::syntax(format!(
                "{tag} argument should be 'on' or 'off'"
            )))
        }
    }
}

fn body(parser: &mut Parser<'_>, change: Change, end: &str) -> Result<Box<dyn Tag>, TemplateError> {
    let nodes = parser.parse_body(end)?;
    Ok(Box::new(Setting { change, nodes }))
}

impl Tag for Setting {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        match &self.change {
            Change::Autoescape(is_on) => {
                let before = std::mem::replace(&mut renderer.autoescape, *is_on);
                renderer.render_nodes(&self.nodes, out)?;
                renderer.autoescape = before;
            }
            Change::Localize(is_on) => {
                let before = std::mem::replace(&mut renderer.use_l10n, *is_on);
                renderer.render_nodes(&self.nodes, out)?;
                renderer.use_l10n = before;
            }
            Change::LocalTime(is_on) => {
                let before = std::mem::replace(&mut renderer.use_tz, *is_on);
                renderer.render_nodes(&self.nodes, out)?;
                renderer.use_tz = before;
            }
            Change::TimeZone(zone) => {
                let zone = zone_of(&renderer.evaluate(zone)?, renderer)?;
                let mut environment = renderer.environment.clone();
                environment.to_mut().time_zone = zone;
                self.render_with(environment, renderer, out)?;
            }
            Change::Language(language) => {
                let language = renderer.evaluate(language)?;
                let mut environment = renderer.environment.clone();
                environment.to_mut().language = Cow::Owned(language.to_str().into_owned());
                self.render_with(environment, renderer, out)?;
            }
        }
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        if let Change::TimeZone(expression) | Change::Language(expression) = &self.change {
            reads.expression(expression);
        }
        reads.nodes(&self.nodes);
    }

    fn bodies(&self) -> Vec<&[Node]> {
        vec![&self.nodes]
    }

    fn bears_elements(&self) -> bool {
        // djust looks into the body of `{% autoescape %}` only.
        !matches!(self.change, Change::Autoescape(_)) || bear_elements(&self.nodes)
    }
}

impl Setting {
    fn render_with<'a>(
        &self,
        environment: Cow<'a, super::super::Environment>,
        renderer: &mut Renderer<'a>,
        out: &mut Output,
    ) -> Result<(), TemplateError> {
        let before = std::mem::replace(&mut renderer.environment, environment);
        renderer.render_nodes(&self.nodes, out)?;
        renderer.environment = before;
        Ok(())
    }
}

/// The time zone that a value names; `None` is the default one.
fn zone_of(value: &Value, renderer: &Renderer<'_>) -> Result<Zone, TemplateError> {
    if value.is_none() {
        return Ok(renderer.environment.default_time_zone.clone());
    }
    let name = value.to_str();
    Zone::named(&name).ok_or_else(|| {
        let message = format!("'No time zone found with key {name}'");
        TemplateError::new("ZoneInfoNotFoundError", message)
    })
}
