//! djust's own tags. `{% dj_flash %}` writes the same for every project; the others read the project's settings, URLs
//! or views, so a [`Library`](super::super::Library) that can ask the project has to answer them.

use super::super::error::TemplateError;
use super::super::escape::escape_into;
use super::super::expression::Expression;
use super::super::lexer::Token;
use super::super::node::Tag;
use super::super::output::Output;
use super::super::parser::Parser;
use super::super::reads::Reads;
use super::super::render::Renderer;
use super::arguments::keyword;
use crate::value::Value;

/// `{% dj_flash %}`: where djust's client shows messages.
#[derive(Debug)]
struct Flash {
    auto_dismiss: Option<Expression>,
    position: Option<Expression>,
}

pub(super) fn compile_flash(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let mut flash = Flash {
        auto_dismiss: None,
        position: None,
    };
    for word in &token.split_contents()?[1..] {
        match keyword(word) {
            (Some("auto_dismiss"), value) => flash.auto_dismiss = Some(parser.compile(value)?),
            (Some("position"), value) => flash.position = Some(parser.compile(value)?),
            _ => {}
        }
    }
    Ok(Box::new(flash))
}

/// After how many milliseconds a message goes, if nothing else is said.
const AUTO_DISMISS_MS: i64 = 5000;

impl Tag for Flash {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let mut auto_dismiss = Value::Int(AUTO_DISMISS_MS);
        if let Some(expression) = &self.auto_dismiss
            && let Ok(milliseconds) = renderer.evaluate(expression)?.to_int()
        {
            auto_dismiss = Value::from(milliseconds);
        }
        out.push_str("<div id=\"dj-flash-container\" class=\"dj-flash-container");
        if let Some(expression) = &self.position {
            let position = renderer.evaluate(expression)?;
            let position = position.to_str();
            let position = position.trim_matches(['\'', '"']);
            if !position.is_empty() {
                out.push_str(" dj-flash-");
                let is_allowed = |character: &char| character.is_ascii_alphanumeric() || *character == '-';
                out.text_mut().extend(position.chars().filter(is_allowed));
            }
        }
        out.push_str("\" dj-update=\"ignore\" data-dj-auto-dismiss=\"");
        escape_into(&auto_dismiss.to_str(), out.text_mut());
        out.push_str("\" aria-live=\"polite\" role=\"status\"></div>");
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.expressions(self.auto_dismiss.as_slice());
        reads.expressions(self.position.as_slice());
    }
}

/// A tag that only the project can answer.
#[derive(Debug)]
struct Unanswered {
    contents: String,
}

pub(super) fn compile_unanswered(
    _parser: &mut Parser<'_>,
    token: &Token,
) -> Result<Box<dyn Tag>, TemplateError> {
    Ok(Box::new(Unanswered {
        contents: token.contents.clone(),
    }))
}

impl Tag for Unanswered {
    fn render(&self, _renderer: &mut Renderer<'_>, _out: &mut Output) -> Result<(), TemplateError> {
        let message = format!("{{% {} %}} needs the project's Python.", self.contents);
        let mut error = TemplateError::new("UnansweredTag", message);
        error.hint = Some("the tag is djust's, in the library 'live_tags'".to_owned());
        Err(error)
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.everything();
    }
}
