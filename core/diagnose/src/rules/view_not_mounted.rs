//! `view-not-mounted`: the event came when no view was mounted on the connection.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule, refused};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::ViewNotMounted,
    severity: Severity::Error,
    candidates: refused::CANDIDATES,
    explanation: Explanation {
        what: "The event came when no view was mounted on the connection.",
        decided: "djust's own error says so.",
        wrong: r#"mount() raises, and the page goes on sending events"#,
        right: r#"mount() that ends; the page is reloaded"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    refused::words(facts, &["View not mounted"])?;
    Some(Found {
        place: None,
        evidence: refused::evidence(facts),
        ..Found::certain(
            format!("{} came before its view was mounted", facts.event_name()),
            "look at the mount before it: it was refused, raised, or has not ended; a reload of the page mounts again",
        )
    })
}

#[cfg(test)]
mod tests {
    use djscope_recording::model::{Exception, Outcome};

    use crate::rules::tests::{codes, event};

    #[test]
    fn the_server_says_so() {
        let mut detail = event(Outcome::Error);
        detail.turn.error = Some("View not mounted. Please reload the page.".to_owned());
        assert_eq!(codes(&detail), ["view-not-mounted"]);
        // The user's own code may say the same words.
        detail.turn.exception = Some(Exception::default());
        assert_eq!(codes(&detail), ["handler-raised"]);
    }
}
