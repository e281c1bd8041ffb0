//! The hub: one thread that reads the recording for all its clients.

mod answers;
mod clients;
mod jobs;
mod rerun;
mod status;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use djscope_capture::notices::Notices;
use djscope_capture::recorder::Shared;
use djscope_diagnose::chain::{self, StateNames};
use djscope_diagnose::rules;
use djscope_recording::filter::Filter;
use djscope_recording::model::{Finding, FindingCode, TurnId};
use djscope_recording::{Commit, Reader, RecordingError};

use crate::api::{
    Answer, Ask, Command, ErrorCode, HubError, Job, JobEnd, JobId, Message, Reply, Request, RerunJob, Status,
    TurnSummary,
};
use crate::client::Client;
use answers::Kept;
use clients::{ClientId, JobNews, Switchboard, Work};
use jobs::Jobs;

/// News about a growing recording go out at most this often.
const NEWS_EVERY: Duration = Duration::from_millis(100);

/// How long a probe's report of a turn is waited for, before the rules look at what there is.
const REPORTED_WITHIN: Duration = Duration::from_secs(1);

/// Turns of one bundle of news that the rules look at; of a larger one the rest is looked at when it is opened again.
const MAX_DIAGNOSED_AT_ONCE: usize = 500;

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
            unreported: HashMap::new(),
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
        self.client_who(true, wake)
    }

    /// A client that speaks for another process: no code is run for it.
    #[cfg(feature = "socket")]
    pub(crate) fn foreign_client(&self, wake: impl Fn() + Send + Sync + 'static) -> LocalClient {
        self.client_who(false, wake)
    }

    fn client_who(&self, may_run_code: bool, wake: impl Fn() + Send + Sync + 'static) -> LocalClient {
        LocalClient {
            id: self.board.add(may_run_code, Arc::new(wake)),
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
    /// Turns of which the probe has not reported yet, and since when that is waited for: what is known without its report
    /// may look like something else.
    unreported: HashMap<TurnId, Instant>,
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
                if let Job::Rerun(rerun) = job {
                    self.check_agreement(client, rerun)?;
                }
                let job = self
                    .jobs
                    .start(job.clone(), Some(client), &self.path, &self.board)?;
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

    /// A recording is a stranger's data: code runs only for a user of this process, who has seen which.
    fn check_agreement(&self, client: ClientId, job: &RerunJob) -> Result<(), HubError> {
        if !self.board.may_run_code(client) {
            return Err(HubError {
                hint: Some("djscope rerun FILE runs turns again, and asks first".to_owned()),
                ..HubError::new(ErrorCode::NotAllowed, "nothing is run for other processes")
            });
        }
        let facts = rerun::facts(&self.reader, &job.place)?;
        if job.agreed_to != facts.description {
            let message = format!(
                "this runs the code of {}, and nobody has agreed to that",
                facts.description
            );
            return Err(HubError::new(ErrorCode::NotAllowed, message));
        }
        Ok(())
    }

    /// Says what has changed: to everybody the status and which turns, to those who watch one its summary.
    fn news(&mut self, turns: &[TurnId]) {
        self.kept.forget(turns);
        self.diagnose(turns);
        self.say_status();
        if let (Some(first), Some(last)) = (turns.iter().min(), turns.iter().max()) {
            for client in self.board.clients() {
                self.board.give(client, |outgoing| outgoing.turns(*first, *last));
            }
            self.say_watched(*first..=*last);
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
        let with_probe = live.with_probe;
        let mut looked_at: Vec<TurnId> = turns.iter().copied().take(MAX_DIAGNOSED_AT_ONCE).collect();
        looked_at.extend(self.unreported.keys());
        looked_at.sort_unstable();
        looked_at.dedup();
        let mut found: Vec<Finding> = Vec::new();
        for turn in looked_at {
            let is_candidate = self.reader.turn_after(turn.saturating_sub(1), &filter);
            if !is_candidate.is_ok_and(|next| next == Some(turn)) {
                continue;
            }
            let Ok(Some(detail)) = self.reader.turn(turn) else {
                continue;
            };
            if with_probe && !chain::was_probed(&detail, StateNames::of(&detail)) {
                let since = self.unreported.entry(turn).or_insert_with(Instant::now);
                if since.elapsed() < REPORTED_WITHIN {
                    continue;
                }
            }
            self.unreported.remove(&turn);
            found.extend(rules::findings(&detail));
        }
        if !self.unreported.is_empty() {
            // Looked at again with the next news.
            self.board.committed(&[]);
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
                    for turn in found.iter().filter_map(|finding| finding.turn) {
                        self.say_watched(turn..=turn);
                    }
                    self.say_status();
                } else if let Some(client) = self.jobs.client_of(job) {
                    self.board.give(client, |outgoing| outgoing.findings(&found));
                }
            }
            JobNews::Rerun(job, answer) => {
                if let Some(client) = self.jobs.client_of(job) {
                    self.board.give(client, |outgoing| outgoing.rerun(job, answer));
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

impl From<RecordingError> for HubError {
    fn from(error: RecordingError) -> Self {
        Self {
            code: ErrorCode::Unreadable,
            message: error.to_string(),
            hint: error.hint(),
        }
    }
}
