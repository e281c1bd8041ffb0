//! `forced-html`: the code asked for the whole page: `set_changed_keys()`, `_force_full_html`, or a state restored from the session.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::ForcedHtml,
    severity: Severity::Information,
    candidates: "outcome:full_html",
    explanation: Explanation {
        what: "The code asked for the whole page: `set_changed_keys()`, `_force_full_html`, or a state restored from the session.",
        decided: "djust's own reason for the whole page was recorded.",
        wrong: r#"self.basket.n += 1
self.set_changed_keys("basket")"#,
        right: r#"self.basket = replace(self.basket, n=self.basket.n + 1)"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let full = facts.turn.full_html.as_ref()?;
    if !["force_full_html"].contains(&full.reason.as_str()) {
        return None;
    }
    Some(Found {
        place: facts.handler_place(),
        ..Found::certain(
            format!(
                "{} asked for the whole page instead of patches",
                facts.event_name()
            ),
            "assign new values instead of calling set_changed_keys(): then patches are sent".to_owned(),
        )
    })
}
