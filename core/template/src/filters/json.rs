//! `json_script`.

use std::fmt::Write;

use super::{Call, FilterError};
use crate::escape::conditional_escape_into;
use crate::value::{DateTime, PythonError, TimeDelta, Value};

/// `json_script`: JSON without characters that HTML gives a meaning to.
pub(super) fn json_script(call: &Call<'_>) -> Result<Value, FilterError> {
    let mut out = String::from("<script");
    if call.argument().is_truthy() {
        out.push_str(" id=\"");
        conditional_escape_into(call.argument(), &mut out);
        out.push('"');
    }
    out.push_str(" type=\"application/json\">");
    write_json(call.value, &mut out)?;
    out.push_str("</script>");
    Ok(Value::safe(out))
}

/// `json.dumps()` with `DjangoJSONEncoder`
/// (<https://docs.djangoproject.com/en/5.2/topics/serialization/#djangojsonencoder>).
fn write_json(value: &Value, out: &mut String) -> Result<(), PythonError> {
    match value {
        Value::None => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(_) | Value::BigInt(_) => value.write_str(out),
        Value::Float(number) => write_float(*number, out),
        Value::Str(text) | Value::Safe(text) => write_text(text, out),
        Value::List(items) | Value::Tuple(items) => write_items(items, out)?,
        Value::Dict(dict) => write_dict(dict, out)?,
        Value::DateTime(moment) => write_text(&moment_text(moment), out),
        Value::Time(time) if time.utc_offset_seconds().is_some() => {
            return Err(PythonError::value_error(
                "JSON can't represent timezone-aware times.",
            ));
        }
        Value::Time(_) => {
            let text = value.to_str();
            // Milliseconds are enough for JavaScript.
            write_text(text.get(..12).unwrap_or(&text), out);
        }
        Value::TimeDelta(delta) => write_text(&duration_text(*delta), out),
        Value::Date(_) | Value::Decimal(_) | Value::Uuid(_) => write_text(&value.to_str(), out),
        Value::Opaque(opaque) if opaque.kept().is_some() => {
            write_json(opaque.kept().unwrap_or(&Value::None), out)?;
        }
        Value::Bytes(_) | Value::Set(_) | Value::Record(_) | Value::Opaque(_) => {
            let type_name = value.type_name();
            return Err(PythonError::type_error(format!(
                "Object of type {type_name} is not JSON serializable"
            )));
        }
    }
    Ok(())
}

fn write_float(number: f64, out: &mut String) {
    if number.is_nan() {
        out.push_str("NaN");
    } else if number.is_infinite() {
        out.push_str(if number > 0.0 { "Infinity" } else { "-Infinity" });
    } else {
        Value::Float(number).write_str(out);
    }
}

fn write_items(items: &[Value], out: &mut String) -> Result<(), PythonError> {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write_json(item, out)?;
    }
    out.push(']');
    Ok(())
}

fn write_dict(dict: &crate::value::Dict, out: &mut String) -> Result<(), PythonError> {
    out.push('{');
    for (index, (key, value)) in dict.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        match key {
            Value::Str(text) | Value::Safe(text) => write_text(text, out),
            Value::None | Value::Bool(_) | Value::Int(_) | Value::BigInt(_) | Value::Float(_) => {
                out.push('"');
                write_json(key, out)?;
                out.push('"');
            }
            _ => {
                let type_name = key.type_name();
                return Err(PythonError::type_error(format!(
                    "keys must be str, int, float, bool or None, not {type_name}"
                )));
            }
        }
        out.push_str(": ");
        write_json(value, out)?;
    }
    out.push('}');
    Ok(())
}

/// A JSON string in ASCII.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '<' | '>' | '&' => {
                let _ = write!(out, "\\u{:04X}", u32::from(character));
            }
            ' '..='~' => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

/// ISO 8601 with milliseconds, as JavaScript has them, and `Z` for UTC.
fn moment_text(moment: &DateTime) -> String {
    let mut text = String::new();
    moment.write_iso('T', &mut text);
    if let Some(point) = text.find('.') {
        text.replace_range(point + 4..point + 7, "");
    }
    match text.strip_suffix("+00:00") {
        Some(text) => format!("{text}Z"),
        None => text,
    }
}

/// ISO 8601: `P1DT02H03M04S`.
fn duration_text(delta: TimeDelta) -> String {
    let microseconds = delta.total_microseconds();
    let sign = if microseconds < 0 { "-" } else { "" };
    let delta = TimeDelta::from_microseconds(microseconds.abs()).unwrap_or(delta);
    let (minutes, seconds) = (delta.seconds / 60, delta.seconds % 60);
    let fraction = match delta.microseconds {
        0 => String::new(),
        microseconds => format!(".{microseconds:06}"),
    };
    format!(
        "{sign}P{}DT{:02}H{:02}M{seconds:02}{fraction}S",
        delta.days,
        minutes / 60,
        minutes % 60
    )
}
