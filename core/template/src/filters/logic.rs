//! Filters that choose.

use super::{Call, FilterError};
use crate::value::{PythonError, Value};

/// `default`.
pub(super) fn default(call: &Call<'_>) -> Result<Value, FilterError> {
    Ok(if call.value.is_truthy() {
        call.value.clone()
    } else {
        call.argument().clone()
    })
}

/// `default_if_none`.
pub(super) fn default_if_none(call: &Call<'_>) -> Result<Value, FilterError> {
    Ok(if call.value.is_none() {
        call.argument().clone()
    } else {
        call.value.clone()
    })
}

/// `yesno`.
pub(super) fn yesno(call: &Call<'_>) -> Result<Value, FilterError> {
    let choices = match call.argument() {
        Value::None => "yes,no,maybe",
        Value::Str(text) | Value::Safe(text) => text,
        Value::Bytes(_) => {
            return Err(PythonError::type_error(
                "a bytes-like object is required, not 'str'",
            ));
        }
        other => return Err(PythonError::no_attribute(other, "split")),
    };
    let choices: Vec<&str> = choices.split(',').collect();
    let (yes, no, maybe) = match *choices.as_slice() {
        [] | [_] => return Ok(call.value.clone()),
        [yes, no, maybe] => (yes, no, maybe),
        [yes, no, ..] => (yes, no, no),
    };
    Ok(Value::from(match call.value {
        Value::None => maybe,
        value if value.is_truthy() => yes,
        _ => no,
    }))
}

/// `pluralize`.
pub(super) fn pluralize(call: &Call<'_>) -> Result<Value, FilterError> {
    let default = Value::from("s");
    let suffixes = call.argument.unwrap_or(&default);
    let Some(suffixes) = suffixes.as_text() else {
        if suffixes.contains(&Value::from(","))? {
            return Err(PythonError::no_attribute(suffixes, "split"));
        }
        return Err(PythonError::type_error(format!(
            "can only concatenate str (not \"{}\") to str",
            suffixes.qualified_type_name()
        )));
    };
    let parts: Vec<&str> = suffixes.split(',').collect();
    let (singular, plural) = match *parts.as_slice() {
        [plural] => ("", plural),
        [singular, plural] => (singular, plural),
        _ => return Ok(Value::from("")),
    };
    let suffix = |is_one: bool| Ok(Value::from(if is_one { singular } else { plural }));
    match call.value.to_float() {
        Ok(number) => suffix(number == 1.0),
        Err(error) if error.class == "TypeError" => match call.value.len() {
            Some(length) => suffix(length == 1),
            None => Ok(Value::from("")),
        },
        Err(error) if error.class == "ValueError" => Ok(Value::from("")),
        Err(error) => Err(error),
    }
}
