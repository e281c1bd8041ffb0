//! Event handlers and what their decorators say.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::{Arguments, Instance, Parameter, ParameterType, Raised, Signature};
use djscope_template::value::Value;

/// What a handler does.
pub type Call = dyn Fn(&mut Instance, &Arguments) -> Result<(), Raised> + Send + Sync;

/// A handler with all that its decorators say of it.
#[derive(Clone)]
pub struct Handler {
    /// Its name, which events carry.
    pub name: Arc<str>,
    /// Its parameters.
    pub signature: Signature,
    /// `@event_handler`: without, no event reaches it.
    pub is_event_handler: bool,
    /// `@event_handler(coerce_types=…)`.
    pub coerces: bool,
    /// `@debounce`.
    pub debounce: Option<Debounce>,
    /// `@throttle`.
    pub throttle: Option<Throttle>,
    /// `@optimistic`: what the browser shows until the server answers.
    pub optimistic: Option<Json>,
    /// `@cache`.
    pub cache: Option<Cache>,
    /// `@client_state(keys=…)`.
    pub client_state: Vec<Arc<str>>,
    /// `@rate_limit`.
    pub rate_limit: Option<RateLimit>,
    /// `@permission_required`.
    pub permission: Option<Arc<str>>,
    call: Arc<Call>,
}

/// `@debounce(wait, max_wait)`: the browser waits for a pause.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Debounce {
    /// How long the pause is.
    pub wait_s: f64,
    /// How long events are held back at most.
    pub max_wait_s: Option<f64>,
}

/// `@throttle(interval, leading, trailing)`: the browser sends no more than one event in an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Throttle {
    /// The interval.
    pub interval_s: f64,
    /// The first event is sent at once.
    pub leading: bool,
    /// What came last is sent at the end of the interval.
    pub trailing: bool,
}

/// `@cache(ttl, key_params)`: the browser answers again by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Cache {
    /// How long an answer is good.
    pub ttl_s: f64,
    /// Parameters that distinguish answers; all if there are none.
    pub key_params: Vec<Arc<str>>,
}

/// `@rate_limit(rate, burst)`: a bucket of `burst` tokens that gets `rate` more each second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateLimit {
    /// Tokens a second.
    pub rate: f64,
    /// Tokens in the full bucket.
    pub burst: f64,
}

impl Handler {
    /// A decorated handler that takes whatever is sent (`**kwargs`) and does nothing.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            signature: Signature {
                parameters: Vec::new(),
                takes_any: true,
            },
            is_event_handler: true,
            coerces: true,
            debounce: None,
            throttle: None,
            optimistic: None,
            cache: None,
            client_state: Vec::new(),
            rate_limit: None,
            permission: None,
            call: Arc::new(|_, _| Ok(())),
        }
    }

    /// With a parameter that has a default.
    #[must_use]
    pub fn parameter(mut self, name: &str, annotation: ParameterType, default: impl Into<Value>) -> Self {
        self.signature.parameters.push(Parameter {
            name: name.into(),
            annotation,
            default: Some(default.into()),
        });
        self
    }

    /// With a parameter that has to be sent.
    #[must_use]
    pub fn required(mut self, name: &str, annotation: ParameterType) -> Self {
        self.signature.parameters.push(Parameter {
            name: name.into(),
            annotation,
            default: None,
        });
        self
    }

    /// Without `**kwargs`: refuses what it does not name.
    #[must_use]
    pub fn without_kwargs(mut self) -> Self {
        self.signature.takes_any = false;
        self
    }

    /// Without `@event_handler`.
    #[must_use]
    pub fn undecorated(mut self) -> Self {
        self.is_event_handler = false;
        self
    }

    /// `@event_handler(coerce_types=False)`: texts stay texts.
    #[must_use]
    pub fn without_coercion(mut self) -> Self {
        self.coerces = false;
        self
    }

    /// `@debounce(wait=…)`.
    #[must_use]
    pub fn debounce(mut self, wait_s: f64, max_wait_s: Option<f64>) -> Self {
        self.debounce = Some(Debounce { wait_s, max_wait_s });
        self
    }

    /// `@throttle(interval=…)`.
    #[must_use]
    pub fn throttle(mut self, interval_s: f64, leading: bool, trailing: bool) -> Self {
        self.throttle = Some(Throttle {
            interval_s,
            leading,
            trailing,
        });
        self
    }

    /// `@optimistic`: a rule of the browser client, `{"target", "action", …}`.
    #[must_use]
    pub fn optimistic(mut self, rule: Json) -> Self {
        self.optimistic = Some(rule);
        self
    }

    /// `@cache(ttl=…, key_params=[…])`.
    #[must_use]
    pub fn cache(mut self, ttl_s: f64, key_params: &[&str]) -> Self {
        self.cache = Some(Cache {
            ttl_s,
            key_params: key_params.iter().map(|&name| name.into()).collect(),
        });
        self
    }

    /// `@client_state(keys=[…])`.
    #[must_use]
    pub fn client_state(mut self, keys: &[&str]) -> Self {
        self.client_state = keys.iter().map(|&key| key.into()).collect();
        self
    }

    /// `@rate_limit(rate=…, burst=…)`.
    #[must_use]
    pub fn rate_limit(mut self, rate: f64, burst: f64) -> Self {
        self.rate_limit = Some(RateLimit { rate, burst });
        self
    }

    /// `@permission_required("app.permission")`.
    #[must_use]
    pub fn permission_required(mut self, permission: &str) -> Self {
        self.permission = Some(permission.into());
        self
    }

    /// What it does.
    #[must_use]
    pub fn run(
        mut self,
        call: impl Fn(&mut Instance, &Arguments) -> Result<(), Raised> + Send + Sync + 'static,
    ) -> Self {
        self.call = Arc::new(call);
        self
    }

    /// Calls it.
    ///
    /// # Errors
    ///
    /// What it raises.
    pub fn call(&self, instance: &mut Instance, arguments: &Arguments) -> Result<(), Raised> {
        (self.call)(instance, arguments)
    }

    /// What the browser has to know to keep to the decorators (djust's `handler_config`, and `client_state` beside).
    pub(super) fn browser_config(&self) -> Option<Json> {
        let mut config = Map::new();
        if let Some(Debounce { wait_s, max_wait_s }) = self.debounce {
            config.insert("debounce".into(), json!({"wait": wait_s, "max_wait": max_wait_s}));
        }
        if let Some(throttle) = self.throttle {
            let settings = json!({
                "interval": throttle.interval_s,
                "leading": throttle.leading,
                "trailing": throttle.trailing,
            });
            config.insert("throttle".into(), settings);
        }
        if !self.client_state.is_empty() {
            let keys: Vec<&str> = self.client_state.iter().map(|key| &**key).collect();
            config.insert("client_state".into(), json!({"keys": keys}));
        }
        (!config.is_empty()).then_some(Json::Object(config))
    }

    /// djust's `cache_config`.
    pub(super) fn cache_config(&self) -> Option<Json> {
        self.cache.as_ref().map(|cache| {
            let names: Vec<&str> = cache.key_params.iter().map(|name| &**name).collect();
            json!({"ttl": cache.ttl_s, "key_params": names})
        })
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Handler")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
