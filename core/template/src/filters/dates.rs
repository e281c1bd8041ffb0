//! Filters of dates and times.

use std::borrow::Cow;

use super::time_since::time_since;
use super::{Call, FilterError};
use crate::formats;
use crate::value::Value;

/// `date`.
pub(super) fn date(call: &Call<'_>) -> Result<Value, FilterError> {
    if is_missing(call.value) {
        return Ok(Value::from(""));
    }
    let no_field = ["AttributeError"];
    match formats::date(call.value, &format_of(call), call.environment) {
        Err(error) if error.is_any(&no_field) => {
            // Django tries the argument itself; without one that reads `None`.
            match formats::date_format(call.value, &call.argument().to_str(), call.environment) {
                Err(error) if error.is_any(&no_field) => Ok(Value::from("")),
                result => result.map(Value::from),
            }
        }
        result => result.map(Value::from),
    }
}

/// `time`.
pub(super) fn time(call: &Call<'_>) -> Result<Value, FilterError> {
    if is_missing(call.value) {
        return Ok(Value::from(""));
    }
    let text = formats::time(call.value, &format_of(call), call.environment)
        .or_else(|_| formats::time_format(call.value, &call.argument().to_str(), call.environment));
    Ok(Value::from(text.unwrap_or_default()))
}

/// `value in (None, "")`.
fn is_missing(value: &Value) -> bool {
    value.is_none() || value.as_text() == Some("")
}

/// The format that is asked for; empty for the default.
fn format_of<'a>(call: &Call<'a>) -> Cow<'a, str> {
    if call.argument().is_truthy() {
        call.argument().to_str()
    } else {
        Cow::Borrowed("")
    }
}

/// `timesince`.
pub(super) fn timesince(call: &Call<'_>) -> Result<Value, FilterError> {
    distance(call, false)
}

/// `timeuntil`.
pub(super) fn timeuntil(call: &Call<'_>) -> Result<Value, FilterError> {
    distance(call, true)
}

fn distance(call: &Call<'_>, until: bool) -> Result<Value, FilterError> {
    if !call.value.is_truthy() {
        return Ok(Value::from(""));
    }
    let compared_with = call.argument.filter(|argument| argument.is_truthy());
    match time_since(call.value, compared_with, until, call.environment) {
        Err(error) if error.is_any(&["ValueError", "TypeError"]) => Ok(Value::from("")),
        result => result.map(Value::from),
    }
}
