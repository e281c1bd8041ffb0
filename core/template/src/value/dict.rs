//! `dict`.

use std::hash::{BuildHasherDefault, Hash, Hasher};

use indexmap::{Equivalent, IndexMap};
use rustc_hash::FxHasher;

use super::Value;

/// Up to this many entries are looked through by comparing keys: faster than hashing the key.
const SCANNED_ENTRIES: usize = 8;

/// A Python `dict`: ordered, with any hashable key; `1`, `1.0` and `True` are one key, as in Python.
#[derive(Clone, Debug, Default)]
pub struct Dict {
    entries: IndexMap<Value, Value, BuildHasherDefault<FxHasher>>,
}

/// A `str` key, looked up without building a [`Value`].
struct TextKey<'a>(&'a str);

impl Hash for TextKey<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Equivalent<Value> for TextKey<'_> {
    fn equivalent(&self, key: &Value) -> bool {
        key.as_text() == Some(self.0)
    }
}

impl Dict {
    /// An empty one.
    pub fn new() -> Dict {
        Dict::default()
    }

    /// An empty one with room for `capacity` entries.
    pub fn with_capacity(capacity: usize) -> Dict {
        Dict {
            entries: IndexMap::with_capacity_and_hasher(capacity, BuildHasherDefault::default()),
        }
    }

    /// `dict[key] = value`: an equal key keeps its place and its own form, as in Python. Gives the value it had.
    pub fn insert(&mut self, key: impl Into<Value>, value: impl Into<Value>) -> Option<Value> {
        self.entries.insert(key.into(), value.into())
    }

    /// `dict.pop(key)`.
    pub fn remove(&mut self, key: &Value) -> Option<Value> {
        self.entries.shift_remove(key)
    }

    /// The value at a `str` key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        if self.entries.len() <= SCANNED_ENTRIES {
            return self
                .entries
                .iter()
                .find(|(own, _)| own.as_text() == Some(key))
                .map(|(_, value)| value);
        }
        self.entries.get(&TextKey(key))
    }

    /// The value at any key.
    pub fn get_value(&self, key: &Value) -> Option<&Value> {
        match key.as_text() {
            Some(text) => self.get(text),
            None => self.entries.get(key),
        }
    }

    /// Keys and values, in the order of insertion.
    pub fn iter(&self) -> indexmap::map::Iter<'_, Value, Value> {
        self.entries.iter()
    }

    /// The keys, in the order of insertion.
    pub fn keys(&self) -> indexmap::map::Keys<'_, Value, Value> {
        self.entries.keys()
    }

    /// The values, in the order of insertion.
    pub fn values(&self) -> indexmap::map::Values<'_, Value, Value> {
        self.entries.values()
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<K: Into<Value>, V: Into<Value>> FromIterator<(K, V)> for Dict {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Dict {
        Dict {
            entries: pairs
                .into_iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        }
    }
}

impl<'a> IntoIterator for &'a Dict {
    type Item = (&'a Value, &'a Value);
    type IntoIter = indexmap::map::Iter<'a, Value, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter()
    }
}

impl IntoIterator for Dict {
    type Item = (Value, Value);
    type IntoIter = indexmap::map::IntoIter<Value, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}
