//! The lines that assert what should happen.

use std::collections::BTreeSet;

use djscope_recording::model::Direction;
use serde_json::Map;

use super::expect::{Expect, condition};
use super::{Test, changed, names};
use crate::python::literal::{is_name, remark, string};
use crate::python::{Expression, INDENT, Writer, is_plain};

/// Changed names that are asserted at most.
const MAX_ASSERTED: usize = 20;

/// The lines that assert what should happen.
pub fn asserts(test: &Test<'_>, writer: &mut Writer) -> Result<Vec<String>, String> {
    let mut lines = Vec::new();
    if test.is_default {
        lines.push(format!(
            "# Nobody said what should happen: {}",
            default_words(&test.expects)
        ));
    }
    for expect in &test.expects {
        if !test.is_default {
            lines.push(format!("# --expect {}", remark(&expect.to_string())));
        }
        match expect {
            Expect::State(text) => {
                let (condition, imported) = state_condition(test, text)?;
                for name in imported {
                    // Known to be importable.
                    let _ = writer.class(name);
                }
                lines.push(format!("assert {condition}"));
            }
            Expect::HtmlContains(text) => lines.push(format!("assert {} in page", string(text))),
            Expect::HtmlLacks(text) => lines.push(format!("assert {} not in page", string(text))),
            Expect::Patches => {
                lines.push(
                    "patches = [each for frame in said for each in frame.get(\"patches\") or ()]".to_owned(),
                );
                lines.push("assert patches, f\"no patches: {said}\"".to_owned());
            }
            Expect::NoError => {
                lines.push(
                    "errors = [frame for frame in said if frame[\"type\"] in (\"error\", \"mount_error\")]"
                        .to_owned(),
                );
                lines.push("assert not errors, errors".to_owned());
            }
            Expect::UpToDate => lines.extend(up_to_date(test)),
            Expect::Recorded => lines.extend(recorded(test, writer)),
        }
    }
    Ok(lines)
}

fn default_words(expects: &[Expect]) -> &'static str {
    match expects.first() {
        Some(Expect::NoError) => "no error, where there was one.",
        Some(Expect::UpToDate) => "the page follows the state, which it did not.",
        _ => "what was recorded.",
    }
}

/// Classes that a condition may name.
const IMPORTABLE: [(&str, &str); 3] = [
    ("Decimal", "decimal.Decimal"),
    ("UUID", "uuid.UUID"),
    ("mark_safe", "django.utils.safestring.mark_safe"),
];

fn state_condition(test: &Test<'_>, text: &str) -> Result<(String, Vec<&'static str>), String> {
    let states = [&test.detail.before, &test.detail.after];
    let known: BTreeSet<String> = states
        .into_iter()
        .flatten()
        .flat_map(|state| names(state).map(|(name, _)| name.clone()))
        .filter(|name| is_name(name))
        .collect();
    let (condition, _) = condition(text, &known)?;
    let is_called = |name: &str| condition.contains(&format!("{name}("));
    let imported = IMPORTABLE.iter().filter(|(name, _)| is_called(name));
    let imported = imported.map(|(_, path)| *path).collect();
    Ok((condition, imported))
}

fn up_to_date(test: &Test<'_>) -> Vec<String> {
    let mut kept = changed(test.detail);
    if let Some(before) = &test.detail.before {
        let restored = names(before).map(|(name, _)| name.clone());
        kept.extend(restored.filter(|name| test.kept.as_ref().is_none_or(|kept| kept.contains(name))));
    }
    let listed: Vec<String> = kept.iter().map(|name| string(name)).collect();
    let listed = Expression::Parts {
        open: "[".to_owned(),
        parts: listed
            .into_iter()
            .map(|name| (String::new(), Expression::Whole(name)))
            .collect(),
        close: "]",
    };
    let mut lines = vec![format!("names = {}", listed.text(2 * INDENT, 2 * INDENT + 8))];
    lines.push("now = {name: getattr(view, name) for name in names if hasattr(view, name)}".to_owned());
    lines.push("_, _, fresh = played(now)".to_owned());
    lines.push("assert visible(page) == visible(fresh), \"the page does not show the state\"".to_owned());
    lines
}

/// The changed names with their values, as far as Python compares them by what is in them, and the kind of answer.
fn recorded(test: &Test<'_>, writer: &mut Writer) -> Vec<String> {
    let mut lines = Vec::new();
    let none = Map::new();
    let after = test.detail.after.as_ref();
    let value_of = |name: &str| {
        let public = after.map_or(&none, |after| &after.public);
        let private = after.map_or(&none, |after| &after.private);
        public.get(name).or_else(|| private.get(name))
    };
    for name in changed(test.detail).into_iter().filter(|name| is_name(name)) {
        if let Some((_, why)) = test.unsteady.iter().find(|(unsteady, _)| *unsteady == name) {
            lines.push(format!("# Not asserted: {} {}", remark(&name), remark(why)));
            continue;
        }
        let Some(value) = value_of(&name).filter(|value| is_plain(value)) else {
            continue;
        };
        if lines.len() < MAX_ASSERTED
            && let Ok(written) = writer.value(value, &name)
        {
            let head = format!("assert view.{name} == ");
            lines.push(format!(
                "{head}{}",
                written.text(2 * INDENT, 2 * INDENT + head.len())
            ));
        }
    }
    let kinds: BTreeSet<&str> = test
        .detail
        .frames
        .iter()
        .filter(|frame| frame.direction == Direction::ToBrowser)
        .map(|frame| frame.kind.as_str())
        .filter(|kind| ANSWERS.contains(kind))
        .collect();
    let listed: Vec<String> = kinds.into_iter().map(string).collect();
    if !listed.is_empty() {
        lines.push("kinds = {frame[\"type\"] for frame in said}".to_owned());
        lines.push(format!("assert kinds >= {{{}}}, kinds", listed.join(", ")));
    }
    lines
}

/// Kinds of frames that answer.
const ANSWERS: [&str; 6] = ["patch", "noop", "html_update", "error", "navigate", "mount"];
