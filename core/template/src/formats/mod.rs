//! How Django writes dates, times and numbers (`django.utils.formats`).

mod clock;
mod date;
mod number;

use std::borrow::Cow;

pub use clock::local_time;
pub use date::{date_format, time_format};
pub use number::{format_number, format_number_text};

use crate::value::{PythonError, Value};

use super::environment::Environment;

/// What a format is called in templates and what it stands for: the language's format of that name, else the text
/// itself is the format.
pub fn get_format<'a>(name: &'a str, use_l10n: bool, environment: &'a Environment) -> &'a str {
    environment.formats(use_l10n).named(name).unwrap_or(name)
}

/// `formats.date_format()`.
///
/// # Errors
///
/// `AttributeError` of what has no such fields, `TypeError` of a date with the letters of a time.
pub fn date(value: &Value, format: &str, environment: &Environment) -> Result<String, PythonError> {
    let format = if format.is_empty() { "DATE_FORMAT" } else { format };
    date_format(value, get_format(format, true, environment), environment)
}

/// `formats.time_format()`.
///
/// # Errors
///
/// `AttributeError` of what has no such fields, `TypeError` of a date with the letters of a time.
pub fn time(value: &Value, format: &str, environment: &Environment) -> Result<String, PythonError> {
    let format = if format.is_empty() { "TIME_FORMAT" } else { format };
    time_format(value, get_format(format, true, environment), environment)
}

/// `formats.localize()`: numbers, dates and times as the language writes them, everything else as `str()` does.
///
/// # Errors
///
/// `TypeError` of the infinities and NaN of `Decimal`, as in Django.
pub fn localize<'a>(
    value: &'a Value,
    use_l10n: bool,
    environment: &Environment,
) -> Result<Cow<'a, str>, PythonError> {
    let formats = environment.formats(use_l10n);
    let text = match value {
        // Without grouping a number is written as `str()` does.
        Value::Int(_) | Value::BigInt(_) if !environment.use_thousand_separator => return Ok(value.to_str()),
        Value::Int(_) | Value::BigInt(_) | Value::Float(_) | Value::Decimal(_) if use_l10n => {
            format_number(value, None, true, false, environment)?
        }
        Value::DateTime(_) => date_format(value, &formats.datetime, environment)?,
        Value::Date(_) => date_format(value, &formats.date, environment)?,
        Value::Time(_) => time_format(value, &formats.time, environment)?,
        _ => return Ok(value.to_str()),
    };
    Ok(Cow::Owned(text))
}
