//! From a changed state to the frames that tell the browser.

use std::sync::Arc;

use djscope_wire::{
    ErrorFrame, HtmlRecovery, HtmlUpdate, Noop, Patch, PatchFrame, ServerFrame, TimeTravelEntry,
    TimeTravelEvent, Timing,
};
use serde_json::{Map, Value as Json};

use super::{Busy, Output, Session, TaskId};
use crate::Raised;
use crate::application::Clock;
use crate::effects::Effects;
use crate::encoding::{encode, is_sensitive};
use crate::mounted::{Failure, Mounted, Rendered};
use crate::trace::{Exception, HtmlReason, NoChange, Outcome, Phase, Turn};
use djscope_template::value::Value;

/// With more patches than this, the whole page may be sent instead.
const MANY_PATCHES: usize = 100;

/// So much work may go on in the background for one connection.
const MAX_TASKS: usize = 256;

/// What an answer says of the turn that it ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Reply {
    pub source: Option<&'static str>,
    pub event_name: Option<Arc<str>>,
    pub reference: Option<i64>,
    /// The mark by which the browser finds the question that this answers (`@cache`).
    pub cache_request: Option<Json>,
    /// It goes to everybody who has the view open.
    pub broadcast: bool,
    /// Something is said even if nothing changed.
    pub always: bool,
    /// If nothing changed, nothing is said.
    pub silent: bool,
}

/// The whole state of a view.
pub(super) fn state_of(mounted: &Mounted) -> Vec<(Arc<str>, Value)> {
    mounted
        .instance
        .state()
        .map(|(name, value)| (Arc::clone(name), value.clone()))
        .collect()
}

impl Session {
    /// Renders what the turn changed and tells the browser.
    pub(super) fn answer(&mut self, reply: &Reply, mut turn: Turn, clock: &dyn Clock) {
        let application = Arc::clone(&self.application);
        let Some(mounted) = &mut self.mounted else { return };
        let (noticed, unnoticed) = mounted.take_changes();
        let effects = std::mem::take(&mut mounted.instance.effects);
        turn.changed = noticed;
        for name in &effects.changed_keys {
            if !turn.changed.contains(name) {
                turn.changed.push(Arc::clone(name));
            }
        }
        if self.traces {
            turn.after = state_of(mounted);
        }
        let names = (!turn.changed.is_empty()).then_some(&turn.changed[..]);
        if let Err(raised) = mounted.check_state(application.settings().debug && names.is_some(), names) {
            self.failed(&Failure::Raised(raised), reply, turn);
            return;
        }
        let is_quiet = turn.changed.is_empty() && !effects.force_full_html && !reply.always;
        let reason = if effects.skip_render {
            Some(NoChange::SkipRender)
        } else if !is_quiet {
            None
        } else if !unnoticed.is_empty() {
            Some(NoChange::Unnoticed)
        } else if !effects.pushed_events.is_empty() {
            Some(NoChange::OnlyPushed)
        } else {
            Some(NoChange::SameState)
        };
        let pause = effects.pause;
        let already_out = self.out.len();
        match reason {
            Some(reason) => self.say_nothing(reply, effects, reason, turn, clock),
            None => self.render(reply, effects, turn, clock),
        }
        if !pause.is_zero() {
            let now = clock.elapsed();
            self.busy = Some(Busy {
                since: now,
                until: now + pause,
                out: self.out.split_off(already_out),
            });
        }
    }

    fn say_nothing(
        &mut self,
        reply: &Reply,
        mut effects: Effects,
        reason: NoChange,
        mut turn: Turn,
        clock: &dyn Clock,
    ) {
        turn.outcome = Outcome::NoChange(reason);
        // djust pushes events after everything else, whatever else there is.
        let pushed = std::mem::take(&mut effects.pushed_events);
        let is_pending = !effects.tasks.is_empty();
        let name = reply.event_name.clone().unwrap_or_default();
        self.tell_state(reply, &turn, clock);
        self.do_effects(effects, &name, clock);
        if !reply.silent {
            let mut noop = Noop {
                source: reply.source.map(str::to_owned),
                event_name: reply.event_name.as_deref().map(str::to_owned),
                reference: reply.reference,
                async_pending: is_pending.then_some(true),
                ..Noop::default()
            };
            self.explain(&mut noop.other, reason);
            self.send(ServerFrame::Noop(noop));
        }
        for frame in pushed {
            self.send(frame);
        }
        self.trace(turn);
    }

