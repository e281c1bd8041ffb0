//! The rules of values as tables. What stands there for Python was printed by Python 3.11.

mod changes;
mod convert;
mod encoding;
mod order;
mod print;
mod properties;

use super::Value;

/// A value from its typed encoding.
fn value(json: &str) -> Value {
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    Value::from_json(&json).unwrap()
}
