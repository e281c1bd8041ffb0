//! Sentences for the user that belong to no turn: said once, in the terminal and in the panel.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most sentences that are kept.
const MAX_SENTENCES: usize = 20;

/// What was said so far, and who hears of more.
pub struct Notices {
    said: Mutex<Vec<String>>,
    on_new: Box<dyn Fn(&str) + Send + Sync>,
}

impl Notices {
    /// Nothing was said; `on_new` hears each sentence once.
    pub fn new(on_new: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self {
            said: Mutex::default(),
            on_new: Box::new(on_new),
        }
    }

    /// Says a sentence, unless it was said before.
    pub fn say(&self, sentence: &str) {
        {
            let mut said = self.lock();
            if said.len() >= MAX_SENTENCES || said.iter().any(|known| known == sentence) {
                return;
            }
            said.push(sentence.to_owned());
        }
        (self.on_new)(sentence);
    }

    /// What was said so far.
    pub fn said(&self) -> Vec<String> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Notices {
    /// Sentences are kept, and nobody hears of them.
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl fmt::Debug for Notices {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.said()).finish()
    }
}
