//! `private-only`: only private names changed, and nothing on the page depends on them.

use djscope_recording::model::{FindingCode, Severity};
use djscope_report::words;

use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::PrivateOnly,
    severity: Severity::Warning,
    candidates: "outcome:empty_patch",
    explanation: Explanation {
        what: "Only private names changed, and nothing on the page depends on them.",
        decided: "All names that differ begin with an underscore, which no template can reach; djust rendered, and the page came out the same.",
        wrong: r#"self._count += 1

{{ count }}"#,
        right: r#"self.count += 1

{{ count }}"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let changed = facts.changed();
    let is_private = !changed.is_empty() && changed.iter().all(|name| name.starts_with('_'));
    if !is_private || !facts.renders_the_same() {
        return None;
    }
    let name = &changed[0];
    let (place, code, _) = facts.write_to(name);
    // A handler that assigns public names too, or writes rows, may mean no more than this.
    let writes_public = facts
        .code()
        .is_none_or(|code| !code.is_whole || code.writes.iter().any(|write| !write.name.starts_with('_')));
    let may_be_meant = writes_public || !facts.writing_queries().is_empty();
    let severity = may_be_meant.then_some(Severity::Information);
    Some(Found {
        severity,
        certain: facts.is_whole() && !facts.has_derived_context(),
        place,
        evidence: facts.change_of(name).into_iter().chain(code).collect(),
        ..Found::likely(
            format!(
                "only {} changed, and a template never sees a name with an underscore",
                words::listed(changed)
            ),
            format!(
                "if the page shows it, call it {}, or put it into the context",
                name.trim_start_matches('_')
            ),
        )
    })
}
