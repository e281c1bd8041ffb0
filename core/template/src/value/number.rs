//! Numbers of different types compared, hashed and printed.

use std::cmp::Ordering;
use std::fmt::Write;

use num_bigint::{BigInt, Sign};

use super::{Decimal, Value};

/// Python's modulus for the hash of numbers: equal numbers of all types have the same remainder.
const MODULUS: u64 = (1 << 61) - 1;

/// A value seen as a number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number<'a> {
    Int(i64),
    BigInt(&'a BigInt),
    Float(f64),
    Decimal(&'a Decimal),
}

impl Value {
    pub(super) fn number(&self) -> Option<Number<'_>> {
        Some(match self {
            Value::Bool(value) => Number::Int(i64::from(*value)),
            Value::Int(value) => Number::Int(*value),
            Value::BigInt(value) => Number::BigInt(value),
            Value::Float(value) => Number::Float(*value),
            Value::Decimal(value) => Number::Decimal(value),
            _ => return None,
        })
    }
}

impl Number<'_> {
    /// Compares by value; `None` if one is NaN.
    pub(super) fn compare(self, other: Number<'_>) -> Option<Ordering> {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => Some(a.cmp(&b)),
            (Number::Float(a), Number::Float(b)) => a.partial_cmp(&b),
            (Number::Decimal(a), Number::Decimal(b)) => a.compare(b),
            (Number::BigInt(a), Number::BigInt(b)) => Some(a.cmp(b)),
            (Number::Int(a), Number::Float(b)) => compare_int_float(a, b),
            (Number::Float(a), Number::Int(b)) => compare_int_float(b, a).map(Ordering::reverse),
            (Number::Int(_), Number::BigInt(b)) => Some(if b.sign() == Sign::Minus {
                Ordering::Greater
            } else {
                Ordering::Less
            }),
            (Number::BigInt(_), Number::Int(_)) => other.compare(self).map(Ordering::reverse),
            _ => self.to_decimal().compare(&other.to_decimal()),
        }
    }

    fn to_decimal(self) -> Decimal {
        match self {
            Number::Int(value) => Decimal::from_int(&BigInt::from(value)),
            Number::BigInt(value) => Decimal::from_int(value),
            Number::Float(value) => Decimal::from_float(value),
            Number::Decimal(value) => value.clone(),
        }
    }

    /// The same for numbers that are equal.
    pub(super) fn hash(self) -> u64 {
        let (negative, magnitude) = match self {
            Number::Int(value) => (value < 0, value.unsigned_abs() % MODULUS),
            Number::BigInt(value) => {
                let remainder = value.magnitude() % MODULUS;
                (value.sign() == Sign::Minus, u64::try_from(remainder).unwrap_or(0))
            }
            Number::Float(value) => (value < 0.0, hash_float(value)),
            Number::Decimal(value) => (value.is_negative() && !value.is_zero(), hash_decimal(value)),
        };
        if negative {
            magnitude.wrapping_neg()
        } else {
            magnitude
        }
    }
}

fn compare_int_float(int: i64, float: f64) -> Option<Ordering> {
    // 2^63, which is the first float above every i64.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if float.is_nan() {
        return None;
    }
    if float >= LIMIT {
        return Some(Ordering::Less);
    }
    if float < -LIMIT {
        return Some(Ordering::Greater);
    }
    let whole = float.trunc();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "inside of the range of i64, as compared above"
    )]
    let ordering = int.cmp(&(whole as i64));
    Some(ordering.then_with(|| 0.0_f64.partial_cmp(&(float - whole)).unwrap_or(Ordering::Equal)))
}

fn multiply(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b) % u128::from(MODULUS);
    u64::try_from(product).unwrap_or(0)
}

fn power(base: u64, mut exponent: u64) -> u64 {
    let (mut result, mut square) = (1, base % MODULUS);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = multiply(result, square);
        }
        square = multiply(square, square);
        exponent >>= 1;
    }
    result
}

