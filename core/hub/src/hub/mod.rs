//! The hub: one thread that reads the recording for all its clients.

mod clients;
mod jobs;
mod status;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use djscope_capture::notices::Notices;
use djscope_capture::recorder::Shared;
use djscope_diagnose::rules;
use djscope_recording::filter::Filter;
use djscope_recording::model::{Finding, FindingCode, FrameId, FrameRecord, TurnDetail, TurnId};
use djscope_recording::{Commit, Reader, RecordingError};

use crate::api::{
    Answer, Ask, Command, Damage, ErrorCode, HubError, Job, JobEnd, JobId, Message, Query, Reply, Request,
    StateView, Status, TurnPage, TurnSummary,
};
use crate::client::Client;
use crate::parts::{self, StateTree};
use clients::{ClientId, JobNews, Switchboard, Work};
use jobs::Jobs;

/// News about a growing recording go out at most this often.
const NEWS_EVERY: Duration = Duration::from_millis(100);

/// Turns of one bundle of news that the rules look at; of a larger one the rest is looked at when it is opened again.
const MAX_DIAGNOSED_AT_ONCE: usize = 500;

/// Turns that were read whole and are kept, because their parts are asked for one after the other.
const KEPT_TURNS: usize = 3;

/// The live side of a recording.
pub struct Live {
    /// Address of the proxy.
    pub proxy: String,
    /// Address of the server.
    pub upstream: String,
    /// The command that was started, if any.
    pub command: Option<String>,
    /// True if a probe was put into the server.
    pub with_probe: bool,
    /// The recorder.
    pub recorder: Arc<Shared>,
    /// What else is said of the run.
    pub notices: Arc<Notices>,
}

/// Hears of what a recorder has written; made before the recorder and given to it.
#[derive(Clone, Default)]
pub struct Mailbox {
    board: Arc<Switchboard>,
}

impl Mailbox {
    /// What the recorder has to call after each commit. It never waits.
    pub fn on_commit(&self) -> Box<dyn Fn(Commit) + Send> {
        let board = Arc::clone(&self.board);
        Box::new(move |commit| board.committed(&commit.turns))
    }
}

