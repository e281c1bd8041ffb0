//! States: which names a snapshot has, and where their values are.
//!
//! A snapshot is a manifest: scope, name and value of each name, in order. A
//! short value stands in the manifest, a longer one in `blobs`. A manifest is
//! stored whole or as its difference from the last whole one, by the same
//! rule as values, so that one never takes more than two rows to read.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::SnapshotDelta;
use crate::blobs::{BlobId, BlobStore};
use crate::compression::Compressor;
use crate::error::ReadError;
use crate::model::{Scope, SnapshotId};
use crate::payload::{Payload, read_text};
use crate::schema::MAX_VALUE_BYTES;
use crate::writer::insert;

/// Values of at most so many bytes of JSON stand in the manifest itself.
const MAX_INLINE: usize = 64;

/// How many manifests the writer keeps at hand, and how many names in all of them.
const KEPT_MANIFESTS: usize = 256;
const KEPT_NAMES: usize = 200_000;

/// How many states that could not be written are kept for those that build on them.
const MAX_ORPHANS: usize = 64;

/// Where the value of a name is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum ValuePlace {
    /// In `blobs`.
    Blob(BlobId),
    /// Here, as JSON text.
    Inline(Arc<str>),
}

/// One name of a manifest: 0 for public and 1 for private, the name, the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ManifestEntry(pub u8, pub Arc<str>, pub ValuePlace);

impl ManifestEntry {
    fn key(&self) -> (u8, &str) {
        (self.0, &self.1)
    }

    pub(crate) const fn scope(&self) -> Scope {
        if self.0 == 0 {
            Scope::Public
        } else {
            Scope::Private
        }
    }
}

/// The names of a state in order, as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Body {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unset: Vec<(u8, Arc<str>)>,
    set: Vec<ManifestEntry>,
}

/// Applies a stored difference to the whole manifest that it was made from.
fn apply(key: &[ManifestEntry], difference: Body) -> Vec<ManifestEntry> {
    let unset: HashSet<(u8, &str)> = difference
        .unset
        .iter()
        .map(|(scope, name)| (*scope, &**name))
        .collect();
    let mut entries: Vec<ManifestEntry> = key
        .iter()
        .filter(|entry| !unset.contains(&entry.key()))
        .cloned()
        .collect();
    let places: HashMap<(u8, Arc<str>), usize> = entries
        .iter()
        .enumerate()
        .map(|(at, entry)| ((entry.0, Arc::clone(&entry.1)), at))
        .collect();
    for entry in difference.set {
        match places.get(&(entry.0, Arc::clone(&entry.1))) {
            Some(at) => entries[*at] = entry,
            None => entries.push(entry),
        }
    }
    entries
}

/// The difference that makes `entries` of `key`; none if order forbids it.
fn difference(key: &[ManifestEntry], entries: &[ManifestEntry]) -> Option<Body> {
    let old: HashMap<(u8, &str), &ValuePlace> = key.iter().map(|entry| (entry.key(), &entry.2)).collect();
    let new: HashSet<(u8, &str)> = entries.iter().map(ManifestEntry::key).collect();
    let body = Body {
        unset: key
            .iter()
            .filter(|entry| !new.contains(&entry.key()))
            .map(|entry| (entry.0, Arc::clone(&entry.1)))
            .collect(),
        set: entries
            .iter()
            .filter(|entry| old.get(&entry.key()) != Some(&&entry.2))
            .cloned()
            .collect(),
    };
    let kept = key.iter().map(ManifestEntry::key).filter(|key| new.contains(key));
    let added = entries
        .iter()
        .map(ManifestEntry::key)
        .filter(|key| !old.contains_key(key));
    kept.chain(added)
        .eq(entries.iter().map(ManifestEntry::key))
        .then_some(body)
}

/// Reads the manifest of a stored state.
pub(crate) fn read_manifest(db: &Connection, snapshot: SnapshotId) -> Result<Vec<ManifestEntry>, ReadError> {
    let (base, body) = read_body(db, snapshot)?;
    let Some(base) = base else {
        return Ok(body.set);
    };
    let (deeper, key) = read_body(db, base)?;
    if deeper.is_some() {
        return Err(ReadError::Damaged(format!("state {base} should be whole")));
    }
    Ok(apply(&key.set, body))
}

