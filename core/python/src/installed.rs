//! The dormant probe in a virtual environment: put there, looked at, taken away.
//!
//! A list beside the files says what was written, with a sum of each, so that
//! any version can say whether all is there, and takes away exactly that.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use include_dir::{Dir, DirEntry};
use thiserror::Error;

use crate::environment::Environment;
use crate::{DORMANT, PACKED};

const PACKAGE: &str = "djscope_dormant";
const START: &str = "djscope_dormant.pth";
const LIST: &str = "djscope_dormant/installed.txt";
const PROBE: &str = "djscope_probe";

/// What Python runs at its start: a line that begins with `import`. An interpreter without the package starts without
/// a word.
const START_LINE: &str = "import sys; exec(\"try:\\n import djscope_dormant\\nexcept Exception:\\n pass\")\n";

/// What is in an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// No probe.
    Absent,
    /// The probe of this djscope.
    Installed {
        /// Its version.
        version: String,
    },
    /// The probe of another djscope, whole.
    OtherVersion {
        /// Its version.
        version: String,
    },
    /// A probe of which something is missing or was changed.
    Damaged {
        /// The first such file.
        path: PathBuf,
    },
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("not installed"),
            Self::Installed { version } => write!(f, "installed, version {version}"),
            Self::OtherVersion { version } => write!(f, "installed by another djscope, version {version}"),
            Self::Damaged { path } => write!(f, "damaged: {} is missing or was changed", path.display()),
        }
    }
}

/// Why an environment could not be changed.
#[derive(Debug, Error)]
pub enum InstallError {
    /// Something of that name is there, and djscope has not put it there.
    #[error("{} is not djscope's", .0.display())]
    Foreign(PathBuf),
    /// The system refused.
    #[error("cannot change {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl InstallError {
    /// What to do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Foreign(_) => {
                "move it away if nothing needs it; djscope replaces only what it has written itself"
            }
            Self::Io { .. } => "does the environment belong to this user?",
        }
    }
}

/// What was written: a version, and each file with its sum. Paths have `/` and begin at the packages.
#[derive(Debug, PartialEq, Eq)]
struct List {
    version: String,
    files: Vec<(String, String)>,
}

/// What is in the environment.
#[must_use]
pub fn status(environment: &Environment) -> Status {
    let packages = environment.packages();
    let Some(list) = List::read(packages) else {
        let left = [START, PACKAGE].map(|name| packages.join(name));
        return match left.into_iter().find(|path| path.symlink_metadata().is_ok()) {
            Some(path) => Status::Damaged { path },
            None => Status::Absent,
        };
    };
    let changed = list.files.iter().find_map(|(name, sum)| {
        let path = packages.join(name);
        let is_whole = is_own(packages, name) && fs::read(&path).is_ok_and(|bytes| sum_of(&bytes) == *sum);
        (!is_whole).then_some(path)
    });
    match changed {
        Some(path) => Status::Damaged { path },
        None if list == List::own() => Status::Installed {
            version: list.version,
        },
        None => Status::OtherVersion {
            version: list.version,
        },
    }
}

/// Puts the probe there, in place of another version or of a damaged one. Nothing is written if it is there already.
///
/// # Errors
///
/// [`InstallError::Foreign`] if something else has one of its names; nothing was changed then.
pub fn install(environment: &Environment) -> Result<(), InstallError> {
    if matches!(status(environment), Status::Installed { .. }) {
        return Ok(());
    }
    let packages = environment.packages();
    let own = List::own();
    let known = List::read(packages);
    refuse_foreign(packages, known.as_ref(), &own)?;
    if let Some(known) = &known {
        // What this version has no longer.
        known.remove_all(packages)?;
    }
    // The list is first: what is written after it belongs to it, whatever happens. The start line is last.
    write(packages, LIST, own.to_string().as_bytes())?;
    let files = files();
    for (name, contents) in files.iter().filter(|(name, _)| name != START) {
        write(packages, name, contents)?;
    }
    write(packages, START, START_LINE.as_bytes())
}

