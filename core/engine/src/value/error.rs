//! An exception of Python.

use std::fmt;

/// What Python would raise: the class and the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct PythonError {
    /// Name of the exception's class: `ValueError`.
    pub class: &'static str,
    /// Its text, as `str()` gives it.
    pub message: String,
}

impl PythonError {
    /// An exception of `class`.
    pub fn new(class: &'static str, message: impl Into<String>) -> PythonError {
        PythonError {
            class,
            message: message.into(),
        }
    }

    /// A `TypeError`.
    pub fn type_error(message: impl Into<String>) -> PythonError {
        PythonError::new("TypeError", message)
    }

    /// A `ValueError`.
    pub fn value_error(message: impl Into<String>) -> PythonError {
        PythonError::new("ValueError", message)
    }

    /// Whether an `except` with these classes catches it.
    pub fn is_any(&self, classes: &[&str]) -> bool {
        classes.contains(&self.class)
    }
}

impl fmt::Display for PythonError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.class, self.message)
    }
}
