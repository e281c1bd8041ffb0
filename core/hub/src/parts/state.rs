//! Two states as one tree of rows.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use djscope_recording::model::{ChangeKind, JsonText, Pairs, Scope, StateText, TurnTexts, differs};
use djscope_report::value;

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

/// The tree of a turn's states, as far as it is open. A row is made into a [`Node`] only when it is asked for.
#[derive(Debug)]
pub struct StateTree {
    texts: Arc<TurnTexts>,
    rows: Vec<Row>,
    flipped: Vec<String>,
    revealed: Option<u64>,
}

impl StateTree {
    /// The rows of two states; what holds the path that is to be found is opened.
    pub fn of(texts: Arc<TurnTexts>, view: &StateView) -> Self {
        let mut flipped: HashSet<String> = view.flipped.iter().cloned().collect();
        let mut made = rows(&texts, &flipped, view.only_changes);
        let mut revealed = None;
        if let Some(path) = &view.reveal {
            for (end, _) in path.match_indices(SEPARATOR) {
                let parent = &path[..end];
                let is_closed = position(&made, parent).is_some_and(|at| made[at].is_open() == Some(false));
                if is_closed {
                    // It is closed by default or by hand: either way the opposite opens it.
                    if !flipped.remove(parent) {
                        flipped.insert(parent.to_owned());
                    }
                    made = rows(&texts, &flipped, view.only_changes);
                }
            }
            revealed = position(&made, path).map(|position| position as u64);
        }
        let mut flipped: Vec<String> = flipped.into_iter().collect();
        flipped.sort_unstable();
        Self {
            texts,
            rows: made,
            flipped,
            revealed,
        }
    }

    /// Some of the rows.
    pub fn page(&self, from: u64, limit: u32) -> StatePage {
        let page = cut_page(&self.rows, from, limit, |row| self.node(row));
        StatePage {
            from: page.from,
            total: page.total,
            rows: page.rows,
            flipped: self.flipped.clone(),
            revealed: self.revealed,
        }
    }

    fn node(&self, row: &Row) -> Node {
        match row {
            Row::Scope {
                scope,
                names,
                changed,
            } => Node::Scope {
                scope: *scope,
                names: *names,
                changed: *changed,
            },
            Row::Entry(entry) => Node::Entry {
                depth: entry.depth,
                scope: entry.scope,
                name: entry.name.clone(),
                path: path_to(&self.rows, entry),
                change: entry.change,
                is_open: entry.is_open,
                before: shown(self.texts.before.as_ref(), entry, entry.before),
                after: shown(self.texts.after.as_ref(), entry, entry.after),
            },
        }
    }
}

#[derive(Debug)]
enum Row {
    Scope {
        scope: Scope,
        names: usize,
        changed: usize,
    },
    Entry(Entry),
}

impl Row {
    const fn is_open(&self) -> Option<bool> {
        match self {
            Self::Scope { .. } => None,
            Self::Entry(entry) => entry.is_open,
        }
    }
}

#[derive(Debug)]
struct Entry {
    depth: usize,
    scope: Scope,
    name: String,
    /// The row that it is a part of.
    parent: Option<usize>,
    change: Option<ChangeKind>,
    is_open: Option<bool>,
    before: Option<Extent>,
    after: Option<Extent>,
}

/// Where a value stands in a state: the place of its top name among those of its scope, and the bytes of that value.
#[derive(Clone, Copy, Debug)]
struct Extent {
    name: usize,
    begin: usize,
    end: usize,
}

impl Extent {
    fn text(self, state: &StateText, scope: Scope) -> Option<JsonText<'_>> {
        let (_, whole) = state.names(scope).nth(self.name)?;
        whole.bytes().get(self.begin..self.end).map(JsonText::of)
    }
}

/// A value and where it stands.
#[derive(Clone, Copy)]
struct Placed<'a> {
    name: usize,
    whole: JsonText<'a>,
    value: JsonText<'a>,
}

