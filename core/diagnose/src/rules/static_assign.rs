//! `static-assign`: the attribute is one of `static_assigns`, which are handed over once.

use djscope_recording::model::{FindingCode, Outcome, Severity};

use super::{Explanation, Found, Rule};
use crate::facts::Facts;
use crate::handler_code::Write;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::StaticAssign,
    severity: Severity::Warning,
    candidates: "outcome:noop",
    explanation: Explanation {
        what: "The attribute is one of `static_assigns`, which are handed over once.",
        decided: "The class lists the name in `static_assigns`, the handler writes it, and djust saw no change.",
        wrong: r#"static_assigns = ["rates"]

def go(self, **kwargs):
    self.rates = load()"#,
        right: r#"static_assigns = []   # rates changes"#,
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
        class.static_assigns.contains(&write.name) && (has_changed(&write.name) || facts.shows_nothing())
    };
    let write = code.writes.iter().find(counts)?;
    let name = &write.name;
    let found = Found {
        place: facts.place_of_line(write.line),
        evidence: facts.code_of(write.line, &write.text).into_iter().collect(),
        ..Found::likely(
            format!("{name} is in static_assigns: it is handed to the renderer once, and never compared"),
            format!("take {name} out of static_assigns of {}", facts.view_name()),
        )
    };
    let has_run = write.is_certain || has_changed(name);
    Some(Found {
        certain: has_run,
        ..found
    })
}
