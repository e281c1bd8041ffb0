//! State as JSON, and as templates see it: the table of what can be kept in a state.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Number, Value as Json};

use super::Raised;
use djscope_template::value::{Dict, Opaque, OpaqueForm, Record, RecordKind, TimeDelta, Value};

/// Fields of models that never leave the server (djust, `serialization.py`).
const HIDDEN_FIELDS: &[&str] = &["password", "is_superuser", "is_staff"];

/// Parts of names under which nobody should keep what the browser sees (djust checks names like these as well).
const SENSITIVE: &[&str] = &[
    "password",
    "passwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "private_key",
];

/// Whether a name of the state says that its value is not for others.
pub fn is_sensitive(name: &str) -> bool {
    let name = name.to_lowercase();
    SENSITIVE.iter().any(|part| name.contains(part))
}

/// Types of what can be called: that is no state, and templates do not see it.
const CALLABLES: &[&str] = &[
    "function",
    "method",
    "builtin_function_or_method",
    "functools.partial",
    "type",
];

/// Whether Python could call the value.
pub fn is_callable(value: &Value) -> bool {
    match value {
        Value::Opaque(opaque) => is_no_data(opaque) && CALLABLES.contains(&&*opaque.type_name),
        _ => false,
    }
}

/// How `Decimal` is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decimals {
    /// As text with all its digits, as djust's documentation promises.
    #[default]
    Text,
    /// As the nearest float, as djust 1.1 does.
    Float,
}

/// What no JSON can hold.
#[derive(Clone, Debug, PartialEq)]
pub struct NotSerializable {
    /// How Python prints it: `<app.Client object at 0x…>`.
    pub repr: String,
    /// Its type with the module.
    pub type_name: Arc<str>,
}

impl NotSerializable {
    /// The exception that djust's documentation promises for it.
    pub fn raised(&self, name: &str, view: &str) -> Raised {
        Raised::new(
            "TypeError",
            format!(
                "Cannot serialize {name}={} in {view}.\n\
                 Service instances must be created on-demand via helper methods.\n\
                 See: docs/guides/services.md",
                self.repr
            ),
        )
    }
}

/// A value of the state as JSON.
///
/// Sets become sorted lists, tuples lists, moments ISO 8601, a `timedelta` an ISO 8601 duration, `UUID` and (unless
/// asked for otherwise) `Decimal` text, models dicts without what nobody may see.
///
/// # Errors
///
/// [`NotSerializable`], if a service, a connection, a file or the like is in it.
pub fn encode(value: &Value, decimals: Decimals) -> Result<Json, NotSerializable> {
    Ok(match value {
        Value::None => Json::Null,
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Int(number) => Json::from(*number),
        Value::Float(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
        Value::Decimal(number) => match (decimals, value.to_float()) {
            (Decimals::Float, Ok(float)) => Number::from_f64(float).map_or(Json::Null, Json::Number),
            _ => Json::String(number.to_string()),
        },
        Value::Str(text) | Value::Safe(text) => Json::String(text.to_string()),
        Value::List(items) | Value::Tuple(items) => encode_all(items.iter(), decimals)?,
        Value::Set(items) => encode_all(sorted(items).iter(), decimals)?,
        Value::Dict(dict) => Json::Object(encode_fields(dict, decimals)?),
        Value::Date(_) | Value::Time(_) | Value::Uuid(_) => Json::String(value.to_str().into_owned()),
        Value::DateTime(_) => Json::String(value.to_str().replacen(' ', "T", 1)),
        Value::TimeDelta(delta) => Json::String(iso_duration(*delta)),
        // Python's integers have no bound, and JSON's numbers neither; most readers of JSON have.
        Value::BigInt(_) => Json::String(value.to_str().into_owned()),
        Value::Bytes(_) => return Err(not_serializable(value)),
        Value::Record(record) => encode_record(record, value, decimals)?,
        Value::Opaque(_) if is_callable(value) => Json::Null,
        Value::Opaque(opaque) => match &opaque.form {
            OpaqueForm::View(items) => encode(items, decimals)?,
            OpaqueForm::QuerySet { .. } => Json::Array(Vec::new()),
            _ => return Err(not_serializable(value)),
        },
    })
}

fn encode_all<'a>(
    items: impl Iterator<Item = &'a Value>,
    decimals: Decimals,
) -> Result<Json, NotSerializable> {
    items
        .map(|item| encode(item, decimals))
        .collect::<Result<Vec<_>, _>>()
        .map(Json::Array)
}

fn encode_fields(dict: &Dict, decimals: Decimals) -> Result<Map<String, Json>, NotSerializable> {
    dict.iter()
        .map(|(key, value)| Ok((key.to_str().into_owned(), encode(value, decimals)?)))
        .collect()
}

