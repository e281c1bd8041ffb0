//! A file that is taken away while it is written: what was in it is saved to another.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::place::{Gone, Held, other_places};
use super::recorder::Recorder;
use super::{Health, Moved, WriterOptions, begin_journal, by_name, open_file, prepare};
use crate::{RecordingError, row_sum};

/// Pause after the first attempt that failed, and the longest one: an attempt copies the whole recording.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

impl Recorder {
    /// Sees whether the file is in its place; if not, goes on in another one and says so. True if it did.
    pub(super) fn look(&mut self, is_last: bool) -> bool {
        self.looked = Instant::now();
        if let Some((next, _)) = self.rescue
            && Instant::now() < next
            && !is_last
        {
            return false;
        }
        let Some(gone) = self.held.gone() else {
            // At the end the journal goes in good order.
            if !is_last {
                self.look_at_journal();
            }
            return false;
        };
        let from = self.held.path().to_owned();
        let (to, is_whole) = match self.save(gone) {
            Ok((path, is_whole)) => (Ok(path), is_whole),
            Err(error) => {
                let pause = self
                    .rescue
                    .map_or(FIRST_PAUSE, |(_, pause)| (pause * 2).min(LONGEST_PAUSE));
                self.rescue = Some((Instant::now() + pause, pause));
                (Err(error.to_string()), false)
            }
        };
        let is_saved = to.is_ok();
        let moved = Moved {
            from,
            what: gone.sentence(),
            to,
            is_whole,
        };
        let is_news = {
            let mut health = self.health();
            if is_saved && !is_whole {
                forget_counts(&mut health);
            }
            let is_news = health.moved.as_ref() != Some(&moved);
            health.moved = Some(moved);
            is_news
        };
        if is_news {
            self.announce();
        }
        is_saved
    }

    /// Goes on in another file: with a copy of all that `SQLite` still has, else with an empty one.
    fn save(&mut self, gone: Gone) -> Result<(PathBuf, bool), RecordingError> {
        let (path, held) = new_place(self.held.path())?;
        let copied = self.copy_to(&path);
        let (db, is_whole) = match copied {
            Ok(db) => (db, true),
            // Nothing can be read of a file that was cut. One that only lost its name is still all there: then it
            // is the new place that fails, and another attempt may work.
            Err(error) if gone != Gone::Cut => {
                held.discard();
                return Err(error);
            }
            Err(_) => {
                held.discard();
                let (path, held) = new_place(self.held.path())?;
                let options = WriterOptions {
                    cache_bytes: self.cache_bytes,
                    ..WriterOptions::default()
                };
                let db = prepare(&path, &options)?;
                self.rows.forget();
                self.take_up(db, held);
                return Ok((path, false));
            }
        };
        self.take_up(db, held);
        Ok((path, is_whole))
    }

    fn take_up(&mut self, db: Connection, held: Held) {
        // SQLite closes the old file before its lock goes.
        self.db = db;
        std::mem::replace(&mut self.held, held).tidy_up();
        self.rescue = None;
    }

    /// A connection to a copy of the whole recording. All numbers of rows stay as they are.
    fn copy_to(&self, path: &Path) -> Result<Connection, RecordingError> {
        let failed = |error| RecordingError::sqlite("write", path, error);
        self.db
            .execute("VACUUM INTO ?", [by_name(path).to_string_lossy()])
            .map_err(failed)?;
        let db = open_file(path).map_err(failed)?;
        row_sum::register(&db)
            .and_then(|()| begin_journal(&db, self.cache_bytes))
            .map_err(failed)?;
        Ok(db)
    }

    /// Without its journal's name the file is whole only after what is in the journal was folded in.
    fn look_at_journal(&mut self) {
        if !self.held.has_lost_journal() {
            return;
        }
        let folded = self.checkpoint();
        let name = super::beside(self.held.path(), "-wal");
        let notice = format!(
            "{} was removed while it was needed: if djscope is killed, the last second is lost",
            name.display()
        );
        let is_news = {
            let mut health = self.health();
            if let Err(error) = folded {
                health.error = Some(error.to_string());
                health.is_failing = true;
            }
            let is_news = !health.notices.contains(&notice);
            if is_news {
                health.notices.push(notice);
            }
            is_news
        };
        if is_news {
            self.announce();
        }
    }
}

/// Makes the first file that can be made.
fn new_place(old: &Path) -> Result<(PathBuf, Held), RecordingError> {
    let mut first = None;
    for path in other_places(old) {
        match Held::create(&path) {
            Ok(held) => return Ok((path, held)),
            Err(error) => {
                first.get_or_insert(error);
            }
        }
    }
    Err(first.unwrap_or_else(|| RecordingError::NotFound(old.to_owned())))
}

/// The new file holds nothing of what was counted.
fn forget_counts(health: &mut Health) {
    health.turns = 0;
    health.frames = 0;
    health.findings = 0;
}
