//! `upload-rejected`: an upload was refused.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule, refused};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::UploadRejected,
    severity: Severity::Error,
    candidates: refused::CANDIDATES,
    explanation: Explanation {
        what: "An upload was refused.",
        decided: "djust's own error says so.",
        wrong: r#"self.allow_upload("photo", accept=".png")   # a .jpg is sent"#,
        right: r#"self.allow_upload("photo", accept=".png,.jpg")"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let text = refused::words(facts, &["Upload rejected"])?;
    Some(Found {
        place: facts.handler_place(),
        evidence: refused::evidence(facts),
        ..Found::certain(
            format!("an upload was refused: {}", refused::first_line(text)),
            "compare the file with allow_upload(): its type, its size, and how many there may be",
        )
    })
}
