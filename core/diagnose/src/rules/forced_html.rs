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
        decided: "djust's own reason for the whole page was recorded; that the handler asked for it is certain where its source says so.",
        wrong: r#"self.basket.n += 1
self.set_changed_keys("basket")"#,
        right: r#"self.basket = replace(self.basket, n=self.basket.n + 1)"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let full = facts.turn.full_html.as_ref()?;
    if full.reason != "force_full_html" {
        return None;
    }
    let asks = facts.code().is_some_and(|code| {
        let calls = code.own_calls.iter().any(|name| name == "set_changed_keys");
        calls || code.writes_to("_force_full_html").next().is_some()
    });
    let event = facts.event_name();
    let found = match asks {
        true => Found::certain(
            format!("{event} asked for the whole page instead of patches"),
            "assign new values instead of calling set_changed_keys(): then patches are sent",
        ),
        // djust itself asks for it in the first turn after a state was restored from the session.
        false => Found::likely(
            format!(
                "{event} was answered with the whole page: a helper asked for it, or the state was restored"
            ),
            "nothing is to be mended if the state was restored from the session",
        ),
    };
    Some(Found {
        place: facts.handler_place(),
        ..found
    })
}
