use std::collections::HashMap;

use serde_json::Value;

use super::{Reader, rows};
use crate::RecordingError;
use crate::blobs::BlobId;
use crate::error::ReadError;
use crate::model::{Scope, Snapshot, SnapshotId, TurnId};
use crate::schema::MAX_VALUE_BYTES;
use crate::snapshots::{ValuePlace, read_manifest};

/// How many bytes of JSON a state may hold.
const MAX_STATE_BYTES: usize = MAX_VALUE_BYTES;

impl Reader {
    /// The states before and after a turn, as far as known.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn state(&self, turn: TurnId) -> Result<(Option<Snapshot>, Option<Snapshot>), RecordingError> {
        let sql = "SELECT before, after FROM turns WHERE turn = ?";
        let found = self.row(&format!("turn {turn}"), sql, [turn], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        let (before, after) = found.unwrap_or_default();
        self.states(before, after)
    }

    /// A stored state; none if it is not there or damaged.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn snapshot(&self, snapshot: SnapshotId) -> Result<Option<Snapshot>, RecordingError> {
        Ok(self.states(None, Some(snapshot))?.1)
    }

    /// Two states of one view: what they share is read once.
    pub(super) fn states(
        &self,
        before: Option<SnapshotId>,
        after: Option<SnapshotId>,
    ) -> Result<(Option<Snapshot>, Option<Snapshot>), RecordingError> {
        let mut shared = HashMap::new();
        let first = self.one_state(before, &mut shared)?;
        let second = if before == after {
            first.clone()
        } else {
            self.one_state(after, &mut shared)?
        };
        Ok((first, second))
    }

    fn one_state(
        &self,
        snapshot: Option<SnapshotId>,
        shared: &mut HashMap<BlobId, Value>,
    ) -> Result<Option<Snapshot>, RecordingError> {
        let Some(snapshot) = snapshot else {
            return Ok(None);
        };
        match self.read_state(snapshot, shared) {
            Ok(state) => Ok(Some(state)),
            Err(error) => self.damaged(&format!("state {snapshot}"), error).map(|()| None),
        }
    }

    pub(super) fn read_state(
        &self,
        snapshot: SnapshotId,
        shared: &mut HashMap<BlobId, Value>,
    ) -> Result<Snapshot, ReadError> {
        let mut state = Snapshot::default();
        let mut left = MAX_STATE_BYTES;
        for entry in read_manifest(&self.db, snapshot)? {
            let scope = entry.scope();
            let value = match &entry.2 {
                ValuePlace::Inline(text) => rows::parse(text)?,
                ValuePlace::Blob(blob) => match shared.get(blob) {
                    Some(value) => value.clone(),
                    None => {
                        let bytes = self.blobs.borrow_mut().read(&self.db, *blob, left)?;
                        left -= bytes.len();
                        let value: Value = serde_json::from_slice(&bytes)
                            .map_err(|error| ReadError::Damaged(format!("a value is not JSON: {error}")))?;
                        shared.insert(*blob, value.clone());
                        value
                    }
                },
            };
            let names = match scope {
                Scope::Public => &mut state.public,
                Scope::Private => &mut state.private,
            };
            names.insert(entry.1.to_string(), value);
        }
        Ok(state)
    }
}
