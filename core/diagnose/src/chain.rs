//! The cause chain of a turn: what led to what, and the link at which it broke.
//!
//! It says what the recording says. Where nothing was seen, the link is unknown, not broken.

use djscope_recording::model::{
    Change, ChangeKind, Direction, Outcome, Scope, Snapshot, SpanKind, TurnDetail, TurnKind, changes_between,
};
use djscope_report::words::{self, short_class};
use djscope_report::{units, value};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Lines that a link shows at most.
pub const MAX_LINES: usize = 8;

/// Bytes of a value in a line.
const MAX_VALUE_BYTES: usize = 90;

/// How far the turn got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// It happened.
    Ran,
    /// It happened, in a way that costs more than it should.
    Costly,
    /// The chain ends here.
    Broken,
    /// The chain had ended before.
    Idle,
    /// Nobody looked.
    Unknown,
}

/// A line below a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// A difference between the states before and after.
    Change {
        /// Public or private.
        scope: Scope,
        /// Names and list indices from the top.
        path: Vec<String>,
        /// How it differs.
        kind: ChangeKind,
        /// The value before, as Python prints it, cut.
        before: Option<String>,
        /// The value after, as Python prints it, cut.
        after: Option<String>,
    },
    /// Data, in monospace.
    Data(String),
    /// Words.
    Words(String),
}

/// One link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What kind of link.
    pub name: String,
    /// How far the turn got.
    pub state: LinkState,
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

/// How many names the states of a turn have, as far as they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateNames {
    /// That before the turn.
    pub before: Option<usize>,
    /// That after it.
    pub after: Option<usize>,
}

impl StateNames {
    /// Those of the states of a turn.
    pub fn of(detail: &TurnDetail) -> Self {
        let count = |state: &Option<Snapshot>| {
            state
                .as_ref()
                .map(|state| state.public.len() + state.private.len())
        };
        Self {
            before: count(&detail.before),
            after: count(&detail.after),
        }
    }
}

/// True if a probe reported anything about the turn.
pub fn was_probed(detail: &TurnDetail, names: StateNames) -> bool {
    detail.spans.iter().any(|span| span.kind != SpanKind::Client)
        || detail.turn.changed.is_some()
        || names.before.is_some()
        || names.after.is_some()
}

/// The event, or the class of the view: what the turn is about in one word.
pub fn subject(detail: &TurnDetail) -> String {
    let turn = &detail.turn;
    let view = turn.view.as_deref().map(short_class);
    turn.event.as_deref().or(view).unwrap_or_default().to_owned()
}

/// The links, from the cause to the browser.
pub fn links(detail: &TurnDetail, states: StateNames) -> Vec<Link> {
    let mut links = vec![
        cause(detail),
        handler(detail),
        changed(detail, states),
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
    if let Some(broken) = links.iter().position(|link| link.state == LinkState::Broken) {
        for link in &mut links[broken + 1..] {
            // What was seen to happen stays; an error frame still reaches the browser.
            if matches!(link.state, LinkState::Broken | LinkState::Unknown) {
                link.state = LinkState::Idle;
            }
        }
    }
    links
}

fn link(name: &'static str, state: LinkState, title: impl Into<String>) -> Link {
    Link {
        name: name.to_owned(),
        state,
        title: title.into(),
        note: String::new(),
        us: None,
        kind: None,
        lines: Vec::new(),
    }
}

/// What the browser has reported of its work on the turn's frame, if it reports.
fn told_by_browser<'a>(detail: &'a TurnDetail, what: &str) -> Option<&'a Value> {
    let mut reported = detail.spans.iter().filter(|span| span.kind == SpanKind::Client);
    reported.find_map(|span| span.detail.get(what))
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
        kind if event.is_empty() => words::kind(kind).to_owned(),
        kind => format!("{} {event}", words::kind(kind)),
    };
    let mut link = link("cause", LinkState::Ran, title);
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
        .map(|(name, value)| Line::Data(format!("{name} = {}", value::repr(*value, 120))))
        .collect();
    more(&mut link.lines, params.len(), "parameters in Frames");
    link
}

