//! Writing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::value::moment::{DateTime, TimeDelta};
use crate::value::record::{Record, RecordKind};
use crate::value::{Dict, Opaque, OpaqueForm, Value};

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::None => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => serializer.serialize_i64(*value),
            Value::Float(value) if value.is_finite() => serializer.serialize_f64(*value),
            Value::Str(text) => serializer.serialize_str(text),
            Value::List(items) => serializer.collect_seq(items.iter()),
            Value::Dict(dict) => dict.serialize(serializer),
            Value::BigInt(value) => tagged(serializer, "$int", &value.to_string()),
            Value::Float(_) => tagged(serializer, "$float", &self.to_str()),
            Value::Decimal(_) => tagged(serializer, "$decimal", &self.to_str()),
            Value::Safe(text) => tagged(serializer, "$safe", &**text),
            Value::Bytes(bytes) => tagged(serializer, "$bytes", &BASE64.encode(bytes)),
            Value::Tuple(items) => tagged(serializer, "$tuple", &**items),
            Value::Set(items) => tagged(serializer, "$set", &**items),
            Value::Date(_) => tagged(serializer, "$date", &self.to_str()),
            Value::Time(_) => tagged(serializer, "$time", &self.to_str()),
            Value::DateTime(moment) => tagged(serializer, "$datetime", &encode_moment(moment)),
            Value::TimeDelta(delta) => encode_delta(*delta, serializer),
            Value::Uuid(_) => tagged(serializer, "$uuid", &self.to_str()),
            Value::Record(record) => encode_record(record, serializer),
            Value::Opaque(opaque) => encode_opaque(opaque, serializer),
        }
    }
}

impl Serialize for Dict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_plain = |key: &Value| matches!(key, Value::Str(text) if !text.starts_with('$'));
        if self.keys().all(is_plain) {
            return serializer.collect_map(self.iter().map(|(key, value)| (key.to_str(), value)));
        }
        tagged(serializer, "$dict", &self.iter().collect::<Vec<_>>())
    }
}

fn tagged<S: Serializer, T: Serialize + ?Sized>(
    serializer: S,
    tag: &str,
    content: &T,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(tag, content)?;
    map.end()
}

fn encode_moment(moment: &DateTime) -> String {
    let mut text = String::new();
    moment.write_iso('T', &mut text);
    if let Some(name) = moment.zone.as_ref().and_then(|zone| zone.key()) {
        text.push('[');
        text.push_str(name);
        text.push(']');
    }
    text
}

/// Whole seconds stay exact at any length; with microseconds the number is what `total_seconds()` gives.
fn encode_delta<S: Serializer>(delta: TimeDelta, serializer: S) -> Result<S::Ok, S::Error> {
    let microseconds = delta.total_microseconds();
    match i64::try_from(microseconds / 1_000_000) {
        Ok(seconds) if delta.microseconds == 0 => tagged(serializer, "$timedelta", &seconds),
        _ => {
            #[expect(clippy::cast_precision_loss, reason = "as Python divides")]
            let seconds = microseconds as f64 / 1e6;
            tagged(serializer, "$timedelta", &seconds)
        }
    }
}

fn encode_record<S: Serializer>(record: &Record, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(serde::Serialize)]
    struct Model<'a> {
        app: &'a str,
        model: &'a str,
        pk: &'a Value,
        fields: &'a Dict,
    }
    #[derive(serde::Serialize)]
    struct Object<'a> {
        r#type: &'a str,
        fields: &'a Dict,
    }
    let fields = &record.fields;
    match &record.kind {
        RecordKind::Model { app, model, pk } => tagged(
            serializer,
            "$model",
            &Model {
                app,
                model,
                pk,
                fields,
            },
        ),
        RecordKind::Object(type_name) | RecordKind::NamedTuple(type_name) => tagged(
            serializer,
            "$object",
            &Object {
                r#type: type_name,
                fields,
            },
        ),
    }
}

fn encode_opaque<S: Serializer>(opaque: &Opaque, serializer: S) -> Result<S::Ok, S::Error> {
    use serde_json::json;
    let type_name = &*opaque.type_name;
    match &opaque.form {
        OpaqueForm::Repr => tagged(
            serializer,
            "$repr",
            &json!({"type": type_name, "text": &*opaque.text}),
        ),
        OpaqueForm::View(items) => tagged(
            serializer,
            "$cut",
            &json!({"type": type_name, "length": items.len(), "kept": items}),
        ),
        OpaqueForm::Cycle => tagged(serializer, "$cycle", type_name),
        OpaqueForm::Cut { length, kept } => {
            let kept = kept.as_ref().map(Value::to_json);
            tagged(
                serializer,
                "$cut",
                &json!({"type": type_name, "length": length, "kept": kept}),
            )
        }
        OpaqueForm::QuerySet { sql } => {
            let model = Some(&*opaque.text).filter(|model| !model.is_empty());
            tagged(
                serializer,
                "$queryset",
                &json!({"model": model, "rows": null, "sql": sql.as_deref()}),
            )
        }
        OpaqueForm::Unknown { tag, content } => tagged(serializer, tag, content),
    }
}
