//! The cause chain of a turn: what led to what, and the link at which it broke.
//!
//! It says what the recording says. Where nothing was seen, the link is unknown, not broken.

use djscope_hub::model::{Direction, Outcome, SpanKind, TurnDetail, TurnKind};
use serde_json::Value;

use crate::format;
use crate::glyphs;
use crate::value;

/// Lines that a link shows at most.
pub const MAX_LINES: usize = 8;

/// How far the turn got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It happened.
    Ran,
    /// It happened, in a way that costs more than it should.
    Dear,
    /// The chain ends here.
    Broken,
    /// The chain had ended before.
    Idle,
    /// Nobody looked.
    Unknown,
}

/// A line below a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// One of the turn's changes, by index.
    Change(usize),
    /// Data, in monospace.
    Data(String),
    /// Words.
    Words(String),
}

/// One link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What kind of link.
    pub name: &'static str,
    /// How far the turn got.
    pub state: State,
    /// What ran, changed or was sent.
    pub title: String,
    /// Where, or how much.
    pub note: String,
    /// How long it took.
    pub us: Option<u64>,
    /// What the time was spent on.
    pub kind: Option<SpanKind>,
    /// More of it.
    pub lines: Vec<Line>,
}

/// What is certain about how the turn ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What happened.
    pub headline: String,
    /// Where, or what follows from it.
    pub text: String,
}

/// True if a probe told anything about the turn.
pub fn was_probed(detail: &TurnDetail) -> bool {
    detail.spans.iter().any(|span| span.kind != SpanKind::Client)
        || detail.turn.changed.is_some()
        || detail.before.is_some()
        || detail.after.is_some()
}

/// The event, or the class of the view: what the turn is about in one word.
pub fn subject(detail: &TurnDetail) -> String {
    let turn = &detail.turn;
    let view = turn.view.as_deref().map(short_class);
    turn.event.as_deref().or(view).unwrap_or_default().to_owned()
}

/// The links, from the cause to the browser.
pub fn links(detail: &TurnDetail) -> Vec<Link> {
    let mut links = vec![
        cause(detail),
        handler(detail),
        changed(detail),
        template(detail),
        patches(detail),
        browser(detail),
    ];
    let kinds = [
        SpanKind::Queue,
        SpanKind::Handler,
        SpanKind::Other,
        SpanKind::Render,
        SpanKind::Diff,
        SpanKind::Wire,
    ];
    for (link, kind) in links.iter_mut().zip(kinds) {
        link.kind = Some(kind);
    }
    if let Some(broken) = links.iter().position(|link| link.state == State::Broken) {
        for link in &mut links[broken + 1..] {
            // What was seen to happen stays; an error frame still reaches the browser.
            if matches!(link.state, State::Broken | State::Unknown) {
                link.state = State::Idle;
            }
        }
    }
    links
}

fn link(name: &'static str, state: State, title: impl Into<String>) -> Link {
    Link {
        name,
        state,
        title: title.into(),
        note: String::new(),
        us: None,
        kind: None,
        lines: Vec::new(),
    }
}

/// What the browser has told of its work on the turn's frame, if it tells.
fn told_by_browser<'a>(detail: &'a TurnDetail, what: &str) -> Option<&'a Value> {
    let mut told = detail.spans.iter().filter(|span| span.kind == SpanKind::Client);
    told.find_map(|span| span.detail.get(what))
}

/// The whole time of a kind, without what is inside another span of that kind.
fn time_of(detail: &TurnDetail, kind: SpanKind) -> Option<u64> {
    let spans = || detail.spans.iter().filter(|span| span.kind == kind);
    let is_inner =
        |parent: Option<u32>| parent.is_some_and(|parent| spans().any(|other| other.span == parent));
    spans().next()?;
    Some(
        spans()
            .filter(|span| !is_inner(span.parent))
            .map(|span| span.duration_us)
            .sum(),
    )
}

/// True if the page is for certain the same as before.
const fn has_no_effect(detail: &TurnDetail) -> bool {
    matches!(
        detail.turn.outcome,
        Outcome::Noop | Outcome::EmptyPatch | Outcome::Silent | Outcome::Error | Outcome::Unanswered
    )
}

fn has_span(detail: &TurnDetail, kind: SpanKind) -> bool {
    detail.spans.iter().any(|span| span.kind == kind)
}

