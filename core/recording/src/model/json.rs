//! A JSON value that can be looked into, whether it is in memory or still a text.

use std::borrow::Cow;

use serde_json::{Number, Value, map};

/// What a JSON value is; of a container only which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Cow<'a, Number>),
    /// A string.
    Text(Cow<'a, str>),
    /// An array.
    List,
    /// An object.
    Dict,
}

/// A JSON value: `&Value` or [`JsonText`](super::JsonText).
pub trait Json<'a>: Copy {
    /// The items of an array.
    type Items: Iterator<Item = Self>;
    /// The members of an object.
    type Members: Iterator<Item = (Cow<'a, str>, Self)>;

    /// What it is.
    fn kind(self) -> Kind<'a>;

    /// The items of an array, in order; none of anything else. In a text it ends where that is no JSON.
    fn items(self) -> Self::Items;

    /// The members of an object, in order; none of anything else. In a text it ends where that is no JSON.
    fn members(self) -> Self::Members;

    /// The whole value. A text that is no JSON gives a value that says so.
    fn to_value(self) -> Value;

    /// True only if both are the same value; what can be told without looking into them.
    fn is_identical(self, other: Self) -> bool;

    /// The member of an object with this name.
    fn member(self, name: &str) -> Option<Self> {
        self.members()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value)
    }

    /// The text of a string.
    fn string(self) -> Option<Cow<'a, str>> {
        match self.kind() {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The tag and the content of a typed value such as `{"$decimal": "1.20"}`.
    fn tagged(self) -> Option<(Cow<'a, str>, Self)>;
}

impl<'a> Json<'a> for &'a Value {
    type Items = std::slice::Iter<'a, Value>;
    type Members = Members<'a>;

    fn kind(self) -> Kind<'a> {
        match self {
            Value::Null => Kind::Null,
            Value::Bool(is_true) => Kind::Bool(*is_true),
            Value::Number(number) => Kind::Number(Cow::Borrowed(number)),
            Value::String(text) => Kind::Text(Cow::Borrowed(text)),
            Value::Array(_) => Kind::List,
            Value::Object(_) => Kind::Dict,
        }
    }

    fn items(self) -> Self::Items {
        self.as_array().map_or(&[][..], Vec::as_slice).iter()
    }

    fn members(self) -> Members<'a> {
        Members(self.as_object().map(serde_json::Map::iter))
    }

    fn to_value(self) -> Value {
        self.clone()
    }

    fn is_identical(self, other: Self) -> bool {
        self == other
    }

    fn tagged(self) -> Option<(Cow<'a, str>, Self)> {
        let map = self.as_object()?;
        let (name, inner) = map.iter().next()?;
        (map.len() == 1 && name.starts_with('$')).then_some((Cow::Borrowed(&**name), inner))
    }
}

/// The members of an object in memory.
#[derive(Clone, Debug)]
pub struct Members<'a>(Option<map::Iter<'a>>);

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.0.as_mut()?.next()?;
        Some((Cow::Borrowed(name), value))
    }
}
