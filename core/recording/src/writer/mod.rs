//! Writing a recording: a thread that takes entries from a bounded queue.
//!
//! Whoever records is never stopped by the recording. If the disk is full or
//! a write fails, the thread goes on, counts what was lost, tries again with
//! growing pauses, and writes the loss down when it can.

mod losses;
mod place;
mod queue;
mod recorder;
mod rescue;
mod rows;
mod statements;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OpenFlags};

use crate::model::TurnId;
use crate::schema::{APPLICATION_ID, FORMAT_MAJOR, FORMAT_MINOR, MIGRATIONS};
use crate::{Entry, RecordingError, row_sum};
use losses::Losses;
use place::Held;
pub use place::Replaced;
pub(crate) use place::{is_written, is_written_here};
use queue::Queue;
use recorder::Recorder;
pub(crate) use statements::insert;

/// How a recording is written.
pub struct WriterOptions {
    /// How many entries may wait.
    pub queue_entries: usize,
    /// How many bytes of entries may wait.
    pub queue_bytes: usize,
    /// How many bytes of pages of the file may be kept at hand.
    pub cache_bytes: usize,
    /// How many bytes of values are kept at hand from which the next ones are written as a difference.
    pub kept_value_bytes: usize,
    /// How many bytes of states that could not be written are kept for those that build on them.
    pub lost_state_bytes: usize,
    /// How long entries may wait for others to share a transaction with.
    pub batch: Duration,
    /// How long [`Writer::write`] may wait for room before the entry is given up.
    pub patience: Duration,
    /// How large the file may become; none for as large as the disk allows.
    pub max_bytes: Option<u64>,
    /// Time zero of the recording in Unix time; none for the time of [`Writer::create`].
    pub started_unix_us: Option<i64>,
    /// Called on the writer's thread after each transaction.
    pub on_commit: Option<Box<dyn Fn(Commit) + Send>>,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self {
            queue_entries: 32_768,
            queue_bytes: 64 << 20,
            cache_bytes: 32 << 20,
            kept_value_bytes: 16 << 20,
            lost_state_bytes: 32 << 20,
            batch: Duration::from_millis(20),
            patience: Duration::from_secs(2),
            max_bytes: None,
            started_unix_us: None,
            on_commit: None,
        }
    }
}

/// What a transaction has added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// Turns that are new or of which more is known, in ascending order.
    pub turns: Vec<TurnId>,
    /// State of the writer after it.
    pub health: Health,
}

/// How the writer is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Turns in the file.
    pub turns: u64,
    /// Frames in the file.
    pub frames: u64,
    /// Findings in the file.
    pub findings: u64,
    /// Size of the file in bytes, with what waits beside it in `-wal`.
    pub size_bytes: u64,
    /// Entries that wait.
    pub queued: usize,
    /// Entries that were lost, by kind (see [`Entry::name`]).
    pub lost: BTreeMap<&'static str, u64>,
    /// Why the last loss happened.
    pub error: Option<String>,
    /// True from a failed write to the next one that works.
    pub is_failing: bool,
    /// What happened to the file while it was recorded; none if it is where it was made.
    pub moved: Option<Moved>,
    /// What else happened to it that the user should hear of.
    pub notices: Vec<String>,
}

/// A recording whose file was taken away while it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Where it was.
    pub from: PathBuf,
    /// What happened there: "was removed …".
    pub what: &'static str,
    /// Where it goes on, or why what is recorded is lost.
    pub to: Result<PathBuf, String>,
    /// True if it goes on with all that was in it before.
    pub is_whole: bool,
}

impl fmt::Display for Moved {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.from.display(), self.what)?;
        match &self.to {
            Ok(to) if self.is_whole => write!(formatter, "; the recording goes on in {}", to.display()),
            Ok(to) => write!(
                formatter,
                "; what it held is lost, the recording goes on in {}",
                to.display()
            ),
            Err(reason) => write!(formatter, "; what is recorded is lost: {reason}"),
        }
    }
}

