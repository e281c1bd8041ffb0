use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use rusqlite::limits::Limit;
use rusqlite::{Connection as Db, ErrorCode, OpenFlags, OptionalExtension};

use super::Reader;
use super::left_out::Account;
use crate::blobs::BlobReader;
use crate::schema::{APPLICATION_ID, FORMAT_MAJOR, MAX_VALUE_BYTES, SINCE_1_2, SINCE_1_3, TABLES};
use crate::writer::{beside, by_name, is_written_here};
use crate::{RecordingError, row_sum};

/// Every database of `SQLite` begins with this.
const MAGIC: &[u8] = b"SQLite format 3\0";

pub(super) fn open(path: &Path) -> Result<Reader, RecordingError> {
    check_file(path)?;
    let mut problems = Vec::new();
    let db = match connect(path, false).and_then(|db| read_format(&db).map(|format| (db, format))) {
        Ok((db, format)) => {
            check_format(path, format.as_deref())?;
            db
        }
        Err(error) if is_about_sidecars(&error) => {
            let db = connect(path, true).map_err(|error| RecordingError::sqlite("read", path, error))?;
            let format = read_format(&db).map_err(|error| RecordingError::sqlite("read", path, error))?;
            check_format(path, format.as_deref())?;
            let waiting = std::fs::metadata(beside(path, "-wal")).map_or(0, |metadata| metadata.len());
            if waiting > 0 {
                problems.push(
                    "the end of the recording is in the file beside it that ends in -wal, and the directory is \
                     read-only: copy both to another directory to see it"
                        .to_owned(),
                );
            }
            db
        }
        Err(error) => return Err(RecordingError::sqlite("read", path, error)),
    };
    check_schema(path, &db)?;
    let has_row_sums = db
        .query_row(
            "SELECT count(*) FROM pragma_table_info('turns') WHERE name = 'sum'",
            [],
            |row| row.get::<_, i64>(0),
        )
        .map_err(|error| RecordingError::sqlite("read", path, error))?
        > 0;
    let has_all = |tables: &[&str]| {
        let is_there = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?";
        tables.iter().try_fold(true, |so_far, table| {
            let found = db.query_row(is_there, [table], |row| row.get::<_, i64>(0));
            found
                .map(|count| so_far && count > 0)
                .map_err(|error| RecordingError::sqlite("read", path, error))
        })
    };
    Ok(Reader {
        has_sources: has_all(&SINCE_1_2)?,
        has_debug_states: has_all(&SINCE_1_3)?,
        has_row_sums,
        has_derived_findings: Cell::new(false),
        path: path.to_owned(),
        db,
        blobs: RefCell::new(BlobReader::default()),
        account: Account::with(problems),
        places: RefCell::new(None),
    })
}

/// Tells a recording from other files.
pub(super) fn check_file(path: &Path) -> Result<(), RecordingError> {
    let read = |error| RecordingError::io("read", path, error);
    let metadata = std::fs::metadata(path).map_err(read)?;
    if metadata.is_dir() {
        return Err(RecordingError::IsDirectory(path.to_owned()));
    }
    let not_a_recording = |found: &str| RecordingError::NotARecording {
        path: path.to_owned(),
        found: found.to_owned(),
    };
    if !metadata.is_file() {
        return Err(not_a_recording("it is not a plain file"));
    }
    if is_written_here(path) {
        return Ok(());
    }
    check_header(path, &File::open(path).map_err(read)?)
}

/// Tells a recording from other files by its first bytes.
pub(crate) fn check_header(path: &Path, file: &File) -> Result<(), RecordingError> {
    let not_a_recording = |found: &str| RecordingError::NotARecording {
        path: path.to_owned(),
        found: found.to_owned(),
    };
    let mut header = Vec::new();
    file.take(100)
        .read_to_end(&mut header)
        .map_err(|error| RecordingError::io("read", path, error))?;
    if header.is_empty() {
        return Err(RecordingError::Empty(path.to_owned()));
    }
    if !header.starts_with(MAGIC) {
        return Err(not_a_recording(match header.as_slice() {
            [0x1f, 0x8b, ..] => "it is compressed with gzip",
            [b'P', b'K', 3, 4, ..] => "it is a zip archive",
            [b'{' | b'[', ..] => "it looks like JSON",
            _ => "it is not a SQLite database",
        }));
    }
    match header.get(68..72) {
        Some(_) if is_header(&header) => Ok(()),
        Some(_) => Err(not_a_recording("it is a SQLite database of another program")),
        None => Err(RecordingError::Corrupt {
            path: path.to_owned(),
            detail: "it ends in its first page".to_owned(),
        }),
    }
}

