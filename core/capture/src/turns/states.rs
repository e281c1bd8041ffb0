//! The states of view instances, as a probe reports them one after the other.

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
    /// Names of all states together.
    names: usize,
    /// Goes up with every snapshot: the view with the lowest was heard of least recently.
    clock: u64,
    last_number: SnapshotId,
}

/// Names of which a print is kept, of all views together: about 100 bytes each.
const MAX_NAMES: usize = 200_000;

#[derive(Debug)]
struct State {
    snapshot: SnapshotId,
    used: u64,
    /// True if the state that the recording has was lost: only a whole one can follow.
    is_lost: bool,
    /// Fingerprint of every value, by scope and name.
    values: HashMap<(Scope, String), Print>,
}

/// What is kept of a value to know it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Print {
    /// Of what was reported of it.
    reported: u64,
    /// With the digests of what was left out; none if something was left out without a digest.
    whole: Option<u64>,
}

impl Print {
    /// Whether the value differs from `old`; none if it may differ in what was left out.
    fn differs_from(self, old: Self) -> Option<bool> {
        match (self.reported == old.reported, self.whole, old.whole) {
            (false, ..) => Some(true),
            (true, Some(new), Some(old)) => Some(new != old),
            (true, ..) => None,
        }
    }
}

/// What a snapshot of a probe comes to.
#[derive(Debug, Default)]
pub struct Taken {
    /// Its number; none if it builds on a state that was lost.
    pub snapshot: Option<SnapshotId>,
    /// What has to be written; none if nothing has changed since the last one.
    pub delta: Option<SnapshotDelta>,
    /// Names whose value differs from the last one, public before private.
    pub changed: Vec<String>,
    /// Names whose value was cut and may differ in what was left out.
    pub uncertain: Vec<String>,
    /// True if it builds on a state that was never heard of.
    pub incomplete: bool,
}

impl States {
    /// Takes the next snapshot of `view`.
    pub fn take(&mut self, view: &str, reported: ProbeSnapshot) -> Taken {
        let incomplete = reported.base && self.views.get(view).is_none_or(|state| state.is_lost);
        let number = self.last_number + 1;
        self.clock += 1;
        let used = self.clock;
        let state = self.views.entry(view.to_owned()).or_insert_with(|| State {
            snapshot: 0,
            used,
            is_lost: reported.base,
            values: HashMap::new(),
        });
        state.used = used;
        let names_before = state.values.len();
        let base = (reported.base && state.snapshot != 0).then_some(state.snapshot);
        let (mut changed, mut uncertain) = (Vec::new(), Vec::new());
        let mut unset = reported.unset;
        if base.is_none() && state.snapshot != 0 {
            let gone = |(scope, name): &(Scope, String)| {
                !map_of(*scope, &reported.public, &reported.private).contains_key(name)
            };
            unset.extend(
                state
                    .values
                    .keys()
                    .filter(|key| gone(key))
                    .map(|(_, name)| name.clone()),
            );
        }
        for (scope, map) in [
            (Scope::Public, &reported.public),
            (Scope::Private, &reported.private),
        ] {
            for (name, value) in map {
                let print = fingerprint(value);
                let old = state.values.insert((scope, name.clone()), print);
                match old.map_or(Some(true), |old| print.differs_from(old)) {
                    Some(true) => changed.push(name.clone()),
                    Some(false) => {}
                    None => uncertain.push(name.clone()),
                }
            }
        }
        // What is not reported again looks the same to the probe, which sees no more than it reports.
        let is_reported = |(scope, name): &(Scope, String)| {
            map_of(*scope, &reported.public, &reported.private).contains_key(name)
        };
        let unreported = state
            .values
            .iter()
            .filter(|(key, print)| print.whole.is_none() && !is_reported(key));
        uncertain.extend(unreported.map(|((_, name), _)| name.clone()));
        uncertain.retain(|name| !unset.contains(name));
        uncertain.sort();
        for name in &unset {
            for scope in [Scope::Public, Scope::Private] {
                if state.values.remove(&(scope, name.clone())).is_some() {
                    changed.push(name.clone());
                }
            }
        }
        self.names = self.names + state.values.len() - names_before;
        if incomplete {
            // Written as a difference it could not be read: nothing is better than half a state.
            self.bound(view);
            return Taken {
                changed,
                uncertain,
                incomplete,
                ..Taken::default()
            };
        }
        let was_lost = std::mem::replace(&mut state.is_lost, false);
        if state.snapshot != 0 && changed.is_empty() && !was_lost {
            return Taken {
                snapshot: Some(state.snapshot),
                delta: None,
                changed,
                uncertain,
                incomplete,
            };
        }
        self.last_number = number;
        state.snapshot = number;
        let unset = if base.is_some() { unset } else { Vec::new() };
        let delta = SnapshotDelta {
            snapshot: number,
            base,
            public: reported.public,
            private: reported.private,
            unset,
        };
        self.bound(view);
        Taken {
            snapshot: Some(number),
            delta: Some(delta),
            changed,
            uncertain,
            incomplete,
        }
    }

