//! Spans of the browser that wait until it is known when their turn began.

use std::collections::VecDeque;

use djscope_recording::Entry;
use djscope_recording::model::{Micros, Span, Turn, TurnId};

/// The spans that wait, oldest first.
#[derive(Debug, Default)]
pub struct Held {
    spans: VecDeque<HeldSpan>,
}

/// A span with its start in the time of the recording.
#[derive(Debug)]
pub struct HeldSpan {
    turn: TurnId,
    /// Where the turn begins as far as it is known.
    begins_us: Micros,
    since_us: Micros,
    start_us: Micros,
    span: Span,
}

impl HeldSpan {
    /// A span of `turn`, seen at `since_us`.
    pub const fn of(turn: &Turn, span: Span, since_us: Micros) -> Self {
        Self {
            turn: turn.turn,
            begins_us: turn.t_us,
            since_us,
            start_us: turn.t_us + span.start_us,
            span,
        }
    }

    /// The span in a turn that begins at `begins_us`.
    pub fn entry(mut self, begins_us: Micros) -> Entry {
        self.span.start_us = self.start_us - begins_us;
        Entry::Spans {
            turn: self.turn,
            spans: vec![self.span],
        }
    }
}

impl Held {
    /// Adds one.
    pub fn hold(&mut self, span: HeldSpan) {
        self.spans.push_back(span);
    }

    /// Those of a turn of which it is known now that it begins at `begins_us`.
    pub fn of_turn(&mut self, turn: TurnId, begins_us: Micros) -> Vec<Entry> {
        let (ours, others) = std::mem::take(&mut self.spans)
            .into_iter()
            .partition(|held: &HeldSpan| held.turn == turn);
        self.spans = others;
        let ours: VecDeque<HeldSpan> = ours;
        ours.into_iter().map(|held| held.entry(begins_us)).collect()
    }

    /// Those that have waited since before `since_us`: their turns begin where they seemed to.
    pub fn older_than(&mut self, since_us: Micros) -> Vec<Entry> {
        let mut entries = Vec::new();
        while let Some(held) = self.spans.pop_front_if(|held| held.since_us < since_us) {
            let begins_us = held.begins_us;
            entries.push(held.entry(begins_us));
        }
        entries
    }
}