/// True for the first hundred bytes of a recording.
pub(crate) fn is_header(header: &[u8]) -> bool {
    header.starts_with(MAGIC)
        && header
            .get(68..72)
            .is_some_and(|id| id == APPLICATION_ID.to_be_bytes())
}

/// Opens the file so that nothing in it can run or write, and so that no size in it is trusted.
fn connect(path: &Path, is_immutable: bool) -> rusqlite::Result<Db> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = if is_immutable {
        let uri = format!("file:{}?immutable=1", uri_path(path));
        Db::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)?
    } else {
        Db::open_with_flags(by_name(path), flags)?
    };
    row_sum::register(&db)?;
    db.busy_timeout(Duration::from_secs(2))?;
    db.set_prepared_statement_cache_capacity(64);
    let longest = i32::try_from(MAX_VALUE_BYTES + (1 << 20)).unwrap_or(i32::MAX);
    db.set_limit(Limit::SQLITE_LIMIT_LENGTH, longest)?;
    db.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    db.set_limit(Limit::SQLITE_LIMIT_WORKER_THREADS, 0)?;
    db.pragma_update(None, "trusted_schema", false)?;
    db.pragma_update(None, "cell_size_check", true)?;
    db.pragma_update(None, "query_only", true)?;
    db.pragma_update(None, "cache_size", -32_000)?;
    Ok(db)
}

/// The path in a `file:` URI.
fn uri_path(path: &Path) -> String {
    let mut out = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                out.push(char::from(*byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// `SQLite` needs files beside the recording and cannot make them.
fn is_about_sidecars(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::SystemIoFailure
        )
    )
}

fn read_format(db: &Db) -> rusqlite::Result<Option<String>> {
    db.query_row("SELECT value FROM meta WHERE key = 'format'", [], |row| {
        row.get(0)
    })
    .optional()
}

/// A newer minor version only adds what can be passed over.
fn check_format(path: &Path, format: Option<&str>) -> Result<(), RecordingError> {
    let format = format.map(|format| format.trim_matches('"'));
    let version = format
        .and_then(|format| format.split_once('.'))
        .and_then(|(major, minor)| {
            let minor: u32 = minor.parse().ok()?;
            Some((major.parse::<u32>().ok()?, minor))
        });
    match version {
        Some((major, _)) if major > FORMAT_MAJOR => Err(RecordingError::Newer {
            path: path.to_owned(),
            found: format.unwrap_or_default().to_owned(),
        }),
        Some((FORMAT_MAJOR, _)) => Ok(()),
        _ => Err(RecordingError::Corrupt {
            path: path.to_owned(),
            detail: "it does not say which format it has".to_owned(),
        }),
    }
}

/// The tables must be plain tables: a view, a trigger or a computed column would run a stranger's SQL.
fn check_schema(path: &Path, db: &Db) -> Result<(), RecordingError> {
    let failed = |error| RecordingError::sqlite("read", path, error);
    let corrupt = |detail: String| RecordingError::Corrupt {
        path: path.to_owned(),
        detail,
    };
    let mut statement = db
        .prepare("SELECT type, name, coalesce(sql, '') FROM sqlite_schema")
        .map_err(failed)?;
    let entries: Vec<(String, String, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .and_then(Iterator::collect)
        .map_err(failed)?;
    for (kind, name, sql) in &entries {
        let is_plain = match kind.as_str() {
            "table" => sql
                .trim_start()
                .get(..12)
                .is_some_and(|start| start.eq_ignore_ascii_case("CREATE TABLE")),
            "index" => true,
            _ => false,
        };
        if !is_plain && !name.starts_with("sqlite_") {
            return Err(corrupt(format!("`{name}` is a {kind} that no recording has")));
        }
    }
    for table in TABLES.into_iter().chain(SINCE_1_2).chain(SINCE_1_3) {
        let is_optional = !TABLES.contains(&table);
        if !is_optional
            && !entries
                .iter()
                .any(|(kind, name, _)| kind == "table" && name == table)
        {
            return Err(corrupt(format!("it has no table `{table}`")));
        }
        let computed: i64 = db
            .query_row(
                "SELECT count(*) FROM pragma_table_xinfo(?) WHERE hidden > 0",
                [table],
                |row| row.get(0),
            )
            .map_err(failed)?;
        if computed > 0 {
            return Err(corrupt(format!(
                "table `{table}` has a computed column, which no recording has"
            )));
        }
    }
    Ok(())
}
