//! Copies of databases beside a recording: `cart.djscope.default.sqlite3` is the database `default` as it was when the
//! server of `cart.djscope` began. The probe makes them; here is made room for them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use djscope_recording::{Reader, RecordingError};

use crate::probe::ProcessFacts;

/// What a `SQLite` database begins with (<https://www.sqlite.org/fileformat.html>, section 1.3).
const HEADER: &[u8] = b"SQLite format 3\0";

/// The old copies, moved aside. If the new recording does not begin, they come back, and new copies are removed.
pub(super) struct ReplacedStarts {
    out: PathBuf,
    is_over: bool,
    moved: Vec<(PathBuf, PathBuf)>,
}

impl ReplacedStarts {
    /// Moves the copies aside that the recording at `out` names as its own, if that one is to be replaced. Every other file
    /// with such a name is somebody's, and stays.
    ///
    /// # Errors
    ///
    /// If there is such a file, if a copy is no database, or if it cannot be moved.
    pub fn take(out: &Path, overwrite: bool) -> Result<Self, RecordingError> {
        let own = if overwrite { named_by(out) } else { BTreeSet::new() };
        let mut replaced = Self {
            out: out.to_owned(),
            // Until all are moved nothing that is there is new.
            is_over: true,
            moved: Vec::new(),
        };
        for copy in copies(out) {
            if !copy.file_name().is_some_and(|name| own.contains(name)) {
                return Err(match overwrite {
                    true => RecordingError::NotARecording {
                        path: copy,
                        found:
                            "it stands where a copy of a database would, and the recording does not name it"
                                .to_owned(),
                    },
                    false => RecordingError::Exists(copy),
                });
            }
            if !is_database(&copy) {
                return Err(RecordingError::NotARecording {
                    path: copy,
                    found: "it has the name of a copy of a database, and is something else".to_owned(),
                });
            }
            let mut aside = copy.clone().into_os_string();
            aside.push(".old");
            let aside = PathBuf::from(aside);
            if aside.symlink_metadata().is_ok() {
                return Err(RecordingError::Exists(aside));
            }
            std::fs::rename(&copy, &aside).map_err(|source| RecordingError::Io {
                action: "replace",
                path: copy.clone(),
                source,
            })?;
            replaced.moved.push((copy, aside));
        }
        replaced.is_over = false;
        Ok(replaced)
    }

    /// Removes them: the new recording has begun.
    pub fn remove(mut self) {
        self.is_over = true;
        for (_, aside) in self.moved.drain(..) {
            let _ = std::fs::remove_file(aside);
        }
    }
}

impl Drop for ReplacedStarts {
    fn drop(&mut self) {
        if !self.is_over {
            for copy in copies(&self.out) {
                let _ = std::fs::remove_file(copy);
            }
        }
        for (copy, aside) in self.moved.drain(..) {
            let _ = std::fs::rename(aside, copy);
        }
    }
}

/// Names of the copies that a recording knows of; none if there is none, or it cannot be read.
fn named_by(out: &Path) -> BTreeSet<OsString> {
    let read = || -> Option<Vec<ProcessFacts>> {
        let meta = Reader::open(out).ok()?.meta().ok()?;
        serde_json::from_value(meta.get("processes")?.clone()).ok()
    };
    let processes = read().unwrap_or_default();
    let copies = processes.iter().flat_map(|facts| facts.database_starts.values());
    let names = copies.filter_map(|copy| Path::new(copy.file.as_deref()?).file_name());
    names.map(ToOwned::to_owned).collect()
}

/// Files with the name of a copy.
fn copies(out: &Path) -> Vec<PathBuf> {
    let name = out.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    let Ok(entries) = std::fs::read_dir(folder.unwrap_or(Path::new("."))) else {
        return Vec::new();
    };
    let is_copy = |path: &PathBuf| {
        let found = path.file_name().unwrap_or_default().to_string_lossy();
        let alias = found
            .strip_prefix(&name)
            .and_then(|rest| rest.strip_prefix('.'))
            .and_then(|rest| rest.strip_suffix(".sqlite3"));
        alias.is_some_and(|alias| !alias.is_empty() && !alias.contains('.'))
    };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(is_copy)
        .collect();
    found.sort();
    found
}

fn is_database(path: &Path) -> bool {
    let read = || -> io::Result<bool> {
        if !path.symlink_metadata()?.is_file() {
            return Ok(false);
        }
        let mut start = Vec::new();
        File::open(path)?
            .take(HEADER.len() as u64)
            .read_to_end(&mut start)?;
        Ok(start == HEADER || start.is_empty())
    };
    read().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use djscope_recording::{Entry, Writer, WriterOptions};

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// A recording that names its copies.
    fn record(out: &Path, copies: &[&str]) {
        let starts: serde_json::Map<String, serde_json::Value> = copies
            .iter()
            .map(|name| ((*name).to_owned(), serde_json::json!({"file": name})))
            .collect();
        let writer = Writer::create(out, WriterOptions::default()).unwrap();
        writer.write(Entry::Meta {
            key: "processes".to_owned(),
            value: serde_json::json!([{"pid": 1, "database_starts": starts}]),
        });
        writer.finish().unwrap();
    }

    #[test]
    fn old_copies_make_room_and_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a.djscope");
        record(&out, &["a.djscope.default.sqlite3"]);
        for name in [
            "a.djscope.default.sqlite3",
            "b.djscope.default.sqlite3",
            "a.djscope.x.y.sqlite3",
        ] {
            std::fs::write(folder.path().join(name), HEADER).unwrap();
        }
        let before = names(folder.path());
        assert!(matches!(
            ReplacedStarts::take(&out, false).map(drop),
            Err(RecordingError::Exists(path)) if path.ends_with("a.djscope.default.sqlite3")
        ));
        let replaced = ReplacedStarts::take(&out, true).unwrap();
        assert!(!folder.path().join("a.djscope.default.sqlite3").exists());
        std::fs::write(folder.path().join("a.djscope.new.sqlite3"), HEADER).unwrap();
        drop(replaced);
        assert_eq!(names(folder.path()), before);
        ReplacedStarts::take(&out, true).unwrap().remove();
        assert_eq!(
            names(folder.path()),
            ["a.djscope", "a.djscope.x.y.sqlite3", "b.djscope.default.sqlite3"]
        );
    }

    /// The project's own database may have such a name, or a copy that the user has made.
    #[test]
    fn what_no_recording_names_is_never_touched() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a.djscope");
        let database = folder.path().join("a.djscope.orders.sqlite3");
        for is_recorded in [false, true] {
            if is_recorded {
                record(&out, &["a.djscope.default.sqlite3"]);
            }
            std::fs::write(&database, [HEADER, b"rows"].concat()).unwrap();
            for overwrite in [false, true] {
                assert!(ReplacedStarts::take(&out, overwrite).is_err());
                assert_eq!(std::fs::read(&database).unwrap(), [HEADER, b"rows"].concat());
            }
        }
    }

    #[test]
    fn what_is_no_database_stays() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a.djscope");
        let copy = folder.path().join("a.djscope.default.sqlite3");
        record(&out, &["a.djscope.default.sqlite3"]);
        std::fs::write(&copy, "my own notes").unwrap();
        assert!(ReplacedStarts::take(&out, true).is_err());
        assert_eq!(std::fs::read(&copy).unwrap(), b"my own notes");
    }
}
