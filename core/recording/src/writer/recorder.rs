use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use super::losses::{Losses, Unsettled};
use super::place::Held;
use super::queue::{Queue, Work};
use super::rows::{Rows, WriteError};
use super::{Commit, Health, WriterOptions, beside};
use crate::model::TurnId;
use crate::{Entry, RecordingError};

/// Pause after the first failed write, and the longest one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long one batch is tried again on a disk that does not answer, and how often.
const RETRY_WITHIN: Duration = Duration::from_secs(120);
const RETRY_EVERY: Duration = Duration::from_secs(1);

/// How often it is seen whether the file is still in its place.
const LOOK_EVERY: Duration = Duration::from_millis(400);

/// The writer's thread.
pub(super) struct Recorder {
    pub(super) db: Connection,
    /// After `db`, which has to close the file first.
    pub(super) held: Held,
    pub(super) looked: Instant,
    /// When the next attempt to save a file that was taken away may come, and how long the pause is by then.
    pub(super) rescue: Option<(Instant, Duration)>,
    queue: Arc<Queue>,
    health: Arc<Mutex<Health>>,
    losses: Arc<Mutex<Losses>>,
    on_commit: Option<Box<dyn Fn(Commit) + Send>>,
    pub(super) cache_bytes: usize,
    pub(super) rows: Rows,
    started: Instant,
    pause: Option<(Instant, Duration)>,
    /// Entries that were taken from the queue before this batch.
    taken: u64,
    /// Losses that the file already names.
    noted: u64,
}

/// What one transaction has done.
#[derive(Default)]
struct Done {
    turns: BTreeSet<TurnId>,
    new_turns: u64,
    frames: u64,
    findings: u64,
    lost: Vec<(&'static str, String)>,
    /// Turns that were written, each with the position of its form among all entries.
    written: BTreeMap<TurnId, u64>,
    /// Turns whose losses the file names now.
    settled: Vec<(TurnId, u64)>,
}

impl Recorder {
    pub(super) fn new(
        held: Held,
        db: Connection,
        queue: Arc<Queue>,
        health: Arc<Mutex<Health>>,
        losses: Arc<Mutex<Losses>>,
        options: WriterOptions,
    ) -> Self {
        let rows = Rows::new(options.kept_value_bytes, options.lost_state_bytes);
        Self {
            db,
            held,
            looked: Instant::now(),
            rescue: None,
            queue,
            health,
            losses,
            on_commit: options.on_commit,
            cache_bytes: options.cache_bytes,
            rows,
            started: Instant::now(),
            pause: None,
            taken: 0,
            noted: 0,
        }
    }

    /// Writes until the queue is closed. True if one file remains.
    pub(super) fn run(mut self) -> Result<bool, RecordingError> {
        // However this thread ends, nobody waits for it any longer.
        let _closes = CloseAtEnd(Arc::clone(&self.queue));
        loop {
            match self.queue.take(LOOK_EVERY) {
                Work::Batch(batch) => {
                    let entries = batch.len();
                    self.batch(&batch);
                    self.taken += batch.len() as u64;
                    self.queue.done(entries);
                }
                Work::Idle if self.losses().is_unsettled() => self.batch(&[]),
                Work::Idle => {}
                Work::End(in_order) => return self.end(in_order),
            }
            if self.looked.elapsed() >= LOOK_EVERY {
                self.look(false);
            }
        }
    }

    /// Writes a batch. A disk that does not answer is asked again while the queue takes what comes; one that is full
    /// loses the batch, and what comes before the next attempt.
    fn batch(&mut self, batch: &[Entry]) {
        if let Some((until, _)) = self.pause
            && Instant::now() < until
            && !self.queue.is_closed()
        {
            self.lose(batch, None);
            return;
        }
        let since = Instant::now();
        while let Err(error) = self.transaction(batch).map(|done| self.committed(done)) {
            // SQLite has rolled back by itself after some errors.
            if !self.db.is_autocommit() {
                let _ = self.db.execute_batch("ROLLBACK");
            }
            self.rows.forget();
            let pause = self
                .pause
                .map_or(FIRST_PAUSE, |(_, pause)| (pause * 2).min(LONGEST_PAUSE));
            self.pause = Some((Instant::now() + pause, pause));
            let may_pass = may_pass(&error) && since.elapsed() < RETRY_WITHIN && !self.queue.is_closed();
            let error = RecordingError::sqlite("write", self.held.path(), error).to_string();
            if !may_pass {
                self.lose(batch, Some(error));
                return;
            }
            self.fail(error);
            self.queue.wait_until_closed(pause.min(RETRY_EVERY));
            if self.looked.elapsed() >= LOOK_EVERY {
                self.look(false);
            }
        }
        self.pause = None;
    }

