//! `same-value`: the value that was assigned is the one that was there.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule};
use crate::facts::Facts;
use crate::handler_code::{How, Write};

pub(super) const RULE: Rule = Rule {
    code: FindingCode::SameValue,
    severity: Severity::Information,
    candidates: "outcome:noop",
    explanation: Explanation {
        what: "The value that was assigned is the one that was there.",
        decided: "The handler always assigns a name of the state, and no name of the state differs.",
        wrong: r#"self.tab = tab   # the tab that is open"#,
        right: r#"nothing to mend, unless another value was meant"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    if !facts.shows_nothing() || facts.turn.changed.as_deref() != Some(&[]) {
        return None;
    }
    let code = facts.code()?;
    let is_assigned = |write: &&Write| {
        write.is_certain && matches!(write.how, How::Assign | How::Augment) && facts.has_name(&write.name)
    };
    let write = code.writes.iter().find(is_assigned)?;
    Some(Found {
        certain: facts.is_whole(),
        place: facts.place_of_line(write.line),
        evidence: facts
            .code_of(write.line, &write.text)
            .into_iter()
            .chain([facts.value_of(&write.name)])
            .collect(),
        ..Found::likely(
            format!("{} was assigned the value that it had", write.name),
            "nothing is to be rendered; look at what was sent if another value was meant".to_owned(),
        )
    })
}
