//! `dropped-from-context`: a `state()` or `@computed` value is no JSON, so the template never gets it.

use djscope_recording::model::{FindingCode, Outcome, Severity};

use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::DroppedFromContext,
    severity: Severity::Warning,
    candidates: "outcome:noop or outcome:empty_patch",
    explanation: Explanation {
        what: "A `state()` or `@computed` value is no JSON, so the template never gets it.",
        decided: "The context of the view's first turn lacks a name that the class declares, and that name changed.",
        wrong: r#"due = state(date.today())

{{ due }}   {# is blank #}"#,
        right: r#"due = state(date.today().isoformat())"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let class = facts.class()?;
    let is_quiet = matches!(facts.turn.outcome, Outcome::Noop | Outcome::EmptyPatch);
    let name = facts.changed().iter().find(|name| class.dropped.contains(name))?;
    if !is_quiet {
        return None;
    }
    let (place, code, _) = facts.write_to(name);
    Some(Found {
        certain: facts.is_whole(),
        place,
        evidence: facts.change_of(name).into_iter().chain(code).collect(),
        ..Found::likely(
            format!("{name} never reaches the template: its value is no JSON, and djust drops it"),
            format!(
                "keep {name} as a text or a number (isoformat(), str()), or in a plain attribute of self"
            ),
        )
    })
}
