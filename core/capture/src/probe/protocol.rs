//! The messages of `docs/probe-protocol.md` as types. Absent fields have defaults: an older probe is still heard.

use std::collections::BTreeMap;

use djscope_recording::model::{
    ClassData, Decision, Exception, FullHtml, Handler, SentFrame, ServerWork, SourceFile, Template,
};
use djscope_recording::{class_bytes, map_bytes, value_bytes, work_bytes};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// `null` where a list or map is expected stands for an empty one.
fn or_empty<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// The version of the protocol that this side speaks.
pub const VERSION: u32 = 2;

/// The oldest version that this side understands: what it lacks is not known.
pub const OLDEST_VERSION: u32 = 1;

/// One line from a probe.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ProbeMessage {
    /// First line.
    Hello(Hello),
    /// What the process was started with, before its first turn.
    Process(Box<ProcessFacts>),
    /// The text of a module, before the first class that is in it.
    Source(Box<SourceFile>),
    /// A view class, before its first turn.
    View(Box<ProbeView>),
    /// A finished turn.
    Turn(Box<ProbeTurn>),
    /// A log record outside any turn.
    Log(ProbeLog),
    /// Messages that the probe had to throw away.
    Lost {
        /// How many.
        #[serde(default)]
        messages: u64,
    },
    /// Everything that it was asked for has been sent.
    Flushed,
    /// The process ends.
    Bye,
    /// A type of a newer probe.
    #[serde(other)]
    Unknown,
}

/// Who the probe is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Hello {
    /// Version of the protocol.
    pub protocol: u32,
    /// The token of this launch.
    pub token: String,
    /// Unix time in microseconds.
    pub time_us: i64,
    /// Process id.
    pub pid: u32,
    /// Version of Python.
    pub python: Option<String>,
    /// Version of Django.
    pub django: Option<String>,
    /// Version of djust.
    pub djust: Option<String>,
    /// Settings module.
    pub settings: Option<String>,
    /// What it cannot see, and why.
    #[serde(deserialize_with = "or_empty")]
    pub missing: Vec<String>,
}

/// What is needed to start the process again. Of the environment there are names only, never values.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProcessFacts {
    /// Process id.
    pub pid: u32,
    /// Path of the interpreter.
    pub executable: Option<String>,
    /// `sys.prefix`: the folder of the virtual environment.
    pub prefix: Option<String>,
    /// The working directory.
    pub cwd: Option<String>,
    /// `sys.orig_argv`: the command line with the interpreter's own options, as Python keeps it.
    #[serde(deserialize_with = "or_empty")]
    pub argv: Vec<String>,
    /// `sys.path`.
    #[serde(deserialize_with = "or_empty")]
    pub path: Vec<String>,
    /// Settings module.
    pub settings: Option<String>,
    /// Names of environment variables.
    #[serde(deserialize_with = "or_empty")]
    pub environment: Vec<String>,
    /// `TZ` of the environment.
    pub tz: Option<String>,
    /// `TIME_ZONE` of the settings.
    pub time_zone: Option<String>,
    /// `PYTHONHASHSEED` of the environment; none if each process draws its own.
    pub hash_seed: Option<String>,
    /// Version of Python.
    pub python: Option<String>,
    /// Version of Django.
    pub django: Option<String>,
    /// Version of djust.
    pub djust: Option<String>,
    /// `INSTALLED_APPS`.
    #[serde(deserialize_with = "or_empty")]
    pub installed_apps: Vec<String>,
    /// Engine of each database, by alias.
    #[serde(deserialize_with = "or_empty")]
    pub databases: Map<String, Value>,
    /// The copies of `SQLite` databases that this process made before the server served, by alias.
    #[serde(deserialize_with = "or_empty")]
    pub database_starts: BTreeMap<String, DatabaseStart>,
}

