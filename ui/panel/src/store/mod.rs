//! What the hub has answered, and what has yet to be asked.

mod list;
mod parts;
mod reruns;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use djscope_hub::model::{FrameId, LogRecord, OverviewColumn, PatchRecord, Span, TurnId};
use djscope_hub::{
    Answer, Ask, Client, Command, ErrorCode, Event, FrameRow, HubError, Job, Message, ProjectPlace, Query,
    Request, RequestId, RerunJob, StateView, Status, TurnSummary,
};

use list::List;
pub use list::Position;
pub use parts::{Part, StateRows};
use parts::{Parts, Payload};
pub use reruns::{Edits, Outcome as RerunOutcome, Rerun, Reruns};

/// The overview of a growing recording is asked for at most this often, in seconds.
const OVERVIEW_PAUSE: f64 = 0.5;

/// Why the hub could not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong and where.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl From<HubError> for Failure {
    fn from(error: HubError) -> Self {
        Self {
            message: error.message,
            hint: error.hint,
        }
    }
}

/// The overview as last answered.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// Columns of equal time.
    pub columns: Vec<OverviewColumn>,
    /// The time that they cover.
    pub span_us: i64,
    revision: u64,
    asked_at: f64,
}

/// Answers, by question. Views read it and say what they lack; the panel asks.
#[derive(Default)]
pub struct Store {
    status: Option<Status>,
    status_at: f64,
    revision: u64,
    list: List,
    turn: Option<Box<TurnSummary>>,
    turn_revision: u64,
    asked_turn: Option<TurnId>,
    parts: Parts,
    reruns: Reruns,
    place: ProjectPlace,
    overview: Overview,
    failure: Option<Failure>,
    /// Set while a hub in another process cannot be reached.
    lost: Option<String>,
    /// What is under way, by the number of its request.
    asked: HashMap<RequestId, Ask>,
    last_request: Cell<RequestId>,
    outbox: RefCell<Vec<Request>>,
}

impl Store {
    /// Takes what has arrived; `now` is the time of the screen in seconds.
    pub fn receive(&mut self, client: &mut dyn Client, now: f64) {
        for message in client.receive() {
            match message {
                Message::Event(event) => self.take_event(event, now),
                Message::Reply(reply) => {
                    // What was given up may be answered all the same.
                    let Some(ask) = self.asked.remove(&reply.id) else {
                        continue;
                    };
                    match (ask, reply.into_result()) {
                        (Ask::Query(query), Ok(answer)) => self.take_answer(query, answer, now),
                        (Ask::Query(query), Err(error)) => self.take_error(&query, error),
                        (Ask::Command(_), Ok(Answer::Started { job })) => self.reruns.started(job),
                        (Ask::Command(_), Ok(_)) => {}
                        (Ask::Command(Command::Start { .. }), Err(error)) => self.reruns.fail(error.into()),
                        (Ask::Command(_), Err(error)) => self.fail(error),
                    }
                }
            }
        }
    }

    /// Asks what the views lacked. True if anything was asked.
    pub fn send(&mut self, client: &mut dyn Client) -> bool {
        let requests = self.outbox.take();
        let has_asked = !requests.is_empty();
        for request in requests {
            let (id, ask) = (request.id, request.ask.clone());
            match client.send(request) {
                Ok(()) => {
                    self.asked.insert(id, ask);
                }
                Err(error) => match ask {
                    Ask::Query(query) => self.take_error(&query, error),
                    Ask::Command(Command::Start { .. }) => self.reruns.fail(error.into()),
                    Ask::Command(_) => {}
                },
            }
        }
        has_asked
    }

    fn ask(&self, query: Query) {
        self.put(Ask::Query(query));
    }

    fn put(&self, ask: Ask) {
        let id = self.last_request.get() + 1;
        self.last_request.set(id);
        self.outbox.borrow_mut().push(Request { id, ask });
    }

    fn take_event(&mut self, event: Event, now: f64) {
        match event {
            Event::Status(status) => self.take_status(*status, now),
            Event::Turn(summary) => {
                if self.asked_turn == Some(summary.turn.turn) {
                    self.take_turn(summary);
                }
            }
            Event::ConnectionLost { reason } => {
                self.reruns.fail(Failure {
                    message: format!("the hub cannot be reached: {reason}"),
                    hint: None,
                });
                self.lost = Some(reason);
            }
            Event::Rerun { job, answer } => self.reruns.take(job, answer),
            Event::Ended(end) => self.reruns.ended(end),
            Event::Connected => {
                self.lost = None;
                self.revision += 1;
                // The hub that is there now knows nothing of what was watched.
                if let Some(turn) = self.asked_turn.take() {
                    self.want_turn(turn);
                }
            }
            // The status says that there is more; what is on screen is asked for again then.
            Event::Turns { .. } | Event::Findings(_) | Event::Progress(_) => {}
        }
    }

