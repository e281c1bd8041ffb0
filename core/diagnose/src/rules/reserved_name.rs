//! `reserved-name`: the attribute has a name that djust keeps for itself and never compares.

use djscope_recording::model::{FindingCode, Outcome, Severity};

use super::{Explanation, Found, Rule};
use crate::facts::Facts;
use crate::handler_code::Write;

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
    let class = facts.class()?;
    let code = facts.code()?;
    let has_changed = |name: &str| facts.changed().iter().any(|changed| changed == name);
    // The state shows that it was written, or it always is and nothing else came of the turn.
    let counts = |write: &&Write| {
        class.reserved.contains(&write.name) && (has_changed(&write.name) || facts.shows_nothing())
    };
    let write = code.writes.iter().find(counts)?;
    let name = &write.name;
    let found = Found {
        place: facts.place_of_line(write.line),
        evidence: facts.code_of(write.line, &write.text).into_iter().collect(),
        ..Found::likely(
            format!("{name} is a name that djust keeps for itself: it is rendered, and never compared"),
            format!("give it another name than {name}"),
        )
    };
    let has_run = write.is_certain || has_changed(name);
    Some(Found {
        certain: has_run,
        ..found
    })
}
