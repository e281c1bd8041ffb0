//! `{% if %}`, and djust's `{{ a if condition else b }}`.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use super::super::condition::{Comparison, Condition, Instruction};
use super::super::error::{TemplateError, VARIABLE_DOES_NOT_EXIST};
use super::super::expression::Expression;
use super::super::lexer::Token;
use super::super::library::Scope;
use super::super::markers::{CLOSING, MarkerId, PLACEHOLDER};
use super::super::node::{Node, Tag, bear_elements};
use super::super::output::Output;
use super::super::parser::Parser;
use super::super::reads::Reads;
use super::super::render::Renderer;
use super::super::resolve::{Missing, Stop};
use super::super::text::smart_split;
use crate::value::Value;

/// `{% if %}`.
#[derive(Debug)]
pub struct If {
    branches: Vec<Branch>,
    otherwise: Vec<Node>,
    /// Whether it stands inside of an HTML tag, where djust cannot write markers.
    inside_html_tag: bool,
}

#[derive(Debug)]
struct Branch {
    condition: Condition,
    nodes: Vec<Node>,
    /// The number of the condition in its template, for djust's markers.
    number: u32,
    /// Whether this branch or one behind it bears elements.
    bears_elements: bool,
}

pub(super) fn compile(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let inside_html_tag = parser.is_inside_html_tag();
    let mut branches = vec![branch(parser, token)?];
    let mut token = parser.end_token()?;
    while token.contents.starts_with("elif") {
        branches.push(branch(parser, &token)?);
        token = parser.end_token()?;
    }
    let mut otherwise = Vec::new();
    if token.contents == "else" {
        otherwise = parser.parse_until(&["endif"])?;
        token = parser.end_token()?;
    }
    if token.contents != "endif" {
        return Err(TemplateError::syntax(format!(
            "Malformed template tag at line {}: \"{}\"",
            token.position.line, token.contents
        )));
    }
    let mut bears = bear_elements(&otherwise);
    for branch in branches.iter_mut().rev() {
        bears |= bear_elements(&branch.nodes);
        branch.bears_elements = bears;
    }
    Ok(Box::new(If {
        branches,
        otherwise,
        inside_html_tag,
    }))
}

fn branch(parser: &mut Parser<'_>, token: &Token) -> Result<Branch, TemplateError> {
    let words = token.split_contents()?;
    let condition = Condition::parse(&words[1..], |text| parser.compile(text))?;
    let number = parser.counters.next_condition();
    let nodes = parser.parse_until(&["elif", "else", "endif"])?;
    Ok(Branch {
        condition,
        nodes,
        number,
        bears_elements: false,
    })
}

impl Tag for If {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let with_markers = renderer.if_markers && !self.inside_html_tag;
        let mut open = 0;
        let mut chosen = &self.otherwise;
        let ends_with_text = self.branches.last().is_some_and(|branch| !branch.bears_elements);
        let mut is_missing_text = with_markers && chosen.is_empty() && ends_with_text;
        for branch in &self.branches {
            let is_true = renderer.is_true(&branch.condition)?;
            if with_markers && branch.bears_elements {
                open += 1;
                renderer.open_marker(branch.number, out);
            }
            if is_true {
                chosen = &branch.nodes;
                is_missing_text = false;
                break;
            }
        }
        renderer.render_nodes(chosen, out)?;
        if is_missing_text {
            out.push_str(PLACEHOLDER);
        }
        for _ in 0..open {
            out.push_str(CLOSING);
        }
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.conditional();
        for branch in &self.branches {
            reads.condition(&branch.condition);
            reads.nodes(&branch.nodes);
        }
        reads.nodes(&self.otherwise);
    }

    fn bodies(&self) -> Vec<&[Node]> {
        let branches = self.branches.iter().map(|branch| branch.nodes.as_slice());
        branches.chain([self.otherwise.as_slice()]).collect()
    }

    fn bears_elements(&self) -> bool {
        self.branches.first().is_some_and(|branch| branch.bears_elements)
    }
}

/// djust's `{{ a if condition else b }}`, with the filters behind it.
#[derive(Debug)]
pub struct InlineIf {
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

impl Renderer<'_> {
    /// Whether a condition holds. A name that does not exist is false, where Django lets that happen.
    ///
    /// # Errors
    ///
    /// What a filter raises outside of every operator.
    pub(super) fn is_true(&mut self, condition: &Condition) -> Result<bool, TemplateError> {
        self.with_super(|renderer| match renderer.run(condition) {
            Ok(value) => Ok(value.is_truthy()),
            Err(Stop::Missing(..)) => Ok(false),
            Err(Stop::Error(error)) if error.class == VARIABLE_DOES_NOT_EXIST => Ok(false),
            Err(stop) => Err(stop),
        })
    }