impl<'a> Placed<'a> {
    fn extent(self) -> Extent {
        // Both are slices of one text, and it lies behind the beginning of that.
        let begin = self.value.bytes().as_ptr() as usize - self.whole.bytes().as_ptr() as usize;
        Extent {
            name: self.name,
            begin,
            end: begin + self.value.bytes().len(),
        }
    }

    const fn part(self, value: JsonText<'a>) -> Self {
        Self { value, ..self }
    }
}

fn shown(state: Option<&StateText>, entry: &Entry, extent: Option<Extent>) -> Option<Shown> {
    let value = extent?.text(state?, entry.scope)?;
    Some(Shown {
        text: value::repr(value, VALUE_LIMIT),
        class: value::class(value),
    })
}

fn path_to(rows: &[Row], entry: &Entry) -> String {
    let mut names = vec![&*entry.name];
    let mut parent = entry.parent;
    while let Some(Row::Entry(above)) = parent.and_then(|at| rows.get(at)) {
        names.push(&above.name);
        parent = above.parent;
    }
    names.reverse();
    names.join(&SEPARATOR.to_string())
}

fn position(rows: &[Row], path: &str) -> Option<usize> {
    let last = path.rsplit(SEPARATOR).next()?;
    rows.iter().position(|row| match row {
        Row::Entry(entry) => entry.name == last && path_to(rows, entry) == path,
        Row::Scope { .. } => false,
    })
}

fn rows(texts: &TurnTexts, flipped: &HashSet<String>, only_changes: bool) -> Vec<Row> {
    let mut tree = Tree {
        flipped,
        only_changes,
        has_both: texts.before.is_some() && texts.after.is_some(),
        path: String::new(),
        rows: Vec::new(),
    };
    for scope in [Scope::Public, Scope::Private] {
        tree.scope(scope, texts.before.as_ref(), texts.after.as_ref());
    }
    tree.rows
}

struct Tree<'a> {
    flipped: &'a HashSet<String>,
    only_changes: bool,
    has_both: bool,
    /// That of the entry whose parts are looked at.
    path: String,
    rows: Vec<Row>,
}

/// An entry with both its values.
struct Both<'a> {
    name: Cow<'a, str>,
    before: Option<Placed<'a>>,
    after: Option<Placed<'a>>,
}

impl<'a> Both<'a> {
    fn change(&self) -> Option<ChangeKind> {
        match (self.before, self.after) {
            (Some(before), Some(after)) => differs(before.value, after.value).then_some(ChangeKind::Changed),
            (None, _) => Some(ChangeKind::Added),
            (_, None) => Some(ChangeKind::Removed),
        }
    }

    /// True if it has more than `limit` parts on one side.
    fn has_more_than(&self, limit: usize) -> bool {
        [self.before, self.after]
            .into_iter()
            .flatten()
            .any(|side| value::len_up_to(side.value, limit + 1) > limit)
    }

    fn parts(&self) -> impl Iterator<Item = Self> + use<'a> {
        let (before, after) = (self.before, self.after);
        let children = |side: Option<Placed<'a>>| side.map_or(Vec::new(), |side| value::children(side.value));
        Pairs::of(children(before), children(after)).map(move |pair| Self {
            name: pair.name,
            before: pair.before.and_then(|value| Some(before?.part(value))),
            after: pair.after.and_then(|value| Some(after?.part(value))),
        })
    }
}

