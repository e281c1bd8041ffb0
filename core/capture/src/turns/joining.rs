//! What a probe reports of a turn, joined to what the wire showed of it.

use djscope_recording::model::{LogRecord, Micros, Outcome, Span, SpanKind, Turn, TurnId, TurnKind};
use djscope_recording::{Entry, Keyframe};
use serde_json::Value;

use super::connection::{ConnectionTurns, LiveTurn};
use super::silence::Silence;
use super::states::States;
use super::threads::Threads;
use super::views::Views;
use crate::probe::{ProbeSpan, ProbeTurn, TurnLog};

/// A start this far from the cause is a clock that jumped, not a wait.
const LONGEST_QUEUE_US: Micros = 60_000_000;

/// What the same clock may differ by, read in two processes.
const CLOCKS_DIFFER_US: Micros = 1_000;

/// The turn of `connection` that `report` is about. None if the wire has not shown it yet, or never will.
pub fn find(connection: &mut ConnectionTurns, report: &ProbeTurn) -> Option<TurnId> {
    if is_embedded_mount(report) {
        return None;
    }
    let kind = TurnKind::from_name(&report.kind);
    let mut open: Vec<&mut LiveTurn> = connection.turns().filter(|live| !live.is_reported).collect();
    let number = |live: &&mut LiveTurn| live.turn.turn;
    let by_reference = report.reference.and_then(|reference| {
        open.iter()
            .rfind(|live| live.turn.reference == Some(reference) && live.turn.kind == kind)
            .map(number)
    });
    let versions = || report.sent.iter().filter_map(|frame| frame.version);
    let by_version = || {
        open.iter()
            .rfind(|live| versions().any(|version| live.versions.contains(&version)))
            .map(number)
    };
    let found = by_reference.or_else(by_version).or_else(|| {
        let asked_for = matches!(
            kind,
            TurnKind::Mount
                | TurnKind::UrlChange
                | TurnKind::Recovery
                | TurnKind::TimeTravel
                | TurnKind::Event
                | TurnKind::Upload
        );
        let same_event = |live: &&&mut LiveTurn| {
            kind != TurnKind::Event || (live.turn.event == report.event && report.reference.is_none())
        };
        open.iter()
            .find(|live| asked_for && live.turn.kind == kind && same_event(live))
            .map(number)
    })?;
    if let Some(live) = open.iter_mut().find(|live| live.turn.turn == found) {
        live.is_reported = true;
    }
    Some(found)
}

/// An embedded view is mounted while its parent is; no frame of its own stands for it.
pub fn is_embedded_mount(report: &ProbeTurn) -> bool {
    report.parent.is_some() && report.kind == "mount"
}

/// What a turn misses whose state is a difference from one that was lost.
const BUILDS_ON_LOST: &str = "state: it builds on one that was lost";

/// What a turn misses whose values for the renderer are a difference from values that were lost.
const HANDED_BUILD_ON_LOST: &str = "values handed to the renderer: they build on values that were lost";

/// True if the state of `turn` could not be read because another was lost.
pub fn builds_on_lost(turn: &Turn) -> bool {
    let builds = |sentence: &String| sentence == BUILDS_ON_LOST || sentence == HANDED_BUILD_ON_LOST;
    turn.missing.iter().any(builds)
}

/// True if the wire can still show a frame of this turn.
pub fn may_be_seen(report: &ProbeTurn) -> bool {
    if is_embedded_mount(report) {
        return false;
    }
    let asked_for = !matches!(report.kind.as_str(), "tick" | "push" | "async" | "hot_reload");
    asked_for || report.sent.iter().any(|frame| frame.version.is_some())
}

/// A turn that only the probe saw.
pub fn unseen(number: TurnId, report: &ProbeTurn, t_us: Micros) -> Turn {
    Turn {
        view: report.class.clone(),
        event: report.event.clone(),
        params: report.params.clone(),
        reference: report.reference,
        duration_us: Some(report.duration_us),
        outcome: if report.exception.is_some() {
            Outcome::Error
        } else {
            Outcome::Silent
        },
        ..Turn::begun(number, TurnKind::from_name(&report.kind), t_us)
    }
}

