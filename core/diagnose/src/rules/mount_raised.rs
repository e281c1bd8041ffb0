//! `mount-raised`: `mount()`, or what is called while a view is made, raised an exception.

use djscope_recording::model::{FindingCode, Severity};

use super::raised::{self, Origin};
use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::MountRaised,
    severity: Severity::Error,
    candidates: raised::CANDIDATES,
    explanation: Explanation {
        what: "`mount()`, or what is called while a view is made, raised an exception.",
        decided: "The turn is a mount, a probe saw the exception, and it was not raised by the render.",
        wrong: r#"self.user_name = request.user.profile.name   # nobody is logged in"#,
        right: r#"self.user_name = request.user.profile.name if request.user.is_authenticated else """#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let raised = raised::of(facts)?;
    (raised.origin == Origin::Mount).then(|| raised.found(facts, &format!("mounting {}", facts.view_name())))
}

#[cfg(test)]
mod tests {
    use djscope_recording::model::{Exception, Outcome, TracebackFrame, TurnKind};

    use crate::rules::tests::{codes, event};

    fn frame(file: &str, function: &str) -> TracebackFrame {
        TracebackFrame {
            file: file.to_owned(),
            line: 3,
            function: function.to_owned(),
            source: None,
        }
    }

    /// What the handler calls is the handler's; what is rendered after it never blames it.
    #[test]
    fn the_place_of_the_exception_decides() {
        const OWN: &str = "/srv/shop/views.py";
        const DJUST: &str = "/venv/lib/python3.11/site-packages/djust/mixins/template.py";
        for (kind, frames, expected) in [
            (
                TurnKind::Mount,
                vec![frame(OWN, "mount"), frame(OWN, "load")],
                "mount-raised",
            ),
            (
                TurnKind::Mount,
                vec![frame(DJUST, "get_template"), frame(DJUST, "parse")],
                "render-raised",
            ),
            (TurnKind::Mount, vec![frame(OWN, "__init__")], "mount-raised"),
            (
                TurnKind::Mount,
                vec![frame(DJUST, "render"), frame(OWN, "get_context_data")],
                "render-raised",
            ),
            (
                TurnKind::Event,
                vec![frame(OWN, "go"), frame(OWN, "load")],
                "handler-raised",
            ),
            (
                TurnKind::Event,
                vec![frame(OWN, "go"), frame(DJUST, "render_to_string")],
                "handler-raised",
            ),
            (
                TurnKind::Event,
                vec![frame(DJUST, "render_with_diff"), frame(OWN, "total")],
                "render-raised",
            ),
            (TurnKind::Event, vec![frame(DJUST, "go")], "handler-raised"),
            (TurnKind::Event, vec![frame(DJUST, "dispatch")], ""),
            (
                TurnKind::Event,
                vec![frame(OWN, "go"), frame(OWN, "render")],
                "handler-raised",
            ),
            (TurnKind::Event, vec![frame(OWN, "render")], ""),
        ] {
            let mut detail = event(Outcome::Error);
            detail.turn.kind = kind;
            detail.turn.exception = Some(Exception {
                class: "builtins.ValueError".to_owned(),
                frames: frames.clone(),
                ..Exception::default()
            });
            let expected: &[&str] = if expected.is_empty() { &[] } else { &[expected] };
            assert_eq!(codes(&detail), expected, "{frames:?}");
        }
    }
}
