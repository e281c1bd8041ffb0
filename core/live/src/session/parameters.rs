//! What the browser sends with an event, as values.

use num_bigint::BigInt;
use serde_json::{Map, Value as Json};

use djscope_template::value::{Dict, Value};

/// JSON as Python reads it. Unlike recorded values it has no marks for types: nothing that a browser sends is more
/// than JSON.
pub(super) fn plain(json: &Json) -> Value {
    match json {
        Json::Null => Value::None,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(int), ..) => Value::Int(int),
            (None, Some(large), _) => Value::int(BigInt::from(large)),
            (None, None, float) => float.map_or(Value::None, Value::Float),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => items.iter().map(plain).collect(),
        Json::Object(fields) => Value::from(plain_fields(fields)),
    }
}

/// The fields of an object.
pub(super) fn plain_fields(fields: &Map<String, Json>) -> Dict {
    fields
        .iter()
        .map(|(name, value)| (Value::from(name.as_str()), plain(value)))
        .collect()
}

/// The fields of what should be an object.
pub(super) fn params(json: &Json) -> Dict {
    json.as_object().map(plain_fields).unwrap_or_default()
}
