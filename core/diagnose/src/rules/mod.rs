//! The rules: each looks at one turn and finds one kind of problem. None of them sees another; which one decides is the
//! order of [`ALL`] alone.

mod branch_not_taken;
mod class_attribute;
mod component_html;
mod database_only;
mod dropped_from_context;
mod flush_at_end;
mod forced_html;
mod frame_too_large;
mod guard_returned;
mod handler_bad_params;
mod handler_denied;
mod handler_not_decorated;
mod handler_not_found;
mod handler_raised;
mod handler_rate_limited;
mod html_instead_of_patch;
mod http_fallback;
mod model_binding_refused;
mod mount_raised;
mod n_plus_one;
mod near_miss_param;
mod no_assignment;
mod not_compared;
mod outside_root;
mod own_broadcast_skipped;
mod private_only;
mod queue_wait;
mod raised;
mod refused;
mod render_raised;
mod render_skipped;
mod reserved_name;
mod same_text;
mod same_value;
mod session_not_saved;
mod set_before_init;
mod slow_handler;
mod static_assign;
mod transient_value;
mod unanswered;
mod unsafe_event_name;
mod unseen_mutation;
mod unused_in_template;
mod upload_rejected;
mod view_not_mounted;

use djscope_recording::model::{Evidence, Finding, FindingCode, Place, Severity, TurnDetail};

use crate::facts::Facts;

/// Version of the rules; it goes up with every change of what they find.
pub const VERSION: u32 = 2;

/// A rule.
pub struct Rule {
    /// The code of its findings.
    pub code: FindingCode,
    /// How bad its findings are, unless one says otherwise.
    pub severity: Severity,
    /// Which turns can have one, in the grammar of [`djscope_recording::filter`].
    pub candidates: &'static str,
    /// What it is about, for somebody who has one.
    pub explanation: Explanation,
    find: fn(&Facts<'_>) -> Option<Found>,
}

/// What a rule is about.
pub struct Explanation {
    /// What is wrong, in one sentence.
    pub what: &'static str,
    /// How it is decided, and what that leaves open.
    pub decided: &'static str,
    /// Code that has the problem.
    pub wrong: &'static str,
    /// The same code without it.
    pub right: &'static str,
}

/// What a rule has found in a turn.
struct Found {
    /// If it is another one than that of the rule.
    severity: Option<Severity>,
    certain: bool,
    place: Option<Place>,
    message: String,
    fix: String,
    evidence: Vec<Evidence>,
}

impl Found {
    /// The recording leaves no other explanation.
    fn certain(message: String, fix: impl Into<String>) -> Self {
        Self {
            certain: true,
            ..Self::likely(message, fix)
        }
    }

    /// It may be otherwise.
    fn likely(message: String, fix: impl Into<String>) -> Self {
        Self {
            severity: None,
            certain: false,
            place: None,
            message,
            fix: fix.into(),
            evidence: Vec::new(),
        }
    }
}

/// Every rule, in the order in which they decide.
pub const ALL: &[Rule] = &[
    frame_too_large::RULE,
    unsafe_event_name::RULE,
    view_not_mounted::RULE,
    handler_not_found::RULE,
    handler_not_decorated::RULE,
    handler_denied::RULE,
    handler_rate_limited::RULE,
    handler_bad_params::RULE,
    upload_rejected::RULE,
    model_binding_refused::RULE,
    mount_raised::RULE,
    handler_raised::RULE,
    render_raised::RULE,
    unanswered::RULE,
    near_miss_param::RULE,
    session_not_saved::RULE,
    flush_at_end::RULE,
    render_skipped::RULE,
    reserved_name::RULE,
    set_before_init::RULE,
    class_attribute::RULE,
    static_assign::RULE,
    unseen_mutation::RULE,
    own_broadcast_skipped::RULE,
    database_only::RULE,
    transient_value::RULE,
    no_assignment::RULE,
    guard_returned::RULE,
    same_value::RULE,
    dropped_from_context::RULE,
    private_only::RULE,
    outside_root::RULE,
    unused_in_template::RULE,
    branch_not_taken::RULE,
    same_text::RULE,
    queue_wait::RULE,
    slow_handler::RULE,
    n_plus_one::RULE,
    http_fallback::RULE,
    component_html::RULE,
    forced_html::RULE,
    html_instead_of_patch::RULE,
];

/// The first rule that is about what a turn costs. What it costs is said only where nothing is wrong.
const FIRST_OF_COST: FindingCode = FindingCode::QueueWait;

/// The rule with a code.
pub fn rule(code: &FindingCode) -> Option<&'static Rule> {
    ALL.iter().find(|rule| rule.code == *code)
}

