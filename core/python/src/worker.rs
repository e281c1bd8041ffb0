//! The files of the re-run worker, laid out for one djscope.

use std::fs;
use std::path::{Path, PathBuf};

use crate::folder::Folder;
use crate::{ProbeError, WORKER};

/// The folder in which the worker keeps copies of databases and what turns write.
pub(crate) const WORK: &str = "work";

/// Starts the worker: its arguments are the folder of its files and the numbers of its two pipes.
const START: &str = "import sys; sys.path[0] = sys.argv[1]; from djscope_rerun.worker import main; \
                     sys.exit(main(int(sys.argv[2]), int(sys.argv[3])))";

/// The worker's files on disk, there as long as this value lives.
#[derive(Debug)]
pub struct Worker {
    folder: Folder,
}

impl Worker {
    /// Writes the files to a new folder that only this user can read.
    ///
    /// # Errors
    ///
    /// If no such folder can be made, or a file in it cannot be written.
    pub fn unpack() -> Result<Self, ProbeError> {
        let folder = Folder::make()?;
        let written = folder
            .fill(&WORKER)
            .and_then(|()| fs::create_dir(folder.path().join(WORK)));
        written.map_err(|source| ProbeError::Write {
            path: folder.path().to_owned(),
            source,
        })?;
        Ok(Self { folder })
    }

    /// The folder in which the worker may write.
    #[must_use]
    pub fn work(&self) -> PathBuf {
        self.folder.path().join(WORK)
    }

    /// The arguments with which a Python becomes the worker.
    #[must_use]
    pub fn arguments(&self, read_fd: i32, write_fd: i32) -> [String; 5] {
        [
            "-c".to_owned(),
            START.to_owned(),
            self.directory().display().to_string(),
            read_fd.to_string(),
            write_fd.to_string(),
        ]
    }

    fn directory(&self) -> &Path {
        self.folder.path()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unpacks_the_worker_with_the_probe_and_cleans_up() -> Result<(), ProbeError> {
        let worker = Worker::unpack()?;
        let directory = worker.directory().to_owned();
        assert!(directory.join("djscope_rerun/worker.py").is_file());
        assert!(directory.join("djscope_probe/hooks.py").is_file());
        assert!(worker.work().is_dir());
        drop(worker);
        assert!(!directory.exists());
        Ok(())
    }
}
