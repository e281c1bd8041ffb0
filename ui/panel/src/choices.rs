//! What the user has chosen: the selection, the tab, what is open.

use std::collections::HashSet;

use djscope_hub::StateView;
use djscope_hub::model::{FrameId, TurnId};

use crate::commands::Tab;
use crate::rerun::WhatIf;
use crate::store::{Position, Store};
use crate::theme::ThemeChoice;

/// What lies over the panel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Overlay {
    /// Nothing.
    #[default]
    None,
    /// The command palette.
    Palette {
        /// What was typed.
        query: String,
        /// The marked row.
        row: usize,
    },
    /// All keys.
    Help,
}

/// Choices in the tab State.
#[derive(Default)]
pub struct StateChoices {
    /// Hides what did not change.
    pub only_changes: bool,
    /// Paths that are open although closed by default, or the reverse.
    pub flipped: HashSet<String>,
    /// A path to scroll to.
    pub reveal: Option<String>,
    /// Path of the marked row.
    pub selected: Option<String>,
}

impl StateChoices {
    /// What is open and shown, as the hub wants to know it.
    pub fn view(&self) -> StateView {
        let mut flipped: Vec<String> = self.flipped.iter().cloned().collect();
        flipped.sort_unstable();
        StateView {
            only_changes: self.only_changes,
            flipped,
            reveal: self.reveal.clone(),
        }
    }
}

/// Choices in the tab Frames.
#[derive(Default)]
pub struct FrameChoices {
    /// The selected frame.
    pub selected: Option<FrameId>,
    /// As it travelled, not as indented JSON.
    pub is_raw: bool,
}

/// Choices in the tab Patches.
#[derive(Default)]
pub struct PatchChoices {
    /// The selected row.
    pub selected: usize,
}

/// Everything that the user has chosen.
#[derive(Default)]
pub struct Choices {
    /// The selected turn.
    pub turn: Option<TurnId>,
    /// Where it stands in the list, as far as known.
    pub position: Option<Position>,
    /// A row to select once it is here.
    pub wanted_row: Option<u64>,
    /// Keeps the newest turn selected.
    pub follow: bool,
    /// Scrolls the list to the selected turn.
    pub reveal_turn: bool,
    /// How many rows of the list are visible.
    pub visible_rows: u64,
    /// The visible view of the turn.
    pub tab: Tab,
    /// What stands in the filter box.
    pub filter: String,
    /// Puts the cursor into the filter box.
    pub focus_filter: bool,
    /// The colours.
    pub theme: ThemeChoice,
    /// What lies over the panel.
    pub overlay: Overlay,
    /// In the tab State.
    pub state: StateChoices,
    /// In the tab Frames.
    pub frames: FrameChoices,
    /// In the tab Patches.
    pub patches: PatchChoices,
    /// In the tab Re-run.
    pub what_if: WhatIf,
    /// The selected span.
    pub span: Option<u32>,
    /// Log records with an open traceback.
    pub open_logs: HashSet<usize>,
    seen_turn: Option<TurnId>,
}

impl Choices {
    /// As a panel begins: following, with everything shown.
    pub fn new() -> Self {
        Self {
            follow: true,
            ..Self::default()
        }
    }

    /// Selects a turn; the list no longer follows.
    pub fn select(&mut self, turn: TurnId, position: Option<u64>) {
        self.follow = false;
        self.wanted_row = None;
        self.turn = Some(turn);
        self.position = position.map(Position::At);
        self.reveal_turn = true;
    }

    /// Selects a row, now or as soon as it is known.
    pub fn select_row(&mut self, position: u64) {
        self.follow = false;
        self.wanted_row = Some(position);
        self.reveal_turn = true;
    }

    /// Goes so many rows down, or up if negative.
    pub fn step(&mut self, rows: i64, total: u64) {
        let Some(last) = total.checked_sub(1) else { return };
        let from = match (self.wanted_row, self.position) {
            (Some(row), _) | (None, Some(Position::At(row))) => row,
            // The turn after the missing one already stands at its place.
            (None, Some(Position::Missing(row))) if rows > 0 => row.saturating_sub(1),
            (None, Some(Position::Missing(row))) => row,
            (None, None) if rows < 0 => last + 1,
            (None, None) => return self.select_row(0),
        };
        self.select_row(from.saturating_add_signed(rows).min(last));
    }

    /// Uses another filter; the selected turn stays.
    pub fn set_filter(&mut self, filter: &str, store: &mut Store) {
        store.set_filter(filter.trim());
        self.position = None;
        self.wanted_row = None;
        self.reveal_turn = true;
    }

    /// Turns wishes into a selection as answers arrive, and asks for what that needs.
    pub fn resolve(&mut self, store: &mut Store) {
        if self.follow && store.total() > 0 {
            self.wanted_row = Some(store.total() - 1);
        }
        if let Some(row) = self.wanted_row {
            match store.row(row).map(|found| found.turn) {
                Some(turn) => {
                    self.reveal_turn |= self.turn != Some(turn);
                    self.turn = Some(turn);
                    self.position = Some(Position::At(row));
                    self.wanted_row = None;
                }
                None if row < store.total() => store.want_rows(row, row + 1),
                None => self.wanted_row = None,
            }
        } else if let Some(turn) = self.turn {
            let is_wrong = match self.position {
                Some(Position::At(row)) => store.row(row).is_some_and(|found| found.turn != turn),
                Some(Position::Missing(_)) => false,
                None => true,
            };
            if is_wrong {
                self.position = store.locate(turn);
                self.reveal_turn |= self.position.is_some();
            }
        }
        if let Some(turn) = self.turn {
            store.want_turn(turn);
        }
        self.forget_other_turns(store);
    }

    /// What was marked inside one turn means nothing in the next.
    fn forget_other_turns(&mut self, store: &Store) {
        let shown = store.turn().map(|detail| detail.turn.turn);
        if shown != self.seen_turn {
            self.seen_turn = shown;
            self.frames.selected = None;
            self.patches.selected = 0;
            self.span = None;
            self.open_logs.clear();
            self.state.selected = self.state.reveal.clone();
        }
    }
}
