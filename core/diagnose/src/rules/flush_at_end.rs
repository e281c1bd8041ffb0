//! `flush-at-end`: progress of a long handler came all at once at its end.

use djscope_recording::model::{Evidence, FindingCode, KnownEvidence, Severity, SpanKind};
use djscope_report::units;

use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::FlushAtEnd,
    severity: Severity::Warning,
    candidates: "kind:event ms>300",
    explanation: Explanation {
        what: "Progress of a long handler came all at once at its end.",
        decided: "Two or more events for the page were sent after a handler of 300 ms or more, and none before its end: djust sends them when the handler has returned.",
        wrong: r#"for row in rows:
    work(row)
    self.push_event("progress", {"row": row})"#,
        right: r#"@background
def go(self, **kwargs): ...   # or start_async(), one step at a time"#,
    },
    find,
};

/// A handler that is shorter needs no progress.
const LONG_US: u64 = 300_000;

fn find(facts: &Facts<'_>) -> Option<Found> {
    let handler = facts
        .spans(SpanKind::Handler)
        .find(|span| span.duration_us >= LONG_US)?;
    let pushes: Vec<_> = facts
        .detail
        .frames
        .iter()
        .filter(|frame| frame.kind == "push_event")
        .collect();
    let end = facts.turn.t_us + handler.start_us + i64::try_from(handler.duration_us).unwrap_or(i64::MAX);
    if pushes.len() < 2 || pushes.iter().any(|frame| frame.t_us < end) {
        return None;
    }
    let frames = pushes
        .iter()
        .map(|frame| Evidence::from(KnownEvidence::Frame { frame: frame.frame }));
    Some(Found {
        place: facts.handler_place(),
        evidence: frames.collect(),
        ..Found::likely(
            format!(
                "{} events for the page came at once, {} after {} began",
                pushes.len(),
                units::ms(handler.duration_us),
                facts.event_name()
            ),
            "do the work in the background (@background, start_async()) and let each step render".to_owned(),
        )
    })
}
