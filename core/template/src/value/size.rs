//! How much memory a value takes.

use super::record::RecordKind;
use super::{Dict, OpaqueForm, Value};

/// The bytes that a value takes in this process, itself and all that it holds; what is shared counts at every place.
pub fn size(value: &Value) -> usize {
    size_of::<Value>() + held(value)
}

fn held(value: &Value) -> usize {
    match value {
        Value::None
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Date(_)
        | Value::TimeDelta(_)
        | Value::Uuid(_) => 0,
        Value::BigInt(value) => usize::try_from(value.bits() / 8 + 1).unwrap_or(usize::MAX),
        Value::Decimal(value) => size_of_val(&**value) + value.digits().map_or(0, |(digits, _)| digits.len()),
        Value::Str(text) | Value::Safe(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => items.iter().map(size).sum(),
        Value::Dict(dict) => dict_size(dict),
        Value::Time(time) => size_of_val(&**time),
        Value::DateTime(moment) => size_of_val(&**moment),
        Value::Record(record) => {
            let key = match &record.kind {
                RecordKind::Model { app, pk, .. } => app.len() + size(pk),
                RecordKind::Object(_) | RecordKind::NamedTuple(_) => 0,
            };
            record.type_name().len() + key + dict_size(&record.fields)
        }
        Value::Opaque(opaque) => {
            let more = match &opaque.form {
                OpaqueForm::Cut { kept: Some(kept), .. } | OpaqueForm::View(kept) => size(kept),
                OpaqueForm::QuerySet { sql: Some(sql) } => sql.len(),
                OpaqueForm::Unknown { content, .. } => size(content),
                _ => 0,
            };
            size_of_val(&**opaque) + opaque.type_name.len() + opaque.text.len() + more
        }
    }
}

fn dict_size(dict: &Dict) -> usize {
    dict.iter().map(|(key, value)| size(key) + size(value)).sum()
}
