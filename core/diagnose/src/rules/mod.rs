//! The rules: each looks at one turn and finds one kind of problem.

mod handler_raised;

use djscope_recording::model::{Evidence, Finding, FindingCode, TurnDetail};

/// Version of the rules; it goes up with every change of what they find.
pub const VERSION: u32 = 1;

/// A rule.
pub struct Rule {
    /// The code of its findings.
    pub code: FindingCode,
    /// Which turns can have one, in the grammar of [`djscope_recording::filter`].
    pub candidates: &'static str,
    find: fn(&TurnDetail) -> Option<Finding>,
}

/// Every rule, in the order in which they decide.
pub const ALL: [Rule; 1] = [Rule {
    code: FindingCode::HandlerRaised,
    candidates: handler_raised::CANDIDATES,
    find: handler_raised::find,
}];

/// The findings of a turn, the deciding one first.
pub fn findings(detail: &TurnDetail) -> Vec<Finding> {
    let found = ALL.iter().filter_map(|rule| (rule.find)(detail));
    found
        .enumerate()
        .map(|(position, finding)| Finding {
            primary: position == 0,
            ..weighed(finding)
        })
        .collect()
}

/// What rests on a state that djust itself showed is likely at most, whatever the rule says.
fn weighed(finding: Finding) -> Finding {
    Finding {
        certain: finding.certain && !finding.evidence.iter().any(Evidence::is_weak),
        ..finding
    }
}

/// Which turns any rule is about, in the grammar of [`djscope_recording::filter`].
pub fn candidates() -> String {
    let all: Vec<String> = ALL.iter().map(|rule| format!("({})", rule.candidates)).collect();
    all.join(" or ")
}

#[cfg(test)]
mod tests {
    use djscope_recording::filter::Filter;

    use djscope_recording::model::{DebugSource, KnownEvidence, Scope, Severity};

    use super::*;

    #[test]
    fn what_djust_showed_makes_nothing_certain() {
        let with = |source| Finding {
            code: FindingCode::Other("test".to_owned()),
            severity: Severity::Warning,
            certain: true,
            primary: true,
            turn: Some(1),
            view: None,
            event: None,
            place: None,
            message: String::new(),
            fix: String::new(),
            evidence: vec![
                KnownEvidence::State {
                    scope: Scope::Public,
                    path: vec!["count".to_owned()],
                    before: None,
                    after: None,
                    source,
                }
                .into(),
            ],
            rules: VERSION,
        };
        assert!(weighed(with(None)).certain);
        for source in [DebugSource::DebugPayload, DebugSource::TimeTravel] {
            assert!(!weighed(with(Some(source))).certain);
        }
    }

    #[test]
    fn candidates_are_a_filter() {
        for rule in &ALL {
            Filter::parse(rule.candidates).unwrap();
        }
        Filter::parse(&candidates()).unwrap();
    }
}
