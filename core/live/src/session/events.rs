//! Events: from what the browser sends to the handler (djust `runtime.py`, `websocket_utils.py`).

use std::sync::Arc;

use djscope_wire::{ErrorFrame, Event, TypeProblem, ValidationDetails};
use serde_json::{Map, Value as Json};

use super::answers::Reply;
use super::parameters::{plain, plain_fields};
use super::{CloseCode, NOT_MOUNTED, Session};
use crate::application::Clock;
use crate::encoding::{Decimals, encode};
use crate::mounted::{Mounted, timed};
use crate::trace::{Cause, Outcome, Phase, Turn};
use crate::{Arguments, Declaration, Refused, RefusedReason, is_event_name, near_names};
use djscope_template::value::{Dict, Value};

/// The event of `dj-model`.
const UPDATE_MODEL: &str = "update_model";

/// What a browser is told whose event passes `@rate_limit`.
const TOO_OFTEN: &str = "Rate limit exceeded, event dropped";

impl Session {
    pub(super) fn event(&mut self, event: Event, clock: &dyn Clock) {
        let Event {
            event: name,
            params,
            reference,
            ..
        } = event;
        let cause = Cause::Event {
            name: name.as_str().into(),
            reference,
        };
        let Some(mut turn) = self.begin(cause, clock) else {
            self.error(NOT_MOUNTED);
            return;
        };
        let sent = Sent::of(params);
        let reply = Reply {
            source: Some("event"),
            event_name: Some(name.as_str().into()),
            reference,
            cache_request: sent.cache_request.clone(),
            ..Reply::default()
        };
        let declares = |mounted: &Mounted| mounted.registered.declaration().handler(&name).is_some();
        if name == UPDATE_MODEL && !self.mounted.as_ref().is_some_and(declares) {
            self.model_write(&sent.named, &reply, turn, clock);
            return;
        }
        let start = clock.elapsed();
        match self.call(&name, &sent, &mut turn, clock) {
            Ok(()) => self.answer(&reply, turn, clock),
            Err(refusal) => self.refuse_event(refusal, &reply, turn),
        }
        self.skip_ticks(start, clock.elapsed());
    }

    /// Calls the handler of an event, if it may be called.
    fn call(&mut self, name: &str, sent: &Sent, turn: &mut Turn, clock: &dyn Clock) -> Result<(), Refusal> {
        let application = Arc::clone(&self.application);
        let Some(mounted) = &mut self.mounted else {
            return Ok(());
        };
        let registered = Arc::clone(&mounted.registered);
        let declaration = registered.declaration();
        if !is_event_name(name) {
            return Err(Refusal::Hidden(format!("Blocked unsafe event name: {name}")));
        }
        let Some(handler) = declaration.handler(name) else {
            return Err(Refusal::Hidden(not_found(declaration, name)));
        };
        if !handler.is_event_handler {
            return Err(Refusal::Hidden(not_decorated(declaration, name)));
        }
        let visitor = &mounted.instance.request().visitor;
        if let Some((is_taken, left)) = application.take_token(visitor, declaration, handler, clock.elapsed())
        {
            turn.tokens_left = Some(left);
            if !is_taken {
                return Err(Refusal::TooOften);
            }
        }
        if let Some(permission) = &handler.permission
            && !mounted.instance.request().user.may(permission)
        {
            return Err(Refusal::Worded("Permission denied".to_owned(), None));
        }
        if !registered.view.may_access(&mounted.instance) {
            let code = Some("permission_denied");
            return Err(Refusal::Worded("Access denied for this object.".to_owned(), code));
        }
        let bound = handler
            .signature
            .bind(&sent.named, &sent.positional, handler.coerces)
            .map_err(|refused| Refusal::Parameters(name.into(), Box::new(refused)))?;
        turn.near_misses = bound.near_misses;
        turn.arguments = bound.values.clone();
        let arguments = Arguments::new(bound.values, &handler.signature);
        let called = timed(clock, turn, Phase::Handler, || {
            registered
                .view
                .handle_event(&mut mounted.instance, handler, &arguments)
        });
        called.map_err(Refusal::Raised)?;
        // djust only changes the address; its documentation promises that the view learns of it.
        match mounted.instance.effects.patched_params.take() {
            Some(params) => {
                mounted.instance.request_mut().query = params.clone();
                let path = Arc::clone(&mounted.instance.request().path);
                let view = &registered.view;
                view.handle_params(&mut mounted.instance, &params, &path)
                    .map_err(Refusal::Raised)
            }
            None => Ok(()),
        }
    }

    /// The browser writes a field of the state.
    fn model_write(&mut self, sent: &Dict, reply: &Reply, mut turn: Turn, clock: &dyn Clock) {
        let Some(mounted) = &mut self.mounted else { return };
        let field = sent.get("field").map(|field| field.to_str().into_owned());
        let field = field.unwrap_or_default();
        let value = sent.get("value").cloned().unwrap_or_default();
        turn.arguments = sent.clone();
        let current = mounted.instance.find(&field);
        match mounted.registered.model_fields.write(&field, &value, current) {
            Ok(value) => {
                mounted.instance.set(&field, value);
                if !self.application.settings().model_writes_render {
                    mounted.instance.skip_render();
                }
                self.answer(reply, turn, clock);
            }
            Err(refused) => {
                let message = format!("[dj-model] Blocked attempt to set '{field}': {refused}");
                self.refuse_event(Refusal::Hidden(message), reply, turn);
            }
        }
    }