/// `base ^ exponent`, also of a negative exponent: the modulus is a prime.
fn signed_power(base: u64, exponent: i64) -> u64 {
    let positive = power(base, exponent.unsigned_abs());
    if exponent < 0 {
        power(positive, MODULUS - 2)
    } else {
        positive
    }
}

fn hash_float(value: f64) -> u64 {
    if !value.is_finite() {
        return if value.is_nan() { 0 } else { 314_159 };
    }
    let (mantissa, exponent) = decode(value);
    multiply(mantissa % MODULUS, signed_power(2, exponent))
}

fn hash_decimal(value: &Decimal) -> u64 {
    let Some((digits, exponent)) = value.digits() else {
        return if value.is_nan() { 0 } else { 314_159 };
    };
    let coefficient = digits.bytes().fold(0, |sum, digit| {
        (multiply(sum, 10) + u64::from(digit - b'0')) % MODULUS
    });
    multiply(coefficient, signed_power(10, exponent))
}

/// `|value| == mantissa × 2^exponent` of a finite float.
pub(super) fn decode(value: f64) -> (u64, i64) {
    let bits = value.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let exponent = i64::try_from((bits >> 52) & 0x7ff).unwrap_or(0);
    if exponent == 0 {
        (fraction, -1074)
    } else {
        (fraction | (1 << 52), exponent - 1075)
    }
}

/// A finite float without its fraction.
pub(super) fn truncate(value: f64) -> BigInt {
    let (mantissa, exponent) = decode(value);
    let magnitude = if exponent >= 0 {
        BigInt::from(mantissa) << exponent.unsigned_abs()
    } else {
        BigInt::from(
            mantissa
                .checked_shr(u32::try_from(-exponent).unwrap_or(64))
                .unwrap_or(0),
        )
    };
    if value < 0.0 { -magnitude } else { magnitude }
}

/// From so many digits on, two numbers of that many digits can be equally near to a float.
const DIGITS_WITH_TIES: usize = 16;

/// `repr()` of a float: the shortest digits that read back as the same, with an exponent below `1e-4` and from `1e16`
/// on.
pub(super) fn write_float(value: f64, out: &mut String) {
    if value.is_nan() {
        out.push_str("nan");
        return;
    }
    if value.is_infinite() {
        out.push_str(if value > 0.0 { "inf" } else { "-inf" });
        return;
    }
    let start = out.len();
    // Rust prints the same digits and chooses the same form, but for the exponent.
    let _ = write!(out, "{value:?}");
    let printed = &out[start..];
    let digits = printed.bytes().filter(u8::is_ascii_digit).count();
    if !printed.contains('e') && digits < DIGITS_WITH_TIES {
        return;
    }
    let text = shortest(value);
    out.truncate(start);
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        push_plain(digits, exponent, out);
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(out, "{digits}e{sign}{:02}", exponent.unsigned_abs());
    }
}

/// The shortest digits with an exponent; of two that are equally near Python takes the even one.
fn shortest(value: f64) -> String {
    let text = format!("{value:e}");
    let places = text
        .split('e')
        .next()
        .map_or(0, |digits| digits.bytes().filter(u8::is_ascii_digit).count() - 1);
    let even = format!("{value:.places$e}");
    if even.parse() == Ok(value) { even } else { text }
}

/// Digits with one before the point, written without the exponent.
fn push_plain(digits: &str, exponent: i32, out: &mut String) {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", digits),
    };
    let digits = digits.replace('.', "");
    out.push_str(sign);
    match usize::try_from(exponent) {
        Ok(exponent) => {
            let (whole, fraction) = digits.split_at_checked(exponent + 1).unwrap_or((&digits, ""));
            out.push_str(whole);
            out.extend(std::iter::repeat_n('0', exponent + 1 - whole.len()));
            out.push('.');
            out.push_str(if fraction.is_empty() { "0" } else { fraction });
        }
        Err(_) => {
            let zeros = usize::try_from(exponent.unsigned_abs()).unwrap_or(1) - 1;
            let _ = write!(out, "0.{}{digits}", "0".repeat(zeros));
        }
    }
}
