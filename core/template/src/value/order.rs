//! `==`, `<`, `in` and `hash()`, as Python has them.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashSet};

use super::record::RecordKind;
use super::{DateTime, Dict, OpaqueForm, PythonError, Value};

impl PartialEq for Value {
    /// Python's `==`: across the types of numbers, `SafeString` and `str`, dicts and sets without their order. A
    /// container is equal to itself even if it holds NaN, as in Python.
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::None, Value::None) => true,
            (Value::Str(a) | Value::Safe(a), Value::Str(b) | Value::Safe(b)) => a == b,
            (Value::Bytes(a), Value::Bytes(b)) => a == b,
            (Value::List(a), Value::List(b)) | (Value::Tuple(a), Value::Tuple(b)) => {
                Arc::ptr_eq(a, b) || a == b
            }
            (Value::Set(a), Value::Set(b)) => {
                Arc::ptr_eq(a, b) || compare_sets(a, b) == Some(Ordering::Equal)
            }
            (Value::Dict(a), Value::Dict(b)) => Arc::ptr_eq(a, b) || dicts_are_equal(a, b),
            (Value::Date(a), Value::Date(b)) => a == b,
            (Value::Time(a), Value::Time(b)) => a.compare(b) == Some(Ordering::Equal),
            (Value::DateTime(a), Value::DateTime(b)) => a.compare(b) == Some(Ordering::Equal),
            (Value::TimeDelta(a), Value::TimeDelta(b)) => a == b,
            (Value::Uuid(a), Value::Uuid(b)) => a == b,
            (Value::Record(a), Value::Record(b)) => Arc::ptr_eq(a, b) || records_are_equal(a, b),
            (Value::Opaque(a), Value::Opaque(b)) => Arc::ptr_eq(a, b) || self.same(other),
            _ => match (self.number(), other.number()) {
                (Some(a), Some(b)) => a.compare(b) == Some(Ordering::Equal),
                _ => false,
            },
        }
    }
}

/// NaN is not equal to itself, as in Python; no dict relies on it.
impl Eq for Value {}

impl Hash for Value {
    /// The same for values that are equal.
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Value::None => state.write_u8(0),
            Value::Str(text) | Value::Safe(text) => text.hash(state),
            Value::Bytes(bytes) => bytes.hash(state),
            Value::List(items) => hash_sequence(1, items, state),
            Value::Tuple(items) => hash_sequence(2, items, state),
            Value::Set(items) => state.write_u64(hash_of_all(items.iter())),
            Value::Dict(dict) => state.write_u64(hash_of_all(dict.iter())),
            Value::Date(date) => date.hash(state),
            Value::Time(time) => state.write_i64(time.microseconds()),
            Value::DateTime(moment) => state.write_i64(hash_of_moment(moment)),
            Value::TimeDelta(delta) => delta.hash(state),
            Value::Uuid(bytes) => bytes.hash(state),
            Value::Record(record) => record.type_name().hash(state),
            Value::Opaque(opaque) => opaque.text.hash(state),
            _ => state.write_u64(self.number().map_or(0, super::number::Number::hash)),
        }
    }
}

/// The moment where it is aware, as an equal one in another zone has it; else what the clock shows.
fn hash_of_moment(moment: &DateTime) -> i64 {
    moment
        .timestamp_microseconds()
        .unwrap_or_else(|| super::moment::civil_microseconds(moment.civil))
}

fn hash_sequence<H: Hasher>(kind: u8, items: &[Value], state: &mut H) {
    state.write_u8(kind);
    items.hash(state);
}

/// Does not depend on the order.
fn hash_of_all<T: Hash>(items: impl Iterator<Item = T>) -> u64 {
    use std::hash::BuildHasher;
    items.fold(0, |sum: u64, item| sum.wrapping_add(FxBuildHasher.hash_one(item)))
}

fn dicts_are_equal(a: &Dict, b: &Dict) -> bool {
    a.len() == b.len() && a.iter().all(|(key, value)| b.get_value(key) == Some(value))
}

/// Django's `Model.__eq__`: the same model and the same primary key. A new instance is equal to itself only.
fn records_are_equal(a: &super::Record, b: &super::Record) -> bool {
    match (&a.kind, &b.kind) {
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
        ) => app_a == app_b && model_a == model_b && !pk_a.is_none() && pk_a == pk_b,
        (RecordKind::Object(type_a), RecordKind::Object(type_b))
        | (RecordKind::NamedTuple(type_a), RecordKind::NamedTuple(type_b)) => {
            type_a == type_b && dicts_are_equal(&a.fields, &b.fields)
        }
        _ => false,
    }
}

/// Subset, equal or superset; `None` if neither.
fn compare_sets(a: &[Value], b: &[Value]) -> Option<Ordering> {
    let a: FxHashSet<&Value> = a.iter().collect();
    let b: FxHashSet<&Value> = b.iter().collect();
    match (a.is_subset(&b), b.is_subset(&a)) {
        (true, true) => Some(Ordering::Equal),
        (true, false) => Some(Ordering::Less),
        (false, true) => Some(Ordering::Greater),
        (false, false) => None,
    }
}