/// A copy of a database as it was before the server served.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DatabaseStart {
    /// Name of the file beside the recording; none if there is no copy.
    pub file: Option<String>,
    /// Its size.
    pub bytes: Option<u64>,
    /// Why there is no copy.
    pub left_out: Option<String>,
}

/// A view class: where its code is and what it offers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ProbeView {
    /// Dotted path.
    pub class: String,
    /// Source file.
    pub file: Option<String>,
    /// Line of the class.
    pub line: Option<u32>,
    /// Event handlers.
    #[serde(deserialize_with = "or_empty")]
    pub handlers: Vec<Handler>,
    /// Its template.
    pub template: Option<Template>,
    /// What else it is made of; none from a probe of version 1.
    pub data: Option<Box<ClassData>>,
}

/// A state, whole or as a difference from the last one of the same view.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ProbeSnapshot {
    /// True if it builds on the last one.
    pub base: bool,
    /// Public names.
    #[serde(deserialize_with = "or_empty")]
    pub public: Map<String, Value>,
    /// Private names.
    #[serde(deserialize_with = "or_empty")]
    pub private: Map<String, Value>,
    /// Names that are gone.
    #[serde(deserialize_with = "or_empty")]
    pub unset: Vec<String>,
}

/// A timed phase.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ProbeSpan {
    /// Number in the turn.
    pub id: u32,
    /// The span that holds it.
    pub parent: Option<u32>,
    /// Name of the kind.
    pub kind: String,
    /// Handler, SQL …
    pub name: String,
    /// From the start of the server's turn.
    pub start_us: i64,
    /// Length.
    pub duration_us: u64,
    /// More facts.
    pub detail: Value,
}

/// A log record inside a turn.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct TurnLog {
    /// From the start of the server's turn.
    pub t_us: i64,
    /// Name of the level.
    pub level: String,
    /// Name of the logger.
    pub logger: String,
    /// The text.
    pub message: String,
    /// Source file of the call.
    pub file: Option<String>,
    /// Line of the call.
    pub line: Option<u32>,
    /// Formatted traceback.
    pub traceback: Option<String>,
}

/// A log record outside any turn.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ProbeLog {
    /// Unix time in microseconds.
    pub time_us: i64,
    /// The record; its `t_us` is not set.
    #[serde(flatten)]
    pub record: TurnLog,
}

/// A turn as the server saw it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ProbeTurn {
    /// Number of the turn in the process.
    pub seq: u64,
    /// `ws`, `http` or `sse`.
    pub transport: String,
    /// djust's session id of the socket.
    pub session_id: Option<String>,
    /// The peer's address as the server saw it.
    pub client: Option<(String, u16)>,
    /// The view instance, unique over all processes.
    pub view: Option<String>,
    /// The view that embeds it, if it is not the view of the page.
    pub parent: Option<String>,
    /// Dotted path of the class.
    pub class: Option<String>,
    /// Name of the kind.
    pub kind: String,
    /// Event, method or task.
    pub event: Option<String>,
    /// Parameters of the event.
    pub params: Value,
    /// The browser's event counter.
    #[serde(rename = "ref")]
    pub reference: Option<i64>,
    /// HTTP method.
    pub method: Option<String>,
    /// HTTP path and query.
    pub path: Option<String>,
    /// Unix time in microseconds.
    pub start_us: i64,
    /// Length.
    pub duration_us: u64,
    /// State before.
    pub before: Option<ProbeSnapshot>,
    /// State after.
    pub after: Option<ProbeSnapshot>,
    /// Names in the template context; none without a render.
    pub context: Option<Vec<String>>,
    /// Names given to the renderer; none without a render.
    pub rendered: Option<Vec<String>>,
    /// What djust decided before the render; none from a probe of version 1.
    pub djust: Option<Decision>,
    /// What the renderer holds after this turn; none if nothing was handed to it.
    pub handed: Option<ProbeSnapshot>,
    /// Names that the renderer was given as changed.
    pub changed_keys: Option<Vec<String>>,
    /// What the turn did on the server besides.
    #[serde(deserialize_with = "or_empty")]
    pub work: ServerWork,
    /// Timed phases.
    #[serde(deserialize_with = "or_empty")]
    pub spans: Vec<ProbeSpan>,
    /// Log records.
    #[serde(deserialize_with = "or_empty")]
    pub logs: Vec<TurnLog>,
    /// The exception that ended it.
    pub exception: Option<Exception>,
    /// Why whole HTML was sent.
    pub full_html: Option<FullHtml>,
    /// Frames that were sent.
    #[serde(deserialize_with = "or_empty")]
    pub sent: Vec<SentFrame>,
    /// Inner HTML of the root after the turn, now and then.
    pub html: Option<String>,
    /// What could not be seen, and why.
    #[serde(deserialize_with = "or_empty")]
    pub missing: Vec<String>,
    /// The process that reported it.
    #[serde(skip)]
    pub pid: u32,
    /// True if djscope had no room for its states, spans and logs.
    #[serde(skip)]
    pub is_cut: bool,
}

