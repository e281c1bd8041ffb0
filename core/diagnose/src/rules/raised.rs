//! Exceptions: where they were raised, as far as the traceback says.

use djscope_recording::model::{
    Evidence, Exception, KnownEvidence, Place, SpanKind, TracebackFrame, TurnKind,
};
use djscope_report::units;
use djscope_report::words::short_class;

use super::Found;
use crate::facts::Facts;

/// Turns that an exception may have ended.
pub(super) const CANDIDATES: &str = "outcome:error or error:*";

/// Bytes of an exception's message in a finding.
const MAX_MESSAGE_BYTES: usize = 300;

/// Functions of djust and Django that render: what is raised below them was raised by the render, unless the handler or
/// `mount()` stands between.
const RENDERING: [&str; 10] = [
    "_sync_state_to_rust",
    "render",
    "render_with_diff",
    "render_full_template",
    "render_template",
    "render_to_string",
    "get_template",
    "get_debug_info",
    "_render_template",
    "compile_nodelist",
];

/// What raised it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// `mount()`, or what makes the view.
    Mount,
    /// The handler, or what it called.
    Handler,
    /// The render.
    Render,
}

/// An exception that ended a turn.
pub(super) struct Raised<'a> {
    exception: &'a Exception,
    /// What raised it.
    pub origin: Origin,
}

/// The exception of a turn, if a probe saw one; none if its traceback leads through nothing that could be blamed.
pub(super) fn of<'a>(facts: &Facts<'a>) -> Option<Raised<'a>> {
    let exception = facts.turn.exception.as_ref()?;
    Some(Raised {
        exception,
        origin: origin(facts, exception)?,
    })
}

/// What the traceback leads through: handler and `mount()` are to blame for all that they call, the render for the rest.
fn origin(facts: &Facts<'_>, exception: &Exception) -> Option<Origin> {
    let event = facts.turn.event.as_deref();
    let task = facts.turn.work.task.as_ref();
    let task = task.and_then(|task| task.function.as_deref());
    let task = task.and_then(|name| name.rsplit('.').next());
    let leads_through = |is_it: &dyn Fn(&str, bool) -> bool| {
        let mut frames = exception.frames.iter();
        frames.any(|frame| is_it(&frame.function, !units::is_library(&frame.file)))
    };
    let seen = if leads_through(&|name, is_own| is_own && [event, task].contains(&Some(name))) {
        Some(Origin::Handler)
    } else if leads_through(&|name, is_own| is_own && name == "mount") {
        Some(Origin::Mount)
    } else if leads_through(&|name, is_own| {
        name == "get_context_data" || (!is_own && RENDERING.contains(&name))
    }) {
        Some(Origin::Render)
    } else {
        None
    };
    let is_in_a_library = || {
        exception
            .frames
            .iter()
            .any(|frame| Some(frame.function.as_str()) == event)
    };
    seen.or_else(|| match facts.turn.kind {
        // Whatever it was, the view was not mounted.
        TurnKind::Mount => Some(Origin::Mount),
        _ => (exception.frames.is_empty() || is_in_a_library()).then_some(Origin::Handler),
    })
}

impl Raised<'_> {
    /// Says that `who` raised it. It is certain: a probe saw it.
    pub fn found(&self, facts: &Facts<'_>, who: &str) -> Found {
        let class = short_class(&self.exception.class);
        let message = match units::one_line(&self.exception.message, MAX_MESSAGE_BYTES) {
            text if text.is_empty() => class.to_owned(),
            text => format!("{class}: {text}"),
        };
        let own = own_frame(self.exception);
        let fix = match own {
            Some(frame) => format!(
                "look at {} in {}",
                units::place(&frame.file, Some(frame.line.into())),
                frame.function
            ),
            None => "look at the traceback".to_owned(),
        };
        Found {
            // Without a traceback nobody knows where.
            certain: own.is_some(),
            place: own.map(|frame| Place::Code {
                file: frame.file.clone(),
                line: Some(frame.line),
                column: None,
            }),
            evidence: evidence(facts, self.exception),
            ..Found::certain(format!("{who} raised {message}"), fix)
        }
    }
}

/// The innermost frame in the user's own code; the innermost of all if none is.
fn own_frame(exception: &Exception) -> Option<&TracebackFrame> {
    let own = exception
        .frames
        .iter()
        .rfind(|frame| !units::is_library(&frame.file));
    own.or(exception.frames.last())
}

fn evidence(facts: &Facts<'_>, exception: &Exception) -> Vec<Evidence> {
    let line = own_frame(exception).map(|frame| KnownEvidence::Code {
        file: frame.file.clone(),
        line: frame.line,
        function: frame.function.clone(),
        source: frame.source.clone(),
    });
    let span = facts.spans(SpanKind::Handler).next();
    let span = span.map(|span| KnownEvidence::Span { span: span.span });
    let answers = facts.detail.frames.iter().filter(|frame| frame.kind == "error");
    let frames = answers.map(|frame| KnownEvidence::Frame { frame: frame.frame });
    line.into_iter()
        .chain(span)
        .chain(frames)
        .map(Evidence::from)
        .collect()
}