    fn refuse_event(&mut self, refusal: Refusal, reply: &Reply, mut turn: Turn) {
        let debug = self.application.settings().debug;
        let (error, code, details) = match refusal {
            Refusal::Raised(raised) => {
                let place = reply.event_name.clone().unwrap_or_default();
                self.raised(&raised, &place, Some(reply), turn);
                return;
            }
            Refusal::Hidden(message) if debug => (message, None, None),
            Refusal::Hidden(_) => ("Event rejected".to_owned(), None, None),
            Refusal::Worded(message, code) => (message, code, None),
            Refusal::Parameters(event, refused) => (refused.message(&event), None, Some(details(&refused))),
            Refusal::TooOften => {
                self.warnings += 1;
                if self.warnings >= self.application.settings().max_warnings {
                    turn.outcome = Outcome::Error(TOO_OFTEN.to_owned());
                    self.trace(turn);
                    self.close(CloseCode::TooMany);
                    return;
                }
                (TOO_OFTEN.to_owned(), None, None)
            }
        };
        let frame = ErrorFrame {
            error,
            code: code.map(str::to_owned),
            validation_details: details,
            ..ErrorFrame::default()
        };
        self.end_with_error(frame, Some(reply), turn);
    }
}

/// Why a handler was not called, or failed.
enum Refusal {
    /// Said in debug mode only.
    Hidden(String),
    /// Said to everybody, with a code.
    Worded(String, Option<&'static str>),
    /// The parameters do not fit.
    Parameters(Arc<str>, Box<Refused>),
    /// `@rate_limit`.
    TooOften,
    /// It raised something.
    Raised(crate::Raised),
}

/// What came with an event.
struct Sent {
    named: Dict,
    positional: Vec<Value>,
    cache_request: Option<Json>,
}

impl Sent {
    /// What belongs to the client and not to the handler is taken out.
    fn of(mut params: Map<String, Json>) -> Self {
        let cache_request = params.shift_remove("_cacheRequestId");
        let positional = match params.shift_remove("_args") {
            Some(Json::Array(arguments)) => arguments.iter().map(plain).collect(),
            _ => Vec::new(),
        };
        params.shift_remove("_activity");
        Self {
            named: plain_fields(&params),
            positional,
            cache_request,
        }
    }
}

/// djust's words, with the same three hints.
fn not_found(declaration: &Declaration, name: &str) -> String {
    let mut message = format!("No handler found for event: {name}");
    let public: Vec<&str> = declaration
        .handlers
        .iter()
        .map(|handler| &*handler.name)
        .filter(|name| !name.starts_with('_'))
        .collect();
    let near = near_names(name, &public);
    if !near.is_empty() {
        message.push_str(&format!("\n  Did you mean: {}?", near.join(", ")));
    }
    if declaration.handler(&format!("_{name}")).is_some() {
        message.push_str(&format!(
            "\n  Found '_{name}' (private). \
             Rename it to remove the leading underscore so it can be called as an event."
        ));
    }
    let mut handlers: Vec<&str> = declaration
        .handlers
        .iter()
        .filter(|handler| handler.is_event_handler && !handler.name.starts_with('_'))
        .map(|handler| &*handler.name)
        .collect();
    handlers.sort_unstable();
    if !handlers.is_empty() {
        message.push_str(&format!(
            "\n  Available handlers on {}: {}",
            declaration.class_name(),
            handlers.join(", ")
        ));
    }
    message
}

fn not_decorated(declaration: &Declaration, name: &str) -> String {
    format!(
        "Event '{name}' on {} is not decorated with @event_handler.\n  \
         Fix: Add the decorator:\n    @event_handler\n    def {name}(self, **kwargs):",
        declaration.class_name()
    )
}

fn details(refused: &Refused) -> ValidationDetails {
    let texts = |names: &[Arc<str>]| Some(names.iter().map(ToString::to_string).collect());
    let type_errors = match &refused.reason {
        RefusedReason::Types(mismatches) => Some(
            mismatches
                .iter()
                .map(|mismatch| TypeProblem {
                    param: mismatch.parameter.to_string(),
                    expected: mismatch.expected.to_owned(),
                    actual: mismatch.value.type_name().to_owned(),
                    value: encode(&mismatch.value, Decimals::Text).unwrap_or_default(),
                    ..TypeProblem::default()
                })
                .collect(),
        ),
        _ => None,
    };
    ValidationDetails {
        expected_params: texts(&refused.expected),
        provided_params: texts(&refused.provided),
        type_errors,
        ..ValidationDetails::default()
    }
}
