//! Two states as one tree of rows.

use std::collections::{HashMap, HashSet};

use djscope_recording::model::{ChangeKind, Scope, Snapshot};
use djscope_report::value;
use serde_json::{Map, Value};

use super::cut_page;
use crate::api::{Node, Shown, StatePage, StateView};

/// Between the names of a path; no Python name holds it.
pub const SEPARATOR: char = '\u{1f}';

/// A container with more differing parts than this is closed by default.
const OPEN_UP_TO: usize = 40;

/// Bytes of a value that a row can show.
const VALUE_LIMIT: usize = 240;

/// The path of a [`Change`](djscope_recording::model::Change) as [`Node::Entry`] has it.
pub fn path_of(parts: &[String]) -> String {
    parts.join(&SEPARATOR.to_string())
}

/// The tree of a turn's states, as far as it is open.
#[derive(Debug)]
pub struct StateTree {
    rows: Vec<Node>,
    flipped: Vec<String>,
    revealed: Option<u64>,
}

impl StateTree {
    /// The rows of two states; what holds the path that is to be found is opened.
    pub fn of(before: Option<&Snapshot>, after: Option<&Snapshot>, view: &StateView) -> Self {
        let mut flipped: HashSet<String> = view.flipped.iter().cloned().collect();
        let mut made = rows(before, after, &flipped, view.only_changes);
        let mut revealed = None;
        if let Some(path) = &view.reveal {
            for (end, _) in path.match_indices(SEPARATOR) {
                let parent = &path[..end];
                let is_closed = made.iter().any(
                    |row| matches!(row, Node::Entry { path, is_open: Some(false), .. } if path == parent),
                );
                if is_closed {
                    // It is closed by default or by hand: either way the opposite opens it.
                    if !flipped.remove(parent) {
                        flipped.insert(parent.to_owned());
                    }
                    made = rows(before, after, &flipped, view.only_changes);
                }
            }
            let is_wanted = |row: &Node| matches!(row, Node::Entry { path: own, .. } if own == path);
            revealed = made.iter().position(is_wanted).map(|position| position as u64);
        }
        let mut flipped: Vec<String> = flipped.into_iter().collect();
        flipped.sort_unstable();
        Self {
            rows: made,
            flipped,
            revealed,
        }
    }

    /// Some of the rows.
    pub fn page(&self, from: u64, limit: u32) -> StatePage {
        let page = cut_page(&self.rows, from, limit, Clone::clone);
        StatePage {
            from: page.from,
            total: page.total,
            rows: page.rows,
            flipped: self.flipped.clone(),
            revealed: self.revealed,
        }
    }
}

fn shown(value: &Value) -> Shown {
    Shown {
        text: value::repr(value, VALUE_LIMIT),
        class: value::class(value),
    }
}

fn rows(
    before: Option<&Snapshot>,
    after: Option<&Snapshot>,
    flipped: &HashSet<String>,
    only_changes: bool,
) -> Vec<Node> {
    let mut tree = Tree {
        flipped,
        only_changes,
        has_both: before.is_some() && after.is_some(),
        rows: Vec::new(),
    };
    for scope in [Scope::Public, Scope::Private] {
        let names = |snapshot| scope_of(snapshot, scope);
        tree.scope(scope, before.map(names), after.map(names));
    }
    tree.rows
}

const fn scope_of(snapshot: &Snapshot, scope: Scope) -> &Map<String, Value> {
    match scope {
        Scope::Public => &snapshot.public,
        Scope::Private => &snapshot.private,
    }
}

fn entries(map: &Map<String, Value>) -> Vec<(String, &Value)> {
    map.iter().map(|(name, value)| (name.clone(), value)).collect()
}

struct Tree<'a> {
    flipped: &'a HashSet<String>,
    only_changes: bool,
    has_both: bool,
    rows: Vec<Node>,
}

struct Pair<'a> {
    name: String,
    before: Option<&'a Value>,
    after: Option<&'a Value>,
}

impl Pair<'_> {
    fn change(&self) -> Option<ChangeKind> {
        match (self.before, self.after) {
            (Some(before), Some(after)) if before == after => None,
            (Some(_), Some(_)) => Some(ChangeKind::Changed),
            (None, _) => Some(ChangeKind::Added),
            (_, None) => Some(ChangeKind::Removed),
        }
    }
}