    fn render(&mut self, reply: &Reply, effects: Effects, mut turn: Turn, clock: &dyn Clock) {
        let Some(mounted) = &mut self.mounted else { return };
        // The page may say that the draft is to be thrown away.
        mounted.instance.effects.clear_draft = effects.clear_draft;
        let rendered = mounted.render(clock, &mut turn);
        mounted.instance.effects.clear_draft = false;
        let rendered = match rendered {
            Ok(rendered) => rendered,
            Err(failure) => {
                self.failed(&failure, reply, turn);
                return;
            }
        };
        self.tell_state(reply, &turn, clock);
        let body = body(rendered, effects.force_full_html, mounted_html(&self.mounted));
        turn.outcome = body.outcome();
        let frame = self.answer_frame(reply, body, &effects, &turn);
        turn.version = Some(self.version);
        self.send(frame);
        let name = reply.event_name.clone().unwrap_or_default();
        self.do_effects(effects, &name, clock);
        self.trace(turn);
    }

    fn answer_frame(&mut self, reply: &Reply, body: Body, effects: &Effects, turn: &Turn) -> ServerFrame {
        let debug = self.application.settings().debug;
        let mut other = Map::new();
        if let Some(mark) = &reply.cache_request {
            other.insert("cache_request_id".to_owned(), mark.clone());
        }
        if effects.reset_form {
            other.insert("reset_form".to_owned(), Json::Bool(true));
        }
        let async_pending = (!effects.tasks.is_empty()).then_some(true);
        let timing = (debug && reply.source == Some("event")).then(|| timing(turn));
        let (source, event_name) = (
            reply.source.map(str::to_owned),
            reply.event_name.as_deref().map(str::to_owned),
        );
        let version = self.next_version();
        match body {
            Body::Html(reason) => {
                if debug {
                    let reason = match reason {
                        HtmlReason::Compression => "patch_compression",
                        HtmlReason::Forced => "force_full_html",
                        HtmlReason::First => "first_render",
                    };
                    other.insert("reason".to_owned(), Json::from(reason));
                }
                ServerFrame::HtmlUpdate(HtmlUpdate {
                    html: mounted_html(&self.mounted).to_owned(),
                    version,
                    event_name,
                    source,
                    reference: reply.reference,
                    async_pending,
                    timing,
                    other,
                })
            }
            Body::Patches(patches, reason) => {
                if let Some(reason) = reason {
                    self.explain(&mut other, reason);
                }
                ServerFrame::Patch(PatchFrame {
                    patches,
                    version,
                    event_name,
                    source,
                    reference: reply.reference,
                    async_pending,
                    broadcast: reply.broadcast.then_some(true),
                    timing,
                    other,
                    ..PatchFrame::default()
                })
            }
        }
    }

    /// In debug mode an answer that changes nothing says why.
    fn explain(&self, other: &mut Map<String, Json>, reason: NoChange) {
        if self.application.settings().debug {
            other.insert("reason".to_owned(), Json::from(reason.text()));
        }
    }

    /// djust's `time_travel_event`, before the answer.
    fn tell_state(&mut self, reply: &Reply, turn: &Turn, clock: &dyn Clock) {
        if !self.application.settings().tells_state || !self.traces || reply.source != Some("event") {
            return;
        }
        let settings = self.application.settings();
        let json = |state: &[(Arc<str>, Value)]| -> Map<String, Json> {
            let public = state
                .iter()
                .filter(|(name, _)| !name.starts_with('_') && !is_sensitive(name));
            public
                .filter_map(|(name, value)| Some((name.to_string(), encode(value, settings.decimals).ok()?)))
                .collect()
        };
        let params = encode(&Value::from(turn.arguments.clone()), settings.decimals).unwrap_or_default();
        let entry = TimeTravelEntry {
            event_name: reply.event_name.as_deref().unwrap_or_default().to_owned(),
            params,
            reference: reply.reference,
            ts: clock.timestamp().as_microsecond() as f64 / 1e6,
            state_before: json(&turn.before),
            state_after: json(&turn.after),
            ..TimeTravelEntry::default()
        };
        self.send(ServerFrame::TimeTravelEvent(TimeTravelEvent {
            entry,
            branch_id: Some("main".to_owned()),
            ..TimeTravelEvent::default()
        }));
    }

    /// Sends what a turn asked for beside its render, in djust's order, and starts its work.
    pub(super) fn do_effects(&mut self, effects: Effects, event: &str, clock: &dyn Clock) {
        let in_order = [
            effects.streams,
            effects.flash,
            effects.metadata,
            effects.navigation,
            effects.accessibility,
            effects.pushed_events,
        ];
        for frame in in_order.into_iter().flatten() {
            self.send(frame);
        }
        let room = MAX_TASKS.saturating_sub(self.tasks.len());
        if effects.tasks.len() > room {
            self.error("Too much work in the background, some of it is not done");
        }
        for task in effects.tasks.into_iter().take(room) {
            self.last_task += 1;
            let id = TaskId(self.last_task);
            self.tasks.insert(id, (event.into(), task.done));
            if task.after.is_zero() {
                self.out.push(Output::Run(id, task.work));
            } else {
                self.delayed.push((clock.elapsed() + task.after, id, task.work));
            }
        }
        self.out.extend(effects.pushes.into_iter().map(Output::Push));
    }

