//! One connection: frames of the browser in, frames for the browser out (djust `websocket.py`, `runtime.py`).
//!
//! It does no I/O and has no clock: whoever owns the socket hands in what comes, and the time, and does what is asked
//! for. See `docs/live.md` for the order of things.

mod answers;
mod events;
mod mounting;
mod parameters;
mod ticks;
mod uploading;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use djscope_wire::{
    ClientFrame, ClientMessage, Connect, ErrorFrame, Problem, RateLimitExceeded, ServerFrame, Simple,
};

use self::answers::state_of;
use super::application::{Application, Clock};
use super::bucket::Bucket;
use super::effects::{Done, Push, Work};
use super::mounted::Mounted;
use super::trace::{Cause, Turn};
use super::{Raised, Request};
use djscope_engine::view::KeyProblem;
use djscope_template::TemplateError;
use djscope_template::value::Value;

/// The number of work in the background.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TaskId(u64);

/// What happens to a connection.
#[derive(Debug)]
pub enum Input {
    /// The browser has connected.
    Open,
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A message of so many bytes that it was not kept.
    TooLarge(u64),
    /// The time of [`Session::next_deadline`] has come.
    Deadline,
    /// Work in the background is done.
    Done(TaskId, Result<Value, Raised>),
    /// Somebody pushed to a view.
    Push(Push),
}

/// What is to be done for a connection.
pub enum Output {
    /// Send a frame.
    Frame(Box<ServerFrame>),
    /// Close the connection.
    Close(CloseCode),
    /// Do some work elsewhere and hand its result in.
    Run(TaskId, Work),
    /// Hand a push to all other connections.
    Push(Push),
    /// What happened, for who wants to know.
    Turn(Box<Turn>),
}

/// Why a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCode {
    /// 4403: the user may not see the view.
    Forbidden,
    /// 4429: too many messages.
    TooMany,
}

impl CloseCode {
    /// Its number.
    pub fn number(self) -> u16 {
        match self {
            Self::Forbidden => 4403,
            Self::TooMany => 4429,
        }
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(frame) => formatter.debug_tuple("Frame").field(frame).finish(),
            Self::Close(code) => formatter.debug_tuple("Close").field(code).finish(),
            Self::Run(task, _) => formatter.debug_tuple("Run").field(task).finish(),
            Self::Push(push) => formatter.debug_tuple("Push").field(push).finish(),
            Self::Turn(turn) => formatter.debug_tuple("Turn").field(turn).finish(),
        }
    }
}

/// So many inputs wait for a handler that takes long; more are thrown away.
const MAX_WAITING: usize = 1_000;

/// So many bytes of messages wait for it: a file of the largest size that a slot takes if nothing else is said, and some.
const MAX_WAITING_BYTES: usize = 16 << 20;

/// One connection.
pub struct Session {
    application: Arc<Application>,
    /// UUID that the browser is told.
    id: Arc<str>,
    /// Who is connected; path and query are those of the view that is mounted.
    visitor: Request,
    mounted: Option<Mounted>,
    /// Of the last frame that the browser checks.
    version: i64,
    messages: Bucket,
    upload_frames: Bucket,
    warnings: u32,
    tasks: HashMap<TaskId, (Arc<str>, Done)>,
    last_task: u64,
    /// Work that begins later, and when.
    delayed: Vec<(Duration, TaskId, Work)>,
    tick_due: Option<Duration>,
    busy: Option<Busy>,
    waiting: VecDeque<Input>,
    is_closed: bool,
    traces: bool,
    out: Vec<Output>,
}

/// A handler is under way; what it says comes at its end.
struct Busy {
    since: Duration,
    until: Duration,
    out: Vec<Output>,
}

impl Session {
    /// A connection of a visitor; `id` is a UUID that nobody can guess.
    pub fn new(application: Arc<Application>, visitor: Request, id: &str, clock: &dyn Clock) -> Self {
        let now = clock.elapsed();
        let settings = application.settings();
        Self {
            id: id.into(),
            visitor,
            mounted: None,
            version: 0,
            messages: Bucket::new(settings.messages, now),
            upload_frames: Bucket::new(settings.upload_frames, now),
            warnings: 0,
            tasks: HashMap::new(),
            last_task: 0,
            delayed: Vec::new(),
            tick_due: None,
            busy: None,
            waiting: VecDeque::new(),
            is_closed: false,
            traces: false,
            out: Vec::new(),
            application,
        }
    }

    /// The same, which also tells what happens: [`Output::Turn`].
    #[must_use]
    pub fn traced(mut self) -> Self {
        self.traces = true;
        self
    }

