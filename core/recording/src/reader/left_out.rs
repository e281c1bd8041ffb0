//! What an answer does not hold: damaged parts, and what would be too much.

use std::cell::{Cell, RefCell};

use crate::RecordingError;
use crate::error::ReadError;
use crate::journal;
use crate::sums::{self, Pages};

use super::Reader;

/// Most problems that are kept for the whole recording, and most sentences for one answer.
const MAX_PROBLEMS: usize = 100;
const MAX_SENTENCES: usize = 20;

/// How many parts of a recording were left out of the answers so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Damaged ones.
    pub damaged: u64,
    /// Those that would have made an answer too large.
    pub too_much: u64,
}

/// What was left out since somebody last asked, and in all.
#[derive(Default)]
pub(super) struct Account {
    total: Cell<LeftOut>,
    problems: RefCell<Vec<String>>,
    /// Sentences with how often each was said.
    here: RefCell<Vec<(String, u64)>>,
    /// Parts of this answer that have no sentence any more.
    further: Cell<u64>,
}

impl Account {
    pub(super) fn with(problems: Vec<String>) -> Self {
        Self {
            problems: RefCell::new(problems),
            ..Self::default()
        }
    }

    fn note(&self, sentence: String, count: impl FnOnce(&mut LeftOut)) {
        let mut total = self.total.get();
        count(&mut total);
        self.total.set(total);
        let mut problems = self.problems.borrow_mut();
        if problems.len() < MAX_PROBLEMS && !problems.contains(&sentence) {
            problems.push(sentence.clone());
        }
        let mut here = self.here.borrow_mut();
        if let Some((_, times)) = here.iter_mut().find(|(said, _)| *said == sentence) {
            *times += 1;
        } else if here.len() < MAX_SENTENCES {
            here.push((sentence, 1));
        } else {
            self.further.set(self.further.get() + 1);
        }
    }

    fn take(&self) -> Vec<String> {
        let here = std::mem::take(&mut *self.here.borrow_mut());
        let mut sentences: Vec<String> = here
            .into_iter()
            .map(|(sentence, times)| match times {
                1 => sentence,
                _ => format!("{sentence} ({times} times)"),
            })
            .collect();
        match self.further.replace(0) {
            0 => {}
            further => sentences.push(format!("{further} further parts")),
        }
        sentences
    }
}

impl Reader {
    /// What could not be read so far, one sentence each.
    pub fn problems(&self) -> Vec<String> {
        self.account.problems.borrow().clone()
    }

    /// How much was left out of all answers so far.
    pub fn left_out(&self) -> LeftOut {
        self.account.total.get()
    }

    /// What was left out since this was last asked, one sentence each. [`Reader::turn`] asks for itself.
    pub fn take_left_out(&self) -> Vec<String> {
        self.account.take()
    }

    /// Compares every page of the file with the sum that was written for it when the recording ended, or looks through
    /// the journal of one that never was. A sentence says what is damaged; none if nothing is, if the file is older and
    /// has no sums, or if it is being recorded. Reads the whole file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn check_pages(&self) -> Result<Option<String>, RecordingError> {
        if crate::writer::is_written(&self.path) {
            return Ok(None);
        }
        let checked =
            sums::check(&self.path).map_err(|error| RecordingError::io("read", &self.path, error))?;
        let damage = match checked {
            Pages::Good => None,
            Pages::Damaged(damage) => Some(damage),
            Pages::Unknown => self.unknown_end()?,
        };
        if let Some(damage) = &damage {
            self.account.note(damage.clone(), |total| total.damaged += 1);
        }
        Ok(damage)
    }

    /// A file that was ended ends with its last page or with the sums.
    fn unknown_end(&self) -> Result<Option<String>, RecordingError> {
        let journal = journal::check(&crate::writer::beside(&self.path, "-wal"));
        if let Some(damage) = journal.map_err(|error| RecordingError::io("read", &self.path, error))? {
            return Ok(Some(damage));
        }
        let is_ended = self.meta()?.contains_key("ended_us");
        let page_bytes = self
            .number("the size of a page", "PRAGMA page_size")?
            .unsigned_abs();
        let length = std::fs::metadata(&self.path)
            .map_err(|error| RecordingError::io("read", &self.path, error))?
            .len();
        let is_odd = page_bytes > 0 && length % page_bytes != 0;
        Ok((is_ended && is_odd).then(|| "what stands behind its last page is damaged".to_owned()))
    }

    /// Notes a part that cannot be given; fails if it is the reading that failed. The sentence says what.
    pub(super) fn damaged(&self, what: &str, error: ReadError) -> Result<String, RecordingError> {
        if let ReadError::TooMuch(detail) = error {
            let sentence = format!("{what}: {detail}");
            self.account.note(sentence.clone(), |total| total.too_much += 1);
            return Ok(sentence);
        }
        let detail = error.damage(&self.path)?;
        let sentence = format!("{what}: {detail}");
        self.account.note(sentence.clone(), |total| total.damaged += 1);
        Ok(sentence)
    }

    /// Notes so many parts that would be too much.
    pub(super) fn too_much(&self, what: &str, count: u64) {
        let sentence = format!("{what}: {count} more are not given");
        self.account.note(sentence, |total| total.too_much += count);
    }

    /// Notes so many damaged parts.
    pub(super) fn note_damage(&self, what: String, count: u64) {
        self.account.note(what, |total| total.damaged += count);
    }
}
