//! Django's filters: all of `defaultfilters` and those of the libraries `humanize`, `i18n`, `l10n` and `tz`
//! (<https://docs.djangoproject.com/en/5.2/ref/templates/builtins/#built-in-filter-reference>).
//!
//! Each does what Django's function of that name does, with values of any type: what fails silently there fails
//! silently here, what raises there raises here.

mod arithmetic;
mod case;
mod dates;
mod entities;
mod escaping;
mod file_size;
mod float_format;
mod float_text;
mod html_parser;
mod html_references;
mod html_tags;
mod humanize;
mod json;
mod languages;
mod lines;
mod localization;
mod logic;
mod pretty;
mod registry;
mod sequences;
mod slice;
mod sort;
mod sorting;
mod string_format;
mod strings;
mod time_since;
mod time_zones;
mod truncate;
mod truncate_html;
mod unordered_list;
mod url;
mod urlize;
mod wrap;

use std::borrow::Cow;
use std::sync::Arc;

pub use registry::{builtin, of_library};

use crate::value::{PythonError, Value};

use super::environment::Environment;

/// What a filter raises.
pub type FilterError = PythonError;

/// Whether a filter takes an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// It takes none.
    None,
    /// It can do without.
    Optional,
    /// It needs one.
    Required,
}

/// A filter and what Django's registry says about it.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    /// Its name in templates.
    pub name: &'static str,
    /// Whether it takes an argument.
    pub argument: Argument,
    /// Of safe input it makes safe output.
    pub is_safe: bool,
    /// It wants to know whether the result is escaped.
    pub needs_autoescape: bool,
    /// It gets aware moments in the active time zone.
    pub expects_localtime: bool,
    /// What it does.
    pub function: fn(&Call<'_>) -> Result<Value, FilterError>,
}

/// One use of a filter.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// What it is applied to.
    pub value: &'a Value,
    /// What stands behind the colon.
    pub argument: Option<&'a Value>,
    /// Whether the template escapes by itself.
    pub autoescape: bool,
    /// What the render reads from outside.
    pub environment: &'a Environment,
}

impl<'a> Call<'a> {
    /// The value as text: what Django's `stringfilter` hands to a filter.
    fn text(&self) -> Cow<'a, str> {
        self.value.to_str()
    }

    /// The result of a text filter that is safe of safe input.
    fn as_safe_as_value(&self, text: impl Into<Arc<str>>) -> Value {
        if self.value.is_safe() {
            Value::safe(text)
        } else {
            Value::str(text)
        }
    }

    /// What stands behind the colon, `None` without one.
    fn argument(&self) -> &'a Value {
        self.argument.unwrap_or(&Value::None)
    }

    /// Whether a text filter has to escape what it keeps of the value.
    fn escapes(&self) -> bool {
        self.autoescape && !self.value.is_safe()
    }

    /// The argument as an `int`, where it is a length.
    fn length_argument(&self) -> Result<i64, FilterError> {
        self.argument().to_small_int()
    }
}
