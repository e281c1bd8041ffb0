//! `queue-wait`: the work waited before it began, because something else had the thread.

use djscope_recording::model::{Evidence, FindingCode, KnownEvidence, Severity, SpanKind};
use djscope_report::units;
use serde_json::Value;

use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::QueueWait,
    severity: Severity::Warning,
    candidates: "ms>150",
    explanation: Explanation {
        what: "The work waited before it began, because something else had the thread.",
        decided: "The wait before the first work of the turn was 150 ms or more, and more than half of it another turn had the thread that sync handlers share (asgiref's `thread_sensitive`).",
        wrong: r#"def report(self, **kwargs):
    time.sleep(2)   # everybody waits"#,
        right: r#"async def report(self, **kwargs): …   # or start_async() with an async function"#,
    },
    find,
};

/// A wait that is shorter nobody notices.
const LONG_US: u64 = 150_000;

fn find(facts: &Facts<'_>) -> Option<Found> {
    let wait = facts
        .spans(SpanKind::Queue)
        .find(|span| span.duration_us >= LONG_US)?;
    let occupant = wait.detail.get("occupied_by")?;
    let held = occupant.get("overlap_us").and_then(Value::as_u64).unwrap_or(0);
    if held * 2 < wait.duration_us {
        return None;
    }
    let name = occupant
        .get("name")
        .and_then(Value::as_str)
        .filter(|name| !name.is_empty());
    let turn = occupant.get("turn").and_then(Value::as_u64);
    let by = match (name, turn) {
        (Some(name), Some(turn)) => format!("{name} of turn {turn}"),
        (Some(name), None) => name.to_owned(),
        (None, Some(turn)) => format!("turn {turn}"),
        (None, None) => "another turn".to_owned(),
    };
    Some(Found {
        evidence: vec![Evidence::from(KnownEvidence::Span { span: wait.span })],
        ..Found::certain(
            format!(
                "{} waited {} because {by} had the thread",
                facts.event_name(),
                units::ms(wait.duration_us)
            ),
            format!("make what it waited for shorter, or asynchronous: {by}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use djscope_recording::model::Outcome;
    use serde_json::json;

    use super::*;
    use crate::rules::tests::{codes, event};

    #[test]
    fn a_wait_counts_if_somebody_had_the_thread() {
        let wait = |duration_us: u64, occupant: Value| {
            let mut detail = event(Outcome::Patched);
            detail.spans.push(djscope_recording::model::Span {
                span: 0,
                parent: None,
                kind: SpanKind::Queue,
                name: "waiting".to_owned(),
                start_us: 0,
                duration_us,
                detail: json!({"occupied_by": occupant}),
            });
            codes(&detail)
        };
        let by = |overlap_us: u64| json!({"turn": 3, "name": "report", "overlap_us": overlap_us});
        assert_eq!(wait(200_000, by(190_000)), ["queue-wait"]);
        assert_eq!(wait(200_000, by(50_000)), [""; 0]);
        assert_eq!(wait(100_000, by(100_000)), [""; 0]);
        assert_eq!(wait(200_000, Value::Null), [""; 0]);
    }
}
