//! `component-html`: an event of a component that the view holds sends the whole page.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::ComponentHtml,
    severity: Severity::Information,
    candidates: "outcome:full_html",
    explanation: Explanation {
        what: "An event of a component that the view holds sends the whole page.",
        decided: "djust's own reason for the whole page was recorded.",
        wrong: r#"self.counter = Counter()   # in mount()"#,
        right: r#"class ShopView(LiveView):
    counter = Counter()"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let full = facts.turn.full_html.as_ref()?;
    if !["component_event"].contains(&full.reason.as_str()) {
        return None;
    }
    Some(Found {
        place: facts.handler_place(),
        ..Found::certain(
            format!(
                "{} belongs to a component: the whole page was sent",
                facts.event_name()
            ),
            "declare the component on the class: its events are patched then".to_owned(),
        )
    })
}

#[cfg(test)]
mod tests {
    use djscope_recording::model::{FullHtml, Outcome};

    use crate::rules::tests::{codes, event};

    #[test]
    fn the_reason_decides() {
        let mut detail = event(Outcome::FullHtml);
        for (reason, expected) in [
            ("component_event", vec!["component-html"]),
            ("first_render", vec![]),
        ] {
            detail.turn.full_html = Some(FullHtml {
                reason: reason.to_owned(),
                ..FullHtml::default()
            });
            assert_eq!(codes(&detail), expected, "{reason}");
        }
    }
}