    /// Takes what the renderer of `view` holds now: a row of states of its own, which ends with those of the view.
    pub fn take_handed(&mut self, view: &str, handed: ProbeSnapshot) -> Taken {
        self.take(&handed_key(view), handed)
    }

    /// States were lost: of every view the next one has to be whole.
    pub fn lose_all(&mut self) {
        self.views.values_mut().for_each(|state| state.is_lost = true);
    }

    /// The last state of `view` was lost.
    pub fn lose(&mut self, view: &str) {
        for key in [view, &handed_key(view)] {
            if let Some(state) = self.views.get_mut(key) {
                state.is_lost = true;
            }
        }
    }

    /// Forgets a view instance, which is never heard of again.
    pub fn forget(&mut self, view: &str) {
        for key in [view, &handed_key(view)] {
            if let Some(state) = self.views.remove(key) {
                self.names -= state.values.len();
            }
        }
    }

    /// Forgets the view instances of process `pid`, which are never heard of again.
    pub fn forget_process(&mut self, pid: u32) {
        let prefix = format!("{pid}-");
        let names = &mut self.names;
        self.views.retain(|view, state| {
            let stays = !view.starts_with(&prefix);
            if !stays {
                *names -= state.values.len();
            }
            stays
        });
    }

    /// Forgets the views that were heard of least recently, if there are too many names; never `current`.
    fn bound(&mut self, current: &str) {
        while self.names > MAX_NAMES && self.views.len() > 1 {
            let others = self.views.iter().filter(|(view, _)| *view != current);
            let Some(oldest) = others
                .min_by_key(|(_, state)| state.used)
                .map(|(view, _)| view.clone())
            else {
                return;
            };
            self.forget(&oldest);
        }
    }
}

