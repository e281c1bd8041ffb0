//! The views of a site, and where they are.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use super::bucket::Bucket;
use super::mounted::{Failure, Mounted};
use super::trace::{Cause, Turn};
use super::{Declaration, Handler, LiveView, ModelFields, Request, Route, Settings};
use djscope_engine::view::Plan;
use djscope_template::family::Kinship;
use djscope_template::value::Dict;
use djscope_template::{Environment, Libraries, Loader, MemoryLoader, Template, TemplateError};

/// What time it is. The engine has no clock of its own.
pub trait Clock {
    /// Time since some moment, which never goes back.
    fn elapsed(&self) -> Duration;
    /// The time of day.
    fn timestamp(&self) -> Timestamp;
}

/// A view of an application.
pub struct Registered {
    /// The view.
    pub view: Arc<dyn LiveView>,
    pub(super) plan: Arc<Plan>,
    pub(super) model_fields: ModelFields,
}

impl Registered {
    /// The template of its page, and all others that it is made of.
    pub fn templates(&self) -> Vec<(Template, Kinship)> {
        self.plan.family()
    }

    /// What is fixed of the view.
    pub fn declaration(&self) -> &Declaration {
        self.view.declaration()
    }
}

/// The views of a site, and where they are.
pub struct Application {
    settings: Settings,
    environment: Environment,
    loader: Arc<MemoryLoader>,
    views: Vec<Arc<Registered>>,
    routes: Vec<(Route, usize)>,
    /// Buckets of `@rate_limit`, by visitor, view and handler.
    handler_buckets: Mutex<HashMap<BucketKey, Bucket>>,
}

/// Visitor, view, handler.
type BucketKey = (Arc<str>, Arc<str>, Arc<str>);

/// A page for a browser that asks for a path.
#[derive(Clone, Debug, PartialEq)]
pub enum PageAnswer {
    /// The HTML of the page.
    Html(String),
    /// The user has to log in there first.
    Redirect(String),
    /// The user may not see it.
    Forbidden(String),
    /// There is no such page.
    NotFound,
    /// The view raised something.
    Failed(String),
}

impl Application {
    /// An application with templates, by name and source, and no view yet.
    pub fn new(settings: Settings, templates: impl IntoIterator<Item = (String, String)>) -> Self {
        let loader = MemoryLoader::new(templates, &Libraries::djust()).cached();
        Self {
            settings,
            environment: Environment::default(),
            loader: Arc::new(loader),
            views: Vec::new(),
            routes: Vec::new(),
            handler_buckets: Mutex::default(),
        }
    }

    /// Puts a view at the paths of a pattern, see [`Route`].
    ///
    /// # Errors
    ///
    /// If its template is missing or has errors.
    pub fn add(&mut self, pattern: &str, view: impl LiveView + 'static) -> Result<(), TemplateError> {
        let view: Arc<dyn LiveView> = Arc::new(view);
        let declaration = view.declaration();
        let template = self.loader.load(&declaration.template, &[])?;
        let allowed: Vec<&str> = declaration
            .allowed_model_fields
            .iter()
            .map(|name| &**name)
            .collect();
        let model_fields = ModelFields::of(&template, &*self.loader, &allowed);
        let plan = Arc::new(Plan::new(
            template,
            Arc::clone(&self.loader) as Arc<dyn Loader + Send + Sync>,
        ));
        self.views.push(Arc::new(Registered {
            view,
            plan,
            model_fields,
        }));
        self.routes.push((Route::new(pattern), self.views.len() - 1));
        Ok(())
    }

    /// What holds for all views.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn environment(&self, now: Timestamp) -> Environment {
        Environment {
            now,
            ..self.environment.clone()
        }
    }

    /// All views, in the order in which they were added.
    pub fn views(&self) -> impl Iterator<Item = &Arc<Registered>> {
        self.views.iter()
    }

    /// Patterns of paths with the paths of the views there.
    pub fn routes(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<str>)> {
        self.routes
            .iter()
            .map(|(route, view)| (route.pattern(), &self.views[*view].declaration().path))
    }

    /// The view of a dotted path.
    pub fn view(&self, path: &str) -> Option<&Arc<Registered>> {
        self.views.iter().find(|view| *view.declaration().path == *path)
    }

    /// The view at a path of the site, and what the route took out of the path.
    pub fn resolve(&self, path: &str) -> Option<(&Arc<Registered>, Dict)> {
        self.routes
            .iter()
            .find_map(|(route, view)| Some((&self.views[*view], route.fit(path)?)))
    }

    /// The page at the path of a request.
    pub fn page(&self, mut request: Request, clock: &dyn Clock) -> PageAnswer {
        let Some((registered, kwargs)) = self.resolve(&request.path) else {
            return PageAnswer::NotFound;
        };
        request.kwargs = kwargs;
        let mut turn = Turn::new(Cause::Mount);
        let mounted = match Mounted::mount(self, registered, request, clock, &mut turn) {
            Ok(mounted) => mounted,
            Err(Failure::Login(to)) => return PageAnswer::Redirect(to),
            Err(Failure::Forbidden(message)) => return PageAnswer::Forbidden(message),
            Err(failure) => return PageAnswer::Failed(failure.message(self.settings.debug, "mount")),
        };
        let scripts = format!("{}{}", self.route_map(), self.settings.scripts);
        PageAnswer::Html(mounted.whole_page(&scripts))
    }

    /// A script that tells the browser which paths have a view, so that `dj-navigate` can stay on its connection.
    fn route_map(&self) -> String {
        let routes: Map<String, Json> = self
            .routes()
            .map(|(pattern, view)| (browser_pattern(pattern), Json::from(&**view)))
            .collect();
        let json = Json::Object(routes).to_string().replace('<', "\\u003c");
        format!("<script>(window.djust ??= {{}})._routeMap = {json};</script>")
    }

    /// Takes a token of the handler's rate limit; gives whether there was one, and how many are left.
    pub(super) fn take_token(
        &self,
        visitor: &Arc<str>,
        declaration: &Declaration,
        handler: &Handler,
        now: Duration,
    ) -> Option<(bool, f64)> {
        let limit = handler.rate_limit?;
        let rate = super::Rate {
            per_second: limit.rate,
            burst: limit.burst,
        };
        let mut buckets = self
            .handler_buckets
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MAX_BUCKETS {
            buckets.retain(|_, bucket| !bucket.is_full(now));
        }
        let key = (
            Arc::clone(visitor),
            Arc::clone(&declaration.path),
            Arc::clone(&handler.name),
        );
        let bucket = buckets.entry(key).or_insert_with(|| Bucket::new(rate, now));
        let is_taken = bucket.take(now);
        Some((is_taken, bucket.tokens()))
    }
}

/// A pattern as djust's client reads it: `/products/:pk/`.
fn browser_pattern(pattern: &str) -> String {
    let part = |part: &str| match part.strip_prefix('<').and_then(|part| part.strip_suffix('>')) {
        Some(name) => format!(":{}", name.rsplit(':').next().unwrap_or(name)),
        None => part.to_owned(),
    };
    pattern.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// So many buckets are kept before the full ones, which say nothing, are thrown away.
const MAX_BUCKETS: usize = 10_000;

impl fmt::Debug for Application {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Application")
            .field("routes", &self.routes)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Registered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Registered")
            .field("path", &self.declaration().path)
            .finish_non_exhaustive()
    }
}
