//! What a handler takes.

use std::sync::Arc;

use djscope_template::value::Value;

/// The parameters of a handler, without `self`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signature {
    /// In the order in which they are declared.
    pub parameters: Vec<Parameter>,
    /// It has `**kwargs`: what it does not name is taken as well.
    pub takes_any: bool,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: Arc<str>,
    /// Its annotation.
    pub annotation: ParameterType,
    /// Its default; without, it has to be sent.
    pub default: Option<Value>,
}

/// The annotation of a parameter, as far as djust looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterType {
    /// None, or one that djust does not know.
    Any,
    /// `int`.
    Int,
    /// `float`.
    Float,
    /// `bool`.
    Bool,
    /// `str`.
    Str,
    /// `decimal.Decimal`.
    Decimal,
    /// `uuid.UUID`.
    Uuid,
    /// `list`, or `list[…]` with the type of its items.
    List(Option<Box<ParameterType>>),
    /// `dict`.
    Dict,
    /// `Optional[…]` and `Union[…]`: the first that is not `None`. Values are made of it, but not checked.
    Union(Box<ParameterType>),
}

impl ParameterType {
    /// The name of a type of which values are checked.
    pub(super) fn checked_name(&self) -> Option<&'static str> {
        Some(match self {
            Self::Int => "int",
            Self::Float => "float",
            Self::Bool => "bool",
            Self::Str => "str",
            Self::Decimal => "Decimal",
            Self::Uuid => "UUID",
            Self::List(None) => "list",
            Self::Dict => "dict",
            Self::Any | Self::List(Some(_)) | Self::Union(_) => return None,
        })
    }

    /// Python's `isinstance`: a `bool` is an `int`, an `int` is no `float`.
    pub(super) fn is_type_of(&self, value: &Value) -> bool {
        match self {
            Self::Int => matches!(value, Value::Int(_) | Value::BigInt(_) | Value::Bool(_)),
            Self::Float => matches!(value, Value::Float(_)),
            Self::Bool => matches!(value, Value::Bool(_)),
            Self::Str => matches!(value, Value::Str(_) | Value::Safe(_)),
            Self::Decimal => matches!(value, Value::Decimal(_)),
            Self::Uuid => matches!(value, Value::Uuid(_)),
            Self::List(None) => matches!(value, Value::List(_)),
            Self::Dict => matches!(value, Value::Dict(_)),
            Self::Any | Self::List(Some(_)) | Self::Union(_) => true,
        }
    }
}

impl Signature {
    /// The parameter of a name.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| &*parameter.name == name)
    }

    /// The names of all parameters.
    pub fn names(&self) -> Vec<Arc<str>> {
        self.parameters
            .iter()
            .map(|parameter| Arc::clone(&parameter.name))
            .collect()
    }
}
