//! Variables: numbers, quoted constants and dotted names (`Variable` of `django/template/base.py`).

use std::sync::Arc;

use super::TemplateError;
use super::text::unquote;
use crate::value::Value;

/// A constant or a path into the context.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    /// As it stands in the template.
    pub text: Arc<str>,
    /// What it stands for.
    pub target: Target,
}

/// What a [`Variable`] stands for.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// A number or a quoted string.
    Literal(Value),
    /// The names between the dots.
    Path(Box<[Lookup]>),
}

/// One name of a path.
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    /// The name.
    pub name: Arc<str>,
    /// The name as an index into a list, if `int()` takes it.
    pub index: Option<i64>,
}

impl Variable {
    /// Reads a variable.
    ///
    /// # Errors
    ///
    /// `TemplateSyntaxError` for a name that begins with an underscore.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let target = match number(text) {
            Some(number) => Target::Literal(number),
            None => constant_or_path(text)?,
        };
        Ok(Self {
            text: text.into(),
            target,
        })
    }

    /// The names between the dots; empty for a constant.
    pub fn path(&self) -> &[Lookup] {
        match &self.target {
            Target::Literal(_) => &[],
            Target::Path(path) => path,
        }
    }
}

/// The value of a quoted string, `"…"` or `_("…")`; `None` if `text` is not one.
///
/// No catalogue is installed, so a string to be translated stands for itself. Its percent signs are doubled as they
/// are in Django, which hands it to `gettext` as a format.
pub(crate) fn constant(text: &str) -> Option<Value> {
    let translated = text.strip_prefix("_(").and_then(|text| text.strip_suffix(')'));
    let content = unquote(translated.unwrap_or(text))?;
    let content = if translated.is_some() {
        content.replace('%', "%%")
    } else {
        content
    };
    Some(Value::Safe(content.into()))
}

fn constant_or_path(text: &str) -> Result<Target, TemplateError> {
    if let Some(value) = constant(text) {
        return Ok(Target::Literal(value));
    }
    let name = text
        .strip_prefix("_(")
        .and_then(|text| text.strip_suffix(')'))
        .unwrap_or(text);
    if name.starts_with('_') || name.contains("._") {
        return Err(TemplateError::syntax(format!(
            "Variables and attributes may not begin with underscores: '{name}'"
        )));
    }
    let lookup = |name: &str| Lookup {
        name: name.into(),
        index: python_int(name),
    };
    Ok(Target::Path(name.split('.').map(lookup).collect()))
}

/// A number as Django reads it: with a point or an exponent `float()`, else `int()`.
fn number(text: &str) -> Option<Value> {
    if !text.contains(char::is_numeric) {
        return None;
    }
    if text.contains(['.', 'e', 'E']) {
        // Python reads `2.`, Django does not.
        let float = Value::str(text).to_float().ok().filter(|_| !text.ends_with('.'));
        return float.map(Value::from);
    }
    Value::str(text).to_int().ok().map(Value::from)
}

fn python_int(name: &str) -> Option<i64> {
    match number(name) {
        Some(Value::Int(index)) => Some(index),
        _ => None,
    }
}
