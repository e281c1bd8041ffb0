use std::borrow::Cow;

use rusqlite::params;

use super::{MAX_ROWS, Reader, rows};
use crate::RecordingError;
use crate::detail::FindingRest;
use crate::model::{Finding, TurnId};

/// How the SQL of this crate asks how many findings a turn `t` has.
const COUNT: &str = "findings_of(t)";

/// How it asks which names of the state likely changed in a turn `t`, as a JSON list.
const LIKELY: &str = "likely_of(t)";

impl Reader {
    /// Uses these findings in the place of those in the file: in lists, in filters and in the overview.
    ///
    /// # Errors
    ///
    /// If there is no memory for them.
    pub fn derive_findings(&self, findings: &[Finding]) -> Result<(), RecordingError> {
        let derived = self.write_derived(findings);
        derived.map_err(|error| RecordingError::sqlite("derive the findings of", &self.path, error))?;
        self.has_derived_findings.set(true);
        self.places.borrow_mut().take();
        Ok(())
    }

    fn write_derived(&self, findings: &[Finding]) -> rusqlite::Result<()> {
        // The file itself was opened for reading only.
        self.db.pragma_update(None, "query_only", false)?;
        let written = self.fill_derived(findings);
        self.db.pragma_update(None, "query_only", true)?;
        written
    }

    fn fill_derived(&self, findings: &[Finding]) -> rusqlite::Result<()> {
        if !self.has_derived_findings.get() {
            self.db.execute_batch(
                "PRAGMA temp_store = MEMORY;
                 CREATE TEMP TABLE derived_findings (id INTEGER PRIMARY KEY, turn INTEGER, code TEXT NOT NULL, \
                 severity TEXT NOT NULL, message TEXT NOT NULL, fix TEXT NOT NULL, detail TEXT NOT NULL);
                 CREATE INDEX temp.derived_findings_by_turn ON derived_findings (turn)",
            )?;
        }
        let mut insert = self.db.prepare_cached(
            "INSERT INTO temp.derived_findings (turn, code, severity, message, fix, detail) VALUES (?, ?, ?, ?, ?, ?)",
        )?;
        for finding in findings {
            insert.execute(params![
                finding.turn,
                finding.code.name(),
                finding.severity.name(),
                finding.message,
                finding.fix,
                serde_json::to_string(&FindingRest::of(finding)).unwrap_or_default()
            ])?;
        }
        Ok(())
    }

    /// `sql` over what holds for this file: findings are those in it, or the derived ones, which are in memory beside it;
    /// a file of a format before 1.3 has no names that likely changed.
    pub(super) fn over_this_file<'a>(&self, sql: &'a str) -> Cow<'a, str> {
        let mut sql = Cow::Borrowed(sql);
        if sql.contains(LIKELY) {
            let likely = match self.has_debug_states {
                true => "(SELECT d.changed FROM debug_states AS d WHERE d.turn = t.turn)",
                false => "NULL",
            };
            sql = Cow::Owned(sql.replace(LIKELY, likely));
        }
        if self.has_derived_findings.get() {
            let count = "(SELECT count(*) FROM temp.derived_findings AS f WHERE f.turn = t.turn)";
            let derived = sql.replace(COUNT, count);
            return Cow::Owned(derived.replace("FROM findings", "FROM temp.derived_findings"));
        }
        if sql.contains(COUNT) {
            sql = Cow::Owned(sql.replace(COUNT, "t.findings"));
        }
        sql
    }

    /// Findings in the order in which they were made, from position `from`.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn findings(&self, from: u64, limit: u32) -> Result<Vec<Finding>, RecordingError> {
        let sql = format!("{} ORDER BY id LIMIT ? OFFSET ?", rows::FINDING);
        let values = params![limit.min(MAX_ROWS), i64::try_from(from).unwrap_or(i64::MAX)];
        self.rows("findings", &sql, values, rows::finding)
    }

    /// How many findings there are.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn count_findings(&self) -> Result<u64, RecordingError> {
        let sql = "SELECT count(*) FROM findings";
        Ok(self.number("findings", sql)?.unsigned_abs())
    }

    /// The findings of a turn.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn findings_of_turn(&self, turn: TurnId) -> Result<Vec<Finding>, RecordingError> {
        let sql = format!("{} WHERE turn = ? ORDER BY id LIMIT {MAX_ROWS}", rows::FINDING);
        let what = format!("findings of turn {turn}");
        self.rows(&what, &sql, [turn], rows::finding)
    }
}
