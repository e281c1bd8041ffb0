//! What the hub has answered, and what has yet to be asked.

use std::collections::BTreeMap;

use djscope_hub::model::{OverviewColumn, TurnDetail, TurnId, TurnRow};
use djscope_hub::{Answer, Client, Query, Status, TurnPage};

/// Rows of one page of the list.
pub const PAGE: u64 = 128;

/// Pages that are kept; the ones farthest from the last use go first.
const MAX_PAGES: usize = 32;

/// The overview of a growing recording is asked for at most this often, in seconds.
const OVERVIEW_PAUSE: f64 = 0.5;

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

/// Why the hub could not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong and where.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// The overview as last answered.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// Columns of equal time.
    pub columns: Vec<OverviewColumn>,
    /// The time that they cover.
    pub span_us: i64,
    revision: u64,
    asked_at: f64,
}

/// Answers, by question. Views read it and say what they lack; the panel asks.
#[derive(Default)]
pub struct Store {
    status: Option<Status>,
    status_at: f64,
    revision: u64,
    filter: String,
    filter_error: Option<String>,
    total: u64,
    has_total: bool,
    pages: BTreeMap<u64, Page>,
    asked_page: Option<u64>,
    turn: Option<Box<TurnDetail>>,
    turn_revision: u64,
    asked_turn: Option<TurnId>,
    overview: Overview,
    failure: Option<Failure>,
    outbox: Vec<Query>,
}

impl Store {
    /// Takes what has arrived; `now` is the time of the screen in seconds.
    pub fn receive(&mut self, client: &mut dyn Client, now: f64) {
        for answer in client.answers() {
            match answer {
                Answer::Status(status) => self.take_status(status, now),
                Answer::Turns(page) => self.take_page(page),
                Answer::Turn(detail) => {
                    if self.asked_turn == Some(detail.turn.turn) {
                        self.turn = Some(detail);
                        self.turn_revision += 1;
                    }
                }
                Answer::Overview { columns, span_us } => {
                    self.overview.columns = columns;
                    self.overview.span_us = span_us;
                }
                Answer::Failed { query, message, hint } => self.take_failure(&query, message, hint),
                Answer::Http { .. } => {}
            }
        }
    }

    /// Asks what the views lacked. True if anything was asked.
    pub fn send(&mut self, client: &mut dyn Client) -> bool {
        let queries = std::mem::take(&mut self.outbox);
        let has_asked = !queries.is_empty();
        for query in queries {
            client.ask(query);
        }
        has_asked
    }

    fn take_status(&mut self, status: Status, now: f64) {
        let has_grown = self.status.as_ref().is_none_or(|old| {
            (old.turns, old.frames, old.findings, old.size_bytes)
                != (status.turns, status.frames, status.findings, status.size_bytes)
        });
        if has_grown {
            self.revision += 1;
        }
        self.status = Some(status);
        self.status_at = now;
    }

    fn take_page(&mut self, page: TurnPage) {
        if page.filter != self.filter {
            return;
        }
        self.asked_page = None;
        self.failure = None;
        self.filter_error = page.filter_error;
        self.total = page.total;
        self.has_total = true;
        let number = page.from / PAGE;
        self.pages.insert(
            number,
            Page {
                revision: self.revision,
                rows: page.rows,
            },
        );
        while self.pages.len() > MAX_PAGES {
            let farthest = self
                .pages
                .keys()
                .copied()
                .max_by_key(|other| other.abs_diff(number));
            farthest.map(|farthest| self.pages.remove(&farthest));
        }
    }

    fn take_failure(&mut self, query: &Query, message: String, hint: Option<String>) {
        match query {
            Query::Turns { from, .. } => {
                // An empty page of this revision: it is asked for again when the recording has grown.
                self.asked_page = None;
                let revision = self.revision;
                self.pages
                    .entry(from / PAGE)
                    .or_insert(Page {
                        revision,
                        rows: Vec::new(),
                    })
                    .revision = revision;
                self.has_total = true;
            }
            Query::Turn { turn } if self.asked_turn != Some(*turn) => return,
            _ => {}
        }
        self.failure = Some(Failure { message, hint });
    }

    /// The state of the recording; none until the hub has said it.
    pub const fn status(&self) -> Option<&Status> {
        self.status.as_ref()
    }

    /// When the status arrived, in the time of the screen.
    pub const fn status_at(&self) -> f64 {
        self.status_at
    }

