//! A virtual environment of the user's, and where its packages are.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Variable that an activated environment sets.
const ACTIVATED: &str = "VIRTUAL_ENV";

/// Folders that are looked for in the working directory.
const USUAL: [&str; 2] = [".venv", "venv"];

/// A virtual environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    root: PathBuf,
    packages: PathBuf,
}

/// Why no virtual environment was found.
#[derive(Debug, Error)]
pub enum EnvironmentError {
    /// None was named, none is active, and none is here.
    #[error("no virtual environment: VIRTUAL_ENV is not set, and there is no .venv and no venv here")]
    NoneHere,
    /// Nothing is there.
    #[error("there is no {}", .0.display())]
    NotThere(PathBuf),
    /// There is no `pyvenv.cfg`.
    #[error("{} is no virtual environment: it has no pyvenv.cfg", .0.display())]
    NotOne(PathBuf),
    /// There is no `site-packages`, or it cannot be said which of several is in use.
    #[error("cannot find the site-packages of {}", .0.display())]
    NoPackages(PathBuf),
}

impl EnvironmentError {
    /// What to do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NoneHere => "name the project's environment: djscope probe install path/to/venv",
            Self::NotThere(_) | Self::NotOne(_) => {
                "name the folder of the environment or its python, as in .venv or .venv/bin/python"
            }
            Self::NoPackages(_) => "make the environment anew with python -m venv",
        }
    }
}

impl Environment {
    /// The environment at `named`, which is its folder or its python; without it the active one, or the one in the
    /// working directory.
    ///
    /// # Errors
    ///
    /// [`EnvironmentError`] says what is missing.
    pub fn find(named: Option<&Path>) -> Result<Self, EnvironmentError> {
        let active = env::var_os(ACTIVATED).filter(|path| !path.is_empty());
        match (named, active) {
            (Some(named), _) => Self::at(named),
            (None, Some(active)) => Self::at(Path::new(&active)),
            (None, None) => {
                let here = USUAL.iter().map(Path::new).find(|path| path.is_dir());
                Self::at(here.ok_or(EnvironmentError::NoneHere)?)
            }
        }
    }

    fn at(named: &Path) -> Result<Self, EnvironmentError> {
        if !named.exists() {
            return Err(EnvironmentError::NotThere(named.to_owned()));
        }
        // The python of an environment is a link to another one: where the link is counts.
        let root = if named.is_file() {
            named.parent().and_then(Path::parent)
        } else {
            Some(named)
        };
        let root = root
            .map(|root| {
                if root.as_os_str().is_empty() {
                    Path::new(".")
                } else {
                    root
                }
            })
            .filter(|root| root.join("pyvenv.cfg").is_file())
            .ok_or_else(|| EnvironmentError::NotOne(named.to_owned()))?;
        let packages = packages(root).ok_or_else(|| EnvironmentError::NoPackages(root.to_owned()))?;
        Ok(Self {
            root: root.to_owned(),
            packages,
        })
    }

    /// The folder of the environment.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Its `site-packages`.
    #[must_use]
    pub fn packages(&self) -> &Path {
        &self.packages
    }
}

/// `lib/python3.11/site-packages`, or `Lib\site-packages` on Windows. An environment that was upgraded has several: the
/// one of the version in `pyvenv.cfg` counts.
fn packages(root: &Path) -> Option<PathBuf> {
    let of_windows = root.join("Lib").join("site-packages");
    if cfg!(windows) && of_windows.is_dir() {
        return Some(of_windows);
    }
    let found: Vec<PathBuf> = fs::read_dir(root.join("lib"))
        .ok()?
        .flatten()
        .map(|entry| entry.path().join("site-packages"))
        .filter(|packages| packages.is_dir())
        .collect();
    if let [only] = found.as_slice() {
        return Some(only.clone());
    }
    let version = version(&fs::read_to_string(root.join("pyvenv.cfg")).ok()?)?;
    let fits = |packages: &&PathBuf| {
        let library = packages.parent().and_then(Path::file_name);
        library.is_some_and(|name| name.to_string_lossy().ends_with(&version))
    };
    found.iter().find(fits).cloned()
}

/// `3.11` of `version = 3.11.7`, which `venv` writes, or of `version_info`, which others write.
fn version(configuration: &str) -> Option<String> {
    let value = configuration.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        matches!(name.trim(), "version" | "version_info").then(|| value.trim())
    })?;
    let mut parts = value.split('.');
    Some(format!("n{}.{}", parts.next()?, parts.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(libraries: &[&str], configuration: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for library in libraries {
            fs::create_dir_all(folder.path().join("lib").join(library).join("site-packages")).unwrap();
        }
        fs::create_dir(folder.path().join("bin")).unwrap();
        fs::write(folder.path().join("bin/python"), "").unwrap();
        fs::write(folder.path().join("pyvenv.cfg"), configuration).unwrap();
        folder
    }

    #[test]
    fn is_named_by_its_folder_or_its_python() {
        let folder = made(&["python3.11"], "");
        let packages = folder.path().join("lib/python3.11/site-packages");
        for named in [folder.path().to_owned(), folder.path().join("bin/python")] {
            let found = Environment::find(Some(&named)).unwrap();
            assert_eq!(
                (found.root(), found.packages()),
                (folder.path(), packages.as_path())
            );
        }
    }

    #[test]
    fn the_packages_are_those_of_its_version() {
        for configuration in ["home = /usr\nversion = 3.11.7\n", "version_info = 3.11.7.final.0"] {
            let folder = made(&["python3.1", "python3.11", "python3.12"], configuration);
            let found = Environment::find(Some(folder.path())).unwrap();
            assert!(
                found.packages().ends_with("python3.11/site-packages"),
                "{found:?}"
            );
        }
    }

    #[test]
    fn what_is_none_is_refused_with_a_hint() {
        let folder = tempfile::tempdir().unwrap();
        let empty = made(&[], "");
        type IsIt = fn(&EnvironmentError) -> bool;
        let cases: [(PathBuf, IsIt); 3] = [
            (folder.path().join("gone"), |e| {
                matches!(e, EnvironmentError::NotThere(_))
            }),
            (folder.path().to_owned(), |e| {
                matches!(e, EnvironmentError::NotOne(_))
            }),
            (empty.path().to_owned(), |e| {
                matches!(e, EnvironmentError::NoPackages(_))
            }),
        ];
        for (path, is_it) in cases {
            let error = Environment::find(Some(&path)).unwrap_err();
            assert!(is_it(&error) && !error.hint().is_empty(), "{error}");
        }
    }
}