/// When the server's own part of the turn began, and what the wire showed of its end.
#[derive(Clone, Copy, Debug)]
pub struct ServerTimes {
    /// Start at the server, from the start of the recording.
    pub start_us: Micros,
    /// When the proxy read the last frame of the turn.
    pub last_frame_us: Option<Micros>,
    /// True if the cause itself was seen on the wire.
    pub cause_seen: bool,
}

impl ServerTimes {
    /// When a turn that no frame has set off began: by the server's clock, or, if that jumped, by the time that
    /// passed at the server until it sent its first frame, `sent_us` after the start.
    fn own_start(self, sent_us: Option<Micros>) -> Micros {
        let (Some(seen_us), Some(sent_us)) = (self.last_frame_us, sent_us) else {
            return self.start_us;
        };
        let under_way = seen_us - sent_us - self.start_us;
        if (-CLOCKS_DIFFER_US..LONGEST_QUEUE_US).contains(&under_way) {
            self.start_us
        } else {
            seen_us - sent_us
        }
    }
}

/// Puts everything that `report` knows into `turn`, and gives what else has to be written. The turn itself is not among it.
pub fn join(
    turn: &mut Turn,
    report: ProbeTurn,
    times: ServerTimes,
    states: &mut States,
    views: &mut Views,
    threads: &mut Threads,
) -> Vec<Entry> {
    let pid = report.pid;
    let mut entries = Vec::new();
    if let Some(class) = &report.class {
        let is_mounted = turn.kind == TurnKind::Mount && report.parent.is_none();
        let asked = turn.view.as_deref().filter(|_| is_mounted);
        let renamed = asked.and_then(|asked| views.is_called(turn.connection, asked, class));
        entries.extend(renamed.map(Entry::View));
        let (number, new) = views.record(turn.connection, class);
        turn.view = Some(class.clone());
        turn.view_id = Some(number);
        entries.extend(new.map(Entry::View));
    }
    if turn.event.is_none() {
        turn.event.clone_from(&report.event);
    }
    if turn.params.is_null() {
        turn.params.clone_from(&report.params);
    }
    Silence::unmark(turn);
    turn.missing.extend(report.missing);
    if report.is_cut
        && let Some(view) = &report.view
    {
        states.lose(view);
    }
    if let Some(view) = &report.view {
        let mut lost = false;
        let mut take = |snapshot| {
            let taken = states.take(view, snapshot);
            if taken.incomplete {
                lost = true;
            }
            entries.extend(taken.delta.map(Entry::Snapshot));
            (taken.snapshot, taken.changed, taken.uncertain)
        };
        turn.before = report.before.and_then(|snapshot| take(snapshot).0);
        if let Some((after, changed, uncertain)) = report.after.map(take) {
            turn.after = after;
            if turn.before.is_some() && uncertain.is_empty() {
                turn.changed = Some(changed);
            } else if turn.before.is_some() {
                turn.missing.push(format!(
                    "changed names: {} cut, and may differ in what was left out",
                    named(&uncertain)
                ));
            }
        }
        if lost {
            turn.missing.push(BUILDS_ON_LOST.to_owned());
        }
        if let Some(handed) = report.handed {
            let taken = states.take_handed(view, handed);
            turn.handed = taken.snapshot;
            if taken.incomplete {
                turn.missing.push(HANDED_BUILD_ON_LOST.to_owned());
            }
            entries.extend(taken.delta.map(Entry::Snapshot));
        }
    }
    turn.context = report.context;
    turn.rendered = report.rendered;
    turn.djust = report.djust;
    turn.changed_keys = report.changed_keys;
    turn.work = report.work;
    turn.full_html = report.full_html;
    if let Some(exception) = &report.exception {
        turn.error
            .get_or_insert_with(|| format!("{}: {}", exception.class, exception.message));
        turn.outcome = Outcome::Error;
    }
    turn.exception = report.exception;
    if !times.cause_seen {
        turn.t_us = times.own_start(report.sent.first().map(|frame| frame.t_us));
        turn.duration_us = Some(times.last_frame_us.map_or(report.duration_us, |seen_us| {
            u64::try_from(seen_us - turn.t_us).unwrap_or(0)
        }));
    }
    let distance = times.start_us - turn.t_us;
    let agrees = (-CLOCKS_DIFFER_US..LONGEST_QUEUE_US).contains(&distance) || !times.cause_seen;
    let offset = if agrees && times.cause_seen {
        distance.max(0)
    } else {
        0
    };
    let sent_us = report.sent.last().map(|frame| frame.t_us);
    turn.sent = report.sent;
    let mut spans: Vec<Span> = report
        .spans
        .into_iter()
        .map(|span| self::span(span, offset))
        .collect();
    wait_from_the_cause(&mut spans, offset);
    threads.explain_wait(pid, turn.turn, turn.t_us, &mut spans);
    threads.worked(pid, turn.turn, turn.t_us, &spans);
    if let (Some(sent_us), Some(seen_us), true) = (sent_us, times.last_frame_us, agrees) {
        spans.extend(wire_span(spans.len(), sent_us + offset, seen_us - turn.t_us));
    }
    if !spans.is_empty() {
        entries.push(Entry::Spans {
            turn: turn.turn,
            spans,
        });
    }
    let start_us = turn.t_us + offset;
    entries.extend(
        report
            .logs
            .into_iter()
            .map(|log| Entry::Log(record(log, Some(turn.turn), start_us))),
    );
    if let Some(html) = report.html {
        let (connection, view_id) = (turn.connection, turn.view_id);
        entries.push(Entry::Keyframe(Keyframe {
            turn: turn.turn,
            connection,
            view_id,
            html,
        }));
    }
    entries
}

