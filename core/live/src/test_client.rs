//! A browser that is played, for tests of views (`LiveViewTestClient`): no network, and time goes on when it is told to.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::trace::Turn;
use super::{Application, Clock, Input, Output, PageAnswer, Push, Request, Session, TaskId, User, Work};
use djscope_template::value::Value;

/// A clock that stands still until it is moved; its first day is that of Unix.
#[derive(Debug, Default)]
pub struct StoodClock(Cell<Duration>);

impl StoodClock {
    fn move_to(&self, time: Duration) {
        self.0.set(time.max(self.0.get()));
    }
}

impl Clock for StoodClock {
    fn elapsed(&self) -> Duration {
        self.0.get()
    }

    fn timestamp(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
            .checked_add(self.0.get())
            .unwrap_or(Timestamp::MAX)
    }
}

/// One connection of a browser.
///
/// ```
/// use std::sync::Arc;
/// use djscope_live::{Application, Declared, Handler, Settings, TestClient, User};
/// use serde_json::json;
///
/// let template = ("page.html".to_owned(), "<div dj-root>{{ count }}</div>".to_owned());
/// let mut application = Application::new(Settings::default(), [template]);
/// let counter = Declared::new("demo.Counter", "page.html").state("count", 0).handler(
///     Handler::new("increment").run(|instance, _| {
///         instance.set("count", instance.int("count") + 1);
///         Ok(())
///     }),
/// );
/// application.add("/", counter)?;
/// let mut client = TestClient::open(&Arc::new(application), "/", User::anonymous());
/// assert_eq!(client.answer("increment", &json!({}))["patches"][0]["text"], "1");
/// assert_eq!(client.html(), "1");
/// # Ok::<(), djscope_template::TemplateError>(())
/// ```
#[derive(Debug)]
pub struct TestClient {
    /// The connection.
    pub session: Session,
    /// What happened.
    pub turns: Vec<Turn>,
    /// What was pushed to others.
    pub pushes: Vec<Push>,
    /// The code with which the connection was closed, if it was.
    pub closed: Option<u16>,
    clock: StoodClock,
    frames: Vec<Json>,
    tasks: Vec<Task>,
    references: i64,
}

struct Task(TaskId, Work);

impl std::fmt::Debug for Task {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Task").field(&self.0).finish()
    }
}

impl TestClient {
    /// Opens a page: connects and mounts the view at an address.
    pub fn open(application: &Arc<Application>, address: &str, user: User) -> Self {
        let mut client = Self::connect(application, user);
        let path = Request::get(address).path;
        let view = application
            .resolve(&path)
            .map_or_else(String::new, |(view, _)| view.declaration().path.to_string());
        client.mount(&view, address);
        client
    }

    /// Connects and mounts nothing.
    pub fn connect(application: &Arc<Application>, user: User) -> Self {
        let clock = StoodClock::default();
        let visitor = Request {
            visitor: "visitor".into(),
            csrf_token: "token".into(),
            ..Request::default()
        }
        .by(user);
        let session = Session::new(Arc::clone(application), visitor, "session", &clock).traced();
        let mut client = Self {
            session,
            turns: Vec::new(),
            pushes: Vec::new(),
            closed: None,
            clock,
            frames: Vec::new(),
            tasks: Vec::new(),
            references: 0,
        };
        client.input(Input::Open);
        client
    }

    /// The page that a browser gets at an address.
    pub fn page(application: &Application, address: &str) -> PageAnswer {
        application.page(Request::get(address), &StoodClock::default())
    }

    /// Lets something happen to the connection.
    pub fn input(&mut self, input: Input) {
        for output in self.session.receive(input, &self.clock) {
            match output {
                Output::Frame(frame) => {
                    let json = frame.to_json().unwrap_or_default();
                    self.frames.push(serde_json::from_str(&json).unwrap_or_default());
                }
                Output::Close(code) => self.closed = Some(code.number()),
                Output::Run(task, work) => self.tasks.push(Task(task, work)),
                Output::Push(push) => self.pushes.push(push),
                Output::Turn(turn) => self.turns.push(*turn),
            }
        }
    }

    /// Sends a frame.
    pub fn send(&mut self, frame: &Json) {
        self.input(Input::Text(frame.to_string()));
    }

    /// Asks for a view as the page at an address does.
    pub fn mount(&mut self, view: &str, address: &str) {
        let request = Request::get(address);
        let params: Map<String, Json> = request
            .query
            .iter()
            .map(|(name, value)| (name.to_str().into_owned(), Json::from(&*value.to_str())))
            .collect();
        self.send(
            &json!({"type": "mount", "view": view, "params": params, "url": &*request.path,
                          "has_prerendered": true}),
        );
    }

    /// Sends an event and gives the frames that came of it.
    pub fn event(&mut self, name: &str, params: &Json) -> Vec<Json> {
        self.frames.clear();
        self.references += 1;
        self.send(&json!({"type": "event", "event": name, "params": params, "ref": self.references}));
        self.take_frames()
    }

    /// Sends an event and gives the frame that answers it; null if none does.
    pub fn answer(&mut self, name: &str, params: &Json) -> Json {
        let answers = ["patch", "html_update", "noop", "error"];
        let mut frames = self.event(name, params).into_iter();
        frames
            .rfind(|frame| answers.iter().any(|answer| frame["type"] == **answer))
            .unwrap_or_default()
    }

    /// The frames that came and were not taken yet.
    pub fn take_frames(&mut self) -> Vec<Json> {
        std::mem::take(&mut self.frames)
    }

    /// Lets time go on, waking the session as often as it wants, and gives the frames that came.
    pub fn pass(&mut self, duration: Duration) -> Vec<Json> {
        let end = self.clock.elapsed() + duration;
        while let Some(due) = self.session.next_deadline().filter(|due| *due <= end) {
            self.clock.move_to(due);
            self.input(Input::Deadline);
        }
        self.clock.move_to(end);
        self.take_frames()
    }

    /// Does the work that was started in the background, and gives the frames that it brings.
    pub fn finish_tasks(&mut self) -> Vec<Json> {
        for Task(task, work) in std::mem::take(&mut self.tasks) {
            let result = work();
            self.input(Input::Done(task, result));
        }
        self.take_frames()
    }

    /// A value of the view's state; `None` if there is none.
    pub fn state(&self, name: &str) -> Value {
        self.session.state(name).cloned().unwrap_or_default()
    }

    /// The page as the browser has it: what is in the root.
    pub fn html(&self) -> &str {
        self.session.html()
    }

    /// What happened last.
    pub fn last_turn(&self) -> Option<&Turn> {
        self.turns.last()
    }
}
