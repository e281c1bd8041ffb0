//! `filesizeformat`.

use num_bigint::BigInt;

use super::{Call, FilterError};
use crate::formats::format_number;
use crate::value::{PythonError, Value};

const UNITS: [&str; 5] = ["KB", "MB", "GB", "TB", "PB"];

/// `filesizeformat`.
pub(super) fn filesizeformat(call: &Call<'_>) -> Result<Value, FilterError> {
    let bytes = match call.value.to_int() {
        Ok(bytes) => bytes,
        Err(error) if error.is_any(&["TypeError", "ValueError"]) => return Ok(Value::from("0\u{a0}bytes")),
        Err(error) => return Err(error),
    };
    let sign = if bytes < BigInt::ZERO { "-" } else { "" };
    let magnitude = bytes.magnitude();
    // The unit of which there are fewer than 1024, or the largest.
    let exponent = (magnitude.bits().saturating_sub(1) / 10).min(UNITS.len() as u64);
    let Some(unit) = usize::try_from(exponent)
        .ok()
        .and_then(|index| UNITS.get(index.checked_sub(1)?))
    else {
        let plural = if magnitude.bits() == 1 { "" } else { "s" };
        return Ok(Value::from(format!("{sign}{magnitude}\u{a0}byte{plural}")));
    };
    let amount = divide(&magnitude.to_string(), 10 * exponent)?;
    let rounded: f64 = format!("{amount:.1}").parse().unwrap_or(amount);
    let number = format_number(&Value::Float(rounded), Some(1), true, false, call.environment)?;
    Ok(Value::from(format!("{sign}{number}\u{a0}{unit}")))
}

/// The number divided by a power of two. Rounding once to a float and then scaling it is exact.
fn divide(digits: &str, exponent: u64) -> Result<f64, PythonError> {
    let too_large = || PythonError::new("OverflowError", "integer division result too large for a float");
    let number: f64 = digits.parse().map_err(|_| too_large())?;
    if number.is_infinite() {
        return Err(too_large());
    }
    let scale = i32::try_from(exponent).map_or(1.0, |exponent| 2.0_f64.powi(-exponent));
    Ok(number * scale)
}
