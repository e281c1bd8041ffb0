//! `dictsort` and `dictsortreversed`.

use super::sort::sort;
use super::{Call, FilterError};
use crate::attributes::{Attribute, attribute};
use crate::value::{PythonError, Value};

/// `dictsort`: what cannot be sorted becomes an empty text.
pub(super) fn dictsort(call: &Call<'_>) -> Result<Value, FilterError> {
    sorted_or_empty(call, false)
}

/// `dictsortreversed`: equal items keep their order.
pub(super) fn dictsortreversed(call: &Call<'_>) -> Result<Value, FilterError> {
    sorted_or_empty(call, true)
}

fn sorted_or_empty(call: &Call<'_>, reversed: bool) -> Result<Value, FilterError> {
    match sorted(call, reversed) {
        Err(error) if error.is_any(&["AttributeError", "TypeError"]) => Ok(Value::from("")),
        result => result,
    }
}

fn sorted(call: &Call<'_>, reversed: bool) -> Result<Value, FilterError> {
    let key = Key::new(call.argument())?;
    let mut pairs = call
        .value
        .items()?
        .map(|item| Ok((key.of(&item)?, item.into_owned())))
        .collect::<Result<Vec<(Value, Value)>, PythonError>>()?;
    // Sorted backwards twice, equal items come out in the order in which they were.
    if reversed {
        pairs.reverse();
    }
    let mut pairs = sort(pairs, &|(a, _), (b, _)| a.is_less(b))?;
    if reversed {
        pairs.reverse();
    }
    Ok(pairs.into_iter().map(|(_, item)| item).collect())
}

/// What items are sorted by.
enum Key<'a> {
    /// The argument reads as a number: `item[argument]`.
    Item(&'a Value),
    /// The steps of a path, each an item or an attribute.
    Path(Vec<&'a str>),
}

impl<'a> Key<'a> {
    fn new(argument: &'a Value) -> Result<Key<'a>, PythonError> {
        match argument.to_float() {
            Ok(_) => return Ok(Key::Item(argument)),
            Err(error) if error.class != "ValueError" => return Err(error),
            Err(_) => {}
        }
        let Some(path) = argument.as_text() else {
            return Err(PythonError::type_error(
                "a bytes-like object is required, not 'str'",
            ));
        };
        if path.contains("._") || path.starts_with('_') {
            return Err(PythonError::new(
                "AttributeError",
                "Access to private variables is forbidden.",
            ));
        }
        if path.is_empty() {
            return Err(PythonError::new("IndexError", "string index out of range"));
        }
        Ok(Key::Path(path.split('.').collect()))
    }

    fn of(&self, item: &Value) -> Result<Value, PythonError> {
        match self {
            Key::Item(key) => item.subscript(key),
            Key::Path(steps) => steps
                .iter()
                .try_fold(item.clone(), |value, step| step_into(&value, step)),
        }
    }
}

/// Attributes of Python's own types that hold data; the others are methods, which have no order.
const DATA_ATTRIBUTES: [&str; 16] = [
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "microsecond",
    "fold",
    "days",
    "seconds",
    "microseconds",
    "real",
    "imag",
    "numerator",
    "denominator",
    "hex",
];

fn step_into(value: &Value, name: &str) -> Result<Value, PythonError> {
    if let Some(item) = value.item(name) {
        return Ok(item);
    }
    match attribute(value, name) {
        Some(Attribute::Value(attribute)) if DATA_ATTRIBUTES.contains(&name) => Ok(attribute),
        _ => Err(PythonError::no_attribute(value, name)),
    }
}
