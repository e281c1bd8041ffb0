//! `own-broadcast-skipped`: the view pushes to its own class, and djust passes over the one that sends.

use djscope_recording::model::{FindingCode, Outcome, Severity};
use djscope_report::words;

use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::OwnBroadcastSkipped,
    severity: Severity::Warning,
    candidates: "outcome:noop",
    explanation: Explanation {
        what: "The view pushes to its own class, and djust passes over the one that sends.",
        decided: "The turn pushed to the view's own class, the probe saw that the sender is among the receivers, and the view's own state did not change.",
        wrong: r#"push_to_view("chat.views.ChatView", state={"messages": messages})"#,
        right: r#"self.messages = messages
push_to_view("chat.views.ChatView", state={"messages": messages})"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let turn = facts.turn;
    let is_quiet =
        turn.outcome == Outcome::Noop && facts.djust_saw_nothing() && turn.changed.as_deref() == Some(&[]);
    let push = turn.work.pushes.iter().find(|push| push.skips_own)?;
    if !is_quiet || turn.view.as_deref() != Some(&*push.target) {
        return None;
    }
    let what = match push.state.as_slice() {
        [] => "what the others were sent".to_owned(),
        names => words::listed(names),
    };
    Some(Found {
        certain: facts.is_whole(),
        place: facts.handler_place(),
        ..Found::likely(
            format!(
                "{} pushed to its own view: the others got it, the sender is passed over",
                facts.event_name()
            ),
            format!("set {what} on self as well"),
        )
    })
}
