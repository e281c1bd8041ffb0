//! `near-miss-param`: a parameter has nearly the name of one of the handler, and `**kwargs` swallowed it.

use djscope_recording::model::{FindingCode, Severity, TurnKind};

use super::{Explanation, Found, Rule};
use crate::facts::{Facts, has_word};

pub(super) const RULE: Rule = Rule {
    code: FindingCode::NearMissParam,
    severity: Severity::Warning,
    candidates: "kind:event",
    explanation: Explanation {
        what: "A parameter has nearly the name of one of the handler, and `**kwargs` swallowed it.",
        decided: "What was sent has no parameter of its own in the signature, one that was not sent has the same name but for case and underscores, or begins or ends with it.",
        wrong: r#"<li dj-click="pick" data-item="7">

def pick(self, item_id: int = 0, **kwargs): ..."#,
        right: r#"<li dj-click="pick" data-item-id="7">

def pick(self, item_id: int = 0, **kwargs): ..."#,
    },
    find,
};

/// Parameters that djust itself sends.
const OF_DJUST: [&str; 8] = [
    "_target",
    "_args",
    "_activity",
    "_cacheRequestId",
    "view_id",
    "component_id",
    "value",
    "field",
];

fn find(facts: &Facts<'_>) -> Option<Found> {
    if facts.turn.kind != TurnKind::Event || facts.turn.exception.is_some() || facts.turn.error.is_some() {
        return None;
    }
    let handler = facts.handler()?;
    let sent = facts.turn.params.as_object()?;
    handler.params.iter().find(|param| param.name.starts_with("**"))?;
    let own = |name: &str| handler.params.iter().any(|param| param.name == name);
    let unsent = handler
        .params
        .iter()
        .filter(|param| !param.name.starts_with('*') && !sent.contains_key(&param.name));
    let unsent: Vec<&str> = unsent.map(|param| param.name.as_str()).collect();
    // A handler may read it out of **kwargs on purpose.
    let is_read = |name: &str| {
        handler
            .source
            .as_deref()
            .is_some_and(|source| has_word(source, name))
    };
    let is_swallowed = |name: &&String| {
        !own(name) && !name.starts_with('_') && !OF_DJUST.contains(&name.as_str()) && !is_read(name)
    };
    let swallowed = sent.keys().filter(is_swallowed);
    let (name, wanted) = swallowed
        .filter_map(|name| Some((name, *unsent.iter().find(|wanted| is_near(name, wanted))?)))
        .next()?;
    Some(Found {
        place: facts.handler_place(),
        ..Found::certain(
            format!(
                "{}() was sent {name}, and takes {wanted}: **kwargs swallowed it",
                handler.name
            ),
            format!(
                "name it data-{} in the template, or {name} in def {}",
                wanted.replace('_', "-"),
                handler.name
            ),
        )
    })
}

/// The same but for case and underscores, or one begins or ends with the other, as djust itself compares
/// (djust/validation.py).
fn is_near(name: &str, wanted: &str) -> bool {
    let plain = |name: &str| name.to_lowercase().replace('_', "");
    let (one, other) = (plain(name), plain(wanted));
    let (short, long) = if one.len() <= other.len() {
        (&one, &other)
    } else {
        (&other, &one)
    };
    one == other || (short.len() >= 3 && (long.starts_with(short.as_str()) || long.ends_with(short.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_near() {
        for (name, wanted) in [
            ("itemId", "item_id"),
            ("item", "item_id"),
            ("id_of_item", "item"),
            ("checked", "is_checked"),
        ] {
            assert!(is_near(name, wanted), "{name} {wanted}");
        }
        for (name, wanted) in [("data", "date"), ("id", "uid"), ("from", "form"), ("a", "abc")] {
            assert!(!is_near(name, wanted), "{name} {wanted}");
        }
    }
}
