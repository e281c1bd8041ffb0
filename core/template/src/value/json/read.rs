//! Reading.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use num_bigint::BigInt;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::value::moment::{DateTime, Time, TimeDelta, parse_date};
use crate::value::record::{Record, RecordKind};
use crate::value::{Decimal, Dict, Opaque, Value};

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value in the typed encoding")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::None)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::int(BigInt::from(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::with_capacity(items.size_hint().unwrap_or(0).min(4096));
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::from(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut dict = Dict::new();
        while let Some((Key(key), value)) = entries.next_entry::<Key, Value>()? {
            dict.insert(key, value);
        }
        if dict.len() == 1
            && let Some((Value::Str(tag), content)) = dict.iter().next()
            && tag.starts_with('$')
        {
            return decode(tag, content).map_err(de::Error::custom);
        }
        Ok(Value::from(dict))
    }
}

/// A key of a JSON object, as a `str`.
struct Key(Value);

impl<'de> Deserialize<'de> for Dict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Dict, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Dict(dict) => Ok(Arc::unwrap_or_clone(dict)),
            other => Err(de::Error::custom(format!(
                "an object is expected, not '{}'",
                other.type_name()
            ))),
        }
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(ValueVisitor).map(Key)
    }
}

/// The value of one kind from its content, or what is wrong with the content.
fn decode(tag: &str, content: &Value) -> Result<Value, String> {
    let decoded = match tag {
        "$safe" => content.as_text().map(Value::safe),
        "$tuple" => list(content).map(Value::Tuple),
        "$set" => list(content).map(Value::Set),
        "$decimal" => content.as_text().and_then(Decimal::parse).map(Value::from),
        "$datetime" => content.as_text().and_then(DateTime::parse).map(Value::from),
        "$date" => content.as_text().and_then(parse_date).map(Value::Date),
        "$time" => content
            .as_text()
            .and_then(Time::parse)
            .map(|time| Value::Time(Arc::new(time))),
        "$timedelta" => decode_delta(content),
        "$uuid" => content.as_text().and_then(decode_uuid),
        "$bytes" => content
            .as_text()
            .and_then(|text| BASE64.decode(text).ok())
            .map(|b| Value::Bytes(b.into())),
        "$int" => content.as_text().and_then(decode_int),
        "$float" => content.as_text().and_then(decode_float),
        "$dict" => decode_pairs(content),
        "$model" => decode_model(content),
        "$object" => decode_object(content),
        "$queryset" => decode_queryset(content),
        "$repr" => decode_repr(content),
        "$cycle" => content
            .as_text()
            .map(|type_name| opaque(Opaque::cycle(type_name))),
        "$cut" => decode_cut(content),
        _ => Some(opaque(Opaque::unknown(tag, content.clone()))),
    };
    decoded.ok_or_else(|| format!("{tag} cannot hold {}", shortened(&content.repr())))
}

/// The beginning of a text that goes into an error.
fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

fn opaque(value: Opaque) -> Value {
    Value::Opaque(Arc::new(value))
}

fn list(content: &Value) -> Option<Arc<[Value]>> {
    match content {
        Value::List(items) => Some(Arc::clone(items)),
        _ => None,
    }
}

fn text_at<'a>(content: &'a Value, key: &str) -> Option<&'a str> {
    content.item_ref(key)?.as_text()
}

fn decode_delta(content: &Value) -> Option<Value> {
    let delta = match content {
        Value::Int(seconds) => TimeDelta::from_microseconds(i128::from(*seconds) * 1_000_000),
        Value::Float(seconds) => TimeDelta::from_seconds(*seconds),
        _ => None,
    };
    delta.map(Value::TimeDelta)
}

fn decode_uuid(text: &str) -> Option<Value> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u128::from_str_radix(&digits, 16)
        .ok()
        .map(|number| Value::Uuid(number.to_be_bytes()))
}

/// Decimal digits; the probe writes very long numbers in hexadecimal.
fn decode_int(text: &str) -> Option<Value> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let (radix, digits) = match digits.strip_prefix("0x") {
        Some(digits) => (16, digits),
        None => (10, digits),
    };
    BigInt::parse_bytes(format!("{sign}{digits}").as_bytes(), radix).map(Value::int)
}

fn decode_float(text: &str) -> Option<Value> {
    match text {
        "nan" => Some(Value::Float(f64::NAN)),
        "inf" => Some(Value::Float(f64::INFINITY)),
        "-inf" => Some(Value::Float(f64::NEG_INFINITY)),
        _ => None,
    }
}

fn decode_pairs(content: &Value) -> Option<Value> {
    let mut dict = Dict::new();
    for pair in list(content)?.iter() {
        let Value::List(pair) = pair else { return None };
        let [key, value] = &**pair else { return None };
        dict.insert(key.clone(), value.clone());
    }
    Some(Value::from(dict))
}

/// The fields of an object. With a name that starts with `$` alone, they were read as some other value.
fn fields(content: &Value) -> Option<Dict> {
    match content.item_ref("fields")? {
        Value::Dict(fields) => Some((**fields).clone()),
        _ => None,
    }
}

fn decode_model(content: &Value) -> Option<Value> {
    let kind = RecordKind::Model {
        app: text_at(content, "app")?.into(),
        model: text_at(content, "model")?.into(),
        pk: content.item("pk").unwrap_or_default(),
    };
    Some(Value::Record(Arc::new(Record {
        kind,
        fields: fields(content)?,
    })))
}

fn decode_object(content: &Value) -> Option<Value> {
    let kind = RecordKind::Object(text_at(content, "type")?.into());
    Some(Value::Record(Arc::new(Record {
        kind,
        fields: fields(content)?,
    })))
}

fn decode_queryset(content: &Value) -> Option<Value> {
    match content.item_ref("rows").unwrap_or(&Value::None) {
        Value::None => Some(opaque(Opaque::query_set(
            text_at(content, "model"),
            text_at(content, "sql"),
        ))),
        rows => Some(rows.clone()),
    }
}

fn decode_repr(content: &Value) -> Option<Value> {
    Some(opaque(Opaque::repr(
        text_at(content, "type")?,
        text_at(content, "text")?,
    )))
}

fn decode_cut(content: &Value) -> Option<Value> {
    let Some(Value::Int(length)) = content.item_ref("length") else {
        return None;
    };
    let kept = content.item("kept").filter(|kept| !kept.is_none());
    let length = usize::try_from(*length).ok()?;
    Some(opaque(Opaque::cut(text_at(content, "type")?, length, kept)))
}
