//! A mounted view with its page: from a changed state to what the browser has to be told.

use std::sync::Arc;
use std::time::Duration;

use djscope_wire::Patch;

use super::application::{Application, Clock, Registered};
use super::changes::is_noticed;
use super::encoding::{for_template, is_callable, json_bytes, not_serializable_in};
use super::trace::{Exception, NoChange, Phase, Span, Turn};
use super::{Instance, Raised, Request};
use djscope_dom::diff::DiffOptions;
use djscope_dom::page::{Page, Work};
use djscope_engine::view::{KeyProblem, View, ViewError};
use djscope_template::TemplateError;
use djscope_template::quoting::quote;
use djscope_template::value::{Dict, Value};

/// A mounted view with its page.
pub(super) struct Mounted {
    pub registered: Arc<Registered>,
    pub instance: Instance,
    view: View,
    fingerprints: Vec<Fingerprint>,
}

/// What is remembered of a fingerprinted name.
struct Fingerprint {
    name: Arc<str>,
    value: Value,
    /// Of its JSON.
    bytes: u64,
}

/// Why a view has no page.
#[derive(Debug)]
pub(super) enum Failure {
    /// The user has to log in, there.
    Login(String),
    /// The user may not see it.
    Forbidden(String),
    /// The view raised something.
    Raised(Raised),
    /// Its template did.
    View(ViewError),
}

impl Failure {
    /// What the browser is told; `place` is the method that failed.
    pub fn message(&self, debug: bool, place: &str) -> String {
        match self {
            Self::Login(_) => "Login required".to_owned(),
            Self::Forbidden(message) => message.clone(),
            _ if !debug => "An error occurred processing your request.".to_owned(),
            Self::Raised(raised) => format!("Error in {place}(): {raised}"),
            Self::View(error) => format!("Error in render(): {error}"),
        }
    }
}

impl Failure {
    /// What was raised in the method `place`; none if the user was turned away.
    pub fn exception(&self, place: &str) -> Option<Exception> {
        match self {
            Self::Login(_) | Self::Forbidden(_) => None,
            Self::Raised(raised) => Some(Exception {
                class: raised.class.to_string(),
                message: raised.message.clone(),
                place: place.to_owned(),
            }),
            Self::View(ViewError::Template(error)) => Some(Exception {
                class: error.class.to_string(),
                message: error.message.clone(),
                place: "render".to_owned(),
            }),
            Self::View(ViewError::Page(error)) => Some(Exception {
                class: "ValueError".to_owned(),
                message: error.to_string(),
                place: "render".to_owned(),
            }),
        }
    }
}

impl From<Raised> for Failure {
    fn from(raised: Raised) -> Self {
        Self::Raised(raised)
    }
}

impl From<ViewError> for Failure {
    fn from(error: ViewError) -> Self {
        Self::View(error)
    }
}

/// What a render says.
pub(super) enum Rendered {
    /// The first page.
    First,
    /// The patches, and if there are none, why.
    Patches(Vec<Patch>, Option<NoChange>),
}

impl Mounted {
    /// Mounts a view for a request and renders its page.
    pub fn mount(
        application: &Application,
        registered: &Arc<Registered>,
        request: Request,
        clock: &dyn Clock,
        turn: &mut Turn,
    ) -> Result<Self, Failure> {
        let declaration = registered.declaration();
        let settings = application.settings();
        let is_wanted = declaration.login_required || declaration.permission_required.is_some();
        if is_wanted && !request.user.is_authenticated() {
            let to = format!("{}?next={}", settings.login_url, quote(&request.path, "/"));
            return Err(Failure::Login(to));
        }
        if let Some(permission) = &declaration.permission_required
            && !request.user.may(permission)
        {
            return Err(Failure::Forbidden("Permission denied".to_owned()));
        }
        let now = clock.timestamp();
        let environment = application.environment(now);
        let options = DiffOptions {
            virtual_keys: true,
            accumulate: true,
        };
        let params = request.query.clone();
        let path = Arc::clone(&request.path);
        let mut mounted = Self {
            registered: Arc::clone(registered),
            instance: Instance::new(Arc::clone(&registered.view), request, now),
            view: View::planned(Arc::clone(&registered.plan), environment, options),
            fingerprints: Vec::new(),
        };
        let view = Arc::clone(&registered.view);
        timed(clock, turn, Phase::Mount, || view.mount(&mut mounted.instance)).map_err(of_mount)?;
        if !view.may_access(&mounted.instance) {
            return Err(Failure::Forbidden("Access denied for this object.".to_owned()));
        }
        view.handle_params(&mut mounted.instance, &params, &path)?;
        mounted.check_state(settings.debug, None)?;
        mounted.render(clock, turn)?;
        Ok(mounted)
    }

