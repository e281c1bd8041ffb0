//! Numbers with separators (`django.utils.numberformat`).

use std::borrow::Cow;

use crate::environment::Environment;
use crate::value::{Decimal, PythonError, Value};

/// With more digits or zeros than these a `Decimal` is written with an exponent.
const MAX_PLAIN_DIGITS: u64 = 200;

/// How one number is written.
struct Style<'a> {
    decimal_separator: &'a str,
    thousand_separator: &'a str,
    /// Sizes of the groups from the right; empty for none.
    grouping: &'a [usize],
    decimal_places: Option<usize>,
}

impl<'a> Style<'a> {
    fn new(
        decimal_places: Option<usize>,
        use_l10n: bool,
        force_grouping: bool,
        environment: &'a Environment,
    ) -> Style<'a> {
        let formats = environment.formats(use_l10n);
        let groups = (use_l10n && environment.use_thousand_separator) || force_grouping;
        Style {
            decimal_separator: &formats.decimal_separator,
            thousand_separator: &formats.thousand_separator,
            grouping: if groups { &formats.number_grouping } else { &[] },
            decimal_places,
        }
    }
}

/// `formats.number_format()` of a number.
///
/// # Errors
///
/// `TypeError` and `InvalidOperation` of the infinities and NaN of `Decimal`, as in Django.
pub fn format_number(
    value: &Value,
    decimal_places: Option<usize>,
    use_l10n: bool,
    force_grouping: bool,
    environment: &Environment,
) -> Result<String, PythonError> {
    let style = Style::new(decimal_places, use_l10n, force_grouping, environment);
    match value {
        Value::Decimal(decimal) => write_decimal(decimal, &style),
        Value::Float(_) => {
            let text = value.to_str();
            match Decimal::parse(&text) {
                Some(decimal) if text.contains('e') => write_decimal(&decimal, &style),
                _ => Ok(write_text(&text, &style)),
            }
        }
        Value::Int(_) | Value::BigInt(_) | Value::Bool(_)
            if style.grouping.is_empty() && decimal_places.unwrap_or(0) == 0 =>
        {
            Ok(value.to_str().into_owned())
        }
        _ => Ok(write_text(&value.to_str(), &style)),
    }
}

/// `formats.number_format()` of a number that is written already.
pub fn format_number_text(
    number: &str,
    decimal_places: Option<usize>,
    use_l10n: bool,
    force_grouping: bool,
    environment: &Environment,
) -> String {
    write_text(
        number,
        &Style::new(decimal_places, use_l10n, force_grouping, environment),
    )
}

fn write_decimal(decimal: &Decimal, style: &Style<'_>) -> Result<String, PythonError> {
    let mut number = Cow::Borrowed(decimal);
    if let Some(places) = style.decimal_places {
        if decimal.is_nan() {
            return Err(PythonError::invalid_operation());
        }
        if is_invisible(decimal, places) {
            number = Cow::Owned(Decimal::finite(false, "0", 0));
        }
    }
    let Some((digits, exponent)) = number.digits() else {
        return Err(PythonError::type_error("bad operand type for abs(): 'str'"));
    };
    if exponent.unsigned_abs() + digits.len() as u64 <= MAX_PLAIN_DIGITS {
        return Ok(write_text(&number.to_plain(), style));
    }
    let sign = if number.is_negative() { "-" } else { "" };
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let coefficient = write_text(&format!("{sign}{first}{point}{rest}"), style);
    Ok(format!("{coefficient}e{:+}", number.adjusted().unwrap_or(0)))
}

/// Whether no digit of a number would be seen. Without places Django looks at one, too.
fn is_invisible(decimal: &Decimal, places: usize) -> bool {
    let cutoff_exponent = -i64::try_from(places.max(1)).unwrap_or(i64::MAX);
    decimal.is_zero()
        || decimal
            .adjusted()
            .is_some_and(|adjusted| adjusted < cutoff_exponent)
}

fn write_text(number: &str, style: &Style<'_>) -> String {
    let (sign, number) = match number.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", number),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut out = String::with_capacity(number.len() * 2);
    out.push_str(sign);
    push_grouped(whole, style, &mut out);
    let places = style.decimal_places.unwrap_or(fraction.len());
    if places > 0 {
        out.push_str(style.decimal_separator);
        let shown = fraction.get(..places).unwrap_or(fraction);
        out.push_str(shown);
        out.extend(std::iter::repeat_n('0', places - shown.len()));
    }
    out
}

/// Appends the digits before the point, with separators between the groups.
fn push_grouped(whole: &str, style: &Style<'_>, out: &mut String) {
    let mut sizes = style.grouping.iter().copied();
    let Some(mut size) = sizes.next().filter(|size| *size > 0) else {
        out.push_str(whole);
        return;
    };
    let mut ends = Vec::new();
    let mut left = whole.chars().count();
    while left > size {
        left -= size;
        ends.push(left);
        size = sizes.next().filter(|size| *size > 0).unwrap_or(size);
    }
    for (index, digit) in whole.chars().enumerate() {
        if ends.last() == Some(&index) {
            ends.pop();
            out.push_str(style.thousand_separator);
        }
        out.push(digit);
    }
}
