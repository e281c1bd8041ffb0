//! The rules: each looks at one turn and finds one kind of problem.

mod handler_raised;

use djscope_recording::model::{Finding, FindingCode, TurnDetail};

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
            ..finding
        })
        .collect()
}

/// Which turns any rule is about, in the grammar of [`djscope_recording::filter`].
pub fn candidates() -> String {
    let all: Vec<String> = ALL.iter().map(|rule| format!("({})", rule.candidates)).collect();
    all.join(" or ")
}

#[cfg(test)]
mod tests {
    use djscope_recording::filter::Filter;

    use super::*;

    #[test]
    fn candidates_are_a_filter() {
        for rule in &ALL {
            Filter::parse(rule.candidates).unwrap();
        }
        Filter::parse(&candidates()).unwrap();
    }
}