fn more(lines: &mut Vec<Line>, all: usize, where_to: &str) {
    if all > MAX_LINES {
        lines.push(Line::Words(format!(
            "{} more {where_to}",
            units::count((all - MAX_LINES) as u64)
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
    Some(units::place(file, line.map(u64::from)))
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
            let mut link = link("handler", LinkState::Broken, call(name));
            link.lines.push(Line::Data(format!(
                "{}: {}",
                short_class(&exception.class),
                exception.message
            )));
            link
        }
        (None, Some(exception)) => link(
            "handler",
            LinkState::Broken,
            format!("raised {}", short_class(&exception.class)),
        ),
        (Some(name), None) => link("handler", LinkState::Ran, call(name)),
        (None, None) if detail.spans.is_empty() => link("handler", LinkState::Unknown, "not seen"),
        (None, None) if turn.kind == TurnKind::Event && has_no_effect(detail) => {
            link("handler", LinkState::Broken, "no handler ran")
        }
        (None, None) if turn.kind != TurnKind::Event => link("handler", LinkState::Idle, "none"),
        (None, None) => link("handler", LinkState::Unknown, "not seen"),
    };
    if !matches!(link.state, LinkState::Idle | LinkState::Unknown) {
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
            units::counted(queries as u64, "query", "queries"),
            units::ms(time)
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

fn changed(detail: &TurnDetail, states: StateNames) -> Link {
    let Some(names) = detail.turn.changed.as_deref() else {
        return match (states.before, states.after) {
            (None, Some(first)) => {
                let title = format!("first state, {}", units::counted(first as u64, "name", "names"));
                link("changed", LinkState::Ran, title)
            }
            _ => likely_changed(detail),
        };
    };
    if names.is_empty() {
        // The page can change all the same: what a template shows need not be state.
        let state = if has_no_effect(detail) {
            LinkState::Broken
        } else {
            LinkState::Idle
        };
        return link("changed", state, "no key changed");
    }
    let mut link = link("changed", LinkState::Ran, names.join("  "));
    link.note = units::counted(detail.changes.len() as u64, "difference", "differences");
    link.lines = detail.changes.iter().take(MAX_LINES).map(change_line).collect();
    more(&mut link.lines, detail.changes.len(), "in State");
    link
}

/// What changed as far as djust itself showed it. The link stays unknown: it is less than the state.
fn likely_changed(detail: &TurnDetail) -> Link {
    let (before, after, Some(source)) = detail.shown_states() else {
        return link("changed", LinkState::Unknown, "not seen");
    };
    let names = detail
        .turn
        .debug_state
        .as_ref()
        .and_then(|shown| shown.changed.as_deref());
    let title = match names {
        None => "not known: no state was shown before".to_owned(),
        Some([]) => "likely no key changed".to_owned(),
        Some(names) => format!("likely {}", names.join("  ")),
    };
    let mut link = link("changed", LinkState::Unknown, title);
    source.words().clone_into(&mut link.note);
    if let (Some(before), Some(after), Some(_)) = (before, after, names) {
        let changes = changes_between(before, after);
        link.lines = changes.iter().take(MAX_LINES).map(change_line).collect();
        more(&mut link.lines, changes.len(), "in State");
    }
    link
}

fn change_line(change: &Change) -> Line {
    let shown = |value: &Option<Value>| value.as_ref().map(|value| value::repr(value, MAX_VALUE_BYTES));
    Line::Change {
        scope: change.scope,
        path: change.path.clone(),
        kind: change.kind,
        before: shown(&change.before),
        after: shown(&change.after),
    }
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
            (true, _) => link("template", LinkState::Unknown, "not seen"),
            (false, true) => link("template", LinkState::Broken, "not rendered"),
            (false, false) => link("template", LinkState::Idle, "not rendered"),
        };
    }
    let mut link = link("template", LinkState::Ran, name);
    if let Some(names) = &turn.context {
        link.note = units::counted(names.len() as u64, "name in context", "names in context");
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
        (Outcome::FullHtml, _) => link("patches", LinkState::Costly, "full HTML instead of patches"),
        (Outcome::Mounted | Outcome::Recovered, _) => link("patches", LinkState::Ran, "whole HTML"),
        (Outcome::EmptyPatch, _) | (_, Some(0)) => link("patches", LinkState::Broken, "0 patches"),
        (_, Some(count)) => link(
            "patches",
            LinkState::Ran,
            units::counted(count.into(), "patch", "patches"),
        ),
        (_, None) => link("patches", LinkState::Idle, "none"),
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
        (false, ..) => LinkState::Ran,
        (true, _, Some(_)) => LinkState::Ran,
        (true, Outcome::Silent | Outcome::Unanswered, _) => LinkState::Broken,
        (true, ..) => LinkState::Idle,
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
        let size = units::size(sent.iter().map(|frame| frame.length).sum());
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
        link.state = LinkState::Broken;
        let patches = units::counted(failed, "patch", "patches");
        link.lines
            .push(Line::Words(format!("{patches} found nothing to change")));
    }
    let times = [SpanKind::Send, SpanKind::Wire, SpanKind::Client].map(|kind| time_of(detail, kind));
    link.us = times.into_iter().flatten().reduce(|a, b| a + b);
    link
}

#[cfg(test)]
mod tests {
    use djscope_recording::model::{Span, Turn};
    use serde_json::json;

    use super::*;

    fn reported(failed: u64) -> TurnDetail {
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
            spans: vec![span],
            ..TurnDetail::of(turn)
        }
    }

    #[test]
    fn what_the_browser_tells_is_in_the_chain() {
        let links = links(&reported(0), StateNames::default());
        assert_eq!(links[0].note, "event, ref 3, button#add");
        assert_eq!((links[5].us, links[5].lines.len()), (Some(1_900), 0));
        assert!(
            !was_probed(&reported(0), StateNames::default()),
            "a browser is no probe"
        );
    }

    #[test]
    fn patches_that_failed_break_the_chain() {
        let links = links(&reported(2), StateNames::default());
        assert_eq!(links[5].state, LinkState::Broken);
        assert!(
            matches!(&links[5].lines[..], [Line::Words(text)] if text == "2 patches found nothing to change")
        );
    }
}
