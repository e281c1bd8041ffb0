//! Names that djust keeps out of its comparison, whatever they hold.

use djscope_recording::model::Outcome;

use super::Found;
use crate::facts::Facts;

/// A name among `names` that the turn has written and djust has not compared; `said` gives message and fix for it.
pub(super) fn find(
    facts: &Facts<'_>,
    names: &[String],
    said: impl FnOnce(&str) -> (String, String),
) -> Option<Found> {
    if facts.turn.outcome != Outcome::Noop || !facts.djust_saw_nothing() {
        return None;
    }
    let writes = facts
        .code()
        .map(|code| code.writes.as_slice())
        .unwrap_or_default();
    let written = writes.iter().find(|write| names.contains(&write.name));
    // The state shows that it was written, by whatever; or the handler always does and nothing else came of the turn.
    let changed = facts
        .unseen()
        .into_iter()
        .find(|name| names.iter().any(|own| own == name));
    let name = changed.or_else(|| {
        let write = written.filter(|_| facts.shows_nothing())?;
        Some(write.name.as_str())
    })?;
    let (place, code, write) = facts.write_to(name);
    let (message, fix) = said(name);
    Some(Found {
        severity: facts.unless_shown(name),
        certain: changed.is_some() || write.is_some_and(|write| write.is_certain),
        place,
        evidence: facts.change_of(name).into_iter().chain(code).collect(),
        ..Found::likely(message, fix)
    })
}
