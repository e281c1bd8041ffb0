//! `decimal.Decimal`.

use std::cmp::Ordering;
use std::fmt;

use num_bigint::BigInt;

use super::text::{ascii_digits, is_whitespace};
use super::{PythonError, convert};

/// The largest exponent that Python's `decimal` takes, of a coefficient of one digit.
const MAX_EXPONENT: i64 = 999_999_999_999_999_999;
/// The smallest exponent that Python's `decimal` takes.
const MIN_EXPONENT: i64 = -1_999_999_999_999_999_997;

/// A decimal number with its exponent: `1.20` is not printed as `1.2`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    negative: bool,
    form: Form,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Form {
    /// `digits × 10^exponent`; the digits are ASCII, without zeros at the beginning.
    Finite {
        digits: Box<str>,
        exponent: i64,
    },
    Infinity,
    NotANumber {
        signaling: bool,
        payload: Box<str>,
    },
}

impl Decimal {
    /// `Decimal(text)`, or `None` where that raises `InvalidOperation`.
    pub fn parse(text: &str) -> Option<Decimal> {
        let text: String = ascii_digits(text.trim_matches(is_whitespace))
            .chars()
            .filter(|c| *c != '_')
            .collect();
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(&text)),
        };
        let form = parse_special(text).or_else(|| parse_finite(text))?;
        Some(Decimal { negative, form })
    }

    /// A finite number from a sign, ASCII digits and an exponent.
    pub fn finite(negative: bool, digits: &str, exponent: i64) -> Decimal {
        let significant = digits.trim_start_matches('0');
        let digits = if significant.is_empty() { "0" } else { significant };
        Decimal {
            negative,
            form: Form::Finite {
                digits: digits.into(),
                exponent,
            },
        }
    }

    /// An integer.
    pub fn from_int(value: &BigInt) -> Decimal {
        Decimal::finite(
            value.sign() == num_bigint::Sign::Minus,
            &value.magnitude().to_string(),
            0,
        )
    }

    /// `Decimal(value)`: exactly the binary fraction.
    pub fn from_float(value: f64) -> Decimal {
        let negative = value.is_sign_negative();
        if value.is_nan() {
            return Decimal {
                negative,
                form: Form::NotANumber {
                    signaling: false,
                    payload: "".into(),
                },
            };
        }
        if value.is_infinite() {
            return Decimal {
                negative,
                form: Form::Infinity,
            };
        }
        // No f64 has more than 1074 digits behind the point.
        let text = format!("{:.1074}", value.abs());
        let text = text.trim_end_matches('0');
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let places = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
        Decimal::finite(negative, &format!("{whole}{fraction}"), -places)
    }

    /// Whether the sign is minus, also of a zero.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// Whether it is `0`, `-0`, `0.00` …
    pub fn is_zero(&self) -> bool {
        matches!(&self.form, Form::Finite { digits, .. } if &**digits == "0")
    }

    /// Whether it is a quiet or signaling NaN.
    pub fn is_nan(&self) -> bool {
        matches!(self.form, Form::NotANumber { .. })
    }

    /// Whether it is an infinity.
    pub fn is_infinite(&self) -> bool {
        self.form == Form::Infinity
    }

    /// Digits and exponent of a finite number.
    pub fn digits(&self) -> Option<(&str, i64)> {
        match &self.form {
            Form::Finite { digits, exponent } => Some((digits, *exponent)),
            _ => None,
        }
    }

    /// The exponent of the first digit.
    pub fn adjusted(&self) -> Option<i64> {
        let (digits, exponent) = self.digits()?;
        Some(exponent + i64::try_from(digits.len()).unwrap_or(i64::MAX) - 1)
    }

    /// `int()`: towards zero.
    ///
    /// # Errors
    ///
    /// `ValueError` of NaN and of a number too long to be printed, `OverflowError` of an infinity.
    pub fn to_int(&self) -> Result<BigInt, PythonError> {
        let (digits, exponent) = match &self.form {
            Form::Finite { digits, exponent } => (&**digits, *exponent),
            Form::Infinity => {
                return Err(PythonError::new(
                    "OverflowError",
                    "cannot convert Infinity to integer",
                ));
            }
            Form::NotANumber { .. } => {
                return Err(PythonError::value_error("cannot convert NaN to integer"));
            }
        };
        if self.is_zero() || self.adjusted().is_some_and(|adjusted| adjusted < 0) {
            return Ok(BigInt::ZERO);
        }
        let length = i64::try_from(digits.len())
            .unwrap_or(i64::MAX)
            .saturating_add(exponent);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > convert::MAX_INT_DIGITS {
            return Err(convert::too_many_digits());
        }
        let whole = &digits[..length.min(digits.len())];
        let zeros = "0".repeat(length - whole.len());
        let magnitude: BigInt = format!("{whole}{zeros}").parse().unwrap_or_default();
        Ok(if self.negative { -magnitude } else { magnitude })
    }

    /// `float()`.
    ///
    /// # Errors
    ///
    /// `ValueError` of a signaling NaN.
    pub fn to_float(&self) -> Result<f64, PythonError> {
        match &self.form {
            Form::NotANumber { signaling: true, .. } => {
                Err(PythonError::value_error("cannot convert signaling NaN to float"))
            }
            Form::NotANumber { .. } => Ok(if self.negative { -f64::NAN } else { f64::NAN }),
            Form::Infinity => Ok(if self.negative {
                f64::NEG_INFINITY
            } else {
                f64::INFINITY
            }),
            // Rust reads what Python prints, correctly rounded.
            Form::Finite { .. } => Ok(self.to_string().parse().unwrap_or(f64::NAN)),
        }
    }

    /// `quantize(Decimal(1).scaleb(exponent), ROUND_HALF_UP)` with enough precision. The caller bounds the number of
    /// digits; what is not finite stays.
    pub fn quantize_half_up(&self, exponent: i64) -> Decimal {
        let Some((digits, own)) = self.digits() else {
            return self.clone();
        };
        if own >= exponent {
            let zeros = usize::try_from(own - exponent).unwrap_or(0);
            return Decimal::finite(self.negative, &format!("{digits}{}", "0".repeat(zeros)), exponent);
        }
        let dropped = usize::try_from(exponent - own).unwrap_or(usize::MAX);
        let (kept, rest) = match digits.len().checked_sub(dropped) {
            Some(kept) => digits.split_at(kept),
            None => ("", "0"),
        };
        let up = rest.as_bytes().first().is_some_and(|digit| *digit >= b'5');
        let kept: BigInt = kept.parse().unwrap_or_default();
        let rounded = if up { kept + 1 } else { kept };
        Decimal::finite(self.negative, &rounded.to_string(), exponent)
    }

    /// `format(value, 'f')`: without an exponent. The caller bounds the exponent.
    pub fn to_plain(&self) -> String {
        let Some((digits, exponent)) = self.digits() else {
            return self.to_string();
        };
        let sign = if self.negative { "-" } else { "" };
        if exponent >= 0 {
            // Zero stays one digit with any exponent.
            let zeros = if digits == "0" {
                0
            } else {
                usize::try_from(exponent).unwrap_or(0)
            };
            return format!("{sign}{digits}{}", "0".repeat(zeros));
        }
        let places = usize::try_from(exponent.unsigned_abs()).unwrap_or(usize::MAX);
        let zeros = "0".repeat((places + 1).saturating_sub(digits.len()));
        let padded = format!("{zeros}{digits}");
        let (whole, fraction) = padded.split_at(padded.len() - places);
        format!("{sign}{whole}.{fraction}")
    }

    /// Compares two numbers by value; `None` if one is NaN.
    pub fn compare(&self, other: &Decimal) -> Option<Ordering> {
        if self.is_nan() || other.is_nan() {
            return None;
        }
        let (own_sign, other_sign) = (self.sign(), other.sign());
        if own_sign != other_sign || own_sign == 0 {
            return Some(own_sign.cmp(&other_sign));
        }
        let ordering = self.compare_magnitude(other);
        Some(if own_sign < 0 {
            ordering.reverse()
        } else {
            ordering
        })
    }

    fn sign(&self) -> i8 {
        match (self.is_zero(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    fn compare_magnitude(&self, other: &Decimal) -> Ordering {
        match (self.digits(), other.digits()) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some((own_digits, _)), Some((other_digits, _))) => {
                self.adjusted().cmp(&other.adjusted()).then_with(|| {
                    // With the first digits at the same place, zeros at the end do not count.
                    own_digits
                        .trim_end_matches('0')
                        .cmp(other_digits.trim_end_matches('0'))
                })
            }
        }
    }
}

