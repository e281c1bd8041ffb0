//! Filters that calculate.

use std::sync::Arc;

use num_bigint::BigInt;

use super::{Call, FilterError};
use crate::value::{DateTime, Decimal, PythonError, TimeDelta, Value};

/// `add`: as integers if both read as such, else what `+` gives, else an empty text.
pub(super) fn add(call: &Call<'_>) -> Result<Value, FilterError> {
    let (a, b) = (call.value, call.argument());
    match add_integers(a, b) {
        Err(error) if error.is_any(&["ValueError", "TypeError"]) => {
            Ok(add_values(a, b, call.environment.limits.max_output_bytes).unwrap_or_else(|| Value::from("")))
        }
        result => result,
    }
}

fn add_integers(a: &Value, b: &Value) -> Result<Value, PythonError> {
    Ok(Value::int(a.to_int()? + b.to_int()?))
}

/// Python's `a + b` of what does not read as an integer; `None` where it raises, and of more than `limit` bytes.
fn add_values(a: &Value, b: &Value, limit: usize) -> Option<Value> {
    match (a, b) {
        (Value::Safe(a), Value::Safe(b)) => Some(Value::safe(format!("{a}{b}"))),
        (Value::Str(a) | Value::Safe(a), Value::Str(b) | Value::Safe(b)) => {
            Some(Value::from(format!("{a}{b}")))
        }
        (Value::Bytes(a), Value::Bytes(b)) => concat(a, b, limit).map(Value::Bytes),
        (Value::List(a), Value::List(b)) => concat(a, b, limit).map(Value::List),
        (Value::Tuple(a), Value::Tuple(b)) => concat(a, b, limit).map(Value::Tuple),
        (Value::TimeDelta(a), Value::TimeDelta(b)) => {
            let sum = a.total_microseconds() + b.total_microseconds();
            TimeDelta::from_microseconds(sum).map(Value::TimeDelta)
        }
        (Value::Date(date), Value::TimeDelta(delta)) | (Value::TimeDelta(delta), Value::Date(date)) => {
            let moment = DateTime::naive(date.to_datetime(jiff::civil::Time::midnight()));
            let days = TimeDelta {
                days: delta.days,
                ..TimeDelta::ZERO
            };
            Some(Value::Date(moment.plus(days)?.civil.date()))
        }
        (Value::DateTime(moment), Value::TimeDelta(delta))
        | (Value::TimeDelta(delta), Value::DateTime(moment)) => moment.plus(*delta).map(Value::from),
        _ => add_numbers(a, b),
    }
}

fn concat<T: Clone>(a: &[T], b: &[T], limit: usize) -> Option<Arc<[T]>> {
    let fits = size_of_val(a).saturating_add(size_of_val(b)) <= limit;
    fits.then(|| a.iter().chain(b).cloned().collect())
}

/// Numbers of which one is NaN: all others read as integers.
fn add_numbers(a: &Value, b: &Value) -> Option<Value> {
    let is_number = |value: &Value| matches!(value, Value::Int(_) | Value::BigInt(_) | Value::Bool(_));
    match (a, b) {
        (Value::Float(_), _) if is_number(b) || matches!(b, Value::Float(_)) => Some(Value::Float(f64::NAN)),
        (_, Value::Float(_)) if is_number(a) => Some(Value::Float(f64::NAN)),
        (Value::Decimal(x), Value::Decimal(y)) => Some(Value::from(first_nan(x, y))),
        (Value::Decimal(x), _) if is_number(b) => Some(Value::Decimal(Arc::clone(x))),
        (_, Value::Decimal(y)) if is_number(a) => Some(Value::Decimal(Arc::clone(y))),
        _ => None,
    }
}

fn first_nan(a: &Decimal, b: &Decimal) -> Decimal {
    if a.is_nan() { a.clone() } else { b.clone() }
}

/// `divisibleby`.
pub(super) fn divisibleby(call: &Call<'_>) -> Result<Value, FilterError> {
    let (value, divisor) = (call.value.to_int()?, call.argument().to_int()?);
    if divisor == BigInt::ZERO {
        return Err(PythonError::new("ZeroDivisionError", "integer modulo by zero"));
    }
    Ok(Value::Bool(value % divisor == BigInt::ZERO))
}

/// `get_digit`: the digits counted from the right, from 1 on.
pub(super) fn get_digit(call: &Call<'_>) -> Result<Value, FilterError> {
    let integers = call
        .argument()
        .to_small_int()
        .and_then(|at| Ok((at, call.value.to_int()?)));
    let (at, value) = match integers {
        Ok(integers) => integers,
        Err(error) if error.class == "ValueError" => return Ok(call.value.clone()),
        Err(error) => return Err(error),
    };
    if at < 1 {
        return Ok(Value::int(value));
    }
    let digits = value.to_string();
    let position = usize::try_from(at)
        .ok()
        .and_then(|at| digits.len().checked_sub(at));
    match position.and_then(|position| digits.as_bytes().get(position)) {
        Some(b'-') => Err(PythonError::value_error(
            "invalid literal for int() with base 10: '-'",
        )),
        Some(digit) => Ok(Value::Int(i64::from(digit - b'0'))),
        None => Ok(Value::Int(0)),
    }
}
