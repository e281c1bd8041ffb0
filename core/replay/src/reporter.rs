//! Turns of the engine, reported as a probe reports those of djust.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use djscope_capture::probe::{Hello, ProbeMessage, ProbeSnapshot, ProbeSpan, ProbeTurn, ProbeView, VERSION};
use djscope_capture::run::Report;
use djscope_live::trace::{Cause, HtmlReason, Outcome, Phase, Turn};
use djscope_live::{Application, Handler, ParameterType, Registered};
use djscope_recording::model;
use djscope_template::family::Kinship;
use djscope_template::value::Value;
use serde_json::{Map, Value as Json, json};

/// Reports turns of live views in Rust to a recorder.
pub struct Reporter {
    send: Report,
    last_turn: AtomicU64,
    /// By session the view that is mounted.
    mounted: Mutex<HashMap<String, Mounted>>,
}

/// A view of which turns were reported.
#[derive(Default)]
struct Mounted {
    /// Which of its session it is.
    number: u64,
    /// The state that was reported last.
    state: Option<State>,
}

/// Names and values, which are shared with the view.
type State = Vec<(Arc<str>, Value)>;

impl Mounted {
    /// What has changed since the state that was reported last; all of it the first time.
    fn snapshot(&mut self, state: &State) -> ProbeSnapshot {
        let last = self.state.replace(state.clone());
        let mut snapshot = ProbeSnapshot {
            base: last.is_some(),
            ..ProbeSnapshot::default()
        };
        let last = last.unwrap_or_default();
        let value_in = |state: &State, name: &str| {
            let found = state.iter().find(|(known, _)| **known == *name);
            found.map(|(_, value)| value.clone())
        };
        for (name, value) in state {
            if value_in(&last, name).is_some_and(|known| known.same(value)) {
                continue;
            }
            let is_private = name.starts_with('_');
            let scope = if is_private {
                &mut snapshot.private
            } else {
                &mut snapshot.public
            };
            scope.insert(name.to_string(), value.to_json());
        }
        let gone = last.iter().filter(|(name, _)| value_in(state, name).is_none());
        snapshot.unset = gone.map(|(name, _)| name.to_string()).collect();
        snapshot
    }
}

impl Reporter {
    /// A reporter that has said who it is.
    pub fn new(send: Report) -> Self {
        send(ProbeMessage::Hello(Hello {
            protocol: VERSION,
            time_us: unix_us(),
            pid: std::process::id(),
            ..Hello::default()
        }));
        Self {
            send,
            last_turn: AtomicU64::new(0),
            mounted: Mutex::default(),
        }
    }

    /// The next state of every view is reported whole.
    pub fn forget_states(&self) {
        let mut mounted = self.mounted.lock().unwrap_or_else(PoisonError::into_inner);
        mounted.values_mut().for_each(|view| view.state = None);
    }

    /// Reports what the views of a site offer.
    pub fn report_views(&self, site: &Application) {
        for view in site.views() {
            (self.send)(ProbeMessage::View(Box::new(view_report(view))));
        }
    }

    /// Reports a turn that has just ended.
    pub fn report(&self, session: &str, turn: &Turn) {
        if turn.outcome == Outcome::Skipped {
            return;
        }
        let number = self.last_turn.fetch_add(1, Ordering::Relaxed) + 1;
        // Turns have to be reported in the order in which their states follow each other.
        let mut mounted = self.mounted.lock().unwrap_or_else(PoisonError::into_inner);
        if mounted.len() >= MAX_SESSIONS {
            mounted.clear();
        }
        let view = mounted.entry(session.to_owned()).or_default();
        if turn.cause == Cause::Mount {
            *view = Mounted {
                number: view.number + 1,
                state: None,
            };
        }
        let report = turn_report(number, session, view, turn);
        (self.send)(ProbeMessage::Turn(Box::new(report)));
    }
}

