//! The words of tags: values and `name=value` (`token_kwargs` and `kwarg_re` of `django/template/base.py`).

use std::sync::Arc;

use indexmap::IndexMap;

use super::super::TemplateError;
use super::super::expression::Expression;
use super::super::lexer::Token;
use super::super::parser::Parser;
use super::super::render::Renderer;
use super::super::text::word_length;
use crate::value::Value;

/// Names and the expressions that they are set to; a later assignment to the same name takes the place of the earlier
/// one.
pub(super) type Assignments = IndexMap<Arc<str>, Expression>;

/// Cuts `name=value`; without a name the first part is `None`.
pub(super) fn keyword(word: &str) -> (Option<&str>, &str) {
    let length = word_length(word);
    match word[length..].strip_prefix('=') {
        Some(value) if length > 0 && !value.is_empty() => (Some(&word[..length]), value),
        _ => (None, word),
    }
}

/// Takes the assignments off the beginning of `words`: `name=value`, and with `legacy` also `value as name and …`.
pub(super) fn assignments(
    words: &mut &[String],
    parser: &Parser<'_>,
    legacy: bool,
) -> Result<Assignments, TemplateError> {
    let mut found = Assignments::new();
    let keyword_format = words.first().is_some_and(|word| keyword(word).0.is_some());
    if !keyword_format && !legacy {
        return Ok(found);
    }
    loop {
        let (name, value, length) = match words {
            [word, ..] if keyword_format => match keyword(word) {
                (Some(name), value) => (name, value, 1),
                (None, _) => break,
            },
            [value, separator, name, ..] if !keyword_format && separator == "as" => {
                (name.as_str(), value.as_str(), 3)
            }
            _ => break,
        };
        found.insert(name.into(), parser.compile(value)?);
        *words = &words[length..];
        if !keyword_format && !words.is_empty() {
            if words[0] != "and" {
                break;
            }
            *words = &words[1..];
        }
    }
    Ok(found)
}

/// The values of assignments.
pub(super) fn evaluate(
    assignments: &Assignments,
    renderer: &mut Renderer<'_>,
) -> Result<Vec<(Arc<str>, Value)>, TemplateError> {
    assignments
        .iter()
        .map(|(name, value)| Ok((Arc::clone(name), renderer.evaluate(value)?)))
        .collect()
}

/// Takes `as name` off the end of the words of a tag.
pub(super) fn take_target(words: &mut Vec<String>) -> Option<Arc<str>> {
    match words.as_slice() {
        [.., separator, name] if separator == "as" => {
            let name = name.as_str().into();
            words.truncate(words.len() - 2);
            Some(name)
        }
        _ => None,
    }
}

/// The words of a tag that is written as a `simple_tag`: values, `name=value` and `as name`
/// (`parse_bits` of `django/template/library.py`).
#[derive(Debug)]
pub(super) struct Arguments {
    pub(super) positional: Vec<Expression>,
    pub(super) keywords: Assignments,
    pub(super) target: Option<Arc<str>>,
}

impl Arguments {
    pub(super) fn parse(token: &Token, parser: &Parser<'_>) -> Result<Self, TemplateError> {
        let mut words = token.split_contents()?;
        let tag = words.remove(0);
        let target = take_target(&mut words);
        let (mut positional, mut keywords) = (Vec::new(), Assignments::new());
        for word in &words {
            match keyword(word) {
                (Some(name), value) => {
                    if keywords.contains_key(name) {
                        return Err(TemplateError::syntax(format!(
                            "'{tag}' received multiple values for keyword argument '{name}'"
                        )));
                    }
                    keywords.insert(name.into(), parser.compile(value)?);
                }
                (None, _) if !keywords.is_empty() => {
                    return Err(TemplateError::syntax(format!(
                        "'{tag}' received some positional argument(s) after some keyword argument(s)"
                    )));
                }
                (None, value) => positional.push(parser.compile(value)?),
            }
        }
        Ok(Self {
            positional,
            keywords,
            target,
        })
    }
}
