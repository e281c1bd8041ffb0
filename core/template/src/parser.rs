//! Reads tokens into nodes (`Parser` of `django/template/base.py`).

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::error::TemplateError;
use super::expression::Expression;
use super::lexer::{Token, TokenKind, tokenize};
use super::libraries::Libraries;
use super::markers::OpenTag;
use super::node::{Kind, Node, Tag};
use super::render::recursion_error;
use super::scope::Scope;
use super::tags::{Cycle, InlineIf};
use super::text::{alternatives, split_contents};
use crate::value::text::words;

/// How deep tags can stand in each other. Python's recursion limit ends Django at about 240.
const MAX_DEPTH: usize = 200;

/// Reads the tokens of one template; the functions that read tags work on it.
#[derive(Debug)]
pub(crate) struct Parser<'a> {
    /// The whole source.
    pub(super) source: &'a str,
    tokens: Vec<Token>,
    next: usize,
    /// Name of the template, for relative paths and errors.
    pub(super) template_name: Option<&'a str>,
    /// The tags and filters known at this point of the template.
    pub(super) scope: Scope,
    /// Tags that are being read, outermost first: name and token.
    commands: Vec<(String, usize)>,
    next_node: u32,
    /// Names of the blocks read so far.
    pub(super) block_names: HashSet<String>,
    /// What `{% cycle %}` and `{% resetcycle %}` can refer to.
    pub(super) cycles: Cycles,
    /// Numbers for tags that keep a state, for `{% if %}` and for `{% include %}`.
    pub(super) counters: Counters,
    open_tag: OpenTag,
}

/// The cycles of a template so far.
#[derive(Debug, Default)]
pub(super) struct Cycles {
    pub(super) named: HashMap<String, Cycle>,
    pub(super) last: Option<u32>,
}

/// How many of each there are so far.
#[derive(Debug, Default)]
pub(super) struct Counters {
    states: u32,
    conditions: u32,
    includes: u32,
}

impl Counters {
    pub(super) fn next_state(&mut self) -> u32 {
        next(&mut self.states)
    }

    pub(super) fn next_condition(&mut self) -> u32 {
        next(&mut self.conditions)
    }

    pub(super) fn next_include(&mut self) -> u32 {
        next(&mut self.includes)
    }
}

fn next(counter: &mut u32) -> u32 {
    let number = *counter;
    *counter += 1;
    number
}

impl<'a> Parser<'a> {
    /// Reads a whole template.
    ///
    /// # Errors
    ///
    /// `TemplateSyntaxError` and what else Django raises while it compiles a template, with the place.
    pub fn parse_template(
        name: Option<&'a str>,
        source: &'a str,
        libraries: &Libraries,
    ) -> Result<Vec<Node>, TemplateError> {
        let mut parser = Parser {
            source,
            tokens: tokenize(source),
            next: 0,
            template_name: name,
            scope: Scope::new(libraries),
            commands: Vec::new(),
            next_node: 0,
            block_names: HashSet::new(),
            cycles: Cycles::default(),
            counters: Counters::default(),
            open_tag: OpenTag::default(),
        };
        parser.parse_until(&[])
    }

    /// Reads nodes up to a tag of one of the given names, which stays the next token; without names, to the end.
    ///
    /// # Errors
    ///
    /// `TemplateSyntaxError` if a tag is not known or not closed, and what the tags inside raise.
    pub fn parse_until(&mut self, ends: &[&str]) -> Result<Vec<Node>, TemplateError> {
        let mut nodes = NodeList::default();
        while let Some(token) = self.tokens.get(self.next) {
            let index = self.next;
            match token.kind {
                TokenKind::Text => self.text(&mut nodes),
                TokenKind::Comment => self.next += 1,
                TokenKind::Variable => {
                    let kind = self.variable(index).map_err(|error| self.locate(error, index))?;
                    self.next += 1;
                    self.push(&mut nodes, kind, index);
                }
                TokenKind::Block => {
                    let Some(command) = words(&token.contents).next().map(str::to_owned) else {
                        let message = format!("Empty block tag on line {}", token.position.line);
                        return Err(self.error(message, index));
                    };
                    if ends.contains(&command.as_str()) {
                        return Ok(nodes.nodes);
                    }
                    self.next += 1;
                    let tag = self
                        .tag(command, index, ends)
                        .map_err(|error| self.locate(error, index))?;
                    self.refuse_late(&nodes, &*tag, index)?;
                    self.push(&mut nodes, Kind::Tag(tag), index);
                }
            }
        }
        if ends.is_empty() {
            Ok(nodes.nodes)
        } else {
            Err(self.unclosed(ends))
        }
    }