/// So many sessions are remembered before all are forgotten; then a view counts as a new one.
const MAX_SESSIONS: usize = 10_000;

fn unix_us() -> i64 {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(unix.as_micros()).unwrap_or(i64::MAX)
}

fn us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn view_report(registered: &Registered) -> ProbeView {
    let templates = registered.templates();
    let sources = templates.iter().map(|(template, kinship)| model::TemplateSource {
        name: template.name().map(str::to_owned),
        role: match kinship {
            Kinship::Itself => "self",
            Kinship::Extended => "extends",
            Kinship::Included => "include",
        }
        .to_owned(),
        source: template.source().to_owned(),
        ..model::TemplateSource::default()
    });
    ProbeView {
        class: registered.declaration().path.to_string(),
        handlers: registered
            .declaration()
            .handlers
            .iter()
            .map(handler_report)
            .collect(),
        template: Some(model::Template {
            name: templates
                .first()
                .and_then(|(template, _)| template.name().map(str::to_owned)),
            sources: sources.collect(),
        }),
        ..ProbeView::default()
    }
}

fn handler_report(handler: &Handler) -> model::Handler {
    let named = handler
        .signature
        .parameters
        .iter()
        .map(|parameter| model::HandlerParam {
            name: parameter.name.to_string(),
            annotation: annotation(&parameter.annotation),
            required: parameter.default.is_none(),
            default: parameter.default.as_ref().map(Value::repr),
        });
    let rest = handler.signature.takes_any.then(|| model::HandlerParam {
        name: "**kwargs".to_owned(),
        ..model::HandlerParam::default()
    });
    model::Handler {
        name: handler.name.to_string(),
        decorators: decorators(handler),
        params: named.chain(rest).collect(),
        ..model::Handler::default()
    }
}

fn annotation(annotation: &ParameterType) -> Option<String> {
    let name = match annotation {
        ParameterType::Any => return None,
        ParameterType::Int => "int",
        ParameterType::Float => "float",
        ParameterType::Bool => "bool",
        ParameterType::Str => "str",
        ParameterType::Decimal => "Decimal",
        ParameterType::Uuid => "UUID",
        ParameterType::List(_) => "list",
        ParameterType::Dict => "dict",
        ParameterType::Union(_) => "Optional",
    };
    Some(name.to_owned())
}

fn decorators(handler: &Handler) -> Json {
    let mut all = Map::new();
    if handler.is_event_handler {
        all.insert("event_handler".into(), json!({"coerce_types": handler.coerces}));
    }
    if let Some(debounce) = handler.debounce {
        all.insert(
            "debounce".into(),
            json!({"wait": debounce.wait_s, "max_wait": debounce.max_wait_s}),
        );
    }
    if let Some(throttle) = handler.throttle {
        all.insert("throttle".into(), json!({"interval": throttle.interval_s}));
    }
    if let Some(cache) = &handler.cache {
        all.insert("cache".into(), json!({"ttl": cache.ttl_s}));
    }
    if let Some(limit) = handler.rate_limit {
        all.insert(
            "rate_limit".into(),
            json!({"rate": limit.rate, "burst": limit.burst}),
        );
    }
    if let Some(permission) = &handler.permission {
        all.insert("permission_required".into(), json!(&**permission));
    }
    if handler.optimistic.is_some() {
        all.insert("optimistic".into(), json!(true));
    }
    Json::Object(all)
}

