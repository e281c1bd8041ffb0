//! Objects of which the fields are known.

use std::sync::Arc;

use super::{Dict, Value};

/// An object of which the fields are known.
#[derive(Clone, Debug)]
pub struct Record {
    /// What it is.
    pub kind: RecordKind,
    /// Its attributes.
    pub fields: Dict,
}

/// What a [`Record`] is.
#[derive(Clone, Debug)]
pub enum RecordKind {
    /// An instance of a Django model.
    Model {
        /// Label of the app: `shop`.
        app: Arc<str>,
        /// Name of the class: `Product`.
        model: Arc<str>,
        /// Primary key.
        pk: Value,
    },
    /// Any other object: its type with the module, `app.cart.Cart`.
    Object(Arc<str>),
    /// A named tuple that a template made: its type with the module. It is the sequence of its fields as well.
    NamedTuple(Arc<str>),
}

impl Record {
    /// The name of its class as it was told: a model's without, another object's with its module.
    pub fn type_name(&self) -> &str {
        match &self.kind {
            RecordKind::Model { model, .. } => model,
            RecordKind::Object(type_name) | RecordKind::NamedTuple(type_name) => type_name,
        }
    }

    /// The fields of what is a sequence as well.
    pub fn as_sequence(&self) -> Option<&Dict> {
        matches!(self.kind, RecordKind::NamedTuple(_)).then_some(&self.fields)
    }

    /// An attribute. `pk` is known of every model instance.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match (&self.kind, self.fields.get(name)) {
            (_, Some(value)) => Some(value),
            (RecordKind::Model { pk, .. }, None) if name == "pk" => Some(pk),
            _ => None,
        }
    }
}
