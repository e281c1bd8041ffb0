//! The Python that runs inside the user's project, packed into the binary.
//!
//! This crate knows where the files go and which environment brings them into
//! a server. It never starts a process, and it never changes a file of the
//! user's project. Into a virtual environment it writes only when it is asked
//! to ([`install`]), and only what it can take away again.

mod environment;
mod folder;
mod installed;
mod worker;

use std::ffi::{OsStr, OsString};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};
use thiserror::Error;

pub use environment::{Environment, EnvironmentError};
use folder::Folder;
pub use installed::{InstallError, Status, install, status, uninstall};
pub use worker::Worker;

/// What a run unpacks: the probe, and what brings it into a server by `PYTHONPATH`.
static PACKED: Dir<'_> = include_dir!("$OUT_DIR/packed");
/// What runs turns again: the worker, and the probe that reports what they do.
static WORKER: Dir<'_> = include_dir!("$OUT_DIR/worker");
/// What brings the probe into servers of an environment that it was installed in.
static DORMANT: Dir<'_> = include_dir!("$OUT_DIR/dormant");

/// Where the probe finds djscope; `IP:PORT`.
pub const ADDRESS_VARIABLE: &str = "DJSCOPE_PROBE_ADDRESS";
/// What the probe shows djscope to prove which launch it belongs to.
pub const TOKEN_VARIABLE: &str = "DJSCOPE_PROBE_TOKEN";

const PATH_SEPARATOR: u8 = if cfg!(windows) { b';' } else { b':' };

/// Why the probe's files could not be laid out.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// No place is good for a folder; each with what is wrong with it.
    #[error("cannot make a folder for the probe: {0}")]
    NoFolder(String),
    /// A file could not be written.
    #[error("cannot write the probe's files to {}: {source}", path.display())]
    Write {
        /// The directory they were to go to.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// What was written is not what is there, or others can write to it.
    #[error("somebody has changed the probe's files: {}", .0.display())]
    Changed(PathBuf),
}

/// The probe's files on disk, there as long as this value lives.
#[derive(Debug)]
pub struct Probe {
    folder: Folder,
}

impl Probe {
    /// Writes the files to a new folder that only this user can read, and removes the folders of runs that were killed.
    ///
    /// # Errors
    ///
    /// If no such folder can be made, or a file in it cannot be written.
    pub fn unpack() -> Result<Self, ProbeError> {
        let folder = Folder::make()?;
        folder.fill(&PACKED).map_err(|source| ProbeError::Write {
            path: folder.path().to_owned(),
            source,
        })?;
        Ok(Self { folder })
    }

    /// The directory that holds the files.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of `sitecustomize`, which goes on `PYTHONPATH`.
    #[must_use]
    pub fn startup(&self) -> PathBuf {
        self.directory().join("startup")
    }

    /// Compares the files with what they have to be; for the moment before a server uses them.
    ///
    /// # Errors
    ///
    /// [`ProbeError::Changed`] names the first that differs or is open to others.
    pub fn check(&self) -> Result<(), ProbeError> {
        match self.folder.difference(&PACKED) {
            Some(path) => Err(ProbeError::Changed(path)),
            None => Ok(()),
        }
    }

    /// The variables that bring the probe into every Python process of a server.
    ///
    /// `inherited_pythonpath` stays in force behind the probe's own place.
    #[must_use]
    pub fn environment(
        &self,
        address: SocketAddr,
        token: &str,
        inherited_pythonpath: Option<&OsStr>,
    ) -> Vec<(OsString, OsString)> {
        let mut path = self.startup().into_os_string();
        if let Some(inherited) = inherited_pythonpath.filter(|inherited| !inherited.is_empty()) {
            path.push(char::from(PATH_SEPARATOR).to_string());
            path.push(inherited);
        }
        vec![
            ("PYTHONPATH".into(), path),
            (ADDRESS_VARIABLE.into(), address.to_string().into()),
            (TOKEN_VARIABLE.into(), token.into()),
            // Without it, what the server prints comes late once it is not a terminal.
            ("PYTHONUNBUFFERED".into(), "1".into()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(variables: &[(OsString, OsString)], name: &str) -> Option<String> {
        let (_, value) = variables.iter().find(|(key, _)| key == name)?;
        value.to_str().map(ToOwned::to_owned)
    }

    #[test]
    fn packs_python_sources_only() {
        let mut directories = vec![&PACKED];
        let mut count = 0;
        while let Some(directory) = directories.pop() {
            directories.extend(directory.dirs());
            for file in directory.files() {
                assert_eq!(file.path().extension(), Some(OsStr::new("py")));
                count += 1;
            }
        }
        assert!(count > 10);
        assert!(PACKED.get_file("startup/sitecustomize.py").is_some());
        assert!(PACKED.get_file("djscope_probe/patches/runtime.py").is_some());
        assert!(PACKED.get_dir("tests").is_none());
    }

    #[test]
    fn unpacks_and_cleans_up() -> Result<(), ProbeError> {
        let probe = Probe::unpack()?;
        let directory = probe.directory().to_owned();
        assert!(directory.join("startup/sitecustomize.py").is_file());
        assert!(directory.join("djscope_probe/hooks.py").is_file());
        drop(probe);
        assert!(!directory.exists());
        Ok(())
    }

    #[test]
    fn environment_puts_the_probe_first() -> Result<(), ProbeError> {
        let probe = Probe::unpack()?;
        let startup = probe.directory().join("startup").display().to_string();
        let address = SocketAddr::from(([127, 0, 0, 1], 4711));
        let cases = [
            (None, startup.clone()),
            (Some(""), startup.clone()),
            (
                Some("/a:/b"),
                format!("{startup}{}/a:/b", char::from(PATH_SEPARATOR)),
            ),
        ];
        for (inherited, expected) in cases {
            let variables = probe.environment(address, "secret", inherited.map(OsStr::new));
            assert_eq!(value(&variables, "PYTHONPATH"), Some(expected));
            assert_eq!(
                value(&variables, ADDRESS_VARIABLE).as_deref(),
                Some("127.0.0.1:4711")
            );
            assert_eq!(value(&variables, TOKEN_VARIABLE).as_deref(), Some("secret"));
            assert_eq!(value(&variables, "PYTHONUNBUFFERED").as_deref(), Some("1"));
        }
        Ok(())
    }
}
