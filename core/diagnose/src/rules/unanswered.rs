//! `unanswered`: the server never answered.

use djscope_recording::model::{FindingCode, Outcome, Severity, TurnKind};

use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::Unanswered,
    severity: Severity::Warning,
    candidates: "outcome:unanswered",
    explanation: Explanation {
        what: "The server never answered.",
        decided: "The connection was closed before an answer came. While it is open, the server may still be at work.",
        wrong: r#"a handler that waits for ever, or a server that was stopped"#,
        right: r#"a handler that ends; long work with start_async()"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let turn = facts.turn;
    if turn.outcome != Outcome::Unanswered || turn.kind != TurnKind::Event {
        return None;
    }
    let connection = facts.detail.connection.as_ref()?;
    connection.closed_us?;
    Some(Found {
        place: facts.handler_place(),
        ..Found::certain(
            format!("{} was not answered before the connection closed", facts.event_name()),
            "look at Timing: how far the server got; a page that is left while the server works looks the same".to_owned(),
        )
    })
}
