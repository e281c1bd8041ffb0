//! `class-attribute`: the attribute belongs to the class: djust does not compare it, and all sessions share it.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule};
use crate::facts::Facts;
use crate::handler_code::{How, Write};

pub(super) const RULE: Rule = Rule {
    code: FindingCode::ClassAttribute,
    severity: Severity::Warning,
    candidates: "outcome:noop",
    explanation: Explanation {
        what: "The attribute belongs to the class: djust does not compare it, and all sessions share it.",
        decided: "The handler changes an object in place whose name is an attribute of the class and none of the view, and djust saw no change.",
        wrong: r#"class CartView(LiveView):
    items = []

    @event_handler
    def add(self, name="", **kwargs):
        self.items.append(name)"#,
        right: r#"class CartView(LiveView):
    def mount(self, request, **kwargs):
        self.items = []"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    if !facts.shows_nothing() || !facts.djust_saw_nothing() {
        return None;
    }
    let class = facts.class()?;
    let code = facts.code()?;
    let is_shared = |write: &&Write| {
        let in_place = matches!(write.how, How::Item | How::Attribute | How::Method | How::Augment);
        in_place && class.attributes.contains_key(&write.name) && !facts.has_name(&write.name)
    };
    let write = code.writes.iter().find(is_shared)?;
    let name = &write.name;
    Some(Found {
        severity: facts.unless_shown(name),
        certain: write.is_certain && facts.is_whole(),
        place: facts.place_of_line(write.line),
        evidence: facts.code_of(write.line, &write.text).into_iter().collect(),
        ..Found::likely(
            format!(
                "{name} belongs to the class {}: djust does not compare it, and every session shares it",
                facts.view_name()
            ),
            format!("set self.{name} in mount()"),
        )
    })
}
