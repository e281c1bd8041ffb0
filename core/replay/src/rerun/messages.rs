//! What djscope and the worker say to each other, one JSON object a line.

use std::collections::BTreeMap;

use djscope_capture::probe::ProbeTurn;
use djscope_recording::model::Snapshot;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::answer::HeldBack;

/// What the worker is asked.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Ask {
    /// Sets the project up.
    Start(Start),
    /// Begins a run, in a process of its own.
    Run(Run),
    /// Takes a step of the run.
    Step(Box<Step>),
    /// Ends the run.
    End,
    /// Ends the worker.
    Quit,
}

/// Where the project is, and what its code may do.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Start {
    /// The working directory.
    pub cwd: String,
    /// `sys.path` of the recorded server.
    pub path: Vec<String>,
    /// Settings module.
    pub settings: Option<String>,
    /// Where the worker may write.
    pub folder: String,
    /// What is not held back.
    pub allow: Vec<String>,
    /// Databases to start from instead of those of the project, by alias.
    pub starts: BTreeMap<String, String>,
    /// The modules of the recording.
    pub sources: Vec<Source>,
}

/// A module as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Dotted path.
    pub module: String,
    /// Its file then.
    pub file: String,
    /// SHA-256 of the file then.
    pub hash: String,
}

/// A run: steps that follow each other in one process, over databases of their own.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Run {
    /// Its number.
    pub run: u32,
    /// Limit of each step.
    pub seconds: f64,
    /// Limit of memory beyond what the process has at its start.
    pub memory_mb: u64,
    /// About how many steps there will be.
    pub steps: u64,
    /// How far the clock is from the recorded time.
    pub clock_shift_us: i64,
    /// Where random numbers begin.
    pub seed: u64,
    /// For whom everything is run, if not for whom it was.
    pub user: Option<String>,
}

/// One step.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Step {
    /// The turn that it is about.
    pub turn: u64,
    /// Kind of the turn, or `close`, or `writes`.
    pub kind: String,
    /// The connection; none for plain HTTP.
    pub connection: Option<u64>,
    /// Unix time.
    pub at_us: i64,
    /// How to open the connection, if it is not open.
    pub open: Option<Open>,
    /// What the browser sent.
    pub frames: Vec<Value>,
    /// The request of a turn over plain HTTP.
    pub http: Option<Request>,
    /// Class of the view.
    pub view: Option<String>,
    /// Event, method or task.
    pub event: Option<String>,
    /// Parameters, for pushes.
    pub params: Value,
    /// The state to begin with.
    pub before: Option<Snapshot>,
    /// Names that `before` does not have stay as `mount()` has left them.
    pub is_partial: bool,
    /// A state whose rows are put into the databases first.
    pub rows: Option<Snapshot>,
    /// A mount that only stands for an earlier one.
    pub is_quiet: bool,
    /// The turn is the first after the mount.
    pub is_first: bool,
    /// The connection has mounted something before.
    pub is_remount: bool,
    /// Version of the last frame that the browser had.
    pub version: Option<i64>,
    /// Primary key of the user.
    pub user: Value,
    /// Names of the state to change before the turn.
    pub edits: Option<Map<String, Value>>,
    /// Writes that make the databases what they were.
    pub writes: Vec<Write>,
}

/// A write to a database.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Write {
    /// The database.
    pub alias: String,
    /// The statement.
    pub sql: String,
    /// Its parameters, as typed JSON.
    pub params: Value,
    /// It is made once for each of the parameters.
    pub many: bool,
}

/// How a connection was opened.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Open {
    /// Its number.
    pub connection: u64,
    /// Path of the upgrade request.
    pub path: String,
    /// Query of the upgrade request.
    pub query: String,
    /// Headers of the upgrade request.
    pub headers: Vec<(String, String)>,
    /// djust's session id.
    pub session_id: Option<String>,
    /// Primary key of the user.
    pub user: Value,
}

/// A recorded HTTP request.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Request {
    /// Method.
    pub method: String,
    /// Path and query.
    pub url: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Headers of the recorded answer.
    pub response_headers: Vec<(String, String)>,
    /// Body, as base64.
    pub body: String,
}