    /// What is wrong with the keys of its page.
    pub fn key_problems(&self) -> Result<Vec<KeyProblem>, TemplateError> {
        self.view.key_problems()
    }

    /// The page, once it was rendered.
    pub fn page(&self) -> Option<&Page> {
        self.view.page()
    }

    /// The page as the browser has it.
    pub fn html(&self) -> &str {
        self.view.page().map_or("", |page| page.inner_html())
    }

    /// Names of the state that were touched and have another value: those that are noticed, and the others.
    pub fn take_changes(&mut self) -> (Vec<Arc<str>>, Vec<Arc<str>>) {
        let (mut noticed, mut unnoticed) = (Vec::new(), Vec::new());
        for touched in self.instance.take_touched() {
            if self.is_static(&touched.name) {
                continue;
            }
            let after = self.instance.find(&touched.name);
            let is_same = match (&touched.before, after) {
                (Some(before), Some(after)) => before.same(after),
                (before, after) => before.is_none() && after.is_none(),
            };
            let is_seen = match (&touched.before, after) {
                (Some(before), Some(after)) if touched.is_in_place => is_noticed(before, after),
                _ => true,
            };
            match (is_same, is_seen) {
                (true, _) => {}
                (false, true) => noticed.push(touched.name),
                (false, false) => unnoticed.push(touched.name),
            }
        }
        (noticed, unnoticed)
    }

    fn is_static(&self, name: &str) -> bool {
        let names = &self.registered.declaration().static_assigns;
        self.view.page().is_some() && names.iter().any(|fixed| **fixed == *name)
    }

    /// In debug mode, state that cannot be kept is an error at once; `names` are those to look at, else all public ones.
    pub fn check_state(&self, debug: bool, names: Option<&[Arc<str>]>) -> Result<(), Raised> {
        if !debug {
            return Ok(());
        }
        let view = self.registered.declaration().class_name();
        for (name, value) in self.instance.public_state() {
            if names.is_some_and(|names| !names.contains(name)) {
                continue;
            }
            if let Some(found) = not_serializable_in(value) {
                return Err(found.raised(name, view));
            }
        }
        Ok(())
    }

    /// Brings the page up to the state: `refresh`, `get_context_data`, the template, the patches.
    pub fn render(&mut self, clock: &dyn Clock, turn: &mut Turn) -> Result<Rendered, Failure> {
        let view = Arc::clone(&self.registered.view);
        let (computed, queries) = (
            self.instance.computed_memory().evaluations(),
            self.instance.queries_run(),
        );
        self.instance.forget_rows();
        timed(clock, turn, Phase::Refresh, || view.refresh(&mut self.instance))?;
        let start = clock.elapsed();
        let context = self.context(turn)?;
        push_span(turn, Phase::Context, start, clock);
        turn.computed = self.instance.computed_memory().evaluations() - computed;
        turn.queries = self.instance.queries_run() - queries;
        let start = clock.elapsed();
        self.view.environment_mut().now = clock.timestamp();
        let outcome = self.write(context, turn)?;
        push_span(turn, Phase::Render, start, clock);
        for (name, default) in &self.registered.declaration().temporary_assigns {
            self.instance.set(name, default.clone());
        }
        self.instance.take_touched();
        Ok(outcome)
    }

    /// The names that the template sees.
    fn context(&mut self, turn: &mut Turn) -> Result<Dict, Raised> {
        let mut context = Dict::new();
        let plan = Arc::clone(self.view.plan());
        let data = self
            .instance
            .public_state()
            .filter(|(_, value)| !is_callable(value));
        for (name, value) in data {
            if let Value::List(items) = value {
                let count = format!("{name}_count");
                if plan.reads(&count) {
                    context.insert(count, items.len() as i64);
                }
            }
            context.insert(Value::Str(Arc::clone(name)), for_template(value).into_owned());
        }
        for computed in &self.registered.declaration().computed {
            let value = self.instance.computed(&computed.name)?.unwrap_or_default();
            context.insert(Value::Str(Arc::clone(&computed.name)), value);
        }
        self.framework_names(&mut context);
        let view = Arc::clone(&self.registered.view);
        view.context(&mut self.instance, &mut context)?;
        self.use_fingerprints(&mut context, turn);
        Ok(context)
    }