fn cause(detail: &TurnDetail) -> Link {
    let turn = &detail.turn;
    let event = turn
        .event
        .clone()
        .or_else(|| turn.view.clone())
        .unwrap_or_default();
    let title = match turn.kind {
        TurnKind::Event => event,
        kind if event.is_empty() => glyphs::kind_word(kind).to_owned(),
        kind => format!("{} {event}", glyphs::kind_word(kind)),
    };
    let mut link = link("cause", State::Ran, title);
    link.note = match (turn.kind, turn.reference) {
        (TurnKind::Event, Some(reference)) => format!("event, ref {reference}"),
        (_, Some(reference)) => format!("ref {reference}"),
        (TurnKind::Event, None) => "event".to_owned(),
        _ => String::new(),
    };
    if let Some(element) = told_by_browser(detail, "element").and_then(Value::as_str) {
        link.note.push_str(&format!(", {element}"));
    }
    link.us = time_of(detail, SpanKind::Queue);
    let params = value::children(&turn.params);
    let shown = params.iter().take(MAX_LINES);
    link.lines = shown
        .map(|(name, value)| Line::Data(format!("{name} = {}", value::repr(value, 120))))
        .collect();
    more(&mut link.lines, params.len(), "parameters in Frames");
    link
}

fn more(lines: &mut Vec<Line>, all: usize, where_to: &str) {
    if all > MAX_LINES {
        lines.push(Line::Words(format!(
            "{} more {where_to}",
            format::count((all - MAX_LINES) as u64)
        )));
    }
}

/// The place of the handler in the user's code.
fn handler_place(detail: &TurnDetail) -> Option<String> {
    let view = detail.view.as_ref()?;
    let event = detail.turn.event.as_deref();
    let found = view
        .handlers
        .iter()
        .find(|handler| Some(handler.name.as_str()) == event);
    let (file, line) = match found {
        Some(handler) => (handler.file.as_ref()?, handler.line),
        None => (view.file.as_ref()?, view.line),
    };
    Some(format::place(file, line.map(u64::from)))
}

fn handler(detail: &TurnDetail) -> Link {
    let turn = &detail.turn;
    let name = detail
        .spans
        .iter()
        .find(|span| span.kind == SpanKind::Handler)
        .map(|span| span.name.clone());
    let mut link = match (&name, &turn.exception) {
        (Some(name), Some(exception)) => {
            let mut link = link("handler", State::Broken, call(name));
            link.lines.push(Line::Data(format!(
                "{}: {}",
                short_class(&exception.class),
                exception.message
            )));
            link
        }
        (None, Some(exception)) => link(
            "handler",
            State::Broken,
            format!("raised {}", short_class(&exception.class)),
        ),
        (Some(name), None) => link("handler", State::Ran, call(name)),
        (None, None) if detail.spans.is_empty() => link("handler", State::Unknown, "not seen"),
        (None, None) if turn.kind == TurnKind::Event && has_no_effect(detail) => {
            link("handler", State::Broken, "no handler ran")
        }
        (None, None) if turn.kind != TurnKind::Event => link("handler", State::Idle, "none"),
        (None, None) => link("handler", State::Unknown, "not seen"),
    };
    if !matches!(link.state, State::Idle | State::Unknown) {
        link.note = handler_place(detail).unwrap_or_default();
    }
    link.us = time_of(detail, SpanKind::Handler);
    let queries = detail
        .spans
        .iter()
        .filter(|span| span.kind == SpanKind::Sql)
        .count();
    if queries > 0 {
        let time = time_of(detail, SpanKind::Sql).unwrap_or_default();
        link.lines.push(Line::Words(format!(
            "{} in this turn, {}",
            format::counted(queries as u64, "query", "queries"),
            format::ms(time)
        )));
    }
    link
}

fn call(name: &str) -> String {
    if name.ends_with(')') {
        name.to_owned()
    } else {
        format!("{name}()")
    }
}

fn short_class(class: &str) -> &str {
    class.rsplit('.').next().unwrap_or(class)
}

fn changed(detail: &TurnDetail) -> Link {
    let Some(names) = detail.turn.changed.as_deref() else {
        return match (&detail.before, &detail.after) {
            (None, Some(first)) => {
                let names = (first.public.len() + first.private.len()) as u64;
                let title = format!("first state, {}", format::counted(names, "name", "names"));
                link("changed", State::Ran, title)
            }
            _ => link("changed", State::Unknown, "not seen"),
        };
    };
    if names.is_empty() {
        // The page can change all the same: what a template shows need not be state.
        let state = if has_no_effect(detail) {
            State::Broken
        } else {
            State::Idle
        };
        return link("changed", state, "no key changed");
    }
    let mut link = link("changed", State::Ran, names.join("  "));
    link.note = format::counted(detail.changes.len() as u64, "difference", "differences");
    link.lines = (0..detail.changes.len().min(MAX_LINES))
        .map(Line::Change)
        .collect();
    more(&mut link.lines, detail.changes.len(), "in State");
    link
}

