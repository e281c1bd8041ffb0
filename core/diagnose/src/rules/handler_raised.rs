//! `handler-raised`: the user's code raised an exception, and the turn ended with it.

use djscope_recording::model::{
    Evidence, Exception, Finding, FindingCode, KnownEvidence, Place, Severity, SpanKind, TracebackFrame,
    TurnDetail,
};
use djscope_report::units;
use djscope_report::words::short_class;

use super::VERSION;

pub(super) const CANDIDATES: &str = "outcome:error or error:*";

/// Bytes of an exception's message in a finding.
const MAX_MESSAGE_BYTES: usize = 300;

/// Certain, because a probe saw the exception where it left the handler; without one the server's words are all there
/// is, and they do not say where.
pub(super) fn find(detail: &TurnDetail) -> Option<Finding> {
    let turn = &detail.turn;
    let exception = turn.exception.as_ref()?;
    let name = turn.event.clone().or_else(|| turn.view.clone());
    let handler = name.unwrap_or_else(|| turn.kind.name().to_owned());
    let own = own_frame(exception);
    let message = match units::one_line(&exception.message, MAX_MESSAGE_BYTES) {
        text if text.is_empty() => short_class(&exception.class).to_owned(),
        text => format!("{}: {text}", short_class(&exception.class)),
    };
    Some(Finding {
        code: FindingCode::HandlerRaised,
        severity: Severity::Error,
        certain: true,
        primary: false,
        turn: Some(turn.turn),
        view: turn.view.clone(),
        event: turn.event.clone(),
        place: own.map(|frame| Place::Code {
            file: frame.file.clone(),
            line: Some(frame.line),
            column: None,
        }),
        message: format!("{} raised {message}", short_class(&handler)),
        fix: match own {
            Some(frame) => format!(
                "look at {} in {}",
                units::place(&frame.file, Some(frame.line.into())),
                frame.function
            ),
            None => "look at the traceback".to_owned(),
        },
        evidence: evidence(detail, exception),
        rules: VERSION,
    })
}

/// The innermost frame in the user's own code; the innermost of all if none is.
fn own_frame(exception: &Exception) -> Option<&TracebackFrame> {
    let own = exception
        .frames
        .iter()
        .rfind(|frame| !units::is_library(&frame.file));
    own.or(exception.frames.last())
}

fn evidence(detail: &TurnDetail, exception: &Exception) -> Vec<Evidence> {
    let line = own_frame(exception).map(|frame| KnownEvidence::Code {
        file: frame.file.clone(),
        line: frame.line,
        function: frame.function.clone(),
        source: frame.source.clone(),
    });
    let handler = detail.spans.iter().find(|span| span.kind == SpanKind::Handler);
    let span = handler.map(|span| KnownEvidence::Span { span: span.span });
    let answers = detail.frames.iter().filter(|frame| frame.kind == "error");
    let frames = answers.map(|frame| KnownEvidence::Frame { frame: frame.frame });
    line.into_iter()
        .chain(span)
        .chain(frames)
        .map(Evidence::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use djscope_recording::model::{Outcome, Turn, TurnKind};

    use super::super::findings;
    use super::*;

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
