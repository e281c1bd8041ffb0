//! Floats with a number of digits, as C prints them.

/// No finite float has more digits behind the point.
const MAX_PLACES: usize = 1074;

/// `%e`, `%f` and `%g` of a float, upper case where the letter is.
pub(super) fn float_text(number: f64, letter: char, precision: usize, alternate: bool) -> String {
    let magnitude = number.abs();
    let text = if number.is_nan() {
        "nan".to_owned()
    } else if number.is_infinite() {
        "inf".to_owned()
    } else {
        match letter.to_ascii_lowercase() {
            'e' => scientific(magnitude, precision, alternate),
            'f' => fixed(magnitude, precision, alternate),
            _ => general(magnitude, precision.max(1), alternate),
        }
    };
    let text = if letter.is_ascii_uppercase() {
        text.to_ascii_uppercase()
    } else {
        text
    };
    let is_negative = number.is_sign_negative() && !number.is_nan();
    if is_negative { format!("-{text}") } else { text }
}

fn zeros(count: usize) -> String {
    "0".repeat(count)
}

/// With `alternate`, the point stays though nothing follows.
fn fixed(magnitude: f64, places: usize, alternate: bool) -> String {
    let exact = places.min(MAX_PLACES);
    let point = if alternate && places == 0 { "." } else { "" };
    format!("{magnitude:.exact$}{point}{}", zeros(places - exact))
}

/// The digits with one before the point, and the exponent.
fn decompose(magnitude: f64, places: usize) -> (String, i32) {
    let exact = places.min(MAX_PLACES);
    let text = format!("{magnitude:.exact$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (
        format!("{digits}{}", zeros(places - exact)),
        exponent.parse().unwrap_or(0),
    )
}

fn with_exponent(digits: &str, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

fn scientific(magnitude: f64, places: usize, alternate: bool) -> String {
    let (digits, exponent) = decompose(magnitude, places);
    let point = if alternate && places == 0 { "." } else { "" };
    with_exponent(&format!("{digits}{point}"), exponent)
}

/// So many significant digits, without zeros at the end unless `alternate`.
fn general(magnitude: f64, significant: usize, alternate: bool) -> String {
    let (digits, exponent) = decompose(magnitude, significant - 1);
    let count = i64::try_from(significant).unwrap_or(i64::MAX);
    let is_fixed = (-4..count).contains(&i64::from(exponent));
    if is_fixed {
        let places = usize::try_from(count - 1 - i64::from(exponent)).unwrap_or(0);
        return trim(&fixed(magnitude, places, alternate), alternate);
    }
    let digits = if alternate && significant == 1 {
        format!("{digits}.")
    } else {
        digits
    };
    with_exponent(&trim(&digits, alternate), exponent)
}

fn trim(text: &str, alternate: bool) -> String {
    if alternate || !text.contains('.') {
        return text.to_owned();
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
