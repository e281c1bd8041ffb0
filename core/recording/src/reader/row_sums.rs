//! Rows that are not as they were written. They are shown all the same, with a word that says so.

use super::Reader;
use crate::RecordingError;
use crate::model::Turn;
use crate::schema::{SINCE_1_2, SINCE_1_3, SUMMED, summed};

/// Most rows of one kind that are named.
const MAX_NAMED: u32 = 100;

impl Reader {
    /// An expression that is true for a row of `table` that is not as it was written; false in a file without sums.
    /// `prefix` stands before each column, as in `t.`.
    pub(super) fn is_changed(&self, table: &str, prefix: &str) -> String {
        if !self.has_row_sums {
            return "0".to_owned();
        }
        let columns: Vec<String> = summed(table)
            .split(", ")
            .map(|column| format!("{prefix}{column}"))
            .collect();
        format!("{prefix}sum IS NOT row_sum({})", columns.join(", "))
    }

    /// Notes what of a turn is not as it was written.
    pub(super) fn check_rows_of(&self, turn: &Turn) -> Result<(), RecordingError> {
        let number = Some(turn.turn);
        let debug = turn.debug_state.as_ref();
        let parts = [
            ("turns", "turn", "turn", number),
            ("turn_details", "turn", "turn", number),
            ("frames", "frame", "turn", number),
            ("patches", "frame", "turn", number),
            ("spans", "span", "turn", number),
            ("logs", "id", "turn", number),
            ("http", "http", "http", turn.http),
            ("connections", "connection", "connection", turn.connection),
            ("views", "view", "view", turn.view_id),
            ("view_classes", "view", "view", turn.view_id),
            ("snapshots", "snapshot", "snapshot", turn.before),
            ("snapshots", "snapshot", "snapshot", turn.after),
            ("snapshots", "snapshot", "snapshot", turn.handed),
            ("debug_states", "turn", "turn", number),
            (
                "snapshots",
                "snapshot",
                "snapshot",
                debug.and_then(|debug| debug.before),
            ),
            (
                "snapshots",
                "snapshot",
                "snapshot",
                debug.and_then(|debug| debug.after),
            ),
        ];
        for (table, name, column, key) in parts {
            if let Some(key) = key {
                self.check_rows(table, name, &format!("{column} = {key}"))?;
            }
        }
        for state in [turn.before, turn.after, turn.handed].into_iter().flatten() {
            let base = format!("snapshot = (SELECT base FROM snapshots WHERE snapshot = {state})");
            self.check_rows("snapshots", "snapshot", &base)?;
        }
        Ok(())
    }

    /// Notes the rows of all tables that are not as they were written.
    pub(super) fn check_all_rows(&self) -> Result<(), RecordingError> {
        for (table, columns) in SUMMED {
            let name = columns.split(',').next().unwrap_or("rowid");
            self.check_rows(table, name, "1")?;
        }
        Ok(())
    }

    fn check_rows(&self, table: &str, name: &str, condition: &str) -> Result<(), RecordingError> {
        let is_absent = (SINCE_1_2.contains(&table) && !self.has_sources)
            || (SINCE_1_3.contains(&table) && !self.has_debug_states);
        if !self.has_row_sums || is_absent {
            return Ok(());
        }
        let changed = self.is_changed(table, "");
        let sql = format!(
            "SELECT CAST({name} AS TEXT) FROM main.{table} WHERE {condition} AND {changed} LIMIT {MAX_NAMED}"
        );
        let rows: Vec<String> = self.rows(table, &sql, [], |row| Ok(row.get(0)?))?;
        for row in rows {
            self.note_damage(
                format!("{table}: the row of {name} {row} is not as it was written"),
                1,
            );
        }
        Ok(())
    }
}
