//! What changed between two states.

use std::fmt;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::{Dict, Value};

/// One place at which two values differ.
#[derive(Clone, Debug)]
pub struct Change {
    /// The way from the outermost value to it.
    pub path: Vec<Step>,
    /// What was there; `None` if nothing.
    pub before: Option<Value>,
    /// What is there now; `None` if nothing.
    pub after: Option<Value>,
}

/// One step into a value.
#[derive(Clone, Debug)]
pub enum Step {
    /// A key of a dict or a member of a set.
    Key(Value),
    /// A place in a list or a tuple; of what is gone the place that it had.
    Index(usize),
    /// An attribute of an object.
    Field(Arc<str>),
}

impl fmt::Display for Step {
    /// As Python writes it behind the value: `['price']`, `[3]`, `.price`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Key(key) => write!(out, "[{}]", key.repr()),
            Step::Index(index) => write!(out, "[{index}]"),
            Step::Field(name) => write!(out, ".{name}"),
        }
    }
}

/// The places at which two values are not [`same`](Value::same), as deep inside as they can be told.
///
/// Of two lists the equal beginning and the equal end are left out, so that a row put in between is one change.
pub fn changes(before: &Value, after: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    compare(before, after, &mut Vec::new(), &mut found);
    found
}

fn compare(before: &Value, after: &Value, path: &mut Vec<Step>, found: &mut Vec<Change>) {
    if before.same(after) {
        return;
    }
    let already_found = found.len();
    match (before, after) {
        (Value::Dict(a), Value::Dict(b)) => compare_dicts(a, b, &|key| Step::Key(key.clone()), path, found),
        (Value::Record(a), Value::Record(b)) if a.type_name() == b.type_name() => {
            let field = |name: &Value| Step::Field(name.to_str().into());
            compare_dicts(&a.fields, &b.fields, &field, path, found);
        }
        (Value::List(a), Value::List(b)) | (Value::Tuple(a), Value::Tuple(b)) => {
            compare_sequences(a, b, path, found);
        }
        (Value::Set(a), Value::Set(b)) => compare_sets(a, b, path, found),
        _ => {}
    }
    // Two values of different types, two scalars, or two dicts that differ in their order only.
    if found.len() == already_found {
        found.push(Change {
            path: path.clone(),
            before: Some(before.clone()),
            after: Some(after.clone()),
        });
    }
}

fn compare_at(
    step: Step,
    before: Option<&Value>,
    after: Option<&Value>,
    path: &mut Vec<Step>,
    found: &mut Vec<Change>,
) {
    path.push(step);
    match (before, after) {
        (Some(before), Some(after)) => compare(before, after, path, found),
        _ => found.push(Change {
            path: path.clone(),
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
    path.pop();
}

fn compare_dicts(
    before: &Dict,
    after: &Dict,
    step: &dyn Fn(&Value) -> Step,
    path: &mut Vec<Step>,
    found: &mut Vec<Change>,
) {
    for (key, value) in before {
        compare_at(step(key), Some(value), after.get_value(key), path, found);
    }
    for (key, value) in after.iter().filter(|(key, _)| before.get_value(key).is_none()) {
        compare_at(step(key), None, Some(value), path, found);
    }
}

fn compare_sequences(before: &[Value], after: &[Value], path: &mut Vec<Step>, found: &mut Vec<Change>) {
    let shorter = before.len().min(after.len());
    let start = before.iter().zip(after).take_while(|(a, b)| a.same(b)).count();
    let same_at_end = before
        .iter()
        .rev()
        .zip(after.iter().rev())
        .take_while(|(a, b)| a.same(b))
        .count();
    let same_at_end = same_at_end.min(shorter - start);
    let (before_end, after_end) = (before.len() - same_at_end, after.len() - same_at_end);
    for index in start..before_end.max(after_end) {
        let old = before.get(index).filter(|_| index < before_end);
        let new = after.get(index).filter(|_| index < after_end);
        compare_at(Step::Index(index), old, new, path, found);
    }
}

fn compare_sets(before: &[Value], after: &[Value], path: &mut Vec<Step>, found: &mut Vec<Change>) {
    let old: FxHashSet<&Value> = before.iter().collect();
    let new: FxHashSet<&Value> = after.iter().collect();
    for item in before.iter().filter(|item| !new.contains(item)) {
        compare_at(Step::Key(item.clone()), Some(item), None, path, found);
    }
    for item in after.iter().filter(|item| !old.contains(item)) {
        compare_at(Step::Key(item.clone()), None, Some(item), path, found);
    }
}
