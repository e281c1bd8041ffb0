//! `handler-rate-limited`: the handler was called more often than `@rate_limit` or the limit of the connection allows.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule, refused};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::HandlerRateLimited,
    severity: Severity::Error,
    candidates: refused::CANDIDATES,
    explanation: Explanation {
        what: "The handler was called more often than `@rate_limit` or the limit of the connection allows.",
        decided: "djust's own error says so.",
        wrong: r#"<input dj-input="search" dj-debounce="0">"#,
        right: r#"<input dj-input="search" dj-debounce="300">"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let text = refused::words(facts, &["Rate limit exceeded"])?;
    Some(Found {
        place: facts.handler_place(),
        evidence: refused::evidence(facts),
        ..Found::certain(
            format!(
                "{} was dropped: {}",
                facts.event_name(),
                refused::first_line(text)
            ),
            "send less often (dj-debounce, dj-throttle), or raise the rate",
        )
    })
}
