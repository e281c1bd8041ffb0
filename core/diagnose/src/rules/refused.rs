//! What djust answers when it does not run a handler: its own words decide (`djust/websocket.py`, `djust/runtime.py`,
//! `djust/websocket_utils.py`, `djust/validation.py`).

use djscope_recording::model::{Evidence, KnownEvidence, Outcome};

use crate::facts::Facts;

/// Turns that ended with an error of the server.
pub(super) const CANDIDATES: &str = "outcome:error";

/// djust's words, if the turn ended with an error that holds one of `parts` and no code of the user's raised it.
pub(super) fn words<'a>(facts: &Facts<'a>, parts: &[&str]) -> Option<&'a str> {
    let turn = facts.turn;
    let text = turn.error.as_deref()?;
    let is_refusal = turn.outcome == Outcome::Error && turn.exception.is_none();
    (is_refusal && parts.iter().any(|part| text.contains(part))).then_some(text)
}

/// The frame that carries the words.
pub(super) fn evidence(facts: &Facts<'_>) -> Vec<Evidence> {
    let frames = facts.detail.frames.iter();
    let errors = frames.filter(|frame| frame.kind == "error");
    errors
        .map(|frame| Evidence::from(KnownEvidence::Frame { frame: frame.frame }))
        .collect()
}

/// The first line of what djust says.
pub(super) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim()
}
