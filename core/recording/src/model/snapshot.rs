use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::JsonText;

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

/// The same as text: the JSON of each name, read where somebody looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateText {
    names: Vec<NameText>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct NameText {
    scope: Scope,
    name: Arc<str>,
    json: Arc<[u8]>,
}

impl StateText {
    /// Appends a name with the JSON of its value.
    pub fn push(&mut self, scope: Scope, name: Arc<str>, json: Arc<[u8]>) {
        self.names.push(NameText { scope, name, json });
    }

    /// The names of a scope with their values, in definition order.
    pub fn names(&self, scope: Scope) -> impl Iterator<Item = (&str, JsonText<'_>)> {
        self.names
            .iter()
            .filter(move |name| name.scope == scope)
            .map(|name| (&*name.name, JsonText::of(&name.json)))
    }

    /// How many names there are in both scopes.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// True if there is no name.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

impl From<&Snapshot> for StateText {
    fn from(snapshot: &Snapshot) -> Self {
        let mut state = Self::default();
        for (scope, names) in [
            (Scope::Public, &snapshot.public),
            (Scope::Private, &snapshot.private),
        ] {
            for (name, value) in names {
                state.push(scope, Arc::from(&**name), value.to_string().into_bytes().into());
            }
        }
        state
    }
}