fn template(detail: &TurnDetail) -> Link {
    let turn = &detail.turn;
    let template = detail.view.as_ref().and_then(|view| view.template.as_ref());
    let name = template.map_or("template", |template| {
        template.name.as_deref().unwrap_or("inline template")
    });
    let was_rendered = [SpanKind::Render, SpanKind::Template]
        .into_iter()
        .any(|kind| has_span(detail, kind));
    if !was_rendered {
        let has_changed = turn.changed.as_ref().is_some_and(|names| !names.is_empty());
        return match (detail.spans.is_empty(), has_changed && has_no_effect(detail)) {
            (true, _) => link("template", State::Unknown, "not seen"),
            (false, true) => link("template", State::Broken, "not rendered"),
            (false, false) => link("template", State::Idle, "not rendered"),
        };
    }
    let mut link = link("template", State::Ran, name);
    if let Some(names) = &turn.context {
        link.note = format::counted(names.len() as u64, "name in context", "names in context");
    }
    match turn.rendered.as_deref() {
        None => {}
        Some([]) => link
            .lines
            .push(Line::Data("nothing new was given to the renderer".to_owned())),
        Some(names) => link
            .lines
            .push(Line::Data(format!("given to the renderer: {}", names.join(", ")))),
    }
    let render = time_of(detail, SpanKind::Render).or_else(|| time_of(detail, SpanKind::Template));
    let context = time_of(detail, SpanKind::Context);
    link.us = [render, context].into_iter().flatten().reduce(|a, b| a + b);
    link
}

fn patches(detail: &TurnDetail) -> Link {
    let turn = &detail.turn;
    let mut link = match (turn.outcome, turn.patches) {
        (Outcome::FullHtml, _) => link("patches", State::Dear, "full HTML instead of patches"),
        (Outcome::Mounted | Outcome::Recovered, _) => link("patches", State::Ran, "whole HTML"),
        (Outcome::EmptyPatch, _) | (_, Some(0)) => link("patches", State::Broken, "0 patches"),
        (_, Some(count)) => link(
            "patches",
            State::Ran,
            format::counted(count.into(), "patch", "patches"),
        ),
        (_, None) => link("patches", State::Idle, "none"),
    };
    if let Some(reason) = turn
        .full_html
        .as_ref()
        .map(|full| full.reason.as_str())
        .filter(|reason| !reason.is_empty())
        && turn.outcome == Outcome::FullHtml
    {
        link.note = format!("reason: {reason}");
    }
    if !detail.patches.is_empty() {
        link.lines = detail
            .patches
            .iter()
            .take(4)
            .map(|patch| Line::Data(patch.summary.clone()))
            .collect();
        if detail.patches.len() > 4 {
            link.lines.push(Line::Words(format!(
                "{} more in Patches",
                detail.patches.len() - 4
            )));
        }
        link.us = time_of(detail, SpanKind::Diff);
    }
    link
}

fn browser(detail: &TurnDetail) -> Link {
    let to_browser = detail
        .frames
        .iter()
        .filter(|frame| frame.direction == Direction::ToBrowser);
    let sent: Vec<_> = to_browser.filter(|frame| !frame.kind.is_empty()).collect();
    let state = match (sent.is_empty(), detail.turn.outcome, &detail.http) {
        (false, ..) => State::Ran,
        (true, _, Some(_)) => State::Ran,
        (true, Outcome::Silent | Outcome::Unanswered, _) => State::Broken,
        (true, ..) => State::Idle,
    };
    let title = match (sent.as_slice(), &detail.http) {
        ([], Some(http)) => format!("{} {} {}", http.method, http.status, http.url),
        ([], None) => "nothing sent".to_owned(),
        (frames, _) => {
            let mut kinds: Vec<&str> = frames.iter().map(|frame| frame.kind.as_str()).collect();
            kinds.dedup();
            kinds.join(", ")
        }
    };
    let mut link = link("browser", state, title);
    if !sent.is_empty() {
        let size = format::size(sent.iter().map(|frame| frame.length).sum());
        let version = detail
            .turn
            .version
            .map(|version| format!(", version {version}"))
            .unwrap_or_default();
        link.note = format!("{size}{version}");
    }
    if let Some(failed) = told_by_browser(detail, "failed")
        .and_then(Value::as_u64)
        .filter(|failed| *failed > 0)
    {
        link.state = State::Broken;
        let patches = format::counted(failed, "patch", "patches");
        link.lines
            .push(Line::Words(format!("{patches} found nothing to change")));
    }
    let times = [SpanKind::Send, SpanKind::Wire, SpanKind::Client].map(|kind| time_of(detail, kind));
    link.us = times.into_iter().flatten().reduce(|a, b| a + b);
    link
}

