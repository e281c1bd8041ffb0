//! An exception of Python.

use std::fmt;

use super::Value;

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

    /// The `AttributeError` of a value that has no such attribute.
    pub fn no_attribute(value: &Value, name: &str) -> PythonError {
        let type_name = value.qualified_type_name();
        PythonError::new(
            "AttributeError",
            format!("'{type_name}' object has no attribute '{name}'"),
        )
    }

    /// The `TypeError` of `iter()`.
    pub fn not_iterable(value: &Value) -> PythonError {
        let type_name = value.qualified_type_name();
        PythonError::type_error(format!("'{type_name}' object is not iterable"))
    }

    /// `decimal.InvalidOperation`.
    pub fn invalid_operation() -> PythonError {
        PythonError::new("InvalidOperation", "[<class 'decimal.InvalidOperation'>]")
    }

    /// The `OverflowError` of a date outside of the years 1 to 9999.
    pub fn date_out_of_range() -> PythonError {
        PythonError::new("OverflowError", "date value out of range")
    }

    /// The `MemoryError` that stands for more output than a render may have.
    pub fn out_of_memory() -> PythonError {
        PythonError::new("MemoryError", "")
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