    fn run<'s>(&'s self, condition: &'s Condition) -> Result<Cow<'s, Value>, Stop> {
        if let [Instruction::Push(expression)] = condition.instructions.as_slice() {
            return self.resolve(expression, Missing::None);
        }
        let mut stack: Vec<Result<Cow<'s, Value>, Stop>> = Vec::new();
        let mut next = 0;
        while let Some(instruction) = condition.instructions.get(next) {
            next += 1;
            match instruction {
                Instruction::Push(expression) => match self.resolve(expression, Missing::None) {
                    Err(Stop::Super(block)) => return Err(Stop::Super(block)),
                    value => stack.push(value),
                },
                Instruction::Not => {
                    let value = settle(stack.pop());
                    stack.push(bool_value(value.is_some_and(|value| !value.is_truthy())));
                }
                Instruction::Compare(comparison) => {
                    let right = settle(stack.pop());
                    let left = settle(stack.pop());
                    let holds = left
                        .zip(right)
                        .is_some_and(|(left, right)| compare(*comparison, &left, &right));
                    stack.push(bool_value(holds));
                }
                Instruction::Or(end) | Instruction::And(end) => {
                    let is_or = matches!(instruction, Instruction::Or(_));
                    match settle(stack.pop()) {
                        None => {
                            stack.push(bool_value(false));
                            next = *end;
                        }
                        Some(value) if value.is_truthy() == is_or => {
                            stack.push(Ok(value));
                            next = *end;
                        }
                        Some(_) => {}
                    }
                }
                Instruction::Settle => {
                    let value = settle(stack.pop());
                    stack.push(value.map_or_else(|| bool_value(false), Ok));
                }
            }
        }
        stack.pop().unwrap_or(Ok(Cow::Owned(Value::None)))
    }
}

fn bool_value<'s>(value: bool) -> Result<Cow<'s, Value>, Stop> {
    Ok(Cow::Owned(Value::Bool(value)))
}

/// The value of an operand; `None` if evaluating it raised something, which makes Django's operators false.
fn settle<'s>(value: Option<Result<Cow<'s, Value>, Stop>>) -> Option<Cow<'s, Value>> {
    value?.ok()
}

fn compare(comparison: Comparison, left: &Value, right: &Value) -> bool {
    let ordered =
        |holds: fn(Ordering) -> bool| left.compare(right).is_ok_and(|order| order.is_some_and(holds));
    match comparison {
        Comparison::In => right.contains(left).unwrap_or(false),
        Comparison::NotIn => right.contains(left).is_ok_and(|contains| !contains),
        Comparison::Is => is_identical(left, right),
        Comparison::IsNot => !is_identical(left, right),
        Comparison::Equal => left == right,
        Comparison::NotEqual => left != right,
        Comparison::Greater => ordered(Ordering::is_gt),
        Comparison::GreaterOrEqual => ordered(Ordering::is_ge),
        Comparison::Less => ordered(Ordering::is_lt),
        Comparison::LessOrEqual => ordered(Ordering::is_le),
    }
}

/// Python's `is`, for what has one object for a value: `None`, `True`, `False`, small integers, and shared objects.
fn is_identical(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::None, Value::None) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Int(left), Value::Int(right)) => left == right && (-5..=256).contains(left),
        (Value::Str(left), Value::Str(right)) => {
            Arc::ptr_eq(left, right) || (left == right && left.len() < 2)
        }
        (Value::Safe(left), Value::Safe(right)) => Arc::ptr_eq(left, right),
        (Value::List(left), Value::List(right))
        | (Value::Tuple(left), Value::Tuple(right))
        | (Value::Set(left), Value::Set(right)) => Arc::ptr_eq(left, right),
        (Value::Dict(left), Value::Dict(right)) => Arc::ptr_eq(left, right),
        (Value::Record(left), Value::Record(right)) => Arc::ptr_eq(left, right),
        (Value::Opaque(left), Value::Opaque(right)) => Arc::ptr_eq(left, right),
        _ => false,
    }
}

impl Renderer<'_> {
    fn open_marker(&self, condition: u32, out: &mut Output) {
        let id = MarkerId {
            template: self.template().hash(),
            condition,
            namespace: &self.context.component,
            includes: &self.includes,
        };
        id.write_opening(self.loops.iter().map(|running| running.index), out.text_mut());
    }
}