fn turn_report(number: u64, session: &str, view: &mut Mounted, turn: &Turn) -> ProbeTurn {
    let start = turn.spans.first().map_or(Duration::ZERO, |span| span.start);
    let end = turn.spans.last().map_or(start, |span| span.start + span.duration);
    let duration = end.saturating_sub(start);
    let (kind, event, reference) = cause(&turn.cause);
    let was_rendered = turn.spans.iter().any(|span| matches!(span.phase, Phase::Render));
    ProbeTurn {
        seq: number,
        transport: "ws".to_owned(),
        session_id: Some(session.to_owned()),
        view: Some(format!("{session}-{}", view.number)),
        class: turn.view.as_deref().map(str::to_owned),
        kind: kind.to_owned(),
        event,
        params: Value::from(turn.arguments.clone()).to_json(),
        reference,
        start_us: unix_us().saturating_sub_unsigned(us(duration)),
        duration_us: us(duration),
        before: (!turn.before.is_empty()).then(|| view.snapshot(&turn.before)),
        after: (!turn.after.is_empty()).then(|| view.snapshot(&turn.after)),
        rendered: was_rendered.then(|| turn.context_changed.iter().map(ToString::to_string).collect()),
        spans: spans(turn, start),
        exception: exception(turn),
        full_html: full_html(turn),
        sent: sent(turn, us(duration)),
        ..ProbeTurn::default()
    }
}

fn cause(cause: &Cause) -> (&'static str, Option<String>, Option<i64>) {
    match cause {
        Cause::Mount => ("mount", None, None),
        Cause::Event { name, reference } => ("event", Some(name.to_string()), *reference),
        Cause::UrlChange => ("url_change", None, None),
        Cause::Tick => ("tick", Some("handle_tick".to_owned()), None),
        Cause::Push => ("push", None, None),
        Cause::Async(event) => ("async", Some(event.to_string()), None),
    }
}

fn spans(turn: &Turn, start: Duration) -> Vec<ProbeSpan> {
    let method = match &turn.cause {
        Cause::Mount => "mount",
        Cause::Event { name, .. } | Cause::Async(name) => name,
        Cause::UrlChange => "handle_params",
        Cause::Tick => "handle_tick",
        Cause::Push => "push_to_view",
    };
    let kind = |phase| match phase {
        Phase::Mount => ("handler", "mount"),
        Phase::Handler => ("handler", method),
        Phase::Refresh => ("other", "refresh"),
        Phase::Context => ("context", "get_context_data"),
        Phase::Render => ("render", "render"),
    };
    turn.spans
        .iter()
        .enumerate()
        .map(|(number, span)| {
            let (kind, name) = kind(span.phase);
            ProbeSpan {
                id: u32::try_from(number).unwrap_or(u32::MAX),
                kind: kind.to_owned(),
                name: name.to_owned(),
                start_us: i64::try_from(us(span.start.saturating_sub(start))).unwrap_or(i64::MAX),
                duration_us: us(span.duration),
                ..ProbeSpan::default()
            }
        })
        .collect()
}

fn exception(turn: &Turn) -> Option<model::Exception> {
    let raised = turn.exception.as_ref()?;
    Some(model::Exception {
        class: raised.class.clone(),
        message: raised.message.clone(),
        traceback: format!("in {}\n{}: {}", raised.place, raised.class, raised.message),
        ..model::Exception::default()
    })
}

fn full_html(turn: &Turn) -> Option<model::FullHtml> {
    let reason = match turn.outcome {
        Outcome::Html(HtmlReason::Forced) => "force_full_html",
        Outcome::Html(HtmlReason::Compression) => "patch_compression",
        _ => return None,
    };
    Some(model::FullHtml {
        reason: reason.to_owned(),
        version: turn.version,
        ..model::FullHtml::default()
    })
}

/// The frame that the browser counts, by which the recorder finds the turn that nobody asked for.
fn sent(turn: &Turn, t_us: u64) -> Vec<model::SentFrame> {
    let kind = match turn.outcome {
        _ if turn.cause == Cause::Mount => "mount",
        Outcome::Html(_) => "html_update",
        _ => "patch",
    };
    let frame = turn.version.map(|version| model::SentFrame {
        kind: kind.to_owned(),
        version: Some(version),
        t_us: i64::try_from(t_us).unwrap_or(i64::MAX),
        ..model::SentFrame::default()
    });
    frame.into_iter().collect()
}