/// A recording, open for any number of clients. It ends when it is dropped.
pub struct Hub {
    board: Arc<Switchboard>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Hub {
    /// Opens the recording at `path`, which grows if it is `live`.
    ///
    /// # Errors
    ///
    /// If the recording cannot be opened, or the system refuses a thread.
    pub fn open(path: &Path, live: Option<Live>, mailbox: Mailbox) -> Result<Self, RecordingError> {
        let reader = Reader::open(path)?;
        let board = mailbox.board;
        let mut desk = Desk {
            reader,
            path: path.to_owned(),
            live,
            board: Arc::clone(&board),
            jobs: Jobs::default(),
            own_jobs: OwnJobs::default(),
            watched: HashMap::new(),
            said_status: HashMap::new(),
            problems: Vec::new(),
            damage: None,
            found: HashSet::new(),
            kept: Kept::default(),
            last_news: None,
        };
        let thread = thread::Builder::new()
            .name("hub".to_owned())
            .spawn(move || desk.serve())
            .map_err(|source| RecordingError::Io {
                action: "read",
                path: path.to_owned(),
                source,
            })?;
        Ok(Self {
            board,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// A client in this process. `wake` is called whenever something has arrived for it.
    pub fn client(&self, wake: impl Fn() + Send + Sync + 'static) -> LocalClient {
        LocalClient {
            id: self.board.add(Arc::new(wake)),
            board: Arc::clone(&self.board),
        }
    }
}

impl Hub {
    /// Closes the file. Clients are answered no more.
    pub fn close(&self) {
        // The recorder may go on committing; only this ends the thread, and with it the reader.
        self.board.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.close();
    }
}

/// A client in the hub's own process.
pub struct LocalClient {
    id: ClientId,
    board: Arc<Switchboard>,
}

impl LocalClient {
    /// At most `limit` of the messages that have arrived.
    pub fn receive_some(&mut self, limit: usize) -> Vec<Message> {
        self.board.take(self.id, limit)
    }

    /// True if a request would be taken now.
    pub fn has_room(&self) -> bool {
        self.board.has_room(self.id)
    }
}

impl Client for LocalClient {
    fn send(&mut self, request: Request) -> Result<(), HubError> {
        self.board.accept(self.id, request)
    }

    fn receive(&mut self) -> Vec<Message> {
        self.receive_some(usize::MAX)
    }
}

impl Drop for LocalClient {
    fn drop(&mut self) {
        self.board.remove(self.id);
    }
}

/// What the hub does with a saved recording by itself.
#[derive(Default)]
struct OwnJobs {
    diagnose: Option<JobId>,
    verify: Option<JobId>,
}

/// What was read last.
#[derive(Default)]
struct Kept {
    /// The newest last.
    turns: Vec<(TurnId, Arc<TurnDetail>)>,
    tree: Option<(TurnId, StateView, StateTree)>,
    frame: Option<FrameRecord>,
}

/// The hub's thread and all that it knows.
struct Desk {
    reader: Reader,
    path: PathBuf,
    live: Option<Live>,
    board: Arc<Switchboard>,
    jobs: Jobs,
    own_jobs: OwnJobs,
    /// Which turn a client watches, and what it was sent of it last.
    watched: HashMap<ClientId, (TurnId, Option<TurnSummary>)>,
    said_status: HashMap<ClientId, Status>,
    problems: Vec<String>,
    /// How the file differs from its sums.
    damage: Option<String>,
    /// Findings that were stored, so that none is twice when a turn is committed again.
    found: HashSet<(Option<TurnId>, FindingCode)>,
    kept: Kept,
    last_news: Option<Instant>,
}

impl Desk {
    fn serve(&mut self) {
        if self.live.is_none() {
            self.begin_own_jobs();
        }
        loop {
            let last_news = self.last_news;
            let news_in = || last_news.map_or(Duration::ZERO, |at| NEWS_EVERY.saturating_sub(at.elapsed()));
            match self.board.next(news_in) {
                Work::Request(client, request) => {
                    let result = self.carry_out(client, request.ask);
                    let reply = Reply::of(request.id, result);
                    self.board.give(client, |outgoing| outgoing.reply(reply));
                }
                Work::Committed(turns) => {
                    self.news(&turns);
                    self.last_news = Some(Instant::now());
                }
                Work::Job(news) => self.job_news(news),
                Work::Gone(client) => {
                    self.watched.remove(&client);
                    self.said_status.remove(&client);
                    self.jobs.stop_all_of(client);
                }
                Work::Close => {
                    self.jobs.stop_all();
                    return;
                }
            }
        }
    }

    /// A saved recording is looked at by the rules, and compared with its sums, as soon as it is open.
    fn begin_own_jobs(&mut self) {
        for (job, slot) in [
            (Job::Diagnose, &mut self.own_jobs.diagnose),
            (Job::Verify, &mut self.own_jobs.verify),
        ] {
            match self.jobs.start(job, None, &self.path, &self.board) {
                Ok(id) => *slot = Some(id),
                Err(error) => self.problems.push(error.message),
            }
        }
        // What an older version has found in it counts no longer.
        if let Err(error) = self.reader.derive_findings(&[]) {
            self.problems.push(error.to_string());
        }
    }

    fn carry_out(&mut self, client: ClientId, ask: Ask) -> Result<Answer, HubError> {
        match ask {
            Ask::Query(query) => self.answer(&query),
            Ask::Command(command) => self.obey(client, &command),
        }
    }

    fn obey(&mut self, client: ClientId, command: &Command) -> Result<Answer, HubError> {
        match command {
            Command::Pause { paused } => {
                let live = self.live.as_ref().ok_or_else(|| {
                    HubError::new(
                        ErrorCode::NotLive,
                        "this recording does not grow: there is nothing to pause",
                    )
                })?;
                live.recorder.pause(*paused);
                self.say_status();
            }
            Command::Watch { turn } => {
                match turn {
                    Some(turn) => self.watched.insert(client, (*turn, None)),
                    None => self.watched.remove(&client),
                };
            }
            // What still waited was taken out when this came; what did not is answered.
            Command::Cancel { .. } => {}
            Command::Start { job } => {
                let job = self.jobs.start(*job, Some(client), &self.path, &self.board)?;
                return Ok(Answer::Started { job });
            }
            Command::Stop { job } => {
                if !self.jobs.stop(*job, client) {
                    let message = format!("there is no job {job} of this client");
                    return Err(HubError::new(ErrorCode::NotFound, message));
                }
            }
        }
        Ok(Answer::Done)
    }

    fn answer(&mut self, query: &Query) -> Result<Answer, HubError> {
        Ok(match query {
            Query::Status => Answer::Status(Box::new(self.status()?)),
            Query::Turns { filter, from, limit } => {
                let found = self.reader.turns(&parsed(filter)?, *from, *limit)?;
                Answer::Turns(TurnPage {
                    filter: filter.clone(),
                    from: *from,
                    total: found.total,
                    rows: found.rows,
                })
            }
            Query::TurnsAfter { filter, after, limit } => {
                Answer::Rows(self.reader.turns_after(&parsed(filter)?, *after, *limit)?)
            }
            Query::Position { filter, turn } => self.position(&parsed(filter)?, *turn)?,
            Query::Turn { turn } => Answer::Turn(Box::new(self.summary(*turn)?)),
            Query::State {
                turn,
                view,
                from,
                limit,
            } => Answer::State(self.tree(*turn, view)?.page(*from, *limit)),
            Query::Payload { frame, from } => {
                Answer::Payload(parts::payload_piece(*frame, &self.frame(*frame)?.payload, *from))
            }
            Query::WholeTurn { turn } => self.whole_turn(*turn)?,
            Query::Findings {
                turn: Some(turn),
                from,
                limit,
            } => {
                let found = self.reader.findings_of_turn(*turn)?;
                let from = usize::try_from(*from).unwrap_or(usize::MAX);
                Answer::Findings(found.into_iter().skip(from).take(*limit as usize).collect())
            }
            Query::Findings {
                turn: None,
                from,
                limit,
            } => Answer::Findings(self.reader.findings(*from, *limit)?),
            Query::Overview { columns } => {
                let overview = self.reader.overview(*columns)?;
                Answer::Overview {
                    columns: overview.columns,
                    span_us: overview.span_us,
                }
            }
            Query::Http { from, limit } => {
                let page = self.reader.http(*from, *limit)?;
                Answer::Http {
                    from: *from,
                    total: page.total,
                    rows: page.rows,
                }
            }
            Query::Processes { from } => Answer::Processes(parts::processes(&self.reader.meta()?, *from)),
            Query::Source { hash, from } => {
                let Some(source) = self.reader.source(hash)? else {
                    let message = format!("there is no module with the hash {hash} in this recording");
                    return Err(HubError::new(ErrorCode::NotFound, message));
                };
                Answer::Source(parts::source_piece(source, *from))
            }
            Query::Damage => {
                let left_out = self.reader.left_out();
                Answer::Damage(Damage {
                    damaged: left_out.damaged,
                    too_much: left_out.too_much,
                    problems: self.reader.problems(),
                })
            }
            Query::Patches { turn, .. }
            | Query::Frames { turn, .. }
            | Query::Spans { turn, .. }
            | Query::Logs { turn, .. }
            | Query::Value { turn, .. }
            | Query::FindInState { turn, .. } => parts::answer(&*self.detail(*turn)?, query)?,
        })
    }

    fn whole_turn(&self, turn: TurnId) -> Result<Answer, HubError> {
        let detail = self.reader.turn(turn)?;
        let left_out = match &detail {
            Some(detail) => detail.left_out.clone(),
            None => self.reader.take_left_out(),
        };
        Ok(Answer::WholeTurn {
            detail: detail.map(Box::new),
            findings: self.reader.findings_of_turn(turn)?,
            left_out,
        })
    }

    fn position(&self, filter: &Filter, turn: TurnId) -> Result<Answer, HubError> {
        let position = self.reader.turn_position(turn, filter)?;
        let next = self.reader.turn_after(turn.saturating_sub(1), filter)?;
        Ok(Answer::Position {
            position,
            matches: next == Some(turn),
        })
    }

    /// A turn with all that belongs to it.
    fn detail(&mut self, turn: TurnId) -> Result<Arc<TurnDetail>, HubError> {
        if let Some((_, detail)) = self.kept.turns.iter().find(|(kept, _)| *kept == turn) {
            return Ok(Arc::clone(detail));
        }
        let Some(detail) = self.reader.turn(turn)? else {
            let message = format!("there is no turn {turn} in this recording");
            return Err(HubError::new(ErrorCode::NotFound, message));
        };
        let detail = Arc::new(detail);
        if self.kept.turns.len() >= KEPT_TURNS {
            self.kept.turns.remove(0);
        }
        self.kept.turns.push((turn, Arc::clone(&detail)));
        Ok(detail)
    }

    fn summary(&mut self, turn: TurnId) -> Result<TurnSummary, HubError> {
        let detail = self.detail(turn)?;
        let findings = self.reader.findings_of_turn(turn)?;
        Ok(parts::summary(&detail, findings))
    }

    fn tree(&mut self, turn: TurnId, view: &StateView) -> Result<&StateTree, HubError> {
        let is_kept = matches!(&self.kept.tree, Some((kept, of, _)) if *kept == turn && of == view);
        if !is_kept {
            let detail = self.detail(turn)?;
            let (before, after, _) = detail.shown_states();
            let tree = StateTree::of(before, after, view);
            self.kept.tree = Some((turn, view.clone(), tree));
        }
        self.kept
            .tree
            .as_ref()
            .map(|(_, _, tree)| tree)
            .ok_or_else(|| HubError::new(ErrorCode::NotFound, format!("turn {turn} has no state")))
    }

    fn frame(&mut self, frame: FrameId) -> Result<&FrameRecord, HubError> {
        if self.kept.frame.as_ref().is_none_or(|kept| kept.frame != frame) {
            self.kept.frame = self.reader.frames(frame..=frame, 1)?.pop();
        }
        self.kept.frame.as_ref().ok_or_else(|| {
            HubError::new(
                ErrorCode::NotFound,
                format!("there is no frame {frame} in this recording"),
            )
        })
    }

    /// Says what has changed: to everybody the status and which turns, to those who watch one its summary.
    fn news(&mut self, turns: &[TurnId]) {
        self.forget(turns);
        self.diagnose(turns);
        self.say_status();
        if let (Some(first), Some(last)) = (turns.iter().min(), turns.iter().max()) {
            for client in self.board.clients() {
                self.board.give(client, |outgoing| outgoing.turns(*first, *last));
            }
            self.say_watched(*first..=*last);
        }
    }

    fn forget(&mut self, turns: &[TurnId]) {
        let has_changed = |turn: TurnId| turns.contains(&turn);
        self.kept.turns.retain(|(turn, _)| !has_changed(*turn));
        if matches!(&self.kept.tree, Some((turn, _, _)) if has_changed(*turn)) {
            self.kept.tree = None;
        }
    }

    fn say_watched(&mut self, changed: std::ops::RangeInclusive<TurnId>) {
        let watched: Vec<(ClientId, TurnId)> = self
            .watched
            .iter()
            .filter(|(_, (turn, _))| changed.contains(turn))
            .map(|(client, (turn, _))| (*client, *turn))
            .collect();
        for (client, turn) in watched {
            // Somebody who watches a turn that is not there yet hears of it when it is.
            let Ok(summary) = self.summary(turn) else { continue };
            if let Some((_, said)) = self.watched.get_mut(&client)
                && said.as_ref() != Some(&summary)
            {
                *said = Some(summary.clone());
                self.board.give(client, |outgoing| outgoing.turn(summary));
            }
        }
    }

    /// Lets the rules look at what was committed; the recorder stores what they find.
    fn diagnose(&mut self, turns: &[TurnId]) {
        let Some(live) = &self.live else { return };
        let recorder = Arc::clone(&live.recorder);
        let Ok(filter) = Filter::parse(&rules::candidates()) else {
            return;
        };
        let mut found: Vec<Finding> = Vec::new();
        for turn in turns.iter().take(MAX_DIAGNOSED_AT_ONCE) {
            let is_candidate = self.reader.turn_after(turn.saturating_sub(1), &filter);
            if is_candidate.is_ok_and(|next| next == Some(*turn))
                && let Ok(detail) = self.detail(*turn)
            {
                found.extend(rules::findings(&detail));
            }
        }
        found.retain(|finding| self.found.insert((finding.turn, finding.code.clone())));
        if found.is_empty() {
            return;
        }
        for client in self.board.clients() {
            self.board.give(client, |outgoing| outgoing.findings(&found));
        }
        recorder.store_findings(found);
    }

    fn job_news(&mut self, news: JobNews) {
        match news {
            JobNews::Progress(progress) => {
                if let Some(client) = self.jobs.client_of(progress.job) {
                    self.board.give(client, |outgoing| outgoing.progress(progress));
                }
            }
            JobNews::Findings(job, found) => {
                if Some(job) == self.own_jobs.diagnose {
                    if let Err(error) = self.reader.derive_findings(&found) {
                        self.problems.push(error.to_string());
                    }
                    for client in self.board.clients() {
                        self.board.give(client, |outgoing| outgoing.findings(&found));
                    }
                    self.say_status();
                } else if let Some(client) = self.jobs.client_of(job) {
                    self.board.give(client, |outgoing| outgoing.findings(&found));
                }
            }
            JobNews::Ended(end) => self.job_ended(end),
        }
    }

    fn job_ended(&mut self, end: JobEnd) {
        if let Some(client) = self.jobs.ended(end.job) {
            self.board.give(client, |outgoing| outgoing.ended(end));
            return;
        }
        if Some(end.job) == self.own_jobs.diagnose {
            self.own_jobs.diagnose = None;
            self.problems.extend(end.message);
        } else if Some(end.job) == self.own_jobs.verify {
            self.own_jobs.verify = None;
            self.damage = end.message;
        }
        self.say_status();
    }

    fn status(&self) -> Result<Status, RecordingError> {
        let is_diagnosed = self.own_jobs.diagnose.is_none() && self.own_jobs.verify.is_none();
        status::status(
            &self.reader,
            self.live.as_ref(),
            &self.problems,
            self.damage.as_deref(),
            is_diagnosed,
        )
    }

    /// Says the status to everybody to whom it is new.
    fn say_status(&mut self) {
        self.follow();
        match self.status() {
            Ok(status) => {
                for client in self.board.clients() {
                    if self.said_status.get(&client) != Some(&status) {
                        self.said_status.insert(client, status.clone());
                        self.board
                            .give(client, |outgoing| outgoing.status(status.clone()));
                    }
                }
            }
            Err(error) => {
                let text = error.to_string();
                if !self.problems.contains(&text) {
                    self.problems.push(text);
                }
            }
        }
    }

    /// Reads on in another file, if the recording goes on there.
    fn follow(&mut self) {
        let health = self.live.as_ref().map(|live| live.recorder.health());
        let moved_to = health
            .and_then(|health| health.moved)
            .and_then(|moved| moved.to.ok());
        if let Some(path) = moved_to.filter(|path| *path != self.path)
            && let Ok(reader) = Reader::open(&path)
        {
            self.problems.extend(self.reader.problems());
            self.reader = reader;
            self.path = path;
            self.kept = Kept::default();
        }
    }
}

fn parsed(filter: &str) -> Result<Filter, HubError> {
    Filter::parse(filter).map_err(|error| HubError::new(ErrorCode::BadFilter, error.to_string()))
}

impl From<RecordingError> for HubError {
    fn from(error: RecordingError) -> Self {
        Self {
            code: ErrorCode::Unreadable,
            message: error.to_string(),
            hint: error.hint(),
        }
    }
}
