//! `slice`.

use super::{Call, FilterError};
use crate::value::{PythonError, Value};

/// `slice`: what cannot be sliced comes back as it is.
pub(super) fn slice(call: &Call<'_>) -> Result<Value, FilterError> {
    let sliced = parse(&call.argument().to_str())
        .ok()
        .and_then(|bounds| apply(call.value, &bounds));
    Ok(sliced.unwrap_or_else(|| call.value.clone()))
}

/// `start:stop:step`, each of which may be left out. One number alone is the stop.
#[derive(Clone, Copy)]
struct Bounds {
    start: Option<i64>,
    stop: Option<i64>,
    step: i64,
}

fn parse(text: &str) -> Result<Bounds, PythonError> {
    let number = |part: &str| match part {
        "" => Ok(None),
        _ => Value::from(part).to_small_int().map(Some),
    };
    let numbers = text.split(':').map(number).collect::<Result<Vec<_>, _>>()?;
    let (start, stop, step) = match *numbers.as_slice() {
        [stop] => (None, stop, None),
        [start, stop] => (start, stop, None),
        [start, stop, step] => (start, stop, step),
        _ => return Err(PythonError::type_error("slice expected at most 3 arguments")),
    };
    match step {
        Some(0) => Err(PythonError::value_error("slice step cannot be zero")),
        _ => Ok(Bounds {
            start,
            stop,
            step: step.unwrap_or(1),
        }),
    }
}

impl Bounds {
    /// The indices of a sequence of this length.
    fn indices(self, length: usize) -> Vec<usize> {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        let (lowest, highest) = if self.step < 0 {
            (-1, length - 1)
        } else {
            (0, length)
        };
        let bound = |index: i64| {
            let from_start = if index < 0 {
                index.saturating_add(length)
            } else {
                index
            };
            from_start.clamp(lowest, highest)
        };
        let (first, end) = if self.step < 0 {
            (highest, lowest)
        } else {
            (lowest, highest)
        };
        let (mut at, stop) = (self.start.map_or(first, bound), self.stop.map_or(end, bound));
        let mut indices = Vec::new();
        while if self.step < 0 { at > stop } else { at < stop } {
            indices.extend(usize::try_from(at));
            at = at.saturating_add(self.step);
        }
        indices
    }
}

fn apply(value: &Value, bounds: &Bounds) -> Option<Value> {
    match value {
        Value::List(items) => Some(pick(items, bounds).collect()),
        Value::Tuple(items) => Some(Value::Tuple(pick(items, bounds).collect())),
        Value::Bytes(bytes) => Some(Value::Bytes(pick(bytes, bounds).collect())),
        Value::Str(text) | Value::Safe(text) => {
            let characters: Vec<char> = text.chars().collect();
            Some(Value::from(pick(&characters, bounds).collect::<String>()))
        }
        Value::Opaque(opaque) => apply(opaque.kept()?, bounds),
        _ => None,
    }
}

fn pick<'a, T: Clone>(items: &'a [T], bounds: &Bounds) -> impl Iterator<Item = T> + 'a {
    bounds
        .indices(items.len())
        .into_iter()
        .filter_map(|index| items.get(index).cloned())
}