    fn take_status(&mut self, status: Status, now: f64) {
        let has_grown = self.status.as_ref().is_none_or(|old| {
            (old.turns, old.frames, old.findings, old.size_bytes)
                != (status.turns, status.frames, status.findings, status.size_bytes)
        });
        if has_grown {
            self.revision += 1;
        }
        self.status = Some(status);
        self.status_at = now;
    }

    fn take_answer(&mut self, query: Query, answer: Answer, now: f64) {
        match (query, answer) {
            (_, Answer::Status(status)) => self.take_status(*status, now),
            (_, Answer::Turns(page)) => {
                self.list.take(page, self.revision);
                self.failure = None;
            }
            (Query::Position { filter, turn }, Answer::Position { position, matches }) => {
                self.list.take_position(&filter, turn, position, matches);
            }
            (Query::Turn { turn }, Answer::Turn(summary)) => {
                if self.asked_turn == Some(turn) {
                    self.take_turn(summary);
                }
            }
            (_, Answer::Overview { columns, span_us }) => {
                self.overview.columns = columns;
                self.overview.span_us = span_us;
            }
            (_, Answer::Project(facts)) => self.reruns.take_project(Ok(facts)),
            (query, answer) => {
                if self.parts.take(&query, answer) {
                    self.turn_revision += 1;
                }
            }
        }
    }

    fn take_turn(&mut self, summary: Box<TurnSummary>) {
        self.parts.begin(summary.turn.turn, &summary.counts);
        self.turn = Some(summary);
        self.turn_revision += 1;
    }

    fn take_error(&mut self, query: &Query, error: HubError) {
        match query {
            Query::Turns { filter, from, .. } => {
                let filter_error = (error.code == ErrorCode::BadFilter).then(|| error.message.clone());
                let is_about_filter = filter_error.is_some();
                self.list.fail(filter, *from, filter_error, self.revision);
                if is_about_filter {
                    return;
                }
            }
            Query::Position { .. } => self.list.fail_position(),
            Query::Project { .. } => return self.reruns.take_project(Err(error)),
            Query::Turn { turn } if self.asked_turn != Some(*turn) => return,
            other => self.parts.fail(other),
        }
        if error.code != ErrorCode::Cancelled {
            self.fail(error);
        }
    }

    fn fail(&mut self, error: HubError) {
        self.failure = Some(error.into());
    }

    /// The state of the recording; none until the hub has said it.
    pub const fn status(&self) -> Option<&Status> {
        self.status.as_ref()
    }

    /// When the status arrived, in the time of the screen.
    pub const fn status_at(&self) -> f64 {
        self.status_at
    }

    /// Why the hub could not answer.
    pub const fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Why the hub cannot be reached at the moment.
    pub fn lost(&self) -> Option<&str> {
        self.lost.as_deref()
    }

    /// The turn that was asked for last; the one before it until the answer is here.
    pub fn turn(&self) -> Option<&TurnSummary> {
        self.turn.as_deref()
    }

    /// Changes whenever anything of [`Store::turn`] does.
    pub const fn turn_revision(&self) -> u64 {
        self.turn_revision
    }

    /// Asks for a turn, and to hear of its changes. What was asked of another one is given up.
    pub fn want_turn(&mut self, turn: TurnId) {
        if self.asked_turn == Some(turn) {
            return;
        }
        self.asked_turn = Some(turn);
        let is_of_other = |ask: &Ask| matches!(ask, Ask::Query(query) if turn_of(query).is_some());
        let given_up: Vec<RequestId> = self
            .asked
            .iter()
            .filter(|(_, ask)| is_of_other(ask))
            .map(|(id, _)| *id)
            .collect();
        for request in given_up {
            self.put(Ask::Command(Command::Cancel { request }));
        }
        self.put(Ask::Command(Command::Watch { turn: Some(turn) }));
        self.ask(Query::Turn { turn });
    }

    /// The patches of the turn.
    pub const fn patches(&self) -> &Part<PatchRecord> {
        &self.parts.patches
    }

    /// The frames of the turn.
    pub const fn frames(&self) -> &Part<FrameRow> {
        &self.parts.frames
    }