/// The findings of a turn, the deciding one first.
pub fn findings(detail: &TurnDetail) -> Vec<Finding> {
    let facts = Facts::of(detail);
    let cost = ALL.iter().position(|rule| rule.code == FIRST_OF_COST);
    let (wrong, costly) = ALL.split_at(cost.unwrap_or(ALL.len()));
    let mut found: Vec<Finding> = wrong.iter().filter_map(|rule| finding(rule, &facts)).collect();
    if found.is_empty() {
        found.extend(costly.iter().filter_map(|rule| finding(rule, &facts)));
    }
    if let Some(first) = found.first_mut() {
        first.primary = true;
    }
    found
}

fn finding(rule: &Rule, facts: &Facts<'_>) -> Option<Finding> {
    let found = (rule.find)(facts)?;
    // What rests on a state that djust itself showed is likely at most, whatever the rule says.
    let is_weak = found.evidence.iter().any(Evidence::is_weak);
    Some(Finding {
        code: rule.code.clone(),
        severity: found.severity.unwrap_or(rule.severity),
        certain: found.certain && !is_weak,
        primary: false,
        turn: Some(facts.turn.turn),
        view: facts.turn.view.clone(),
        event: facts.turn.event.clone(),
        place: found.place,
        message: found.message,
        fix: found.fix,
        evidence: found.evidence,
        rules: VERSION,
    })
}

/// Which turns any rule is about, in the grammar of [`djscope_recording::filter`].
pub fn candidates() -> String {
    let mut all: Vec<String> = ALL.iter().map(|rule| format!("({})", rule.candidates)).collect();
    all.sort();
    all.dedup();
    all.join(" or ")
}

#[cfg(test)]
mod tests {
    use djscope_recording::filter::Filter;
    use djscope_recording::model::{Outcome, Turn, TurnKind};

    use super::*;

    /// A turn of the handler `go`, without anything else.
    pub(super) fn event(outcome: Outcome) -> TurnDetail {
        let mut turn = Turn::begun(7, TurnKind::Event, 0);
        turn.event = Some("go".to_owned());
        turn.view = Some("app.views.CartView".to_owned());
        turn.connection = Some(1);
        turn.outcome = outcome;
        TurnDetail::of(turn)
    }

    /// The codes that are found, the deciding one first.
    pub(super) fn codes(detail: &TurnDetail) -> Vec<String> {
        let found = findings(detail).into_iter();
        found.map(|finding| finding.code.name().to_owned()).collect()
    }

    #[test]
    fn rules_stand_in_the_order_of_the_codes() {
        let codes: Vec<&FindingCode> = ALL.iter().map(|rule| &rule.code).collect();
        assert_eq!(codes, FindingCode::ALL.iter().collect::<Vec<_>>());
        assert!(codes.contains(&&FIRST_OF_COST));
    }

    #[test]
    fn candidates_are_filters() {
        for rule in ALL {
            Filter::parse(rule.candidates).unwrap();
        }
        Filter::parse(&candidates()).unwrap();
    }

    #[test]
    fn every_rule_explains_itself() {
        for rule in ALL {
            let Explanation {
                what,
                decided,
                wrong,
                right,
            } = &rule.explanation;
            let name = rule.code.name();
            assert!(what.ends_with('.') && decided.ends_with('.'), "{name}");
            assert!(!wrong.is_empty() && !right.is_empty() && wrong != right, "{name}");
        }
    }
}
