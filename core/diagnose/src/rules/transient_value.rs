//! `transient-value`: a value was set and set back in one handler: there is one render, at its end.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::TransientValue,
    severity: Severity::Warning,
    candidates: "outcome:noop",
    explanation: Explanation {
        what: "A value was set and set back in one handler: there is one render, at its end.",
        decided: "The handler always assigns the same name more than once, the last time the value that it had before, and no name of the state differs.",
        wrong: r#"self.loading = True
self.rows = load()
self.loading = False"#,
        right: r#"self.loading = True
self.start_async(self._load)   # sets loading to False when it ends"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    if !facts.shows_nothing() || facts.turn.changed.as_deref() != Some(&[]) {
        return None;
    }
    let code = facts.code()?;
    let constants = code
        .writes
        .iter()
        .filter(|write| write.is_certain && write.constant.is_some());
    let (first, last) = constants.clone().find_map(|first| {
        let last = constants.clone().rfind(|last| last.name == first.name)?;
        (last.line > first.line && last.constant != first.constant).then_some((first, last))
    })?;
    let name = &first.name;
    let lines = [first, last].map(|write| facts.code_of(write.line, &write.text));
    Some(Found {
        certain: facts.is_whole(),
        place: facts.place_of_line(last.line),
        evidence: lines
            .into_iter()
            .flatten()
            .chain([facts.value_of(name)])
            .collect(),
        ..Found::likely(
            format!("{name} was set and set back in one handler, so no render saw it"),
            format!(
                "render is once, when the handler has ended: do the work in between with start_async() or @background, and set {name} back when it ends"
            ),
        )
    })
}
