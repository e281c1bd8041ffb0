//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use djscope_capture::proxy::HostName;
use djscope_recording::filter;
use djscope_recording::model::Severity;
use djscope_report::pytest::Expect;

use crate::hub::Place;

/// See what your djust page does: every event, state change, patch and millisecond.
#[derive(Debug, Parser)]
#[command(
    name = "djscope",
    version,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try djscope on a small site of its own, without Python and Django
    ///
    /// The site is served by djscope's engine, proxied and recorded like any other. Open the
    /// printed address in a browser; the bug museum has a page for each cause of a page that
    /// does not change.
    Demo(DemoArguments),
    /// Start a dev server, record everything, and open the panel
    ///
    /// The server runs with a probe in its environment; the project stays as it is. Open the
    /// printed address in a browser instead of the server's own.
    #[command(after_help = RUN_EXAMPLES)]
    Run(RunArguments),
    /// Record a server that runs already; without an address, list those that run
    ///
    /// With the probe in its environment (djscope probe install) it is seen as under djscope run, from the first event
    /// on. Without it private state, SQL and logs are missing; of the public state there is what djust itself shows with
    /// DEBUG on.
    Attach(AttachArguments),
    /// Put the probe into the project's environment, for djscope attach; look at it; take it away
    ///
    /// It sleeps in every djust server that is started in this environment later, with DEBUG on or `DJSCOPE_PROBE=1`,
    /// and costs nothing until djscope attach wakes it. `DJSCOPE_PROBE=0` keeps it out of a server.
    #[command(subcommand)]
    Probe(ProbeCommand),
    /// Open a recording in the panel
    Open(OpenArguments),
    /// Print the turns of a recording
    #[command(after_help = filter::HELP)]
    Show(ShowArguments),
    /// Run recorded turns again in the project's own Python, and say what they do otherwise
    ///
    /// Nothing that a handler does leaves the process: databases are copies or are taken back, and files, network, mail
    /// and processes are held back and listed. The clock stands at the recorded time.
    #[command(after_help = RERUN_EXAMPLES)]
    Rerun(RerunArguments),
    /// Say why a turn did what it did: the verdict, what says so, where, and what to do
    ///
    /// Without a number it is about the last event. Exit code 1: something is wrong with it.
    Why(WhyArguments),
    /// List what is wrong in a recording
    ///
    /// Exit code 1: there are findings.
    Diagnose(DiagnoseArguments),
    /// Say what a finding means, how it is decided, and what to write instead; without a code, list all
    Explain(ExplainArguments),
    /// Play a recording to a live server, or to a browser without a server
    ///
    /// To a server: everything that the recorded browsers sent is sent again, over real sockets, and the answers are
    /// compared. To a browser: the recorded pages are served at any turn, with no Django running.
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(ReplayArguments),
    /// Make a recording of a bug report of djust (djbug1.…)
    Import(ImportArguments),
    /// Make a test out of a recorded turn: one file that needs Django and djust, and no djscope
    ///
    /// The test mounts the view, gives it the recorded state and sends what the browser sent. What is not needed for it
    /// is dropped first, by running the turn again with less and less; for that the project's code has to be run.
    #[command(after_help = REPORT_EXAMPLES)]
    Report(ReportArguments),
    /// Try the views of the demo with whatever may be sent: do they render, survive, and escape
    Smoke(SmokeArguments),
    /// Use the engine from another tool: JSON lines on standard input, JSON lines on standard output
    #[command(after_help = ENGINE_EXAMPLES)]
    Engine(EngineArguments),
}

const ENGINE_EXAMPLES: &str = r#"Lines:
  render   {"templates":{"x":"{{ n|add:1 }}"},"name":"x","context":{"n":1}}         {"output":"2"}
  diff     {"old":"<p>a</p>","new":"<p>b</p>"}                                      {"patches":[...],"us":...}
  apply    {"html":"<p>a</p>","patches":[...]}                                      {"html":"...","failed":[]}
  session  {"template":"<p>{{ n }}</p>","steps":[{"state":{"n":1},"changed":null}]} {"steps":[...]}
A line that cannot be answered gives {"error":...,"message":...}, and the stream goes on."#;