/// Takes away what was put there, and the bytecode that Python has made of it. Gives whether there was something.
///
/// # Errors
///
/// [`InstallError::Foreign`] if something has the probe's name that djscope has not put there.
pub fn uninstall(environment: &Environment) -> Result<bool, InstallError> {
    let packages = environment.packages();
    let Some(list) = List::read(packages) else {
        return match status(environment) {
            Status::Damaged { path } => Err(InstallError::Foreign(path)),
            _ => Ok(false),
        };
    };
    list.remove_all(packages)?;
    remove(&packages.join(LIST))?;
    // With somebody else's file in it, it stays.
    let _ = fs::remove_dir(packages.join(PACKAGE));
    Ok(true)
}

impl List {
    /// What this djscope writes.
    fn own() -> Self {
        let files = files()
            .into_iter()
            .map(|(name, contents)| (name, sum_of(&contents)));
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            files: files.collect(),
        }
    }

    /// The list in an environment; none if there is none, or one that nobody has written like this.
    fn read(packages: &Path) -> Option<Self> {
        if !is_own(packages, LIST) {
            return None;
        }
        let text = fs::read_to_string(packages.join(LIST)).ok()?;
        let mut lines = text.lines();
        let version = lines.next()?.strip_prefix("djscope ")?.to_owned();
        let files: Option<Vec<(String, String)>> = lines
            .map(|line| {
                let (sum, name) = line.split_once(' ')?;
                is_ours(name).then(|| (name.to_owned(), sum.to_owned()))
            })
            .collect();
        Some(Self {
            version,
            files: files?,
        })
    }

    /// Removes every file, the start line first, and the folders that are empty then.
    fn remove_all(&self, packages: &Path) -> Result<(), InstallError> {
        remove(&packages.join(START))?;
        let mut folders: Vec<PathBuf> = Vec::new();
        for (name, _) in self.files.iter().filter(|(name, _)| is_own(packages, name)) {
            let path = packages.join(name);
            remove(&path)?;
            remove_bytecode(&path);
            let above = path.ancestors().skip(1);
            let inside = above.take_while(|folder| *folder != packages.join(PACKAGE) && *folder != packages);
            folders.extend(inside.map(Path::to_owned));
        }
        folders.sort_by_key(|folder| std::cmp::Reverse(folder.components().count()));
        folders.dedup();
        for folder in folders {
            // With somebody else's file in it, it stays.
            let _ = fs::remove_dir(folder);
        }
        Ok(())
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "djscope {}", self.version)?;
        self.files
            .iter()
            .try_for_each(|(name, sum)| writeln!(f, "{sum} {name}"))
    }
}

/// Every file with its contents, by its path below the packages, the list itself left out.
fn files() -> Vec<(String, Vec<u8>)> {
    let mut all = vec![(START.to_owned(), START_LINE.as_bytes().to_vec())];
    gather(&DORMANT, &mut all);
    if let Some(probe) = PACKED.get_dir(PROBE) {
        gather(probe, &mut all);
    }
    all.sort();
    all
}

fn gather(folder: &Dir<'_>, all: &mut Vec<(String, Vec<u8>)>) {
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(inner) => gather(inner, all),
            DirEntry::File(file) => {
                let words: Vec<_> = file.path().iter().map(|word| word.to_string_lossy()).collect();
                all.push((format!("{PACKAGE}/{}", words.join("/")), file.contents().to_vec()));
            }
        }
    }
}

/// FNV-1a: it finds what was changed by mistake.
fn sum_of(bytes: &[u8]) -> String {
    let sum = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{sum:016x}")
}

/// Whether a path of a list is one that djscope may have written: a list can be changed, too.
fn is_ours(name: &str) -> bool {
    let is_plain = Path::new(name)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    is_plain
        && (name == START
            || name
                .strip_prefix(PACKAGE)
                .is_some_and(|rest| rest.starts_with('/')))
}

/// Whether a path leads through no link, from the packages on.
fn is_own(packages: &Path, name: &str) -> bool {
    let mut path = packages.to_owned();
    Path::new(name).components().all(|part| {
        path.push(part);
        path.symlink_metadata().map_or(true, |found| !found.is_symlink())
    })
}

