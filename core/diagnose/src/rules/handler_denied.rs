//! `handler-denied`: the user may not call the handler, or not for this object.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule, refused};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::HandlerDenied,
    severity: Severity::Error,
    candidates: refused::CANDIDATES,
    explanation: Explanation {
        what: "The user may not call the handler, or not for this object.",
        decided: "djust's own error says so.",
        wrong: r#"@permission_required("shop.change_product")   # the user has it not"#,
        right: r#"show the button to those only who may use it"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let text = refused::words(facts, &["Permission denied", "Access denied for this object"])?;
    Some(Found {
        place: facts.handler_place(),
        evidence: refused::evidence(facts),
        ..Found::certain(
            format!(
                "the user may not call {}(): {}",
                facts.event_name(),
                refused::first_line(text)
            ),
            "give the user the permission, or look at @permission_required and has_object_permission() of the view",
        )
    })
}