/// Options of `engine`.
#[derive(Debug, Args)]
pub struct EngineArguments {
    /// What every line asks for
    #[arg(value_enum)]
    pub request: EngineRequest,
}

/// What lines ask the engine for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum EngineRequest {
    /// A template with a context
    Render,
    /// The patches between two pages
    Diff,
    /// A page after patches
    Apply,
    /// A view through its states
    Session,
}

const RUN_EXAMPLES: &str = "Examples:
  djscope run -- python manage.py runserver
  djscope run --out search.djscope -- daphne -p 8000 site.asgi:application
  djscope run --headless --for 60 -- uvicorn site.asgi:application";

/// Options of `run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    #[command(flatten)]
    pub common: LiveArguments,
    /// Where the server will listen, if the command does not tell
    #[arg(long, value_name = "URL")]
    pub upstream: Option<String>,
    /// Record the wire only; leave the server's environment alone
    #[arg(long)]
    pub no_probe: bool,
    /// Leave the server running when djscope ends; it gets no input from the terminal then
    #[arg(long)]
    pub keep_server: bool,
    /// Keep the project's `SQLite` databases as they are at the start, beside the recording, for djscope rerun
    ///
    /// They are copied whole, before the server serves: nothing in them is masked. Databases of more than 256 MiB are
    /// left out and named.
    #[arg(long, conflicts_with = "no_probe")]
    pub snapshot_db: bool,
    /// The command of the server, after --
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub server: Vec<String>,
}

/// Options of `demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    #[command(flatten)]
    pub common: LiveArguments,
}

/// Options of `smoke`.
#[derive(Debug, Args)]
pub struct SmokeArguments {
    /// Dotted paths of views; without any all are tried
    #[arg(value_name = "VIEW")]
    pub views: Vec<String>,
    /// Calls of each handler
    #[arg(long, value_name = "N", default_value_t = 40)]
    pub calls: usize,
    /// Where the made up parameters begin: the same number makes the same
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Print findings as JSON, one object a line
    #[arg(long)]
    pub json: bool,
}

/// Options of `attach`.
#[derive(Debug, Args)]
pub struct AttachArguments {
    /// Address of the server, as in `http://127.0.0.1:8000`; without it the dev servers on this machine are listed
    ///
    /// The list holds what the system says of this user's processes and what dormant probes offer. No server is asked.
    #[arg(value_name = "URL")]
    pub upstream: Option<String>,
    #[command(flatten)]
    pub common: LiveArguments,
}

/// What to do with the probe in an environment.
#[derive(Debug, Subcommand)]
pub enum ProbeCommand {
    /// Put it there, in place of another version or of a damaged one
    Install(EnvironmentArguments),
    /// Say whether it is there, and which
    Status(EnvironmentArguments),
    /// Take away what install has put there
    Uninstall(EnvironmentArguments),
}

/// Which environment is meant.
#[derive(Debug, Args)]
pub struct EnvironmentArguments {
    /// Its folder or its python; by default the active one, else ./.venv or ./venv
    #[arg(value_name = "VENV", value_parser = file())]
    pub environment: Option<PathBuf>,
}

/// Where the proxy listens if nothing is said: at a free port.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:0";

/// What the recorder may use of memory if nothing is said.
pub const DEFAULT_MEMORY: &str = "256M";