    fn transaction(&mut self, batch: &[Entry]) -> rusqlite::Result<Done> {
        self.db.execute_batch("BEGIN IMMEDIATE")?;
        let mut done = Done::default();
        let losses = Arc::clone(&self.losses);
        for (position, entry) in (self.taken + 1..).zip(batch) {
            let with_losses = with_losses(entry, &losses);
            let entry = with_losses.as_ref().unwrap_or(entry);
            let reason = match self.rows.write(&self.db, entry) {
                Ok(is_new) => {
                    if let Entry::Turn(turn) = entry {
                        done.written.insert(turn.turn, position);
                    }
                    note(&mut done, entry, is_new);
                    continue;
                }
                Err(WriteError::Entry(reason)) => reason,
                Err(WriteError::Sqlite(error)) if is_of_entry(&error) => error.to_string(),
                Err(WriteError::Sqlite(error)) => return Err(error),
            };
            let mut losses = self.losses();
            losses.note(entry, position, &reason);
            if matches!(entry, Entry::Snapshot(_)) {
                losses.lost_states();
            }
            drop(losses);
            done.lost.push((entry.name(), reason));
        }
        if !self.queue.is_busy() {
            // What is said of old losses must not be the cause of new ones.
            self.settle(&mut done)?;
        }
        self.tell_losses(&done)?;
        self.db.execute_batch("COMMIT")?;
        Ok(done)
    }

    /// Writes down what turns have lost, and turns that were lost themselves.
    fn settle(&mut self, done: &mut Done) -> rusqlite::Result<()> {
        if !self.losses().is_unsettled() {
            return Ok(());
        }
        let losses = self.losses().to_settle(&done.written);
        for Unsettled {
            number,
            revision,
            turn,
        } in losses
        {
            let written = match turn {
                Some(mut turn) => {
                    let sentences = self.losses().sentences(&turn);
                    turn.missing.extend(sentences);
                    self.rows.write(&self.db, &Entry::Turn(turn))
                }
                None => self
                    .rows
                    .add_missing(&self.db, number, |turn| {
                        self.losses
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .sentences(turn)
                    })
                    .map(|()| false),
            };
            match written {
                Ok(is_new) => {
                    done.new_turns += u64::from(is_new);
                    done.turns.insert(number);
                }
                Err(WriteError::Sqlite(error)) if !is_of_entry(&error) => return Err(error),
                // It cannot be written at all, and is counted already.
                Err(_) => {}
            }
            done.settled.push((number, revision));
        }
        Ok(())
    }

    fn committed(&mut self, done: Done) {
        {
            let mut losses = self.losses();
            for (turn, position) in &done.written {
                losses.superseded(*turn, *position);
            }
            losses.settled(&done.settled);
        }
        let size_bytes = self.size_bytes();
        let mut health = self.health();
        health.turns += done.new_turns;
        health.frames += done.frames;
        health.findings += done.findings;
        health.size_bytes = size_bytes;
        health.is_failing = false;
        for (name, reason) in done.lost {
            *health.lost.entry(name).or_default() += 1;
            health.error = Some(reason);
        }
        let noted = health.dropped();
        let commit = Commit {
            turns: done.turns.into_iter().collect(),
            health: health.clone(),
        };
        drop(health);
        self.noted = noted;
        if let Some(on_commit) = &self.on_commit {
            on_commit(commit);
        }
    }

    fn fail(&self, error: String) {
        let mut health = self.health();
        health.is_failing = true;
        health.error = Some(error);
        drop(health);
        self.announce();
    }

    /// Counts a batch as lost. States are kept for those that build on them.
    fn lose(&mut self, batch: &[Entry], error: Option<String>) {
        {
            let mut health = self.health();
            for entry in batch {
                *health.lost.entry(entry.name()).or_default() += 1;
            }
            health.is_failing = true;
            if error.is_some() {
                health.error = error;
            }
        }
        let reason = self.health().error.clone().unwrap_or_default();
        let losses = Arc::clone(&self.losses);
        let mut losses = losses.lock().unwrap_or_else(PoisonError::into_inner);
        for (position, entry) in (self.taken + 1..).zip(batch) {
            losses.note(entry, position, &reason);
            if let Entry::Snapshot(delta) = entry
                && !self.rows.lose_snapshot(delta)
            {
                losses.lost_states();
            }
        }
    }

    /// Writes into the file what was lost, if that is more than it names.
    fn tell_losses(&self, done: &Done) -> rusqlite::Result<()> {
        let mut health = self.health().clone();
        for (name, reason) in &done.lost {
            *health.lost.entry(name).or_default() += 1;
            health.error = Some(reason.clone());
        }
        if health.dropped() == self.noted {
            return Ok(());
        }
        let lost = health
            .lost
            .iter()
            .map(|(name, count)| ((*name).to_owned(), (*count).into()))
            .collect();
        self.rows
            .meta(&self.db, "lost", &serde_json::Value::Object(lost))?;
        self.rows.meta(&self.db, "lost_reason", &health.error.into())
    }