    /// The spans of the turn.
    pub const fn spans(&self) -> &Part<Span> {
        &self.parts.spans
    }

    /// The log records of the turn.
    pub const fn logs(&self) -> &Part<LogRecord> {
        &self.parts.logs
    }

    /// The rows of the turn's states.
    pub const fn state(&self) -> &StateRows {
        &self.parts.state
    }

    /// Asks for the next patches, unless all are here.
    pub fn want_patches(&self) {
        self.parts.patches.want(|from| {
            self.ask(Query::Patches {
                turn: self.parts.turn,
                from,
            });
        });
    }

    /// Asks for the next frames, unless all are here.
    pub fn want_frames(&self) {
        self.parts.frames.want(|from| {
            self.ask(Query::Frames {
                turn: self.parts.turn,
                from,
            });
        });
    }

    /// Asks for the next spans, unless all are here.
    pub fn want_spans(&self) {
        self.parts.spans.want(|from| {
            self.ask(Query::Spans {
                turn: self.parts.turn,
                from,
            });
        });
    }

    /// Asks for the next log records, unless all are here.
    pub fn want_logs(&self) {
        self.parts.logs.want(|from| {
            self.ask(Query::Logs {
                turn: self.parts.turn,
                from,
            });
        });
    }

    /// Asks for rows of the states from `first` up to `end`, as `view` wants them.
    pub fn want_state(&self, view: &StateView, first: u64, end: u64) {
        self.parts.state.want(view, first, end, |from, limit| {
            self.ask(Query::State {
                turn: self.parts.turn,
                view: view.clone(),
                from,
                limit,
            });
        });
    }

    /// What a frame carries, if all of it is here; else the next piece is asked for.
    pub fn payload(&self, frame: FrameId) -> Option<&str> {
        let payload: &Payload = &self.parts.payload;
        payload.whole(frame, |from| self.ask(Query::Payload { frame, from }))
    }

    /// The overview as last answered.
    pub const fn overview(&self) -> &Overview {
        &self.overview
    }

    /// Asks for the overview if it is old. Gives the seconds to wait if it is too early for that.
    pub fn want_overview(&mut self, columns: u32, now: f64) -> Option<f64> {
        let is_sized = self.overview.columns.len() == columns as usize;
        if self.revision == 0 || (self.overview.revision == self.revision && is_sized) {
            return None;
        }
        let wait = self.overview.asked_at + OVERVIEW_PAUSE - now;
        if self.overview.revision > 0 && wait > 0.0 {
            return Some(wait);
        }
        self.overview.revision = self.revision;
        self.overview.asked_at = now;
        self.ask(Query::Overview { columns });
        None
    }

    /// Turns that were run again.
    pub const fn reruns(&self) -> &Reruns {
        &self.reruns
    }

    /// Where the project is, if not where the recording says.
    pub fn set_place(&mut self, place: ProjectPlace) {
        self.place = place;
    }

    /// Asks which project's code would be run.
    pub fn want_project(&self) {
        if !self.reruns.is_asked.replace(true) {
            self.ask(Query::Project {
                place: self.place.clone(),
            });
        }
    }

    /// Asks to run the turn again. It is the user who asks for it: he has been shown which code that runs.
    pub fn run_again(&mut self, edits: Edits) {
        let Some(Ok(project)) = self.reruns.project() else {
            return;
        };
        let agreed_to = project.description.clone();
        let Some(turn) = self.turn.as_ref().map(|summary| summary.turn.turn) else {
            return;
        };
        if self.reruns.running().is_some() {
            return;
        }
        self.reruns.is_agreed = true;
        self.reruns.running = Some(reruns::Running {
            turn,
            is_what_if: edits != Edits::default(),
            job: None,
        });
        let job = Job::Rerun(Box::new(RerunJob {
            turn,
            place: self.place.clone(),
            edit_state: edits.state,
            edit_params: edits.params,
            agreed_to,
        }));
        self.put(Ask::Command(Command::Start { job }));
    }

    /// Asks the hub to stop recording or to go on.
    pub fn pause(&mut self, paused: bool) {
        self.put(Ask::Command(Command::Pause { paused }));
    }
}

/// The turn that a question about one is about.
const fn turn_of(query: &Query) -> Option<TurnId> {
    match query {
        Query::Turn { turn }
        | Query::State { turn, .. }
        | Query::Patches { turn, .. }
        | Query::Frames { turn, .. }
        | Query::Spans { turn, .. }
        | Query::Logs { turn, .. } => Some(*turn),
        _ => None,
    }
}
