//! `{% blocktranslate %}`. No catalogue is installed, so every text stands for itself.

use std::sync::Arc;

use super::super::error::TemplateError;
use super::super::expression::Expression;
use super::super::lexer::{Token, TokenKind};
use super::super::node::Tag;
use super::super::output::Output;
use super::super::parser::Parser;
use super::super::reads::Reads;
use super::super::render::Renderer;
use super::super::resolve::invalid_text;
use super::super::text::strip;
use super::arguments::{Assignments, assignments, evaluate};
use crate::value::Value;
use crate::value::text::is_whitespace;

/// `{% blocktranslate %}`.
#[derive(Debug)]
struct BlockTranslate {
    tag: String,
    assignments: Assignments,
    singular: Vec<Piece>,
    plural: Vec<Piece>,
    counter: Option<(Arc<str>, Expression)>,
    context: Option<Expression>,
    is_trimmed: bool,
    target: Option<Arc<str>>,
}

/// A part of a text to be translated.
#[derive(Debug, PartialEq)]
enum Piece {
    Text(String),
    Name(String),
}

/// The words of the opening tag.
#[derive(Default)]
struct Options {
    with: Option<Assignments>,
    counter: Option<(Arc<str>, Expression)>,
    context: Option<Expression>,
    is_trimmed: bool,
    target: Option<Arc<str>>,
}

pub(super) fn compile(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let words = token.split_contents()?;
    let tag = words[0].clone();
    let options = options(&words, parser)?;
    let quoted = Value::str(tag.as_str()).repr();
    let (singular, last) = pieces(parser);
    let mut end = last.map_or_else(|| token.contents.clone(), |token| token.contents);
    let mut plural = Vec::new();
    if options.counter.is_some() {
        if strip(&end) != "plural" {
            let message = format!("{quoted} doesn't allow other block tags inside it");
            return Err(TemplateError::syntax(message));
        }
        let last;
        (plural, last) = pieces(parser);
        end = last.map_or(end, |token| token.contents);
    }
    if strip(&end) != format!("end{tag}") {
        let seen = Value::from(end).repr();
        let message = format!("{quoted} doesn't allow other block tags (seen {seen}) inside it");
        return Err(TemplateError::syntax(message));
    }
    Ok(Box::new(BlockTranslate {
        tag,
        assignments: options.with.unwrap_or_default(),
        singular,
        plural,
        counter: options.counter,
        context: options.context,
        is_trimmed: options.is_trimmed,
        target: options.target,
    }))
}

fn options(words: &[String], parser: &Parser<'_>) -> Result<Options, TemplateError> {
    let tag = &words[0];
    let quoted = Value::str(tag.as_str()).repr();
    let mut options = Options::default();
    let mut seen: Vec<&str> = Vec::new();
    let mut rest = &words[1..];
    while let [option, after @ ..] = rest {
        rest = after;
        if seen.contains(&option.as_str()) {
            let option = Value::str(option.as_str()).repr();
            return Err(TemplateError::syntax(format!(
                "The {option} option was specified more than once."
            )));
        }
        match option.as_str() {
            "with" => {
                let found = assignments(&mut rest, parser, true)?;
                if found.is_empty() {
                    let message = format!("\"with\" in {quoted} tag needs at least one keyword argument.");
                    return Err(TemplateError::syntax(message));
                }
                options.with = Some(found);
            }
            "count" => {
                let mut found = assignments(&mut rest, parser, true)?;
                if found.len() != 1 {
                    let message = format!("\"count\" in {quoted} tag expected exactly one keyword argument.");
                    return Err(TemplateError::syntax(message));
                }
                options.counter = found.pop();
            }
            "context" => {
                let value = rest.first().and_then(|value| parser.compile(value).ok());
                let message = format!("\"context\" in {quoted} tag expected exactly one argument.");
                options.context = Some(value.ok_or_else(|| TemplateError::syntax(message))?);
                rest = &rest[1..];
            }
            "trimmed" => options.is_trimmed = true,
            "asvar" => {
                let message = format!("No argument provided to the '{tag}' tag for the asvar option.");
                let value = rest.first().ok_or_else(|| TemplateError::syntax(message))?;
                options.target = Some(value.as_str().into());
                rest = &rest[1..];
            }
            _ => {
                let option = Value::str(option.as_str()).repr();
                return Err(TemplateError::syntax(format!(
                    "Unknown argument for {quoted} tag: {option}."
                )));
            }
        }
        seen.push(option);
    }
    Ok(options)
}

