//! `handler-bad-params`: the parameters do not fit the handler's signature.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule, refused};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::HandlerBadParams,
    severity: Severity::Error,
    candidates: refused::CANDIDATES,
    explanation: Explanation {
        what: "The parameters do not fit the handler's signature.",
        decided: "djust's own error says so.",
        wrong: r#"<button dj-click="go" data-amount="many">

def go(self, amount: int = 1, **kwargs): ..."#,
        right: r#"<button dj-click="go" data-amount="3">

def go(self, amount: int = 1, **kwargs): ..."#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let text = refused::words(
        facts,
        &[
            "missing required parameters",
            "received unexpected parameters",
            "received wrong parameter types",
        ],
    )?;
    Some(Found {
        place: facts.handler_place(),
        evidence: refused::evidence(facts),
        ..Found::certain(message(facts, text), fix(facts, text))
    })
}

fn message(facts: &Facts<'_>, text: &str) -> String {
    let mut lines = text.lines().map(str::trim);
    let first = lines.next().unwrap_or_default().trim_end_matches(':');
    match lines.find(|line| line.starts_with("- ")) {
        Some(detail) => format!("{}() was not called: {}", facts.event_name(), &detail[2..]),
        None => format!("{}() was not called: {first}", facts.event_name()),
    }
}

fn fix(facts: &Facts<'_>, text: &str) -> String {
    let handler = facts.event_name();
    if text.contains("unexpected") {
        format!("add **kwargs to def {handler}, or do not send what it does not take")
    } else if text.contains("missing") {
        format!("send what def {handler} needs as data-… of the element, or give it a default")
    } else {
        "send a value of that type; attributes of an element are always texts".to_owned()
    }
}