/// What the renderer of `view` holds is kept under this name; ids of views hold no space.
fn handed_key(view: &str) -> String {
    format!("{view} handed")
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
fn fingerprint(value: &Value) -> Print {
    let (mut reported, mut whole) = (DefaultHasher::new(), DefaultHasher::new());
    value_without_digests(value, &mut reported);
    value.hash(&mut whole);
    Print {
        reported: reported.finish(),
        whole: is_whole(value).then(|| whole.finish()),
    }
}

/// What a cut value holds: its type, its length, what was kept of it, and a digest of the rest.
fn cut(value: &Value) -> Option<&Map<String, Value>> {
    match value {
        Value::Object(map) if map.len() == 1 => map.get("$cut")?.as_object(),
        _ => None,
    }
}

/// False if something in the value was left out of which there is no digest.
fn is_whole(value: &Value) -> bool {
    if let Some(cut) = cut(value) {
        return cut.contains_key("digest") && cut.get("kept").is_none_or(is_whole);
    }
    match value {
        Value::Array(items) => items.iter().all(is_whole),
        Value::Object(map) => map.values().all(is_whole),
        _ => true,
    }
}

fn value_without_digests(value: &Value, hasher: &mut DefaultHasher) {
    match value {
        Value::Array(items) => {
            (b'[', items.len()).hash(hasher);
            items.iter().for_each(|item| value_without_digests(item, hasher));
        }
        Value::Object(map) => {
            let is_cut = cut(value).is_some();
            b'{'.hash(hasher);
            for (name, item) in map {
                name.hash(hasher);
                if let (true, Some(members)) = (is_cut, item.as_object()) {
                    let members = members.iter().filter(|(name, _)| *name != "digest");
                    members.for_each(|(name, item)| {
                        name.hash(hasher);
                        value_without_digests(item, hasher);
                    });
                } else {
                    value_without_digests(item, hasher);
                }
            }
            b'}'.hash(hasher);
        }
        other => other.hash(hasher),
    }
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
        let first = states.take("1-1", snapshot(false, json!({"n": 1, "list": [1, 2]}), &[]));
        assert_eq!((first.snapshot, first.delta.unwrap().base), (Some(1), None));

        let same = states.take("1-1", snapshot(true, json!({}), &[]));
        assert_eq!(
            (same.snapshot, same.delta, same.changed.len()),
            (Some(1), None, 0)
        );

        let resent = states.take("1-1", snapshot(true, json!({"n": 1}), &[]));
        assert_eq!((resent.snapshot, resent.delta), (Some(1), None));

        let changed = states.take("1-1", snapshot(true, json!({"n": 2}), &["list"]));
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
        states.take("1-1", snapshot(false, json!({"n": 1, "old": 1}), &[]));
        let again = states.take("1-1", snapshot(false, json!({"n": 1, "new": 2}), &[]));
        assert_eq!(again.changed, ["new", "old"]);
        assert_eq!(again.delta.unwrap().base, None);
    }

    #[test]
    fn what_was_cut_without_a_digest_may_differ() {
        let cut = |length: u64, digest: Option<&str>| {
            let mut cut = json!({"type": "list", "length": length, "kept": [1, 2]});
            if let Some(digest) = digest {
                cut["digest"] = json!(digest);
            }
            json!({"rows": [{"$cut": cut}], "n": 1})
        };
        let none: [&str; 0] = [];
        let rows = ["rows"];
        let cases = [
            (cut(9, Some("a")), cut(9, Some("a")), &none[..], &none[..]),
            (cut(9, Some("a")), cut(9, Some("b")), &rows, &none),
            (cut(9, Some("a")), cut(8, Some("a")), &rows, &none),
            (cut(9, None), cut(9, None), &none, &rows),
            (cut(9, None), cut(9, Some("a")), &none, &rows),
            (cut(9, None), cut(8, None), &rows, &none),
            (cut(9, None), json!({}), &none, &rows),
            (cut(9, Some("a")), json!({}), &none, &none),
            (cut(9, None), json!({"n": 2}), &["n"], &rows),
        ];
        for (first, second, changed, uncertain) in cases {
            let mut states = States::default();
            states.take("1-1", snapshot(false, first, &[]));
            let taken = states.take("1-1", snapshot(true, second.clone(), &[]));
            assert_eq!(
                (taken.changed, taken.uncertain),
                (owned(changed), owned(uncertain)),
                "{second}"
            );
        }
        let mut states = States::default();
        states.take("1-1", snapshot(false, cut(9, None), &[]));
        let gone = states.take("1-1", snapshot(true, json!({}), &["rows"]));
        assert_eq!((gone.changed, gone.uncertain), (owned(&rows), owned(&none)));
    }

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_difference_from_nothing_is_marked() {
        let mut states = States::default();
        assert!(
            states
                .take("1-1", snapshot(true, json!({"n": 1}), &[]))
                .incomplete
        );
        states.forget_process(1);
        assert!(
            states
                .take("1-1", snapshot(true, json!({"n": 1}), &[]))
                .incomplete
        );
    }

    #[test]
    fn after_a_loss_only_a_whole_state_is_written() {
        let mut states = States::default();
        states.take("1-1", snapshot(false, json!({"n": 1, "m": 1}), &[]));
        states.lose_all();
        let difference = states.take("1-1", snapshot(true, json!({"n": 2}), &[]));
        assert!(difference.incomplete && difference.delta.is_none() && difference.snapshot.is_none());
        assert_eq!(difference.changed, ["n"]);
        let whole = states.take("1-1", snapshot(false, json!({"n": 2, "m": 1}), &[]));
        assert!(!whole.incomplete && whole.changed.is_empty());
        assert_eq!(whole.delta.unwrap().base, None);
        let next = states.take("1-1", snapshot(true, json!({"n": 3}), &[]));
        assert_eq!(next.delta.unwrap().base, whole.snapshot);
    }

    #[test]
    fn names_are_bounded_and_the_current_view_stays() {
        let mut states = States::default();
        let many: Map<String, Value> = (0..1000).map(|n| (format!("name_{n}"), json!(n))).collect();
        for view in 0..500 {
            states.take(
                &format!("1-{view}"),
                snapshot(false, Value::Object(many.clone()), &[]),
            );
        }
        assert!(states.names <= MAX_NAMES && states.views.contains_key("1-499"));
        states.forget_process(1);
        assert_eq!((states.names, states.views.len()), (0, 0));
    }
}
