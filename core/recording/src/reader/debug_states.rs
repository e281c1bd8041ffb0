use super::{Budget, Reader, rows};
use crate::RecordingError;
use crate::model::{DebugSource, DebugState, DebugStates, TurnId};

impl Reader {
    /// What djust itself showed of a turn's state; none if it showed nothing, or the file is of a format before 1.3.
    pub(super) fn debug_state(&self, turn: TurnId) -> Result<Option<DebugState>, RecordingError> {
        if !self.has_debug_states {
            return Ok(None);
        }
        let sql = "SELECT source, before, before_turn, after, changed FROM debug_states WHERE turn = ?";
        let what = format!("what djust showed in turn {turn}");
        let found = self.row(&what, sql, [turn], |row| {
            Ok(Some(DebugState {
                source: match row.get_ref(0)?.as_str().unwrap_or_default() {
                    name if name == DebugSource::TimeTravel.name() => DebugSource::TimeTravel,
                    name if name == DebugSource::DebugPayload.name() => DebugSource::DebugPayload,
                    // A later version may know more of them; what they mean is not known here.
                    _ => return Ok(None),
                },
                before: row.get(1)?,
                before_turn: row.get(2)?,
                after: row.get(3)?,
                changed: rows::json_or_none(row, 4)?,
            }))
        })?;
        Ok(found.flatten())
    }

    /// The states of what djust itself showed.
    pub(super) fn debug_states(
        &self,
        shown: Option<&DebugState>,
        budget: &Budget,
    ) -> Result<DebugStates, RecordingError> {
        let Some(shown) = shown else {
            return Ok(DebugStates::default());
        };
        let (before, after) = self.states(shown.before, shown.after, budget)?;
        Ok(DebugStates { before, after })
    }

    /// The names that likely changed in a turn. A table of its own has them, so that what is damaged there hides no row
    /// of the list.
    pub(super) fn likely_changed(&self, turn: TurnId) -> Result<Option<Vec<String>>, RecordingError> {
        if !self.has_debug_states {
            return Ok(None);
        }
        let sql =
            "SELECT CASE WHEN length(changed) <= 65536 THEN changed END FROM debug_states WHERE turn = ?";
        let what = format!("what djust showed in turn {turn}");
        let found = self.row(&what, sql, [turn], |row| rows::json_or_none(row, 0))?;
        Ok(found.flatten())
    }
}
