//! `unseen-mutation`: an object was changed in place, and djust compares which object it is, not what is in it.

use djscope_recording::model::{FindingCode, Outcome, Severity};
use djscope_report::units;

use super::{Explanation, Found, Rule};
use crate::facts::Facts;
use crate::handler_code::{How, Write};

pub(super) const RULE: Rule = Rule {
    code: FindingCode::UnseenMutation,
    severity: Severity::Error,
    candidates: "outcome:noop",
    explanation: Explanation {
        what: "An object was changed in place, and djust compares which object it is, not what is in it.",
        decided: "The states before and after differ deep in a public name, djust's own comparison lists no change of it, and neither skip nor force was asked for. djust looks into lists, dicts, tuples and sets, up to 20,000 values and 32 levels; models and other objects are compared by identity (djust/change_detection.py).",
        wrong: r#"@event_handler
def go(self, **kwargs):
    self.basket.count += 1        # the same object
    self.product.refresh_from_db()"#,
        right: r#"@event_handler
def go(self, **kwargs):
    self.basket = replace(self.basket, count=self.basket.count + 1)
    self.product = Product.objects.get(pk=self.product.pk)"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let decision = facts.turn.djust.as_ref()?;
    if decision.skip
        || decision.force
        || facts.turn.outcome != Outcome::Noop
        || facts.turn.exception.is_some()
    {
        return None;
    }
    let name = facts.unseen().into_iter().find(|name| !name.starts_with('_'))?;
    let (place, code, write) = facts.write_to(name);
    if !is_in_place(facts, name, write.as_ref()) || is_not_compared(facts, name) {
        // djust sees every assignment to a name that it compares: this one it does not compare, and not for what it holds.
        return None;
    }
    let message = match &write {
        Some(write) => format!(
            "{name} was changed in place ({}), and djust did not see it",
            units::one_line(&write.text, 80)
        ),
        None => format!("{name} was changed in place, and djust did not see it"),
    };
    Some(Found {
        // djust does not see it; whoever looks at the page does not either.
        severity: facts.unless_shown(name),
        certain: facts.is_whole(),
        place,
        evidence: facts.change_of(name).into_iter().chain(code).collect(),
        ..Found::likely(message, fix(facts, name, write.as_ref()))
    })
}

/// Numbers and texts cannot be changed in place; `+=` changes a list in place.
fn is_in_place(facts: &Facts<'_>, name: &str, write: Option<&Write>) -> bool {
    let can_change = || {
        let (_, after) = facts.values(name);
        after.is_some_and(|value| value.is_array() || value.is_object())
    };
    match write.map(|write| write.how) {
        Some(How::Item | How::Attribute | How::Method) => true,
        Some(How::Assign) => false,
        Some(How::Augment) | None => can_change(),
    }
}

/// djust keeps some names out of its comparison, whatever they hold; other rules are about them.
fn is_not_compared(facts: &Facts<'_>, name: &str) -> bool {
    facts.class().is_some_and(|class| {
        [&class.reserved, &class.before_init, &class.static_assigns]
            .iter()
            .any(|names| names.iter().any(|own| own == name))
    })
}

fn fix(facts: &Facts<'_>, name: &str, write: Option<&Write>) -> String {
    let (_, after) = facts.values(name);
    let is = |key: &str| after.is_some_and(|value| value.get(key).is_some());
    if is("$model") {
        return format!("fetch it anew into self.{name}: djust compares models by identity");
    }
    if is("$object") || write.is_some_and(|write| write.how == How::Attribute) {
        return format!(
            "assign a new object to self.{name} (copy.copy(), dataclasses.replace()): djust compares it by identity"
        );
    }
    format!(
        "assign a new value to self.{name}, or call self.set_changed_keys(\"{name}\"), which sends the whole page: it is \
         more than djust compares"
    )
}
