//! `{% translate %}`. No catalogue is installed, so every text stands for itself.

use std::borrow::Cow;
use std::sync::Arc;

use super::super::error::TemplateError;
use super::super::expression::Expression;
use super::super::lexer::Token;
use super::super::node::Tag;
use super::super::output::Output;
use super::super::parser::Parser;
use super::super::reads::Reads;
use super::super::render::Renderer;
use super::super::resolve::{HeadValue, Missing, Stop};
use crate::value::Value;

/// `{% translate %}`.
#[derive(Debug)]
struct Translate {
    message: Expression,
    context: Option<Expression>,
    target: Option<Arc<str>>,
    is_translated: bool,
}

pub(super) fn compile(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let words = token.split_contents()?;
    let [tag, message, options @ ..] = words.as_slice() else {
        return Err(TemplateError::syntax(format!(
            "'{}' takes at least one argument",
            words[0]
        )));
    };
    let message = parser.compile(message)?;
    let mut translate = Translate {
        message,
        context: None,
        target: None,
        is_translated: true,
    };
    let mut seen: Vec<&str> = Vec::new();
    let mut rest = options.iter();
    while let Some(option) = rest.next() {
        if seen.contains(&option.as_str()) {
            let message = format!("The '{option}' option was specified more than once.");
            return Err(TemplateError::syntax(message));
        }
        let mut value = |name: &str| {
            rest.next().ok_or_else(|| {
                TemplateError::syntax(format!(
                    "No argument provided to the '{tag}' tag for the {name} option."
                ))
            })
        };
        match option.as_str() {
            "noop" => translate.is_translated = false,
            "context" => {
                let value = value("context")?;
                if value == "as" || value == "noop" {
                    return Err(TemplateError::syntax(format!(
                        "Invalid argument '{value}' provided to the '{tag}' tag for the context option"
                    )));
                }
                translate.context = Some(parser.compile(value)?);
            }
            "as" => translate.target = Some(value("as")?.as_str().into()),
            _ => {
                return Err(TemplateError::syntax(format!(
                    "Unknown argument for '{tag}' tag: '{option}'. The only options available are 'noop', \
                     'context' \"xxx\", and 'as VAR'."
                )));
            }
        }
        seen.push(option);
    }
    Ok(Box::new(translate))
}

impl Tag for Translate {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        if let Some(context) = &self.context {
            renderer.evaluate(context)?;
        }
        let value = renderer.with_super(|renderer| self.message(renderer))?;
        let value = renderer.rendered(&value)?;
        let text = value.to_str();
        let text = text.replace("%%", "%");
        let value = if value.is_safe() {
            Value::safe(text)
        } else {
            Value::from(text)
        };
        renderer.finish(self.target.as_ref(), value, out);
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.expression(&self.message);
        reads.expressions(self.context.as_slice());
        reads.write(self.target.as_ref());
    }
}

impl Translate {
    /// The message with its percent signs doubled, as `gettext` gets it; the filters see them like that.
    fn message(&self, renderer: &Renderer<'_>) -> Result<Value, Stop> {
        let head = match renderer.head(&self.message, Missing::Invalid)? {
            HeadValue::Invalid(value) => return Ok(value.into_owned()),
            HeadValue::Found(value) => value,
        };
        let is_marked = self.message.text.starts_with("_(");
        if !self.is_translated || is_marked {
            return renderer.filtered(head, &self.message).map(Cow::into_owned);
        }
        let Some(text) = head.as_text() else {
            let message = format!("'{}' object has no attribute 'replace'", head.type_name());
            return Err(TemplateError::new("AttributeError", message).into());
        };
        let doubled = text.replace('%', "%%");
        let doubled = if head.is_safe() {
            Value::safe(doubled)
        } else {
            Value::from(doubled)
        };
        renderer
            .filtered(Cow::Owned(doubled), &self.message)
            .map(Cow::into_owned)
    }
}
