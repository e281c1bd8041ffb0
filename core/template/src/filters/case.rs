//! Upper, lower and title case.

use super::{Call, FilterError};
use crate::value::Value;
use crate::value::text::{digit_value, titlecase};

/// `capfirst`.
pub(super) fn capfirst(call: &Call<'_>) -> Result<Value, FilterError> {
    let text = call.text();
    let mut characters = text.chars();
    let mut out = String::with_capacity(text.len());
    out.extend(characters.next().into_iter().flat_map(char::to_uppercase));
    out.push_str(characters.as_str());
    Ok(call.as_safe_as_value(out))
}

/// `lower`.
pub(super) fn lower(call: &Call<'_>) -> Result<Value, FilterError> {
    Ok(call.as_safe_as_value(call.text().to_lowercase()))
}

/// `upper`: not safe, as entities are written in lower case.
pub(super) fn upper(call: &Call<'_>) -> Result<Value, FilterError> {
    Ok(Value::from(call.text().to_uppercase()))
}

/// `title`: title case, but for the letter behind an apostrophe or a digit.
pub(super) fn title(call: &Call<'_>) -> Result<Value, FilterError> {
    let mut out: Vec<char> = titlecase(&call.text()).chars().collect();
    // First `Doesn'T` becomes `Doesn't`, then `1St` becomes `1st`.
    lower_where(&mut out, |before, two_before| {
        before == '\'' && two_before.is_ascii_lowercase()
    });
    lower_where(&mut out, |before, _| digit_value(before).is_some());
    Ok(call.as_safe_as_value(out.into_iter().collect::<String>()))
}

/// Makes ASCII capitals small where the characters before them ask for it. They are small or no letters themselves, so
/// one change never asks for another.
fn lower_where(text: &mut [char], asks: fn(char, char) -> bool) {
    for at in (1..text.len()).rev() {
        let two_before = at.checked_sub(2).map_or(' ', |at| text[at]);
        if text[at].is_ascii_uppercase() && asks(text[at - 1], two_before) {
            text[at] = text[at].to_ascii_lowercase();
        }
    }
}