    /// The dotted path of the view that is mounted.
    pub fn view_path(&self) -> Option<&Arc<str>> {
        self.mounted
            .as_ref()
            .map(|mounted| &mounted.registered.declaration().path)
    }

    /// A value of the state of the view that is mounted.
    pub fn state(&self, name: &str) -> Option<&Value> {
        self.mounted.as_ref()?.instance.find(name)
    }

    /// The page as the browser has it: what is in the root.
    pub fn html(&self) -> &str {
        self.mounted.as_ref().map_or("", Mounted::html)
    }

    /// What is wrong with the keys of the page: DJE-050 to DJE-052, with the line of the template.
    ///
    /// # Errors
    ///
    /// What the template raises when it is rendered once more to tell the lines.
    pub fn key_problems(&self) -> Result<Vec<KeyProblem>, TemplateError> {
        self.mounted
            .as_ref()
            .map_or(Ok(Vec::new()), Mounted::key_problems)
    }

    /// Whether a push for `target` concerns the view that is mounted, see [`Declaration::is_target`].
    ///
    /// [`Declaration::is_target`]: super::Declaration::is_target
    pub fn is_target(&self, target: &str) -> bool {
        self.mounted
            .as_ref()
            .is_some_and(|mounted| mounted.registered.declaration().is_target(target))
    }

    /// When it wants to be woken: [`Input::Deadline`].
    pub fn next_deadline(&self) -> Option<Duration> {
        match &self.busy {
            Some(busy) => Some(busy.until),
            None if self.is_closed => None,
            None => {
                let delayed = self.delayed.iter().map(|(due, ..)| *due);
                delayed.chain(self.tick_due).min()
            }
        }
    }

    /// Takes in what happens and gives what is to be done, in order.
    pub fn receive(&mut self, input: Input, clock: &dyn Clock) -> Vec<Output> {
        if self.is_closed {
            return Vec::new();
        }
        match input {
            Input::Deadline => self.wake(clock),
            input if self.busy.is_some() => self.wait(input, clock),
            input => self.take(input, clock),
        }
        while self.busy.is_none() && !self.is_closed {
            let Some(input) = self.waiting.pop_front() else {
                break;
            };
            self.handle(input, clock);
        }
        std::mem::take(&mut self.out)
    }

    /// Keeps what comes while a handler is under way.
    fn wait(&mut self, input: Input, clock: &dyn Clock) {
        let is_full = self.waiting.len() >= MAX_WAITING;
        match &input {
            // It is lost, and nothing is held against the browser, which did not send it.
            Input::Push(_) if is_full => {}
            Input::Text(_) | Input::Binary(_) if is_full || self.waiting_bytes() > MAX_WAITING_BYTES => {
                self.warn("Too many messages, some events are being dropped");
            }
            _ if self.admit(&input, clock) => self.waiting.push_back(input),
            _ => {}
        }
    }

    fn waiting_bytes(&self) -> usize {
        let bytes = self.waiting.iter().map(|input| match input {
            Input::Text(text) => text.len(),
            Input::Binary(bytes) => bytes.len(),
            _ => 0,
        });
        bytes.sum()
    }

    fn take(&mut self, input: Input, clock: &dyn Clock) {
        if self.admit(&input, clock) {
            self.handle(input, clock);
        }
    }

    /// Whether a message is neither too large nor one too many.
    fn admit(&mut self, input: &Input, clock: &dyn Clock) -> bool {
        let settings = self.application.settings();
        let (length, is_upload) = match input {
            Input::TooLarge(length) => {
                self.error(&too_large(*length));
                return false;
            }
            Input::Text(text) => (text.len(), false),
            Input::Binary(bytes) => (bytes.len(), is_upload(bytes)),
            _ => return true,
        };
        // The head of a piece does not count: djust cuts off its own default pieces by counting it.
        let most = settings.max_message_bytes + if is_upload { UPLOAD_HEAD } else { 0 };
        if length > most {
            self.error(&too_large(length as u64));
            return false;
        }
        let now = clock.elapsed();
        if is_upload && !self.upload_frames.take(now) {
            self.warn("Too many upload frames, some are being dropped");
            return false;
        }
        if !is_upload && !self.messages.take(now) {
            self.warn("Too many messages, some events are being dropped");
            return false;
        }
        true
    }

    /// Tells that a message was thrown away; after some of these the connection is closed.
    fn warn(&mut self, message: &str) {
        self.warnings += 1;
        if self.warnings >= self.application.settings().max_warnings {
            self.close(CloseCode::TooMany);
            return;
        }
        self.send(ServerFrame::RateLimitExceeded(RateLimitExceeded {
            message: message.to_owned(),
            ..RateLimitExceeded::default()
        }));
    }

