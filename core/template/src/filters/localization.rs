//! The filters of the library `l10n`.

use super::{Call, FilterError};
use crate::formats;
use crate::value::Value;

/// `localize`.
pub(super) fn localize(call: &Call<'_>) -> Result<Value, FilterError> {
    write(call, true)
}

/// `unlocalize`.
pub(super) fn unlocalize(call: &Call<'_>) -> Result<Value, FilterError> {
    write(call, false)
}

fn write(call: &Call<'_>, use_l10n: bool) -> Result<Value, FilterError> {
    Ok(match call.value {
        Value::Str(_) | Value::Safe(_) => call.value.clone(),
        Value::Int(_) | Value::BigInt(_) if use_l10n && !call.environment.use_thousand_separator => {
            Value::safe(call.text())
        }
        value => Value::from(formats::localize(value, use_l10n, call.environment)?.into_owned()),
    })
}
