//! Aware moments on the clock of the active time zone.

use crate::environment::Environment;
use crate::value::{PythonError, Value};

/// `timezone.template_localtime()`: an aware moment in the active time zone; `None` of what stays as it is.
///
/// # Errors
///
/// `OverflowError` outside of the years 1 to 9999.
pub fn local_time(
    value: &Value,
    use_tz: bool,
    environment: &Environment,
) -> Result<Option<Value>, PythonError> {
    let Value::DateTime(moment) = value else {
        return Ok(None);
    };
    if !use_tz || moment.zone.is_none() || !moment.converts_to_local_time {
        return Ok(None);
    }
    match moment.in_zone(&environment.time_zone) {
        Some(local) => Ok(Some(Value::from(local))),
        None => Err(PythonError::date_out_of_range()),
    }
}
