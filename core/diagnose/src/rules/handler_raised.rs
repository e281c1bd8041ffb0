//! `handler-raised`: the user's code raised an exception, and the turn ended with it.

use djscope_recording::model::{FindingCode, Severity};

use super::raised::{self, Origin};
use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::HandlerRaised,
    severity: Severity::Error,
    candidates: raised::CANDIDATES,
    explanation: Explanation {
        what: "A handler, or what it called, raised an exception.",
        decided: "A probe saw the exception where it left the handler. Changes of the state that were made before it stay, and are not rendered.",
        wrong: r#"self.total = 10 / self.count   # count is 0"#,
        right: r#"self.total = 10 / self.count if self.count else 0"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let raised = raised::of(facts)?;
    (raised.origin == Origin::Handler).then(|| raised.found(facts, facts.event_name()))
}

#[cfg(test)]
mod tests {
    use djscope_recording::model::{Exception, Outcome, Place, TracebackFrame, Turn, TurnDetail, TurnKind};

    use super::super::findings;

    fn frame(file: &str, line: u32) -> TracebackFrame {
        TracebackFrame {
            file: file.to_owned(),
            line,
            function: "save".to_owned(),
            source: Some("raise ValueError(\"no\")".to_owned()),
        }
    }

    fn raised(frames: Vec<TracebackFrame>) -> TurnDetail {
        let mut turn = Turn::begun(7, TurnKind::Event, 0);
        turn.event = Some("save".to_owned());
        turn.outcome = Outcome::Error;
        turn.error = Some("An error occurred".to_owned());
        turn.exception = Some(Exception {
            class: "builtins.ValueError".to_owned(),
            message: "no\nway".to_owned(),
            traceback: String::new(),
            frames,
        });
        TurnDetail::of(turn)
    }

    #[test]
    fn it_points_at_the_users_own_line() {
        let detail = raised(vec![
            frame("/srv/shop/views.py", 88),
            frame("/venv/lib/python3.11/site-packages/django/db/models/query.py", 9),
        ]);
        let [finding] = &findings(&detail)[..] else {
            panic!("one finding")
        };
        assert_eq!(finding.message, "save raised ValueError: no way");
        assert_eq!(finding.fix, "look at shop/views.py:88 in save");
        assert!(finding.certain && finding.primary && finding.turn == Some(7));
        assert_eq!(
            finding.place,
            Some(Place::Code {
                file: "/srv/shop/views.py".to_owned(),
                line: Some(88),
                column: None
            })
        );
    }

    #[test]
    fn an_error_without_an_exception_says_nothing() {
        let mut detail = raised(Vec::new());
        detail.turn.exception = None;
        assert_eq!(findings(&detail), []);
    }

    #[test]
    fn library_code_alone_is_pointed_at_where_there_is_nothing_else() {
        let detail = raised(vec![frame("/usr/lib/python3.11/json/decoder.py", 5)]);
        assert_eq!(findings(&detail)[0].fix, "look at json/decoder.py:5 in save");
    }
}
