use super::Reader;
use crate::RecordingError;
use crate::schema::MAX_VALUE_BYTES;

impl Reader {
    /// Reads everything and says what is damaged; empty if nothing is.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn verify(&self) -> Result<Vec<String>, RecordingError> {
        let mut problems: Vec<String> =
            self.rows("the database", "PRAGMA integrity_check(20)", [], |row| {
                Ok(row.get(0)?)
            })?;
        problems.retain(|problem| problem != "ok");
        let blobs: Vec<i64> = self.rows(
            "stored values",
            "SELECT blob FROM blobs ORDER BY blob",
            [],
            |row| Ok(row.get(0)?),
        )?;
        for blob in blobs {
            let read = self.blobs.borrow_mut().read(&self.db, blob, MAX_VALUE_BYTES);
            if let Err(error) = read {
                problems.push(format!("stored value {blob}: {}", error.damage(&self.path)?));
            }
        }
        let states: Vec<u64> = self.rows(
            "states",
            "SELECT snapshot FROM snapshots ORDER BY snapshot",
            [],
            |row| Ok(row.get(0)?),
        )?;
        for state in states {
            if let Err(error) = self.read_state(state) {
                problems.push(format!("state {state}: {}", error.damage(&self.path)?));
            }
        }
        let turns: Vec<u64> = self.rows("turns", "SELECT turn FROM turns ORDER BY turn", [], |row| {
            Ok(row.get(0)?)
        })?;
        for turn in turns {
            self.turn_record(turn)?;
            self.frames_of_turn(turn)?;
            self.patches_of_turn(turn)?;
        }
        for view in self.views()? {
            for source in view.class_data.iter().flat_map(|data| &data.sources) {
                self.source(&source.hash)?;
            }
        }
        self.check_all_rows()?;
        self.check_pages()?;
        problems.extend(self.problems());
        Ok(problems)
    }
}