/// The texts and names up to the next tag, and the token that was read last.
fn pieces(parser: &mut Parser<'_>) -> (Vec<Piece>, Option<Token>) {
    let mut pieces = Vec::new();
    let mut last = None;
    while let Some(token) = parser.next_token() {
        let contents = token.contents.clone();
        let kind = token.kind;
        last = Some(token);
        match kind {
            TokenKind::Text => pieces.push(Piece::Text(contents)),
            TokenKind::Variable => pieces.push(Piece::Name(contents)),
            TokenKind::Block | TokenKind::Comment => break,
        }
    }
    (pieces, last)
}

impl Tag for BlockTranslate {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        if let Some(context) = &self.context {
            renderer.evaluate(context)?;
        }
        let values = evaluate(&self.assignments, renderer)?;
        let text = renderer.scoped(|renderer| {
            for (name, value) in values {
                renderer.assign(&name, value);
            }
            let pieces = self.pieces(renderer)?;
            self.text(pieces, renderer)
        })?;
        match &self.target {
            Some(target) => renderer.assign(target, Value::safe(text)),
            None => out.push_str(&text),
        }
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.expressions(self.context.as_slice());
        let counter = self.counter.as_ref().map(|(name, expression)| (name, expression));
        for (_, expression) in self.assignments.iter().chain(counter) {
            reads.expression(expression);
        }
        let bound = self.assignments.iter().chain(counter).map(|(name, _)| name);
        reads.scope(bound, |reads| {
            for piece in self.singular.iter().chain(&self.plural) {
                if let Piece::Name(name) = piece {
                    reads.name(name);
                }
            }
        });
        reads.write(self.target.as_ref());
    }
}

impl BlockTranslate {
    /// Singular or plural, by the rule of English.
    fn pieces(&self, renderer: &mut Renderer<'_>) -> Result<&[Piece], TemplateError> {
        let Some((name, expression)) = self.counter.as_ref().filter(|_| !self.plural.is_empty()) else {
            return Ok(&self.singular);
        };
        let count = renderer.evaluate(expression)?;
        let is_number = matches!(
            count,
            Value::Bool(_) | Value::Int(_) | Value::BigInt(_) | Value::Float(_) | Value::Decimal(_)
        );
        if !is_number {
            let (name, tag) = (
                Value::str(Arc::clone(name)).repr(),
                Value::str(self.tag.as_str()).repr(),
            );
            let message = format!("{name} argument to {tag} tag must be a number.");
            return Err(TemplateError::syntax(message));
        }
        let is_one = count == Value::Int(1);
        renderer.assign(name, count);
        Ok(if is_one { &self.singular } else { &self.plural })
    }

    fn text(&self, pieces: &[Piece], renderer: &Renderer<'_>) -> Result<String, TemplateError> {
        let trimmed = self.is_trimmed.then(|| trim(pieces));
        let mut out = Output::new(usize::MAX);
        for piece in trimmed.as_deref().unwrap_or(pieces) {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Name(name) => renderer.write_name(name, &mut out)?,
            }
        }
        Ok(out.into_string())
    }
}

/// `trim_whitespace`: without space at the ends, and a single space for every line break with the space around it.
fn trim(pieces: &[Piece]) -> Vec<Piece> {
    let last = pieces.len().saturating_sub(1);
    let trimmed = pieces.iter().enumerate().map(|(at, piece)| match piece {
        Piece::Name(name) => Piece::Name(name.clone()),
        Piece::Text(text) => {
            let text = if at == 0 {
                text.trim_start_matches(is_whitespace)
            } else {
                text
            };
            let text = if at == last {
                text.trim_end_matches(is_whitespace)
            } else {
                text
            };
            Piece::Text(join_lines(text))
        }
    });
    trimmed.collect()
}

fn join_lines(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_whitespace) {
        let (word, after) = rest.split_at(at);
        joined.push_str(word);
        rest = after.trim_start_matches(is_whitespace);
        let space = &after[..after.len() - rest.len()];
        joined.push_str(if space.contains('\n') { " " } else { space });
    }
    joined.push_str(rest);
    joined
}

impl Renderer<'_> {
    /// Writes a name of a translated text: filters are not applied there, and dots have no meaning.
    fn write_name(&self, name: &str, out: &mut Output) -> Result<(), TemplateError> {
        let value = self.get(name).unwrap_or_else(|| {
            let invalid = &*self.environment.string_if_invalid;
            Value::from(if invalid.contains("%s") {
                invalid_text(invalid, name)
            } else {
                invalid.to_owned()
            })
        });
        self.write_value(&value, out)
    }
}
