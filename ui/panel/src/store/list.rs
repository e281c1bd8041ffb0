//! The list of turns, page by page.

use std::collections::BTreeMap;

use djscope_hub::model::{TurnId, TurnRow};
use djscope_hub::{Query, TurnPage};

use super::Store;

/// Rows of one page of the list.
const PAGE: u64 = 128;

/// Pages that are kept; the ones farthest from the last use go first.
const MAX_PAGES: usize = 32;

struct Page {
    revision: u64,
    rows: Vec<TurnRow>,
}

/// Where a turn stands among those that match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// At this row.
    At(u64),
    /// It does not match; it would stand here.
    Missing(u64),
}

/// The turns that match a filter, as far as they are here.
#[derive(Default)]
pub(super) struct List {
    filter: String,
    filter_error: Option<String>,
    total: u64,
    has_total: bool,
    pages: BTreeMap<u64, Page>,
    asked_page: Option<u64>,
    /// The turn whose place was asked for, and its place once it is known.
    located: Option<(TurnId, Option<Position>)>,
}

impl List {
    pub(super) fn take(&mut self, page: TurnPage, revision: u64) {
        if page.filter != self.filter {
            return;
        }
        self.asked_page = None;
        self.filter_error = None;
        self.total = page.total;
        self.has_total = true;
        let number = page.from / PAGE;
        let rows = page.rows;
        self.pages.insert(number, Page { revision, rows });
        while self.pages.len() > MAX_PAGES {
            let numbers = self.pages.keys().copied();
            let farthest = numbers.max_by_key(|other| other.abs_diff(number));
            farthest.map(|farthest| self.pages.remove(&farthest));
        }
    }

    /// An empty page of this revision: it is asked for again when the recording has grown.
    pub(super) fn fail(&mut self, filter: &str, from: u64, error: Option<String>, revision: u64) {
        if filter != self.filter {
            return;
        }
        self.asked_page = None;
        if error.is_some() {
            self.filter_error = error;
            self.total = 0;
            self.pages.clear();
        }
        let empty = Page {
            revision,
            rows: Vec::new(),
        };
        self.pages.entry(from / PAGE).or_insert(empty).revision = revision;
        self.has_total = true;
    }

    pub(super) fn take_position(&mut self, filter: &str, turn: TurnId, position: u64, matches: bool) {
        if filter == self.filter && self.located == Some((turn, None)) {
            let found = if matches {
                Position::At(position)
            } else {
                Position::Missing(position)
            };
            self.located = Some((turn, Some(found)));
        }
    }

    pub(super) fn fail_position(&mut self) {
        self.located = None;
    }
}

impl Store {
    /// The filter that the rows match.
    pub fn filter(&self) -> &str {
        &self.list.filter
    }

    /// Why the filter could not be understood.
    pub fn filter_error(&self) -> Option<&str> {
        self.list.filter_error.as_deref()
    }

    /// How many turns match.
    pub const fn total(&self) -> u64 {
        self.list.total
    }

    /// True once the hub has said how many turns match.
    pub const fn has_total(&self) -> bool {
        self.list.has_total
    }

    /// Uses another filter.
    pub fn set_filter(&mut self, filter: &str) {
        if filter != self.list.filter {
            self.list = List {
                filter: filter.to_owned(),
                // What is on screen stays until the first answer.
                total: self.list.total,
                ..List::default()
            };
        }
    }

    /// The row at a position, if its page is here.
    pub fn row(&self, position: u64) -> Option<&TurnRow> {
        let page = self.list.pages.get(&(position / PAGE))?;
        page.rows.get(usize::try_from(position % PAGE).ok()?)
    }

    /// Asks for what is missing or old of the rows from `first` up to `end`.
    pub fn want_rows(&mut self, first: u64, end: u64) {
        for page in first / PAGE..=end.max(first + 1).saturating_sub(1) / PAGE {
            let held = self.list.pages.get(&page);
            if held.is_none_or(|held| held.revision != self.revision) {
                self.want_page(page);
            }
        }
    }

    fn want_page(&mut self, page: u64) {
        // One page is under way at a time: whoever scrolls wants the last one, not all between.
        if self.list.asked_page.is_none() {
            self.list.asked_page = Some(page);
            self.ask(Query::Turns {
                filter: self.list.filter.clone(),
                from: page * PAGE,
                limit: u32::try_from(PAGE).unwrap_or(u32::MAX),
            });
        }
    }

    /// Where a turn stands. None until the hub has said it.
    pub fn locate(&mut self, turn: TurnId) -> Option<Position> {
        if !self.list.has_total || self.list.total == 0 {
            return self.list.has_total.then_some(Position::Missing(0));
        }
        match self.list.located {
            Some((located, position)) if located == turn => {
                // It is asked anew the next time: the list may have grown before it.
                if position.is_some() {
                    self.list.located = None;
                }
                position
            }
            _ => {
                self.list.located = Some((turn, None));
                self.ask(Query::Position {
                    filter: self.list.filter.clone(),
                    turn,
                });
                None
            }
        }
    }
}