/// Options of everything that records.
#[derive(Debug, Args)]
pub struct LiveArguments {
    /// Where the proxy listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = DEFAULT_LISTEN, value_parser = listen)]
    pub listen: SocketAddr,
    /// The recording; by default recordings/DATE-TIME.djscope in the user's data folder
    #[arg(long, value_name = "FILE", value_parser = file())]
    pub out: Option<PathBuf>,
    /// Replace a recording that is there already
    #[arg(long)]
    pub overwrite: bool,
    /// Open no window
    #[arg(long)]
    pub headless: bool,
    /// End after so many seconds
    #[arg(long = "for", value_name = "SECONDS", value_parser = seconds)]
    pub duration: Option<std::time::Duration>,
    /// Tell the server its own address in Host and Origin, for servers that refuse the proxy's
    ///
    /// Only names of this machine (localhost and loopback addresses) are replaced. Any other name reaches the server
    /// as the browser sent it, so that its own checks of foreign pages go on working.
    #[arg(long)]
    pub rewrite_host: bool,
    /// One more name of this machine for --rewrite-host, as in dev.example.org
    #[arg(long, value_name = "NAME", requires = "rewrite_host")]
    pub allow_host: Vec<HostName>,
    /// What the recorder may use of memory, as in 256M or 1G; what does not fit is left out and named
    #[arg(long, value_name = "SIZE", default_value = DEFAULT_MEMORY, value_parser = size)]
    pub memory: usize,
    /// One more name whose value is a secret; with ! in front one that is none
    #[arg(long, value_name = "NAME")]
    pub redact: Vec<String>,
    /// A file of such names, one a line
    #[arg(long, value_name = "FILE", value_parser = file())]
    pub redact_file: Vec<PathBuf>,
    /// Keep secrets in the recording
    #[arg(long, conflicts_with_all = ["redact", "redact_file"])]
    pub no_redact: bool,
    /// Let other programs of this machine look on, at this port of 127.0.0.1; 0 takes a free one
    ///
    /// The address that is printed holds a secret of this launch: djscope open ADDRESS shows the panel over it, djscope
    /// show ADDRESS prints the turns.
    #[arg(long, value_name = "PORT")]
    pub hub: Option<u16>,
    /// Print what happens as JSON, one object a line
    #[arg(long)]
    pub json: bool,
}

/// Where the project of a recording is, if not where the recording says.
#[derive(Clone, Debug, Args)]
pub struct ProjectArguments {
    /// Where the project is now, to run turns again
    #[arg(long = "project", value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Its interpreter
    #[arg(long, value_name = "PATH")]
    pub python: Option<PathBuf>,
    /// Its settings module
    #[arg(long, value_name = "MODULE")]
    pub settings: Option<String>,
}

/// Options of `open`.
#[derive(Debug, Args)]
pub struct OpenArguments {
    /// The recording, or the address that --hub has printed
    #[arg(value_name = "FILE|URL")]
    pub recording: Place,
    /// Write a picture of the panel instead of opening a window
    #[arg(long, value_name = "PNG", value_parser = file())]
    pub screenshot: Option<PathBuf>,
    /// The turn to select
    #[arg(long, value_name = "N")]
    pub turn: Option<u64>,
    /// Show only some turns; djscope show --help lists the terms
    #[arg(long, value_name = "EXPR", default_value = "")]
    pub filter: String,
    #[command(flatten)]
    pub project: ProjectArguments,
}

/// Options of `why`.
#[derive(Debug, Args)]
pub struct WhyArguments {
    /// The recording, or the address that --hub has printed
    #[arg(value_name = "FILE|URL")]
    pub recording: Place,
    /// The turn; by default the last event
    #[arg(value_name = "TURN")]
    pub turn: Option<u64>,
    /// Print its findings as JSON, one object a line
    #[arg(long)]
    pub json: bool,
}

/// Options of `diagnose`.
#[derive(Debug, Args)]
pub struct DiagnoseArguments {
    /// The recording, or the address that --hub has printed
    #[arg(value_name = "FILE|URL")]
    pub recording: Place,
    /// Print JSON, one object a finding
    #[arg(long)]
    pub json: bool,
    /// Only findings of this code
    #[arg(long, value_name = "CODE")]
    pub code: Option<String>,
    /// Only findings that are at least so bad: error, warning or information
    #[arg(long, value_name = "SEVERITY", default_value = "warning", value_parser = severity)]
    pub min_severity: Severity,
}

/// Options of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// Code of a finding, as in unseen-mutation
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

/// Options of `show`.
#[derive(Debug, Args)]
pub struct ShowArguments {
    /// The recording, or the address that --hub has printed
    #[arg(value_name = "FILE|URL")]
    pub recording: Place,
    /// Print JSON, one object a turn
    #[arg(long)]
    pub json: bool,
    /// Print only some turns
    #[arg(long, value_name = "EXPR", default_value = "")]
    pub filter: String,
    /// Print more of each turn as JSON, or of the recording; several with commas between them
    #[arg(long, value_name = "PART", requires = "json", value_delimiter = ',')]
    pub with: Vec<ShownPart>,
}

