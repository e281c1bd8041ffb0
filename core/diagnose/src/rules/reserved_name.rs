//! `reserved-name`: the attribute has a name that djust keeps for itself and never compares.

use djscope_recording::model::{FindingCode, Outcome, Severity};

use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::ReservedName,
    severity: Severity::Warning,
    candidates: "outcome:noop",
    explanation: Explanation {
        what: "The attribute has a name that djust keeps for itself and never compares.",
        decided: "The class uses a name of djust's own list (`_FRAMEWORK_INTERNAL_ATTRS`), the handler writes it, and djust saw no change.",
        wrong: r#"self.template = "b.html"   # or page_title, content_type, request …"#,
        right: r#"self.chosen_template = "b.html""#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    if facts.turn.outcome != Outcome::Noop || !facts.djust_saw_nothing() {
        return None;
    }
    let names = &facts.class()?.reserved;
    let writes = facts
        .code()
        .map(|code| code.writes.as_slice())
        .unwrap_or_default();
    let written = writes.iter().find(|write| names.contains(&write.name));
    // The state shows that it was written, by whatever; or the handler always does and nothing else came of the turn.
    let changed = facts
        .unseen()
        .into_iter()
        .find(|name| names.iter().any(|own| own == name));
    let name = changed.or_else(|| {
        let write = written.filter(|_| facts.shows_nothing())?;
        Some(write.name.as_str())
    })?;
    let (place, code, write) = facts.write_to(name);
    Some(Found {
        severity: facts.unless_shown(name),
        certain: changed.is_some() || write.is_some_and(|write| write.is_certain),
        place,
        evidence: facts.change_of(name).into_iter().chain(code).collect(),
        ..Found::likely(
            format!("{name} is a name that djust keeps for itself: it is rendered, and never compared"),
            format!("give it another name than {name}"),
        )
    })
}