impl Tree<'_> {
    fn scope(&mut self, scope: Scope, before: Option<&StateText>, after: Option<&StateText>) {
        let all = names(scope, before, after);
        if all.is_empty() {
            return;
        }
        let changes: Vec<_> = all.iter().map(|both| self.change(both)).collect();
        self.rows.push(Row::Scope {
            scope,
            names: all.len(),
            changed: changes.iter().flatten().count(),
        });
        for (both, change) in all.iter().zip(changes) {
            self.entry(scope, 0, None, both, change);
        }
    }

    fn change(&self, both: &Both<'_>) -> Option<ChangeKind> {
        if self.has_both { both.change() } else { None }
    }

    fn entry(
        &mut self,
        scope: Scope,
        depth: usize,
        parent: Option<usize>,
        both: &Both<'_>,
        change: Option<ChangeKind>,
    ) {
        if self.only_changes && self.has_both && change.is_none() {
            return;
        }
        let above = self.path.len();
        if parent.is_some() {
            self.path.push(SEPARATOR);
        }
        self.path.push_str(&both.name);
        let is_open = both.has_more_than(0).then(|| {
            let opens_itself = change == Some(ChangeKind::Changed)
                && (self.only_changes || !both.has_more_than(OPEN_UP_TO))
                && both
                    .parts()
                    .filter(|part| part.change().is_some())
                    .nth(OPEN_UP_TO)
                    .is_none();
            opens_itself != self.flipped.contains(&self.path)
        });
        let place = self.rows.len();
        self.rows.push(Row::Entry(Entry {
            depth,
            scope,
            name: both.name.clone().into_owned(),
            parent,
            change,
            is_open,
            before: both.before.map(Placed::extent),
            after: both.after.map(Placed::extent),
        }));
        if is_open == Some(true) {
            for part in both.parts() {
                let change = self.change(&part);
                self.entry(scope, depth + 1, Some(place), &part, change);
            }
        }
        self.path.truncate(above);
    }
}

/// The names of a scope in both states.
fn names<'a>(scope: Scope, before: Option<&'a StateText>, after: Option<&'a StateText>) -> Vec<Both<'a>> {
    let of = |state: Option<&'a StateText>| {
        let names = state.into_iter().flat_map(|state| state.names(scope)).enumerate();
        names
            .map(|(name, (text, whole))| (Cow::Borrowed(text), (name, whole)))
            .collect::<Vec<_>>()
    };
    let placed = |(name, whole)| Placed {
        name,
        whole,
        value: whole,
    };
    Pairs::of(of(before), of(after))
        .map(|pair| Both {
            name: pair.name,
            before: pair.before.map(placed),
            after: pair.after.map(placed),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use djscope_recording::model::{Snapshot, Turn, TurnDetail, TurnKind};
    use serde_json::{Map, Value, json};

    use super::*;

    fn texts(before: Option<&Value>, after: &Value) -> Arc<TurnTexts> {
        let state = |public: &Value| {
            StateText::from(&Snapshot {
                public: public.as_object().cloned().unwrap(),
                private: Map::new(),
            })
        };
        Arc::new(TurnTexts {
            detail: TurnDetail::of(Turn::begun(1, TurnKind::Event, 0)),
            source: None,
            before: before.map(state),
            after: Some(state(after)),
        })
    }

    fn tree(before: Option<&Value>, after: &Value, only_changes: bool, flipped: &[&str]) -> Vec<Node> {
        let view = StateView {
            only_changes,
            flipped: flipped.iter().map(|path| (*path).to_owned()).collect(),
            ..StateView::default()
        };
        let tree = StateTree::of(texts(before, after), &view);
        tree.rows.iter().map(|row| tree.node(row)).collect()
    }

    fn entries(rows: &[Node]) -> Vec<(usize, &str, Option<ChangeKind>)> {
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
        let before = json!({"a": 1, "gone": 0, "items": [{"n": 1}, {"n": 2}]});
        let after = json!({"a": 1, "items": [{"n": 1}, {"n": 3}], "new": 2});
        let rows = tree(Some(&before), &after, true, &[]);
        assert_eq!(
            entries(&rows),
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
        let rows = tree(None, &json!({"a": 1}), true, &[]);
        assert_eq!(entries(&rows), [(0, "a", None)]);
    }

    #[test]
    fn ten_thousand_items_are_closed_until_asked_for() {
        let list: Vec<u32> = (0..10_000).collect();
        let (before, after) = (json!({"items": list}), json!({"items": list, "x": 1}));
        assert_eq!(tree(Some(&before), &after, false, &[]).len(), 3);
        let open = tree(Some(&before), &after, false, &["items"]);
        assert_eq!(open.len(), 10_003);
        let Node::Entry {
            path,
            after: Some(after),
            ..
        } = &open[9_001]
        else {
            panic!("{:?}", open[9_001]);
        };
        assert_eq!((path.as_str(), after.text.as_str()), ("items\u{1f}8999", "8999"));
    }
}
