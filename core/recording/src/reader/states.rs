use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{Reader, rows};
use crate::RecordingError;
use crate::blobs::BlobId;
use crate::error::ReadError;
use crate::model::{Scope, Snapshot, SnapshotId, TurnId};
use crate::schema::MAX_VALUE_BYTES;
use crate::snapshots::{ManifestEntry, ValuePlace, read_manifest};

/// How many bytes of JSON a state may hold.
const MAX_STATE_BYTES: usize = MAX_VALUE_BYTES;

/// A state with the places that its values were read from.
type Placed = (Snapshot, Vec<ManifestEntry>);

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
        Ok(self.one_state(Some(snapshot), None)?.map(|(state, _)| state))
    }

    /// Two states of one view: what they share is read once.
    pub(super) fn states(
        &self,
        before: Option<SnapshotId>,
        after: Option<SnapshotId>,
    ) -> Result<(Option<Snapshot>, Option<Snapshot>), RecordingError> {
        let first = self.one_state(before, None)?;
        let second = self.one_state(after, first.as_ref())?;
        Ok((first.map(|(state, _)| state), second.map(|(state, _)| state)))
    }

    fn one_state(
        &self,
        snapshot: Option<SnapshotId>,
        other: Option<&Placed>,
    ) -> Result<Option<Placed>, RecordingError> {
        let Some(snapshot) = snapshot else {
            return Ok(None);
        };
        match self.read_state(snapshot, other) {
            Ok(state) => Ok(Some(state)),
            Err(error) => self.damaged(&format!("state {snapshot}"), error).map(|()| None),
        }
    }

    /// Reads a state; a value that is also in `other` is taken from there.
    pub(super) fn read_state(
        &self,
        snapshot: SnapshotId,
        other: Option<&Placed>,
    ) -> Result<Placed, ReadError> {
        let known = other.map_or_else(HashMap::new, known_values);
        let mut state = Snapshot::default();
        let mut left = MAX_STATE_BYTES;
        let entries = read_manifest(&self.db, snapshot)?;
        for entry in &entries {
            let value = match &entry.2 {
                ValuePlace::Inline(text) => rows::parse(text)?,
                ValuePlace::Blob(blob) => match known.get(blob) {
                    Some(value) => (*value).clone(),
                    None => self.read_value(*blob, &mut left)?,
                },
            };
            let names: &mut Map<String, Value> = match entry.scope() {
                Scope::Public => &mut state.public,
                Scope::Private => &mut state.private,
            };
            names.insert(entry.1.to_string(), value);
        }
        Ok((state, entries))
    }

    fn read_value(&self, blob: BlobId, left: &mut usize) -> Result<Value, ReadError> {
        let bytes = self.blobs.borrow_mut().read(&self.db, blob, *left)?;
        *left -= bytes.len();
        serde_json::from_slice(&bytes)
            .map_err(|error| ReadError::Damaged(format!("a value is not JSON: {error}")))
    }
}

/// The large values of a state, by where they are stored.
fn known_values((state, entries): &Placed) -> HashMap<BlobId, &Value> {
    let value = |entry: &ManifestEntry| {
        let ValuePlace::Blob(blob) = entry.2 else {
            return None;
        };
        let names = match entry.scope() {
            Scope::Public => &state.public,
            Scope::Private => &state.private,
        };
        Some((blob, names.get(&*entry.1)?))
    };
    entries.iter().filter_map(value).collect()
}
