//! What happened in a turn, for who wants to understand it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use djscope_template::value::{Dict, Value};

/// What set off a turn.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// The view was mounted.
    Mount,
    /// An event, with its `ref`.
    Event {
        /// The handler.
        name: Arc<str>,
        /// The page's number of the event.
        reference: Option<i64>,
    },
    /// The address changed.
    UrlChange,
    /// The time for `handle_tick` had come.
    Tick,
    /// Somebody pushed to the view.
    Push,
    /// Work in the background is done; the event that had started it.
    Async(Arc<str>),
}

/// A phase of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// `mount`.
    Mount,
    /// The handler, `handle_params`, `handle_tick` or what a push does.
    Handler,
    /// `refresh`.
    Refresh,
    /// `get_context_data`.
    Context,
    /// The template, the tree and the patches.
    Render,
}

/// A phase with its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Which.
    pub phase: Phase,
    /// When it began, by the clock of the session.
    pub start: Duration,
    /// How long it took.
    pub duration: Duration,
}

/// Why the page is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoChange {
    /// No name of the state has another value.
    SameState,
    /// A value was changed inside, which is not noticed.
    Unnoticed,
    /// The handler asked for no render.
    SkipRender,
    /// Nothing but events for hooks.
    OnlyPushed,
    /// Only private names changed, and no name of the template follows from them.
    OnlyPrivate,
    /// No name that changed is in the template.
    NotInTemplate,
    /// The template wrote the same text: the value looks the same, or is in a branch that is not taken.
    SameText,
    /// The template wrote other text, but no other page: white space, comments, or outside of the root.
    SamePage,
}

impl NoChange {
    /// The reason in words.
    pub fn text(self) -> &'static str {
        match self {
            Self::SameState => "no name of the state has another value",
            Self::Unnoticed => "a value was changed inside without being assigned, which is not noticed",
            Self::SkipRender => "the handler asked for no render",
            Self::OnlyPushed => "the handler only pushed events",
            Self::OnlyPrivate => "only private names changed, and no name of the template follows from them",
            Self::NotInTemplate => "no name that changed is in the template",
            Self::SameText => {
                "the template wrote the same text: the value looks the same, or its branch is not taken"
            }
            Self::SamePage => {
                "the template wrote other text but the same page: white space, comments, or outside of the root"
            }
        }
    }
}

/// What came of a turn.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Nothing is on the page that was not there.
    NoChange(NoChange),
    /// So many patches.
    Patches(usize),
    /// The whole page, and why.
    Html(HtmlReason),
    /// The handler did not run, or failed.
    Error(String),
    /// Not done, because an event was under way.
    Skipped,
}

/// What a view or its template raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Name of the class: `ValueError`.
    pub class: String,
    /// What it says.
    pub message: String,
    /// The method that raised it, with its class if it is the view's own: `CartView.add`, `render`.
    pub place: String,
}

/// Why the whole page is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HtmlReason {
    /// There was none before.
    First,
    /// It was asked for: `DJE-053`.
    Forced,
    /// It is smaller than its patches.
    Compression,
}

/// What happened in a turn.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Dotted path of the view; `None` if none is mounted.
    pub view: Option<Arc<str>>,
    /// What set it off.
    pub cause: Cause,
    /// What the handler was called with, converted.
    pub arguments: Dict,
    /// Names that were sent and the parameters that have nearly the same, which got nothing.
    pub near_misses: Vec<(Arc<str>, Arc<str>)>,
    /// Names of the state that have another value, as far as that was noticed.
    pub changed: Vec<Arc<str>>,
    /// Names of the template that have another value.
    pub context_changed: Vec<Arc<str>>,
    /// The whole state before, private names too.
    pub before: Vec<(Arc<str>, Value)>,
    /// The whole state after.
    pub after: Vec<(Arc<str>, Value)>,
    /// The phases, in the order in which they ran.
    pub spans: Vec<Span>,
    /// What came of it.
    pub outcome: Outcome,
    /// What the view or its template raised; refusals of the framework are no exceptions.
    pub exception: Option<Exception>,
    /// Computed values that were computed.
    pub computed: u64,
    /// Querysets that were evaluated.
    pub queries: u64,
    /// Bytes of fingerprinted names that did not have to be looked at again.
    pub saved_bytes: u64,
    /// Version of the frame that the browser checks, if one was sent.
    pub version: Option<i64>,
    /// Tokens that the rate limit of the handler has left.
    pub tokens_left: Option<f64>,
}

/// One line of a log.
impl fmt::Display for Turn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Mount => formatter.write_str("mount")?,
            Cause::Event { name, reference } => {
                write!(formatter, "event {name}")?;
                if let Some(reference) = reference {
                    write!(formatter, " ref={reference}")?;
                }
            }
            Cause::UrlChange => formatter.write_str("url_change")?,
            Cause::Tick => formatter.write_str("tick")?,
            Cause::Push => formatter.write_str("push")?,
            Cause::Async(event) => write!(formatter, "async {event}")?,
        }
        if !self.changed.is_empty() {
            write!(formatter, " changed={}", self.changed.join(","))?;
        }
        for span in &self.spans {
            let name = match span.phase {
                Phase::Mount => "mount",
                Phase::Handler => "handler",
                Phase::Refresh => "refresh",
                Phase::Context => "context",
                Phase::Render => "render",
            };
            write!(formatter, " {name}_us={}", span.duration.as_micros())?;
        }
        match &self.outcome {
            Outcome::NoChange(reason) => write!(formatter, " nothing: {}", reason.text()),
            Outcome::Patches(count) => write!(formatter, " patches={count}"),
            Outcome::Html(_) => formatter.write_str(" html"),
            Outcome::Error(error) => {
                write!(formatter, " error: {}", error.lines().next().unwrap_or_default())
            }
            Outcome::Skipped => formatter.write_str(" skipped: an event was under way"),
        }
    }
}

impl Turn {
    pub(super) fn new(cause: Cause) -> Self {
        Self {
            view: None,
            cause,
            arguments: Dict::new(),
            near_misses: Vec::new(),
            changed: Vec::new(),
            context_changed: Vec::new(),
            before: Vec::new(),
            after: Vec::new(),
            spans: Vec::new(),
            outcome: Outcome::NoChange(NoChange::SameState),
            exception: None,
            computed: 0,
            queries: 0,
            saved_bytes: 0,
            version: None,
            tokens_left: None,
        }
    }
}
