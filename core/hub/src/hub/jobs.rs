//! What takes long, each in a thread of its own with a reader of its own.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use djscope_diagnose::rules;
use djscope_recording::filter::Filter;
use djscope_recording::model::TurnId;
use djscope_recording::{Reader, RecordingError};
use djscope_replay::answer::Answer as RerunAnswer;

use super::clients::{ClientId, JobNews, Switchboard};
use super::rerun::Runner;
use crate::api::{ErrorCode, HubError, Job, JobEnd, JobId, JobProgress};

/// Jobs that run at a time.
const MAX_JOBS: usize = 4;

/// Turns after which a job reports how far it has come.
const TURNS_BETWEEN_REPORTS: u32 = 200;

/// The jobs that run.
#[derive(Default)]
pub(super) struct Jobs {
    last: JobId,
    runner: Runner,
    running: HashMap<JobId, Running>,
}

struct Running {
    /// None for a job of the hub's own.
    client: Option<ClientId>,
    is_stopped: Arc<AtomicBool>,
}

impl Jobs {
    /// Begins a job on the recording at `path`.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Busy`] if too many run, or if the system refuses a thread.
    pub fn start(
        &mut self,
        job: Job,
        client: Option<ClientId>,
        path: &Path,
        board: &Arc<Switchboard>,
    ) -> Result<JobId, HubError> {
        let of_clients = self.running.values().filter(|running| running.client.is_some());
        if client.is_some() && of_clients.count() >= MAX_JOBS {
            let message = format!("{MAX_JOBS} jobs run already");
            return Err(HubError {
                hint: Some("wait until one has ended, or stop it".to_owned()),
                ..HubError::new(ErrorCode::Busy, message)
            });
        }
        self.last += 1;
        let id = self.last;
        let is_stopped = Arc::new(AtomicBool::new(false));
        let work = Work {
            id,
            path: path.to_owned(),
            is_stopped: Arc::clone(&is_stopped),
            board: Arc::clone(board),
        };
        let begun = match job {
            Job::Diagnose => in_a_thread(move || work.diagnose()),
            Job::Verify => in_a_thread(move || work.verify()),
            Job::Rerun(job) => self.runner.run(work, *job),
        };
        if let Err(error) = begun {
            return Err(HubError::new(
                ErrorCode::Busy,
                format!("cannot begin a job: {error}"),
            ));
        }
        self.running.insert(id, Running { client, is_stopped });
        Ok(id)
    }

    /// Who is to hear of a job; none if it has ended.
    pub fn client_of(&self, job: JobId) -> Option<ClientId> {
        self.running.get(&job).and_then(|running| running.client)
    }

    /// Ends a job of `client`. True if there was one.
    pub fn stop(&self, job: JobId, client: ClientId) -> bool {
        let own = self
            .running
            .get(&job)
            .filter(|running| running.client == Some(client));
        own.inspect(|running| running.is_stopped.store(true, Ordering::Relaxed))
            .is_some()
    }

    /// Ends the jobs of a client that has gone.
    pub fn stop_all_of(&self, client: ClientId) {
        for running in self
            .running
            .values()
            .filter(|running| running.client == Some(client))
        {
            running.is_stopped.store(true, Ordering::Relaxed);
        }
    }

    /// Ends every job.
    pub fn stop_all(&self) {
        for running in self.running.values() {
            running.is_stopped.store(true, Ordering::Relaxed);
        }
    }

    /// A job has ended; who is to hear of it.
    pub fn ended(&mut self, job: JobId) -> Option<ClientId> {
        self.running.remove(&job).and_then(|running| running.client)
    }
}

fn in_a_thread(run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name("job".to_owned()).spawn(run).map(drop)
}

/// What a job's thread has to know.
pub(super) struct Work {
    id: JobId,
    path: PathBuf,
    is_stopped: Arc<AtomicBool>,
    board: Arc<Switchboard>,
}

impl Work {
    /// The recording.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// True if nobody wants it any more.
    pub fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    /// Hands over what came of a turn.
    pub fn report_rerun(&self, answer: RerunAnswer) {
        self.board.job(JobNews::Rerun(self.id, Box::new(answer)));
    }

    /// Says that the job has ended, and what it has to say.
    pub fn end(self, message: Option<String>) {
        self.board.job(JobNews::Ended(JobEnd {
            job: self.id,
            is_complete: !self.is_stopped(),
            message,
            hint: None,
        }));
    }

    /// Says why the job has failed.
    pub fn fail(self, error: HubError) {
        self.board.job(JobNews::Ended(JobEnd {
            job: self.id,
            is_complete: false,
            message: Some(error.message),
            hint: error.hint,
        }));
    }

    fn diagnose(self) {
        match self.look_at_every_turn() {
            Ok(()) => self.end(None),
            Err(error) => self.fail(error.into()),
        }
    }

    fn verify(self) {
        match Reader::open(&self.path).and_then(|reader| reader.check_pages()) {
            Ok(damage) => self.end(damage),
            Err(error) => self.fail(error.into()),
        }
    }

    /// Lets every rule look at the turns that it may be about.
    fn look_at_every_turn(&self) -> Result<(), RecordingError> {
        let reader = Reader::open(&self.path)?;
        let candidates = rules::candidates();
        let Ok(filter) = Filter::parse(&candidates) else {
            return Ok(());
        };
        let total = reader.count(&filter)?;
        let (mut done, mut after): (u64, TurnId) = (0, 0);
        loop {
            let turns = reader.turn_numbers_after(&filter, after, TURNS_BETWEEN_REPORTS)?;
            let Some(last) = turns.last() else { return Ok(()) };
            after = *last;
            let mut found = Vec::new();
            for turn in turns {
                if self.is_stopped() {
                    return Ok(());
                }
                if let Some(detail) = reader.turn(turn)? {
                    found.extend(rules::findings(&detail));
                }
                done += 1;
            }
            if !found.is_empty() {
                self.board.job(JobNews::Findings(self.id, found));
            }
            self.board.job(JobNews::Progress(JobProgress {
                job: self.id,
                done,
                total,
            }));
        }
    }
}