fn encode_record(record: &Record, value: &Value, decimals: Decimals) -> Result<Json, NotSerializable> {
    match &record.kind {
        RecordKind::Model { app, model, pk } => {
            let pk = encode(pk, decimals)?;
            let mut fields = Map::new();
            fields.insert("id".into(), pk.clone());
            fields.insert("pk".into(), pk);
            fields.insert("__str__".into(), Json::String(value.to_str().into_owned()));
            fields.insert("__model__".into(), Json::String(format!("{app}.{model}")));
            fields.extend(encode_fields(&without_hidden(&record.fields), decimals)?);
            Ok(Json::Object(fields))
        }
        RecordKind::NamedTuple(_) => encode_all(record.fields.values(), decimals),
        RecordKind::Object(_) => Err(not_serializable(value)),
    }
}

fn not_serializable(value: &Value) -> NotSerializable {
    NotSerializable {
        repr: value.repr(),
        type_name: value.qualified_type_name().into(),
    }
}

fn is_hidden(name: &Value) -> bool {
    let name = name.to_str();
    HIDDEN_FIELDS.contains(&&*name) || name.starts_with("encrypted")
}

fn without_hidden(fields: &Dict) -> Dict {
    let shown = fields
        .iter()
        .filter(|(name, value)| !is_hidden(name) && !matches!(value, Value::Bytes(_)));
    shown.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// A set in the order in which it is written: sorted, if its members can be compared.
fn sorted(items: &[Value]) -> Vec<Value> {
    let mut sorted = items.to_vec();
    sorted.sort_by(|a, b| a.compare(b).ok().flatten().unwrap_or(std::cmp::Ordering::Equal));
    sorted
}

/// ISO 8601, as `django.utils.duration.duration_iso_string` writes it.
fn iso_duration(delta: TimeDelta) -> String {
    let total = i128::from(delta.days) * 86_400_000_000
        + i128::from(delta.seconds) * 1_000_000
        + i128::from(delta.microseconds);
    let sign = if total < 0 { "-" } else { "" };
    let microseconds = total.unsigned_abs();
    let (seconds, fraction) = (microseconds / 1_000_000, microseconds % 1_000_000);
    let fraction = if fraction == 0 {
        String::new()
    } else {
        format!(".{fraction:06}")
    };
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, seconds) = (seconds / 60 % 60, seconds % 60);
    format!("{sign}P{days}DT{hours:02}H{minutes:02}M{seconds:02}{fraction}S")
}

/// The value as templates see it: sets as sorted lists, models without what nobody may see, and what is no data as
/// the text that Python prints of it. What is plain is not copied.
pub fn for_template(value: &Value) -> Cow<'_, Value> {
    match value {
        Value::List(items) => match items.iter().position(|item| !is_plain(item)) {
            None => Cow::Borrowed(value),
            Some(_) => Cow::Owned(items.iter().map(|item| for_template(item).into_owned()).collect()),
        },
        Value::Dict(dict) if dict.values().all(is_plain) => Cow::Borrowed(value),
        Value::Dict(dict) => Cow::Owned(Value::from(all_for_template(dict))),
        Value::Set(items) => Cow::Owned(
            sorted(items)
                .iter()
                .map(|item| for_template(item).into_owned())
                .collect(),
        ),
        Value::Record(record) if matches!(record.kind, RecordKind::Model { .. }) => {
            Cow::Owned(Value::Record(Arc::new(Record {
                kind: record.kind.clone(),
                fields: all_for_template(&without_hidden(&record.fields)),
            })))
        }
        Value::Opaque(opaque) if is_no_data(opaque) => Cow::Owned(Value::Str(Arc::clone(&opaque.text))),
        _ => Cow::Borrowed(value),
    }
}

fn is_no_data(opaque: &Opaque) -> bool {
    matches!(opaque.form, OpaqueForm::Repr)
}

fn all_for_template(dict: &Dict) -> Dict {
    dict.iter()
        .map(|(key, value)| (key.clone(), for_template(value).into_owned()))
        .collect()
}

fn is_plain(value: &Value) -> bool {
    matches!(for_template(value), Cow::Borrowed(_))
}

/// What is in a value that no JSON can hold, if anything.
pub fn not_serializable_in(value: &Value) -> Option<NotSerializable> {
    match value {
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => {
            items.iter().find_map(not_serializable_in)
        }
        Value::Dict(dict) => dict.values().find_map(not_serializable_in),
        Value::Record(record) if matches!(record.kind, RecordKind::Model { .. }) => {
            without_hidden(&record.fields)
                .values()
                .find_map(not_serializable_in)
        }
        Value::Bytes(_) | Value::Record(_) | Value::Opaque(_) => encode(value, Decimals::Text).err(),
        _ => None,
    }
}

/// The bytes of a value as JSON; 0 if it has none.
pub fn json_bytes(value: &Value) -> u64 {
    encode(value, Decimals::Text).map_or(0, |json| json.to_string().len() as u64)
}