/// What `show --json` prints besides, if it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ShownPart {
    /// In each turn: the values that the renderer holds
    Handed,
    /// In each turn: handlers, template and class of its view
    Class,
    /// Before the first turn whose class is in it: the text of each module, on a line of its own
    Sources,
    /// First: what starts each process of the server again, on a line of its own
    Processes,
}

/// The name of a file or folder. What comes with clap takes an empty one for a missing one and says so; each command
/// has a better word for it ([`Failure::if_empty`](crate::failure::Failure::if_empty)).
fn file() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

const RERUN_EXAMPLES: &str = "Examples:
  djscope rerun cart.djscope --turn 17
  djscope rerun cart.djscope --all --db default=start.sqlite3 --yes --json
  djscope rerun cart.djscope --turn 17 --edit-params '{\"amount\": 3}'
  djscope rerun cart.djscope --bisect 'total == 4'
  djscope rerun cart.djscope --until-diverges

same         djust, run again, and djscope's engine say what was recorded
differs      one of them says something else, and nothing but the code can be the reason
cannot tell  something was not recorded, or is not as it was; the line below says what

Exit code 1: a turn differs.";

/// Options of `rerun`.
#[derive(Debug, Args)]
pub struct RerunArguments {
    /// The recording
    #[arg(value_name = "FILE")]
    pub recording: PathBuf,
    /// Run this turn alone: its view is mounted anew and given the state that it had
    #[arg(long, value_name = "N", conflicts_with_all = ["all", "view", "filter"])]
    pub turn: Vec<u64>,
    /// Run the whole recording, every connection from its first turn to its last
    #[arg(long)]
    pub all: bool,
    /// The same, and print the turns of this view
    #[arg(long, value_name = "CLASS")]
    pub view: Option<String>,
    /// The same, and print only some turns; djscope show --help lists the terms
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,
    /// Take changed code and templates for no excuse: what they do otherwise differs
    #[arg(long)]
    pub strict: bool,
    /// Run the chain up to the first turn that differs, and say where
    #[arg(long, conflicts_with = "turn")]
    pub until_diverges: bool,
    /// Say which turn first changes a place of the state (items[3].name), makes it a value (total == 4), or has a finding
    ///
    /// The recorded states answer without anything being run; the turn is then run again to see whether it still does.
    #[arg(long, value_name = "PATH|CODE", conflicts_with_all = ["turn", "until_diverges"])]
    pub bisect: Option<String>,
    /// Run the turns again whenever the project's code or templates change, until it is interrupted
    #[arg(long, requires = "turn")]
    pub watch: bool,
    /// What if the state were another one: a JSON object of names and values in the recording's encoding
    #[arg(long, value_name = "JSON", requires = "turn")]
    pub edit_state: Option<String>,
    /// What if the browser had sent other parameters: a JSON object
    #[arg(long, value_name = "JSON", requires = "turn")]
    pub edit_params: Option<String>,
    #[command(flatten)]
    pub code: CodeArguments,
    /// Print JSON, one object a turn
    #[arg(long)]
    pub json: bool,
}

/// Where a project is whose code is run, and what the code may do.
#[derive(Debug, Args)]
pub struct CodeArguments {
    /// Run everything for this user, by primary key or name
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
    /// The state of a `SQLite` database at the start of the recording, as in default=start.sqlite3
    #[arg(long, value_name = "ALIAS=FILE", value_parser = database)]
    pub db: Vec<(String, PathBuf)>,
    /// Let this through instead of holding it back
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = ["net", "process", "files", "mail", "db-write"])]
    pub allow: Vec<String>,
    #[command(flatten)]
    pub project: ProjectArguments,
    /// How long a turn may take
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "10")]
    pub timeout: std::time::Duration,
    /// What a run may use of memory beyond what the project takes by itself, in MB
    #[arg(long, value_name = "MB", default_value_t = 1024)]
    pub memory: u64,
    /// Run the project's code without asking
    #[arg(long)]
    pub yes: bool,
}

const REPORT_EXAMPLES: &str = "Examples:
  djscope report cart.djscope --format pytest --turn 17 --expect 'state:total == 4' -o test_total.py
  djscope report cart.djscope --format pytest --turn 17 --expect 'html-contains:Total: 4' --expect patches --yes

