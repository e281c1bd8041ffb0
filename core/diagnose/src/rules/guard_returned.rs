//! `guard-returned`: the handler returned before it assigned anything.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::GuardReturned,
    severity: Severity::Information,
    candidates: "outcome:noop",
    explanation: Explanation {
        what: "The handler returned before it assigned anything.",
        decided: "It has a return inside a condition, in front of or beside everything that it writes, and no name of the state differs. Which way it took the recording does not say: it is likely at most.",
        wrong: r#"if not value:
    return
self.query = value"#,
        right: r#"a guard is fine; look at what was sent"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    if !facts.shows_nothing()
        || facts.turn.changed.as_deref() != Some(&[])
        || !facts.writing_queries().is_empty()
    {
        return None;
    }
    let code = facts.code()?;
    let line = *code.early_returns.first()?;
    let has_unconditional = code.writes.iter().any(|write| write.is_certain);
    if code.writes.is_empty() || has_unconditional {
        return None;
    }
    Some(Found {
        place: facts.place_of_line(line),
        evidence: facts.code_of(line, "return").into_iter().collect(),
        ..Found::likely(
            format!("{} returned before it assigned anything", facts.event_name()),
            "look at the parameters: they did not pass its condition".to_owned(),
        )
    })
}
