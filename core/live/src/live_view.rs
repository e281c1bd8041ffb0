//! Views written in Rust.

use std::fmt;
use std::sync::Arc;

use super::computed::Reader;
use super::{Arguments, Declaration, Handler, Instance, Raised, UploadSlot};
use djscope_template::value::{Dict, Value};

/// A view.
///
/// It has no state of its own: that is in the [`Instance`] which each call gets. After `mount` and after each handler
/// follow, in this order, `refresh`, `context` and the render of the template.
pub trait LiveView: Send + Sync {
    /// What is fixed of it.
    fn declaration(&self) -> &Declaration;

    /// Sets the state for a request. Called once for the page and once for its connection, on two instances.
    ///
    /// # Errors
    ///
    /// What it raises.
    fn mount(&self, instance: &mut Instance) -> Result<(), Raised> {
        let _ = instance;
        Ok(())
    }

    /// Brings what follows from the state up to date, before each render.
    ///
    /// # Errors
    ///
    /// What it raises.
    fn refresh(&self, instance: &mut Instance) -> Result<(), Raised> {
        let _ = instance;
        Ok(())
    }

    /// Adds names that only the template sees to the public ones of the state (`get_context_data`).
    ///
    /// # Errors
    ///
    /// What it raises.
    fn context(&self, instance: &mut Instance, context: &mut Dict) -> Result<(), Raised> {
        let _ = (instance, context);
        Ok(())
    }

    /// Handles an event that fits its handler.
    ///
    /// # Errors
    ///
    /// What it raises.
    fn handle_event(
        &self,
        instance: &mut Instance,
        handler: &Handler,
        arguments: &Arguments,
    ) -> Result<(), Raised> {
        handler.call(instance, arguments)
    }

    /// The parameters of the address have changed; called at mount as well.
    ///
    /// # Errors
    ///
    /// What it raises.
    fn handle_params(&self, instance: &mut Instance, params: &Dict, uri: &str) -> Result<(), Raised> {
        let _ = (instance, params, uri);
        Ok(())
    }

    /// Called every `tick_interval_ms`.
    ///
    /// # Errors
    ///
    /// What it raises.
    fn handle_tick(&self, instance: &mut Instance) -> Result<(), Raised> {
        let _ = instance;
        Ok(())
    }

    /// Whether the user may see the object that the instance shows. Asked after mount and before every event.
    fn may_access(&self, instance: &Instance) -> bool {
        let _ = instance;
        true
    }
}

type Hook = dyn Fn(&mut Instance) -> Result<(), Raised> + Send + Sync;
type ContextHook = dyn Fn(&mut Instance, &mut Dict) -> Result<(), Raised> + Send + Sync;
type ParamsHook = dyn Fn(&mut Instance, &Dict, &str) -> Result<(), Raised> + Send + Sync;
type AccessHook = dyn Fn(&Instance) -> bool + Send + Sync;

/// A view that is declared instead of implemented.
///
/// ```
/// use djscope_live::{Declared, Handler, LiveView, ParameterType};
///
/// let counter = Declared::new("demo.Counter", "counter.html")
///     .state("count", 0)
///     .handler(
///         Handler::new("add")
///             .parameter("amount", ParameterType::Int, 1)
///             .run(|instance, arguments| {
///                 let count = instance.int("count") + arguments.int("amount");
///                 instance.set("count", count);
///                 Ok(())
///             }),
///     );
/// assert_eq!(counter.declaration().class_name(), "Counter");
/// ```
pub struct Declared {
    declaration: Declaration,
    mount: Vec<Arc<Hook>>,
    refresh: Vec<Arc<Hook>>,
    context: Vec<Arc<ContextHook>>,
    params: Vec<Arc<ParamsHook>>,
    tick: Vec<Arc<Hook>>,
    access: Vec<Arc<AccessHook>>,
}

impl Declared {
    /// A view with a dotted path, by which the browser asks for it, and the name of the template of its page.
    pub fn new(path: &str, template: &str) -> Self {
        Self {
            declaration: Declaration::new(path, template),
            mount: Vec::new(),
            refresh: Vec::new(),
            context: Vec::new(),
            params: Vec::new(),
            tick: Vec::new(),
            access: Vec::new(),
        }
    }

    /// `name = state(default=…)`.
    #[must_use]
    pub fn state(mut self, name: &str, default: impl Into<Value>) -> Self {
        self.declaration = self.declaration.with_state(name, default);
        self
    }

