use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Budget, Reader, rows};
use crate::RecordingError;
use crate::blobs::BlobId;
use crate::error::ReadError;
use crate::model::{Scope, Snapshot, SnapshotId, StateText, TurnId};
use crate::schema::MAX_VALUE_BYTES;
use crate::snapshots::{ManifestEntry, ValuePlace, read_manifest};

/// Most names of a state that are given.
const MAX_NAMES: usize = 10_000;

/// Two states of at least so many bytes of JSON each are read by two threads.
const PARSED_APART_BYTES: usize = 128 << 10;

/// A state as text.
#[derive(Default)]
struct Texts {
    entries: Vec<(ManifestEntry, Text)>,
    /// Names beyond those.
    further: usize,
}

/// The JSON of a value.
enum Text {
    /// It stands in the manifest.
    Inline,
    /// It was stored beside it.
    Stored(Arc<[u8]>),
    /// It is that of the other state.
    Shared,
}

impl Texts {
    /// Bytes of JSON that have to be read for it.
    fn stored_bytes(&self) -> usize {
        let stored = self.entries.iter().map(|(_, text)| match text {
            Text::Stored(bytes) => bytes.len(),
            Text::Inline | Text::Shared => 0,
        });
        stored.sum()
    }
}

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
        self.states(before, after, &Budget::new())
    }

    /// A stored state; none if it is not there or damaged.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn snapshot(&self, snapshot: SnapshotId) -> Result<Option<Snapshot>, RecordingError> {
        self.snapshot_within(snapshot, &Budget::new())
    }

    pub(super) fn snapshot_within(
        &self,
        snapshot: SnapshotId,
        budget: &Budget,
    ) -> Result<Option<Snapshot>, RecordingError> {
        let state = self.texts(snapshot, None, budget).and_then(|texts| {
            self.note_further(snapshot, &texts);
            parse(&texts)
        });
        self.readable(snapshot, state)
    }

    fn note_further(&self, snapshot: SnapshotId, texts: &Texts) {
        if texts.further > 0 {
            self.too_much(&format!("names of state {snapshot}"), texts.further as u64);
        }
    }

    /// Two states of one view: what they share is read once.
    pub(super) fn states(
        &self,
        before: Option<SnapshotId>,
        after: Option<SnapshotId>,
        budget: &Budget,
    ) -> Result<(Option<Snapshot>, Option<Snapshot>), RecordingError> {
        let one = |snapshot| self.snapshot_within(snapshot, budget);
        let (Some(before), Some(after)) = (before, after) else {
            return Ok((before.map_or(Ok(None), one)?, after.map_or(Ok(None), one)?));
        };
        let spent = budget.0.get();
        let both = self.texts(before, None, budget).and_then(|first| {
            let second = self.texts(after, Some(&first), budget)?;
            let states = parse_both(&first, &second)?;
            self.note_further(before, &first);
            self.note_further(after, &second);
            Ok(states)
        });
        match both {
            Ok((first, second)) => Ok((Some(first), Some(second))),
            // One may be well even if the other is not.
            Err(_) => {
                budget.0.set(spent);
                Ok((one(before)?, one(after)?))
            }
        }
    }

    /// Two states of one view whose values are still texts; those that they share are read once. None if one is not
    /// there or damaged. A value that is no JSON although it is what was written is met by whoever looks at it.
    pub(super) fn state_texts(
        &self,
        before: Option<SnapshotId>,
        after: Option<SnapshotId>,
        budget: &Budget,
    ) -> Result<(Option<StateText>, Option<StateText>), RecordingError> {
        let read = |snapshot: SnapshotId, other: Option<&Texts>| {
            let texts = self.texts(snapshot, other, budget);
            if let Ok(texts) = &texts {
                self.note_further(snapshot, texts);
            }
            self.readable(snapshot, texts)
        };
        let first = before.map_or(Ok(None), |before| read(before, None))?;
        let second = after.map_or(Ok(None), |after| read(after, first.as_ref()))?;
        let second = second.map(|second| state_text(second, first.as_ref()));
        Ok((first.map(|first| state_text(first, None)), second))
    }

    fn readable<T>(
        &self,
        snapshot: SnapshotId,
        state: Result<T, ReadError>,
    ) -> Result<Option<T>, RecordingError> {
        match state {
            Ok(state) => Ok(Some(state)),
            Err(error) => self.damaged(&format!("state {snapshot}"), error).map(|_| None),
        }
    }

    pub(super) fn read_state(&self, snapshot: SnapshotId) -> Result<Snapshot, ReadError> {
        parse(&self.texts(snapshot, None, &Budget::new())?)
    }

    /// Reads a state as text, without the values that `other` has.
    fn texts(
        &self,
        snapshot: SnapshotId,
        other: Option<&Texts>,
        budget: &Budget,
    ) -> Result<Texts, ReadError> {
        // Each can be taken over once: a manifest that names one value often would grow without bound.
        let mut shared: HashSet<(u8, Arc<str>, BlobId)> = other
            .into_iter()
            .flat_map(|other| &other.entries)
            .filter_map(|(entry, _)| stored_at(entry))
            .collect();
        let mut texts = Texts::default();
        let mut entries = read_manifest(&self.db, snapshot)?;
        texts.further = entries.len().saturating_sub(MAX_NAMES);
        entries.truncate(MAX_NAMES);
        for entry in entries {
            let is_shared = stored_at(&entry).is_some_and(|place| shared.remove(&place));
            let text = match entry.2 {
                ValuePlace::Inline(_) => Text::Inline,
                ValuePlace::Blob(_) if is_shared => Text::Shared,
                ValuePlace::Blob(blob) => {
                    let bytes = self.blobs.borrow_mut().read(&self.db, blob, MAX_VALUE_BYTES)?;
                    budget.spend(bytes.len())?;
                    Text::Stored(bytes)
                }
            };
            texts.entries.push((entry, text));
        }
        Ok(texts)
    }
}