fn named(names: &[String]) -> String {
    let verb = if names.len() == 1 { "was" } else { "were" };
    format!("{} {verb}", names.join(", "))
}

fn span(span: ProbeSpan, offset: Micros) -> Span {
    Span {
        span: span.id,
        parent: span.parent,
        kind: SpanKind::from_name(&span.kind),
        name: span.name,
        start_us: span.start_us + offset,
        duration_us: span.duration_us,
        detail: span.detail,
    }
}

/// The name of the span from the cause to the start of the work.
const WAITING: &str = "waiting";

/// The wait begins when the proxy has read the cause, `offset` before the server looks at it: a frame waits for
/// the one before it without that anything of the server's own is called.
fn wait_from_the_cause(spans: &mut Vec<Span>, offset: Micros) {
    let Ok(wait_us) = u64::try_from(offset) else {
        return;
    };
    if let Some(queue) = spans.iter_mut().find(|span| span.kind == SpanKind::Queue) {
        queue.duration_us += wait_us;
        queue.start_us -= offset;
        WAITING.clone_into(&mut queue.name);
    } else if wait_us > 0 {
        spans.push(Span {
            span: u32::try_from(spans.len()).unwrap_or(u32::MAX),
            parent: None,
            kind: SpanKind::Queue,
            name: WAITING.to_owned(),
            start_us: 0,
            duration_us: wait_us,
            detail: Value::Null,
        });
    }
}

/// From the server's send to the proxy's read: the one phase that neither of them can time alone.
fn wire_span(index: usize, sent_us: Micros, seen_us: Micros) -> Option<Span> {
    let duration_us = u64::try_from(seen_us - sent_us)
        .ok()
        .filter(|length| *length > 0 && sent_us >= 0)?;
    Some(Span {
        span: u32::try_from(index).unwrap_or(u32::MAX),
        parent: None,
        kind: SpanKind::Wire,
        name: "server to proxy".to_owned(),
        start_us: sent_us,
        duration_us,
        detail: Value::Null,
    })
}

/// A log record as it is written.
pub fn record(log: TurnLog, turn: Option<TurnId>, start_us: Micros) -> LogRecord {
    LogRecord {
        turn,
        t_us: start_us + log.t_us,
        level: log.level,
        logger: log.logger,
        message: log.message,
        file: log.file,
        line: log.line,
        traceback: log.traceback,
    }
}
