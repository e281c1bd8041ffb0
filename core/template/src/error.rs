//! What a template can fail with.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, DerefMut};

use super::Position;
use crate::value::PythonError;

/// Name of the class of Django's errors in a template's syntax.
pub const SYNTAX_ERROR: &str = "TemplateSyntaxError";
/// Name of the class of the error for a template that no loader has.
pub const DOES_NOT_EXIST: &str = "TemplateDoesNotExist";
/// Name of the class of the error for a lookup that failed where a value is needed.
pub const VARIABLE_DOES_NOT_EXIST: &str = "VariableDoesNotExist";
/// Name of the class of the error for a bound of [`Environment`](super::Environment) that was reached; ours.
pub const LIMIT_EXCEEDED: &str = "LimitExceeded";

/// An exception out of a template, with the place in the template that caused it.
///
/// It is one pointer wide, so that a `Result` that carries it stays small; the fields are those of [`Failure`].
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateError(Box<Failure>);

/// What a [`TemplateError`] holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Name of the Python class: `TemplateSyntaxError`.
    pub class: Cow<'static, str>,
    /// Its text, as Django gives it.
    pub message: String,
    /// Name of the template, if it has one.
    pub template: Option<String>,
    /// Where in the template.
    pub position: Option<Position>,
    /// What was tried to find a template, each with the reason why it was not taken.
    pub tried: Vec<Tried>,
    /// What would help, where that is known: the library that has an unknown tag.
    pub hint: Option<String>,
}

/// A place where a template was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The place: a path, or a name for loaders without files.
    pub origin: String,
    /// Why it was not taken: `Source does not exist`.
    pub reason: String,
}

impl TemplateError {
    /// An error of any class.
    pub fn new(class: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self(Box::new(Failure {
            class: class.into(),
            message: message.into(),
            template: None,
            position: None,
            tried: Vec::new(),
            hint: None,
        }))
    }

    /// A `TemplateSyntaxError`.
    pub fn syntax(message: impl Into<String>) -> Self {
        Self::new(SYNTAX_ERROR, message)
    }

    /// A `TemplateDoesNotExist` for `name`.
    pub fn does_not_exist(name: impl Into<String>, tried: Vec<Tried>) -> Self {
        let mut error = Self::new(DOES_NOT_EXIST, name);
        error.tried = tried;
        error
    }

    /// Whether it is a `TemplateDoesNotExist`.
    pub fn is_does_not_exist(&self) -> bool {
        self.class == DOES_NOT_EXIST
    }

    /// The same error with its place, unless an inner node has told it already.
    #[must_use]
    pub fn at(mut self, template: Option<&str>, position: Position) -> Self {
        if self.position.is_none() {
            self.position = Some(position);
            self.template = template.map(str::to_owned);
        }
        self
    }
}

impl From<PythonError> for TemplateError {
    fn from(error: PythonError) -> Self {
        Self::new(error.class, error.message)
    }
}

impl Deref for TemplateError {
    type Target = Failure;

    fn deref(&self) -> &Failure {
        &self.0
    }
}

impl DerefMut for TemplateError {
    fn deref_mut(&mut self) -> &mut Failure {
        &mut self.0
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.class)?;
        match (&self.template, self.position) {
            (Some(name), Some(position)) => write!(formatter, " in {name}, {position}")?,
            (None, Some(position)) => write!(formatter, ", {position}")?,
            (_, None) => {}
        }
        write!(formatter, ": {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(formatter, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for TemplateError {}