    /// A method of the view raised something: the browser is told, and the page stays as it was.
    pub(super) fn raised(&mut self, raised: &Raised, place: &str, reply: Option<&Reply>, mut turn: Turn) {
        let class = self
            .mounted
            .as_ref()
            .map_or("", |mounted| mounted.registered.declaration().class_name());
        let message = if self.application.settings().debug {
            format!("Error in {class}.{place}(): {raised}")
        } else {
            "An error occurred processing your request.".to_owned()
        };
        turn.exception = Some(Exception {
            class: raised.class.to_string(),
            message: raised.message.clone(),
            place: format!("{class}.{place}"),
        });
        self.fail_turn(message, reply, turn);
    }

    fn failed(&mut self, failure: &Failure, reply: &Reply, mut turn: Turn) {
        turn.exception = failure.exception("render");
        let message = failure.message(self.application.settings().debug, "render");
        self.fail_turn(message, Some(reply), turn);
    }

    fn fail_turn(&mut self, message: String, reply: Option<&Reply>, turn: Turn) {
        if let Some(mounted) = &mut self.mounted {
            // What had been changed stays changed, as in Python, where nothing is rolled back; what had been asked for
            // beside is not done.
            mounted.instance.effects = Effects::default();
            mounted.instance.take_touched();
        }
        let debug = self.application.settings().debug;
        let event = reply
            .and_then(|reply| reply.event_name.as_deref())
            .filter(|_| debug);
        let frame = ErrorFrame {
            error: message,
            event: event.map(str::to_owned),
            ..ErrorFrame::default()
        };
        self.end_with_error(frame, reply, turn);
    }

    /// Ends a turn with an error. Unlike djust's it says which event it answers.
    pub(super) fn end_with_error(&mut self, mut frame: ErrorFrame, reply: Option<&Reply>, mut turn: Turn) {
        if let Some(reference) = reply.and_then(|reply| reply.reference) {
            frame.other.insert("ref".to_owned(), Json::from(reference));
        }
        turn.outcome = Outcome::Error(frame.error.clone());
        self.send(ServerFrame::Error(frame));
        self.trace(turn);
    }

    /// The browser has lost the thread and wants the whole page.
    pub(super) fn recover(&mut self) {
        if self.mounted.is_none() {
            self.send(ServerFrame::Error(ErrorFrame {
                error:
                    "Recovery HTML unavailable — the server may have restarted. A page reload will fix this."
                        .to_owned(),
                recoverable: Some(false),
                ..ErrorFrame::default()
            }));
            return;
        }
        self.send(ServerFrame::HtmlRecovery(HtmlRecovery {
            html: mounted_html(&self.mounted).to_owned(),
            version: Some(self.version),
            ..HtmlRecovery::default()
        }));
    }
}

/// What an answer tells of the page.
enum Body {
    Patches(Vec<Patch>, Option<NoChange>),
    Html(HtmlReason),
}

impl Body {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Patches(_, Some(reason)) => Outcome::NoChange(*reason),
            Self::Patches(patches, None) => Outcome::Patches(patches.len()),
            Self::Html(reason) => Outcome::Html(*reason),
        }
    }
}

fn mounted_html(mounted: &Option<Mounted>) -> &str {
    mounted.as_ref().map_or("", Mounted::html)
}

/// The patches, or the whole page if that was asked for or is much smaller.
fn body(rendered: Rendered, is_forced: bool, html: &str) -> Body {
    match rendered {
        _ if is_forced => Body::Html(HtmlReason::Forced),
        Rendered::First => Body::Html(HtmlReason::First),
        Rendered::Patches(patches, reason) => {
            if patches.len() > MANY_PATCHES {
                let bytes = serde_json::to_string(&patches).map_or(0, |json| json.len());
                if (html.len() as f64) < 0.7 * bytes as f64 {
                    return Body::Html(HtmlReason::Compression);
                }
            }
            Body::Patches(patches, reason)
        }
    }
}

/// As djust measures: the render with all that belongs to it.
fn timing(turn: &Turn) -> Timing {
    let render: f64 = turn
        .spans
        .iter()
        .filter(|span| span.phase != Phase::Handler)
        .map(|span| span.duration.as_secs_f64() * 1000.0)
        .sum();
    Timing {
        render: Some(render),
        ..Timing::default()
    }
}
