//! `session-not-saved`: the session was changed over the socket and not saved.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::SessionNotSaved,
    severity: Severity::Warning,
    candidates: "kind:event or kind:tick or kind:push or kind:async",
    explanation: Explanation {
        what: "The session was changed over the socket and not saved.",
        decided: "A probe saw the session modified at the end of the turn and no save. djust saves it for HTTP requests only.",
        wrong: r#"self.request.session["cart"] = self.items"#,
        right: r#"self.request.session["cart"] = self.items
self.request.session.save()"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let session = facts.turn.work.session?;
    if !session.touched || session.saved || facts.turn.connection.is_none() {
        return None;
    }
    Some(Found {
        place: facts.handler_place(),
        ..Found::certain(
            format!("{} changed the session, and nobody saved it", facts.event_name()),
            "call self.request.session.save(): what is changed over the socket is lost with the connection"
                .to_owned(),
        )
    })
}
