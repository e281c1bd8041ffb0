//! A site without a network: frames go in and come out as JSON, and time stands still until it is told to go on.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use djscope_engine::live::trace::Turn;
use djscope_engine::live::{
    Application, Clock, Input, LiveView, Output, PageAnswer, Push, Request, Session, Settings, TaskId, User,
    Work,
};
use djscope_engine::value::Value;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

/// A clock that is moved by hand.
#[derive(Default)]
pub struct StoodClock(Cell<Duration>);

impl Clock for StoodClock {
    fn elapsed(&self) -> Duration {
        self.0.get()
    }

    fn timestamp(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + self.0.get()
    }
}

/// A visitor's browser, as the server sees it.
pub struct Visit {
    pub session: Session,
    clock: StoodClock,
    /// Frames that came and were not looked at yet.
    frames: Vec<Json>,
    pub turns: Vec<Turn>,
    pub tasks: Vec<(TaskId, Work)>,
    pub pushes: Vec<Push>,
    pub closed: Option<u16>,
    references: i64,
}

/// An application of one view, at `/`, whose template is `page`.
pub fn site(page: &str, view: impl LiveView + 'static) -> Arc<Application> {
    site_with(Settings::default(), page, view)
}

pub fn site_with(settings: Settings, page: &str, view: impl LiveView + 'static) -> Arc<Application> {
    let mut application = Application::new(settings, [("page.html".to_owned(), page.to_owned())]);
    application.add("/", view).unwrap();
    Arc::new(application)
}

impl Visit {
    /// Opens the first page of a site.
    pub fn new(application: &Arc<Application>) -> Self {
        Self::by(application, User::anonymous())
    }

    pub fn by(application: &Arc<Application>, user: User) -> Self {
        let view = application.views().next().unwrap().declaration().path.to_string();
        let mut visit = Self::connected(application, user);
        visit.mount(&view, "/");
        visit
    }

    /// A connection on which nothing is mounted.
    pub fn connected(application: &Arc<Application>, user: User) -> Self {
        let clock = StoodClock::default();
        let visitor = Request {
            visitor: "visitor".into(),
            csrf_token: "token".into(),
            ..Request::default()
        }
        .by(user);
        let session = Session::new(Arc::clone(application), visitor, "session", &clock).traced();
        let mut visit = Self {
            session,
            clock,
            frames: Vec::new(),
            turns: Vec::new(),
            tasks: Vec::new(),
            pushes: Vec::new(),
            closed: None,
            references: 0,
        };
        visit.input(Input::Open);
        visit
    }

    pub fn input(&mut self, input: Input) {
        for output in self.session.receive(input, &self.clock) {
            match output {
                Output::Frame(frame) => {
                    let json: Json = serde_json::from_str(&frame.to_json().unwrap()).unwrap();
                    self.frames.push(json);
                }
                Output::Close(code) => self.closed = Some(code.number()),
                Output::Run(task, work) => self.tasks.push((task, work)),
                Output::Push(push) => self.pushes.push(push),
                Output::Turn(turn) => self.turns.push(*turn),
            }
        }
    }

    pub fn send(&mut self, frame: &Json) {
        self.input(Input::Text(frame.to_string()));
    }

    pub fn mount(&mut self, view: &str, address: &str) {
        let request = Request::get(address);
        let params: serde_json::Map<String, Json> = request
            .query
            .iter()
            .map(|(name, value)| (name.to_str().into_owned(), Json::from(&*value.to_str())))
            .collect();
        self.send(
            &json!({"type": "mount", "view": view, "params": params, "url": &*request.path,
                          "has_prerendered": true}),
        );
    }

    /// Sends an event and gives the frames that came.
    pub fn event(&mut self, name: &str, params: &Json) -> Vec<Json> {
        self.frames.clear();
        self.references += 1;
        self.send(&json!({"type": "event", "event": name, "params": params, "ref": self.references}));
        self.take_frames()
    }

    /// The same; the one frame that came.
    pub fn answer(&mut self, name: &str, params: &Json) -> Json {
        let frames = self.event(name, params);
        assert_eq!(frames.len(), 1, "{frames:#?}");
        frames.into_iter().next().unwrap()
    }

    pub fn take_frames(&mut self) -> Vec<Json> {
        std::mem::take(&mut self.frames)
    }

    /// Lets time go on and wakes the session as often as it wants.
    pub fn pass(&mut self, ms: u64) -> Vec<Json> {
        let end = self.clock.0.get() + Duration::from_millis(ms);
        while let Some(due) = self.session.next_deadline().filter(|due| *due <= end) {
            self.clock.0.set(due.max(self.clock.0.get()));
            self.input(Input::Deadline);
        }
        self.clock.0.set(end);
        self.take_frames()
    }

    /// Does the work that was started, and gives the frames that it brings.
    pub fn finish_tasks(&mut self) -> Vec<Json> {
        for (task, work) in std::mem::take(&mut self.tasks) {
            let result = work();
            self.input(Input::Done(task, result));
        }
        self.take_frames()
    }

    pub fn state(&self, name: &str) -> Value {
        self.session.state(name).cloned().unwrap_or_default()
    }

    pub fn html(&self) -> &str {
        self.session.html()
    }

    pub fn last_turn(&self) -> &Turn {
        self.turns.last().unwrap()
    }
}

/// The HTML of a page that is asked for over HTTP.
pub fn page(application: &Arc<Application>, address: &str) -> PageAnswer {
    application.page(Request::get(address), &StoodClock::default())
}

/// The texts that patches set, in order.
pub fn texts(frame: &Json) -> Vec<String> {
    let patches = frame["patches"].as_array().cloned().unwrap_or_default();
    patches
        .iter()
        .filter(|patch| patch["type"] == "SetText")
        .map(|patch| patch["text"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// The kinds of patches, in order.
pub fn kinds(frame: &Json) -> Vec<String> {
    let patches = frame["patches"].as_array().cloned().unwrap_or_default();
    patches
        .iter()
        .map(|patch| patch["type"].as_str().unwrap_or_default().to_owned())
        .collect()
}
