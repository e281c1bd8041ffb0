//! `len()`, `iter()` and `[…]`.

use std::borrow::Cow;
use std::str::Chars;

use super::{PythonError, Value};

/// The items that `iter()` gives, borrowed where the object holds them.
#[derive(Clone, Debug)]
pub struct Items<'a>(Source<'a>);

#[derive(Clone, Debug)]
enum Source<'a> {
    Characters(Chars<'a>),
    Bytes(std::slice::Iter<'a, u8>),
    Values(std::slice::Iter<'a, Value>),
    Keys(indexmap::map::Keys<'a, Value, Value>),
    Fields(indexmap::map::Values<'a, Value, Value>),
}

impl<'a> Iterator for Items<'a> {
    type Item = Cow<'a, Value>;

    fn next(&mut self) -> Option<Cow<'a, Value>> {
        match &mut self.0 {
            Source::Characters(characters) => characters.next().map(|c| Cow::Owned(character(c))),
            Source::Bytes(bytes) => bytes.next().map(|byte| Cow::Owned(Value::Int(i64::from(*byte)))),
            Source::Values(values) => values.next().map(Cow::Borrowed),
            Source::Keys(keys) => keys.next().map(Cow::Borrowed),
            Source::Fields(fields) => fields.next().map(Cow::Borrowed),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Source::Characters(characters) => characters.size_hint(),
            Source::Bytes(bytes) => bytes.size_hint(),
            Source::Values(values) => values.size_hint(),
            Source::Keys(keys) => keys.size_hint(),
            Source::Fields(fields) => fields.size_hint(),
        }
    }
}

fn character(character: char) -> Value {
    Value::str(&*character.encode_utf8(&mut [0; 4]))
}

impl Value {
    /// Python's `len()`; `None` where that raises `TypeError`.
    #[expect(
        clippy::len_without_is_empty,
        reason = "Python asks for truth instead: `is_truthy`"
    )]
    pub fn len(&self) -> Option<usize> {
        match self {
            Value::Str(text) | Value::Safe(text) if text.is_ascii() => Some(text.len()),
            Value::Str(text) | Value::Safe(text) => Some(text.chars().count()),
            Value::Bytes(bytes) => Some(bytes.len()),
            Value::List(items) | Value::Tuple(items) | Value::Set(items) => Some(items.len()),
            Value::Dict(dict) => Some(dict.len()),
            Value::Record(record) => record.as_sequence().map(super::Dict::len),
            Value::Opaque(opaque) => opaque.len(),
            _ => None,
        }
    }

    /// Python's `iter()`; `None` where that raises `TypeError`.
    pub fn iterate(&self) -> Option<Items<'_>> {
        let source = match self {
            Value::Str(text) | Value::Safe(text) => Source::Characters(text.chars()),
            Value::Bytes(bytes) => Source::Bytes(bytes.iter()),
            Value::List(items) | Value::Tuple(items) | Value::Set(items) => Source::Values(items.iter()),
            Value::Dict(dict) => Source::Keys(dict.keys()),
            Value::Record(record) => Source::Fields(record.as_sequence()?.values()),
            Value::Opaque(opaque) => return opaque.items()?.iterate(),
            _ => return None,
        };
        Some(Items(source))
    }

    /// Python's `iter()`.
    ///
    /// # Errors
    ///
    /// `TypeError` of what cannot be iterated.
    pub fn items(&self) -> Result<Items<'_>, PythonError> {
        self.iterate().ok_or_else(|| PythonError::not_iterable(self))
    }

    /// The value at a `str` key of a dict, or the attribute of an object.
    pub fn item_ref(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Dict(dict) => dict.get(key),
            Value::Record(record) => record.get(key),
            Value::Opaque(opaque) => opaque.kept()?.item_ref(key),
            _ => None,
        }
    }

    /// The same as [`Value::item_ref`], as a value of its own.
    pub fn item(&self, key: &str) -> Option<Value> {
        self.item_ref(key).cloned()
    }

    /// `value[index]` of a sequence, counted from the end if negative. A character of a `SafeString` is a `str`.
    pub fn index(&self, index: i64) -> Option<Value> {
        match self {
            Value::List(items) | Value::Tuple(items) => items.get(position(index, items.len())?).cloned(),
            Value::Str(text) | Value::Safe(text) if text.is_ascii() => {
                let at = position(index, text.len())?;
                text.get(at..=at).map(Value::from)
            }
            Value::Str(text) | Value::Safe(text) if index >= 0 => {
                text.chars().nth(usize::try_from(index).ok()?).map(character)
            }
            Value::Str(text) | Value::Safe(text) => {
                let from_the_end = usize::try_from(index.unsigned_abs()).ok()?;
                text.chars().rev().nth(from_the_end - 1).map(character)
            }
            Value::Bytes(bytes) => bytes
                .get(position(index, bytes.len())?)
                .map(|byte| Value::Int(i64::from(*byte))),
            Value::Record(record) => {
                let fields = record.as_sequence()?;
                fields.values().nth(position(index, fields.len())?).cloned()
            }
            Value::Opaque(opaque) => opaque.kept()?.index(index),
            _ => None,
        }
    }
}

fn position(index: i64, length: usize) -> Option<usize> {
    let distance = usize::try_from(index.unsigned_abs()).ok()?;
    if index >= 0 {
        Some(distance)
    } else {
        length.checked_sub(distance)
    }
}
