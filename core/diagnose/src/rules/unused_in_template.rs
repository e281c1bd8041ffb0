//! `unused-in-template`: the template does not use the name that changed.

use djscope_recording::model::{FindingCode, Severity};
use djscope_report::words;

use super::{Explanation, Found, Rule};
use crate::facts::{Facts, has_word};

pub(super) const RULE: Rule = Rule {
    code: FindingCode::UnusedInTemplate,
    severity: Severity::Warning,
    candidates: "outcome:empty_patch",
    explanation: Explanation {
        what: "The template does not use the name that changed.",
        decided: "Every template of the view was seen, none of them has the name as a word, and the render came out the same.",
        wrong: r#"self.total = 31

{{ sum }}"#,
        right: r#"self.total = 31

{{ total }}"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    if !facts.renders_the_same() {
        return None;
    }
    let texts = facts.template_texts()?;
    let public: Vec<String> = facts
        .changed()
        .iter()
        .filter(|name| !name.starts_with('_'))
        .cloned()
        .collect();
    let is_used = |name: &String| texts.iter().any(|text| has_word(text, name));
    if public.is_empty() || public.iter().any(is_used) {
        return None;
    }
    let name = &public[0];
    let (place, code, _) = facts.write_to(name);
    let severity = (!facts.writing_queries().is_empty()).then_some(Severity::Information);
    Some(Found {
        severity,
        certain: facts.is_whole() && !facts.has_derived_context(),
        place,
        evidence: facts.change_of(name).into_iter().chain(code).collect(),
        ..Found::likely(
            format!(
                "{} changed, and the template does not use it",
                words::listed(&public)
            ),
            format!(
                "show {{{{ {name} }}}} in the template; what need not be rendered can have a name with an underscore"
            ),
        )
    })
}
