//! Whether what an event sends fits its handler (djust, `validation.py`, `validate_handler_params`).

use std::sync::Arc;

use super::coercion::coerce;
use super::names::near_miss;
use super::signature::Signature;
use djscope_template::value::{Dict, Value};

/// Arguments that fit.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// By name, in the order in which they were sent; defaults are not filled in.
    pub values: Dict,
    /// Names that `**kwargs` swallowed although a parameter has nearly the same: what was sent, what is declared.
    pub near_misses: Vec<(Arc<str>, Arc<str>)>,
}

/// Why an event does not reach its handler.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// What is wrong.
    pub reason: RefusedReason,
    /// The names that the handler declares.
    pub expected: Vec<Arc<str>>,
    /// The names that were sent.
    pub provided: Vec<Arc<str>>,
}

/// What is wrong with the arguments of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum RefusedReason {
    /// Parameters without a default were not sent.
    Missing(Vec<Arc<str>>),
    /// The handler has no `**kwargs` and does not declare these.
    Unexpected(Vec<Arc<str>>),
    /// Values of another type, which could not be converted.
    Types(Vec<TypeMismatch>),
}

/// A value of the wrong type.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeMismatch {
    /// Name of the parameter.
    pub parameter: Arc<str>,
    /// Name of the annotated type.
    pub expected: &'static str,
    /// What was sent.
    pub value: Value,
}

impl Signature {
    /// The arguments of an event, converted to the annotated types unless `coerces` is false; `positional` are those
    /// of an inline call, `dj-click="pick(3)"`, which go before those of the same name.
    ///
    /// # Errors
    ///
    /// [`Refused`], if the handler cannot be called with them.
    pub fn bind(&self, sent: &Dict, positional: &[Value], coerces: bool) -> Result<Arguments, Refused> {
        let mut values = sent.clone();
        for (parameter, argument) in self.parameters.iter().zip(positional) {
            values.insert(Value::Str(Arc::clone(&parameter.name)), argument.clone());
        }
        if coerces {
            values = values
                .iter()
                .map(|(name, value)| (name.clone(), self.coerced(name, value)))
                .collect();
        }
        self.check(&values)?;
        let near_misses = if self.takes_any {
            self.near_misses(&values)
        } else {
            Vec::new()
        };
        Ok(Arguments { values, near_misses })
    }

    fn coerced(&self, name: &Value, value: &Value) -> Value {
        match self.parameter(&name.to_str()) {
            Some(parameter) => coerce(value, &parameter.annotation),
            None => value.clone(),
        }
    }

    fn check(&self, values: &Dict) -> Result<(), Refused> {
        let refused = |reason| Refused {
            reason,
            expected: self.names(),
            provided: names(values),
        };
        let is_missing = |parameter: &&super::Parameter| {
            parameter.default.is_none() && values.get(&parameter.name).is_none()
        };
        let missing: Vec<_> = self.parameters.iter().filter(is_missing).collect();
        if !missing.is_empty() {
            let names = missing
                .iter()
                .map(|parameter| Arc::clone(&parameter.name))
                .collect();
            return Err(refused(RefusedReason::Missing(names)));
        }
        if !self.takes_any {
            let unexpected: Vec<Arc<str>> = names(values)
                .into_iter()
                .filter(|name| self.parameter(name).is_none())
                .collect();
            if !unexpected.is_empty() {
                return Err(refused(RefusedReason::Unexpected(unexpected)));
            }
        }
        let mismatches = self.mismatches(values);
        if mismatches.is_empty() {
            Ok(())
        } else {
            Err(refused(RefusedReason::Types(mismatches)))
        }
    }

    fn mismatches(&self, values: &Dict) -> Vec<TypeMismatch> {
        let mut mismatches = Vec::new();
        for (name, value) in values {
            let Some(parameter) = self.parameter(&name.to_str()) else {
                continue;
            };
            let Some(expected) = parameter.annotation.checked_name() else {
                continue;
            };
            if !parameter.annotation.is_type_of(value) {
                mismatches.push(TypeMismatch {
                    parameter: Arc::clone(&parameter.name),
                    expected,
                    value: value.clone(),
                });
            }
        }
        mismatches
    }

    /// Names that begin with an underscore and those of djust's own routing are meant for `**kwargs`.
    fn near_misses(&self, values: &Dict) -> Vec<(Arc<str>, Arc<str>)> {
        let mut near = Vec::new();
        for name in names(values) {
            let is_known = self.parameter(&name).is_some();
            if is_known || name.starts_with('_') || matches!(&*name, "view_id" | "component_id") {
                continue;
            }
            let parameter = self
                .parameters
                .iter()
                .find(|parameter| near_miss(&name, &parameter.name));
            if let Some(parameter) = parameter {
                near.push((name, Arc::clone(&parameter.name)));
            }
        }
        near
    }
}

impl Refused {
    /// The error that the browser is sent, in djust's words but for its hints: those are in `Refused::reason`.
    pub fn message(&self, event: &str) -> String {
        match &self.reason {
            RefusedReason::Missing(names) => {
                format!("Handler '{event}' missing required parameters: {}", repr(names))
            }
            RefusedReason::Unexpected(names) => format!(
                "Handler '{event}' received unexpected parameters: {}. Expected: {}",
                repr(names),
                repr(&self.expected)
            ),
            RefusedReason::Types(mismatches) => {
                let mut message = format!("Handler '{event}' received wrong parameter types:");
                for mismatch in mismatches {
                    message.push_str(&mismatch.line());
                }
                message
            }
        }
    }
}

impl TypeMismatch {
    fn line(&self) -> String {
        let repr = self.value.repr();
        let shown = if repr.chars().count() > MAX_SHOWN {
            let begin: String = repr.chars().take(MAX_SHOWN - 3).collect();
            format!("{begin}...")
        } else {
            repr
        };
        format!(
            "\n  - {}: expected {}, got {} ({shown})",
            self.parameter,
            self.expected,
            self.value.type_name()
        )
    }
}

/// Characters of a value that an error shows.
const MAX_SHOWN: usize = 50;

fn names(values: &Dict) -> Vec<Arc<str>> {
    values.keys().map(|name| name.to_str().into()).collect()
}

/// A list of names as Python prints it.
fn repr(names: &[Arc<str>]) -> String {
    Value::from(
        names
            .iter()
            .map(|name| Value::Str(Arc::clone(name)))
            .collect::<Vec<_>>(),
    )
    .repr()
}
