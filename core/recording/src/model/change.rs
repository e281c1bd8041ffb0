//! What differs between two states.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Json, JsonText, Kind, Scope, Snapshot, StateText};

/// How a value differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Only in the second state.
    Added,
    /// Only in the first state.
    Removed,
    /// In both, and different.
    Changed,
}

/// One difference between two states.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Public or private.
    pub scope: Scope,
    /// Names and list indices from the top, `["items", "3", "name"]`.
    pub path: Vec<String>,
    /// How it differs.
    pub kind: ChangeKind,
    /// The value in the first state.
    pub before: Option<Value>,
    /// The value in the second state.
    pub after: Option<Value>,
}

/// Every difference between two states, deep, in the order of the second state with removed names last.
pub fn changes_between(before: &Snapshot, after: &Snapshot) -> Vec<Change> {
    let mut changes = Vec::new();
    for (scope, old, new) in [
        (Scope::Public, &before.public, &after.public),
        (Scope::Private, &before.private, &after.private),
    ] {
        Search::of(scope, &mut changes).members(in_memory(old), in_memory(new));
    }
    changes
}

/// The same between two states that are still texts.
pub fn changes_between_texts(before: &StateText, after: &StateText) -> Vec<Change> {
    let mut changes = Vec::new();
    for scope in [Scope::Public, Scope::Private] {
        Search::of(scope, &mut changes).members(as_text(before, scope), as_text(after, scope));
    }
    changes
}

fn in_memory(names: &Map<String, Value>) -> Vec<(Cow<'_, str>, &Value)> {
    names
        .iter()
        .map(|(name, value)| (Cow::Borrowed(&**name), value))
        .collect()
}

fn as_text(state: &StateText, scope: Scope) -> Vec<(Cow<'_, str>, JsonText<'_>)> {
    state
        .names(scope)
        .map(|(name, value)| (Cow::Borrowed(name), value))
        .collect()
}

/// True if two values differ.
pub fn differs<'a, J: Json<'a>>(before: J, after: J) -> bool {
    let mut changes = Vec::new();
    let mut search = Search::of(Scope::Public, &mut changes);
    search.is_first_enough = true;
    search.value(before, after);
    !changes.is_empty()
}

struct Search<'c> {
    scope: Scope,
    path: Vec<String>,
    changes: &'c mut Vec<Change>,
    is_first_enough: bool,
}

impl<'c> Search<'c> {
    const fn of(scope: Scope, changes: &'c mut Vec<Change>) -> Self {
        Self {
            scope,
            path: Vec::new(),
            changes,
            is_first_enough: false,
        }
    }

    fn is_over(&self) -> bool {
        self.is_first_enough && !self.changes.is_empty()
    }

    fn found<'a, J: Json<'a>>(&mut self, before: Option<J>, after: Option<J>) {
        let kind = match (&before, &after) {
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Removed,
            _ => ChangeKind::Changed,
        };
        let keeps_values = !self.is_first_enough;
        let kept = |value: Option<J>| value.filter(|_| keeps_values).map(Json::to_value);
        self.changes.push(Change {
            scope: self.scope,
            path: self.path.clone(),
            kind,
            before: kept(before),
            after: kept(after),
        });
    }

    fn members<'a, J: Json<'a>>(&mut self, old: Vec<(Cow<'a, str>, J)>, new: Vec<(Cow<'a, str>, J)>) {
        for Pair { name, before, after } in Pairs::of(old, new) {
            if self.is_over() {
                return;
            }
            self.path.push(name.into_owned());
            match (before, after) {
                (Some(before), Some(after)) => self.value(before, after),
                (before, after) => self.found(before, after),
            }
            self.path.pop();
        }
    }

    fn value<'a, J: Json<'a>>(&mut self, before: J, after: J) {
        if before.is_identical(after) {
            return;
        }
        match (before.kind(), after.kind()) {
            (Kind::Dict, Kind::Dict) if before.tagged().is_none() && after.tagged().is_none() => {
                self.members(before.members().collect(), after.members().collect());
            }
            (Kind::List, Kind::List) => self.items(before.items(), after.items()),
            // A typed value such as `{"$decimal": …}` is one value, not a dictionary to look into.
            _ if before.to_value() != after.to_value() => self.found(Some(before), Some(after)),
            _ => {}
        }
    }

    fn items<'a, J: Json<'a>>(&mut self, mut old: impl Iterator<Item = J>, mut new: impl Iterator<Item = J>) {
        for index in 0_usize.. {
            let (before, after) = (old.next(), new.next());
            if (before.is_none() && after.is_none()) || self.is_over() {
                return;
            }
            if let (Some(before), Some(after)) = (before, after)
                && before.is_identical(after)
            {
                continue;
            }
            self.path.push(index.to_string());
            match (before, after) {
                (Some(before), Some(after)) => self.value(before, after),
                (before, after) => self.found(before, after),
            }
            self.path.pop();
        }
    }
}