What should happen (--expect):
  state:CONDITION     a condition in Python, with the names of the state after the turn
  html-contains:TEXT  the page that the browser has contains the text; html-lacks:TEXT that it does not
  patches             the browser is sent patches
  no-error            no error is answered
  up-to-date          the page says what a fresh page with the same state says
  recorded            the changed names and the kind of answer are as recorded
Without it: no-error after an error, up-to-date if state changed and nothing was sent, else recorded.";

/// Options of `report`.
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// The recording
    #[arg(value_name = "FILE")]
    pub recording: PathBuf,
    /// What to make of it
    #[arg(long, value_enum)]
    pub format: ReportFormat,
    /// The turn; may be given several times
    #[arg(long, value_name = "N", required = true)]
    pub turn: Vec<u64>,
    /// The file to write, or for several turns the folder; without it standard output
    #[arg(long, short, value_name = "OUT", value_parser = file())]
    pub out: Option<PathBuf>,
    /// Replace a file that is there already
    #[arg(long, requires = "out")]
    pub overwrite: bool,
    /// What should happen in the turn; may be given several times
    #[arg(long, value_name = "WHAT")]
    pub expect: Vec<Expect>,
    /// Run nothing: write the whole state instead of the part that matters
    #[arg(long, conflicts_with = "yes")]
    pub whole: bool,
    #[command(flatten)]
    pub code: CodeArguments,
}

/// Options of `import`.
#[derive(Debug, Args)]
pub struct ImportArguments {
    /// The blob, the address of djust's viewer with it, or a file that holds it
    #[arg(value_name = "BLOB|URL|FILE")]
    pub source: String,
    /// The recording to make
    #[arg(long, value_name = "FILE", value_parser = file())]
    pub out: PathBuf,
    /// Replace a recording that is there already
    #[arg(long)]
    pub overwrite: bool,
}

/// What a report can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// A test of a turn, for pytest and manage.py test
    Pytest,
    /// djust's own bug report (djbug1.…): event, public state before and after, patches
    Djbug,
}

const REPLAY_EXAMPLES: &str = "Examples:
  djscope replay cart.djscope --to server http://127.0.0.1:8000
  djscope replay cart.djscope --to server http://127.0.0.1:8000 --copies 20 --stagger 100 --yes
  djscope replay cart.djscope --to browser --turn 17

same         the server answers what was recorded
differs      it answers something else
cannot tell  something was masked, was not played, or others had to do with it; the line below says what

Exit code 1: a turn differs, or something went wrong.";

/// Options of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArguments {
    /// The recording
    #[arg(value_name = "FILE")]
    pub recording: PathBuf,
    /// `server URL`: play the browser's side to a live server; `browser`: play the server's side to a browser
    #[arg(long, required = true, num_args = 1..=2, value_names = ["SIDE", "URL"])]
    pub to: Vec<String>,
    /// Server: with the recording's pauses, as soon as the answers are there, or without waiting for them
    #[arg(long, value_enum, default_value = "reply")]
    pub pace: PlayedPace,
    /// Server: play it so often at the same time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = copies)]
    pub copies: usize,
    /// Server: how long after the one before a copy begins
    #[arg(long, value_name = "MS", default_value_t = 20)]
    pub stagger: u64,
    /// Server: a cookie of a login, for every visitor, as in sessionid=VALUE
    #[arg(long, visible_alias = "cookie", value_name = "NAME=VALUE", value_parser = cookie)]
    pub login_cookie: Vec<(String, String)>,
    /// Server: one that is not of this machine, and to which the recording may be played all the same
    #[arg(long, value_name = "NAME")]
    pub allow_host: Vec<String>,
    /// Server: how long an answer is waited for
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "10")]
    pub timeout: std::time::Duration,
    /// Server: most messages that a socket sends in a second; djust refuses more than 100. 0 for no limit
    #[arg(long, value_name = "N", default_value_t = 80.0, value_parser = rate)]
    pub rate: f64,
    /// Server: play it without asking
    #[arg(long)]
    pub yes: bool,
    /// Browser: the turn that is shown first
    #[arg(long, value_name = "N")]
    pub turn: Option<u64>,
    /// Browser: which client runs in the pages; djscope's own where the recording does not hold the other
    #[arg(long, value_enum, default_value = "recorded")]
    pub client: PlayedClient,
    /// Browser: the port of 127.0.0.1 to serve at; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub port: u16,
    /// Browser: end after so many seconds
    #[arg(long = "for", value_name = "SECONDS", value_parser = seconds)]
    pub duration: Option<std::time::Duration>,
    /// Print JSON, one object a turn
    #[arg(long)]
    pub json: bool,
}

