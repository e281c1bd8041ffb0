//! `dj-model`: the browser sets a field of the state, without a handler (djust, `mixins/model_binding.py`).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ParameterType;
use super::coercion::coerce;
use djscope_template::family::{family, texts};
use djscope_template::value::Value;
use djscope_template::{Loader, Template};

/// Names that no template can open to the browser.
const FORBIDDEN: &[&str] = &[
    "template_name",
    "request",
    "kwargs",
    "args",
    "session",
    "use_actors",
    "temporary_assigns",
];

/// Why the browser may not set a field.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelRefused {
    /// No name was sent.
    NoField,
    /// Names that begin with an underscore are private.
    Private,
    /// The name belongs to the framework.
    Forbidden,
    /// No `dj-model` of the template names it, nor does the view allow it.
    NotBound,
    /// The state has no such field.
    Unknown,
    /// The value cannot be converted to the type of the one that is there.
    NotConvertible {
        /// Name of that type.
        expected: String,
    },
}

/// Which fields of a state the browser may set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelFields {
    bound: BTreeSet<String>,
}

impl ModelFields {
    /// The fields that a template binds, and those that the view allows beside.
    ///
    /// Only the literal text of templates counts, which nobody but their author writes. A modifier,
    /// `dj-model.lazy="name"`, binds as well; djust 1.2 forgets those.
    pub fn of(template: &Template, loader: &dyn Loader, allowed: &[&str]) -> Self {
        let mut bound: BTreeSet<String> = allowed.iter().map(|name| (*name).to_owned()).collect();
        for (template, _) in family(template, loader) {
            for text in texts(&template) {
                gather_text(&text, &mut bound);
            }
        }
        Self { bound }
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.bound.iter().map(String::as_str)
    }

    /// The value to store, if the browser may set the field; `current` is the value that is there.
    ///
    /// # Errors
    ///
    /// [`ModelRefused`], the first reason that applies.
    pub fn write(&self, field: &str, value: &Value, current: Option<&Value>) -> Result<Value, ModelRefused> {
        if field.is_empty() {
            return Err(ModelRefused::NoField);
        }
        if field.starts_with('_') {
            return Err(ModelRefused::Private);
        }
        if FORBIDDEN.contains(&field) {
            return Err(ModelRefused::Forbidden);
        }
        if !self.bound.contains(field) {
            return Err(ModelRefused::NotBound);
        }
        let current = current.ok_or(ModelRefused::Unknown)?;
        like(value, current)
    }
}

/// A value of the type of the one that is there.
fn like(value: &Value, current: &Value) -> Result<Value, ModelRefused> {
    let wanted = match (current, value) {
        (_, Value::None) => return Ok(value.clone()),
        (Value::Bool(_), _) => ParameterType::Bool,
        (Value::Int(_) | Value::BigInt(_), _) => ParameterType::Int,
        (Value::Float(_), _) => ParameterType::Float,
        _ => return Ok(value.clone()),
    };
    if wanted.is_type_of(value) {
        return Ok(value.clone());
    }
    let refused = || ModelRefused::NotConvertible {
        expected: current.type_name().to_owned(),
    };
    match wanted {
        ParameterType::Bool => Ok(coerce(&Value::from(value.to_str().into_owned()), &wanted)),
        ParameterType::Int => value.to_int().map(Value::from).map_err(|_| refused()),
        _ => value.to_float().map(Value::Float).map_err(|_| refused()),
    }
}

/// `dj-model="name"`, `dj-model.lazy='name'`.
fn gather_text(text: &str, bound: &mut BTreeSet<String>) {
    for (at, _) in text.match_indices("dj-model") {
        let starts_attribute = text[..at].ends_with(|before: char| before.is_ascii_whitespace());
        let after = &text[at + "dj-model".len()..];
        let modifiers =
            after.find(|next: char| !(next.is_ascii_alphanumeric() || next == '.' || next == '-'));
        let (modifiers, rest) = after.split_at(modifiers.unwrap_or(after.len()));
        if !starts_attribute || !(modifiers.is_empty() || modifiers.starts_with('.')) {
            continue;
        }
        let value = rest
            .strip_prefix("=\"")
            .map(|rest| (rest, '"'))
            .or_else(|| rest.strip_prefix("='").map(|rest| (rest, '\'')));
        if let Some((name, _)) = value
            .and_then(|(rest, quote)| rest.split_once(quote))
            .filter(|(name, _)| !name.is_empty())
        {
            bound.insert(name.to_owned());
        }
    }
}

/// A refusal in a sentence.
impl std::fmt::Display for ModelRefused {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let reason: Arc<str> = match self {
            Self::NoField => "no field is named".into(),
            Self::Private => "a name that begins with an underscore is private".into(),
            Self::Forbidden => "the name belongs to the framework".into(),
            Self::NotBound => "no dj-model of the template binds it, and the view does not allow it".into(),
            Self::Unknown => "the state has no such field".into(),
            Self::NotConvertible { expected } => {
                format!("the value cannot be made a value of type {expected}").into()
            }
        };
        formatter.write_str(&reason)
    }
}
