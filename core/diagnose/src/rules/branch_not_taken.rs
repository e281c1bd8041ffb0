//! `branch-not-taken`: what uses the name stands in a branch that was not taken.

use std::ops::Range;

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule};
use crate::facts::{Facts, word_positions};

pub(super) const RULE: Rule = Rule {
    code: FindingCode::BranchNotTaken,
    severity: Severity::Warning,
    candidates: "outcome:empty_patch",
    explanation: Explanation {
        what: "What uses the name stands in a branch that was not taken.",
        decided: "Every place in the view's own template that prints the name stands inside {% if %} or {% for %}, and the render came out the same. Which branch was taken is not looked at: it is likely at most.",
        wrong: r#"{% if is_open %}{{ total }}{% endif %}   {# is_open is False #}"#,
        right: r#"{{ total }}"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    if !facts.renders_the_same() {
        return None;
    }
    let source = facts.own_template()?;
    let blocks = blocks(&source.source);
    let is_inside = |name: &&String| {
        let mut positions = word_positions(&source.source, name).peekable();
        positions.peek().is_some() && positions.all(|at| blocks.iter().any(|block| block.contains(&at)))
    };
    let name = facts
        .changed()
        .iter()
        .filter(|name| !name.starts_with('_'))
        .find(is_inside)?;
    let at = word_positions(&source.source, name).next()?;
    Some(Found {
        place: facts.template_position(at),
        evidence: facts.change_of(name).into_iter().collect(),
        ..Found::likely(
            format!(
                "{name} changed, and what shows it stands in a branch that was not taken, or in a loop without a row"
            ),
            "look at the condition around it".to_owned(),
        )
    })
}

/// The insides of `{% if %}` and `{% for %}`, the outermost ones.
fn blocks(template: &str) -> Vec<Range<usize>> {
    let mut blocks = Vec::new();
    let (mut depth, mut start) = (0_u32, 0);
    for (at, _) in template.match_indices("{%") {
        let words = template[at + 2..].trim_start();
        let is = |name: &str| {
            words
                .strip_prefix(name)
                .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        };
        let end = template[at..]
            .find("%}")
            .map_or(template.len(), |length| at + length + 2);
        if is("if") || is("for") {
            if depth == 0 {
                start = end;
            }
            depth += 1;
        } else if (is("endif") || is("endfor")) && depth > 0 {
            depth -= 1;
            if depth == 0 {
                blocks.push(start..at);
            }
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_what_is_inside() {
        let template = "{{ a }}{% if x %}{{ b }}{% for y in z %}{{ c }}{% endfor %}{% endif %}{{ d }}{% for i in j %}{{ e }}{% endfor %}";
        let found = blocks(template);
        let texts: Vec<&str> = found.into_iter().map(|block| &template[block]).collect();
        assert_eq!(texts, ["{{ b }}{% for y in z %}{{ c }}{% endfor %}", "{{ e }}"]);
        assert!(blocks("{% if x %}").is_empty());
        assert!(blocks("{% endif %}").is_empty());
    }
}
