//! The parts of the selected turn, each as far as somebody has looked at it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use djscope_hub::model::{FrameId, LogRecord, PatchRecord, Span, TurnId};
use djscope_hub::{Answer, Counts, FrameRow, Node, Page, PayloadPiece, Query, StatePage, StateView};

/// Rows of the states that are asked for at a time.
const STATE_ROWS: u32 = 256;

/// Rows of the states that are kept; what is far from where one looks goes.
const MAX_STATE_ROWS: usize = 20_000;

/// Everything about one turn that is asked for by itself.
#[derive(Default)]
pub(super) struct Parts {
    pub turn: TurnId,
    pub patches: Part<PatchRecord>,
    pub frames: Part<FrameRow>,
    pub spans: Part<Span>,
    pub logs: Part<LogRecord>,
    pub state: StateRows,
    pub payload: Payload,
}

impl Parts {
    /// A turn was selected, or has changed: what changed is asked for again when somebody looks.
    pub fn begin(&mut self, turn: TurnId, counts: &Counts) {
        if self.turn != turn {
            *self = Self {
                turn,
                ..Self::default()
            };
        }
        self.patches.begin(counts.patches);
        self.frames.begin(counts.frames);
        self.spans.begin(counts.spans);
        self.logs.begin(counts.logs);
        self.state.expire();
    }

    /// Takes an answer. True if it belongs to the selected turn.
    pub fn take(&mut self, query: &Query, answer: Answer) -> bool {
        match (query, answer) {
            (Query::Patches { turn, .. }, Answer::Patches(page)) if *turn == self.turn => {
                self.patches.take(page);
            }
            (Query::Frames { turn, .. }, Answer::Frames(page)) if *turn == self.turn => {
                self.frames.take(page);
            }
            (Query::Spans { turn, .. }, Answer::Spans(page)) if *turn == self.turn => {
                self.spans.take(page);
            }
            (Query::Logs { turn, .. }, Answer::Logs(page)) if *turn == self.turn => {
                self.logs.take(page);
            }
            (Query::State { turn, view, .. }, Answer::State(page)) if *turn == self.turn => {
                self.state.take(view, page);
            }
            (Query::Payload { .. }, Answer::Payload(piece)) => self.payload.take(&piece),
            _ => return false,
        }
        true
    }

    /// A question has no answer: nobody asks again until the turn has changed.
    pub fn fail(&mut self, query: &Query) {
        match query {
            Query::Patches { .. } => self.patches.fail(),
            Query::Frames { .. } => self.frames.fail(),
            Query::Spans { .. } => self.spans.fail(),
            Query::Logs { .. } => self.logs.fail(),
            Query::State { .. } => self.state.asked.set(true),
            Query::Payload { frame, .. } => self.payload.fail(*frame),
            _ => {}
        }
    }
}

/// Rows of one kind that belong to a turn, from the first on.
pub struct Part<T> {
    rows: Vec<T>,
    total: u64,
    /// The rows are those of an older state of the turn, and are replaced by the next page.
    is_old: bool,
    asked: Cell<bool>,
}

impl<T> Default for Part<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            total: 0,
            is_old: false,
            asked: Cell::new(false),
        }
    }
}

impl<T> Part<T> {
    /// The rows that are here.
    pub fn rows(&self) -> &[T] {
        &self.rows
    }

    /// How many there are.
    pub fn total(&self) -> usize {
        usize::try_from(self.total).unwrap_or(usize::MAX)
    }

    fn begin(&mut self, total: u64) {
        self.total = total;
        self.is_old = !self.rows.is_empty();
        self.asked.set(false);
    }

    fn take(&mut self, page: Page<T>) {
        self.asked.set(false);
        if self.is_old && page.from == 0 {
            self.rows.clear();
            self.is_old = false;
        }
        // A page that does not follow what is here belongs to an older question.
        if !self.is_old && page.from == self.rows.len() as u64 {
            self.total = page.total;
            if page.rows.is_empty() {
                self.total = page.from;
            }
            self.rows.extend(page.rows);
        }
    }

    fn fail(&mut self) {
        self.total = self.rows.len() as u64;
        self.is_old = false;
        self.asked.set(false);
    }

