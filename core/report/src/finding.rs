//! A finding as text: what is wrong, what says so, where, and what to do.

use djscope_recording::model::{Evidence, Finding, KnownEvidence, Place, Severity};

use crate::{path, units, value};

/// Bytes of a value, and of a statement.
const VALUE_BYTES: usize = 60;
const STATEMENT_BYTES: usize = 160;

/// Pieces of evidence that are shown.
const MAX_EVIDENCE: usize = 4;

/// One line: severity, code, how sure it is, and the message.
pub fn line(finding: &Finding) -> String {
    format!(
        "{:<11} {:<22} {:<7} {}",
        word(finding.severity),
        finding.code.name(),
        sureness(finding),
        finding.message
    )
}

/// The severity in one word.
pub const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information => "information",
    }
}

/// How sure it is.
pub const fn sureness(finding: &Finding) -> &'static str {
    if finding.certain { "certain" } else { "likely" }
}

/// Where to look, in one line; `template_line` is the line of an offset in a template, if it is known.
pub fn place(place: &Place, template_line: Option<u32>) -> String {
    match place {
        Place::Code { file, line, .. } => units::place(file, line.map(u64::from)),
        Place::Template { template, .. } => match template_line {
            Some(line) => format!("{template}, line {line}"),
            None => template.clone(),
        },
    }
}

/// What it was concluded from, a line each.
pub fn evidence(finding: &Finding) -> Vec<String> {
    let known = finding.evidence.iter().filter_map(|evidence| match evidence {
        Evidence::Known(known) => known_evidence(known),
        Evidence::Other(_) => None,
    });
    known.take(MAX_EVIDENCE).collect()
}

fn known_evidence(evidence: &KnownEvidence) -> Option<String> {
    let shown = |value: &Option<serde_json::Value>| {
        value
            .as_ref()
            .map_or_else(|| "absent".to_owned(), |value| value::repr(value, VALUE_BYTES))
    };
    Some(match evidence {
        KnownEvidence::State {
            path, before, after, ..
        } if before == after => {
            format!("{} is {}", path::text(path), shown(after))
        }
        KnownEvidence::State {
            path, before, after, ..
        } => {
            format!("{}: {} → {}", path::text(path), shown(before), shown(after))
        }
        KnownEvidence::Sql { text, .. } => units::one_line(text, STATEMENT_BYTES),
        KnownEvidence::Log { level, message } => {
            format!(
                "{}: {}",
                level.to_lowercase(),
                units::one_line(message, STATEMENT_BYTES)
            )
        }
        KnownEvidence::Code {
            file,
            line,
            function,
            source,
        } => {
            let place = units::place(file, Some(u64::from(*line)));
            match source {
                Some(source) => format!(
                    "{place} in {function}: {}",
                    units::one_line(source.trim(), STATEMENT_BYTES)
                ),
                None => format!("{place} in {function}"),
            }
        }
        KnownEvidence::Template { template, source, .. } => {
            format!("{template}: {}", units::one_line(source, STATEMENT_BYTES))
        }
        // A number says nothing to who reads text.
        KnownEvidence::Span { .. } | KnownEvidence::Frame { .. } => return None,
    })
}

/// The line of a byte offset of a text, from 1.
pub fn line_of(text: &str, position: u32) -> u32 {
    let end = (position as usize).min(text.len());
    let breaks = text.as_bytes()[..end]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count();
    u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use djscope_recording::model::{FindingCode, Scope};
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_said_in_lines() {
        let finding = Finding {
            code: FindingCode::UnseenMutation,
            severity: Severity::Error,
            certain: true,
            primary: true,
            turn: Some(7),
            view: None,
            event: None,
            place: None,
            message: "basket was changed in place".to_owned(),
            fix: String::new(),
            evidence: vec![
                KnownEvidence::State {
                    scope: Scope::Public,
                    path: vec!["basket".to_owned(), "n".to_owned()],
                    before: Some(json!(0)),
                    after: Some(json!(1)),
                    source: None,
                }
                .into(),
                KnownEvidence::Span { span: 2 }.into(),
                KnownEvidence::Code {
                    file: "/srv/shop/views.py".to_owned(),
                    line: 9,
                    function: "go".to_owned(),
                    source: Some("  self.basket.n += 1\n".to_owned()),
                }
                .into(),
            ],
            rules: 1,
        };
        assert_eq!(
            line(&finding),
            "error       unseen-mutation        certain basket was changed in place"
        );
        assert_eq!(
            evidence(&finding),
            ["basket.n: 0 → 1", "shop/views.py:9 in go: self.basket.n += 1"]
        );
    }

    #[test]
    fn lines_are_counted_from_one() {
        for (position, line) in [(0, 1), (3, 1), (4, 2), (99, 3)] {
            assert_eq!(line_of("one\ntwo\nthree", position), line);
        }
    }
}
