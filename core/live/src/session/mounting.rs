//! Views come and go: `mount`, `live_redirect_mount`, `url_change`.

use std::borrow::Cow;
use std::sync::Arc;

use djscope_wire::{LiveRedirectMount, Mount, Mounted as MountedFrame, Navigate, ServerFrame, UrlChange};
use serde_json::{Map, Value as Json};

use super::answers::{Reply, state_of};
use super::parameters::params;
use super::{CloseCode, NOT_MOUNTED, Session};
use crate::application::{Clock, Registered};
use crate::mounted::{Failure, Mounted, timed};
use crate::trace::{Cause, HtmlReason, Outcome, Phase, Turn};
use crate::{Declaration, Handler, Request};
use djscope_template::quoting::unquote;
use djscope_template::value::Dict;

impl Session {
    /// The view of the page, new or after the connection was lost: either way it starts anew.
    pub(super) fn mount(&mut self, mount: Mount, clock: &dyn Clock) {
        let application = Arc::clone(&self.application);
        let Some(registered) = application.view(&mount.view) else {
            self.error(&format!("View {} is not allowed", mount.view));
            return;
        };
        let path = &*site_path(&mount.url);
        let kwargs = match application.resolve(path) {
            Some((at_path, kwargs)) if Arc::ptr_eq(at_path, registered) => kwargs,
            _ => Dict::new(),
        };
        self.visitor.timezone = mount.client_timezone.map(Into::into);
        let request = Request {
            path: path.into(),
            query: params(&mount.params),
            kwargs,
            ..self.visitor.clone()
        };
        self.mount_view(registered, request, clock, false);
    }

    /// Another view on the same connection. The path says which; the name counts only if there is none.
    pub(super) fn redirect(&mut self, redirect: &LiveRedirectMount, clock: &dyn Clock) {
        let application = Arc::clone(&self.application);
        let path = &*site_path(&redirect.url);
        let (registered, kwargs) = match application.resolve(path) {
            Some((registered, kwargs)) => (registered, kwargs),
            None => match application.view(&redirect.view) {
                Some(registered) => (registered, Dict::new()),
                None => {
                    self.error(&format!("View {} is not allowed", redirect.view));
                    return;
                }
            },
        };
        let request = Request {
            path: path.into(),
            query: params(&redirect.params),
            kwargs,
            ..self.visitor.clone()
        };
        self.mount_view(registered, request, clock, true);
    }

    fn mount_view(
        &mut self,
        registered: &Arc<Registered>,
        request: Request,
        clock: &dyn Clock,
        takes_over: bool,
    ) {
        let application = Arc::clone(&self.application);
        self.mounted = None;
        self.tasks.clear();
        self.delayed.clear();
        self.tick_due = None;
        let mut turn = Turn::new(Cause::Mount);
        match Mounted::mount(&application, registered, request, clock, &mut turn) {
            Ok(mut mounted) => {
                // A page that is not loaded has the title of the one before; what `mount` set itself comes after that.
                if takes_over && let Some(title) = mounted.title() {
                    let of_mount = std::mem::take(&mut mounted.instance.effects.metadata);
                    mounted.instance.set_title(&title);
                    mounted.instance.effects.metadata.extend(of_mount);
                }
                self.tell_mounted(mounted, turn, clock);
            }
            Err(failure) => self.refuse(&failure, turn),
        }
    }

    fn tell_mounted(&mut self, mut mounted: Mounted, mut turn: Turn, clock: &dyn Clock) {
        let declaration = mounted.registered.declaration();
        self.tick_due = declaration
            .tick_interval_ms
            .map(|interval| clock.elapsed() + std::time::Duration::from_millis(interval));
        let mut other = Map::new();
        if self.traces {
            other.insert("client_reports".to_owned(), Json::Bool(true));
        }
        let frame = MountedFrame {
            session_id: Some(self.id.to_string()),
            view: declaration.path.to_string(),
            version: self.next_version(),
            html: Some(mounted.html().to_owned()),
            has_ids: Some(true),
            handler_config: by_handler(declaration, Handler::browser_config),
            cache_config: by_handler(declaration, Handler::cache_config),
            optimistic_rules: by_handler(declaration, |handler| handler.optimistic.clone()),
            upload_configs: mounted.instance.uploads.config(),
            other,
            ..MountedFrame::default()
        };
        self.send(ServerFrame::Mount(frame));
        turn.version = Some(self.version);
        turn.outcome = Outcome::Html(HtmlReason::First);
        let effects = std::mem::take(&mut mounted.instance.effects);
        if self.traces {
            turn.after = state_of(&mounted);
        }
        self.mounted = Some(mounted);
        self.do_effects(effects, "mount", clock);
        self.trace(turn);
    }

    fn refuse(&mut self, failure: &Failure, mut turn: Turn) {
        let message = failure.message(self.application.settings().debug, "mount");
        turn.outcome = Outcome::Error(message.clone());
        turn.exception = failure.exception("mount");
        match failure {
            Failure::Login(to) => {
                self.send(ServerFrame::Navigate(Navigate {
                    to: to.clone(),
                    ..Navigate::default()
                }));
                self.close(CloseCode::Forbidden);
            }
            Failure::Forbidden(_) => {
                self.error(&message);
                self.close(CloseCode::Forbidden);
            }
            Failure::Raised(_) | Failure::View(_) => self.error(&message),
        }
        self.trace(turn);
    }

    /// The address changed by `dj-patch` or the back button.
    pub(super) fn url_change(&mut self, change: &UrlChange, clock: &dyn Clock) {
        let begun = self.begin(Cause::UrlChange, clock);
        let (Some(mut turn), Some(mounted)) = (begun, &mut self.mounted) else {
            self.error(NOT_MOUNTED);
            return;
        };
        let params = params(&change.params);
        mounted.instance.request_mut().query = params.clone();
        let view = Arc::clone(&mounted.registered.view);
        let handled = timed(clock, &mut turn, Phase::Handler, || {
            view.handle_params(&mut mounted.instance, &params, &change.uri)
        });
        turn.arguments = params;
        if let Err(raised) = handled {
            self.raised(&raised, "handle_params", None, turn);
            return;
        }
        let reply = Reply {
            event_name: Some("url_change".into()),
            always: true,
            ..Reply::default()
        };
        self.answer(&reply, turn, clock);
    }
}

fn by_handler(declaration: &Declaration, config: impl Fn(&Handler) -> Option<Json>) -> Option<Json> {
    let configs: Map<String, Json> = declaration
        .handlers
        .iter()
        .filter_map(|handler| Some((handler.name.to_string(), config(handler)?)))
        .collect();
    (!configs.is_empty()).then_some(Json::Object(configs))
}

/// A path of this site, decoded; what is none counts as `/` (djust `security/mount.py`).
fn site_path(url: &str) -> Cow<'_, str> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let is_of_site = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains("..")
        && !path.contains(['\r', '\n', '\\']);
    if is_of_site { unquote(path) } else { "/".into() }
}
