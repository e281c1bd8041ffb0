//! `set-before-init`: the attribute was set before `super().__init__()`, so that djust takes it for its own.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule, not_compared};
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
    let names = &facts.class()?.before_init;
    not_compared::find(facts, names, |name| {
        (
            format!(
                "{name} was set before super().__init__(): djust takes it for its own and never compares it"
            ),
            format!("set {name} after super().__init__(), or in mount()"),
        )
    })
}
