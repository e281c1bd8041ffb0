use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What djust itself decided in a turn, before it rendered or did not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Decision {
    /// Names that djust saw as changed, sorted; none if it did not compare.
    pub changed: Option<Vec<String>>,
    /// True if the handler asked for no render, and djust obeyed.
    pub skip: bool,
    /// True if a render of the whole page was asked for, which djust puts above all else.
    pub force: bool,
}

/// What a turn did on the server besides changing the state of its view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerWork {
    /// What it did with the session; none if there was no session, or no probe saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionUse>,
    /// For whom and where a view was mounted; none in all other turns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mount: Option<MountFacts>,
    /// Pushes to views that it sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pushes: Vec<SentPush>,
    /// Background tasks that it asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<Task>,
    /// The task that an `async` turn ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
    /// Threads that the user's code started.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub threads: Vec<StartedThread>,
}

impl ServerWork {
    /// Nothing was seen.
    pub const fn unseen() -> Self {
        Self {
            session: None,
            mount: None,
            pushes: Vec::new(),
            tasks: Vec::new(),
            task: None,
            threads: Vec::new(),
        }
    }
}

impl Default for ServerWork {
    fn default() -> Self {
        Self::unseen()
    }
}

/// What a turn did with the session of its request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionUse {
    /// True if the session held changes at the end of the turn that it did not hold at its start.
    pub touched: bool,
    /// True if the session was saved during the turn.
    pub saved: bool,
}

/// For whom and where a view was mounted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MountFacts {
    /// Primary key of the user who is logged in; null for nobody, or if it was not looked up.
    pub user: Value,
    /// Active language, as in `en-us`.
    pub language: Option<String>,
    /// Active time zone, as in `Europe/Berlin`.
    pub time_zone: Option<String>,
    /// What the URL pattern gave to `mount()`, as typed JSON.
    pub kwargs: Value,
    /// Path and query of the page.
    pub url: Option<String>,
}

/// A push to the views of a class, as its sender knew it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SentPush {
    /// Dotted path of the view class that it goes to.
    pub target: String,
    /// Name of the method that it calls there.
    pub handler: Option<String>,
    /// Names of the state that it sets there.
    pub state: Vec<String>,
    /// When it was sent, in microseconds from the start of the turn.
    pub t_us: i64,
    /// Number of connections that it was delivered to; none if the channel layer does not say.
    pub delivered: Option<u32>,
    /// True if the sender's own connection is one of them: djust passes over it there.
    pub skips_own: bool,
}

/// A task that `start_async` or `@background` put off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Task {
    /// Unique in the recording, the same in the turn that asked for the task and in the one that ran it.
    pub id: String,
    /// The name under which djust knows it.
    pub name: String,
    /// Qualified name of the function.
    pub function: Option<String>,
    /// When it was asked for or began, in microseconds from the start of the turn.
    pub start_us: Option<i64>,
    /// When it ended, in microseconds from the start of the turn; none where it was only asked for.
    pub end_us: Option<i64>,
    /// Names of the state whose value it changed; none where it was only asked for, or if that is not known.
    pub wrote: Option<Vec<String>>,
}

/// A thread that the user's code started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StartedThread {
    /// The thread's name.
    pub name: String,
    /// Qualified name of the function that it runs.
    pub target: Option<String>,
    /// When it was started, in microseconds from the start of the turn.
    pub t_us: i64,
    /// Source file of the call.
    pub file: Option<String>,
    /// Line of the call.
    pub line: Option<u32>,
}
