//! What the encoding could not hold.

use std::sync::Arc;

use super::Value;

/// An object of which little more than the type is known.
#[derive(Clone, Debug)]
pub struct Opaque {
    /// Its type with the module: `app.Client`.
    pub type_name: Arc<str>,
    /// How it was printed, or the closest to it that is known.
    pub text: Arc<str>,
    /// Why nothing more is known.
    pub form: OpaqueForm,
}

/// Why an object is [`Opaque`].
#[derive(Clone, Debug)]
pub enum OpaqueForm {
    /// It is no data.
    Repr,
    /// It contains itself; this is the second place.
    Cycle,
    /// It was too long or too deep.
    Cut {
        /// Its length.
        length: usize,
        /// Its beginning.
        kept: Option<Value>,
    },
    /// A view of a dict: a list of its keys, values or items that has no index.
    View(Value),
    /// A queryset that was not evaluated.
    QuerySet {
        /// The query, if it could be told.
        sql: Option<Arc<str>>,
    },
    /// A kind of value that this version does not know.
    Unknown {
        /// The key that names the kind, `$model`.
        tag: Arc<str>,
        /// What stood there.
        content: Value,
    },
}

impl Opaque {
    /// What is no data: its type with the module, and what `repr` gave.
    pub fn repr(type_name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Opaque {
        Opaque {
            type_name: type_name.into(),
            text: text.into(),
            form: OpaqueForm::Repr,
        }
    }

    /// What contains itself, at the second place. Python prints containers there as `[...]` and `{...}`.
    pub fn cycle(type_name: &str) -> Opaque {
        let text = match type_name {
            "list" => "[...]".into(),
            "dict" => "{...}".into(),
            "tuple" => "(...)".into(),
            _ => format!("<{type_name}>").into(),
        };
        Opaque {
            type_name: type_name.into(),
            text,
            form: OpaqueForm::Cycle,
        }
    }

    /// What was too long or too deep. It reads as the part that was kept.
    pub fn cut(type_name: &str, length: usize, kept: Option<Value>) -> Opaque {
        let text = match &kept {
            Some(kept) => kept.to_str().into_owned().into(),
            None => format!("<{type_name}>").into(),
        };
        Opaque {
            type_name: type_name.into(),
            text,
            form: OpaqueForm::Cut { length, kept },
        }
    }

    /// `dict.keys()`, `dict.values()` or `dict.items()`, by the name of its type.
    pub fn view(type_name: &str, items: Value) -> Opaque {
        Opaque {
            type_name: type_name.into(),
            text: "".into(),
            form: OpaqueForm::View(items),
        }
    }

    /// A queryset that was not evaluated.
    pub fn query_set(model: Option<&str>, sql: Option<&str>) -> Opaque {
        Opaque {
            type_name: "django.db.models.query.QuerySet".into(),
            text: model.unwrap_or_default().into(),
            form: OpaqueForm::QuerySet {
                sql: sql.map(Into::into),
            },
        }
    }

    /// A kind of value that this version does not know.
    pub fn unknown(tag: &str, content: Value) -> Opaque {
        let text = format!("<{tag}>").into();
        Opaque {
            type_name: tag.into(),
            text,
            form: OpaqueForm::Unknown {
                tag: tag.into(),
                content,
            },
        }
    }

    /// The beginning of what was cut.
    pub fn kept(&self) -> Option<&Value> {
        match &self.form {
            OpaqueForm::Cut { kept, .. } => kept.as_ref(),
            _ => None,
        }
    }

    /// What it gives one by one.
    pub fn items(&self) -> Option<&Value> {
        match &self.form {
            OpaqueForm::View(items) => Some(items),
            _ => self.kept(),
        }
    }

    /// The length of a view, or of what was cut.
    pub fn len(&self) -> Option<usize> {
        match &self.form {
            OpaqueForm::Cut { length, .. } => Some(*length),
            OpaqueForm::View(items) => items.len(),
            _ => None,
        }
    }

    /// Whether it is known to be empty.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }
}
