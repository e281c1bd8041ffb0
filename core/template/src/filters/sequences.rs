//! Filters of sequences.

use super::{Call, FilterError};
use crate::escape::{conditional_escape, conditional_escape_into};
use crate::value::{PythonError, Value};

/// `first`.
pub(super) fn first(call: &Call<'_>) -> Result<Value, FilterError> {
    item_or_empty(call, 0)
}

/// `last`.
pub(super) fn last(call: &Call<'_>) -> Result<Value, FilterError> {
    item_or_empty(call, -1)
}

fn item_or_empty(call: &Call<'_>, index: i64) -> Result<Value, FilterError> {
    match call.value.subscript(&Value::Int(index)) {
        Err(error) if error.class == "IndexError" => Ok(Value::from("")),
        result => result,
    }
}

/// `length`.
pub(super) fn length(call: &Call<'_>) -> Result<Value, FilterError> {
    Ok(Value::Int(
        call.value
            .len()
            .and_then(|length| i64::try_from(length).ok())
            .unwrap_or(0),
    ))
}

/// `make_list`.
pub(super) fn make_list(call: &Call<'_>) -> Result<Value, FilterError> {
    let text = Value::str(call.text());
    Ok(text
        .iterate()
        .into_iter()
        .flatten()
        .map(std::borrow::Cow::into_owned)
        .collect())
}

/// `random`: the same item for the same value and the same seed.
pub(super) fn random(call: &Call<'_>) -> Result<Value, FilterError> {
    let Some(length) = call.value.len() else {
        let type_name = call.value.qualified_type_name();
        return Err(PythonError::type_error(format!(
            "object of type '{type_name}' has no len()"
        )));
    };
    if length == 0 {
        return Ok(Value::from(""));
    }
    // The finisher of SplitMix64 spreads what differs in few bits.
    let mut mixed = call.environment.seed ^ call.value.fingerprint();
    for (shift, factor) in [(30, 0xbf58_476d_1ce4_e5b9), (27, 0x94d0_49bb_1331_11eb)] {
        mixed = (mixed ^ (mixed >> shift)).wrapping_mul(factor);
    }
    let index = (mixed ^ (mixed >> 31)) % u64::try_from(length).unwrap_or(1);
    call.value
        .subscript(&Value::Int(i64::try_from(index).unwrap_or(0)))
}

/// `join`: what cannot be joined comes back as it is.
pub(super) fn join(call: &Call<'_>) -> Result<Value, FilterError> {
    let separator = call.argument();
    if !call.autoescape {
        return join_plain(call, separator);
    }
    let Some(items) = call.value.iterate() else {
        return Ok(call.value.clone());
    };
    let separator = conditional_escape(separator);
    let mut out = String::new();
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push_str(&separator);
        }
        conditional_escape_into(&item, &mut out);
        if out.len() > call.environment.limits.max_output_bytes {
            return Err(PythonError::out_of_memory());
        }
    }
    Ok(Value::safe(out))
}

/// `separator.join(value)`: only of texts.
fn join_plain(call: &Call<'_>, separator: &Value) -> Result<Value, FilterError> {
    let value = call.value;
    let Some(separator) = separator.as_text() else {
        return match separator {
            Value::Bytes(separator) => Ok(join_bytes(value, separator)),
            _ => Err(PythonError::no_attribute(separator, "join")),
        };
    };
    let Some(items) = value.iterate() else {
        return Ok(value.clone());
    };
    let mut out = String::new();
    for (index, item) in items.enumerate() {
        let Some(text) = item.as_text() else {
            return Ok(value.clone());
        };
        if index > 0 {
            out.push_str(separator);
        }
        out.push_str(text);
        if out.len() > call.environment.limits.max_output_bytes {
            return Err(PythonError::out_of_memory());
        }
    }
    Ok(Value::safe(out))
}

/// `separator.join(value)` of bytes, marked as safe by its `repr`.
fn join_bytes(value: &Value, separator: &[u8]) -> Value {
    let Some(items) = value.iterate() else {
        return value.clone();
    };
    let mut joined = Vec::new();
    for (index, item) in items.enumerate() {
        let Value::Bytes(bytes) = &*item else {
            return value.clone();
        };
        if index > 0 {
            joined.extend_from_slice(separator);
        }
        joined.extend_from_slice(bytes);
    }
    Value::safe(Value::Bytes(joined.into()).repr())
}
