use rusqlite::types::Value as Sql;
use rusqlite::{OptionalExtension, params};

use super::{Reader, Seen, rows};
use crate::RecordingError;
use crate::filter::Filter;
use crate::model::{ConnectionId, Micros, OverviewColumn, TurnId, TurnRow};

/// Most rows of one page.
const MAX_PAGE: u32 = 10_000;

/// Most columns of an overview.
const MAX_COLUMNS: u32 = 10_000;

/// A page of the list of turns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// How many turns match.
    pub total: u64,
    /// The rows, oldest first.
    pub rows: Vec<TurnRow>,
}

/// The whole recording in columns of equal time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// One entry a column, in order of time.
    pub columns: Vec<OverviewColumn>,
    /// The time that all columns cover, from the start of the recording.
    pub span_us: i64,
}

impl Reader {
    /// A page of the turns that match, oldest first, from position `from` among them.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn turns(&self, filter: &Filter, from: u64, limit: u32) -> Result<Page, RecordingError> {
        let total = self.count(filter)?;
        let place = self.place_near(filter, from)?;
        let condition = filter.condition();
        let sql = format!(
            "SELECT {}, {} FROM turns AS t WHERE {} AND t.turn >= ? ORDER BY t.turn LIMIT ? OFFSET ?",
            rows::TURN_ROW,
            self.is_changed("turns", "t."),
            condition.sql
        );
        let mut values = condition.values;
        values.push(integer(place.turn));
        values.push(Sql::Integer(limit.min(MAX_PAGE).into()));
        values.push(integer(from - place.position));
        let seen = self.turn_rows(&sql, values)?;
        Ok(Page {
            total,
            rows: seen.found,
        })
    }

    /// The turns that match and come after `after`, oldest first, at most `limit`; empty only at the end. A turn that
    /// cannot be read has a row that says so.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn turns_after(
        &self,
        filter: &Filter,
        after: TurnId,
        limit: u32,
    ) -> Result<Vec<TurnRow>, RecordingError> {
        let columns = format!("{}, {}", rows::TURN_ROW, self.is_changed("turns", "t."));
        self.matching_after(filter, after, limit, &columns, |sql, values| {
            self.turn_rows(sql, values)
        })
    }

    /// Only the numbers of those turns.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn turn_numbers_after(
        &self,
        filter: &Filter,
        after: TurnId,
        limit: u32,
    ) -> Result<Vec<TurnId>, RecordingError> {
        self.matching_after(filter, after, limit, "t.turn", |sql, values| {
            self.seen_rows("turns", sql, rusqlite::params_from_iter(values), |row| {
                Ok(row.get(0)?)
            })
        })
    }

    fn matching_after<T>(
        &self,
        filter: &Filter,
        mut after: TurnId,
        limit: u32,
        columns: &str,
        read: impl Fn(&str, Vec<Sql>) -> Result<Seen<T>, RecordingError>,
    ) -> Result<Vec<T>, RecordingError> {
        let condition = filter.condition();
        let sql = format!(
            "SELECT {columns} FROM turns AS t WHERE {} AND t.turn > ? ORDER BY t.turn LIMIT ?",
            condition.sql
        );
        loop {
            let mut values = condition.values.clone();
            values.push(integer(after));
            values.push(Sql::Integer(limit.clamp(1, MAX_PAGE).into()));
            let seen = read(&sql, values)?;
            if !seen.found.is_empty() || !seen.is_broken {
                return Ok(seen.found);
            }
            match self.turn_behind_damage(after) {
                Some(next) => after = next - 1,
                None => return Ok(Vec::new()),
            }
        }
    }

    /// Rows of the list. One that cannot be read keeps its place.
    fn turn_rows(&self, sql: &str, values: Vec<Sql>) -> Result<Seen<TurnRow>, RecordingError> {
        let seen = self.seen_rows("turns", sql, rusqlite::params_from_iter(values), |row| {
            let turn: TurnId = row.get(0)?;
            let is_changed: bool = row.get(rows::TURN_ROW_COLUMNS)?;
            Ok((turn, is_changed, rows::turn_row(row)))
        })?;
        let mut found = Vec::with_capacity(seen.found.len());
        for (turn, is_changed, row) in seen.found {
            let likely_changed = match &row {
                Ok(row) if row.changed.is_none() => self.likely_changed(turn)?,
                _ => None,
            };
            let row = row.map(|row| TurnRow {
                likely_changed,
                ..row
            });
            found.push(match row {
                Ok(row) if is_changed => {
                    let damage = format!("turn {turn}: its row is not as it was written");
                    self.note_damage(damage.clone(), 1);
                    TurnRow {
                        damage: Some(damage),
                        ..row
                    }
                }
                Ok(row) => row,
                Err(error) => TurnRow::damaged(turn, self.damaged(&format!("turn {turn}"), error)?),
            });
        }
        Ok(Seen {
            found,
            rows: seen.rows,
            is_broken: seen.is_broken,
        })
    }

    /// The first turn after a damaged place behind `after` that the table leads to; what lies between is noted.
    fn turn_behind_damage(&self, after: TurnId) -> Option<TurnId> {
        let last = i64::MAX.unsigned_abs();
        let probe = |from: TurnId| {
            let sql = "SELECT turn FROM turns WHERE turn >= ? ORDER BY turn LIMIT 1";
            let found = self.db.prepare_cached(sql).and_then(|mut statement| {
                statement
                    .query_row([from], |row| row.get::<_, TurnId>(0))
                    .optional()
            });
            found.ok()
        };
        // The place itself is readable: then it is this one turn that the filter fails on.
        let (mut bad, mut step) = (after + 1, 1);
        let mut good = match probe(bad) {
            Some(found) => found.map_or(last, |turn| turn + 1),
            None => loop {
                let next = bad.saturating_add(step).min(last);
                match probe(next) {
                    Some(_) => break next,
                    None if next == last => break last,
                    None => (bad, step) = (next, step * 2),
                }
            },
        };
        while good - bad > 1 && probe(bad).is_none() {
            let middle = bad + (good - bad) / 2;
            if probe(middle).is_some() {
                good = middle;
            } else {
                bad = middle;
            }
        }
        let next = probe(good).flatten().or((good < last).then_some(good));
        let sentence = match next {
            Some(next) => format!("turns after {after}: none can be read before turn {next}"),
            None => format!("turns after {after}: none can be read"),
        };
        self.note_damage(sentence, 1);
        next
    }

    /// The last matching turn before `turn`.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn turn_before(&self, turn: TurnId, filter: &Filter) -> Result<Option<TurnId>, RecordingError> {
        self.next_to(
            turn,
            filter,
            "SELECT t.turn",
            "t.turn < ?",
            "ORDER BY t.turn DESC LIMIT 1",
        )
    }

    /// The first matching turn after `turn`.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn turn_after(&self, turn: TurnId, filter: &Filter) -> Result<Option<TurnId>, RecordingError> {
        self.next_to(
            turn,
            filter,
            "SELECT t.turn",
            "t.turn > ?",
            "ORDER BY t.turn LIMIT 1",
        )
    }

    pub(super) fn next_to(
        &self,
        turn: TurnId,
        filter: &Filter,
        select: &str,
        side: &str,
        order: &str,
    ) -> Result<Option<u64>, RecordingError> {
        let condition = filter.condition();
        let sql = format!(
            "{select} FROM turns AS t WHERE {} AND {side} {order}",
            condition.sql
        );
        let mut values = condition.values;
        values.push(integer(turn));
        self.row("turns", &sql, rusqlite::params_from_iter(values), |row| {
            Ok(row.get(0)?)
        })
    }

    /// The last turn whose cause was seen at or before a time.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn turn_at(&self, t_us: Micros) -> Result<Option<TurnId>, RecordingError> {
        let sql = "SELECT turn FROM turns WHERE t_us <= ? ORDER BY t_us DESC, turn DESC LIMIT 1";
        self.row("turns", sql, [t_us], |row| Ok(row.get(0)?))
    }

    /// The turns of a connection after `after`, oldest first.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn turns_of_connection(
        &self,
        connection: ConnectionId,
        after: TurnId,
        limit: u32,
    ) -> Result<Vec<TurnRow>, RecordingError> {
        let sql = format!(
            "SELECT {}, {} FROM turns AS t WHERE t.connection = ? AND t.turn > ? ORDER BY t.turn LIMIT ?",
            rows::TURN_ROW,
            self.is_changed("turns", "t."),
        );
        let values = vec![
            integer(connection),
            integer(after),
            Sql::Integer(limit.min(MAX_PAGE).into()),
        ];
        Ok(self.turn_rows(&sql, values)?.found)
    }

    /// The whole recording in so many columns of equal time.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn overview(&self, columns: u32) -> Result<Overview, RecordingError> {
        let columns = columns.clamp(1, MAX_COLUMNS);
        let span_us = self.totals()?.span_us.max(1);
        let sql = "SELECT CAST(min(max(t_us, 0) * ?1 / ?2, ?1 - 1) AS INTEGER) AS place, \
             sum(kind_of = 0), sum(kind_of = 1), sum(kind_of = 2), sum(kind_of = 3), sum(queries), sum(found), \
             min(turn) FROM (SELECT turn, t_us, queries, findings_of(t) AS found, CASE \
             WHEN outcome = 'error' OR exception IS NOT NULL THEN 3 \
             WHEN outcome IN ('full_html', 'recovered') THEN 2 \
             WHEN outcome IN ('noop', 'empty_patch', 'silent', 'unanswered') THEN 1 \
             ELSE 0 END AS kind_of FROM turns AS t) GROUP BY place";
        let found = self.rows("the overview", sql, params![columns, span_us], |row| {
            let place: u32 = row.get(0)?;
            let column = OverviewColumn {
                ok: row.get(1)?,
                quiet: row.get(2)?,
                warning: row.get(3)?,
                error: row.get(4)?,
                queries: row.get(5)?,
                findings: row.get(6)?,
                first_turn: row.get(7)?,
            };
            Ok((place, column))
        })?;
        let mut all = vec![OverviewColumn::default(); columns as usize];
        for (place, column) in found {
            if let Some(slot) = all.get_mut(place as usize) {
                *slot = column;
            }
        }
        Ok(Overview {
            columns: all,
            span_us,
        })
    }
}

/// A number for a query; one that is too large for the database is larger than all that it has.
pub(super) fn integer(number: u64) -> Sql {
    Sql::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}