fn read_body(db: &Connection, snapshot: SnapshotId) -> Result<(Option<SnapshotId>, Body), ReadError> {
    let row: Option<(Option<SnapshotId>, Result<String, String>)> = db
        .prepare_cached("SELECT base, body FROM snapshots WHERE snapshot = ?")?
        .query_row([snapshot], |row| {
            Ok((row.get(0)?, read_text(row.get_ref(1)?, MAX_VALUE_BYTES)))
        })
        .optional()?;
    let Some((base, text)) = row else {
        return Err(ReadError::Damaged(format!("state {snapshot} is missing")));
    };
    let text = text.map_err(ReadError::Damaged)?;
    let body = serde_json::from_str(&text)
        .map_err(|error| ReadError::Damaged(format!("state {snapshot} cannot be read: {error}")))?;
    Ok((base, body))
}

/// A state that was written, and what later ones need to know of it.
struct Manifest {
    entries: Vec<ManifestEntry>,
    /// The whole manifest that differences are made from.
    key: SnapshotId,
    key_entries: Arc<Vec<ManifestEntry>>,
    key_size: usize,
    /// Bytes of differences since.
    spent: usize,
}

/// Why a state was not written.
#[derive(Debug)]
pub(crate) enum SnapshotError {
    /// The state that it builds on is not in the recording.
    NoBase(String),
    /// `SQLite` says why.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for SnapshotError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// The writing side.
#[derive(Default)]
pub(crate) struct SnapshotStore {
    recent: HashMap<SnapshotId, Arc<Manifest>>,
    order: VecDeque<SnapshotId>,
    names: usize,
    orphans: VecDeque<SnapshotDelta>,
    max_orphan_bytes: usize,
}

impl SnapshotStore {
    /// A store that keeps at most so many bytes of states that could not be written.
    pub(crate) fn new(max_orphan_bytes: usize) -> Self {
        Self {
            max_orphan_bytes,
            ..Self::default()
        }
    }

    /// Forgets what may have been rolled back.
    pub(crate) fn forget(&mut self) {
        self.recent.clear();
        self.order.clear();
        self.names = 0;
    }

    /// Keeps a state that could not be written, for those that build on it. False if another one had to be given up.
    pub(crate) fn lose(&mut self, delta: &SnapshotDelta) -> bool {
        let delta = self.on_orphans(delta).into_owned();
        self.orphans.retain(|orphan| orphan.snapshot != delta.snapshot);
        self.orphans.push_back(delta);
        let size = |orphan: &SnapshotDelta| crate::Entry::Snapshot(orphan.clone()).size();
        let mut total: usize = self.orphans.iter().map(size).sum();
        let mut is_kept = true;
        while self.orphans.len() > MAX_ORPHANS || total > self.max_orphan_bytes {
            let Some(oldest) = self.orphans.pop_front() else {
                break;
            };
            total -= size(&oldest);
            is_kept = false;
        }
        is_kept
    }

    /// A difference from a lost state, as one from a state that was written.
    fn on_orphans<'a>(&self, delta: &'a SnapshotDelta) -> Cow<'a, SnapshotDelta> {
        match self
            .orphans
            .iter()
            .find(|orphan| Some(orphan.snapshot) == delta.base)
        {
            Some(orphan) => Cow::Owned(orphan.clone().followed_by(delta.clone())),
            None => Cow::Borrowed(delta),
        }
    }

    /// Writes a state.
    pub(crate) fn put(
        &mut self,
        db: &Connection,
        blobs: &mut BlobStore,
        compressor: &mut Compressor,
        delta: &SnapshotDelta,
    ) -> Result<(), SnapshotError> {
        let delta = self.on_orphans(delta);
        let snapshot = delta.snapshot;
        let base = match delta.base {
            None => None,
            Some(base) => Some(self.manifest(db, base)?),
        };
        let entries = changed_entries(db, blobs, compressor, base.as_deref(), &delta)?;
        let manifest = write_manifest(db, compressor, snapshot, base.as_deref(), entries)?;
        self.names += manifest.entries.len();
        self.order.push_back(snapshot);
        self.recent.insert(snapshot, Arc::new(manifest));
        while self.order.len() > KEPT_MANIFESTS || (self.names > KEPT_NAMES && self.order.len() > 1) {
            let oldest = self
                .order
                .pop_front()
                .and_then(|oldest| self.recent.remove(&oldest));
            self.names -= oldest.map_or(0, |manifest| manifest.entries.len());
        }
        Ok(())
    }

    fn manifest(&mut self, db: &Connection, snapshot: SnapshotId) -> Result<Arc<Manifest>, SnapshotError> {
        if let Some(manifest) = self.recent.get(&snapshot) {
            return Ok(Arc::clone(manifest));
        }
        match read_manifest(db, snapshot) {
            // The next one is written whole: how much was spent since the last whole one is not known.
            Ok(entries) => Ok(Arc::new(Manifest {
                key_entries: Arc::new(Vec::new()),
                entries,
                key: snapshot,
                key_size: 0,
                spent: usize::MAX,
            })),
            Err(ReadError::Damaged(detail) | ReadError::TooMuch(detail)) => {
                Err(SnapshotError::NoBase(detail))
            }
            Err(ReadError::Sqlite(error)) => Err(SnapshotError::Sqlite(error)),
        }
    }
}