impl Health {
    /// How many entries were lost.
    pub fn dropped(&self) -> u64 {
        self.lost.values().sum()
    }

    /// What happened to the file that the user should hear of, one sentence each.
    pub fn happened(&self) -> Vec<String> {
        let moved = self.moved.iter().map(ToString::to_string);
        self.notices.iter().cloned().chain(moved).collect()
    }
}

/// What became of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The file.
    pub path: PathBuf,
    /// State of the writer at its end.
    pub health: Health,
    /// False if a reader kept the file open, so that `-wal` and `-shm` still stand beside it.
    pub is_one_file: bool,
}

/// The queue has no room; the entry comes back.
#[derive(Debug)]
pub struct Full(pub Box<Entry>);

/// Writes a recording.
///
/// Dropping it writes what waits, but does not mark the recording as ended.
pub struct Writer {
    path: PathBuf,
    queue: Arc<Queue>,
    health: Arc<Mutex<Health>>,
    losses: Arc<Mutex<Losses>>,
    patience: Duration,
    thread: Option<JoinHandle<Result<bool, RecordingError>>>,
}

impl Writer {
    /// Makes a new recording at `path` and starts its thread.
    ///
    /// # Errors
    ///
    /// If there is a file already ([`Replaced`] makes room), or the file cannot be made.
    pub fn create(path: impl AsRef<Path>, options: WriterOptions) -> Result<Self, RecordingError> {
        let path = path.as_ref().to_owned();
        let mut held = Held::create(&path)?;
        let queue = Arc::new(Queue::new(
            options.queue_entries,
            options.queue_bytes,
            options.batch,
        ));
        let health = Arc::new(Mutex::new(Health::default()));
        let losses = Arc::new(Mutex::new(Losses::default()));
        let patience = options.patience;
        let db = match prepare(&path, &options) {
            Ok(db) => db,
            Err(error) => {
                // What could not be made into a recording is not left behind.
                held.discard();
                return Err(error);
            }
        };
        held.gone();
        let recorder = Recorder::new(
            held,
            db,
            Arc::clone(&queue),
            Arc::clone(&health),
            Arc::clone(&losses),
            options,
        );
        let thread = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || recorder.run())
            .map_err(|error| RecordingError::io("create", &path, error))?;
        Ok(Self {
            path,
            queue,
            health,
            losses,
            patience,
            thread: Some(thread),
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Hands over an entry, waiting for room if need be. After
    /// [`WriterOptions::patience`] it is given up and counted as lost.
    pub fn write(&self, entry: Entry) {
        if let Err(entry) = self.queue.push(entry, self.patience) {
            self.give_up(&entry);
        }
    }

    /// Hands over an entry without waiting.
    ///
    /// # Errors
    ///
    /// Gives it back if there is no room.
    pub fn try_write(&self, entry: Entry) -> Result<(), Full> {
        self.queue.push(entry, Duration::ZERO).map_err(Full)
    }

    /// Counts an entry as lost that [`Writer::try_write`] gave back.
    pub fn give_up(&self, entry: &Entry) {
        let reason = if self.queue.is_closed() {
            "the recorder has stopped"
        } else {
            "the recorder cannot keep up"
        };
        {
            // It would have been the next.
            let position = self.queue.pushed() + 1;
            let mut losses = self.losses();
            losses.note(entry, position, reason);
            if matches!(entry, Entry::Snapshot(_)) {
                losses.lost_states();
            }
        }
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        *health.lost.entry(entry.name()).or_default() += 1;
        health.error = Some(reason.to_owned());
    }

    /// True once after states were lost that later ones build on: the next state of every view has to be a whole one.
    pub fn takes_lost_states(&self) -> bool {
        self.losses().takes_lost_states()
    }

    /// Bytes of what waits to be written.
    pub fn queued_bytes(&self) -> usize {
        self.queue.bytes()
    }

    fn losses(&self) -> std::sync::MutexGuard<'_, Losses> {
        self.losses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until everything handed over so far was written or lost. False if that took too long.
    pub fn flush(&self, patience: Duration) -> bool {
        self.queue.flush(patience)
    }

    /// How the writer is.
    pub fn health(&self) -> Health {
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner).clone();
        health.queued = self.queue.len();
        health
    }

    /// Writes what waits, marks the recording as ended, and leaves one file.
    ///
    /// # Errors
    ///
    /// If the end could not be written; the recording still opens.
    pub fn finish(mut self) -> Result<Summary, RecordingError> {
        self.queue.close(true);
        let is_one_file = self.join()?;
        let health = self.health();
        let moved_to = health.moved.as_ref().and_then(|moved| moved.to.clone().ok());
        Ok(Summary {
            path: moved_to.unwrap_or_else(|| self.path.clone()),
            health,
            is_one_file,
        })
    }

    fn join(&mut self) -> Result<bool, RecordingError> {
        let stopped = |detail: &str| RecordingError::Stopped {
            path: self.path.clone(),
            detail: detail.to_owned(),
        };
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(stopped("its thread failed")),
            None => Err(stopped("it has ended before")),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.queue.close(false);
            // There is nobody left to tell.
            let _ = self.join();
        }
    }
}

