use rusqlite::params;
use rusqlite::types::Value as Sql;

use super::{Reader, rows};
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
        let condition = filter.condition();
        let sql = format!(
            "SELECT {} FROM turns AS t WHERE {} ORDER BY t.turn LIMIT ? OFFSET ?",
            rows::TURN_ROW,
            condition.sql
        );
        let mut values = condition.values;
        values.push(Sql::Integer(limit.min(MAX_PAGE).into()));
        values.push(Sql::Integer(i64::try_from(from).unwrap_or(i64::MAX)));
        let rows = self.rows("turns", &sql, rusqlite::params_from_iter(values), rows::turn_row)?;
        Ok(Page { total, rows })
    }

    /// How many turns match. The answer for the last filter is kept until the recording grows.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn count(&self, filter: &Filter) -> Result<u64, RecordingError> {
        let revision = self.revision()?;
        if let Some((counted, at, total)) = &*self.counted.borrow()
            && counted == filter
            && *at == revision
        {
            return Ok(*total);
        }
        let condition = filter.condition();
        let sql = format!("SELECT count(*) FROM turns AS t WHERE {}", condition.sql);
        let params = rusqlite::params_from_iter(condition.values);
        let total = self
            .row("turns", &sql, params, |row| Ok(row.get::<_, u64>(0)?))?
            .unwrap_or(0);
        *self.counted.borrow_mut() = Some((filter.clone(), revision, total));
        Ok(total)
    }

    /// The position of a turn among those that match: how many of them come before it.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn turn_position(&self, turn: TurnId, filter: &Filter) -> Result<u64, RecordingError> {
        let found = self.next_to(turn, filter, "SELECT count(*)", "t.turn < ?", "")?;
        Ok(found.unwrap_or(0))
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

    fn next_to(
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
        values.push(Sql::Integer(i64::try_from(turn).unwrap_or(i64::MAX)));
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
            "SELECT {} FROM turns AS t WHERE t.connection = ? AND t.turn > ? ORDER BY t.turn LIMIT ?",
            rows::TURN_ROW
        );
        self.rows(
            "turns",
            &sql,
            params![connection, after, limit.min(MAX_PAGE)],
            rows::turn_row,
        )
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
             sum(kind_of = 0), sum(kind_of = 1), sum(kind_of = 2), sum(kind_of = 3), sum(queries), sum(findings), \
             min(turn) FROM (SELECT turn, t_us, queries, findings, CASE \
             WHEN outcome = 'error' OR exception IS NOT NULL THEN 3 \
             WHEN outcome IN ('full_html', 'recovered') THEN 2 \
             WHEN outcome IN ('noop', 'empty_patch', 'silent', 'unanswered') THEN 1 \
             ELSE 0 END AS kind_of FROM turns) GROUP BY place";
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
