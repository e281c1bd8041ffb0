//! Making values of the annotated type: attributes of a template are always text (djust, `validation.py`).

use std::sync::Arc;

use super::signature::ParameterType;
use djscope_template::value::{Decimal, Value};

/// The value as a parameter of this type wants it; what cannot be converted stays as it is.
pub fn coerce(value: &Value, annotation: &ParameterType) -> Value {
    let annotation = match annotation {
        ParameterType::Union(first) => first,
        other => other,
    };
    match (value, annotation) {
        // A typed attribute for a handler that wants text gives what the plain attribute would have given.
        (Value::Bool(flag), ParameterType::Str) => Value::from(if *flag { "true" } else { "false" }),
        (Value::Int(_) | Value::BigInt(_) | Value::Float(_), ParameterType::Str) => {
            Value::from(value.to_str().into_owned())
        }
        (Value::Str(text) | Value::Safe(text), _) => {
            from_text(text, annotation).unwrap_or_else(|| value.clone())
        }
        _ => value.clone(),
    }
}

fn from_text(text: &Arc<str>, annotation: &ParameterType) -> Option<Value> {
    match annotation {
        ParameterType::List(items) => list(text, items.as_deref()),
        single => one(text, single),
    }
}

/// Items between commas.
fn list(text: &str, items: Option<&ParameterType>) -> Option<Value> {
    if text.is_empty() {
        return Some(Value::from(Vec::new()));
    }
    let item = |text: &str| {
        let text: Arc<str> = text
            .trim_matches(djscope_template::value::text::is_whitespace)
            .into();
        match items {
            Some(annotation) => one(&text, annotation),
            None => Some(Value::Str(text)),
        }
    };
    text.split(',')
        .map(item)
        .collect::<Option<Vec<_>>>()
        .map(Value::from)
}

fn one(text: &Arc<str>, annotation: &ParameterType) -> Option<Value> {
    let value = Value::Str(Arc::clone(text));
    Some(match annotation {
        ParameterType::Int if text.is_empty() => Value::Int(0),
        ParameterType::Int => Value::from(value.to_int().ok()?),
        ParameterType::Float if text.is_empty() => Value::Float(0.0),
        ParameterType::Float => Value::Float(value.to_float().ok()?),
        ParameterType::Bool => {
            let is_true = matches!(&*text.to_lowercase(), "true" | "1" | "yes" | "on");
            Value::Bool(is_true)
        }
        ParameterType::Decimal if text.is_empty() => Value::from(Decimal::parse("0")?),
        ParameterType::Decimal => Value::from(Decimal::parse(text)?),
        ParameterType::Uuid => Value::Uuid(uuid(text)?),
        _ => value,
    })
}

/// `uuid.UUID`: 32 hexadecimal digits, whatever hyphens, braces and `urn:uuid:` are among them.
fn uuid(text: &str) -> Option<[u8; 16]> {
    let digits = text.replace("urn:", "").replace("uuid:", "");
    let digits = digits.trim_matches(['{', '}']).replace('-', "");
    if digits.chars().count() != 32 {
        return None;
    }
    u128::from_str_radix(&digits, 16).ok().map(u128::to_be_bytes)
}
