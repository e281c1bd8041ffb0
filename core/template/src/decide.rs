//! Evaluates conditions (the operators of `django/template/smartif.py`).

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use super::condition::{Comparison, Condition, Instruction};
use super::error::{TemplateError, VARIABLE_DOES_NOT_EXIST};
use super::render::Renderer;
use super::resolve::{Missing, Stop};
use crate::value::Value;

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
