//! What is fixed of a view: a class, as Django's users would say.

use std::sync::Arc;

use super::computed::{Computed, Reader};
use super::{Handler, Raised, UploadSlot};
use djscope_template::value::Value;

/// What is fixed of a view.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// Dotted path, by which the browser asks for it: `shop.views.ProductList`.
    pub path: Arc<str>,
    /// Name of the template of its page.
    pub template: Arc<str>,
    /// Names of the state with their defaults, of which each instance has its own; those that begin with an underscore
    /// are private.
    pub state: Vec<(Arc<str>, Value)>,
    /// Values that follow from the state.
    pub computed: Vec<Computed>,
    /// Its handlers.
    pub handlers: Vec<Handler>,
    /// How often `handle_tick` is called.
    pub tick_interval_ms: Option<u64>,
    /// Names that get these values back after each render.
    pub temporary_assigns: Vec<(Arc<str>, Value)>,
    /// Names that never change after the first render.
    pub static_assigns: Vec<Arc<str>>,
    /// Names of which the content is remembered by its fingerprint.
    pub fingerprinted_assigns: Vec<Arc<str>>,
    /// Names that `dj-model` may set although no template binds them.
    pub allowed_model_fields: Vec<Arc<str>>,
    /// Only for those who have logged in.
    pub login_required: bool,
    /// Only for those with this permission.
    pub permission_required: Option<Arc<str>>,
    /// Slots for files.
    pub uploads: Vec<UploadSlot>,
    /// The browser keeps a draft of the form under this name (`DraftModeMixin`).
    pub draft_key: Option<Arc<str>>,
}

impl Declaration {
    /// A view with nothing but a path and a template.
    pub fn new(path: &str, template: &str) -> Self {
        Self {
            path: path.into(),
            template: template.into(),
            state: Vec::new(),
            computed: Vec::new(),
            handlers: Vec::new(),
            tick_interval_ms: None,
            temporary_assigns: Vec::new(),
            static_assigns: Vec::new(),
            fingerprinted_assigns: Vec::new(),
            allowed_model_fields: Vec::new(),
            login_required: false,
            permission_required: None,
            uploads: Vec::new(),
            draft_key: None,
        }
    }

    /// The last part of the path: the name of the class.
    pub fn class_name(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or(&self.path)
    }

    /// The handler of a name.
    pub fn handler(&self, name: &str) -> Option<&Handler> {
        self.handlers.iter().find(|handler| *handler.name == *name)
    }

    /// Whether a push for `target` concerns this view: it names its path, or the last part of it, as `DashboardView`,
    /// `Dashboard` or `dashboard`.
    pub fn is_target(&self, target: &str) -> bool {
        let bare = |name: &str| name.strip_suffix("View").unwrap_or(name).to_lowercase();
        *self.path == *target || (!target.contains('.') && bare(self.class_name()) == bare(target))
    }

    /// With a name of the state: `name = state(default=…)`.
    #[must_use]
    pub fn with_state(mut self, name: &str, default: impl Into<Value>) -> Self {
        self.state.push((name.into(), default.into()));
        self
    }

    /// With a value that follows from the state.
    #[must_use]
    pub fn with_computed(
        mut self,
        name: &str,
        compute: impl Fn(&Reader<'_>) -> Result<Value, Raised> + Send + Sync + 'static,
    ) -> Self {
        self.computed.push(Computed::new(name, compute));
        self
    }

    /// With a handler.
    #[must_use]
    pub fn with_handler(mut self, handler: Handler) -> Self {
        self.handlers.push(handler);
        self
    }
}