/// The name of the file that `SQLite` keeps beside `path`.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Opens a file by its name, whatever the name is: `file:x` and `:memory:` are something else to `SQLite`, and would be
/// another file than the one that was made and locked.
fn open_file(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(by_name(path), flags)
}

/// A path that `SQLite` takes for nothing but a path.
pub(crate) fn by_name(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Opens the new file and makes its tables, still without a WAL, so that the file is whole from the start.
fn prepare(path: &Path, options: &WriterOptions) -> Result<Connection, RecordingError> {
    let failed = |error| RecordingError::sqlite("create", path, error);
    let mut db = open_file(path).map_err(failed)?;
    row_sum::register(&db).map_err(failed)?;
    db.pragma_update(None, "page_size", 8192).map_err(failed)?;
    db.pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(failed)?;
    if let Some(max_bytes) = options.max_bytes {
        db.pragma_update(None, "max_page_count", (max_bytes / 8192).max(1))
            .map_err(failed)?;
    }
    MIGRATIONS.to_latest(&mut db).map_err(|error| match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => failed(err),
        other => RecordingError::Stopped {
            path: path.to_owned(),
            detail: other.to_string(),
        },
    })?;
    let started = options.started_unix_us.unwrap_or_else(|| {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|at| i64::try_from(at.as_micros()).ok())
            .unwrap_or(0)
    });
    let facts = [
        ("format", format!("\"{FORMAT_MAJOR}.{FORMAT_MINOR}\"")),
        ("djscope", format!("\"{}\"", env!("CARGO_PKG_VERSION"))),
        ("started_unix_us", started.to_string()),
    ];
    for (key, value) in facts {
        db.execute(insert("meta"), [key, &value]).map_err(failed)?;
    }
    begin_journal(&db, options.cache_bytes).map_err(failed)?;
    Ok(db)
}

/// From here on the file is written as one that others read meanwhile.
fn begin_journal(db: &Connection, cache_bytes: usize) -> rusqlite::Result<()> {
    db.busy_timeout(Duration::from_secs(2))?;
    db.set_prepared_statement_cache_capacity(64);
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "NORMAL")?;
    db.pragma_update(None, "wal_autocheckpoint", 2000)?;
    // SQLite takes kibibytes as a negative number (https://sqlite.org/pragma.html#pragma_cache_size).
    let cache_kib = i64::try_from(cache_bytes >> 10).unwrap_or(i64::MAX);
    db.pragma_update(None, "cache_size", -cache_kib)?;
    // The journal is opened by its name on the first use, which may have gone by then.
    db.query_row("SELECT count(*) FROM meta", [], |_| Ok(()))
}
