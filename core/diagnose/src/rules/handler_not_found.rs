//! `handler-not-found`: the view has no method of the event's name.

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule, refused};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::HandlerNotFound,
    severity: Severity::Error,
    candidates: refused::CANDIDATES,
    explanation: Explanation {
        what: "The view has no method of the event's name.",
        decided: "djust's own error says so.",
        wrong: r#"<button dj-click="goo">

@event_handler
def go(self, **kwargs): ..."#,
        right: r#"<button dj-click="go">

@event_handler
def go(self, **kwargs): ..."#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    refused::words(facts, &["No handler found for event"])?;
    Some(Found {
        place: facts
            .template_place(facts.event_name())
            .or_else(|| facts.view_place()),
        evidence: refused::evidence(facts),
        ..Found::certain(message(facts), fix(facts))
    })
}

fn message(facts: &Facts<'_>) -> String {
    format!("{} has no handler {}", facts.view_name(), facts.event_name())
}

fn fix(facts: &Facts<'_>) -> String {
    match nearest(facts) {
        Some(name) => format!("the view has {name}(): name that one in the template"),
        None => format!(
            "write @event_handler def {}(self, **kwargs), or name another in the template",
            facts.event_name()
        ),
    }
}

/// The handler with the most similar name, if one is similar.
fn nearest(facts: &Facts<'_>) -> Option<String> {
    let wanted = facts.event_name();
    let view = facts.detail.view.as_ref()?;
    let distances = view
        .handlers
        .iter()
        .map(|handler| (distance(wanted, &handler.name), &handler.name));
    let (distance, name) = distances.min()?;
    (distance * 3 <= wanted.chars().count().max(3)).then(|| name.clone())
}

/// How many letters have to be put in, taken out or replaced (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, against) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *against);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_differ_are_counted() {
        for (one, other, expected) in [
            ("goo", "go", 1),
            ("", "abc", 3),
            ("add_item", "additem", 1),
            ("a", "a", 0),
            ("save", "load", 4),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
    }
}
