//! Copies of databases beside a recording: `cart.djscope.default.sqlite3` is the database `default` as it was when the
//! server of `cart.djscope` began. The probe makes them; here is made room for them.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use djscope_recording::RecordingError;

/// What a `SQLite` database begins with (<https://www.sqlite.org/fileformat.html>, section 1.3).
const HEADER: &[u8] = b"SQLite format 3\0";

/// The old copies, moved aside. If the new recording does not begin, they come back, and new copies are removed.
pub(super) struct ReplacedStarts {
    out: PathBuf,
    is_over: bool,
    moved: Vec<(PathBuf, PathBuf)>,
}

impl ReplacedStarts {
    /// Moves the copies aside that belong to the recording at `out`.
    ///
    /// # Errors
    ///
    /// If there are any and `overwrite` is false, if one is no database, or if it cannot be moved.
    pub fn take(out: &Path, overwrite: bool) -> Result<Self, RecordingError> {
        let mut replaced = Self {
            out: out.to_owned(),
            // Until all are moved nothing that is there is new.
            is_over: true,
            moved: Vec::new(),
        };
        for copy in copies(out) {
            if !overwrite {
                return Err(RecordingError::Exists(copy));
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
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn old_copies_make_room_and_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a.djscope");
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
            ["a.djscope.x.y.sqlite3", "b.djscope.default.sqlite3"]
        );
    }

    #[test]
    fn what_is_no_database_stays() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a.djscope");
        let copy = folder.path().join("a.djscope.default.sqlite3");
        std::fs::write(&copy, "my own notes").unwrap();
        assert!(ReplacedStarts::take(&out, true).is_err());
        assert_eq!(std::fs::read(&copy).unwrap(), b"my own notes");
    }
}
