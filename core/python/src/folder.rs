//! The folder that holds the probe's files: closed to other users, locked as long as its run lives,
//! and removed with it, or by the next run if this one was killed.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::{env, path};

use include_dir::{Dir, DirEntry};
use tempfile::TempDir;

use crate::{PATH_SEPARATOR, ProbeError};

const PREFIX: &str = "djscope-probe-";

/// Characters that a name has after its prefix.
const SUFFIX_LENGTH: usize = 6;

/// How often a new folder is tried where another run tidies up at the same moment.
const TRIES: usize = 16;

/// The owner of what belongs to nobody in this user namespace.
#[cfg(unix)]
const UNMAPPED_USER: u32 = 65_534;

/// A folder of one run.
#[derive(Debug)]
pub(crate) struct Folder {
    directory: TempDir,
    /// A lock on the folder itself: it ends with this process, however that ends, and holds in other
    /// containers, where process ids mean nothing. systemd-tmpfiles leaves locked folders alone.
    lock: Option<File>,
}

impl Folder {
    /// A new folder in the first place that is good for one; leftovers of dead runs are removed from all.
    pub(crate) fn make() -> Result<Self, ProbeError> {
        Self::make_in(&places())
    }

    pub(crate) fn make_in(places: &[PathBuf]) -> Result<Self, ProbeError> {
        let mut tried = Vec::new();
        for place in places {
            match Self::make_at(place) {
                Ok(folder) => {
                    places.iter().for_each(|place| folder.remove_leftovers(place));
                    return Ok(folder);
                }
                Err(reason) => tried.push(format!("{}: {reason}", place.display())),
            }
        }
        Err(ProbeError::NoFolder(tried.join("; ")))
    }

