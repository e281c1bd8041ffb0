//! `same-text`: the new value is shown with the same text as the old one.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule};
use crate::facts::{Facts, has_word, word_positions};

pub(super) const RULE: Rule = Rule {
    code: FindingCode::SameText,
    severity: Severity::Warning,
    candidates: "outcome:empty_patch",
    explanation: Explanation {
        what: "The new value is shown with the same text as the old one.",
        decided: "A public name that the template uses changed, djust rendered, and the page came out the same. Which filter or condition makes it so is not looked at: it is likely at most.",
        wrong: r#"{{ price|floatformat:0 }}   {# 12.2 and 12.4 are both 12 #}"#,
        right: r#"{{ price|floatformat:2 }}"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    if !facts.renders_the_same() {
        return None;
    }
    let texts = facts.template_texts()?;
    let is_used = |name: &&String| !name.starts_with('_') && texts.iter().any(|text| has_word(text, name));
    let name = facts.changed().iter().find(is_used)?;
    let at = facts
        .own_template()
        .and_then(|source| word_positions(&source.source, name).next());
    Some(Found {
        place: at.and_then(|at| facts.template_position(at)),
        evidence: facts.change_of(name).into_iter().collect(),
        ..Found::likely(
            format!("{name} changed, and the page shows the same text"),
            "look at the filters and conditions around it".to_owned(),
        )
    })
}
