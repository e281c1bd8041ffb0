//! `floatformat`.

use std::borrow::Cow;

use super::{Call, FilterError};
use crate::formats::format_number_text;
use crate::value::{Decimal, PythonError, Value};

/// A number with more digits or a larger exponent comes back as it is.
const MAX_DIGITS: u64 = 200;

/// The most places that Python's `decimal` takes with its default precision and exponents.
const MAX_PLACES: usize = 2 * (999_999 + 28);

/// How the argument asks for a number.
struct Request<'a> {
    places: Cow<'a, Value>,
    use_l10n: bool,
    force_grouping: bool,
}

/// `floatformat`: positive places always, negative ones only if there is something to show. A `g` behind them groups,
/// a `u` does not localize.
pub(super) fn floatformat(call: &Call<'_>) -> Result<Value, FilterError> {
    let request = parse(call.argument)?;
    let input = call.text();
    let as_it_is = || call.as_safe_as_value(&*input);
    let Some(number) = Decimal::parse(&input).or_else(|| decimal_of_float(call.value)) else {
        return Ok(Value::from(""));
    };
    let places = match request.places.to_small_int() {
        Ok(places) => places,
        Err(error) if error.class == "ValueError" => return Ok(as_it_is()),
        Err(error) => return Err(error),
    };
    let Some((digits, exponent)) = number.digits() else {
        return Ok(as_it_is());
    };
    if digits.len() as u64 + exponent.unsigned_abs() > MAX_DIGITS {
        return Ok(as_it_is());
    }
    let (text, shown_places) = if places <= 0 && is_whole(&number) {
        (number.to_int()?.to_string(), 0)
    } else {
        round(&number, places)?
    };
    let formatted = format_number_text(
        &text,
        Some(shown_places),
        request.use_l10n,
        request.force_grouping,
        call.environment,
    );
    Ok(Value::safe(formatted))
}

/// The number with so many places, and how many that are; a zero has no sign here.
fn round(number: &Decimal, places: i64) -> Result<(String, usize), FilterError> {
    let shown_places = usize::try_from(places.unsigned_abs()).unwrap_or(usize::MAX);
    if shown_places > MAX_PLACES {
        return Err(PythonError::invalid_operation());
    }
    let rounded = number.quantize_half_up(-places.saturating_abs());
    let text = rounded.to_plain();
    let text = if rounded.is_zero() {
        text.trim_start_matches('-').to_owned()
    } else {
        text
    };
    Ok((text, shown_places))
}

fn parse(argument: Option<&Value>) -> Result<Request<'_>, FilterError> {
    let default = || Cow::Owned(Value::Int(-1));
    let plain = Request {
        places: argument.map_or_else(default, Cow::Borrowed),
        use_l10n: true,
        force_grouping: false,
    };
    let Some(text) = argument.and_then(Value::as_text) else {
        return Ok(plain);
    };
    if text.is_empty() {
        return Err(PythonError::new("IndexError", "string index out of range"));
    }
    let (places, force_grouping, use_l10n) = match text.strip_suffix("gu").or_else(|| text.strip_suffix("ug"))
    {
        Some(places) => (places, true, false),
        None => match (text.strip_suffix('g'), text.strip_suffix('u')) {
            (Some(places), _) => (places, true, true),
            (_, Some(places)) => (places, false, false),
            _ => return Ok(plain),
        },
    };
    let places = if places.is_empty() {
        default()
    } else {
        Cow::Owned(Value::from(places))
    };
    Ok(Request {
        places,
        use_l10n,
        force_grouping,
    })
}

/// What does not print as a number may still be one.
fn decimal_of_float(value: &Value) -> Option<Decimal> {
    let float = value.to_float().ok()?;
    Decimal::parse(&Value::Float(float).to_str())
}

fn is_whole(number: &Decimal) -> bool {
    let Some((digits, exponent)) = number.digits() else {
        return false;
    };
    let places = usize::try_from(-exponent).unwrap_or(0);
    number.is_zero() || digits.bytes().rev().take_while(|digit| *digit == b'0').count() >= places
}
