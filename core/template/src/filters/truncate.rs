//! Truncation of texts.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use super::{Call, FilterError};
use crate::value::Value;
use crate::value::text::words;

/// `truncatechars`.
pub(super) fn truncatechars(call: &Call<'_>) -> Result<Value, FilterError> {
    let Some(length) = length_or_none(call)? else {
        return Ok(call.as_safe_as_value(call.text()));
    };
    let text = call.text();
    Ok(call.as_safe_as_value(truncate(&composed(&text), length)))
}

/// `truncatewords`: words are separated by one space afterwards.
pub(super) fn truncatewords(call: &Call<'_>) -> Result<Value, FilterError> {
    let Some(length) = length_or_none(call)? else {
        return Ok(call.as_safe_as_value(call.text()));
    };
    let text = call.text();
    let mut rest = words(&text);
    let mut kept = rest.by_ref().take(length).collect::<Vec<_>>().join(" ");
    if length > 0 && rest.next().is_some() {
        push_ellipsis(&mut kept, " …");
    }
    Ok(call.as_safe_as_value(kept))
}

/// The length that is asked for, nothing if negative; `None` of what is no number.
pub(super) fn length_or_none(call: &Call<'_>) -> Result<Option<usize>, FilterError> {
    match call.length_argument() {
        Ok(length) => Ok(Some(usize::try_from(length).unwrap_or(0))),
        Err(error) if error.class == "ValueError" => Ok(None),
        Err(error) => Err(error),
    }
}

/// Appends what tells that something is missing, unless it stands there already.
pub(super) fn push_ellipsis(text: &mut String, ellipsis: &str) {
    if !text.ends_with(ellipsis) {
        text.push_str(ellipsis);
    }
}

/// The text with letters and their marks composed.
pub(super) fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// At most so many characters, the ellipsis included; a combining mark counts as none.
fn truncate(text: &str, length: usize) -> Cow<'_, str> {
    if length == 0 {
        return Cow::Borrowed("");
    }
    let mut counted = text
        .char_indices()
        .filter(|(_, character)| canonical_combining_class(*character) == 0);
    let end = counted.by_ref().nth(length - 1).map(|(index, _)| index);
    match (end, counted.next()) {
        (Some(end), Some(_)) => Cow::Owned(format!("{}…", &text[..end])),
        _ => Cow::Borrowed(text),
    }
}
