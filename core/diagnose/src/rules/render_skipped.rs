//! `render-skipped`: the handler asked for no render.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::RenderSkipped,
    severity: Severity::Information,
    candidates: "outcome:noop",
    explanation: Explanation {
        what: "The handler asked for no render.",
        decided: "djust's decision was recorded: it was asked to skip, and obeyed.",
        wrong: r#"self._skip_render = True   # and the page should change"#,
        right: r#"leave _skip_render alone where the page should change"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let is_skipped = facts.turn.djust.as_ref().is_some_and(|decision| decision.skip);
    if !is_skipped || !facts.shows_nothing() {
        return None;
    }
    Some(Found {
        place: facts.handler_place(),
        ..Found::certain(
            format!("{} asked for no render", facts.event_name()),
            "leave _skip_render as it is if the page should change".to_owned(),
        )
    })
}
