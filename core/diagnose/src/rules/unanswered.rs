//! `unanswered`: the server never answered.

use djscope_recording::model::{Direction, FindingCode, Outcome, Severity, TurnKind};

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

/// How soon somebody may leave a page without having waited for it.
const SOON_US: i64 = 2_000_000;

fn find(facts: &Facts<'_>) -> Option<Found> {
    let turn = facts.turn;
    if turn.outcome != Outcome::Unanswered || turn.kind != TurnKind::Event {
        return None;
    }
    let connection = facts.detail.connection.as_ref()?;
    let waited_us = connection.closed_us? - turn.t_us;
    // Who leaves a page soon did not want the answer.
    let close = connection.close.as_ref();
    let has_left = close.is_none_or(|close| close.by == Direction::ToServer);
    let severity = (has_left && waited_us < SOON_US).then_some(Severity::Information);
    Some(Found {
        severity,
        place: facts.handler_place(),
        ..Found::certain(
            format!("{} was not answered before the connection closed", facts.event_name()),
            "look at Timing: how far the server got; a page that is left while the server works looks the same".to_owned(),
        )
    })
}

#[cfg(test)]
mod tests {
    use djscope_recording::model::Connection;

    use super::*;
    use crate::rules::tests::{codes, event};

    #[test]
    fn only_a_closed_connection_will_not_answer() {
        let mut detail = event(Outcome::Unanswered);
        assert_eq!(codes(&detail), [""; 0]);
        let mut connection = Connection {
            connection: 1,
            opened_us: 0,
            closed_us: None,
            path: "/ws/live/".to_owned(),
            session_id: None,
            status: 101,
            close: None,
            is_djust: true,
            extensions: String::new(),
            problem: None,
        };
        detail.connection = Some(connection.clone());
        assert_eq!(codes(&detail), [""; 0]);
        connection.closed_us = Some(9);
        connection.close = Some(djscope_recording::model::CloseRecord {
            code: 1001,
            reason: String::new(),
            by: Direction::ToServer,
        });
        detail.connection = Some(connection);
        assert_eq!(codes(&detail), ["unanswered"]);
    }
}