/// What the recording itself says for certain; nothing for a turn that did what it should.
pub fn verdict(detail: &TurnDetail) -> Option<Verdict> {
    let turn = &detail.turn;
    if let Some(exception) = &turn.exception {
        let place = exception
            .frames
            .last()
            .map(|frame| format::place(&frame.file, Some(frame.line.into())));
        let within = exception
            .frames
            .last()
            .map(|frame| format!(" in {}()", frame.function))
            .unwrap_or_default();
        let headline = format!("{}{within}", short_class(&exception.class));
        let text = place
            .into_iter()
            .chain([format::one_line(&exception.message, 300)])
            .collect::<Vec<_>>()
            .join(" · ");
        return Some(Verdict { headline, text });
    }
    let changed = turn.changed.as_deref();
    let (headline, text) = match (turn.outcome, changed) {
        (Outcome::Error, _) => (
            "The server answered with an error".to_owned(),
            turn.error.clone().unwrap_or_default(),
        ),
        (Outcome::EmptyPatch, Some(names)) if !names.is_empty() => (
            format!("{} changed, and the patch is empty", listed(names)),
            "The rendered page is the same as before".to_owned(),
        ),
        (Outcome::EmptyPatch, _) => (
            "The patch is empty".to_owned(),
            "The page stays as it is".to_owned(),
        ),
        (Outcome::Noop, Some([])) => (
            "No key changed, so nothing was rendered".to_owned(),
            "djust answered with noop".to_owned(),
        ),
        (Outcome::Noop, Some(names)) if names.iter().all(|name| name.starts_with('_')) => (
            format!("Only private names changed: {}", listed(names)),
            "They are never in the template context; djust answered with noop".to_owned(),
        ),
        (Outcome::Noop, Some(names)) => (
            format!("{} changed, and djust answered with noop", listed(names)),
            String::new(),
        ),
        (Outcome::FullHtml, _) => (
            "The whole HTML was sent instead of patches".to_owned(),
            full_html(detail),
        ),
        (Outcome::Recovered, _) => (
            "The browser asked for the whole HTML again".to_owned(),
            "A patch before this turn did not apply".to_owned(),
        ),
        (Outcome::Unanswered, _) => (
            "No answer".to_owned(),
            "The server is still at work, or the connection closed before it answered".to_owned(),
        ),
        _ => return None,
    };
    Some(Verdict { headline, text })
}

fn full_html(detail: &TurnDetail) -> String {
    let Some(full) = &detail.turn.full_html else {
        return String::new();
    };
    let mut parts = vec![format!("djust's reason: {}", full.reason)];
    if let Some(size) = full.html_size {
        parts.push(format::counted(size, "character", "characters"));
    }
    if let Some(count) = full.patch_count.filter(|count| *count > 0) {
        parts.push(format!("{} given up", format::counted(count, "patch", "patches")));
    }
    parts.join(" · ")
}

fn listed(names: &[String]) -> String {
    match names {
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
        [] => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use djscope_hub::model::{Span, Turn};
    use serde_json::json;

    use super::*;

    fn told(failed: u64) -> TurnDetail {
        let mut turn = Turn::begun(1, TurnKind::Event, 0);
        turn.event = Some("add".to_owned());
        turn.reference = Some(3);
        turn.outcome = Outcome::Patched;
        turn.patches = Some(4);
        let span = Span {
            span: 1,
            parent: None,
            kind: SpanKind::Client,
            name: "browser".to_owned(),
            start_us: 100,
            duration_us: 1_900,
            detail: json!({"failed": failed, "element": "button#add"}),
        };
        TurnDetail {
            turn,
            connection: None,
            view: None,
            before: None,
            after: None,
            handed: None,
            changes: Vec::new(),
            frames: Vec::new(),
            patches: Vec::new(),
            spans: vec![span],
            logs: Vec::new(),
            http: None,
            left_out: Vec::new(),
        }
    }

    #[test]
    fn what_the_browser_tells_is_in_the_chain() {
        let links = links(&told(0));
        assert_eq!(links[0].note, "event, ref 3, button#add");
        assert_eq!((links[5].us, links[5].lines.len()), (Some(1_900), 0));
        assert!(!was_probed(&told(0)), "a browser is no probe");
    }

    #[test]
    fn patches_that_failed_break_the_chain() {
        let links = links(&told(2));
        assert_eq!(links[5].state, State::Broken);
        assert!(
            matches!(&links[5].lines[..], [Line::Words(text)] if text == "2 patches found nothing to change")
        );
    }
}
