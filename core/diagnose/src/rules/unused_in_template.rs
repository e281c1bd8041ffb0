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
        decided: "Every template of the view was seen, none of them has the name as a word, and the render came out the same. What else may read it is not known: it is likely at most.",
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
    // Another handler may read it, and rows that were written may be what this one is for.
    let others = facts.detail.view.iter().flat_map(|view| &view.handlers);
    let mut others = others.filter(|handler| Some(handler.name.as_str()) != facts.turn.event.as_deref());
    let is_read = others.any(|handler| {
        handler
            .source
            .as_deref()
            .is_some_and(|source| has_word(source, name))
    });
    let may_be_meant = is_read || facts.has_derived_context() || !facts.writing_queries().is_empty();
    let fix = match facts.values(name).0 {
        // A name that was not there before may be a misspelt one.
        None => match facts.nearest_name(name) {
            Some(near) => format!("the view has a name {near}: is that the one that is meant?"),
            None => format!("{name} is new: show {{{{ {name} }}}}, or write the name that the template uses"),
        },
        Some(_) => format!("show {{{{ {name} }}}} in the template, if the page should change"),
    };
    Some(Found {
        severity: may_be_meant.then_some(Severity::Information),
        place,
        evidence: facts.change_of(name).into_iter().chain(code).collect(),
        ..Found::likely(
            format!(
                "{} changed, and the template does not use it",
                words::listed(&public)
            ),
            fix,
        )
    })
}
