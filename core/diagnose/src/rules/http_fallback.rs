//! `http-fallback`: the event came over HTTP, not over the WebSocket.

use djscope_recording::model::{FindingCode, Severity, TurnKind};

use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::HttpFallback,
    severity: Severity::Warning,
    candidates: "kind:event",
    explanation: Explanation {
        what: "The event came over HTTP, not over the WebSocket.",
        decided: "The turn has an HTTP exchange and no connection.",
        wrong: r#"asgi.py without a route for /ws/live/"#,
        right: r#"URLRouter([path("ws/live/", LiveViewConsumer.as_asgi())])"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let turn = facts.turn;
    if turn.kind != TurnKind::Event || turn.connection.is_some() {
        return None;
    }
    turn.http?;
    Some(Found::certain(
        format!("{} came by POST, not over the WebSocket", facts.event_name()),
        "look whether the page's WebSocket was refused, or was still mounting when the event came".to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use djscope_recording::model::Outcome;

    use crate::rules::tests::{codes, event};

    #[test]
    fn an_event_without_a_connection_came_by_post() {
        let mut detail = event(Outcome::Patched);
        detail.turn.http = Some(3);
        assert_eq!(codes(&detail), [""; 0]);
        detail.turn.connection = None;
        assert_eq!(codes(&detail), ["http-fallback"]);
    }
}
