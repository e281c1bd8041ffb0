//! The context while a template renders (`BaseContext` of `django/template/context.py`).

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::value::{Dict, Value};

/// From how many names on a scope is looked up by hash.
const LARGE: usize = 24;

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Bound {
    /// A value.
    Value(Value),
    /// `forloop`: a loop by its number.
    Loop(usize),
    /// `block`: a block by its number.
    Block(usize),
}

/// The names of one scope, in the order in which they were set.
#[derive(Debug, Default)]
struct Names {
    list: Vec<(Arc<str>, Bound)>,
    /// Where each name stands, once there are many.
    places: FxHashMap<Arc<str>, usize>,
}

impl Names {
    fn place(&self, name: &str) -> Option<usize> {
        if self.list.len() < LARGE {
            return self.list.iter().position(|(own, _)| **own == *name);
        }
        self.places.get(name).copied()
    }

    fn get(&self, name: &str) -> Option<&Bound> {
        self.place(name).map(|place| &self.list[place].1)
    }

    fn set(&mut self, name: &Arc<str>, bound: Bound) {
        if let Some(place) = self.place(name) {
            self.list[place].1 = bound;
            return;
        }
        self.list.push((Arc::clone(name), bound));
        let length = self.list.len();
        if length == LARGE {
            let names = self.list.iter().enumerate();
            self.places = names
                .map(|(place, (name, _))| (Arc::clone(name), place))
                .collect();
        } else if length > LARGE {
            self.places.insert(Arc::clone(name), length - 1);
        }
    }

    fn clear(&mut self) {
        self.list.clear();
        self.places.clear();
    }
}

/// The context while a template renders: names in scopes, the innermost last.
#[derive(Debug)]
pub(super) struct Scopes<'a> {
    /// The names given from outside; `None` where they cannot be seen.
    root: Option<&'a Dict>,
    /// The first one holds what is set outside of every other scope.
    scopes: Vec<Names>,
    /// The scope that is the outermost one that can be seen.
    floor: usize,
    /// Closed scopes, to be used again.
    spare: Vec<Names>,
}

/// What [`Scopes::isolate`] hid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hidden<'a> {
    root: Option<&'a Dict>,
    floor: usize,
}

/// Where [`Scopes`] stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct ScopesPlace<'a> {
    hidden: Hidden<'a>,
    scopes: usize,
}

impl<'a> Scopes<'a> {
    pub(super) fn new(root: &'a Dict) -> Self {
        Self {
            root: Some(root),
            scopes: vec![Names::default()],
            floor: 0,
            spare: Vec::new(),
        }
    }

    /// Opens a scope.
    pub(super) fn push(&mut self) {
        self.scopes.push(self.spare.pop().unwrap_or_default());
    }

    /// Closes the innermost scope.
    pub(super) fn pop(&mut self) {
        if let Some(mut names) = self.scopes.pop() {
            names.clear();
            self.spare.push(names);
        }
    }

    /// Opens a scope from which nothing outside can be seen (`Context.new`).
    pub(super) fn isolate(&mut self) -> Hidden<'a> {
        let hidden = Hidden {
            root: self.root.take(),
            floor: self.floor,
        };
        self.floor = self.scopes.len();
        self.push();
        hidden
    }

    /// Closes the scope that [`Scopes::isolate`] opened.
    pub(super) fn reveal(&mut self, hidden: Hidden<'a>) {
        self.pop();
        self.root = hidden.root;
        self.floor = hidden.floor;
    }

    /// Where the scopes stand.
    pub(super) fn place(&self) -> ScopesPlace<'a> {
        ScopesPlace {
            hidden: Hidden {
                root: self.root,
                floor: self.floor,
            },
            scopes: self.scopes.len(),
        }
    }

    /// Closes the scopes that were opened since.
    pub(super) fn unwind(&mut self, place: ScopesPlace<'a>) {
        self.scopes.truncate(place.scopes);
        self.root = place.hidden.root;
        self.floor = place.hidden.floor;
    }

    /// Sets a name in the innermost scope.
    pub(super) fn set(&mut self, name: &Arc<str>, bound: Bound) {
        if let Some(names) = self.scopes.last_mut() {
            names.set(name, bound);
        }
    }

    /// Sets a name where it is set already, else in the innermost scope (`Context.set_upward`).
    pub(super) fn set_upward(&mut self, name: &Arc<str>, value: Value) {
        let is_given = self.given(name).is_some();
        let visible = &mut self.scopes[self.floor..];
        let place = visible.iter().rposition(|names| names.place(name).is_some());
        // The values given from outside stay as they are; the first scope stands in front of them.
        let scope = place.unwrap_or(if is_given {
            0
        } else {
            visible.len().saturating_sub(1)
        });
        if let Some(names) = visible.get_mut(scope) {
            names.set(name, Bound::Value(value));
        }
    }

    /// What a name stands for, if it is set while the template renders.
    pub(super) fn bound(&self, name: &str) -> Option<&Bound> {
        self.scopes[self.floor..]
            .iter()
            .rev()
            .find_map(|names| names.get(name))
    }

    /// The value of a name given from outside.
    pub(super) fn given(&self, name: &str) -> Option<&Value> {
        self.root.and_then(|root| root.get(name))
    }

    /// The names given from outside.
    pub(super) fn root(&self) -> Option<&Dict> {
        self.root
    }

    /// The scopes that can be seen, the outermost first.
    pub(super) fn visible(&self) -> impl Iterator<Item = &[(Arc<str>, Bound)]> {
        self.scopes[self.floor..]
            .iter()
            .map(|names| names.list.as_slice())
    }
}
