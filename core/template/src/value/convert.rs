//! `int()` and `float()`.

use std::borrow::Cow;

use num_bigint::BigInt;

use super::number::truncate;
use super::text::{ascii_digits, is_whitespace};
use super::{PythonError, Value};

/// The most digits of an `int` that Python converts from or to text
/// (<https://docs.python.org/3/library/stdtypes.html#integer-string-conversion-length-limitation>).
pub(super) const MAX_INT_DIGITS: usize = 4300;

/// The error of an `int` with too many digits.
pub(super) fn too_many_digits() -> PythonError {
    PythonError::value_error(format!(
        "Exceeds the limit ({MAX_INT_DIGITS} digits) for integer string conversion; \
         use sys.set_int_max_str_digits() to increase the limit"
    ))
}

impl Value {
    /// Python's `int()`.
    ///
    /// # Errors
    ///
    /// `ValueError` of a text that is no number and of NaN, `OverflowError` of an infinity, `TypeError` of what is
    /// neither number nor text.
    pub fn to_int(&self) -> Result<BigInt, PythonError> {
        match self {
            Value::Bool(value) => Ok(BigInt::from(*value)),
            Value::Int(value) => Ok(BigInt::from(*value)),
            Value::BigInt(value) => Ok((**value).clone()),
            Value::Float(value) if value.is_nan() => {
                Err(PythonError::value_error("cannot convert float NaN to integer"))
            }
            Value::Float(value) if value.is_infinite() => Err(PythonError::new(
                "OverflowError",
                "cannot convert float infinity to integer",
            )),
            Value::Float(value) => Ok(truncate(*value)),
            Value::Decimal(value) => value.to_int(),
            Value::Str(text) | Value::Safe(text) => parse_int(text).ok_or_else(|| self.no_int())?,
            Value::Bytes(bytes) => {
                let text = std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii());
                text.and_then(parse_int).ok_or_else(|| self.no_int())?
            }
            Value::Uuid(bytes) => Ok(BigInt::from(u128::from_be_bytes(*bytes))),
            _ => Err(PythonError::type_error(format!(
                "int() argument must be a string, a bytes-like object or a real number, not '{}'",
                self.qualified_type_name()
            ))),
        }
    }

    fn no_int(&self) -> PythonError {
        PythonError::value_error(format!("invalid literal for int() with base 10: {}", self.repr()))
    }

    /// Python's `int()` where more than 64 bits have no use: the largest or the smallest `i64` stands for those.
    ///
    /// # Errors
    ///
    /// As [`Value::to_int`].
    pub fn to_small_int(&self) -> Result<i64, PythonError> {
        if let Value::Int(value) = self {
            return Ok(*value);
        }
        let value = self.to_int()?;
        let bound = if value.sign() == num_bigint::Sign::Minus {
            i64::MIN
        } else {
            i64::MAX
        };
        Ok(i64::try_from(value).unwrap_or(bound))
    }

    /// Python's `float()`.
    ///
    /// # Errors
    ///
    /// `ValueError` of a text that is no number, `OverflowError` of an `int` that is too large, `TypeError` of what
    /// is neither number nor text.
    pub fn to_float(&self) -> Result<f64, PythonError> {
        match self {
            Value::Float(value) => Ok(*value),
            Value::Decimal(value) => value.to_float(),
            #[expect(
                clippy::cast_precision_loss,
                reason = "rounded to the nearest, as Python does"
            )]
            Value::Int(value) => Ok(*value as f64),
            Value::Bool(value) => Ok(f64::from(u8::from(*value))),
            Value::BigInt(value) => {
                // Reading decimal digits rounds correctly.
                let float: f64 = value.to_string().parse().unwrap_or(f64::INFINITY);
                if float.is_infinite() {
                    return Err(PythonError::new(
                        "OverflowError",
                        "int too large to convert to float",
                    ));
                }
                Ok(float)
            }
            Value::Str(text) | Value::Safe(text) => parse_float(text).ok_or_else(|| self.no_float()),
            Value::Bytes(bytes) => {
                let text = std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii());
                text.and_then(parse_float).ok_or_else(|| self.no_float())
            }
            _ => Err(PythonError::type_error(format!(
                "float() argument must be a string or a real number, not '{}'",
                self.qualified_type_name()
            ))),
        }
    }

    fn no_float(&self) -> PythonError {
        PythonError::value_error(format!("could not convert string to float: {}", self.repr()))
    }
}

/// The text of a number with ASCII digits and nothing around it. The separators of ASCII count as whitespace only if the
/// text is not ASCII throughout: Python looks at those texts byte by byte.
fn trimmed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text.trim_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']));
    }
    ascii_digits(text.trim_matches(is_whitespace))
}

/// The digits of a number without the underscores that may stand between two of them.
fn without_underscores(text: &str) -> Option<String> {
    if !text.contains('_') {
        return Some(text.to_owned());
    }
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    for (at, _) in text.match_indices('_') {
        if !is_digit(at.checked_sub(1)) || !is_digit(at.checked_add(1)) {
            return None;
        }
    }
    Some(text.replace('_', ""))
}

/// `int()` of a text: `None` if it is no integer, an error if it is too long.
fn parse_int(text: &str) -> Option<Result<BigInt, PythonError>> {
    let text = without_underscores(&trimmed(text))?;
    let digits = text.strip_prefix(['+', '-']).unwrap_or(&text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if digits.len() > MAX_INT_DIGITS {
        return Some(Err(PythonError::value_error(format!(
            "Exceeds the limit ({MAX_INT_DIGITS} digits) for integer string conversion: value has {} digits; \
             use sys.set_int_max_str_digits() to increase the limit",
            digits.len()
        ))));
    }
    text.parse().ok().map(Ok)
}

fn parse_float(text: &str) -> Option<f64> {
    let text = without_underscores(&trimmed(text))?;
    // Rust reads the same texts as Python, and correctly rounded as well.
    text.parse().ok()
}
