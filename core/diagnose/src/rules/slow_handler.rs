//! `slow-handler`: the handler took long.

use djscope_recording::model::{Evidence, FindingCode, KnownEvidence, Severity, SpanKind};
use djscope_report::units;

use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::SlowHandler,
    severity: Severity::Warning,
    candidates: "ms>500",
    explanation: Explanation {
        what: "The handler took long.",
        decided: "The handler's span took 500 ms or more.",
        wrong: r#"def go(self, **kwargs):
    self.rows = slow_api()"#,
        right: r#"@background
def go(self, **kwargs):
    self.rows = slow_api()"#,
    },
    find,
};

/// What takes longer is felt.
const LONG_US: u64 = 500_000;

fn find(facts: &Facts<'_>) -> Option<Found> {
    let handler = facts
        .spans(SpanKind::Handler)
        .find(|span| span.duration_us >= LONG_US)?;
    let sql: u64 = facts.spans(SpanKind::Sql).map(|span| span.duration_us).sum();
    let share = match sql * 2 > handler.duration_us {
        true => format!(", {} of it in the database", units::ms(sql)),
        false => String::new(),
    };
    let name = if handler.name.is_empty() {
        facts.event_name()
    } else {
        &handler.name
    };
    Some(Found {
        place: facts.handler_place(),
        evidence: vec![Evidence::from(KnownEvidence::Span { span: handler.span })],
        ..Found::certain(
            format!("{name} took {}{share}", units::ms(handler.duration_us)),
            "do the work in the background (@background, start_async()), or less of it".to_owned(),
        )
    })
}