    fn make_at(place: &Path) -> Result<Self, String> {
        if place.as_os_str().as_encoded_bytes().contains(&PATH_SEPARATOR) {
            return Err(format!(
                "a folder with {} in its name cannot be in PYTHONPATH",
                char::from(PATH_SEPARATOR)
            ));
        }
        for _ in 0..TRIES {
            let directory = private_folder(place).map_err(|error| error.to_string())?;
            if others_may_replace(place, directory.path()) {
                return Err("others may replace what is in it".to_owned());
            }
            match hold(directory.path()) {
                Ok(lock) => return Ok(Self { directory, lock }),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        Err("another djscope removes every folder that is made".to_owned())
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Writes `packed` into the folder, closed to others whatever the umask.
    pub(crate) fn fill(&self, packed: &Dir<'_>) -> io::Result<()> {
        for entry in entries(packed) {
            let path = self.path().join(entry.path());
            match entry {
                DirEntry::Dir(_) => {
                    fs::create_dir(&path)?;
                    close_to_others(&path, 0o700)?;
                }
                DirEntry::File(file) => {
                    let mut new = OpenOptions::new().write(true).create_new(true).open(&path)?;
                    new.write_all(file.contents())?;
                    close_to_others(&path, 0o600)?;
                }
            }
        }
        Ok(())
    }

    /// What is in the folder and differs from `packed`, or is open to others; none if all is as it was written.
    pub(crate) fn difference(&self, packed: &Dir<'_>) -> Option<PathBuf> {
        let is_held = self.lock.as_ref().is_none_or(|lock| {
            matches!((lock.metadata(), self.path().symlink_metadata()), (Ok(ours), Ok(there)) if is_same(&ours, &there))
        });
        if !is_held || !is_closed(self.path()) {
            return Some(self.path().to_owned());
        }
        entries(packed).into_iter().find_map(|entry| {
            let path = self.path().join(entry.path());
            let is_good = is_closed(&path)
                && match entry {
                    DirEntry::Dir(_) => path.is_dir(),
                    DirEntry::File(file) => fs::read(&path).is_ok_and(|found| found == file.contents()),
                };
            (!is_good).then_some(path)
        })
    }

    /// Removes folders of runs that are over: ours by owner, by form and by content, and locked by nobody.
    fn remove_leftovers(&self, place: &Path) {
        let (Ok(own), Ok(entries)) = (self.path().symlink_metadata(), fs::read_dir(place)) else {
            return;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            let Some(_lock) = leftover(&path, &own) else {
                continue;
            };
            // What cannot be removed is in nobody's way; the next run tries again.
            let _ = fs::remove_dir_all(&path);
        }
    }
}

/// Every folder and file of `packed`, each folder before what is in it.
fn entries<'a>(packed: &'a Dir<'a>) -> Vec<&'a DirEntry<'a>> {
    let mut all: Vec<&DirEntry<'_>> = packed.entries().iter().collect();
    let mut index = 0;
    while let Some(entry) = all.get(index).copied() {
        all.extend(entry.children());
        index += 1;
    }
    all
}

/// Where a folder may be made, best first.
fn places() -> Vec<PathBuf> {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let fixed = cfg!(unix).then(|| PathBuf::from("/tmp"));
    let mut places: Vec<PathBuf> = Vec::new();
    for place in [Some(env::temp_dir()), runtime, fixed].into_iter().flatten() {
        // A relative folder would be another one for a server that changes its working directory.
        let Ok(place) = path::absolute(place) else {
            continue;
        };
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

#[cfg(unix)]
fn private_folder(place: &Path) -> io::Result<TempDir> {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::Builder::new()
        .prefix(PREFIX)
        .rand_bytes(SUFFIX_LENGTH)
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir_in(place)?;
    // A umask can take the owner's own rights away.
    close_to_others(directory.path(), 0o700)?;
    Ok(directory)
}

#[cfg(not(unix))]
fn private_folder(place: &Path) -> io::Result<TempDir> {
    tempfile::Builder::new()
        .prefix(PREFIX)
        .rand_bytes(SUFFIX_LENGTH)
        .tempdir_in(place)
}

#[cfg(unix)]
fn close_to_others(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn close_to_others(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn is_closed(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    path.symlink_metadata()
        .is_ok_and(|found| !found.is_symlink() && found.mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_closed(path: &Path) -> bool {
    path.exists()
}

/// True if somebody else could put another folder in the place of `made`, which is in `place`.
#[cfg(unix)]
fn others_may_replace(place: &Path, made: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(place), Ok(made)) = (place.canonicalize(), made.symlink_metadata()) else {
        return true;
    };
    place.ancestors().any(|folder| {
        folder.metadata().map_or(true, |found| {
            let open = found.mode() & 0o002 != 0 && found.mode() & 0o1000 == 0;
            open || ![made.uid(), 0, UNMAPPED_USER].contains(&found.uid())
        })
    })
}

#[cfg(not(unix))]
fn others_may_replace(_: &Path, _: &Path) -> bool {
    false
}

/// Locks the new folder at `path`.
///
/// # Errors
///
/// `WouldBlock` if a run that tidies up has it, or has removed it already.
#[cfg(unix)]
fn hold(path: &Path) -> io::Result<Option<File>> {
    let gone = || io::Error::from(io::ErrorKind::WouldBlock);
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(gone()),
        opened => opened?,
    };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => return Err(gone()),
        // Where there are no locks, nobody takes the folder for a leftover either.
        Err(TryLockError::Error(_)) | Ok(()) => {}
    }
    match path.symlink_metadata() {
        Ok(there) if is_same(&file.metadata()?, &there) => Ok(Some(file)),
        _ => Err(gone()),
    }
}

#[cfg(not(unix))]
fn hold(_: &Path) -> io::Result<Option<File>> {
    Ok(None)
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}

/// The lock of the folder at `path`, if it is a leftover of a run of the user who owns `own`.
#[cfg(unix)]
fn leftover(path: &Path, own: &Metadata) -> Option<File> {
    use std::os::unix::fs::MetadataExt;
    let suffix = path.file_name()?.to_str()?.strip_prefix(PREFIX)?;
    if suffix.len() != SUFFIX_LENGTH || !suffix.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let found = path.symlink_metadata().ok()?;
    if !found.is_dir() || found.uid() != own.uid() || found.mode() & 0o7777 != 0o700 {
        return None;
    }
    let lock = File::open(path).ok()?;
    let is_ours = is_same(&lock.metadata().ok()?, &found) && lock.try_lock().is_ok();
    let ours = |name: &OsStr| {
        let mut packed = crate::PACKED.entries().iter().chain(crate::WORKER.entries());
        name == crate::worker::WORK || packed.any(|entry| entry.path().as_os_str() == name)
    };
    let mut inside = fs::read_dir(path).ok()?;
    let holds_ours = inside.all(|entry| entry.is_ok_and(|entry| ours(&entry.file_name())));
    (is_ours && holds_ours).then_some(lock)
}

#[cfg(not(unix))]
fn leftover(_: &Path, _: &Metadata) -> Option<File> {
    None
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    fn filled(place: &Path) -> Folder {
        let folder = Folder::make_in(&[place.to_owned()]).unwrap();
        folder.fill(&crate::PACKED).unwrap();
        folder
    }

    /// What a killed run leaves: the files, and no lock.
    fn abandoned(place: &Path) -> PathBuf {
        let Folder { directory, lock } = filled(place);
        drop(lock);
        directory.keep()
    }

    #[test]
    fn everything_is_closed_to_others() {
        let place = tempfile::tempdir().unwrap();
        let folder = filled(place.path());
        let mut paths = vec![folder.path().to_owned()];
        while let Some(path) = paths.pop() {
            let found = path.metadata().unwrap();
            assert_eq!(found.mode() & 0o077, 0, "{}", path.display());
            if found.is_dir() {
                assert_eq!(found.mode() & 0o7777, 0o700, "{}", path.display());
                paths.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
        }
    }

    #[test]
    fn what_was_changed_is_found() {
        let place = tempfile::tempdir().unwrap();
        type Change = fn(&Path);
        let changes: [(&str, Change); 5] = [
            ("startup/sitecustomize.py", |path| {
                fs::write(path, "import evil").unwrap();
            }),
            ("djscope_probe/sender.py", |path| fs::remove_file(path).unwrap()),
            ("djscope_probe/hooks.py", |path| {
                fs::rename(path, path.with_extension("old")).unwrap();
                symlink(path.with_extension("old"), path).unwrap();
            }),
            ("djscope_probe", |path| {
                fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
            }),
            ("", |path| {
                fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
            }),
        ];
        for (name, change) in changes {
            let folder = filled(place.path());
            assert_eq!(folder.difference(&crate::PACKED), None);
            let changed = folder.path().join(name);
            change(&changed);
            assert_eq!(folder.difference(&crate::PACKED), Some(changed), "{name}");
        }
        let folder = filled(place.path());
        fs::rename(folder.path(), place.path().join("aside")).unwrap();
        fs::create_dir(folder.path()).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        folder.fill(&crate::PACKED).unwrap();
        assert_eq!(folder.difference(&crate::PACKED).as_deref(), Some(folder.path()));
    }

    #[test]
    fn leftovers_of_dead_runs_go_and_those_of_living_ones_stay() {
        let place = tempfile::tempdir().unwrap();
        let living = filled(place.path());
        let dead = abandoned(place.path());
        let new = filled(place.path());
        assert!(!dead.exists());
        assert!(living.path().join("startup/sitecustomize.py").exists() && new.path().exists());
    }

    #[test]
    fn leftovers_go_from_every_place() {
        let (place, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let dead = abandoned(other.path());
        let places = [place.path().to_owned(), other.path().to_owned()];
        let folder = Folder::make_in(&places).unwrap();
        assert!(folder.path().starts_with(place.path()) && !dead.exists());
    }

    #[test]
    fn what_only_looks_like_a_leftover_stays() {
        let place = tempfile::tempdir().unwrap();
        let named = |name: &str| place.path().join(name);
        let mut kept = Vec::new();

        let notes = abandoned(place.path());
        fs::write(notes.join("notes.txt"), "mine").unwrap();
        kept.push(notes.join("notes.txt"));
        for name in [
            "djscope-probe-pictures",
            "djscope-probe-a.b.c.",
            "other-probe-abcdef",
        ] {
            fs::rename(abandoned(place.path()), named(name)).unwrap();
            kept.push(named(name).join("startup/sitecustomize.py"));
        }
        let elsewhere = tempfile::tempdir().unwrap();
        fs::rename(abandoned(place.path()), elsewhere.path().join("target")).unwrap();
        symlink(elsewhere.path().join("target"), named("djscope-probe-aaaaaa")).unwrap();
        kept.push(named("djscope-probe-aaaaaa").join("startup/sitecustomize.py"));
        fs::write(named("djscope-probe-bbbbbb"), "a file").unwrap();
        kept.push(named("djscope-probe-bbbbbb"));
        // Of a djscope that did not lock its folder.
        let open = abandoned(place.path());
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
        kept.push(open.join("startup"));

        drop(filled(place.path()));
        for path in kept {
            assert!(path.exists(), "{}", path.display());
        }
    }

    #[test]
    fn bad_places_are_passed_over() {
        let place = tempfile::tempdir().unwrap();
        let colon = place.path().join("a:b");
        let open = place.path().join("open");
        let good = place.path().join("good");
        for folder in [&colon, &open, &good] {
            fs::create_dir(folder).unwrap();
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        let absent = place.path().join("absent");
        let folder = Folder::make_in(&[colon.clone(), open.clone(), absent.clone(), good.clone()]).unwrap();
        assert_eq!(folder.path().parent(), Some(good.as_path()));
        assert_eq!(fs::read_dir(&open).unwrap().count(), 0);
        let text = Folder::make_in(&[colon, open, absent]).unwrap_err().to_string();
        for part in ["a:b", "PYTHONPATH", "others may replace", "absent"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
