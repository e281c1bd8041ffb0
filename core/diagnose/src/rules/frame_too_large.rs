//! `frame-too-large`: the message was larger than djust takes.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule, refused};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::FrameTooLarge,
    severity: Severity::Error,
    candidates: refused::CANDIDATES,
    explanation: Explanation {
        what: "The message was larger than djust takes.",
        decided: "djust's own error says so.",
        wrong: r#"<textarea dj-input="draft"></textarea>   <!-- a paste of 100 KB -->"#,
        right: r#"<form dj-submit="save"> with dj-upload, or a larger max_message_size"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let text = refused::words(facts, &["Message too large"])?;
    Some(Found {
        place: None,
        evidence: refused::evidence(facts),
        ..Found::certain(
            format!("djust refused a message: {}", refused::first_line(text)),
            "send less at once, or raise LIVEVIEW_CONFIG['max_message_size']",
        )
    })
}