    /// Reads nodes up to the given tag and passes it.
    ///
    /// # Errors
    ///
    /// As [`Parser::parse_until`].
    pub fn parse_body(&mut self, end: &str) -> Result<Vec<Node>, TemplateError> {
        let nodes = self.parse_until(&[end])?;
        self.next += 1;
        Ok(nodes)
    }

    fn text(&mut self, nodes: &mut NodeList) {
        let index = self.next;
        self.next += 1;
        let text = std::mem::take(&mut self.tokens[index].contents);
        self.open_tag.feed(&text);
        self.push(nodes, Kind::Text(text.into()), index);
    }

    fn variable(&mut self, index: usize) -> Result<Kind, TemplateError> {
        let token = &self.tokens[index];
        if token.contents.is_empty() {
            let message = format!("Empty variable tag on line {}", token.position.line);
            return Err(TemplateError::syntax(message));
        }
        if let Some(inline) = InlineIf::parse(&token.contents, &self.scope)? {
            return Ok(Kind::Tag(Box::new(inline)));
        }
        Ok(Kind::Variable(Box::new(Expression::parse(
            &token.contents,
            &self.scope,
        )?)))
    }

    fn tag(&mut self, command: String, index: usize, ends: &[&str]) -> Result<Box<dyn Tag>, TemplateError> {
        let Some(definition) = self.scope.tag(&command) else {
            return Err(self.unknown_tag(index, &command, ends));
        };
        if self.commands.len() >= MAX_DEPTH {
            return Err(recursion_error());
        }
        self.commands.push((command, index));
        let token = self.tokens[index].clone();
        let tag = definition.compile(self, &token)?;
        self.commands.pop();
        Ok(tag)
    }

    fn refuse_late(&self, nodes: &NodeList, tag: &dyn Tag, index: usize) -> Result<(), TemplateError> {
        if tag.as_extends().is_none() || !nodes.has_tags {
            return Ok(());
        }
        let contents = &self.tokens[index].contents;
        let template = match self.template_name {
            Some(name) => crate::value::Value::str(name).repr(),
            None => "the template".to_owned(),
        };
        Err(self.error(
            format!("{{% {contents} %}} must be the first tag in {template}."),
            index,
        ))
    }

    fn push(&mut self, nodes: &mut NodeList, kind: Kind, index: usize) {
        let token = &self.tokens[index];
        let end = self.tokens[..self.next]
            .last()
            .map_or(token.span.end, |last| last.span.end);
        let span = token.span.start..end.max(token.span.end);
        nodes.has_tags |= !matches!(kind, Kind::Text(_));
        nodes.nodes.push(Node {
            id: self.next_node,
            position: token.position,
            span,
            kind,
        });
        self.next_node += 1;
    }