fn refuse_foreign(packages: &Path, known: Option<&List>, own: &List) -> Result<(), InstallError> {
    let is_known = |name: &str| {
        known.is_some_and(|list| name == LIST || list.files.iter().any(|(listed, _)| listed == name))
    };
    let names = own.files.iter().map(|(name, _)| name.as_str()).chain([LIST]);
    let strange = names
        .filter(|name| {
            !is_own(packages, name) || (!is_known(name) && packages.join(name).symlink_metadata().is_ok())
        })
        .map(|name| packages.join(name));
    let folder = packages.join(PACKAGE);
    let folder = (known.is_none() && folder.symlink_metadata().is_ok()).then_some(folder);
    match strange.chain(folder).next() {
        Some(path) => Err(InstallError::Foreign(path)),
        None => Ok(()),
    }
}

/// Puts a file in its place at once: a Python that starts meanwhile sees all of it or none.
fn write(packages: &Path, name: &str, contents: &[u8]) -> Result<(), InstallError> {
    let path = packages.join(name);
    let written = || -> io::Result<()> {
        let folder = path.parent().unwrap_or(packages);
        make_folders(packages, folder)?;
        let mut file = tempfile::Builder::new().prefix(".djscope-").tempfile_in(folder)?;
        file.write_all(contents)?;
        open_to_readers(file.path(), 0o644)?;
        file.persist(&path).map_err(|error| error.error)?;
        Ok(())
    };
    written().map_err(|source| InstallError::Io {
        path: path.clone(),
        source,
    })
}

fn make_folders(packages: &Path, folder: &Path) -> io::Result<()> {
    if folder == packages || folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent() {
        make_folders(packages, above)?;
    }
    fs::create_dir(folder)?;
    open_to_readers(folder, 0o755)
}

