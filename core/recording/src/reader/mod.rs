//! Reading a recording, also while it is being written.
//!
//! A recording is data from a stranger, and may be damaged: what can be read
//! is read, what cannot is left out and named in [`Reader::problems`].

mod classes;
mod debug_states;
mod detail;
mod dom;
mod findings;
mod http;
mod left_out;
mod moments;
mod open;
mod places;
mod row_sums;
mod rows;
mod states;
mod turns;
mod verify;

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};

use rusqlite::{Connection as Db, OptionalExtension, Params, Row};
use serde_json::{Map, Value};

use crate::RecordingError;
use crate::blobs::BlobReader;
use crate::error::ReadError;

pub use dom::{DomSource, PatchBatch};
pub use http::{BodySide, HttpPage};
pub use left_out::LeftOut;
pub(crate) use open::{check_header, is_header};
pub use turns::{Overview, Page};

/// How many bytes of texts and values one answer may hold.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// Most rows of one kind in one answer.
const MAX_ROWS: u32 = 20_000;

/// An open recording.
pub struct Reader {
    path: PathBuf,
    db: Db,
    blobs: RefCell<BlobReader>,
    account: left_out::Account,
    /// Rows have sums: the file is of format 1.1 or later.
    has_row_sums: bool,
    /// Findings were derived from what the file holds.
    has_derived_findings: Cell<bool>,
    /// Classes and sources have tables: the file is of format 1.2 or later.
    has_sources: bool,
    /// What is known of the list of the last filter.
    places: RefCell<Option<places::Places>>,
    /// What djust itself showed has a table: the file is of format 1.3 or later.
    has_debug_states: bool,
}

/// A point in the life of a recording: it differs after a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision(i64);

/// How much a recording holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Turns.
    pub turns: u64,
    /// WebSocket messages.
    pub frames: u64,
    /// Findings.
    pub findings: u64,
    /// WebSocket connections.
    pub connections: u64,
    /// HTTP exchanges.
    pub http: u64,
    /// Log records.
    pub logs: u64,
    /// From its start to the last thing in it.
    pub span_us: i64,
    /// Size of the file in bytes, with what waits beside it in `-wal`.
    pub size_bytes: u64,
    /// True if it was ended in good order; false while it is being written or if djscope was killed.
    pub is_ended: bool,
}