    /// `@computed`.
    #[must_use]
    pub fn computed(
        mut self,
        name: &str,
        compute: impl Fn(&Reader<'_>) -> Result<Value, Raised> + Send + Sync + 'static,
    ) -> Self {
        self.declaration = self.declaration.with_computed(name, compute);
        self
    }

    /// A handler.
    #[must_use]
    pub fn handler(mut self, handler: Handler) -> Self {
        self.declaration = self.declaration.with_handler(handler);
        self
    }

    /// `mount`; what is declared first is called first.
    #[must_use]
    pub fn mount(
        mut self,
        mount: impl Fn(&mut Instance) -> Result<(), Raised> + Send + Sync + 'static,
    ) -> Self {
        self.mount.push(Arc::new(mount));
        self
    }

    /// What follows from the state, before each render.
    #[must_use]
    pub fn refresh(
        mut self,
        refresh: impl Fn(&mut Instance) -> Result<(), Raised> + Send + Sync + 'static,
    ) -> Self {
        self.refresh.push(Arc::new(refresh));
        self
    }

    /// `get_context_data`.
    #[must_use]
    pub fn context(
        mut self,
        context: impl Fn(&mut Instance, &mut Dict) -> Result<(), Raised> + Send + Sync + 'static,
    ) -> Self {
        self.context.push(Arc::new(context));
        self
    }

    /// `handle_params`.
    #[must_use]
    pub fn params(
        mut self,
        params: impl Fn(&mut Instance, &Dict, &str) -> Result<(), Raised> + Send + Sync + 'static,
    ) -> Self {
        self.params.push(Arc::new(params));
        self
    }

    /// `tick_interval` and `handle_tick`.
    #[must_use]
    pub fn tick(
        mut self,
        interval_ms: u64,
        tick: impl Fn(&mut Instance) -> Result<(), Raised> + Send + Sync + 'static,
    ) -> Self {
        self.declaration.tick_interval_ms = Some(interval_ms);
        self.tick.push(Arc::new(tick));
        self
    }

    /// Who may see the object that an instance shows.
    #[must_use]
    pub fn access(mut self, access: impl Fn(&Instance) -> bool + Send + Sync + 'static) -> Self {
        self.access.push(Arc::new(access));
        self
    }

    /// `temporary_assigns = {name: default}`.
    #[must_use]
    pub fn temporary(mut self, name: &str, default: impl Into<Value>) -> Self {
        let default = default.into();
        self.declaration = self.declaration.with_state(name, default.clone());
        self.declaration.temporary_assigns.push((name.into(), default));
        self
    }

    /// `static_assigns = [name]`.
    #[must_use]
    pub fn static_assign(mut self, name: &str) -> Self {
        self.declaration.static_assigns.push(name.into());
        self
    }

    /// `fingerprinted_assigns = [name]`.
    #[must_use]
    pub fn fingerprinted(mut self, name: &str) -> Self {
        self.declaration.fingerprinted_assigns.push(name.into());
        self
    }

    /// `allowed_model_fields = [name]`.
    #[must_use]
    pub fn allow_model_field(mut self, name: &str) -> Self {
        self.declaration.allowed_model_fields.push(name.into());
        self
    }

    /// `login_required = True`.
    #[must_use]
    pub fn login_required(mut self) -> Self {
        self.declaration.login_required = true;
        self
    }

    /// `permission_required = "app.permission"`.
    #[must_use]
    pub fn permission_required(mut self, permission: &str) -> Self {
        self.declaration.permission_required = Some(permission.into());
        self
    }

    /// `allow_upload`.
    #[must_use]
    pub fn upload(mut self, slot: UploadSlot) -> Self {
        self.declaration.uploads.push(slot);
        self
    }

    /// `DraftModeMixin`: the browser keeps what was typed under a key.
    #[must_use]
    pub fn draft(mut self, key: &str) -> Self {
        self.declaration.draft_key = Some(key.into());
        self
    }
}

fn all(hooks: &[Arc<Hook>], instance: &mut Instance) -> Result<(), Raised> {
    hooks.iter().try_for_each(|hook| hook(instance))
}

impl LiveView for Declared {
    fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    fn mount(&self, instance: &mut Instance) -> Result<(), Raised> {
        all(&self.mount, instance)
    }

    fn refresh(&self, instance: &mut Instance) -> Result<(), Raised> {
        all(&self.refresh, instance)
    }

    fn context(&self, instance: &mut Instance, context: &mut Dict) -> Result<(), Raised> {
        self.context.iter().try_for_each(|hook| hook(instance, context))
    }

    fn handle_params(&self, instance: &mut Instance, params: &Dict, uri: &str) -> Result<(), Raised> {
        self.params
            .iter()
            .try_for_each(|hook| hook(instance, params, uri))
    }

    fn handle_tick(&self, instance: &mut Instance) -> Result<(), Raised> {
        all(&self.tick, instance)
    }

    fn may_access(&self, instance: &Instance) -> bool {
        self.access.iter().all(|hook| hook(instance))
    }
}

impl fmt::Debug for Declared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Declared")
            .field("declaration", &self.declaration)
            .finish_non_exhaustive()
    }
}