/// The names of the base with the difference made.
fn changed_entries(
    db: &Connection,
    blobs: &mut BlobStore,
    compressor: &mut Compressor,
    base: Option<&Manifest>,
    delta: &SnapshotDelta,
) -> Result<Vec<ManifestEntry>, SnapshotError> {
    let before: &[ManifestEntry] = base.map_or(&[], |base| &base.entries);
    let old: HashMap<(u8, &str), &ValuePlace> = before.iter().map(|entry| (entry.key(), &entry.2)).collect();
    let unset: HashSet<&str> = delta.unset.iter().map(String::as_str).collect();
    let mut entries: Vec<ManifestEntry> = before
        .iter()
        .filter(|entry| !unset.contains(&*entry.1))
        .cloned()
        .collect();
    let places: HashMap<(u8, Arc<str>), usize> = entries
        .iter()
        .enumerate()
        .map(|(at, entry)| ((entry.0, Arc::clone(&entry.1)), at))
        .collect();
    for (scope, map) in [(0, &delta.public), (1, &delta.private)] {
        for (name, value) in map {
            let older = old.get(&(scope, name.as_str())).copied();
            let place = put_value(db, blobs, compressor, value, older)?;
            let name: Arc<str> = Arc::from(name.as_str());
            match places.get(&(scope, Arc::clone(&name))) {
                Some(at) => entries[*at].2 = place,
                None => entries.push(ManifestEntry(scope, name, place)),
            }
        }
    }
    Ok(entries)
}

fn put_value(
    db: &Connection,
    blobs: &mut BlobStore,
    compressor: &mut Compressor,
    value: &Value,
    older: Option<&ValuePlace>,
) -> Result<ValuePlace, SnapshotError> {
    let text = value.to_string();
    if text.len() <= MAX_INLINE {
        return Ok(ValuePlace::Inline(Arc::from(text)));
    }
    let older = match older {
        Some(ValuePlace::Blob(blob)) => Some(*blob),
        _ => None,
    };
    Ok(ValuePlace::Blob(blobs.put(
        db,
        compressor,
        text.as_bytes(),
        older,
    )?))
}

fn write_manifest(
    db: &Connection,
    compressor: &mut Compressor,
    snapshot: SnapshotId,
    base: Option<&Manifest>,
    entries: Vec<ManifestEntry>,
) -> Result<Manifest, SnapshotError> {
    let mut insert = db.prepare_cached(insert("snapshots"))?;
    let short = base.filter(|base| base.spent <= base.key_size).and_then(|base| {
        let body = json(&difference(&base.key_entries, &entries)?);
        (body.len() <= base.key_size / 2).then_some((base, body))
    });
    if let Some((base, body)) = short {
        insert.execute(params![snapshot, base.key, Payload::text(compressor, &body)])?;
        return Ok(Manifest {
            entries,
            key: base.key,
            key_entries: Arc::clone(&base.key_entries),
            key_size: base.key_size,
            spent: base.spent + body.len(),
        });
    }
    let body = json(&Body {
        unset: Vec::new(),
        set: entries.clone(),
    });
    insert.execute(params![
        snapshot,
        None::<SnapshotId>,
        Payload::text(compressor, &body)
    ])?;
    let key_entries = Arc::new(entries.clone());
    Ok(Manifest {
        entries,
        key: snapshot,
        key_entries,
        key_size: body.len(),
        spent: 0,
    })
}

fn json(body: &Body) -> String {
    // Strings and integers only: nothing that JSON cannot hold.
    serde_json::to_string(body).unwrap_or_default()
}
