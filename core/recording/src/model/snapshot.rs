use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Whether a name is in the template's reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// A name without a leading underscore: in the template context.
    Public,
    /// A name with a leading underscore: never in the context.
    Private,
}

/// The state of a view at a point.
///
/// Values use the typed JSON encoding of `docs/probe-protocol.md`:
/// `{"$decimal": "1.20"}`, `{"$model": {…}}` and so on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Names without a leading underscore, in definition order.
    pub public: Map<String, Value>,
    /// Names with one.
    pub private: Map<String, Value>,
}

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
        let mut path = Vec::new();
        map_changes(scope, &mut path, old, new, &mut changes);
    }
    changes
}

fn map_changes(
    scope: Scope,
    path: &mut Vec<String>,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    changes: &mut Vec<Change>,
) {
    for (name, after) in new {
        path.push(name.clone());
        match old.get(name) {
            None => changes.push(Change {
                scope,
                path: path.clone(),
                kind: ChangeKind::Added,
                before: None,
                after: Some(after.clone()),
            }),
            Some(before) => value_changes(scope, path, before, after, changes),
        }
        path.pop();
    }
    for (name, before) in old {
        if !new.contains_key(name) {
            path.push(name.clone());
            changes.push(Change {
                scope,
                path: path.clone(),
                kind: ChangeKind::Removed,
                before: Some(before.clone()),
                after: None,
            });
            path.pop();
        }
    }
}

fn value_changes(
    scope: Scope,
    path: &mut Vec<String>,
    before: &Value,
    after: &Value,
    changes: &mut Vec<Change>,
) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Object(old), Value::Object(new)) if is_plain(old) && is_plain(new) => {
            map_changes(scope, path, old, new, changes);
        }
        (Value::Array(old), Value::Array(new)) => list_changes(scope, path, old, new, changes),
        _ => changes.push(Change {
            scope,
            path: path.clone(),
            kind: ChangeKind::Changed,
            before: Some(before.clone()),
            after: Some(after.clone()),
        }),
    }
}

fn list_changes(
    scope: Scope,
    path: &mut Vec<String>,
    old: &[Value],
    new: &[Value],
    changes: &mut Vec<Change>,
) {
    for index in 0..old.len().max(new.len()) {
        path.push(index.to_string());
        match (old.get(index), new.get(index)) {
            (Some(before), Some(after)) => value_changes(scope, path, before, after, changes),
            (before, after) => changes.push(Change {
                scope,
                path: path.clone(),
                kind: if after.is_some() {
                    ChangeKind::Added
                } else {
                    ChangeKind::Removed
                },
                before: before.cloned(),
                after: after.cloned(),
            }),
        }
        path.pop();
    }
}

/// A typed value such as `{"$decimal": …}` is one value, not a dictionary to look into.
fn is_plain(map: &Map<String, Value>) -> bool {
    !map.keys()
        .next()
        .is_some_and(|name| map.len() == 1 && name.starts_with('$'))
}
