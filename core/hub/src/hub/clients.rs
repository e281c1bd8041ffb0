//! What is on its way to and from each client, bounded.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use djscope_recording::model::{Finding, TurnId};
use djscope_replay::answer::Answer as RerunAnswer;

use crate::api::{
    Ask, Command, ErrorCode, Event, HubError, JobEnd, JobId, JobProgress, Message, Reply, Request, Status,
    TurnSummary,
};

/// Requests of one client that wait; one more is refused.
const MAX_WAITING_REQUESTS: usize = 256;

/// Replies that a client has not taken; its next request waits until it has.
const MAX_UNTAKEN_REPLIES: usize = 32;

/// Findings that a client has not taken; the rest it has to ask for.
const MAX_UNTAKEN_FINDINGS: usize = 1_000;

/// Committed turns that are looked at one by one; of more at a time only the first and the last are known.
const MAX_COMMITTED_TURNS: usize = 10_000;

/// Number of a client.
pub(super) type ClientId = u64;

/// What the hub is to do next.
pub(super) enum Work {
    /// Answer this.
    Request(ClientId, Request),
    /// These turns were committed, or something else about the recording may have changed.
    Committed(Vec<TurnId>),
    /// A job reports.
    Job(JobNews),
    /// This client has gone.
    Gone(ClientId),
    /// There is nothing more to do.
    Close,
}

/// What a job's thread reports to the hub.
pub(super) enum JobNews {
    /// It goes on.
    Progress(JobProgress),
    /// It has found something.
    Findings(JobId, Vec<Finding>),
    /// It has run a turn again.
    Rerun(JobId, Box<RerunAnswer>),
    /// It has ended.
    Ended(JobEnd),
}

/// Shared by the hub's thread, its clients, its jobs and the recorder. The lock is only ever held for moving things.
#[derive(Default)]
pub(super) struct Switchboard {
    state: Mutex<State>,
    /// Signalled when there may be work.
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    boxes: BTreeMap<ClientId, ClientBox>,
    last_client: ClientId,
    /// Who was served last: the next one comes first.
    served: ClientId,
    committed: Vec<TurnId>,
    has_news: bool,
    jobs: VecDeque<JobNews>,
    gone: Vec<ClientId>,
    is_closing: bool,
}