    pub(super) fn want(&self, ask: impl FnOnce(u64)) {
        let from = if self.is_old { 0 } else { self.rows.len() as u64 };
        if !self.asked.get() && (self.is_old || from < self.total) {
            self.asked.set(true);
            ask(from);
        }
    }
}

/// Rows of the tree of a turn's states, where somebody has looked.
#[derive(Default)]
pub struct StateRows {
    view: StateView,
    rows: BTreeMap<u64, Node>,
    total: u64,
    flipped: Vec<String>,
    revealed: Option<u64>,
    is_known: bool,
    /// The view for which rows are under way.
    asked_view: RefCell<Option<StateView>>,
    asked: Cell<bool>,
}

impl StateRows {
    /// How many rows there are.
    pub fn total(&self) -> usize {
        usize::try_from(self.total).unwrap_or(usize::MAX)
    }

    /// False until the first rows are here.
    pub const fn is_known(&self) -> bool {
        self.is_known
    }

    /// A row, if it is here.
    pub fn row(&self, index: usize) -> Option<&Node> {
        self.rows.get(&(index as u64))
    }

    /// For a view that was to find a path: what is open by now, and where the path is.
    pub fn revealed(&self, view: &StateView) -> Option<(&[String], Option<u64>)> {
        (self.is_known && view.reveal.is_some() && self.view == *view)
            .then_some((self.flipped.as_slice(), self.revealed))
    }

    fn expire(&mut self) {
        self.asked.set(false);
        *self.asked_view.borrow_mut() = None;
        // What is on screen stays until the new rows are here.
        self.view = StateView {
            reveal: Some(String::new()),
            ..StateView::default()
        };
    }

    fn take(&mut self, view: &StateView, page: StatePage) {
        self.asked.set(false);
        if self.view != *view {
            self.rows.clear();
            self.view = view.clone();
        }
        if self.rows.len() > MAX_STATE_ROWS {
            self.rows.clear();
        }
        self.is_known = true;
        self.total = page.total;
        self.flipped = page.flipped;
        self.revealed = page.revealed;
        self.rows.extend((page.from..).zip(page.rows));
    }

    pub(super) fn want(&self, view: &StateView, first: u64, end: u64, ask: impl FnOnce(u64, u32)) {
        let is_new_view = self.view != *view;
        let is_under_way = self.asked.get() && self.asked_view.borrow().as_ref() == Some(view);
        if is_under_way {
            return;
        }
        let missing = if is_new_view {
            Some(first)
        } else {
            (first..end.min(self.total)).find(|index| !self.rows.contains_key(index))
        };
        if let Some(from) = missing {
            self.asked.set(true);
            *self.asked_view.borrow_mut() = Some(view.clone());
            ask(from, STATE_ROWS);
        }
    }
}

/// What a frame carries, piece by piece.
#[derive(Default)]
pub(super) struct Payload {
    frame: FrameId,
    text: String,
    total: Option<u64>,
    /// The frame and the offset that were asked for last.
    asked: Cell<Option<(FrameId, u64)>>,
}

impl Payload {
    fn take(&mut self, PayloadPiece { frame, piece }: &PayloadPiece) {
        if self.frame != *frame {
            self.frame = *frame;
            self.text.clear();
        }
        if piece.from == self.text.len() as u64 {
            self.text.push_str(&piece.text);
            self.total = Some(if piece.text.is_empty() {
                piece.from
            } else {
                piece.total
            });
        }
    }

    fn fail(&mut self, frame: FrameId) {
        self.frame = frame;
        self.text.clear();
        self.total = Some(0);
    }

    pub(super) fn whole(&self, frame: FrameId, ask: impl FnOnce(u64)) -> Option<&str> {
        let is_this = self.frame == frame && self.total.is_some();
        if is_this && self.total == Some(self.text.len() as u64) {
            return Some(&self.text);
        }
        let from = if is_this { self.text.len() as u64 } else { 0 };
        if self.asked.get() != Some((frame, from)) {
            self.asked.set(Some((frame, from)));
            ask(from);
        }
        None
    }
}
