//! `static-assign`: the attribute is one of `static_assigns`, which are handed over once.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule, not_compared};
use crate::facts::Facts;

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
    let names = &facts.class()?.static_assigns;
    not_compared::find(facts, names, |name| {
        (
            format!("{name} is in static_assigns: it is handed to the renderer once, and never compared"),
            format!("take {name} out of static_assigns of {}", facts.view_name()),
        )
    })
}
