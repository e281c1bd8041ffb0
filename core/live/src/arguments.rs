//! What a handler is called with.

use std::sync::Arc;

use super::Signature;
use djscope_template::value::{Dict, Value};

/// The arguments of a call, with the defaults of those that were not sent.
#[derive(Clone, Debug, Default)]
pub struct Arguments(Dict);

static NONE: Value = Value::None;

impl Arguments {
    /// What was sent, and for the rest the defaults of the signature.
    pub fn new(sent: Dict, signature: &Signature) -> Self {
        let mut values = sent;
        for parameter in &signature.parameters {
            let default = parameter
                .default
                .as_ref()
                .filter(|_| values.get(&parameter.name).is_none());
            if let Some(default) = default {
                values.insert(Value::Str(Arc::clone(&parameter.name)), default.clone());
            }
        }
        Self(values)
    }

    /// An argument; `None` if it was not sent and has no default.
    pub fn get(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&NONE)
    }

    /// The text of an argument; that of `None` is empty.
    pub fn text(&self, name: &str) -> String {
        match self.get(name) {
            Value::None => String::new(),
            value => value.to_str().into_owned(),
        }
    }

    /// A whole number; 0 if it is none.
    pub fn int(&self, name: &str) -> i64 {
        self.get(name).to_small_int().unwrap_or(0)
    }

    /// Whether an argument is true as Python sees it.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).is_truthy()
    }

    /// All of them.
    pub fn values(&self) -> &Dict {
        &self.0
    }
}
