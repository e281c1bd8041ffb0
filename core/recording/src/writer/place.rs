//! The place of a recording: making room for it, holding it, and noticing when it is taken away.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::beside;
use crate::reader::check_header;
use crate::{RecordingError, sums};

/// What `SQLite` keeps beside a database, and how such a file begins.
const SIDECARS: [(&str, &[&[u8]]); 3] = [
    ("-wal", &[&[0x37, 0x7f, 0x06, 0x82], &[0x37, 0x7f, 0x06, 0x83]]),
    // The index of a journal, and a journal that was ended, may begin with zeros.
    (
        "-shm",
        &[
            &[0x18, 0xe2, 0x2d, 0x00],
            &[0x00, 0x2d, 0xe2, 0x18],
            &[0, 0, 0, 0],
        ],
    ),
    ("-journal", &[&[0xd9, 0xd5, 0x05, 0xf9], &[0, 0, 0, 0]]),
];

/// An old recording that makes room for a new one.
///
/// It waits under another name, so that a run that never begins can put it back: dropping this does so.
#[derive(Debug)]
pub struct Replaced {
    path: PathBuf,
    waits_at: PathBuf,
    /// Locked, so that nobody else replaces it meanwhile.
    _file: File,
    is_over: bool,
}

impl Replaced {
    /// Takes away what is at `path`, if it is a recording that nobody writes, or an empty file. None if there is
    /// nothing.
    ///
    /// # Errors
    ///
    /// If there is something else (a link is something else, wherever it leads), if it is being recorded, or if it
    /// cannot be moved. Nothing has changed then.
    pub fn take(path: &Path) -> Result<Option<Self>, RecordingError> {
        let failed = |error| RecordingError::io("replace", path, error);
        let found = match std::fs::symlink_metadata(path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        check_kind(path, &found)?;
        if is_held_here(Identity::of(&found)) {
            return Err(RecordingError::InUse(path.to_owned()));
        }
        let file = File::open(path).map_err(failed)?;
        let opened = file.metadata().map_err(failed)?;
        if !opened.is_file() || Identity::of(&opened) != Identity::of(&found) {
            return Err(changed(path));
        }
        lock(path, &file)?;
        if opened.len() > 0 {
            check_header(path, &file)?;
        }
        check_sidecars(path)?;
        let waits_at = name_to_wait_at(path)?;
        std::fs::rename(path, &waits_at).map_err(failed)?;
        let replaced = Self {
            path: path.to_owned(),
            waits_at,
            _file: file,
            is_over: false,
        };
        // Between the look and the move another file may have come there: then that one has been moved.
        match std::fs::symlink_metadata(&replaced.waits_at) {
            Ok(moved) if Identity::of(&moved) == Identity::of(&found) => {}
            _ => return Err(changed(path)),
        }
        for (suffix, _) in SIDECARS {
            // Left over from a process that was killed; usually there are none.
            let _ = std::fs::rename(beside(path, suffix), beside(&replaced.waits_at, suffix));
        }
        Ok(Some(replaced))
    }

    /// Removes the old recording: the new one has begun.
    pub fn remove(mut self) {
        self.is_over = true;
        let _ = std::fs::remove_file(&self.waits_at);
        for (suffix, _) in SIDECARS {
            let _ = std::fs::remove_file(beside(&self.waits_at, suffix));
        }
    }
}

impl Drop for Replaced {
    fn drop(&mut self) {
        if !self.is_over && self.put_back() {
            for (suffix, _) in SIDECARS {
                let _ = std::fs::rename(beside(&self.waits_at, suffix), beside(&self.path, suffix));
            }
        }
    }
}

impl Replaced {
    /// True if the old recording is in its place again; else it stays where it waits.
    fn put_back(&self) -> bool {
        match std::fs::hard_link(&self.waits_at, &self.path) {
            // A link is never made over another file.
            Ok(()) => std::fs::remove_file(&self.waits_at).is_ok(),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            // Some file systems have no links.
            Err(_) => {
                std::fs::symlink_metadata(&self.path).is_err()
                    && std::fs::rename(&self.waits_at, &self.path).is_ok()
            }
        }
    }
}

fn changed(path: &Path) -> RecordingError {
    RecordingError::NotAFile {
        path: path.to_owned(),
        found: "another file than a moment ago".to_owned(),
    }
}

fn name_to_wait_at(path: &Path) -> Result<PathBuf, RecordingError> {
    let process = std::process::id();
    (1..100u32)
        .map(|number| beside(path, &format!(".replaced-{process}-{number}")))
        .find(|name| std::fs::symlink_metadata(name).is_err())
        .ok_or_else(|| RecordingError::Exists(path.to_owned()))
}

/// Only a plain file is ever replaced.
fn check_kind(path: &Path, found: &Metadata) -> Result<(), RecordingError> {
    let kind = found.file_type();
    if kind.is_dir() {
        return Err(RecordingError::IsDirectory(path.to_owned()));
    }
    if kind.is_file() {
        return Ok(());
    }
    let found = if kind.is_symlink() {
        match std::fs::read_link(path) {
            Ok(target) => format!("a link to {}", target.display()),
            Err(_) => "a link".to_owned(),
        }
    } else {
        special(kind).to_owned()
    };
    Err(RecordingError::NotAFile {
        path: path.to_owned(),
        found,
    })
}

#[cfg(unix)]
fn special(kind: std::fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match () {
        () if kind.is_fifo() => "a pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    }
}

#[cfg(not(unix))]
const fn special(_: std::fs::FileType) -> &'static str {
    "a device"
}

/// `SQLite` removes files beside a new database that have the names of its own: they have to be its own.
fn check_sidecars(path: &Path) -> Result<(), RecordingError> {
    for (suffix, starts) in SIDECARS {
        let name = beside(path, suffix);
        let found = match std::fs::symlink_metadata(&name) {
            Ok(found) => found,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                continue;
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidFilename => {
                return Err(RecordingError::NameTooLong(path.to_owned()));
            }
            Err(error) => return Err(RecordingError::io("replace", &name, error)),
        };
        check_kind(&name, &found)?;
        let mut start = Vec::new();
        File::open(&name)
            .and_then(|file| file.take(4).read_to_end(&mut start))
            .map_err(|error| RecordingError::io("replace", &name, error))?;
        if !start.is_empty() && !starts.contains(&start.as_slice()) {
            return Err(RecordingError::NotARecording {
                path: name,
                found: "it has a name that belongs to the recording, and something else in it".to_owned(),
            });
        }
    }
    Ok(())
}

/// Locks `file` for as long as it is open. The lock ends with the process, however that ends.
fn lock(path: &Path, file: &File) -> Result<(), RecordingError> {
    // Where a lock holds off everybody who reads, it would hold off SQLite; there no open file can be removed.
    if cfg!(not(unix)) {
        return Ok(());
    }
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(RecordingError::InUse(path.to_owned())),
        // Some file systems have no locks.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

/// Which file a name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }

    /// Systems that keep an open file where it is have nothing to compare.
    #[cfg(not(unix))]
    const fn of(_: &Metadata) -> Self {
        Self { device: 0, inode: 0 }
    }

    fn at(path: &Path) -> Option<Self> {
        std::fs::symlink_metadata(path).ok().map(|found| Self::of(&found))
    }
}

/// The recordings that this process writes.
static HELD: Mutex<Vec<Identity>> = Mutex::new(Vec::new());

fn held() -> MutexGuard<'static, Vec<Identity>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_held_here(identity: Identity) -> bool {
    cfg!(unix) && held().contains(&identity)
}

