//! Evaluates expressions (`FilterExpression.resolve` and `Variable._resolve_lookup` of `django/template/base.py`).

use std::borrow::Cow;
use std::sync::Arc;

use super::attributes::{Attribute, attribute};
use super::error::{LIMIT_EXCEEDED, TemplateError, VARIABLE_DOES_NOT_EXIST};
use super::expression::{Expression, Head, Step};
use super::filters::{self, Call};
use super::formats;
use super::render::{Renderer, recursion_error};
use super::scopes::Bound;
use super::state::ParentLoop;
use super::variable::{Lookup, Target, Variable};
use crate::value::{Dict, Value};

/// The longest text that a filter can make.
const MAX_TEXT_BYTES: usize = 64 << 20;

/// What stands for a name that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// `None`.
    None,
    /// `string_if_invalid`.
    Invalid,
}

/// Why an evaluation has no value.
#[derive(Debug)]
pub(super) enum Stop {
    /// It needs the text of `block.super` of a running block first.
    Super(usize),
    /// `VariableDoesNotExist`: a name was not found in a value, or in the context.
    Missing(Arc<str>, Option<Value>),
    /// Any other exception.
    Error(TemplateError),
}

/// What the filters of an expression begin with.
#[derive(Debug)]
pub(super) enum HeadValue<'s> {
    /// Its value.
    Found(Cow<'s, Value>),
    /// `string_if_invalid`, to which no filter is applied.
    Invalid(Cow<'s, Value>),
}

impl From<TemplateError> for Stop {
    fn from(error: TemplateError) -> Self {
        Stop::Error(error)
    }
}

impl Renderer<'_> {
    /// The value of an expression.
    pub(super) fn resolve<'s>(
        &'s self,
        expression: &'s Expression,
        missing: Missing,
    ) -> Result<Cow<'s, Value>, Stop> {
        match self.head(expression, missing)? {
            HeadValue::Found(value) => self.filtered(value, expression),
            HeadValue::Invalid(value) => Ok(value),
        }
    }

    /// What the filters of an expression begin with.
    pub(super) fn head<'s>(
        &'s self,
        expression: &'s Expression,
        missing: Missing,
    ) -> Result<HeadValue<'s>, Stop> {
        let variable = match &expression.head {
            Head::Constant(constant) => return Ok(HeadValue::Found(Cow::Borrowed(constant))),
            Head::Variable(variable) => variable,
        };
        match (self.look_up(variable), missing) {
            (Err(Stop::Missing(..)), Missing::None) => Ok(HeadValue::Found(Cow::Owned(Value::None))),
            (Err(Stop::Missing(..)), Missing::Invalid) => Ok(match &*self.environment.string_if_invalid {
                "" => HeadValue::Found(Cow::Borrowed(&self.invalid)),
                invalid if invalid.contains("%s") => {
                    HeadValue::Invalid(Cow::Owned(Value::from(invalid_text(invalid, &variable.text))))
                }
                _ => HeadValue::Invalid(Cow::Borrowed(&self.invalid)),
            }),
            (found, _) => found.map(HeadValue::Found),
        }
    }

    /// A value after the filters of an expression.
    pub(super) fn filtered<'s>(
        &'s self,
        value: Cow<'s, Value>,
        expression: &'s Expression,
    ) -> Result<Cow<'s, Value>, Stop> {
        expression
            .filters
            .iter()
            .try_fold(value, |value, step| self.apply(step, &value).map(Cow::Owned))
    }

    fn apply(&self, step: &Step, value: &Value) -> Result<Value, Stop> {
        let argument = match &step.argument {
            None => None,
            Some(Head::Constant(constant)) => Some(Cow::Borrowed(constant)),
            Some(Head::Variable(variable)) => Some(self.look_up(variable)?),
        };
        let function = &step.function;
        if function.needs_autoescape() && argument.is_some() && function.arity() == filters::Argument::None {
            let message = format!("{}() got multiple values for argument 'autoescape'", step.name);
            return Err(TemplateError::new("TypeError", message).into());
        }
        let local = match function.expects_localtime() {
            true => {
                formats::local_time(value, self.use_tz, &self.environment).map_err(TemplateError::from)?
            }
            false => None,
        };
        let value = local.as_ref().unwrap_or(value);
        let call = Call {
            value,
            argument: argument.as_deref(),
            autoescape: self.autoescape,
            environment: &self.environment,
        };
        let result = function.apply(&call).map_err(TemplateError::from)?;
        if result.as_text().is_some_and(|text| text.len() > MAX_TEXT_BYTES) {
            let message = format!(
                "The filter '{}' made more than {MAX_TEXT_BYTES} bytes.",
                step.name
            );
            return Err(TemplateError::new(LIMIT_EXCEEDED, message).into());
        }
        Ok(if function.is_safe() && value.is_safe() {
            mark_safe(result)
        } else {
            result
        })
    }

    /// A value after one of Django's filters.
    pub(super) fn filtered_by(&self, filter: &str, value: &Value) -> Result<Value, TemplateError> {
        let Some(filter) = filters::builtin(filter) else {
            return Ok(value.clone());
        };
        let environment = &self.environment;
        Ok((filter.function)(&Call {
            value,
            argument: None,
            autoescape: self.autoescape,
            environment,
        })?)
    }

    /// The value of a variable.
    pub(super) fn look_up<'s>(&'s self, variable: &'s Variable) -> Result<Cow<'s, Value>, Stop> {
        let path = match &variable.target {
            Target::Literal(literal) => return Ok(Cow::Borrowed(literal)),
            Target::Path(path) => path,
        };
        let Some((first, rest)) = path.split_first() else {
            return Ok(Cow::Borrowed(&self.invalid));
        };
        let (mut value, rest) = match self.scopes.bound(&first.name) {
            Some(Bound::Value(value)) => (Cow::Borrowed(value), rest),
            Some(Bound::Loop(number)) => self.look_into_loop(*number, rest),
            Some(Bound::Block(number)) => self.look_into_block(*number, rest)?,
            None => match self.scopes.given(&first.name).or_else(|| builtin(&first.name)) {
                Some(value) => (Cow::Borrowed(value), rest),
                None => return Err(Stop::Missing(Arc::clone(&first.name), None)),
            },
        };
        for lookup in rest {
            value = self.step(value, lookup)?;
        }
        Ok(value)
    }

    /// One step of a path: an item by key, an attribute, an item by index, in this order.
    fn step<'s>(&'s self, value: Cow<'s, Value>, lookup: &Lookup) -> Result<Cow<'s, Value>, Stop> {
        match &value {
            Cow::Borrowed(holder) => {
                if let Some(item) = holder.item_ref(&lookup.name) {
                    return Ok(Cow::Borrowed(item));
                }
            }
            Cow::Owned(holder) => {
                if let Some(item) = holder.item(&lookup.name) {
                    return Ok(Cow::Owned(item));
                }
            }
        }
        match attribute(&value, &lookup.name) {
            Some(Attribute::Value(attribute)) => return Ok(Cow::Owned(attribute)),
            Some(Attribute::NeedsArguments) => return Ok(Cow::Borrowed(&self.invalid)),
            None => {}
        }
        let item = lookup.index.and_then(|index| match &*value {
            Value::Dict(dict) => dict.get_value(&Value::Int(index)).cloned(),
            sequence => sequence.index(index),
        });
        match item {
            Some(item) => Ok(Cow::Owned(item)),
            None => Err(Stop::Missing(Arc::clone(&lookup.name), Some(value.into_owned()))),
        }
    }

    /// `forloop.name`, without a dict where that is possible; and what remains of the path.
    fn look_into_loop<'s>(&'s self, number: usize, path: &'s [Lookup]) -> (Cow<'s, Value>, &'s [Lookup]) {
        let Some((first, rest)) = path.split_first() else {
            return (Cow::Owned(self.loop_dict(number)), path);
        };
        let running = &self.loops[number];
        if let Some(value) = running.attribute(&first.name) {
            return (Cow::Owned(value), rest);
        }
        match (&*first.name, &running.parent) {
            ("parentloop", ParentLoop::Loop(parent)) => self.look_into_loop(*parent, rest),
            ("parentloop", ParentLoop::Value(value)) => (Cow::Borrowed(value), rest),
            _ => (Cow::Owned(self.loop_dict(number)), path),
        }
    }

    /// `block.name` or `block.super`; and what remains of the path.
    fn look_into_block<'s>(
        &'s self,
        number: usize,
        path: &'s [Lookup],
    ) -> Result<(Cow<'s, Value>, &'s [Lookup]), Stop> {
        let block = &self.blocks[number].placed.block;
        let Some((first, rest)) = path.split_first() else {
            let text = format!("<Block Node: {}. Contents: []>", block.name);
            return Ok((Cow::Owned(Value::from(text)), path));
        };
        match (&*first.name, &self.super_text) {
            ("super", Some((known, text))) if *known == number => match text {
                Ok(text) => Ok((Cow::Borrowed(text), rest)),
                // Django cannot tell this one from a name that is missing here.
                Err(error) if error.class == VARIABLE_DOES_NOT_EXIST => {
                    Err(Stop::Missing(Arc::clone(&first.name), None))
                }
                Err(error) => Err(error.clone().into()),
            },
            ("super", _) => Err(Stop::Super(number)),
            ("name", _) => Ok((Cow::Owned(Value::str(Arc::clone(&block.name))), rest)),
            _ => Err(Stop::Missing(Arc::clone(&first.name), None)),
        }
    }

    /// The exception that an evaluation ended with.
    pub(super) fn error_of(&self, stop: Stop) -> TemplateError {
        match stop {
            Stop::Error(error) => error,
            Stop::Missing(name, holder) => {
                let mut message = format!("Failed lookup for key [{name}] in ");
                match holder {
                    Some(holder) => holder.write_repr(&mut message),
                    None => self.context_dicts(1).write_repr(&mut message),
                }
                TemplateError::new(VARIABLE_DOES_NOT_EXIST, message)
            }
            // Rendering `block.super` answers the request, so a second one cannot come.
            Stop::Super(_) => recursion_error(),
        }
    }

    /// The context as the list of dicts that Django keeps, up to the given number of scopes. Of an exception Django
    /// tells the context that is left when it is caught: the outermost scope.
    pub(super) fn context_dicts(&self, scopes: usize) -> Value {
        let builtins = [
            ("True", Value::Bool(true)),
            ("False", Value::Bool(false)),
            ("None", Value::None),
        ];
        let mut dicts = vec![Value::from(builtins.into_iter().collect::<Dict>())];
        let mut base = self.scopes.root().cloned();
        for names in self.scopes.visible().take(scopes) {
            let mut dict = base.take().unwrap_or_default();
            for (name, bound) in names {
                dict.insert(Value::str(Arc::clone(name)), self.bound_value(bound));
            }
            dicts.push(Value::from(dict));
        }
        Value::from(dicts)
    }

    /// The context as one dict (`Context.flatten`).
    pub(super) fn flat_context(&self) -> Dict {
        let mut flat = self.scopes.root().cloned().unwrap_or_default();
        for (name, bound) in self.scopes.visible().flatten() {
            flat.insert(Value::str(Arc::clone(name)), self.bound_value(bound));
        }
        flat
    }

    /// The value of a name, if it is set (`Context.get`).
    pub(super) fn get(&self, name: &str) -> Option<Value> {
        let bound = self.scopes.bound(name).map(|bound| self.bound_value(bound));
        bound.or_else(|| self.scopes.given(name).or_else(|| builtin(name)).cloned())
    }

    fn bound_value(&self, bound: &Bound) -> Value {
        match bound {
            Bound::Value(value) => value.clone(),
            Bound::Loop(number) => self.loop_dict(*number),
            Bound::Block(number) => {
                let name = &self.blocks[*number].placed.block.name;
                Value::from(format!("<Block Node: {name}. Contents: []>"))
            }
        }
    }
}

/// The names that every context has.
fn builtin(name: &str) -> Option<&'static Value> {
    match name {
        "True" => Some(&Value::Bool(true)),
        "False" => Some(&Value::Bool(false)),
        "None" => Some(&Value::None),
        _ => None,
    }
}

/// `string_if_invalid % name`.
pub(super) fn invalid_text(invalid: &str, name: &str) -> String {
    invalid.replacen("%s", name, 1).replace("%%", "%")
}

/// `mark_safe`.
pub(super) fn mark_safe(value: Value) -> Value {
    match value {
        Value::Safe(_) => value,
        Value::Str(text) => Value::Safe(text),
        other => Value::safe(other.to_str().into_owned()),
    }
}
