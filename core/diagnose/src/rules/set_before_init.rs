//! `set-before-init`: the attribute was set before `super().__init__()`, so that djust takes it for its own.

use djscope_recording::model::{FindingCode, Outcome, Severity};

use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::SetBeforeInit,
    severity: Severity::Warning,
    candidates: "outcome:noop",
    explanation: Explanation {
        what: "The attribute was set before `super().__init__()`, so that djust takes it for its own.",
        decided: "A bare view lacks the name, the class sets it in its `__init__` before djust's own, and djust saw no change of it.",
        wrong: r#"def __init__(self, **kwargs):
    self.count = 0
    super().__init__(**kwargs)"#,
        right: r#"def __init__(self, **kwargs):
    super().__init__(**kwargs)
    self.count = 0"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    if facts.turn.outcome != Outcome::Noop || !facts.djust_saw_nothing() {
        return None;
    }
    let names = &facts.class()?.before_init;
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
    Some(Found {
        severity: facts.unless_shown(name),
        certain: changed.is_some() || write.is_some_and(|write| write.is_certain),
        place,
        evidence: facts.change_of(name).into_iter().chain(code).collect(),
        ..Found::likely(
            format!(
                "{name} was set before super().__init__(): djust takes it for its own and never compares it"
            ),
            format!("set {name} after super().__init__(), or in mount()"),
        )
    })
}
