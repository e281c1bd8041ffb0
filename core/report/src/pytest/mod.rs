//! A turn as a test: a module for pytest that needs Django and djust, and no djscope.
//!
//! The test mounts the view through djust's own consumer, gives it the recorded state before the first render, sends what
//! the browser sent, and asserts what should happen. djust's `LiveViewTestClient` is not used: it calls the handler by
//! itself, without what decides whether it may run, and whether djust sees what it changed.

mod asserts;
mod expect;
mod module;

use std::collections::BTreeSet;

use djscope_recording::model::{Outcome, Snapshot, TurnDetail};
use serde_json::{Map, Value};

pub use expect::{Expect, FORMS, condition};
pub use module::text;

use crate::python::Writer;

/// What a test is made of.
#[derive(Clone, Debug)]
pub struct Test<'a> {
    /// Name of the recording's file.
    pub recording: &'a str,
    /// When the turn began, in words.
    pub recorded_at: &'a str,
    /// The turn.
    pub detail: &'a TurnDetail,
    /// Dotted path of the view.
    pub view: &'a str,
    /// The frame that mounted it.
    pub mount: Map<String, Value>,
    /// Who was logged in, by primary key; null if nobody.
    pub user: Value,
    /// Settings module.
    pub settings: Option<&'a str>,
    /// The project has a database.
    pub has_database: bool,
    /// Names of the state that are restored; none for all.
    pub kept: Option<BTreeSet<String>>,
    /// What the browser sent before the turn and has to be sent again.
    pub earlier: Vec<Value>,
    /// What the browser sent in the turn; none if the turn is the mount.
    pub event: Option<Value>,
    /// What should happen.
    pub expects: Vec<Expect>,
    /// Nobody said what should happen.
    pub is_default: bool,
    /// How far it was made smaller, in a sentence.
    pub minimised: String,
    /// Names that differ from run to run, and why: they are not asserted.
    pub unsteady: Vec<(String, String)>,
}

/// What should happen if nobody says it: no error where there was one; a page that follows the state where it did not;
/// what was recorded everywhere else.
pub fn sensible(detail: &TurnDetail) -> Expect {
    let turn = &detail.turn;
    if turn.exception.is_some() || turn.error.is_some() || turn.outcome == Outcome::Error {
        return Expect::NoError;
    }
    let has_changed = !detail.changes.is_empty();
    if has_changed && matches!(turn.outcome, Outcome::Noop | Outcome::EmptyPatch) {
        return Expect::UpToDate;
    }
    Expect::Recorded
}

/// All names of a state with their values, public before private.
pub fn names(state: &Snapshot) -> impl Iterator<Item = (&String, &Value)> {
    state.public.iter().chain(&state.private)
}

/// Names of a state whose values can be written.
pub fn writable(state: &Snapshot) -> BTreeSet<String> {
    let can_be_written = |name: &str, value: &Value| Writer::default().value(value, name).is_ok();
    names(state)
        .filter(|(name, value)| can_be_written(name, value))
        .map(|(name, _)| name.clone())
        .collect()
}

/// Names whose value a turn changed.
pub fn changed(detail: &TurnDetail) -> BTreeSet<String> {
    detail
        .changes
        .iter()
        .filter_map(|change| change.path.first().cloned())
        .collect()
}