/// As other packages have it, whatever the umask.
#[cfg(unix)]
fn open_to_readers(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn open_to_readers(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

fn remove(path: &Path) -> Result<(), InstallError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(InstallError::Io {
            path: path.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}

/// PEP 3147: `__pycache__/NAME.cpython-311.pyc`.
fn remove_bytecode(source: &Path) {
    let (Some(folder), Some(stem)) = (source.parent(), source.file_stem()) else {
        return;
    };
    let cache = folder.join("__pycache__");
    let prefix = format!("{}.", stem.to_string_lossy());
    for entry in fs::read_dir(&cache).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(&prefix) && name.ends_with(".pyc") {
            // Bytecode without its source is in nobody's way.
            let _ = fs::remove_file(entry.path());
        }
    }
    let _ = fs::remove_dir(cache);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn environment() -> (tempfile::TempDir, Environment) {
        let folder = tempfile::tempdir().unwrap();
        let packages = folder.path().join("lib/python3.11/site-packages");
        fs::create_dir_all(packages.join("other")).unwrap();
        fs::write(packages.join("other/__init__.py"), "x = 1").unwrap();
        fs::write(folder.path().join("pyvenv.cfg"), "").unwrap();
        let environment = Environment::find(Some(folder.path())).unwrap();
        (folder, environment)
    }

    /// Every file and folder with what is in it.
    fn everything(environment: &Environment) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let mut all = BTreeMap::new();
        let mut folders = vec![environment.packages().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let is_folder = path.is_dir() && !path.is_symlink();
                all.insert(path.clone(), (!is_folder).then(|| fs::read(&path).unwrap()));
                if is_folder {
                    folders.push(path);
                }
            }
        }
        all
    }

    fn version() -> String {
        env!("CARGO_PKG_VERSION").to_owned()
    }

    #[test]
    fn what_is_installed_is_taken_away_to_the_last_file() {
        let (_folder, environment) = environment();
        let before = everything(&environment);
        assert_eq!(status(&environment), Status::Absent);
        install(&environment).unwrap();
        assert_eq!(status(&environment), Status::Installed { version: version() });
        let installed = everything(&environment);
        install(&environment).unwrap();
        assert_eq!(everything(&environment), installed);
        // What Python makes of it.
        let cache = environment.packages().join(PACKAGE).join("__pycache__");
        fs::create_dir(&cache).unwrap();
        fs::write(cache.join("__init__.cpython-311.pyc"), "").unwrap();
        assert!(uninstall(&environment).unwrap());
        assert_eq!(everything(&environment), before);
        assert!(!uninstall(&environment).unwrap());
    }

    #[test]
    fn damage_is_named_and_mended() {
        let (_folder, environment) = environment();
        let at = |name: &str| environment.packages().join(name);
        type Damage = fn(&Path);
        let damages: [(&str, Damage); 4] = [
            ("djscope_dormant/djscope_probe/offer.py", |path| {
                fs::write(path, "pass").unwrap();
            }),
            ("djscope_dormant/__init__.py", |path| {
                fs::remove_file(path).unwrap();
            }),
            (START, |path| fs::remove_file(path).unwrap()),
            (START, |path| fs::write(path, "import os").unwrap()),
        ];
        for (name, damage) in damages {
            install(&environment).unwrap();
            damage(&at(name));
            assert_eq!(status(&environment), Status::Damaged { path: at(name) });
            install(&environment).unwrap();
            assert_eq!(status(&environment), Status::Installed { version: version() });
        }
    }

    #[test]
    fn another_version_is_named_replaced_and_taken_away_whole() {
        let (_folder, environment) = environment();
        let before = everything(&environment);
        let mut other = List::own();
        "0.0.9".clone_into(&mut other.version);
        let extra = "djscope_dormant/djscope_probe/older/gone.py";
        other.files.push((extra.to_owned(), sum_of(b"old")));
        let lay = || {
            install(&environment).unwrap();
            write(environment.packages(), extra, b"old").unwrap();
            write(environment.packages(), LIST, other.to_string().as_bytes()).unwrap();
            assert_eq!(
                status(&environment),
                Status::OtherVersion {
                    version: "0.0.9".to_owned()
                }
            );
        };
        lay();
        install(&environment).unwrap();
        assert_eq!(status(&environment), Status::Installed { version: version() });
        assert!(!environment.packages().join(extra).exists());
        uninstall(&environment).unwrap();
        lay();
        uninstall(&environment).unwrap();
        assert_eq!(everything(&environment), before);
    }

    #[test]
    fn nothing_of_others_is_touched() {
        for name in [START, LIST, PACKAGE, "djscope_dormant/__init__.py"] {
            let (_folder, environment) = environment();
            let path = environment.packages().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "import mine\n").unwrap();
            let before = everything(&environment);
            assert!(
                matches!(install(&environment), Err(InstallError::Foreign(_))),
                "{name}"
            );
            assert!(
                matches!(uninstall(&environment), Err(InstallError::Foreign(_))),
                "{name}"
            );
            assert_eq!(everything(&environment), before);
        }
    }

    #[test]
    fn a_file_that_somebody_adds_stays() {
        let (_folder, environment) = environment();
        install(&environment).unwrap();
        let added = environment.packages().join(PACKAGE).join("notes.txt");
        fs::write(&added, "mine").unwrap();
        assert!(uninstall(&environment).unwrap());
        assert_eq!(fs::read_to_string(&added).unwrap(), "mine");
        assert!(!environment.packages().join(START).exists());
    }

    #[test]
    fn a_list_that_names_files_of_others_is_no_list() {
        let (folder, environment) = environment();
        let mine = folder.path().join("mine");
        fs::write(&mine, "mine").unwrap();
        let other = "other/__init__.py";
        for name in [
            "../../../mine",
            mine.to_str().unwrap(),
            other,
            "djscope_dormant/../other/__init__.py",
        ] {
            install(&environment).unwrap();
            let text = format!("{}{} {name}\n", List::own(), sum_of(b"mine"));
            fs::write(environment.packages().join(LIST), text).unwrap();
            assert!(uninstall(&environment).is_err(), "{name}");
            assert!(mine.exists() && environment.packages().join(other).exists());
            fs::write(environment.packages().join(LIST), List::own().to_string()).unwrap();
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let (folder, environment) = environment();
        let elsewhere = folder.path().join("elsewhere");
        install(&environment).unwrap();
        fs::rename(environment.packages().join(PACKAGE), &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, environment.packages().join(PACKAGE)).unwrap();
        assert!(matches!(status(&environment), Status::Damaged { .. }));
        assert!(install(&environment).is_err() && uninstall(&environment).is_err());
        assert!(elsewhere.join("__init__.py").exists());
    }
}