struct ClientBox {
    may_run_code: bool,
    inbox: VecDeque<Request>,
    replies: VecDeque<Reply>,
    status: Option<Box<Status>>,
    turns: Option<(TurnId, TurnId)>,
    turn: Option<Box<TurnSummary>>,
    findings: Vec<Finding>,
    progress: HashMap<JobId, JobProgress>,
    reruns: VecDeque<(JobId, Box<RerunAnswer>)>,
    ended: VecDeque<JobEnd>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Switchboard {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new client; `wake` is called whenever something has arrived for it.
    pub fn add(&self, may_run_code: bool, wake: Arc<dyn Fn() + Send + Sync>) -> ClientId {
        let mut state = self.lock();
        state.last_client += 1;
        let id = state.last_client;
        let client = ClientBox {
            may_run_code,
            inbox: VecDeque::new(),
            replies: VecDeque::new(),
            status: None,
            turns: None,
            turn: None,
            findings: Vec::new(),
            progress: HashMap::new(),
            reruns: VecDeque::new(),
            ended: VecDeque::new(),
            wake,
        };
        state.boxes.insert(id, client);
        // Whoever comes is told the status.
        state.has_news = true;
        drop(state);
        self.arrived.notify_one();
        id
    }

    /// Forgets a client and what is on its way.
    pub fn remove(&self, client: ClientId) {
        let mut state = self.lock();
        state.boxes.remove(&client);
        state.gone.push(client);
        drop(state);
        self.arrived.notify_one();
    }

    /// True if a client may have code run.
    pub fn may_run_code(&self, client: ClientId) -> bool {
        self.lock().boxes.get(&client).is_some_and(|own| own.may_run_code)
    }

    /// Every client that is here.
    pub fn clients(&self) -> Vec<ClientId> {
        self.lock().boxes.keys().copied().collect()
    }

    /// Takes a request from a client.
    pub fn accept(&self, client: ClientId, request: Request) -> Result<(), HubError> {
        let mut state = self.lock();
        let Some(own) = state.boxes.get_mut(&client) else {
            return Err(HubError::new(ErrorCode::ConnectionLost, "the hub has closed"));
        };
        if own.inbox.len() >= MAX_WAITING_REQUESTS {
            let message = format!("{MAX_WAITING_REQUESTS} requests wait already");
            return Err(HubError::new(ErrorCode::Busy, message));
        }
        if let Ask::Command(Command::Cancel { request: wanted }) = request.ask {
            let is_wanted = |waiting: &Request| waiting.id == wanted;
            if let Some(at) = own.inbox.iter().position(is_wanted) {
                own.inbox.remove(at);
                let error = HubError::new(ErrorCode::Cancelled, "the request was given up");
                own.replies.push_back(Reply::of(wanted, Err(error)));
            }
        }
        own.inbox.push_back(request);
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// True if a request of this client would be taken.
    pub fn has_room(&self, client: ClientId) -> bool {
        let state = self.lock();
        state
            .boxes
            .get(&client)
            .is_some_and(|own| own.inbox.len() < MAX_WAITING_REQUESTS)
    }

    /// At most `limit` of what has arrived for a client.
    pub fn take(&self, client: ClientId, limit: usize) -> Vec<Message> {
        let mut state = self.lock();
        let Some(own) = state.boxes.get_mut(&client) else {
            return Vec::new();
        };
        let was_full = own.replies.len() >= MAX_UNTAKEN_REPLIES;
        let taken = own.take(limit);
        drop(state);
        if was_full {
            self.arrived.notify_one();
        }
        taken
    }

    /// Says that turns were committed, or with none that something else may have changed.
    pub fn committed(&self, turns: &[TurnId]) {
        let mut state = self.lock();
        state.has_news = true;
        state.committed.extend_from_slice(turns);
        if state.committed.len() > MAX_COMMITTED_TURNS {
            state.committed.sort_unstable();
            state.committed.dedup();
            if let [first, .., last] = state.committed[..]
                && state.committed.len() > MAX_COMMITTED_TURNS
            {
                state.committed = vec![first, last];
            }
        }
        drop(state);
        self.arrived.notify_one();
    }

    /// Hands over what a job reports.
    pub fn job(&self, news: JobNews) {
        self.lock().jobs.push_back(news);
        self.arrived.notify_one();
    }

    /// Ends the hub.
    pub fn close(&self) {
        self.lock().is_closing = true;
        self.arrived.notify_one();
    }

    /// Waits for work. What was committed is handed out only once `news_in` has passed: news come in bundles.
    pub fn next(&self, news_in: impl Fn() -> Duration) -> Work {
        let mut state = self.lock();
        loop {
            if state.is_closing {
                return Work::Close;
            }
            if let Some(client) = state.gone.pop() {
                return Work::Gone(client);
            }
            if let Some(news) = state.jobs.pop_front() {
                return Work::Job(news);
            }
            let wait = state.has_news.then(&news_in);
            if wait == Some(Duration::ZERO) {
                state.has_news = false;
                return Work::Committed(std::mem::take(&mut state.committed));
            }
            if let Some((client, request)) = state.next_request() {
                return Work::Request(client, request);
            }
            state = match wait {
                Some(wait) => {
                    self.arrived
                        .wait_timeout(state, wait)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
                None => self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Puts something into a client's box and wakes it.
    pub fn give(&self, client: ClientId, put: impl FnOnce(&mut Outgoing<'_>)) {
        let mut state = self.lock();
        let Some(own) = state.boxes.get_mut(&client) else {
            return;
        };
        put(&mut Outgoing(own));
        let wake = Arc::clone(&own.wake);
        drop(state);
        wake();
    }
}

impl State {
    /// The oldest request of the client whose turn it is: one who asks a lot does not keep the others waiting.
    fn next_request(&mut self) -> Option<(ClientId, Request)> {
        let after = self.boxes.range(self.served + 1..);
        let around = self.boxes.range(..=self.served);
        let client = after
            .chain(around)
            .find(|(_, own)| !own.inbox.is_empty() && own.replies.len() < MAX_UNTAKEN_REPLIES)
            .map(|(client, _)| *client)?;
        self.served = client;
        let request = self.boxes.get_mut(&client)?.inbox.pop_front()?;
        Some((client, request))
    }
}

/// A client's box, open for the hub.
pub(super) struct Outgoing<'a>(&'a mut ClientBox);

impl Outgoing<'_> {
    pub fn reply(&mut self, reply: Reply) {
        self.0.replies.push_back(reply);
    }

    pub fn status(&mut self, status: Status) {
        self.0.status = Some(Box::new(status));
    }

    pub fn turns(&mut self, first: TurnId, last: TurnId) {
        let known = self.0.turns.unwrap_or((first, last));
        self.0.turns = Some((known.0.min(first), known.1.max(last)));
    }

    pub fn turn(&mut self, summary: TurnSummary) {
        self.0.turn = Some(Box::new(summary));
    }

    pub fn findings(&mut self, findings: &[Finding]) {
        let room = MAX_UNTAKEN_FINDINGS.saturating_sub(self.0.findings.len());
        self.0.findings.extend(findings.iter().take(room).cloned());
    }

    pub fn progress(&mut self, progress: JobProgress) {
        self.0.progress.insert(progress.job, progress);
    }

    pub fn rerun(&mut self, job: JobId, answer: Box<RerunAnswer>) {
        self.0.reruns.push_back((job, answer));
    }

    pub fn ended(&mut self, end: JobEnd) {
        self.0.progress.remove(&end.job);
        self.0.ended.push_back(end);
    }
}

impl ClientBox {
    /// Replies first: who waits for one should not wait for news.
    fn take(&mut self, limit: usize) -> Vec<Message> {
        let mut taken = Vec::new();
        while taken.len() < limit
            && let Some(message) = self.take_one()
        {
            taken.push(message);
        }
        taken
    }

    fn take_one(&mut self) -> Option<Message> {
        if let Some(reply) = self.replies.pop_front() {
            return Some(Message::Reply(reply));
        }
        let event = if let Some(status) = self.status.take() {
            Event::Status(status)
        } else if let Some((first, last)) = self.turns.take() {
            Event::Turns { first, last }
        } else if let Some(turn) = self.turn.take() {
            Event::Turn(turn)
        } else if !self.findings.is_empty() {
            Event::Findings(std::mem::take(&mut self.findings))
        } else if let Some(job) = self.progress.keys().next().copied() {
            Event::Progress(self.progress.remove(&job)?)
        } else if let Some((job, answer)) = self.reruns.pop_front() {
            Event::Rerun { job, answer }
        } else {
            Event::Ended(self.ended.pop_front()?)
        };
        Some(Message::Event(event))
    }
}
