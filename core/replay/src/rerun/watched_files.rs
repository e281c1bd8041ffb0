//! Files whose changes matter to a worker.

use std::path::PathBuf;
use std::time::SystemTime;

/// Files, and when each was written last.
#[derive(Debug)]
pub struct WatchedFiles {
    times: Vec<(PathBuf, Option<SystemTime>)>,
}

impl WatchedFiles {
    /// Files as they are now.
    pub fn of(files: Vec<PathBuf>) -> Self {
        let mut watched = Self {
            times: files.into_iter().map(|file| (file, None)).collect(),
        };
        watched.have_changed();
        watched
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.times.len()
    }

    /// True if one was written since the last look.
    pub fn have_changed(&mut self) -> bool {
        let mut is_changed = false;
        for (file, known) in &mut self.times {
            let written = file.metadata().and_then(|found| found.modified()).ok();
            is_changed |= *known != written;
            *known = written;
        }
        is_changed
    }
}