    /// Ends the file, and once more if it was taken away meanwhile and another took its place.
    fn end(&mut self, in_order: bool) -> Result<bool, RecordingError> {
        self.look(true);
        let is_one_file = self.end_file(in_order)?;
        if self.look(true) {
            return self.end_file(in_order);
        }
        Ok(is_one_file)
    }

    fn end_file(&mut self, in_order: bool) -> Result<bool, RecordingError> {
        let mut written = if in_order { self.tell_end() } else { Ok(()) };
        if written.is_err() {
            // On a full disk, what stands beside the file makes room by moving into it.
            written = self.checkpoint().and_then(|()| self.tell_end());
        }
        let ended = written.and_then(|()| self.checkpoint());
        let is_complete = ended.is_ok();
        if let Err(error) = ended {
            let error = RecordingError::sqlite("write", self.held.path(), error);
            let mut health = self.health();
            // Losses are told with their number; they and this have one reason.
            if health.dropped() == 0 {
                return Err(error);
            }
            health.error = Some(error.to_string());
        }
        self.db.flush_prepared_statement_cache();
        let _ = self.db.busy_timeout(Duration::ZERO);
        // Fails while a reader has the file open; it is a good recording then too.
        let mode: Result<String, _> = self
            .db
            .query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0));
        if in_order && is_complete {
            // Without its sums a recording is as good; only its damage is not found.
            let _ = self.held.append_sums();
        }
        let size_bytes = self.size_bytes();
        self.health().size_bytes = size_bytes;
        Ok(mode.is_ok_and(|mode| mode == "delete"))
    }

    fn tell_end(&mut self) -> rusqlite::Result<()> {
        while self.losses().is_unsettled() {
            let mut done = Done::default();
            self.settle(&mut done)?;
            if done.settled.is_empty() {
                break;
            }
            self.losses().settled(&done.settled);
        }
        let ended = i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX);
        self.tell_losses(&Done::default())?;
        self.rows.meta(&self.db, "ended_us", &ended.into())
    }

    pub(super) fn checkpoint(&self) -> rusqlite::Result<()> {
        self.db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    }

    fn size_bytes(&self) -> u64 {
        let length = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        length(self.held.path()) + length(&beside(self.held.path(), "-wal"))
    }

    /// Says how the file is, also if nothing was written.
    pub(super) fn announce(&self) {
        let commit = Commit {
            turns: Vec::new(),
            health: self.health().clone(),
        };
        if let Some(on_commit) = &self.on_commit {
            on_commit(commit);
        }
    }

    fn losses(&self) -> MutexGuard<'_, Losses> {
        self.losses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A turn with what it has lost; none if it has lost nothing.
fn with_losses(entry: &Entry, losses: &Mutex<Losses>) -> Option<Entry> {
    let Entry::Turn(turn) = entry else { return None };
    let losses = losses.lock().unwrap_or_else(PoisonError::into_inner);
    if losses.is_empty() {
        return None;
    }
    let sentences = losses.sentences(turn);
    (!sentences.is_empty()).then(|| {
        let mut turn = turn.clone();
        turn.missing.extend(sentences);
        Entry::Turn(turn)
    })
}

fn note(done: &mut Done, entry: &Entry, is_new: bool) {
    match entry {
        Entry::Turn(turn) => {
            done.turns.insert(turn.turn);
            done.new_turns += u64::from(is_new);
        }
        Entry::Frame(frame) => {
            done.frames += 1;
            done.turns.extend(frame.turn);
        }
        Entry::Patches { turn, .. } | Entry::Spans { turn, .. } => {
            done.turns.insert(*turn);
        }
        Entry::Log(log) => done.turns.extend(log.turn),
        Entry::Http(http) => done.turns.extend(http.turn),
        Entry::HttpTurn { turn, .. } => {
            done.turns.insert(*turn);
        }
        Entry::Finding(finding) => {
            done.findings += 1;
            done.turns.extend(finding.turn);
        }
        Entry::Connection(_)
        | Entry::View(_)
        | Entry::Source(_)
        | Entry::Snapshot(_)
        | Entry::Keyframe(_)
        | Entry::Meta { .. } => {}
    }
}

/// Is the file held by somebody, or the disk slow or disturbed, so that the same may work in a moment?
fn may_pass(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::SystemIoFailure)
    )
}

/// Is this one entry at fault, and not the file or the disk?
fn is_of_entry(error: &rusqlite::Error) -> bool {
    match error.sqlite_error_code() {
        Some(code) => matches!(
            code,
            ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch
        ),
        None => true,
    }
}

struct CloseAtEnd(Arc<Queue>);

impl Drop for CloseAtEnd {
    fn drop(&mut self) {
        self.0.close(false);
    }
}
