//! Filters of short texts.

use unicode_normalization::UnicodeNormalization;

use super::{Call, FilterError};
use crate::value::text::{is_whitespace, words};
use crate::value::{PythonError, Value};

/// `addslashes`.
pub(super) fn addslashes(call: &Call<'_>) -> Result<Value, FilterError> {
    let text = call.text();
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if matches!(character, '\\' | '"' | '\'') {
            out.push('\\');
        }
        out.push(character);
    }
    Ok(call.as_safe_as_value(out))
}

/// `cut`: safe text stays safe unless the end of an entity is cut.
pub(super) fn cut(call: &Call<'_>) -> Result<Value, FilterError> {
    let text = call.text();
    let Some(part) = call.argument().as_text() else {
        let type_name = match call.argument() {
            Value::None => "None",
            other => other.qualified_type_name(),
        };
        return Err(PythonError::type_error(format!(
            "replace() argument 1 must be str, not {type_name}"
        )));
    };
    let rest = if part.is_empty() {
        text.into_owned()
    } else {
        text.replace(part, "")
    };
    Ok(if part == ";" {
        Value::from(rest)
    } else {
        call.as_safe_as_value(rest)
    })
}

/// `ljust`.
pub(super) fn ljust(call: &Call<'_>) -> Result<Value, FilterError> {
    justify(call, |_, missing| (0, missing))
}

/// `rjust`.
pub(super) fn rjust(call: &Call<'_>) -> Result<Value, FilterError> {
    justify(call, |_, missing| (missing, 0))
}

/// `center`: of an odd number of spaces, Python puts the last to the left if the width is odd.
pub(super) fn center(call: &Call<'_>) -> Result<Value, FilterError> {
    justify(call, |width, missing| {
        let left = missing / 2 + (missing & width & 1);
        (left, missing - left)
    })
}

fn justify(call: &Call<'_>, split: fn(usize, usize) -> (usize, usize)) -> Result<Value, FilterError> {
    let text = call.text();
    let Ok(width) = i64::try_from(call.argument().to_int()?) else {
        return Err(PythonError::new(
            "OverflowError",
            "Python int too large to convert to C ssize_t",
        ));
    };
    let width = usize::try_from(width).unwrap_or(0);
    if width > call.environment.limits.max_output_bytes {
        return Err(PythonError::out_of_memory());
    }
    let missing = width.saturating_sub(text.chars().count());
    let (left, right) = split(width, missing);
    let mut out = String::with_capacity(text.len() + missing);
    out.extend(std::iter::repeat_n(' ', left));
    out.push_str(&text);
    out.extend(std::iter::repeat_n(' ', right));
    Ok(call.as_safe_as_value(out))
}

/// `phone2numeric`: letters as the digits that they share a key with.
pub(super) fn phone2numeric(call: &Call<'_>) -> Result<Value, FilterError> {
    let text = match call.value {
        Value::Str(text) | Value::Safe(text) => text,
        Value::Bytes(bytes) if bytes.is_empty() => "",
        Value::Bytes(_) => {
            return Err(PythonError::type_error(
                "sequence item 0: expected str instance, int found",
            ));
        }
        other => return Err(PythonError::no_attribute(other, "lower")),
    };
    Ok(Value::from(
        text.to_lowercase().chars().map(key_of).collect::<String>(),
    ))
}

fn key_of(letter: char) -> char {
    match letter {
        'a'..='c' => '2',
        'd'..='f' => '3',
        'g'..='i' => '4',
        'j'..='l' => '5',
        'm'..='o' => '6',
        'p'..='s' => '7',
        't'..='v' => '8',
        'w'..='z' => '9',
        other => other,
    }
}

/// `slugify`: ASCII letters, digits, underscores and single hyphens.
pub(super) fn slugify(call: &Call<'_>) -> Result<Value, FilterError> {
    let text = call.text();
    let ascii: String = text
        .nfkd()
        .filter(char::is_ascii)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let mut slug = String::with_capacity(ascii.len());
    for character in ascii.chars() {
        if character == '-' || is_whitespace(character) {
            if !slug.ends_with('-') {
                slug.push('-');
            }
        } else if character.is_ascii_alphanumeric() || character == '_' {
            slug.push(character);
        }
    }
    Ok(call.as_safe_as_value(slug.trim_matches(['-', '_'])))
}

/// `wordcount`.
pub(super) fn wordcount(call: &Call<'_>) -> Result<Value, FilterError> {
    let count = words(&call.text()).count();
    Ok(Value::Int(i64::try_from(count).unwrap_or(i64::MAX)))
}
