//! The states of view instances, as a probe tells them one after the other.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use djscope_recording::SnapshotDelta;
use djscope_recording::model::{Scope, SnapshotId};
use serde_json::{Map, Value};

use crate::probe::ProbeSnapshot;

/// The last state of every view instance.
#[derive(Debug, Default)]
pub struct States {
    views: HashMap<String, State>,
    last_number: SnapshotId,
}

#[derive(Debug)]
struct State {
    snapshot: SnapshotId,
    /// Fingerprint of every value, by scope and name.
    values: HashMap<(Scope, String), u64>,
}

/// What a snapshot of a probe comes to.
#[derive(Debug, Default)]
pub struct Told {
    /// Its number.
    pub snapshot: SnapshotId,
    /// What has to be written; none if nothing has changed since the last one.
    pub delta: Option<SnapshotDelta>,
    /// Names whose value differs from the last one, public before private.
    pub changed: Vec<String>,
    /// True if it builds on a state that was never heard of.
    pub incomplete: bool,
}

impl States {
    /// Takes the next snapshot of `view`.
    pub fn tell(&mut self, view: &str, told: ProbeSnapshot) -> Told {
        let incomplete = told.base && !self.views.contains_key(view);
        let number = self.last_number + 1;
        let state = self.views.entry(view.to_owned()).or_insert_with(|| State {
            snapshot: 0,
            values: HashMap::new(),
        });
        let base = (told.base && state.snapshot != 0).then_some(state.snapshot);
        let mut changed = Vec::new();
        let mut unset = told.unset;
        if base.is_none() && state.snapshot != 0 {
            let gone = |(scope, name): &(Scope, String)| {
                !map_of(*scope, &told.public, &told.private).contains_key(name)
            };
            unset.extend(
                state
                    .values
                    .keys()
                    .filter(|key| gone(key))
                    .map(|(_, name)| name.clone()),
            );
        }
        for (scope, map) in [(Scope::Public, &told.public), (Scope::Private, &told.private)] {
            for (name, value) in map {
                let print = fingerprint(value);
                if state.values.insert((scope, name.clone()), print) != Some(print) {
                    changed.push(name.clone());
                }
            }
        }
        for name in &unset {
            for scope in [Scope::Public, Scope::Private] {
                if state.values.remove(&(scope, name.clone())).is_some() {
                    changed.push(name.clone());
                }
            }
        }
        if state.snapshot != 0 && changed.is_empty() {
            return Told {
                snapshot: state.snapshot,
                delta: None,
                changed,
                incomplete,
            };
        }
        self.last_number = number;
        state.snapshot = number;
        let unset = if base.is_some() { unset } else { Vec::new() };
        let delta = SnapshotDelta {
            snapshot: number,
            base,
            public: told.public,
            private: told.private,
            unset,
        };
        Told {
            snapshot: number,
            delta: Some(delta),
            changed,
            incomplete,
        }
    }

    /// Forgets the view instances of process `pid`, which are never heard of again.
    pub fn forget_process(&mut self, pid: u32) {
        let prefix = format!("{pid}-");
        self.views.retain(|view, _| !view.starts_with(&prefix));
    }
}

const fn map_of<'a>(
    scope: Scope,
    public: &'a Map<String, Value>,
    private: &'a Map<String, Value>,
) -> &'a Map<String, Value> {
    match scope {
        Scope::Public => public,
        Scope::Private => private,
    }
}

/// Equal for equal values; the order of names counts, as it does in Python's printing.
fn fingerprint(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn snapshot(base: bool, public: Value, unset: &[&str]) -> ProbeSnapshot {
        let Value::Object(public) = public else {
            unreachable!()
        };
        let unset = unset.iter().map(|name| (*name).to_owned()).collect();
        ProbeSnapshot {
            base,
            public,
            private: Map::new(),
            unset,
        }
    }

    #[test]
    fn only_differences_are_written() {
        let mut states = States::default();
        let first = states.tell("1-1", snapshot(false, json!({"n": 1, "list": [1, 2]}), &[]));
        assert_eq!((first.snapshot, first.delta.unwrap().base), (1, None));

        let same = states.tell("1-1", snapshot(true, json!({}), &[]));
        assert_eq!((same.snapshot, same.delta, same.changed.len()), (1, None, 0));

        let resent = states.tell("1-1", snapshot(true, json!({"n": 1}), &[]));
        assert_eq!((resent.snapshot, resent.delta), (1, None));

        let changed = states.tell("1-1", snapshot(true, json!({"n": 2}), &["list"]));
        assert_eq!(changed.changed, ["n", "list"]);
        let delta = changed.delta.unwrap();
        assert_eq!(
            (delta.snapshot, delta.base, delta.unset),
            (2, Some(1), vec!["list".to_owned()])
        );
    }

    #[test]
    fn a_whole_state_after_a_loss_is_compared_by_value() {
        let mut states = States::default();
        states.tell("1-1", snapshot(false, json!({"n": 1, "old": 1}), &[]));
        let again = states.tell("1-1", snapshot(false, json!({"n": 1, "new": 2}), &[]));
        assert_eq!(again.changed, ["new", "old"]);
        assert_eq!(again.delta.unwrap().base, None);
    }

    #[test]
    fn a_difference_from_nothing_is_marked() {
        let mut states = States::default();
        assert!(
            states
                .tell("1-1", snapshot(true, json!({"n": 1}), &[]))
                .incomplete
        );
        states.forget_process(1);
        assert!(
            states
                .tell("1-1", snapshot(true, json!({"n": 1}), &[]))
                .incomplete
        );
    }
}
