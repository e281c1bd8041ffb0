//! `outside-root`: the name is shown outside the root of the view only, where nothing is patched.

use std::ops::Range;

use djscope_recording::model::{FindingCode, Severity};

use super::{Explanation, Found, Rule};
use crate::facts::{Facts, word_positions};

pub(super) const RULE: Rule = Rule {
    code: FindingCode::OutsideRoot,
    severity: Severity::Warning,
    candidates: "outcome:empty_patch",
    explanation: Explanation {
        what: "The name is shown outside the root of the view only, where nothing is patched.",
        decided: "The view's own template was seen, it extends nothing, every place that names what changed is before or behind the element with `dj-root` or `dj-view`, and the render came out the same.",
        wrong: r#"<h1>{{ n }}</h1>
<div dj-root dj-view="app.views.CounterView">…</div>"#,
        right: r#"<div dj-root dj-view="app.views.CounterView"><h1>{{ n }}</h1>…</div>"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    if !facts.renders_the_same() {
        return None;
    }
    let source = facts.own_template()?;
    let root = root_of(&source.source)?;
    let outside = |name: &&String| {
        let mut positions = word_positions(&source.source, name).peekable();
        positions.peek().is_some() && positions.all(|at| !root.contains(&at)) && !facts.is_in_included(name)
    };
    let name = facts
        .changed()
        .iter()
        .filter(|name| !name.starts_with('_'))
        .find(outside)?;
    let place = word_positions(&source.source, name)
        .next()
        .and_then(|at| facts.template_position(at));
    Some(Found {
        certain: facts.is_whole() && !facts.has_derived_context(),
        place,
        evidence: facts.change_of(name).into_iter().collect(),
        ..Found::likely(
            format!(
                "{name} is shown outside the root of {} only, where nothing is patched",
                facts.view_name()
            ),
            "move it into the element with dj-root".to_owned(),
        )
    })
}

/// Where the element with `dj-root` or `dj-view` stands in a template; none if there is none, or its end is not found.
fn root_of(template: &str) -> Option<Range<usize>> {
    let at = [" dj-root", " dj-view"]
        .iter()
        .filter_map(|name| template.find(name))
        .min()?;
    let start = template[..at].rfind('<')?;
    let tag: String = template[start + 1..]
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect();
    if tag.is_empty() {
        return None;
    }
    let (open, close) = (format!("<{tag}"), format!("</{tag}"));
    let mut depth = 0_u32;
    let mut position = start;
    loop {
        let next_open = template[position..].find(&open).map(|at| position + at);
        let next_close = template[position..].find(&close).map(|at| position + at)?;
        match next_open {
            Some(opens) if opens < next_close => {
                depth += 1;
                position = opens + open.len();
            }
            _ => {
                depth -= 1;
                position = next_close + close.len();
                if depth == 0 {
                    return Some(start..position);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_ends_with_its_own_tag() {
        let template = "<h1>{{ n }}</h1><div dj-root dj-view=\"a.B\"><div>x</div>{{ m }}</div><p>{{ n }}</p>";
        let root = root_of(template).unwrap();
        assert!(
            template[root.clone()].starts_with("<div dj-root") && template[root].ends_with("{{ m }}</div")
        );
        for other in ["", "<div>", "<div dj-root>", "dj-root", " dj-root"] {
            assert_eq!(root_of(other), None, "{other}");
        }
    }
}
