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

#[cfg(test)]
mod tests {
    use djscope_recording::model::{Exception, Outcome};

    use crate::rules::tests::{codes, event};

    #[test]
    fn the_server_says_so() {
        let mut detail = event(Outcome::Error);
        detail.turn.error = Some("Upload rejected (check file type, size, or max entries)".to_owned());
        assert_eq!(codes(&detail), ["upload-rejected"]);
        // The user's own code may say the same words.
        detail.turn.exception = Some(Exception::default());
        assert_eq!(codes(&detail), ["handler-raised"]);
    }
}