/// Where a recording is played to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayTo {
    /// A live server, by its address.
    Server(String),
    /// A browser.
    Browser,
}

impl ReplayTo {
    /// What `--to` says.
    ///
    /// # Errors
    ///
    /// A sentence, if it says neither.
    pub fn of(words: &[String]) -> Result<Self, String> {
        match words {
            [side, address] if side == "server" => Ok(Self::Server(address.clone())),
            [side] if side == "browser" => Ok(Self::Browser),
            [side] if side == "server" => Err("which server?".to_owned()),
            [side, _] if side == "browser" => Err("a browser has no address".to_owned()),
            _ => Err(format!(
                "a recording is played to a server or a browser, not to {:?}",
                words.join(" ")
            )),
        }
    }
}

/// How fast a recording is played.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PlayedPace {
    /// With the recording's pauses
    Recorded,
    /// As soon as everything has come that had come before in the recording
    Reply,
    /// As soon as a view is mounted
    Max,
}

/// Which browser client runs in the pages.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PlayedClient {
    /// The one that the server sent
    Recorded,
    /// djscope's own
    Ours,
}

fn cookie(text: &str) -> Result<(String, String), String> {
    let is_plain = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| matches!(byte, 0x21..=0x7e) && byte != b';')
    };
    match text.split_once('=') {
        Some((name, value)) if is_plain(name) && is_plain(value) => Ok((name.to_owned(), value.to_owned())),
        _ => Err("not of the form sessionid=VALUE".to_owned()),
    }
}

/// More would be a load that one machine neither makes nor takes.
const MAX_COPIES: usize = 1_000;

fn copies(text: &str) -> Result<usize, String> {
    let number = text
        .parse()
        .ok()
        .filter(|number| (1..=MAX_COPIES).contains(number));
    number.ok_or_else(|| format!("not a number from 1 to {MAX_COPIES}"))
}

fn rate(text: &str) -> Result<f64, String> {
    let number = text
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "not a number of messages".to_owned())
}

/// An alias and a file.
fn database(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((alias, file)) if !alias.is_empty() && !file.is_empty() => Ok((alias.to_owned(), file.into())),
        _ => Err("not of the form default=start.sqlite3".to_owned()),
    }
}

pub fn listen(text: &str) -> Result<SocketAddr, String> {
    djscope_capture::run::listen_address(text)
        .map_err(|error| format!("not an address of the form 127.0.0.1:8010 ({error})"))
}

/// Bytes, or a number with K, M or G behind it.
pub fn size(text: &str) -> Result<usize, String> {
    let (number, unit) = match text.strip_suffix(['K', 'k', 'M', 'm', 'G', 'g']) {
        Some(number) => (number, text[number.len()..].to_ascii_uppercase()),
        None => (text, String::new()),
    };
    let factor: usize = match unit.as_str() {
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => 1,
    };
    let bytes = number
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_mul(factor));
    let least = djscope_capture::memory::MIN_MEMORY_BYTES;
    match bytes {
        Some(bytes) if bytes >= least => Ok(bytes),
        Some(_) => Err(format!(
            "less than {}M, which one large page can take",
            least >> 20
        )),
        None => Err("not a size such as 256M or 1G".to_owned()),
    }
}

fn severity(text: &str) -> Result<Severity, String> {
    [Severity::Error, Severity::Warning, Severity::Information]
        .into_iter()
        .find(|severity| severity.name() == text)
        .ok_or_else(|| "not one of error, warning and information".to_owned())
}

fn seconds(text: &str) -> Result<std::time::Duration, String> {
    text.parse()
        .ok()
        .and_then(|seconds: f64| std::time::Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "not a number of seconds".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
