//! Python's data model as templates and djust see it.
//!
//! A [`Value`] is cheap to clone: what can be large is shared. It prints, compares, hashes and iterates as the
//! Python object does that it stands for. `==` is Python's (`1 == 1.0 == True`); [`Value::same`] is stricter and
//! tells whether a template could see a difference.

mod changes;
mod convert;
mod decimal;
mod dict;
mod error;
mod iterate;
mod json;
mod moment;
mod number;
mod opaque;
mod order;
mod print;
mod record;
mod same;
mod size;
mod subscript;
#[cfg(test)]
mod tests;
pub mod text;

use std::sync::Arc;

use num_bigint::BigInt;

pub use changes::{Change, Step, changes};
pub use decimal::Decimal;
pub use dict::Dict;
pub use error::PythonError;
pub use iterate::Items;
pub use json::NotAValue;
pub use moment::{DateTime, Time, TimeDelta, Zone, microsecond};
pub use opaque::{Opaque, OpaqueForm};
pub use record::{Record, RecordKind};
pub use size::size;

/// One Python object.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// `None`.
    #[default]
    None,
    /// `bool`.
    Bool(bool),
    /// `int` of 64 bits.
    Int(i64),
    /// `int` beyond 64 bits; never one that fits into [`Value::Int`].
    BigInt(Arc<BigInt>),
    /// `float`.
    Float(f64),
    /// `decimal.Decimal`.
    Decimal(Arc<Decimal>),
    /// `str`.
    Str(Arc<str>),
    /// `django.utils.safestring.SafeString`.
    Safe(Arc<str>),
    /// `bytes`.
    Bytes(Arc<[u8]>),
    /// `list`; a queryset with its rows reads as one.
    List(Arc<[Value]>),
    /// `tuple`.
    Tuple(Arc<[Value]>),
    /// `set` or `frozenset`, in the order in which it was told.
    Set(Arc<[Value]>),
    /// `dict`, in the order of insertion.
    Dict(Arc<Dict>),
    /// `datetime.date`.
    Date(jiff::civil::Date),
    /// `datetime.time`.
    Time(Arc<Time>),
    /// `datetime.datetime`.
    DateTime(Arc<DateTime>),
    /// `datetime.timedelta`.
    TimeDelta(TimeDelta),
    /// `uuid.UUID`, its 16 bytes from the most significant on.
    Uuid([u8; 16]),
    /// A model instance or another object of which the fields are known.
    Record(Arc<Record>),
    /// What cannot be encoded: little more than its type is known.
    Opaque(Arc<Opaque>),
}

impl Value {
    /// A `str`.
    pub fn str(text: impl Into<Arc<str>>) -> Value {
        Value::Str(text.into())
    }

    /// A `SafeString`: text that needs no escaping.
    pub fn safe(text: impl Into<Arc<str>>) -> Value {
        Value::Safe(text.into())
    }

    /// An `int` of any size.
    pub fn int(value: BigInt) -> Value {
        match i64::try_from(&value) {
            Ok(small) => Value::Int(small),
            Err(_) => Value::BigInt(Arc::new(value)),
        }
    }

    /// A `list`.
    pub fn list(items: impl Into<Arc<[Value]>>) -> Value {
        Value::List(items.into())
    }

    /// A `tuple`.
    pub fn tuple(items: impl Into<Arc<[Value]>>) -> Value {
        Value::Tuple(items.into())
    }

    /// The text of a `str` or a `SafeString`.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Str(text) | Value::Safe(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a `list` or a `tuple`.
    pub fn as_sequence(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) | Value::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// Whether it is a `SafeString`.
    pub fn is_safe(&self) -> bool {
        matches!(self, Value::Safe(_))
    }

    /// Whether it is `None`.
    pub fn is_none(&self) -> bool {
        matches!(self, Value::None)
    }

    /// Python's `bool()`.
    pub fn is_truthy(&self) -> bool {
        match self {
            Value::None => false,
            Value::Bool(value) => *value,
            Value::Int(value) => *value != 0,
            Value::Float(value) => *value != 0.0,
            Value::Decimal(value) => !value.is_zero(),
            Value::Str(text) | Value::Safe(text) => !text.is_empty(),
            Value::Bytes(bytes) => !bytes.is_empty(),
            Value::List(items) | Value::Tuple(items) | Value::Set(items) => !items.is_empty(),
            Value::Dict(dict) => !dict.is_empty(),
            Value::TimeDelta(delta) => *delta != TimeDelta::ZERO,
            Value::Opaque(opaque) => opaque.len() != Some(0),
            Value::BigInt(_)
            | Value::Date(_)
            | Value::Time(_)
            | Value::DateTime(_)
            | Value::Uuid(_)
            | Value::Record(_) => true,
        }
    }

    /// The name of its class: `int`, `SafeString`, `Product`.
    pub fn type_name(&self) -> &str {
        last_part(self.qualified_type_name())
    }

    /// The name of its type as Python's error messages write it: with the module where the type is written in C and no
    /// builtin.
    pub fn qualified_type_name(&self) -> &str {
        match self {
            Value::None => "NoneType",
            Value::Bool(_) => "bool",
            Value::Int(_) | Value::BigInt(_) => "int",
            Value::Float(_) => "float",
            Value::Decimal(_) => "decimal.Decimal",
            Value::Str(_) => "str",
            Value::Safe(_) => "SafeString",
            Value::Bytes(_) => "bytes",
            Value::List(_) => "list",
            Value::Tuple(_) => "tuple",
            Value::Set(_) => "set",
            Value::Dict(_) => "dict",
            Value::Date(_) => "datetime.date",
            Value::Time(_) => "datetime.time",
            Value::DateTime(_) => "datetime.datetime",
            Value::TimeDelta(_) => "datetime.timedelta",
            Value::Uuid(_) => "UUID",
            Value::Record(record) => last_part(record.type_name()),
            Value::Opaque(opaque) => last_part(&opaque.type_name),
        }
    }
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Str(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Str(text.into())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Int(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::Float(value)
    }
}

impl From<BigInt> for Value {
    fn from(value: BigInt) -> Value {
        Value::int(value)
    }
}

impl From<Decimal> for Value {
    fn from(value: Decimal) -> Value {
        Value::Decimal(Arc::new(value))
    }
}

impl From<DateTime> for Value {
    fn from(value: DateTime) -> Value {
        Value::DateTime(Arc::new(value))
    }
}

impl From<Dict> for Value {
    fn from(value: Dict) -> Value {
        Value::Dict(Arc::new(value))
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Value {
        Value::List(items.into())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::None, Into::into)
    }
}

impl FromIterator<Value> for Value {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Value {
        Value::List(items.into_iter().collect())
    }
}
