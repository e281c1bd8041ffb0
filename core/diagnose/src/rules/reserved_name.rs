//! `reserved-name`: the attribute has a name that djust keeps for itself and never compares.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule, not_compared};
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
    let names = &facts.class()?.reserved;
    not_compared::find(facts, names, |name| {
        (
            format!("{name} is a name that djust keeps for itself: it is rendered, and never compared"),
            format!("give it another name than {name}"),
        )
    })
}
