//! Tags that set a name to something about the active language or time zone.

use std::sync::Arc;

use super::super::error::TemplateError;
use super::super::expression::Expression;
use super::super::languages::Language;
use super::super::lexer::Token;
use super::super::node::Tag;
use super::super::output::Output;
use super::super::parser::Parser;
use super::super::reads::Reads;
use super::super::render::Renderer;
use crate::value::{Value, Zone};

/// A tag that sets a name.
#[derive(Debug)]
struct Fact {
    what: What,
    name: Arc<str>,
}

#[derive(Debug)]
enum What {
    AvailableLanguages,
    CurrentLanguage,
    IsCurrentLanguageBidirectional,
    LanguageInfo(Expression),
    LanguageInfoList(Expression),
    CurrentTimeZone,
}

pub(super) fn compile_available(
    parser: &mut Parser<'_>,
    token: &Token,
) -> Result<Box<dyn Tag>, TemplateError> {
    fact(parser, token, What::AvailableLanguages)
}

pub(super) fn compile_current(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let asks_for_bidi = token.contents.starts_with("get_current_language_bidi");
    let what = if asks_for_bidi {
        What::IsCurrentLanguageBidirectional
    } else {
        What::CurrentLanguage
    };
    fact(parser, token, what)
}

pub(super) fn compile_timezone(
    parser: &mut Parser<'_>,
    token: &Token,
) -> Result<Box<dyn Tag>, TemplateError> {
    fact(parser, token, What::CurrentTimeZone)
}

/// `tag as name`.
fn fact(_parser: &mut Parser<'_>, token: &Token, what: What) -> Result<Box<dyn Tag>, TemplateError> {
    let words = token.split();
    match words.as_slice() {
        [_, separator, name] if separator == "as" => Ok(Box::new(Fact {
            what,
            name: name.as_str().into(),
        })),
        _ => Err(TemplateError::syntax(format!(
            "'{}' requires 'as variable' (got {})",
            words[0],
            repr_list(&words)
        ))),
    }
}

pub(super) fn compile_info(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let (value, name) = for_as(parser, token, "string")?;
    Ok(Box::new(Fact {
        what: What::LanguageInfo(value),
        name,
    }))
}

pub(super) fn compile_info_list(
    parser: &mut Parser<'_>,
    token: &Token,
) -> Result<Box<dyn Tag>, TemplateError> {
    let (value, name) = for_as(parser, token, "sequence")?;
    Ok(Box::new(Fact {
        what: What::LanguageInfoList(value),
        name,
    }))
}

/// `tag for value as name`.
fn for_as(parser: &Parser<'_>, token: &Token, kind: &str) -> Result<(Expression, Arc<str>), TemplateError> {
    let words = token.split_contents()?;
    match words.as_slice() {
        [_, for_word, value, separator, name] if for_word == "for" && separator == "as" => {
            Ok((parser.compile(value)?, name.as_str().into()))
        }
        _ => Err(TemplateError::syntax(format!(
            "'{}' requires 'for {kind} as variable' (got {})",
            words[0],
            repr_list(&words[1..])
        ))),
    }
}

fn repr_list(words: &[String]) -> String {
    words
        .iter()
        .map(|word| Value::str(word.as_str()))
        .collect::<Value>()
        .repr()
}

impl Tag for Fact {
    fn render(&self, renderer: &mut Renderer<'_>, _out: &mut Output) -> Result<(), TemplateError> {
        let value = match &self.what {
            What::AvailableLanguages => Language::available(),
            What::CurrentLanguage => Value::from(&*renderer.environment.language),
            What::IsCurrentLanguageBidirectional => {
                let language = renderer
                    .environment
                    .language
                    .split('-')
                    .next()
                    .unwrap_or_default();
                Value::from(Language::of_code(language).is_ok_and(|language| language.is_bidirectional))
            }
            What::LanguageInfo(expression) => info(&renderer.evaluate(expression)?)?,
            What::LanguageInfoList(expression) => info_list(&renderer.evaluate(expression)?)?,
            What::CurrentTimeZone => Value::from(zone_name(&renderer.environment.time_zone)),
        };
        renderer.assign(&self.name, value);
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        if let What::LanguageInfo(expression) | What::LanguageInfoList(expression) = &self.what {
            reads.expression(expression);
        }
        reads.write(Some(&self.name));
    }
}

/// `timezone.get_current_timezone_name()`.
fn zone_name(zone: &Zone) -> String {
    match zone.key() {
        Some(key) => key.to_owned(),
        None => zone.name_of(jiff::civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0), false),
    }
}

fn info(code: &Value) -> Result<Value, TemplateError> {
    Ok(Language::of_code(&code.to_str())?.info())
}

/// Each item is a code, or a sequence that begins with one.
fn info_list(languages: &Value) -> Result<Value, TemplateError> {
    let Some(items) = languages.iterate() else {
        let message = format!("'{}' object is not iterable", languages.type_name());
        return Err(TemplateError::new("TypeError", message));
    };
    items
        .map(|item| {
            match item
                .index(0)
                .filter(|first| first.len().is_some_and(|length| length > 1))
            {
                Some(code) => info(&code),
                None => info(&item),
            }
        })
        .collect()
}
