//! `html-instead-of-patch`: so much changed that the whole page was shorter than the patches.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::HtmlInsteadOfPatch,
    severity: Severity::Information,
    candidates: "outcome:full_html",
    explanation: Explanation {
        what: "So much changed that the whole page was shorter than the patches.",
        decided: "djust's own reason for the whole page was recorded.",
        wrong: r#"{% for row in rows %}<li>{{ row.name }}</li>{% endfor %}"#,
        right: r#"{% for row in rows %}<li dj-key="{{ row.id }}">{{ row.name }}</li>{% endfor %}"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let full = facts.turn.full_html.as_ref()?;
    if !["patch_compression"].contains(&full.reason.as_str()) {
        return None;
    }
    Some(Found {
        place: facts.handler_place(),
        ..Found::certain(
            match full.patch_count {
                Some(count) => format!("{count} patches were longer than the page, which was sent instead"),
                None => "the patches were longer than the page, which was sent instead".to_owned(),
            },
            "give rows a dj-key, so that those that only moved are not written anew".to_owned(),
        )
    })
}
