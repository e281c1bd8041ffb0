//! Which changes of a state are noticed (djust 1.2, `change_detection.py`).

use djscope_template::value::{RecordKind, Value};

/// How many values inside of a value are compared; of larger ones only the length counts.
pub const NODES_COMPARED: usize = 20_000;

/// Whether a changed value is noticed without having been assigned.
///
/// Lists, dicts and sets are looked into, up to [`NODES_COMPARED`] values. Objects are not: one with other attributes
/// is still the same object.
pub fn is_noticed(before: &Value, after: &Value) -> bool {
    let mut budget = NODES_COMPARED;
    match differs(before, after, &mut budget) {
        Some(differs) => differs,
        None => length(before) != length(after),
    }
}

/// `None` if the budget is used up.
fn differs(before: &Value, after: &Value, budget: &mut usize) -> Option<bool> {
    *budget = budget.checked_sub(1)?;
    match (before, after) {
        (Value::List(a), Value::List(b))
        | (Value::Tuple(a), Value::Tuple(b))
        | (Value::Set(a), Value::Set(b)) => {
            if a.len() != b.len() {
                return Some(true);
            }
            any(a.iter().zip(b.iter()), budget)
        }
        (Value::Dict(a), Value::Dict(b)) => {
            let same_keys = a.len() == b.len() && a.keys().zip(b.keys()).all(|(a, b)| a.same(b));
            if !same_keys {
                return Some(true);
            }
            any(a.values().zip(b.values()), budget)
        }
        (Value::Record(a), Value::Record(b)) if !matches!(a.kind, RecordKind::NamedTuple(_)) => {
            Some(a.type_name() != b.type_name())
        }
        (Value::Opaque(a), Value::Opaque(b)) => Some(a.type_name != b.type_name),
        _ => Some(!before.same(after)),
    }
}

/// All of it counts against the budget, as in djust, where the fingerprint is of the whole value.
fn any<'a>(pairs: impl Iterator<Item = (&'a Value, &'a Value)>, budget: &mut usize) -> Option<bool> {
    let mut found = false;
    for (before, after) in pairs {
        found |= differs(before, after, budget)?;
    }
    Some(found)
}

fn length(value: &Value) -> Option<usize> {
    match value {
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => Some(items.len()),
        Value::Dict(dict) => Some(dict.len()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use djscope_template::value::{Dict, Record};
    use std::sync::Arc;

    fn rows(count: i64, last: &str) -> Value {
        (0..count)
            .map(|row| {
                Value::from(Dict::from_iter([(
                    "name",
                    if row + 1 == count { last } else { "x" },
                )]))
            })
            .collect()
    }

    #[test]
    fn what_is_inside_is_noticed_unless_it_is_too_much() {
        assert!(is_noticed(&rows(10, "a"), &rows(10, "b")));
        assert!(!is_noticed(&rows(10, "a"), &rows(10, "a")));
        assert!(!is_noticed(&rows(25_000, "a"), &rows(25_000, "b")));
        assert!(is_noticed(&rows(25_000, "a"), &rows(25_001, "a")));
    }

    #[test]
    fn objects_are_not_looked_into() {
        let cart = |total: i64| {
            Value::Record(Arc::new(Record {
                kind: RecordKind::Object("shop.Cart".into()),
                fields: Dict::from_iter([("total", total)]),
            }))
        };
        assert!(!is_noticed(&cart(1), &cart(2)));
        assert!(!cart(1).same(&cart(2)));
    }
}