    /// What templates see beside the state.
    fn framework_names(&mut self, context: &mut Dict) {
        let plan = self.view.plan();
        let request = self.instance.request();
        context.insert("csrf_token", Value::Str(Arc::clone(&request.csrf_token)));
        if plan.reads("request") {
            let path = Value::Str(Arc::clone(&request.path));
            context.insert("request", Dict::from_iter([("path", path)]));
        }
        if plan.reads("user") {
            let user = Dict::from_iter([
                ("is_authenticated", Value::from(request.user.is_authenticated())),
                (
                    "username",
                    Value::from(request.user.name.as_deref().unwrap_or_default()),
                ),
            ]);
            context.insert("user", user);
        }
        if let Some(key) = &self.registered.declaration().draft_key {
            context.insert("draft_enabled", true);
            context.insert("draft_key", Value::Str(Arc::clone(key)));
            context.insert("draft_clear", self.instance.effects.clear_draft);
        }
    }

    /// Of a fingerprinted name with the same content the old value is kept, so that nothing is done for it again.
    fn use_fingerprints(&mut self, context: &mut Dict, turn: &mut Turn) {
        for name in &self.registered.declaration().fingerprinted_assigns {
            let Some(value) = context.get(name).cloned() else {
                continue;
            };
            match self.fingerprints.iter_mut().find(|known| known.name == *name) {
                Some(known) if known.value.same(&value) => {
                    turn.saved_bytes += known.bytes;
                    context.insert(Value::Str(Arc::clone(name)), known.value.clone());
                }
                Some(known) => {
                    known.bytes = json_bytes(&value);
                    known.value = value;
                }
                None => self.fingerprints.push(Fingerprint {
                    name: Arc::clone(name),
                    bytes: json_bytes(&value),
                    value,
                }),
            }
        }
    }

    fn write(&mut self, context: Dict, turn: &mut Turn) -> Result<Rendered, ViewError> {
        let before = self.view.state();
        let gone: Vec<Value> = before
            .keys()
            .filter(|name| context.get_value(name).is_none())
            .cloned()
            .collect();
        let changed: Vec<(Value, Value)> = context
            .into_iter()
            .filter(|(name, value)| match before.get_value(name) {
                Some(before) => !before.same(value) && !self.is_static(&name.to_str()),
                None => true,
            })
            .collect();
        let names: Vec<Arc<str>> = changed
            .iter()
            .map(|(name, _)| name)
            .chain(&gone)
            .filter_map(|name| match name {
                Value::Str(name) => Some(Arc::clone(name)),
                _ => None,
            })
            .collect();
        for name in &gone {
            self.view.remove_state(name);
        }
        self.view.update_state(changed);
        let shown: Vec<&str> = names.iter().map(|name| &**name).collect();
        let rendered = self.view.render(Some(&shown), Work::Changed)?;
        let outcome = match rendered.patches {
            None => Rendered::First,
            Some(patches) if patches.is_empty() => {
                let reason = if names.is_empty() {
                    NoChange::OnlyPrivate
                } else if !names.iter().any(|name| self.view.plan().reads(name)) {
                    NoChange::NotInTemplate
                } else if self.view.page().is_some_and(Page::is_same_text) {
                    NoChange::SameText
                } else {
                    NoChange::SamePage
                };
                Rendered::Patches(patches, Some(reason))
            }
            Some(patches) => Rendered::Patches(patches, None),
        };
        turn.context_changed = names;
        Ok(outcome)
    }
}

/// What `mount` raises: a refusal is none of its failures.
fn of_mount(raised: Raised) -> Failure {
    if raised.is_permission_denied() {
        Failure::Forbidden("Permission denied".to_owned())
    } else {
        Failure::Raised(raised)
    }
}

/// Does something and notes how long it took.
pub(super) fn timed<T>(clock: &dyn Clock, turn: &mut Turn, phase: Phase, action: impl FnOnce() -> T) -> T {
    let start = clock.elapsed();
    let done = action();
    push_span(turn, phase, start, clock);
    done
}

fn push_span(turn: &mut Turn, phase: Phase, start: Duration, clock: &dyn Clock) {
    turn.spans.push(Span {
        phase,
        start,
        duration: clock.elapsed().saturating_sub(start),
    });
}
