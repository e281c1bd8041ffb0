//! The filters of the library `tz`.

use super::{Call, FilterError};
use crate::value::{PythonError, Value, Zone};

/// `localtime`.
pub(super) fn localtime(call: &Call<'_>) -> Result<Value, FilterError> {
    convert(call, &call.environment.time_zone)
}

/// `utc`.
pub(super) fn utc(call: &Call<'_>) -> Result<Value, FilterError> {
    convert(call, &Zone::Utc)
}

/// `timezone`: an unknown zone gives an empty text.
pub(super) fn timezone(call: &Call<'_>) -> Result<Value, FilterError> {
    let (Value::DateTime(_), Some(name)) = (call.value, call.argument().as_text()) else {
        return Ok(Value::from(""));
    };
    if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        let message = format!("ZoneInfo keys must be normalized relative paths, got: {name}");
        return Err(PythonError::value_error(message));
    }
    match Zone::named(name) {
        Some(zone) => convert(call, &zone),
        None => Ok(Value::from("")),
    }
}

/// A naive moment is on the clock of the default zone.
fn convert(call: &Call<'_>, zone: &Zone) -> Result<Value, FilterError> {
    let Value::DateTime(moment) = call.value else {
        return Ok(Value::from(""));
    };
    let mut moment = (**moment).clone();
    moment
        .zone
        .get_or_insert_with(|| call.environment.default_time_zone.clone());
    let Some(mut local) = moment.in_zone(zone) else {
        return Err(PythonError::date_out_of_range());
    };
    local.converts_to_local_time = false;
    local.fold = false;
    Ok(Value::from(local))
}