/// The parts of both by name: in the order of the second, removed ones last.
fn pairs<'a>(before: Vec<(String, &'a Value)>, after: Vec<(String, &'a Value)>) -> Vec<Pair<'a>> {
    let mut old: HashMap<String, &Value> = before
        .iter()
        .map(|(name, value)| (name.clone(), *value))
        .collect();
    let mut all: Vec<Pair<'a>> = after
        .into_iter()
        .map(|(name, value)| Pair {
            before: old.remove(&name),
            after: Some(value),
            name,
        })
        .collect();
    for (name, value) in before {
        if old.contains_key(&name) {
            all.push(Pair {
                name,
                before: Some(value),
                after: None,
            });
        }
    }
    all
}

impl Tree<'_> {
    fn scope(
        &mut self,
        scope: Scope,
        before: Option<&Map<String, Value>>,
        after: Option<&Map<String, Value>>,
    ) {
        let all = pairs(
            before.map(entries).unwrap_or_default(),
            after.map(entries).unwrap_or_default(),
        );
        if all.is_empty() {
            return;
        }
        let changed = if self.has_both {
            all.iter().filter(|pair| pair.change().is_some()).count()
        } else {
            0
        };
        self.rows.push(Node::Scope {
            scope,
            names: all.len(),
            changed,
        });
        for pair in all {
            self.entry(scope, 0, "", &pair);
        }
    }

    fn entry(&mut self, scope: Scope, depth: usize, parent: &str, pair: &Pair<'_>) {
        let change = if self.has_both { pair.change() } else { None };
        if self.only_changes && self.has_both && change.is_none() {
            return;
        }
        let path = if parent.is_empty() {
            pair.name.clone()
        } else {
            format!("{parent}{SEPARATOR}{}", pair.name)
        };
        let parts = || {
            pairs(
                pair.before.map(value::children).unwrap_or_default(),
                pair.after.map(value::children).unwrap_or_default(),
            )
        };
        let length = pair
            .before
            .map_or(0, value::len)
            .max(pair.after.map_or(0, value::len));
        let is_open = (length > 0).then(|| {
            let opens_itself = change == Some(ChangeKind::Changed)
                && (self.only_changes || length <= OPEN_UP_TO)
                && parts()
                    .iter()
                    .filter(|part| part.change().is_some())
                    .take(OPEN_UP_TO + 1)
                    .count()
                    <= OPEN_UP_TO;
            opens_itself != self.flipped.contains(&path)
        });
        let parts = if is_open == Some(true) {
            parts()
        } else {
            Vec::new()
        };
        self.rows.push(Node::Entry {
            depth,
            scope,
            name: pair.name.clone(),
            path: path.clone(),
            change,
            is_open,
            before: pair.before.map(shown),
            after: pair.after.map(shown),
        });
        for part in parts {
            self.entry(scope, depth + 1, &path, &part);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn snapshot(public: &Value) -> Snapshot {
        Snapshot {
            public: public.as_object().cloned().unwrap(),
            private: Map::new(),
        }
    }

    fn names(rows: &[Node]) -> Vec<(usize, &str, Option<ChangeKind>)> {
        rows.iter()
            .filter_map(|row| match row {
                Node::Entry {
                    depth, name, change, ..
                } => Some((*depth, name.as_str(), *change)),
                Node::Scope { .. } => None,
            })
            .collect()
    }

    #[test]
    fn changed_containers_open_themselves_and_removed_names_come_last() {
        let before = snapshot(&json!({"a": 1, "gone": 0, "items": [{"n": 1}, {"n": 2}]}));
        let after = snapshot(&json!({"a": 1, "items": [{"n": 1}, {"n": 3}], "new": 2}));
        let rows = rows(Some(&before), Some(&after), &HashSet::new(), true);
        assert_eq!(
            names(&rows),
            [
                (0, "items", Some(ChangeKind::Changed)),
                (1, "1", Some(ChangeKind::Changed)),
                (2, "n", Some(ChangeKind::Changed)),
                (0, "new", Some(ChangeKind::Added)),
                (0, "gone", Some(ChangeKind::Removed)),
            ]
        );
    }

    #[test]
    fn one_state_alone_marks_nothing() {
        let after = snapshot(&json!({"a": 1}));
        let rows = rows(None, Some(&after), &HashSet::new(), true);
        assert_eq!(names(&rows), [(0, "a", None)]);
    }

    #[test]
    fn ten_thousand_items_are_closed_until_asked_for() {
        let list: Vec<u32> = (0..10_000).collect();
        let (before, after) = (
            snapshot(&json!({"items": list})),
            snapshot(&json!({"items": list, "x": 1})),
        );
        assert_eq!(rows(Some(&before), Some(&after), &HashSet::new(), false).len(), 3);
        let open = HashSet::from(["items".to_owned()]);
        assert_eq!(rows(Some(&before), Some(&after), &open, false).len(), 10_003);
    }
}
