//! A hub in this process: answers from a file, live or saved.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use djscope_capture::notices::Notices;
use djscope_capture::recorder::Shared;
use djscope_recording::filter::Filter;
use djscope_recording::model::TurnId;
use djscope_recording::{Commit, Reader, RecordingError};

use crate::api::{Answer, Client, Memory, ProbeState, Query, RecordingState, Status, TurnPage};

/// Answers about a growing recording are sent again at most this often.
const REFRESH: Duration = Duration::from_millis(100);

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

enum Message {
    Ask(Query),
    Committed(Vec<TurnId>),
    /// The whole file was compared with its sums, and is damaged.
    Damaged(String),
    Close,
}

/// Hears of what a recorder has written; made before the recorder and given to it.
pub struct Mailbox {
    sender: Sender<Message>,
    receiver: Receiver<Message>,
}

impl Default for Mailbox {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { sender, receiver }
    }
}

impl Mailbox {
    /// What the recorder has to call after each commit.
    pub fn on_commit(&self) -> Box<dyn Fn(Commit) + Send> {
        let sender = self.sender.clone();
        Box::new(move |commit| {
            // A hub that is gone needs to hear nothing.
            let _ = sender.send(Message::Committed(commit.turns));
        })
    }
}

/// A hub in this process. Dropping it closes the file.
pub struct LocalClient {
    sender: Sender<Message>,
    answers: Receiver<Answer>,
    thread: Option<JoinHandle<()>>,
}

impl LocalClient {
    /// A hub over the recording at `path`. `wake` is called whenever answers are ready.
    ///
    /// # Errors
    ///
    /// If the recording cannot be opened, or the system refuses a thread.
    pub fn open(
        path: &Path,
        live: Option<Live>,
        mailbox: Mailbox,
        wake: impl Fn() + Send + 'static,
    ) -> Result<Self, RecordingError> {
        let reader = Reader::open(path)?;
        let (answer, answers) = mpsc::channel();
        let sender = mailbox.sender;
        if live.is_none() {
            look_for_damage(path.to_owned(), sender.clone())?;
        }
        let mut hub = Hub {
            reader,
            path: path.to_owned(),
            live,
            answer,
            wake: Box::new(wake),
            watched: None,
            last_status: None,
            problems: Vec::new(),
        };
        let thread = thread::Builder::new()
            .name("hub".to_owned())
            .spawn(move || hub.serve(&mailbox.receiver))
            .map_err(|source| RecordingError::Io {
                action: "read",
                path: path.to_owned(),
                source,
            })?;
        Ok(Self {
            sender,
            answers,
            thread: Some(thread),
        })
    }
}

/// Compares a saved file with its sums, which takes as long as reading all of it.
fn look_for_damage(path: PathBuf, sender: Sender<Message>) -> Result<(), RecordingError> {
    let at = path.clone();
    let look = move || {
        if let Ok(Some(damage)) = Reader::open(&path).and_then(|reader| reader.check_pages()) {
            // A hub that is gone needs to hear nothing.
            let _ = sender.send(Message::Damaged(damage));
        }
    };
    let thread = thread::Builder::new().name("sums".to_owned()).spawn(look);
    thread.map(drop).map_err(|source| RecordingError::Io {
        action: "read",
        path: at,
        source,
    })
}