impl ProbeMessage {
    /// About how much memory it holds, in bytes.
    pub fn size(&self) -> usize {
        match self {
            Self::Turn(turn) => turn.size(),
            Self::View(view) => {
                let handlers = view
                    .handlers
                    .iter()
                    .map(|handler| 300 + handler.source.as_ref().map_or(0, String::len));
                let sources = view.template.iter().flat_map(|template| &template.sources);
                let data = view.data.as_deref().map_or(0, class_bytes);
                handlers.sum::<usize>()
                    + sources.map(|source| 100 + source.source.len()).sum::<usize>()
                    + data
            }
            Self::Source(source) => 512 + source.text.len(),
            Self::Log(log) => log.record.size(),
            Self::Process(_) => 16 << 10,
            Self::Hello(_) | Self::Lost { .. } | Self::Flushed | Self::Bye | Self::Unknown => 256,
        }
    }
}

impl ProbeTurn {
    /// About how much memory it holds, in bytes.
    pub fn size(&self) -> usize {
        let states = self.before.iter().chain(&self.after).chain(&self.handed);
        let states: usize = states
            .map(|state| map_bytes(&state.public) + map_bytes(&state.private))
            .sum();
        let spans: usize = self
            .spans
            .iter()
            .map(|span| 160 + span.name.len() + value_bytes(&span.detail))
            .sum();
        let logs: usize = self.logs.iter().map(TurnLog::size).sum();
        let names: usize = self
            .context
            .iter()
            .chain(&self.rendered)
            .chain(&self.changed_keys)
            .chain(self.djust.iter().filter_map(|djust| djust.changed.as_ref()))
            .flatten()
            .map(|name| 24 + name.len())
            .sum();
        let exception = self
            .exception
            .as_ref()
            .map_or(0, |exception| exception.traceback.len() * 2);
        let texts = work_bytes(&self.work)
            + value_bytes(&self.params)
            + self.html.as_ref().map_or(0, String::len)
            + self.path.as_ref().map_or(0, String::len);
        1024 + states + spans + logs + names + exception + texts + self.sent.len() * 80
    }

    /// The same turn without what takes room, which its `missing` says.
    #[must_use]
    pub fn cut(self) -> Self {
        let mut cut = Self {
            before: None,
            after: None,
            handed: None,
            changed_keys: None,
            work: ServerWork::default(),
            spans: Vec::new(),
            logs: Vec::new(),
            context: None,
            rendered: None,
            params: Value::Null,
            html: None,
            exception: None,
            is_cut: true,
            ..self
        };
        cut.sent.truncate(8);
        cut.missing.truncate(8);
        cut.missing.push(
            "states, spans, logs, parameters, values handed to the renderer, pushes and tasks: djscope could not keep up and had no room for them".to_owned(),
        );
        cut
    }
}

impl TurnLog {
    fn size(&self) -> usize {
        200 + self.message.len() + self.traceback.as_ref().map_or(0, String::len)
    }
}