/// The values of a state, those that it shares with the other one from there.
fn state_text(texts: Texts, other: Option<&Texts>) -> StateText {
    let of_other: HashMap<_, _> = other
        .into_iter()
        .flat_map(|other| &other.entries)
        .filter_map(|(entry, text)| match text {
            Text::Stored(bytes) => Some((stored_at(entry)?, bytes)),
            Text::Inline | Text::Shared => None,
        })
        .collect();
    let mut state = StateText::default();
    for (entry, text) in texts.entries {
        let json = match text {
            Text::Stored(bytes) => Some(bytes),
            Text::Shared => {
                stored_at(&entry).and_then(|place| of_other.get(&place).map(|bytes| Arc::clone(bytes)))
            }
            Text::Inline => match &entry.2 {
                ValuePlace::Inline(text) => Some(Arc::from(text.as_bytes())),
                ValuePlace::Blob(_) => None,
            },
        };
        if let Some(json) = json {
            state.push(entry.scope(), entry.1, json);
        }
    }
    state
}

fn stored_at(entry: &ManifestEntry) -> Option<(u8, Arc<str>, BlobId)> {
    match entry.2 {
        ValuePlace::Blob(blob) => Some((entry.0, Arc::clone(&entry.1), blob)),
        ValuePlace::Inline(_) => None,
    }
}

fn parse_both(first: &Texts, second: &Texts) -> Result<(Snapshot, Snapshot), ReadError> {
    let (before, after) = if first.stored_bytes().min(second.stored_bytes()) >= PARSED_APART_BYTES {
        parse_apart(first, second)
    } else {
        (parse(first), parse(second))
    };
    let (before, mut after) = (before?, after?);
    for (entry, text) in &second.entries {
        let name = &*entry.1;
        if matches!(text, Text::Shared)
            && let Some(value) = names(&before, entry.scope()).get(name)
            && let Some(place) = names_mut(&mut after, entry.scope()).get_mut(name)
        {
            *place = value.clone();
        }
    }
    Ok((before, after))
}

/// Both at the same time: nearly all of the time that two large states take is that of reading their JSON.
fn parse_apart(first: &Texts, second: &Texts) -> (Result<Snapshot, ReadError>, Result<Snapshot, ReadError>) {
    std::thread::scope(|scope| {
        let other = std::thread::Builder::new().spawn_scoped(scope, || parse(first));
        let after = parse(second);
        let before = match other {
            Ok(thread) => thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            // A system that gives no thread is a reason to take longer, not to fail.
            Err(_) => parse(first),
        };
        (before, after)
    })
}

/// The state of these texts; null for what is in the other state.
fn parse(texts: &Texts) -> Result<Snapshot, ReadError> {
    let mut state = Snapshot::default();
    for (entry, text) in &texts.entries {
        let value = match (text, &entry.2) {
            (Text::Stored(bytes), _) => serde_json::from_slice(bytes)
                .map_err(|error| ReadError::Damaged(format!("a value is not JSON: {error}")))?,
            (Text::Inline, ValuePlace::Inline(text)) => rows::parse(text)?,
            _ => Value::Null,
        };
        names_mut(&mut state, entry.scope()).insert(entry.1.to_string(), value);
    }
    Ok(state)
}

const fn names(state: &Snapshot, scope: Scope) -> &Map<String, Value> {
    match scope {
        Scope::Public => &state.public,
        Scope::Private => &state.private,
    }
}

const fn names_mut(state: &mut Snapshot, scope: Scope) -> &mut Map<String, Value> {
    match scope {
        Scope::Public => &mut state.public,
        Scope::Private => &mut state.private,
    }
}
