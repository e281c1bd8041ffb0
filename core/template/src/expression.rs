//! Filter expressions, `variable|filter:argument` (`FilterExpression` of `django/template/base.py`).

use std::sync::Arc;

use super::TemplateError;
use super::filters::Argument as Arity;
use super::libraries::FilterFunction;
use super::scope::Scope;
use super::text::{is_word, quoted_length, word_length};
use super::variable::{Variable, constant};
use crate::value::Value;
use crate::value::text::is_whitespace;

/// A variable or constant and the filters that it goes through.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    /// As it stands in the template.
    pub text: Arc<str>,
    /// What the filters begin with.
    pub head: Head,
    /// The filters, in their order.
    pub filters: Box<[Step]>,
}

/// What the filters of an [`Expression`] begin with.
#[derive(Clone, Debug)]
pub(crate) enum Head {
    /// A quoted string.
    Constant(Value),
    /// A number or a path into the context.
    Variable(Variable),
}

/// One filter of an [`Expression`].
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Its name.
    pub name: Arc<str>,
    /// What it does.
    pub function: FilterFunction,
    /// What is behind its colon.
    pub argument: Option<Head>,
}

impl Expression {
    /// The text of a constant to which no filter is applied: the name of a template that is known beforehand.
    pub fn constant_name(&self) -> Option<String> {
        match &self.head {
            Head::Constant(name) if self.filters.is_empty() => Some(name.to_str().into_owned()),
            _ => None,
        }
    }

    /// Reads an expression with the filters that `scope` knows.
    ///
    /// # Errors
    ///
    /// `TemplateSyntaxError` with Django's text.
    pub fn parse(text: &str, scope: &Scope) -> Result<Self, TemplateError> {
        let head_length = head_length(text);
        let head = match head_length {
            Some(length) => head(&text[..length])?,
            None => return Err(no_head(text)),
        };
        let mut filters = Vec::new();
        let mut upto = head_length.unwrap_or_default();
        while upto < text.len() {
            let Some(matched) = MatchedFilter::find(text, upto) else {
                return Err(TemplateError::syntax(format!(
                    "Could not parse the remainder: '{}' from '{text}'",
                    &text[upto..]
                )));
            };
            if matched.start != upto {
                return Err(unparsed(text, upto, matched.start));
            }
            upto = matched.end;
            filters.push(matched.step(scope)?);
        }
        Ok(Self {
            text: text.into(),
            head,
            filters: filters.into(),
        })
    }

    /// The variable that the expression begins with, if it is one.
    pub fn as_variable(&self) -> Option<&Variable> {
        match &self.head {
            Head::Constant(_) => None,
            Head::Variable(variable) => Some(variable),
        }
    }

    /// The variables that it reads: its head and the arguments of its filters.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        let arguments = self.filters.iter().filter_map(|step| step.argument.as_ref());
        std::iter::once(&self.head)
            .chain(arguments)
            .filter_map(|head| match head {
                Head::Constant(_) => None,
                Head::Variable(variable) => Some(variable),
            })
    }
}

fn head(text: &str) -> Result<Head, TemplateError> {
    match constant(text) {
        Some(value) => Ok(Head::Constant(value)),
        None => Variable::parse(text).map(Head::Variable),
    }
}

fn no_head(text: &str) -> TemplateError {
    match MatchedFilter::find(text, 0) {
        Some(matched) if matched.start > 0 => unparsed(text, 0, matched.start),
        Some(_) => TemplateError::syntax(format!("Could not find variable at start of {text}.")),
        None => TemplateError::syntax(format!("Could not parse the remainder: '{text}' from '{text}'")),
    }
}

fn unparsed(text: &str, upto: usize, start: usize) -> TemplateError {
    TemplateError::syntax(format!(
        "Could not parse some characters: {}|{}|{}",
        &text[..upto],
        &text[upto..start],
        &text[start..]
    ))
}

/// Length of the constant or variable at the beginning of `text`.
fn head_length(text: &str) -> Option<usize> {
    constant_length(text).or_else(|| variable_length(text))
}

/// Length of `"…"`, `'…'` or one of them in `_(…)`.
fn constant_length(text: &str) -> Option<usize> {
    match text.strip_prefix("_(") {
        Some(inner) => {
            let length = quoted_length(inner)?;
            inner[length..].starts_with(')').then_some(length + 3)
        }
        None => quoted_length(text),
    }
}

/// Length of `[\w.]+` or of a number with a sign.
fn variable_length(text: &str) -> Option<usize> {
    let name = text
        .find(|character| !is_word(character) && character != '.')
        .unwrap_or(text.len());
    if name > 0 {
        return Some(name);
    }
    let digits = text.strip_prefix(['-', '+'])?;
    if !digits.starts_with(|character: char| character.is_ascii_digit()) {
        return None;
    }
    let is_part = |character: char| character.is_ascii_digit() || character == '.' || character == 'e';
    Some(
        1 + digits
            .find(|character| !is_part(character))
            .unwrap_or(digits.len()),
    )
}

/// A filter found in the text of an expression.
struct MatchedFilter<'a> {
    start: usize,
    end: usize,
    name: &'a str,
    argument: Option<&'a str>,
}

impl<'a> MatchedFilter<'a> {
    /// The first filter at or behind `from`: `\s*\|\s*name(:argument)?`.
    fn find(text: &'a str, from: usize) -> Option<Self> {
        let mut search = from;
        while let Some(offset) = text[search..].find('|') {
            let pipe = search + offset;
            let after = text[pipe + 1..].trim_start_matches(is_whitespace);
            let length = word_length(after);
            if length > 0 {
                let start = from + text[from..pipe].trim_end_matches(is_whitespace).len();
                let name_end = text.len() - after.len() + length;
                let argument = argument(&text[name_end..]);
                let end = name_end + argument.map_or(0, |argument| argument.len() + 1);
                return Some(Self {
                    start,
                    end,
                    name: &after[..length],
                    argument,
                });
            }
            search = pipe + 1;
        }
        None
    }

    fn step(&self, scope: &Scope) -> Result<Step, TemplateError> {
        let argument = self.argument.map(head).transpose()?;
        let function = scope
            .filter(self.name)
            .ok_or_else(|| scope.unknown_filter(self.name))?;
        check_arguments(self.name, &function, argument.is_some())?;
        Ok(Step {
            name: self.name.into(),
            function,
            argument,
        })
    }
}

/// The argument at the beginning of what follows a filter's name.
fn argument(text: &str) -> Option<&str> {
    let argument = text.strip_prefix(':')?;
    head_length(argument).map(|length| &argument[..length])
}

/// `FilterExpression.args_check`.
fn check_arguments(name: &str, function: &FilterFunction, has_argument: bool) -> Result<(), TemplateError> {
    // Django counts the parameter `autoescape` as one that an argument could fill; the call fails then.
    let (least, most) = match function.arity() {
        Arity::None if function.needs_autoescape() => (1, 2),
        Arity::None => (1, 1),
        Arity::Optional => (1, 2),
        Arity::Required => (2, 2),
    };
    let provided = 1 + usize::from(has_argument);
    if (least..=most).contains(&provided) {
        return Ok(());
    }
    Err(TemplateError::syntax(format!(
        "{name} requires {least} arguments, {provided} provided"
    )))
}
