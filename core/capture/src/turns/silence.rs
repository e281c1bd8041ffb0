//! A probe that was started and says nothing.

use djscope_recording::model::{Micros, Turn};

/// Turns that are kept for the sentence at most.
const KEPT: usize = 512;

/// Begins the sentence of a turn that no probe has reported.
const NOT_HEARD: &str = "state, spans, SQL and logs: no probe was heard, ";

/// What is known of the silence.
#[derive(Debug, Default)]
pub struct Silence {
    is_expected: bool,
    since_us: Option<Micros>,
    sentence: Option<String>,
    /// Turns over HTTP, which nobody else keeps, until the sentence is known.
    kept: Vec<Turn>,
}

impl Silence {
    /// A server was started with a probe in it.
    pub const fn expect(&mut self) {
        self.is_expected = true;
    }

    /// A frame of djust passed at `t_us`, and no probe is connected. True if it is the first.
    pub fn frame(&mut self, t_us: Micros) -> bool {
        let is_first = self.is_expected && self.since_us.is_none();
        if is_first {
            self.since_us = Some(t_us);
        }
        is_first
    }

    /// A probe speaks.
    pub fn break_off(&mut self) {
        self.since_us = None;
        self.sentence = None;
        self.kept.clear();
    }

    /// Why it is silent, as far as known.
    pub fn explain(&mut self, reason: &str) {
        if self.since_us.is_some() {
            self.sentence = Some(format!("{NOT_HEARD}{reason}"));
        }
    }

    /// True if it was not explained, and there is something to explain.
    pub const fn is_unexplained(&self) -> bool {
        self.since_us.is_some() && self.sentence.is_none()
    }

    /// When djust's first frame passed.
    pub const fn since_us(&self) -> Option<Micros> {
        self.since_us
    }

    /// Says it in a turn, once. True if it was not said there yet.
    pub fn mark(&self, turn: &mut Turn) -> bool {
        let Some(sentence) = self
            .sentence
            .as_ref()
            .filter(|sentence| !turn.missing.contains(sentence))
        else {
            return false;
        };
        turn.missing.push(sentence.clone());
        true
    }

    /// Says it in a turn over HTTP, at once or when it is known.
    pub fn mark_or_keep(&mut self, turn: &mut Turn) {
        if !self.mark(turn) && self.is_unexplained() && self.kept.len() < KEPT {
            self.kept.push(turn.clone());
        }
    }

    /// The turns that were kept, with the sentence.
    pub fn kept(&mut self) -> Vec<Turn> {
        let mut kept = std::mem::take(&mut self.kept);
        for turn in &mut kept {
            self.mark(turn);
        }
        kept
    }

    /// A probe has reported the turn after all.
    pub fn unmark(turn: &mut Turn) {
        turn.missing.retain(|sentence| !sentence.starts_with(NOT_HEARD));
    }
}
