//! Which turn stands at which position of a filtered list.
//!
//! The database finds a row by its number at once and by its position only by counting. So every so many matching turns one is
//! noted, when somebody first looks deep into a list.

use rusqlite::params_from_iter;

use super::turns::integer;
use super::{Reader, Revision};
use crate::RecordingError;
use crate::filter::Filter;
use crate::model::TurnId;

/// From one noted turn to the next, in matching turns.
const NOTED_EVERY: u64 = 512;

/// Positions before this one are found by counting.
const COUNTED_UP_TO: u64 = 2 * NOTED_EVERY;

/// A turn and its position among those that match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub turn: TurnId,
    pub position: u64,
}

/// What is known of the list that a filter makes, until the recording grows.
pub(super) struct Places {
    filter: Filter,
    revision: Revision,
    total: u64,
    noted: Option<Noted>,
}

enum Noted {
    /// Every number from this one on has a turn that matches.
    WithoutGaps(TurnId),
    /// The turns at the positions that are multiples of [`NOTED_EVERY`].
    Every(Vec<TurnId>),
}

impl Noted {
    /// The last noted place at or before a position.
    fn at(&self, position: u64) -> Place {
        match self {
            Self::WithoutGaps(first) => Place {
                turn: first.saturating_add(position),
                position,
            },
            Self::Every(turns) => {
                let at = usize::try_from(position / NOTED_EVERY).unwrap_or(usize::MAX);
                let at = at.min(turns.len().saturating_sub(1));
                Place {
                    turn: turns.get(at).copied().unwrap_or(0),
                    position: at as u64 * NOTED_EVERY,
                }
            }
        }
    }

    /// The last noted place at or before a turn.
    fn before(&self, turn: TurnId, total: u64) -> Place {
        match self {
            Self::WithoutGaps(first) => {
                let position = turn.saturating_sub(*first).min(total);
                self.at(position)
            }
            Self::Every(turns) => {
                let at = turns.partition_point(|noted| *noted <= turn).saturating_sub(1);
                self.at(at as u64 * NOTED_EVERY)
            }
        }
    }
}

impl Reader {
    /// How many turns match. The answer for the last filter is kept until the recording grows.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn count(&self, filter: &Filter) -> Result<u64, RecordingError> {
        let revision = self.revision()?;
        if let Some(places) = &*self.places.borrow()
            && places.filter == *filter
            && places.revision == revision
        {
            return Ok(places.total);
        }
        let condition = filter.condition();
        let sql = format!("SELECT count(*) FROM turns AS t WHERE {}", condition.sql);
        let params = params_from_iter(condition.values);
        let total = self
            .row("turns", &sql, params, |row| Ok(row.get::<_, u64>(0)?))?
            .unwrap_or(0);
        *self.places.borrow_mut() = Some(Places {
            filter: filter.clone(),
            revision,
            total,
            noted: None,
        });
        Ok(total)
    }

    /// The position of a turn among those that match: how many of them come before it.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn turn_position(&self, turn: TurnId, filter: &Filter) -> Result<u64, RecordingError> {
        let total = self.count(filter)?;
        let near = if total > COUNTED_UP_TO {
            self.noted(filter, |noted| noted.before(turn, total))?
        } else {
            Place::default()
        };
        let condition = filter.condition();
        let sql = format!(
            "SELECT count(*) FROM turns AS t WHERE {} AND t.turn >= ? AND t.turn < ?",
            condition.sql
        );
        let mut values = condition.values;
        values.extend([integer(near.turn), integer(turn)]);
        let between = self.row("turns", &sql, params_from_iter(values), |row| {
            Ok(row.get::<_, u64>(0)?)
        })?;
        Ok(near.position + between.unwrap_or(0))
    }

    /// A place from which the turn at `position` is found by counting a little.
    pub(super) fn place_near(&self, filter: &Filter, position: u64) -> Result<Place, RecordingError> {
        if position < COUNTED_UP_TO {
            return Ok(Place::default());
        }
        self.noted(filter, |noted| noted.at(position))
    }

    /// Looks into the noted turns, which are made now if they are not there. If a part of the table cannot be read there
    /// are none, and it is counted from the first turn on.
    fn noted(&self, filter: &Filter, look: impl FnOnce(&Noted) -> Place) -> Result<Place, RecordingError> {
        let total = self.count(filter)?;
        let is_made = self
            .places
            .borrow()
            .as_ref()
            .is_some_and(|places| places.noted.is_some());
        if !is_made {
            let noted = match self.first_without_gaps(filter, total)? {
                Some(first) => Some(Noted::WithoutGaps(first)),
                None => self.note_turns(filter)?.map(Noted::Every),
            };
            if let Some(places) = &mut *self.places.borrow_mut() {
                places.noted = noted;
            }
        }
        let places = self.places.borrow();
        let noted = places.as_ref().and_then(|places| places.noted.as_ref());
        Ok(noted.map_or_else(Place::default, look))
    }

    fn first_without_gaps(&self, filter: &Filter, total: u64) -> Result<Option<TurnId>, RecordingError> {
        if *filter != Filter::default() {
            return Ok(None);
        }
        let end = |function: &str| {
            let sql = format!("SELECT {function}(turn) FROM turns");
            self.row("turns", &sql, [], |row| Ok(row.get::<_, Option<TurnId>>(0)?))
        };
        let (first, last) = (end("min")?.flatten(), end("max")?.flatten());
        Ok(first
            .zip(last)
            .filter(|(first, last)| last - first + 1 == total)
            .map(|(first, _)| first))
    }

    fn note_turns(&self, filter: &Filter) -> Result<Option<Vec<TurnId>>, RecordingError> {
        let condition = filter.condition();
        let sql = format!(
            "SELECT t.turn FROM turns AS t WHERE {} ORDER BY t.turn",
            condition.sql
        );
        let mut position = 0;
        let mut noted = Vec::new();
        let seen = self.seen_rows("turns", &sql, params_from_iter(condition.values), |row| {
            if position % NOTED_EVERY == 0 {
                noted.push(row.get(0)?);
            }
            position += 1;
            Ok(())
        })?;
        Ok((!seen.is_broken).then_some(noted))
    }
}