    /// The next token, which is passed.
    pub fn next_token(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.next)?.clone();
        self.next += 1;
        Some(token)
    }

    /// The end tag at which [`Parser::parse_until`] stopped, which is passed.
    ///
    /// # Errors
    ///
    /// Python's `IndexError` at the end of the template, where `parse_until` does not stop.
    pub fn end_token(&mut self) -> Result<Token, TemplateError> {
        self.next_token()
            .ok_or_else(|| TemplateError::new("IndexError", "pop from empty list"))
    }

    /// Passes all tokens up to the given tag, the tag too; where tags of the name `nested` stand in between, up to
    /// the end of the outermost one.
    ///
    /// # Errors
    ///
    /// `TemplateSyntaxError` if there is no such tag.
    pub fn skip_past(&mut self, end: &str, nested: Option<&str>) -> Result<Range<usize>, TemplateError> {
        let start = self.tokens.get(self.next).map_or(0, |token| token.span.start);
        let mut open = 1;
        while let Some(token) = self.tokens.get(self.next) {
            self.next += 1;
            match token.kind {
                TokenKind::Text => self.open_tag.feed(&token.contents),
                TokenKind::Block if token.contents == end => open -= 1,
                TokenKind::Block if words(&token.contents).next() == nested => {
                    open += usize::from(nested.is_some());
                }
                _ => {}
            }
            if open == 0 {
                return Ok(start..token.span.start);
            }
        }
        Err(self.unclosed(&[end]))
    }

    /// Reads a filter expression.
    ///
    /// # Errors
    ///
    /// `TemplateSyntaxError` with Django's text.
    pub fn compile(&self, text: &str) -> Result<Expression, TemplateError> {
        Expression::parse(text, &self.scope)
    }

    /// Reads several filter expressions.
    ///
    /// # Errors
    ///
    /// As [`Parser::compile`].
    pub fn compile_all(&self, texts: &[String]) -> Result<Box<[Expression]>, TemplateError> {
        texts.iter().map(|text| self.compile(text)).collect()
    }

    /// Whether the text so far ends inside of an HTML tag: `<a class="`.
    pub(super) fn is_inside_html_tag(&self) -> bool {
        self.open_tag.is_inside()
    }

    /// The error for a tag that is not known here.
    pub(super) fn unknown_tag(&self, index: usize, command: &str, ends: &[&str]) -> TemplateError {
        let quoted: Vec<String> = ends.iter().map(|end| format!("'{end}'")).collect();
        let expected = if quoted.is_empty() {
            String::new()
        } else {
            format!(", expected {}", alternatives(&quoted))
        };
        let line = self.tokens[index].position.line;
        let mut error = self.error(
            format!(
                "Invalid block tag on line {line}: '{command}'{expected}. \
                 Did you forget to register or load this tag?"
            ),
            index,
        );
        error.hint = self.scope.library_of_tag(command);
        error
    }

    /// The error for the token that was read last if it is not one of the expected end tags.
    pub(super) fn unexpected_end(&self, command: &str, ends: &[&str]) -> TemplateError {
        self.unknown_tag(self.next.saturating_sub(1), command, ends)
    }

    fn unclosed(&self, ends: &[&str]) -> TemplateError {
        let Some((command, index)) = self.commands.last() else {
            return TemplateError::new("IndexError", "pop from empty list");
        };
        let line = self.tokens[*index].position.line;
        let ends = ends.join(", ");
        self.error(
            format!("Unclosed tag on line {line}: '{command}'. Looking for one of: {ends}."),
            *index,
        )
    }

    fn error(&self, message: String, index: usize) -> TemplateError {
        self.locate(TemplateError::syntax(message), index)
    }

    fn locate(&self, error: TemplateError, index: usize) -> TemplateError {
        error.at(self.template_name, self.tokens[index].position)
    }
}

#[derive(Default)]
struct NodeList {
    nodes: Vec<Node>,
    has_tags: bool,
}

impl Token {
    /// The words of the tag, with quoted phrases kept together.
    ///
    /// # Errors
    ///
    /// See [`split_contents`].
    pub(super) fn split_contents(&self) -> Result<Vec<String>, TemplateError> {
        split_contents(&self.contents)
    }

    /// The words of the tag, cut at every space.
    pub(super) fn split(&self) -> Vec<String> {
        words(&self.contents).map(str::to_owned).collect()
    }
}
