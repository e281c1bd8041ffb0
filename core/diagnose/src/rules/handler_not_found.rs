//! `handler-not-found`: the view has no method of the event's name.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule, refused};
use crate::facts::Facts;
use crate::spelling;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::HandlerNotFound,
    severity: Severity::Error,
    candidates: refused::CANDIDATES,
    explanation: Explanation {
        what: "The view has no method of the event's name.",
        decided: "djust's own error says so.",
        wrong: r#"<button dj-click="goo">

@event_handler
def go(self, **kwargs): ..."#,
        right: r#"<button dj-click="go">

@event_handler
def go(self, **kwargs): ..."#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    refused::words(facts, &["No handler found for event"])?;
    Some(Found {
        place: facts
            .template_place(facts.event_name())
            .or_else(|| facts.view_place()),
        evidence: refused::evidence(facts),
        ..Found::certain(message(facts), fix(facts))
    })
}

fn message(facts: &Facts<'_>) -> String {
    format!("{} has no handler {}", facts.view_name(), facts.event_name())
}

fn fix(facts: &Facts<'_>) -> String {
    match nearest(facts) {
        Some(name) => format!("the view has {name}(): name that one in the template"),
        None => format!(
            "write @event_handler def {}(self, **kwargs), or name another in the template",
            facts.event_name()
        ),
    }
}

/// The handler with the most similar name, if one is similar.
fn nearest(facts: &Facts<'_>) -> Option<String> {
    let wanted = facts.event_name();
    let view = facts.detail.view.as_ref()?;
    let names = view.handlers.iter().map(|handler| handler.name.as_str());
    spelling::nearest(wanted, names).map(str::to_owned)
}