/// True if this process writes the recording at `path`. Such a file must not be opened and closed beside `SQLite`:
/// POSIX drops all locks of a process on a file as soon as it closes it once.
pub(crate) fn is_written_here(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| is_held_here(Identity::of(&found)))
}

/// True if a process writes the recording at `path`.
pub(crate) fn is_written(path: &Path) -> bool {
    is_written_here(path)
        || File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// What has happened to the file of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gone {
    /// Its name leads nowhere.
    Removed,
    /// Its name leads to another file.
    Replaced,
    /// Its end, or all of it, was cut off or written over.
    Cut,
}

impl Gone {
    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Self::Removed => "was removed while it was recorded",
            Self::Replaced => "was replaced by another file while it was recorded",
            Self::Cut => "was cut or written over by another program while it was recorded",
        }
    }
}

/// The file of a recording that is being written. Dropped after `SQLite` has closed it.
#[derive(Debug)]
pub(super) struct Held {
    path: PathBuf,
    file: File,
    identity: Identity,
    longest: u64,
    journal: Option<Identity>,
}

impl Held {
    /// Makes a new file for the user's eyes only: a recording holds what the user's app holds.
    pub(super) fn create(path: &Path) -> Result<Self, RecordingError> {
        let failed = |error| RecordingError::io("create", path, error);
        if path.is_dir() {
            return Err(RecordingError::IsDirectory(path.to_owned()));
        }
        check_sidecars(path)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(failed)?;
        lock(path, &file)?;
        let found = std::fs::symlink_metadata(path).map_err(failed)?;
        let identity = Identity::of(&found);
        held().push(identity);
        Ok(Self {
            path: path.to_owned(),
            file,
            identity,
            longest: 0,
            journal: None,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What has happened to it; none if it is where it was made.
    pub(super) fn gone(&mut self) -> Option<Gone> {
        match std::fs::symlink_metadata(&self.path) {
            Ok(found) if Identity::of(&found) != self.identity => return Some(Gone::Replaced),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Some(Gone::Removed),
            // A folder that cannot be looked into now may be there again later.
            Ok(_) | Err(_) => {}
        }
        let length = self.file.metadata().ok()?.len();
        if length < self.longest || !self.begins_as_written() {
            return Some(Gone::Cut);
        }
        self.longest = length;
        None
    }

    #[cfg(unix)]
    fn begins_as_written(&self) -> bool {
        use std::os::unix::fs::FileExt;
        let mut start = [0; 100];
        self.longest == 0
            || self
                .file
                .read_exact_at(&mut start, 0)
                .is_ok_and(|()| crate::reader::is_header(&start))
    }

    #[cfg(not(unix))]
    const fn begins_as_written(&self) -> bool {
        true
    }

    /// True if the file beside it that holds its end was removed or replaced.
    pub(super) fn has_lost_journal(&mut self) -> bool {
        let now = Identity::at(&beside(&self.path, "-wal"));
        match self.journal {
            None => {
                self.journal = now;
                false
            }
            Some(before) => now != Some(before),
        }
    }

    /// Puts the sums of all pages at the end of the file, which is written no more.
    pub(super) fn append_sums(&self) -> io::Result<()> {
        sums::append(&self.file)
    }

    /// Removes what `SQLite` has left beside the place of a file that is no longer there.
    pub(super) fn tidy_up(self) {
        let journal = beside(&self.path, "-wal");
        if self.journal.is_some() && Identity::at(&journal) == self.journal {
            let _ = std::fs::remove_file(journal);
            let _ = std::fs::remove_file(beside(&self.path, "-shm"));
        }
    }

    /// Removes the file, if its name still leads to it, with what `SQLite` could not remove itself.
    pub(super) fn discard(self) {
        if Identity::at(&self.path) == Some(self.identity) {
            let _ = std::fs::remove_file(&self.path);
            for (suffix, _) in SIDECARS {
                let _ = std::fs::remove_file(beside(&self.path, suffix));
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = held();
        if let Some(at) = held.iter().position(|identity| *identity == self.identity) {
            held.swap_remove(at);
        }
    }
}

/// Names that a recording may go on under: beside its old place, and where temporary files go.
pub(super) fn other_places(path: &Path) -> impl Iterator<Item = PathBuf> {
    let stem = path.file_stem().unwrap_or_default().to_owned();
    let folders = [path.parent().map(Path::to_owned), Some(std::env::temp_dir())];
    folders.into_iter().flatten().flat_map(move |folder| {
        let stem = stem.clone();
        (1..100u32).map(move |number| {
            let mut name = stem.clone();
            name.push(if number == 1 {
                "-rescued.djscope".to_owned()
            } else {
                format!("-rescued-{number}.djscope")
            });
            folder.join(name)
        })
    })
}
