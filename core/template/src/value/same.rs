//! Whether a template could see a difference.

use std::hash::Hasher;
use std::mem::discriminant;
use std::sync::Arc;

use rustc_hash::FxHasher;

use super::record::RecordKind;
use super::{DateTime, Dict, OpaqueForm, Record, Time, Value};

impl Value {
    /// Whether both have the same type and the same content, in the same order. `1`, `1.0` and `True` are not the
    /// same, a `str` is not a `SafeString`; NaN is the same as NaN.
    pub fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::None, Value::None) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::BigInt(a), Value::BigInt(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
            (Value::Decimal(a), Value::Decimal(b)) => a == b,
            (Value::Str(a), Value::Str(b)) | (Value::Safe(a), Value::Safe(b)) => Arc::ptr_eq(a, b) || a == b,
            (Value::Bytes(a), Value::Bytes(b)) => Arc::ptr_eq(a, b) || a == b,
            (Value::List(a), Value::List(b))
            | (Value::Tuple(a), Value::Tuple(b))
            | (Value::Set(a), Value::Set(b)) => Arc::ptr_eq(a, b) || same_items(a, b),
            (Value::Dict(a), Value::Dict(b)) => Arc::ptr_eq(a, b) || same_dicts(a, b),
            (Value::Date(a), Value::Date(b)) => a == b,
            (Value::Time(a), Value::Time(b)) => same_times(a, b),
            (Value::DateTime(a), Value::DateTime(b)) => same_moments(a, b),
            (Value::TimeDelta(a), Value::TimeDelta(b)) => a == b,
            (Value::Uuid(a), Value::Uuid(b)) => a == b,
            (Value::Record(a), Value::Record(b)) => Arc::ptr_eq(a, b) || same_records(a, b),
            (Value::Opaque(a), Value::Opaque(b)) => {
                Arc::ptr_eq(a, b)
                    || (a.type_name == b.type_name && a.text == b.text && same_forms(&a.form, &b.form))
            }
            _ => false,
        }
    }

    /// A hash that is the same for values that are the same. Different values may have the same hash, if with a
    /// chance that counts only where somebody chooses the values for it.
    pub fn fingerprint(&self) -> u64 {
        let mut state = FxHasher::default();
        self.fingerprint_into(&mut state);
        state.finish()
    }

    /// Adds what [`Value::fingerprint`] is made of to a hash of more than this value.
    pub fn fingerprint_into(&self, state: &mut FxHasher) {
        state.write_u8(self.kind());
        match self {
            Value::None => {}
            Value::Bool(value) => state.write_u8(u8::from(*value)),
            Value::Int(value) => state.write_i64(*value),
            Value::Float(value) if value.is_nan() => state.write_u8(0),
            Value::Float(value) => state.write_u64(value.to_bits()),
            Value::Str(text) | Value::Safe(text) => write_text(text, state),
            Value::Bytes(bytes) => {
                state.write_usize(bytes.len());
                state.write(bytes);
            }
            Value::List(items) | Value::Tuple(items) | Value::Set(items) => {
                state.write_usize(items.len());
                items.iter().for_each(|item| item.fingerprint_into(state));
            }
            Value::Dict(dict) => fingerprint_dict(dict, state),
            Value::TimeDelta(delta) => {
                state.write_i32(delta.days);
                state.write_i32(delta.seconds);
                state.write_i32(delta.microseconds);
            }
            Value::Uuid(bytes) => state.write(bytes),
            Value::Record(record) => {
                write_text(record.type_name(), state);
                if let RecordKind::Model { app, pk, .. } = &record.kind {
                    write_text(app, state);
                    pk.fingerprint_into(state);
                }
                fingerprint_dict(&record.fields, state);
            }
            Value::Opaque(opaque) => {
                write_text(&opaque.type_name, state);
                write_text(&opaque.text, state);
            }
            Value::BigInt(_) | Value::Decimal(_) | Value::Date(_) | Value::Time(_) | Value::DateTime(_) => {
                write_text(&self.to_str(), state);
            }
        }
    }

    /// A number for each type, the same in every build.
    fn kind(&self) -> u8 {
        match self {
            Value::None => 0,
            Value::Bool(_) => 1,
            Value::Int(_) => 2,
            Value::BigInt(_) => 3,
            Value::Float(_) => 4,
            Value::Decimal(_) => 5,
            Value::Str(_) => 6,
            Value::Safe(_) => 7,
            Value::Bytes(_) => 8,
            Value::List(_) => 9,
            Value::Tuple(_) => 10,
            Value::Set(_) => 11,
            Value::Dict(_) => 12,
            Value::Date(_) => 13,
            Value::Time(_) => 14,
            Value::DateTime(_) => 15,
            Value::TimeDelta(_) => 16,
            Value::Uuid(_) => 17,
            Value::Record(_) => 18,
            Value::Opaque(_) => 19,
        }
    }
}

fn write_text(text: &str, state: &mut FxHasher) {
    state.write_usize(text.len());
    state.write(text.as_bytes());
}

fn fingerprint_dict(dict: &Dict, state: &mut FxHasher) {
    state.write_usize(dict.len());
    for (key, value) in dict {
        key.fingerprint_into(state);
        value.fingerprint_into(state);
    }
}

fn same_items(a: &[Value], b: &[Value]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b))
}

fn same_dicts(a: &Dict, b: &Dict) -> bool {
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|((key_a, value_a), (key_b, value_b))| key_a.same(key_b) && value_a.same(value_b))
}

fn same_times(a: &Time, b: &Time) -> bool {
    a.civil == b.civil && a.fold == b.fold && a.zone == b.zone
}

fn same_moments(a: &DateTime, b: &DateTime) -> bool {
    a.civil == b.civil && a.fold == b.fold && a.zone == b.zone
}

fn same_records(a: &Record, b: &Record) -> bool {
    let same_kind = match (&a.kind, &b.kind) {
        (
            RecordKind::Model {
                app: app_a,
                model: model_a,
                pk: pk_a,
            },
            RecordKind::Model {
                app: app_b,
                model: model_b,
                pk: pk_b,
            },
        ) => app_a == app_b && model_a == model_b && pk_a.same(pk_b),
        (RecordKind::Object(a), RecordKind::Object(b))
        | (RecordKind::NamedTuple(a), RecordKind::NamedTuple(b)) => a == b,
        _ => false,
    };
    same_kind && same_dicts(&a.fields, &b.fields)
}

fn same_forms(a: &OpaqueForm, b: &OpaqueForm) -> bool {
    match (a, b) {
        (
            OpaqueForm::Cut {
                length: a,
                kept: kept_a,
            },
            OpaqueForm::Cut {
                length: b,
                kept: kept_b,
            },
        ) => {
            let same_kept = match (kept_a, kept_b) {
                (Some(a), Some(b)) => a.same(b),
                (None, None) => true,
                _ => false,
            };
            a == b && same_kept
        }
        (OpaqueForm::View(a), OpaqueForm::View(b)) => a.same(b),
        (OpaqueForm::QuerySet { sql: a }, OpaqueForm::QuerySet { sql: b }) => a == b,
        (
            OpaqueForm::Unknown {
                tag: a,
                content: content_a,
            },
            OpaqueForm::Unknown {
                tag: b,
                content: content_b,
            },
        ) => a == b && content_a.same(content_b),
        _ => discriminant(a) == discriminant(b),
    }
}
