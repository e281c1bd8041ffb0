//! Filters.

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

const FILTERS: &[Filter] = &[];

/// A filter that every template has.
pub fn builtin(name: &str) -> Option<&'static Filter> {
    FILTERS.iter().find(|filter| filter.name == name)
}

/// A filter of a library that a template loads: `humanize`, `i18n`, `l10n`, `tz` or `static`.
pub fn of_library(library: &str, name: &str) -> Option<&'static Filter> {
    let _ = library;
    builtin(name)
}