    fn handle(&mut self, input: Input, clock: &dyn Clock) {
        match input {
            Input::Open => {
                let session_id = self.id.to_string();
                self.send(ServerFrame::Connect(Connect {
                    session_id,
                    ..Connect::default()
                }));
            }
            Input::Text(text) => self.message(ClientMessage::from_text(text), &[], clock),
            Input::Binary(bytes) => self.message(ClientMessage::from_binary(&bytes), &bytes, clock),
            Input::TooLarge(length) => self.error(&too_large(length)),
            Input::Deadline => self.wake(clock),
            Input::Done(task, result) => self.task_done(task, result, clock),
            Input::Push(push) => self.pushed(push, clock),
        }
    }

    fn message(&mut self, message: ClientMessage, bytes: &[u8], clock: &dyn Clock) {
        match message {
            ClientMessage::Text(parsed) | ClientMessage::Packed(parsed) => match parsed.problem {
                Some(Problem::NotJson(_) | Problem::PythonOnly) => self.error("Invalid JSON"),
                _ => self.frame(parsed.frame, clock),
            },
            ClientMessage::Upload(upload) => self.upload_frame(&upload, bytes),
            ClientMessage::Binary(_) => {
                self.error("Invalid message: neither JSON, msgpack nor part of an upload");
            }
        }
    }

    fn frame(&mut self, frame: ClientFrame, clock: &dyn Clock) {
        match frame {
            ClientFrame::Mount(mount) => self.mount(mount, clock),
            ClientFrame::LiveRedirectMount(redirect) => self.redirect(&redirect, clock),
            ClientFrame::Event(event) => self.event(event, clock),
            ClientFrame::UrlChange(change) => self.url_change(&change, clock),
            ClientFrame::RequestHtml(_) => self.recover(),
            ClientFrame::Ping(_) => self.send(ServerFrame::Pong(Simple::default())),
            ClientFrame::UploadRegister(register) => self.upload_register(&register),
            // They are meant for panels and presence, of which a session knows nothing.
            ClientFrame::ClientApplied(_)
            | ClientFrame::PresenceHeartbeat(_)
            | ClientFrame::CursorMove(_)
            | ClientFrame::DebugPanelOpen(_)
            | ClientFrame::DebugPanelClose(_) => {}
            ClientFrame::Unknown { kind, value } => match (kind.as_str(), value) {
                ("event", _) => self.error("Missing 'event' field"),
                ("", _) => self.error("Message without a type"),
                (kind, _) if ClientFrame::KINDS.contains(&kind) => {
                    self.error(&format!("Invalid {kind} message"));
                }
                (kind, _) => self.error(&format!("Unknown message type: {kind}")),
            },
            other => self.error(&format!("Unknown message type: {}", other.kind())),
        }
    }

    fn send(&mut self, frame: ServerFrame) {
        self.out.push(Output::Frame(Box::new(frame)));
    }

    fn error(&mut self, error: &str) {
        self.send(ServerFrame::Error(ErrorFrame {
            error: error.to_owned(),
            ..ErrorFrame::default()
        }));
    }

    fn close(&mut self, code: CloseCode) {
        self.out.push(Output::Close(code));
        self.is_closed = true;
        self.busy = None;
        self.mounted = None;
        self.tasks.clear();
        self.delayed.clear();
        self.waiting.clear();
    }

    /// Begins a turn of the view that is mounted; `None` if none is.
    fn begin(&mut self, cause: Cause, clock: &dyn Clock) -> Option<Turn> {
        let mounted = self.mounted.as_mut()?;
        mounted.instance.set_now(clock.timestamp());
        let mut turn = Turn::new(cause);
        if self.traces {
            turn.before = state_of(mounted);
        }
        Some(turn)
    }

    fn next_version(&mut self) -> Option<i64> {
        self.version += 1;
        Some(self.version)
    }

    fn trace(&mut self, mut turn: Turn) {
        if self.traces {
            turn.view = self.view_path().cloned();
            self.out.push(Output::Turn(Box::new(turn)));
        }
    }
}

/// What a browser is told that wants something of a view that is not there.
const NOT_MOUNTED: &str = "View not mounted. Please reload the page.";

/// Bytes before the data of a piece: what it is, UUID, number.
const UPLOAD_HEAD: usize = 21;

fn too_large(length: u64) -> String {
    format!("Message too large ({length} bytes)")
}

fn is_upload(bytes: &[u8]) -> bool {
    bytes.len() >= 17 && matches!(bytes[0], 1..=3)
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Session")
            .field("view", &self.view_path())
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