    /// The filter that the rows match.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// Why the filter could not be understood.
    pub fn filter_error(&self) -> Option<&str> {
        self.filter_error.as_deref()
    }

    /// How many turns match.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// True once the hub has said how many turns match.
    pub const fn has_total(&self) -> bool {
        self.has_total
    }

    /// Why the hub could not answer.
    pub const fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Uses another filter.
    pub fn set_filter(&mut self, filter: &str) {
        if filter != self.filter {
            filter.clone_into(&mut self.filter);
            self.pages.clear();
            self.asked_page = None;
            self.has_total = false;
        }
    }

    /// The row at a position, if its page is here.
    pub fn row(&self, position: u64) -> Option<&TurnRow> {
        let page = self.pages.get(&(position / PAGE))?;
        page.rows.get(usize::try_from(position % PAGE).ok()?)
    }

    /// Asks for what is missing or old of the rows from `first` up to `end`.
    pub fn want_rows(&mut self, first: u64, end: u64) {
        for page in first / PAGE..=end.max(first + 1).saturating_sub(1) / PAGE {
            if self
                .pages
                .get(&page)
                .is_none_or(|held| held.revision != self.revision)
            {
                self.want_page(page);
            }
        }
    }

    fn want_page(&mut self, page: u64) {
        // One page is under way at a time: a newer question would replace it.
        if self.asked_page.is_none() {
            self.asked_page = Some(page);
            let limit = u32::try_from(PAGE).unwrap_or(u32::MAX);
            self.outbox.push(Query::Turns {
                filter: self.filter.clone(),
                from: page * PAGE,
                limit,
            });
        }
    }

    /// Where a turn stands. None until the pages on the way have arrived.
    pub fn locate(&mut self, turn: TurnId) -> Option<Position> {
        if !self.has_total || self.total == 0 {
            return self.has_total.then_some(Position::Missing(0));
        }
        let (mut low, mut high) = (0, (self.total - 1) / PAGE);
        // Without a filter turns are numbered as they stand.
        let mut guess = if self.filter.is_empty() {
            (turn.saturating_sub(1)) / PAGE
        } else {
            u64::midpoint(low, high)
        };
        loop {
            guess = guess.clamp(low, high);
            let Some(page) = self.pages.get(&guess) else {
                self.want_page(guess);
                return None;
            };
            let (Some(first), Some(last)) = (page.rows.first(), page.rows.last()) else {
                return Some(Position::Missing(guess * PAGE));
            };
            if turn < first.turn && guess > low {
                high = guess - 1;
            } else if turn > last.turn && guess < high {
                low = guess + 1;
            } else {
                let place = page.rows.partition_point(|row| row.turn < turn);
                let position = guess * PAGE + place as u64;
                let is_there = page.rows.get(place).is_some_and(|row| row.turn == turn);
                return Some(if is_there {
                    Position::At(position)
                } else {
                    Position::Missing(position)
                });
            }
            guess = u64::midpoint(low, high);
        }
    }

    /// The turn that was asked for last; the one before it until the answer is here.
    pub fn turn(&self) -> Option<&TurnDetail> {
        self.turn.as_deref()
    }

    /// Changes whenever [`Store::turn`] does.
    pub const fn turn_revision(&self) -> u64 {
        self.turn_revision
    }

    /// Asks for a turn.
    pub fn want_turn(&mut self, turn: TurnId) {
        if self.asked_turn != Some(turn) {
            self.asked_turn = Some(turn);
            self.outbox.push(Query::Turn { turn });
        }
    }

    /// The overview as last answered.
    pub const fn overview(&self) -> &Overview {
        &self.overview
    }

    /// Asks for the overview if it is old. Gives the seconds to wait if it is too early for that.
    pub fn want_overview(&mut self, columns: u32, now: f64) -> Option<f64> {
        let is_sized = self.overview.columns.len() == columns as usize;
        if self.revision == 0 || (self.overview.revision == self.revision && is_sized) {
            return None;
        }
        let wait = self.overview.asked_at + OVERVIEW_PAUSE - now;
        if self.overview.revision > 0 && wait > 0.0 {
            return Some(wait);
        }
        self.overview.revision = self.revision;
        self.overview.asked_at = now;
        self.outbox.push(Query::Overview { columns });
        None
    }

    /// Asks the hub to stop recording or to go on.
    pub fn pause(&mut self, paused: bool) {
        self.outbox.push(Query::Pause { paused });
    }
}
