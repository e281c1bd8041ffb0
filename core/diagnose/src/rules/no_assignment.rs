//! `no-assignment`: the handler assigns nothing to the view.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::NoAssignment,
    severity: Severity::Warning,
    candidates: "outcome:noop",
    explanation: Explanation {
        what: "The handler assigns nothing to the view.",
        decided: "Its source was seen, it assigns no attribute of the view and calls nothing that could, it writes no rows and sends nothing, and no name of the state differs.",
        wrong: r#"def increment(self, **kwargs):
    count = self.count + 1"#,
        right: r#"def increment(self, **kwargs):
    self.count = self.count + 1"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    if !facts.shows_nothing()
        || facts.turn.changed.as_deref() != Some(&[])
        || !facts.writing_queries().is_empty()
    {
        return None;
    }
    let code = facts.code()?;
    if !code.writes.is_empty() || !code.knows_all_writes() {
        return None;
    }
    let handler = facts.event_name();
    // A local of the name of an attribute: self. was forgotten.
    let forgotten = code.locals.iter().find(|local| facts.has_name(&local.name));
    // What is read may be all that was wanted: a text for the log, a sum for an export.
    let is_forgotten = forgotten.is_some_and(|local| !local.is_read);
    let (place, evidence, message, fix) = match forgotten {
        Some(local) => (
            facts.place_of_line(local.line),
            facts.code_of(local.line, &local.text),
            format!(
                "{handler} assigns a local name {}, not self.{}",
                local.name, local.name
            ),
            format!("write self.{} = …", local.name),
        ),
        None => (
            facts.handler_place(),
            None,
            format!("{handler} assigns nothing to self, so there is nothing to show"),
            "assign what the page shows to self".to_owned(),
        ),
    };
    Some(Found {
        // Of a handler that means to do nothing nobody expects a change.
        severity: (!is_forgotten).then_some(Severity::Information),
        certain: facts.is_whole() && (is_forgotten || forgotten.is_none()),
        place,
        evidence: evidence.into_iter().collect(),
        ..Found::likely(message, fix)
    })
}
