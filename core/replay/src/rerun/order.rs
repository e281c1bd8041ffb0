//! The order in which the server did its work: a turn is numbered when its cause is seen, and may have to wait.

use std::collections::{BTreeMap, VecDeque};

use djscope_recording::model::{Micros, SpanKind, TurnDetail, TurnId};
use djscope_recording::{Reader, RecordingError};

/// Turns that are looked at ahead: so many can have been seen before one whose work began first.
pub(crate) const AHEAD: usize = 64;

/// The turns of a recording by the beginning of their work.
pub(crate) struct Order<'a> {
    reader: &'a Reader,
    numbers: VecDeque<TurnId>,
    ahead: BTreeMap<(Micros, TurnId), TurnDetail>,
}

impl<'a> Order<'a> {
    pub fn new(reader: &'a Reader, numbers: Vec<TurnId>) -> Self {
        Self {
            reader,
            numbers: numbers.into(),
            ahead: BTreeMap::new(),
        }
    }

    /// The next turn.
    ///
    /// # Errors
    ///
    /// If the recording cannot be read.
    pub fn next(&mut self) -> Result<Option<TurnDetail>, RecordingError> {
        while self.ahead.len() < AHEAD
            && let Some(number) = self.numbers.pop_front()
        {
            if let Some(detail) = self.reader.turn(number)? {
                self.ahead.insert((began_us(&detail), number), detail);
            }
        }
        Ok(self.ahead.pop_first().map(|(_, detail)| detail))
    }
}

/// When the work of a turn began.
pub(crate) fn began_us(detail: &TurnDetail) -> Micros {
    let handler = detail.spans.iter().find(|span| span.kind == SpanKind::Handler);
    let waited = handler.map_or(0, |span| span.start_us.max(0));
    detail.turn.t_us.saturating_add(waited)
}