impl Value {
    /// Python's order; `Ok(None)` if neither is smaller, greater or equal (NaN, sets that overlap).
    ///
    /// # Errors
    ///
    /// `TypeError` of two types that have no order, in the words that Python has for `<`; `InvalidOperation` of a
    /// `Decimal` and NaN.
    pub fn compare(&self, other: &Value) -> Result<Option<Ordering>, PythonError> {
        match (self, other) {
            (Value::Str(a) | Value::Safe(a), Value::Str(b) | Value::Safe(b)) => Ok(Some(a.cmp(b))),
            (Value::Bytes(a), Value::Bytes(b)) => Ok(Some(a.cmp(b))),
            (Value::List(a), Value::List(b)) | (Value::Tuple(a), Value::Tuple(b)) => compare_items(a, b),
            (Value::Set(a), Value::Set(b)) => Ok(compare_sets(a, b)),
            (Value::Date(a), Value::Date(b)) => Ok(Some(a.cmp(b))),
            (Value::TimeDelta(a), Value::TimeDelta(b)) => Ok(Some(a.cmp(b))),
            (Value::Uuid(a), Value::Uuid(b)) => Ok(Some(a.cmp(b))),
            (Value::Time(a), Value::Time(b)) => a
                .compare(b)
                .map(Some)
                .ok_or_else(|| PythonError::type_error("can't compare offset-naive and offset-aware times")),
            (Value::DateTime(a), Value::DateTime(b)) => a.compare(b).map(Some).ok_or_else(|| {
                PythonError::type_error("can't compare offset-naive and offset-aware datetimes")
            }),
            (Value::DateTime(_) | Value::Date(_), Value::DateTime(_) | Value::Date(_)) => Err(
                PythonError::type_error("can't compare datetime.datetime to datetime.date"),
            ),
            _ => match (self.number(), other.number()) {
                (Some(a), Some(b)) if a.compare(b).is_none() && (self.is_decimal() || other.is_decimal()) => {
                    Err(PythonError::invalid_operation())
                }
                (Some(a), Some(b)) => Ok(a.compare(b)),
                _ => Err(no_order(self, other)),
            },
        }
    }

    fn is_decimal(&self) -> bool {
        matches!(self, Value::Decimal(_))
    }

    /// Python's `<`.
    ///
    /// # Errors
    ///
    /// As [`Value::compare`].
    pub fn is_less(&self, other: &Value) -> Result<bool, PythonError> {
        Ok(self.compare(other)? == Some(Ordering::Less))
    }

    /// Python's `needle in self`.
    ///
    /// # Errors
    ///
    /// `TypeError` if it is no container, or a string and the needle is not.
    pub fn contains(&self, needle: &Value) -> Result<bool, PythonError> {
        match self {
            Value::Str(text) | Value::Safe(text) => match needle.as_text() {
                Some(needle) => Ok(text.contains(needle)),
                None => Err(PythonError::type_error(format!(
                    "'in <string>' requires string as left operand, not {}",
                    needle.qualified_type_name()
                ))),
            },
            Value::Bytes(bytes) => bytes_contain(bytes, needle),
            Value::List(items) | Value::Tuple(items) => Ok(items.contains(needle)),
            // Python looks for a set by its items.
            Value::Set(items) if matches!(needle, Value::Set(_)) => Ok(items.contains(needle)),
            Value::Set(items) => hashable(needle).map(|()| items.contains(needle)),
            Value::Dict(dict) => hashable(needle).map(|()| dict.get_value(needle).is_some()),
            Value::Opaque(opaque)
                if matches!(
                    opaque.form,
                    OpaqueForm::Cut { kept: Some(_), .. } | OpaqueForm::View(_)
                ) =>
            {
                opaque.items().map_or(Ok(false), |items| items.contains(needle))
            }
            _ => Err(PythonError::type_error(format!(
                "argument of type '{}' is not iterable",
                self.qualified_type_name()
            ))),
        }
    }
}

/// Whether a value can be a key.
///
/// # Errors
///
/// `TypeError` of a list, a set, a dict, and of a tuple that holds one.
pub(super) fn hashable(value: &Value) -> Result<(), PythonError> {
    match value {
        Value::Tuple(items) => items.iter().try_for_each(hashable),
        Value::List(_) | Value::Dict(_) | Value::Set(_) => Err(PythonError::type_error(format!(
            "unhashable type: '{}'",
            value.type_name()
        ))),
        _ => Ok(()),
    }
}

fn bytes_contain(bytes: &[u8], needle: &Value) -> Result<bool, PythonError> {
    match needle {
        Value::Bytes(part) => Ok(memchr::memmem::find(bytes, part).is_some()),
        Value::Int(_) | Value::Bool(_) | Value::BigInt(_) => match u8::try_from(needle.to_small_int()?) {
            Ok(byte) => Ok(bytes.contains(&byte)),
            Err(_) => Err(PythonError::value_error("byte must be in range(0, 256)")),
        },
        _ => Err(PythonError::type_error(format!(
            "a bytes-like object is required, not '{}'",
            needle.qualified_type_name()
        ))),
    }
}

fn compare_items(a: &[Value], b: &[Value]) -> Result<Option<Ordering>, PythonError> {
    match a.iter().zip(b).find(|(a, b)| a != b) {
        Some((a, b)) => a.compare(b),
        None => Ok(Some(a.len().cmp(&b.len()))),
    }
}

fn no_order(a: &Value, b: &Value) -> PythonError {
    PythonError::type_error(format!(
        "'<' not supported between instances of '{}' and '{}'",
        a.qualified_type_name(),
        b.qualified_type_name()
    ))
}