/// What two containers have by one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair<'a, J> {
    /// The name.
    pub name: Cow<'a, str>,
    /// In the first.
    pub before: Option<J>,
    /// In the second.
    pub after: Option<J>,
}

/// The parts of two containers by name: in the order of the second, what only the first has last.
pub struct Pairs<'a, J> {
    old: Vec<(Cow<'a, str>, J)>,
    is_taken: Vec<bool>,
    /// Made when the names first stand in another order: mostly they do not.
    places: Option<HashMap<Cow<'a, str>, usize>>,
    new: std::iter::Enumerate<std::vec::IntoIter<(Cow<'a, str>, J)>>,
    left: usize,
}

impl<'a, J: Copy> Pairs<'a, J> {
    /// The parts `old` of the first and `new` of the second.
    pub fn of(old: Vec<(Cow<'a, str>, J)>, new: Vec<(Cow<'a, str>, J)>) -> Self {
        Self {
            is_taken: vec![false; old.len()],
            old,
            places: None,
            new: new.into_iter().enumerate(),
            left: 0,
        }
    }

    fn take(&mut self, at: usize, name: &str) -> Option<J> {
        let is_there = self.old.get(at).is_some_and(|(own, _)| own == name);
        let place = if is_there {
            at
        } else {
            let old = &self.old;
            let by_name = || {
                let names = old.iter().enumerate();
                names.map(|(at, (name, _))| (name.clone(), at)).collect()
            };
            *self.places.get_or_insert_with(by_name).get(name)?
        };
        self.is_taken[place] = true;
        Some(self.old[place].1)
    }
}

impl<'a, J: Copy> Iterator for Pairs<'a, J> {
    type Item = Pair<'a, J>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some((at, (name, after))) = self.new.next() {
            return Some(Pair {
                before: self.take(at, &name),
                after: Some(after),
                name,
            });
        }
        let left = self.left + self.is_taken[self.left..].iter().position(|is_taken| !is_taken)?;
        self.left = left + 1;
        let (name, before) = &self.old[left];
        Some(Pair {
            name: name.clone(),
            before: Some(*before),
            after: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn snapshot(public: &Value) -> Snapshot {
        Snapshot {
            public: public.as_object().cloned().unwrap(),
            private: Map::new(),
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            (0..3_i64).prop_map(Value::from),
            Just(json!({"$decimal": "1"})),
            Just(json!(1.5)),
            Just(Value::Null)
        ];
        leaf.prop_recursive(4, 30, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec(("[a-d]", inner.clone()), 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
                inner.prop_map(|value| json!({"$tuple": [value]})),
            ]
        })
    }

    fn states() -> impl Strategy<Value = Snapshot> {
        prop::collection::vec(("[a-d]", values()), 0..5)
            .prop_map(|members| snapshot(&Value::Object(members.into_iter().collect())))
    }

    proptest! {
        #[test]
        fn texts_differ_as_their_values_do(before in states(), after in states()) {
            let expected = changes_between(&before, &after);
            prop_assert_eq!(&changes_between_texts(&StateText::from(&before), &StateText::from(&after)), &expected);
            let (before, after) = (Value::Object(before.public), Value::Object(after.public));
            prop_assert_eq!(differs(&before, &after), before != after);
            prop_assert_eq!(!expected.is_empty(), before != after);
        }
    }

    #[test]
    fn order_and_spelling_make_no_difference() {
        let state = |json: &str| {
            let mut state = StateText::default();
            state.push(Scope::Public, "a".into(), json.as_bytes().into());
            state
        };
        let cases = [
            (r#"{"x":1,"y":[2]}"#, r#"{ "y": [ 2 ], "x": 1 }"#),
            ("1.0", "1.00"),
            (r#""é""#, r#""\u00e9""#),
        ];
        for (before, after) in cases {
            assert_eq!(
                changes_between_texts(&state(before), &state(after)),
                [],
                "{before}"
            );
        }
        let changes = changes_between_texts(&state(r#"{"x":1,"y":[2]}"#), &state(r#"{"y":[2,3],"z":0}"#));
        let paths: Vec<_> = changes
            .iter()
            .map(|change| (change.path.join("."), change.kind))
            .collect();
        assert_eq!(
            paths,
            [
                ("a.y.1".to_owned(), ChangeKind::Added),
                ("a.z".to_owned(), ChangeKind::Added),
                ("a.x".to_owned(), ChangeKind::Removed)
            ]
        );
    }
}
