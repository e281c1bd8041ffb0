use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::schema::{FORMAT_MAJOR, FORMAT_MINOR};

/// Why a recording could not be made, opened or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// There is no file.
    #[error("no recording at {}", .0.display())]
    NotFound(PathBuf),
    /// There is a directory.
    #[error("{} is a directory, not a recording", .0.display())]
    IsDirectory(PathBuf),
    /// The file has no bytes.
    #[error("{} is empty", .0.display())]
    Empty(PathBuf),
    /// The file is something else.
    #[error("{} is not a recording: {found}", path.display())]
    NotARecording {
        /// The file.
        path: PathBuf,
        /// What it looks like.
        found: String,
    },
    /// The file was a recording and is damaged where it cannot be done without.
    #[error("{} is damaged: {detail}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// The file is of a later format.
    #[error(
        "{} was recorded by a newer djscope (format {found}), this one reads up to {FORMAT_MAJOR}.x",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: String,
    },
    /// A file that must not be written over.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// Something that is no plain file.
    #[error("{} is {found}: only a recording is replaced", path.display())]
    NotAFile {
        /// Where.
        path: PathBuf,
        /// What it is.
        found: String,
    },
    /// A djscope writes it just now.
    #[error("{} is being recorded by another djscope", .0.display())]
    InUse(PathBuf),
    /// Another process holds the file.
    #[error("{} is locked by another process", .0.display())]
    Locked(PathBuf),
    /// No space is left.
    #[error("no space left for {}", .0.display())]
    DiskFull(PathBuf),
    /// The name is longer than names may be there, or those of the files that `SQLite` keeps beside it would be.
    #[error("the name of {} is too long", .0.display())]
    NameTooLong(PathBuf),
    /// The system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// `read`, `create` …
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The recorder's thread has ended.
    #[error("the recorder of {} has stopped: {detail}", path.display())]
    Stopped {
        /// The file.
        path: PathBuf,
        /// Why.
        detail: String,
    },
    /// `SQLite` refused for a reason that is none of the above.
    #[error("cannot {action} {}: {source}", path.display())]
    Sqlite {
        /// `read`, `write` …
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What `SQLite` said.
        source: rusqlite::Error,
    },
}

impl RecordingError {
    /// What to do about it, in one line.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound(_) => Some("recordings are made by djscope run, attach and demo".to_owned()),
            Self::IsDirectory(path) => Some(format!(
                "name a file in it, as in {}",
                path.join("NAME.djscope").display()
            )),
            Self::Empty(_) => Some("nothing was recorded into it; it can be deleted".to_owned()),
            Self::NotARecording { .. } => Some(
                "recordings are made by djscope run, attach and demo; their names end in .djscope".to_owned(),
            ),
            Self::Corrupt { .. } => Some(
                "if it was copied, copy it again, together with the file of the same name that ends in -wal"
                    .to_owned(),
            ),
            Self::Newer { .. } => Some(format!(
                "update djscope; this one writes format {FORMAT_MAJOR}.{FORMAT_MINOR}"
            )),
            Self::Exists(_) => Some("choose another name, or replace it with --overwrite".to_owned()),
            Self::NotAFile { .. } => Some("name another file with --out".to_owned()),
            Self::InUse(_) => Some("end that one first, or name another file with --out".to_owned()),
            Self::Locked(_) => Some("close the other program that has it open, then try again".to_owned()),
            Self::NameTooLong(_) => Some(
                "take a shorter one: most disks take 255 bytes, and SQLite writes -journal behind it"
                    .to_owned(),
            ),
            Self::DiskFull(_) => Some("free some space, or record to another disk".to_owned()),
            Self::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("check who may read and write there".to_owned())
            }
            Self::Io {
                source,
                action: "create",
                ..
            } => Some(match source.kind() {
                io::ErrorKind::NotFound => "make the directory first".to_owned(),
                _ => "name another file with --out".to_owned(),
            }),
            Self::Sqlite {
                action: "create" | "write",
                ..
            } => Some("see whether its disk works, or record to another one with --out".to_owned()),
            Self::Io { .. } | Self::Stopped { .. } | Self::Sqlite { .. } => None,
        }
    }

    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound if action == "read" => Self::NotFound(path),
            io::ErrorKind::IsADirectory => Self::IsDirectory(path),
            io::ErrorKind::AlreadyExists => Self::Exists(path),
            io::ErrorKind::InvalidFilename => Self::NameTooLong(path),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull(path),
            _ => Self::Io { action, path, source },
        }
    }

    pub(crate) fn sqlite(action: &'static str, path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt {
                path,
                detail: source.to_string(),
            },
            Some(ErrorCode::NotADatabase) => Self::NotARecording {
                path,
                found: "its first page is not a database's".to_owned(),
            },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked(path),
            Some(ErrorCode::DiskFull) => Self::DiskFull(path),
            _ => Self::Sqlite { action, path, source },
        }
    }
}

/// Why a part of a recording cannot be had.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// It is damaged; the rest of the file may be well.
    Damaged(String),
    /// It is well, and too large for one answer.
    TooMuch(String),
    /// `SQLite` says why.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl ReadError {
    /// What is damaged; an error if it is the reading that failed, not the part.
    pub(crate) fn damage(self, path: &Path) -> Result<String, RecordingError> {
        match self {
            Self::Damaged(detail) | Self::TooMuch(detail) => Ok(detail),
            Self::Sqlite(error) => match error.sqlite_error_code() {
                // Without a code the row was read and holds something else than expected.
                None
                | Some(
                    ErrorCode::DatabaseCorrupt
                    | ErrorCode::NotADatabase
                    | ErrorCode::TooBig
                    | ErrorCode::TypeMismatch
                    | ErrorCode::Unknown,
                ) => Ok(error.to_string()),
                Some(ErrorCode::SystemIoFailure) if is_short_read(&error) => Ok(error.to_string()),
                Some(_) => Err(RecordingError::sqlite("read", path, error)),
            },
        }
    }
}

/// The file ends before the page that was asked for.
fn is_short_read(error: &rusqlite::Error) -> bool {
    error
        .sqlite_error()
        .is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHORT_READ)
}