impl Drop for LocalClient {
    fn drop(&mut self) {
        // The recorder may go on sending; only this ends the thread, and with it the reader.
        let _ = self.sender.send(Message::Close);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Client for LocalClient {
    fn ask(&mut self, query: Query) {
        // The hub's thread ends only with this client.
        let _ = self.sender.send(Message::Ask(query));
    }

    fn answers(&mut self) -> Vec<Answer> {
        self.answers.try_iter().collect()
    }
}

struct Hub {
    reader: Reader,
    path: PathBuf,
    live: Option<Live>,
    answer: Sender<Answer>,
    wake: Box<dyn Fn() + Send>,
    watched: Option<TurnId>,
    last_status: Option<Status>,
    problems: Vec<String>,
}

impl Hub {
    fn serve(&mut self, messages: &Receiver<Message>) {
        let mut changed = Vec::new();
        let mut last_refresh: Option<Instant> = None;
        self.send_status();
        loop {
            let due = last_refresh.map_or(Duration::ZERO, |at| REFRESH.saturating_sub(at.elapsed()));
            let message = if changed.is_empty() {
                messages.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                messages.recv_timeout(due)
            };
            match message {
                Ok(Message::Committed(turns)) => {
                    changed.push(turns);
                    continue;
                }
                Ok(Message::Damaged(damage)) => {
                    self.problems.push(damage);
                    self.send_status();
                }
                Ok(Message::Ask(query)) => {
                    let Some(queries) = latest(query, messages, &mut changed, &mut self.problems) else {
                        return;
                    };
                    queries.into_iter().for_each(|query| self.reply(query));
                }
                Err(RecvTimeoutError::Timeout) => {
                    let watched = self
                        .watched
                        .filter(|watched| changed.iter().flatten().any(|turn| turn == watched));
                    changed.clear();
                    last_refresh = Some(Instant::now());
                    self.send_status();
                    if let Some(turn) = watched {
                        self.reply(Query::Turn { turn });
                    }
                }
                Ok(Message::Close) | Err(RecvTimeoutError::Disconnected) => return,
            }
            (self.wake)();
        }
    }

    fn reply(&mut self, query: Query) {
        let answer = self.answer(&query).unwrap_or_else(|error| Answer::Failed {
            query,
            message: error.to_string(),
            hint: error.hint(),
        });
        let _ = self.answer.send(answer);
    }

    fn answer(&mut self, query: &Query) -> Result<Answer, RecordingError> {
        Ok(match query {
            Query::Turns { filter, from, limit } => Answer::Turns(self.turns(filter, *from, *limit)?),
            Query::Turn { turn } => {
                self.watched = Some(*turn);
                match self.reader.turn(*turn)? {
                    Some(detail) => Answer::Turn(Box::new(detail)),
                    None => Answer::Failed {
                        query: query.clone(),
                        message: format!("there is no turn {turn} in this recording"),
                        hint: None,
                    },
                }
            }
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
            Query::Pause { paused } => {
                if let Some(live) = &self.live {
                    live.recorder.pause(*paused);
                }
                Answer::Status(self.status()?)
            }
        })
    }

    fn turns(&self, text: &str, from: u64, limit: u32) -> Result<TurnPage, RecordingError> {
        let mut page = TurnPage {
            filter: text.to_owned(),
            from,
            ..TurnPage::default()
        };
        match Filter::parse(text) {
            Ok(filter) => {
                let found = self.reader.turns(&filter, from, limit)?;
                page.total = found.total;
                page.rows = found.rows;
            }
            Err(error) => page.filter_error = Some(error.to_string()),
        }
        Ok(page)
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
        }
    }

    fn send_status(&mut self) {
        self.follow();
        match self.status() {
            Ok(status) if self.last_status.as_ref() != Some(&status) => {
                self.last_status = Some(status.clone());
                let _ = self.answer.send(Answer::Status(status));
            }
            Ok(_) => {}
            Err(error) => {
                let text = error.to_string();
                if !self.problems.contains(&text) {
                    self.problems.push(text);
                }
            }
        }
    }

    fn status(&self) -> Result<Status, RecordingError> {
        let totals = self.reader.totals()?;
        let meta = self.reader.meta()?;
        let fact = |key: &str| {
            meta.get(key)
                .and_then(|value| value.as_str())
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let mut status = Status {
            recording: RecordingState::Saved,
            path: self.path.display().to_string(),
            proxy: None,
            upstream: fact("upstream"),
            command: fact("command"),
            duration_us: totals.span_us,
            turns: totals.turns,
            frames: totals.frames,
            findings: totals.findings,
            size_bytes: totals.size_bytes,
            dropped: 0,
            memory: None,
            probe: saved_probe(&meta),
            problems: self
                .problems
                .iter()
                .cloned()
                .chain(self.reader.problems())
                .collect(),
        };
        if let Some(live) = &self.live {
            add_live(&mut status, live);
        }
        Ok(status)
    }
}

/// Only the last query of each kind counts; what was committed meanwhile is kept. None if the client is gone.
fn latest(
    first: Query,
    messages: &Receiver<Message>,
    changed: &mut Vec<Vec<TurnId>>,
    problems: &mut Vec<String>,
) -> Option<Vec<Query>> {
    let mut queries = vec![first];
    for message in messages.try_iter() {
        match message {
            Message::Committed(turns) => changed.push(turns),
            Message::Damaged(damage) => {
                problems.push(damage);
                // As after a commit, the status is sent again.
                changed.push(Vec::new());
            }
            Message::Close => return None,
            Message::Ask(query) => {
                queries.retain(|older| std::mem::discriminant(older) != std::mem::discriminant(&query));
                queries.push(query);
            }
        }
    }
    Some(queries)
}

fn saved_probe(meta: &serde_json::Map<String, serde_json::Value>) -> ProbeState {
    let probes = meta
        .get("probes")
        .and_then(|value| value.as_array())
        .map_or(&[][..], Vec::as_slice);
    if let Some(reason) = meta.get("probe_silent").and_then(|reason| reason.as_str()) {
        return ProbeState::Silent {
            reason: reason.to_owned(),
        };
    }
    let Some(last) = probes.last() else {
        return ProbeState::Absent;
    };
    ProbeState::Connected {
        djust: last["djust"].as_str().map(str::to_owned),
        missing: last["missing"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|text| text.as_str())
            .map(str::to_owned)
            .collect(),
    }
}

fn add_live(status: &mut Status, live: &Live) {
    let health = live.recorder.health();
    let probe = live.recorder.probe();
    status.recording = if live.recorder.is_paused() {
        RecordingState::Paused
    } else {
        RecordingState::Live
    };
    status.proxy = Some(live.proxy.clone());
    status.upstream = Some(live.upstream.clone());
    status.command.clone_from(&live.command);
    status.dropped = health.dropped() + live.recorder.dropped();
    let (used_bytes, budget_bytes) = live.recorder.memory();
    status.memory = Some(Memory {
        used_bytes: used_bytes as u64,
        budget_bytes: budget_bytes as u64,
    });
    status.probe = match (live.with_probe, probe.silence, probe.was_heard, probe.connected) {
        (false, ..) => ProbeState::Absent,
        (true, Some(reason), ..) => ProbeState::Silent { reason },
        (true, None, false, _) => ProbeState::Waiting,
        (true, None, true, 0) => ProbeState::Gone,
        (true, None, true, _) => ProbeState::Connected {
            djust: probe.djust,
            missing: probe.missing,
        },
    };
    status.problems.extend(health.happened());
    status.problems.extend(live.notices.said());
    if let Some(error) = health.error.filter(|_| health.is_failing) {
        status.problems.push(error);
    }
    if probe.lost > 0 {
        status.problems.push(format!(
            "{} reports of the probe were lost: some turns have no state, spans or logs",
            probe.lost
        ));
    }
}
