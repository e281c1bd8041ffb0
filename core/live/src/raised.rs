//! What a view raises.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use djscope_template::value::PythonError;

/// An exception that a view raises, named as Python names it, since the browser and the recording are told the name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Raised {
    /// Name of the class: `ValueError`.
    pub class: Arc<str>,
    /// What it says.
    pub message: String,
}

impl Raised {
    /// An exception of any class.
    pub fn new(class: &str, message: impl Into<String>) -> Self {
        Self {
            class: class.into(),
            message: message.into(),
        }
    }

    /// Something in what the browser sent or what is stored has a wrong value.
    pub fn value_error(message: impl Into<String>) -> Self {
        Self::new("ValueError", message)
    }

    /// `django.core.exceptions.PermissionDenied`.
    pub fn permission_denied(message: impl Into<String>) -> Self {
        Self::new("PermissionDenied", message)
    }

    /// Whether the user may not do what was asked.
    pub fn is_permission_denied(&self) -> bool {
        &*self.class == "PermissionDenied"
    }
}

/// What a panic says.
pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").to_owned()
}

impl From<PythonError> for Raised {
    fn from(error: PythonError) -> Self {
        Self::new(error.class, error.message)
    }
}

impl fmt::Display for Raised {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.class, self.message)
    }
}