/// What the worker says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Reply {
    /// It has started.
    Hello,
    /// The project is set up.
    Ready(Ready),
    /// The project cannot be set up.
    Failed(Failed),
    /// A step was taken.
    Did(Box<Did>),
}

/// What was found.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Ready {
    /// Version of Python.
    pub python: Option<String>,
    /// Version of Django.
    pub django: Option<String>,
    /// Version of djust.
    pub djust: Option<String>,
    /// How each database is kept as it is, by alias.
    pub databases: BTreeMap<String, String>,
    /// False where each run needs a worker of its own.
    pub can_fork: bool,
    /// What is not as in the recorded server.
    pub notes: Vec<String>,
    /// Modules whose text has changed.
    pub changed: Vec<String>,
    /// Names of the variables of the environment, now that the settings are loaded.
    pub environment: Vec<String>,
    /// What was held back while the project was loaded.
    pub held_back: Vec<HeldBack>,
}

/// Why the project cannot be set up.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Failed {
    /// What could not be loaded.
    pub stage: String,
    /// The exception.
    pub message: String,
    /// Where it was raised.
    pub traceback: String,
    /// What was held back.
    pub held_back: Vec<HeldBack>,
}

/// What became of a step.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Did {
    /// The turn.
    pub turn: u64,
    /// What the probe reported.
    pub turns: Vec<ProbeTurn>,
    /// What was sent over the socket.
    pub frames: Vec<Value>,
    /// What was answered over HTTP.
    pub http: Option<HttpAnswer>,
    /// Names that had another value than in the recording.
    pub pinned: Vec<String>,
    /// (path, why) of values that are not as they were.
    pub lossy: Vec<(String, String)>,
    /// Values that the recording does not hold and that were used.
    pub touched: Vec<String>,
    /// What was held back.
    pub held_back: Vec<HeldBack>,
    /// What had to be taken for granted.
    pub assumed: Vec<String>,
    /// What else there is to say.
    pub notes: Vec<String>,
    /// How often the clock was read.
    pub clock_reads: u64,
    /// How often the system was asked for random bytes.
    pub draws: u64,
    /// How long it took.
    pub duration_us: u64,
    /// What came out of djust that djust should have caught.
    pub escaped: Option<Escaped>,
    /// Why the turn was not run.
    pub not_run: Option<String>,
    /// What became of the process instead of an answer.
    pub end: Option<End>,
    /// Whether the view of a quiet mount is there.
    pub is_mounted: Option<bool>,
    /// Class → the template that djust gives to its renderer.
    pub templates: BTreeMap<String, String>,
}

/// An answer over HTTP.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct HttpAnswer {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body, as base64.
    pub body: String,
}

/// An exception that ended a turn.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Escaped {
    /// Class.
    #[serde(rename = "type")]
    pub class: String,
    /// Text.
    pub message: String,
}

/// What became of a process.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct End {
    /// `hang` or `died`.
    pub how: String,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Its exit code.
    pub exit: Option<i32>,
    /// Its limit of time.
    pub seconds: f64,
    /// Most memory that it had.
    pub peak_mb: u64,
    /// Lines of the project in its stacks, innermost first.
    pub r#where: Vec<Place>,
}

/// A line of code.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Place {
    /// File.
    pub file: String,
    /// Line.
    pub line: u32,
    /// Function.
    pub function: Option<String>,
}

impl End {
    /// In words: `it did not end within 10 s; at /app/views.py:22 in loop`.
    pub fn text(&self) -> String {
        let mut text = match (self.how.as_str(), self.signal, self.exit) {
            ("hang", ..) => format!("it did not end within {} s", self.seconds),
            (_, Some(signal), _) => format!("signal {signal} ended its process"),
            (_, _, Some(exit)) => format!("its process ended with code {exit}"),
            _ => "its process ended".to_owned(),
        };
        if let Some(place) = self.r#where.first() {
            text.push_str(&format!("; at {}:{}", place.file, place.line));
            if let Some(function) = &place.function {
                text.push_str(&format!(" in {function}"));
            }
        }
        text
    }
}
