//! `handler-not-decorated`: the method is there, and has no `@event_handler`.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule, refused};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::HandlerNotDecorated,
    severity: Severity::Error,
    candidates: refused::CANDIDATES,
    explanation: Explanation {
        what: "The method is there, and has no `@event_handler`.",
        decided: "djust's own error says so.",
        wrong: r#"def go(self, **kwargs):
    self.n += 1"#,
        right: r#"@event_handler
def go(self, **kwargs):
    self.n += 1"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    refused::words(facts, &["is not decorated with @event_handler"])?;
    Some(Found {
        place: facts.handler_place(),
        evidence: refused::evidence(facts),
        ..Found::certain(
            format!(
                "{}.{}() has no @event_handler, so the page may not call it",
                facts.view_name(),
                facts.event_name()
            ),
            format!("put @event_handler above def {}", facts.event_name()),
        )
    })
}
