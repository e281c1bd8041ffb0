//! `set-before-init`: the attribute was set before `super().__init__()`, so that djust takes it for its own.

use djscope_recording::model::{FindingCode, Outcome, Severity};

use super::{Explanation, Found, Rule};
use crate::facts::Facts;
use crate::handler_code::Write;

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
    let class = facts.class()?;
    let code = facts.code()?;
    let has_changed = |name: &str| facts.changed().iter().any(|changed| changed == name);
    // The state shows that it was written, or it always is and nothing else came of the turn.
    let counts = |write: &&Write| {
        class.before_init.contains(&write.name) && (has_changed(&write.name) || facts.shows_nothing())
    };
    let write = code.writes.iter().find(counts)?;
    let name = &write.name;
    let found = Found {
        place: facts.place_of_line(write.line),
        evidence: facts.code_of(write.line, &write.text).into_iter().collect(),
        ..Found::likely(
            format!(
                "{name} was set before super().__init__(): djust takes it for its own and never compares it"
            ),
            format!("set {name} after super().__init__(), or in mount()"),
        )
    };
    let has_run = write.is_certain || has_changed(name);
    Some(Found {
        certain: has_run,
        ..found
    })
}
