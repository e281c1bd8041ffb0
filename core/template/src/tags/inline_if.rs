//! djust's `{{ a if condition else b }}`.

use super::super::condition::Condition;
use super::super::error::TemplateError;
use super::super::expression::Expression;
use super::super::node::Tag;
use super::super::output::Output;
use super::super::reads::Reads;
use super::super::render::Renderer;
use super::super::scope::Scope;
use super::super::text::smart_split;

/// djust's `{{ a if condition else b }}`, with the filters behind it.
#[derive(Debug)]
pub(crate) struct InlineIf {
    condition: Condition,
    then: Expression,
    otherwise: Option<Expression>,
}

impl InlineIf {
    /// Reads the content of `{{ … }}`; `None` if it is none of these.
    ///
    /// # Errors
    ///
    /// `TemplateSyntaxError` if one of its parts cannot be read.
    pub fn parse(text: &str, scope: &Scope) -> Result<Option<Self>, TemplateError> {
        if !scope.libraries().is_djust() {
            return Ok(None);
        }
        let (head, filters) = text.split_at(outside_quotes(text, "|").unwrap_or(text.len()));
        let Some(keyword) = outside_quotes(head, " if ") else {
            return Ok(None);
        };
        let rest = &head[keyword + " if ".len()..];
        let (condition, otherwise) = match rest.find(" else ") {
            Some(at) => (&rest[..at], Some(rest[at + " else ".len()..].trim())),
            None => (rest, None),
        };
        let words: Vec<String> = smart_split(condition).into_iter().map(str::to_owned).collect();
        let compile = |text: &str| Expression::parse(text, scope);
        let with_filters = |text: &str| compile(&format!("{}{filters}", text.trim()));
        Ok(Some(Self {
            condition: Condition::parse(&words, compile)?,
            then: with_filters(&head[..keyword])?,
            otherwise: match otherwise {
                Some(text) if !text.is_empty() => Some(with_filters(text)?),
                _ if filters.is_empty() => None,
                _ => Some(with_filters("\"\"")?),
            },
        }))
    }
}

/// Where `needle` begins outside of quotes.
fn outside_quotes(text: &str, needle: &str) -> Option<usize> {
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match quote {
            Some(open) if open == character => quote = None,
            Some(_) => {}
            None if character == '"' || character == '\'' => quote = Some(character),
            None if text[at..].starts_with(needle) => return Some(at),
            None => {}
        }
    }
    None
}

impl Tag for InlineIf {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let is_true = renderer.is_true(&self.condition)?;
        let chosen = if is_true {
            Some(&self.then)
        } else {
            self.otherwise.as_ref()
        };
        if let Some(expression) = chosen {
            let value = renderer.evaluate(expression)?;
            renderer.write_value(&value, out)?;
        }
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.condition(&self.condition);
        reads.expression(&self.then);
        reads.expressions(self.otherwise.as_slice());
    }

    fn bears_elements(&self) -> bool {
        false
    }
}