impl Reader {
    /// Opens a recording for reading. The file is never changed.
    ///
    /// # Errors
    ///
    /// If there is none, it is none, it is damaged where it cannot be done without, or it is of a newer format.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, RecordingError> {
        open::open(path.as_ref())
    }

    /// Looks at the first bytes of a file.
    ///
    /// # Errors
    ///
    /// If it is not there or not a recording.
    pub fn check_file(path: impl AsRef<Path>) -> Result<(), RecordingError> {
        open::check_file(path.as_ref())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Tells cheaply whether anything was written since: ask again if it differs.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn revision(&self) -> Result<Revision, RecordingError> {
        self.db
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .map(Revision)
            .map_err(|error| RecordingError::sqlite("read", &self.path, error))
    }

    /// Facts about the run, by name.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn meta(&self) -> Result<Map<String, Value>, RecordingError> {
        let facts = self.rows(
            "facts about the run",
            "SELECT key, value FROM meta ORDER BY key",
            [],
            |row| {
                let key: String = row.get(0)?;
                Ok((key, rows::json(row, 1)?))
            },
        )?;
        Ok(facts.into_iter().collect())
    }

    /// How much it holds.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn totals(&self) -> Result<Totals, RecordingError> {
        let count = |table: &str| self.number(table, &format!("SELECT count(*) FROM {table}"));
        let ends = [
            "SELECT max(t_us + coalesce(duration_us, 0)) FROM (SELECT t_us, duration_us FROM turns ORDER BY t_us DESC \
             LIMIT 100)",
            "SELECT max(t_us) FROM (SELECT t_us FROM frames ORDER BY frame DESC LIMIT 100)",
            "SELECT max(t_us + coalesce(duration_us, 0)) FROM (SELECT t_us, duration_us FROM http ORDER BY http DESC \
             LIMIT 100)",
        ];
        let mut span_us = 0;
        for end in ends {
            span_us = span_us.max(self.number("times", end)?);
        }
        let ended: Option<Value> = self.meta()?.shift_remove("ended_us");
        let length = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        Ok(Totals {
            turns: count("turns")?.unsigned_abs(),
            frames: count("frames")?.unsigned_abs(),
            findings: self.count_findings()?,
            connections: count("connections")?.unsigned_abs(),
            http: count("http")?.unsigned_abs(),
            logs: count("logs")?.unsigned_abs(),
            span_us: span_us.max(ended.as_ref().and_then(Value::as_i64).unwrap_or(0)),
            size_bytes: length(&self.path) + length(&crate::writer::beside(&self.path, "-wal")),
            is_ended: ended.is_some(),
        })
    }

    /// One number; 0 for none, or if it is damaged.
    fn number(&self, what: &str, sql: &str) -> Result<i64, RecordingError> {
        let found: Option<Option<i64>> = self.row(what, sql, [], |row| Ok(row.get(0)?))?;
        Ok(found.flatten().unwrap_or(0))
    }

    /// The first row that `sql` finds.
    fn row<T>(
        &self,
        what: &str,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, ReadError>,
    ) -> Result<Option<T>, RecordingError> {
        let found = self
            .db
            .prepare_cached(&self.over_this_file(sql))
            .and_then(|mut statement| statement.query_row(params, |row| Ok(read(row))).optional());
        match found {
            Ok(Some(Ok(value))) => Ok(Some(value)),
            Ok(None) => Ok(None),
            Ok(Some(Err(error))) => self.damaged(what, error).map(|_| None),
            Err(error) => self.damaged(what, error.into()).map(|_| None),
        }
    }

    /// All rows that `sql` finds and that can be read.
    fn rows<T>(
        &self,
        what: &str,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> Result<T, ReadError>,
    ) -> Result<Vec<T>, RecordingError> {
        Ok(self.seen_rows(what, sql, params, read)?.found)
    }

    /// The same, with how many there were and whether the end was reached.
    fn seen_rows<T>(
        &self,
        what: &str,
        sql: &str,
        params: impl Params,
        mut read: impl FnMut(&Row<'_>) -> Result<T, ReadError>,
    ) -> Result<Seen<T>, RecordingError> {
        let mut seen = Seen {
            found: Vec::new(),
            rows: 0,
            is_broken: false,
        };
        let result = (|| {
            let mut statement = self.db.prepare_cached(&self.over_this_file(sql))?;
            let mut rows = statement.query(params)?;
            while let Some(row) = rows.next()? {
                seen.rows += 1;
                match read(row) {
                    Ok(value) => seen.found.push(value),
                    Err(error) => {
                        self.damaged(what, error)?;
                    }
                }
            }
            Ok(())
        })();
        match result {
            Ok(()) => {}
            Err(Failure::Sqlite(error)) => {
                seen.is_broken = true;
                self.damaged(what, error.into())?;
            }
            Err(Failure::Recording(error)) => return Err(error),
        }
        Ok(seen)
    }

    /// The first rows of `table` where `column` is `key`, with a word on how many more there are. `sql` ends in a
    /// `LIMIT` of [`MAX_ROWS`].
    fn rows_of<T>(
        &self,
        (table, column): (&str, &str),
        key: u64,
        sql: &str,
        read: impl FnMut(&Row<'_>) -> Result<T, ReadError>,
    ) -> Result<Vec<T>, RecordingError> {
        let what = format!("{table} of {column} {key}");
        let seen = self.seen_rows(&what, sql, [key], read)?;
        if seen.rows >= u64::from(MAX_ROWS) {
            let count = format!("SELECT count(*) FROM {table} WHERE {column} = ?");
            let all: Option<u64> = self.row(&what, &count, [key], |row| Ok(row.get(0)?))?;
            let more = all.unwrap_or(0).saturating_sub(seen.rows);
            if more > 0 {
                self.too_much(&what, more);
            }
        }
        Ok(seen.found)
    }
}

/// What came of a query.
struct Seen<T> {
    found: Vec<T>,
    rows: u64,
    /// It ended before its end.
    is_broken: bool,
}

enum Failure {
    Sqlite(rusqlite::Error),
    Recording(RecordingError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<RecordingError> for Failure {
    fn from(error: RecordingError) -> Self {
        Self::Recording(error)
    }
}

/// How much one answer may still decompress to.
struct Budget(Cell<usize>);

impl Budget {
    const fn new() -> Self {
        Self(Cell::new(MAX_ANSWER_BYTES))
    }

    /// A text of the answer.
    fn text(&self, row: &Row<'_>, column: usize) -> Result<String, ReadError> {
        let value = row.get_ref(column)?;
        self.spend(crate::payload::length(value))?;
        crate::payload::read_text(value, crate::schema::MAX_VALUE_BYTES).map_err(ReadError::Damaged)
    }

    /// Takes room for so many bytes.
    fn spend(&self, bytes: usize) -> Result<(), ReadError> {
        let left = self.0.get();
        if bytes > crate::schema::MAX_VALUE_BYTES {
            // It is damaged, and will be refused by whoever reads it.
            return Ok(());
        }
        if bytes > left {
            return Err(ReadError::TooMuch(format!(
                "{} KB are not given, with them the answer would be larger than {} MB",
                bytes.div_ceil(1000),
                MAX_ANSWER_BYTES >> 20
            )));
        }
        self.0.set(left - bytes);
        Ok(())
    }
}
