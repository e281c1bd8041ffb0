//! `unsafe-event-name`: the event has a name that djust calls no method by.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule, refused};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::UnsafeEventName,
    severity: Severity::Error,
    candidates: refused::CANDIDATES,
    explanation: Explanation {
        what: "The event has a name that djust calls no method by.",
        decided: "djust's own error says so.",
        wrong: r#"<button dj-click="addItem">"#,
        right: r#"<button dj-click="add_item">"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let text = refused::words(facts, &["Blocked unsafe event name"])?;
    Some(Found {
        place: facts.template_place(facts.event_name()),
        evidence: refused::evidence(facts),
        ..Found::certain(
            format!(
                "{} is no name of an event: {}",
                facts.event_name(),
                refused::first_line(text)
            ),
            "names of events are lower case letters, digits and underscores, and begin with a letter",
        )
    })
}
