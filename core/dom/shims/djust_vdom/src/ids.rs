//! The ids of elements: a counter for each thread.

use std::cell::Cell;

use djscope_dom::tree::{ElementId, IdCounter};

use crate::VNode;
use crate::names::Names;

thread_local! {
    static COUNTER: Cell<IdCounter> = const { Cell::new(IdCounter::starting_at(0)) };
}

/// The counter of this thread.
pub(crate) fn counter() -> IdCounter {
    COUNTER.get()
}

/// Makes `ids` the counter of this thread.
pub(crate) fn set_counter(ids: IdCounter) {
    COUNTER.set(ids);
}

/// A number in base 62.
pub fn to_base62(number: u64) -> String {
    ElementId(number).to_string()
}

/// The number that is written in base 62.
pub fn from_base62(text: &str) -> Option<u64> {
    ElementId::parse(text).map(|id| id.0)
}

/// Takes a number of this thread.
pub fn next_djust_id() -> String {
    let mut ids = counter();
    let id = ids.take();
    set_counter(ids);
    id.to_string()
}

/// Starts again at 0.
pub fn reset_id_counter() {
    set_counter(IdCounter::default());
}

/// The number that comes next.
pub fn get_id_counter() -> u64 {
    counter().next()
}

/// Makes `value` the number that comes next.
pub fn set_id_counter(value: u64) {
    set_counter(IdCounter::starting_at(value));
}

/// Never gives a number below `least` from now on.
pub fn ensure_id_counter_at_least(least: u64) {
    let mut ids = counter();
    ids.raise_to(least);
    set_counter(ids);
}

/// The largest number in a tree, of the ids that are numbers.
pub fn max_djust_id_in(node: &VNode) -> Option<u64> {
    Names::plain().tree(node).largest_id().map(|id| id.0)
}