fn parse_special(text: &str) -> Option<Form> {
    let lower = text.to_ascii_lowercase();
    if matches!(&*lower, "inf" | "infinity") {
        return Some(Form::Infinity);
    }
    let (signaling, payload) = match lower.strip_prefix("snan") {
        Some(payload) => (true, payload),
        None => (false, lower.strip_prefix("nan")?),
    };
    let is_payload = payload.bytes().all(|byte| byte.is_ascii_digit());
    is_payload.then(|| Form::NotANumber {
        signaling,
        payload: payload.trim_start_matches('0').into(),
    })
}

fn parse_finite(text: &str) -> Option<Form> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    let number = Decimal::finite(false, &digits, exponent);
    if number.is_zero() {
        let exponent = exponent.clamp(MIN_EXPONENT, MAX_EXPONENT);
        return Some(Form::Finite {
            digits: "0".into(),
            exponent,
        });
    }
    let fits = number.adjusted()? <= MAX_EXPONENT && exponent >= MIN_EXPONENT;
    fits.then_some(number.form)
}

/// The digits behind `E`; what is too long to be an exponent is read as one that is too large.
fn parse_exponent(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(sign * digits.parse::<i64>().unwrap_or(i64::MAX / 2).min(i64::MAX / 2))
}

/// As `str()` prints: plain from `1E-7` on upwards as long as the exponent is not positive, else scientific
/// (<https://docs.python.org/3/library/decimal.html>).
impl fmt::Display for Decimal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            out.write_str("-")?;
        }
        let (digits, exponent) = match &self.form {
            Form::Infinity => return out.write_str("Infinity"),
            Form::NotANumber { signaling, payload } => {
                return write!(out, "{}NaN{payload}", if *signaling { "s" } else { "" });
            }
            Form::Finite { digits, exponent } => (&**digits, *exponent),
        };
        if exponent == 0 {
            return out.write_str(digits);
        }
        let adjusted = exponent + i64::try_from(digits.len()).unwrap_or(i64::MAX) - 1;
        if exponent > 0 || adjusted < -6 {
            let (first, rest) = digits.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            return write!(out, "{first}{point}{rest}E{adjusted:+}");
        }
        let places = usize::try_from(-exponent).unwrap_or(usize::MAX);
        match digits.len().checked_sub(places) {
            Some(whole) if whole > 0 => write!(out, "{}.{}", &digits[..whole], &digits[whole..]),
            _ => write!(out, "0.{}{digits}", "0".repeat(places - digits.len())),
        }
    }
}
