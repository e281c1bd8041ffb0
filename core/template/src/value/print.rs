//! `str()` and `repr()`.

use std::borrow::Cow;

use super::number::write_float;
use super::record::{Record, RecordKind};
use super::text::{append, is_printable};
use super::{Dict, OpaqueForm, Value};

impl Value {
    /// Appends what `str()` gives.
    pub fn write_str(&self, out: &mut String) {
        match self {
            Value::Str(text) | Value::Safe(text) => out.push_str(text),
            Value::Decimal(decimal) => append(out, decimal),
            Value::Date(date) => append(out, date),
            Value::Time(time) => append(out, time),
            Value::DateTime(moment) => moment.write_iso(' ', out),
            Value::TimeDelta(delta) => append(out, delta),
            Value::Uuid(bytes) => write_uuid(bytes, out),
            Value::Record(record) => write_record(record, out),
            Value::Opaque(opaque) => match opaque.kept() {
                Some(kept) => kept.write_str(out),
                None => self.write_repr(out),
            },
            _ => self.write_repr(out),
        }
    }

    /// What `str()` gives, borrowed from a `str`.
    pub fn to_str(&self) -> Cow<'_, str> {
        match self {
            Value::Str(text) | Value::Safe(text) => Cow::Borrowed(text),
            _ => {
                let mut out = String::new();
                self.write_str(&mut out);
                Cow::Owned(out)
            }
        }
    }

    /// What `repr()` gives.
    pub fn repr(&self) -> String {
        let mut out = String::new();
        self.write_repr(&mut out);
        out
    }

    /// Appends what `repr()` gives.
    pub fn write_repr(&self, out: &mut String) {
        match self {
            Value::None => out.push_str("None"),
            Value::Bool(value) => out.push_str(if *value { "True" } else { "False" }),
            Value::Int(value) => append(out, value),
            Value::BigInt(value) => append(out, value),
            Value::Float(value) => write_float(*value, out),
            Value::Decimal(decimal) => append(out, format_args!("Decimal('{decimal}')")),
            Value::Str(text) | Value::Safe(text) => write_text_repr(text, out),
            Value::Bytes(bytes) => write_bytes_repr(bytes, out),
            Value::List(items) => write_items(items, "[", "]", out),
            Value::Tuple(items) if items.len() == 1 => write_items(items, "(", ",)", out),
            Value::Tuple(items) => write_items(items, "(", ")", out),
            Value::Set(items) if items.is_empty() => out.push_str("set()"),
            Value::Set(items) => write_items(items, "{", "}", out),
            Value::Dict(dict) => write_dict(dict, out),
            Value::Date(date) => {
                append(
                    out,
                    format_args!("datetime.date({}, {}, {})", date.year(), date.month(), date.day()),
                );
            }
            Value::Time(time) => time.write_repr(out),
            Value::DateTime(moment) => moment.write_repr(out),
            Value::TimeDelta(delta) => delta.write_repr(out),
            Value::Uuid(bytes) => {
                out.push_str("UUID('");
                write_uuid(bytes, out);
                out.push_str("')");
            }
            Value::Record(record) => write_record_repr(record, out),
            Value::Opaque(opaque) => match &opaque.form {
                OpaqueForm::Cut { kept: Some(kept), .. } => kept.write_repr(out),
                OpaqueForm::View(items) => {
                    append(out, format_args!("{}(", opaque.type_name));
                    items.write_repr(out);
                    out.push(')');
                }
                OpaqueForm::QuerySet { .. } => append(out, format_args!("<QuerySet of {}>", opaque.text)),
                _ => out.push_str(&opaque.text),
            },
        }
    }
}

fn write_items(items: &[Value], open: &str, close: &str, out: &mut String) {
    out.push_str(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        item.write_repr(out);
    }
    out.push_str(close);
}

fn write_dict(dict: &Dict, out: &mut String) {
    out.push('{');
    for (index, (key, value)) in dict.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        key.write_repr(out);
        out.push_str(": ");
        value.write_repr(out);
    }
    out.push('}');
}

/// `repr` of a `str`: single quotes, unless it holds single quotes and no double ones; what is not printable escaped.
fn write_text_repr(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    out.push(quote);
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if character == quote => {
                out.push('\\');
                out.push(quote);
            }
            _ if is_printable(character) => out.push(character),
            _ => write_escape(u32::from(character), out),
        }
    }
    out.push(quote);
}

fn write_escape(code: u32, out: &mut String) {
    match code {
        0..=0xff => append(out, format_args!("\\x{code:02x}")),
        0x100..=0xffff => append(out, format_args!("\\u{code:04x}")),
        _ => append(out, format_args!("\\U{code:08x}")),
    }
}

fn write_bytes_repr(bytes: &[u8], out: &mut String) {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        b'"'
    } else {
        b'\''
    };
    out.push('b');
    out.push(char::from(quote));
    for &byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ if byte == quote => {
                out.push('\\');
                out.push(char::from(quote));
            }
            b' '..=b'~' => out.push(char::from(byte)),
            _ => append(out, format_args!("\\x{byte:02x}")),
        }
    }
    out.push(char::from(quote));
}

fn write_uuid(bytes: &[u8; 16], out: &mut String) {
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        append(out, format_args!("{byte:02x}"));
    }
}

/// A model's default `__str__` (<https://docs.djangoproject.com/en/5.2/ref/models/instances/#str>); the user's own is
/// not known here.
fn write_record(record: &Record, out: &mut String) {
    match &record.kind {
        RecordKind::Model { model, pk, .. } => {
            append(out, format_args!("{model} object ("));
            pk.write_str(out);
            out.push(')');
        }
        RecordKind::Object(_) | RecordKind::NamedTuple(_) => write_record_repr(record, out),
    }
}

fn write_record_repr(record: &Record, out: &mut String) {
    match &record.kind {
        RecordKind::Model { model, .. } => {
            append(out, format_args!("<{model}: "));
            write_record(record, out);
            out.push('>');
        }
        RecordKind::Object(type_name) => append(out, format_args!("<{type_name} object>")),
        RecordKind::NamedTuple(type_name) => {
            append(out, format_args!("{}(", super::last_part(type_name)));
            for (position, (name, value)) in record.fields.iter().enumerate() {
                let separator = if position == 0 { "" } else { ", " };
                append(out, format_args!("{separator}{}=", name.to_str()));
                value.write_repr(out);
            }
            out.push(')');
        }
    }
}
