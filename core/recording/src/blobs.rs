//! Large values, bodies and pages of HTML: each content is stored once.
//!
//! A value that follows an older one of the same name is stored as its
//! difference from the last *whole* value before it, never from another
//! difference. Reading one thus takes two rows at most. A whole value is
//! written again when the differences since have grown as large as it is.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use crate::compression::{self, Compressor};
use crate::error::ReadError;
use crate::schema::MAX_VALUE_BYTES;

/// Values shorter than this are not worth a difference.
const MIN_DELTA: usize = 1024;

/// Number of a stored content.
pub(crate) type BlobId = i64;

/// The writing side.
pub(crate) struct BlobStore {
    keys: HashMap<BlobId, KeyValue>,
    kept: usize,
    /// How many bytes of whole values are kept at hand.
    max_kept: usize,
    clock: u64,
}

/// A whole value that differences are made from.
struct KeyValue {
    bytes: Arc<[u8]>,
    stored: usize,
    /// Bytes of differences from it so far.
    spent: usize,
    used: u64,
}

impl BlobStore {
    /// A store that keeps at most so many bytes of whole values at hand.
    pub(crate) fn new(max_kept: usize) -> Self {
        Self {
            keys: HashMap::new(),
            kept: 0,
            max_kept,
            clock: 0,
        }
    }

    /// Forgets what may have been rolled back.
    pub(crate) fn forget(&mut self) {
        *self = Self::new(self.max_kept);
    }

    /// Stores `bytes`, as a difference from the value `older` where that is shorter.
    pub(crate) fn put(
        &mut self,
        db: &Connection,
        compressor: &mut Compressor,
        bytes: &[u8],
        older: Option<BlobId>,
    ) -> rusqlite::Result<BlobId> {
        let hash = blake3::hash(bytes);
        let hash: &[u8] = hash.as_bytes();
        let known = db
            .prepare_cached("SELECT blob FROM blobs WHERE hash = ?")?
            .query_row([hash], |row| row.get(0))
            .optional()?;
        if let Some(known) = known {
            return Ok(known);
        }
        let mut insert = db.prepare_cached(
            "INSERT INTO blobs (hash, length, base, is_compressed, body) VALUES (?, ?, ?, ?, ?)",
        )?;
        if bytes.len() >= MIN_DELTA
            && let Some(older) = older
            && let Some((key, delta)) = self.delta(db, older, bytes)?
        {
            insert.execute(params![hash, bytes.len(), key, true, delta])?;
            return Ok(db.last_insert_rowid());
        }
        let compressed = compressor.value(bytes);
        let body = compressed.as_deref().unwrap_or(bytes);
        insert.execute(params![
            hash,
            bytes.len(),
            None::<BlobId>,
            compressed.is_some(),
            body
        ])?;
        let blob = db.last_insert_rowid();
        if older.is_some() && bytes.len() >= MIN_DELTA {
            self.keep(blob, Arc::from(bytes), body.len());
        }
        Ok(blob)
    }

    /// The difference from the whole value behind `older`, if it is worth it.
    fn delta(
        &mut self,
        db: &Connection,
        older: BlobId,
        bytes: &[u8],
    ) -> rusqlite::Result<Option<(BlobId, Vec<u8>)>> {
        let base: Option<Option<BlobId>> = db
            .prepare_cached("SELECT base FROM blobs WHERE blob = ?")?
            .query_row([older], |row| row.get(0))
            .optional()?;
        let Some(base) = base else {
            return Ok(None);
        };
        let key = base.unwrap_or(older);
        if !self.keys.contains_key(&key) {
            // Unreadable or lost: the value is stored whole.
            let Ok(stored) = Stored::read(db, key) else {
                return Ok(None);
            };
            let length = stored.body.len();
            let Ok(whole) = stored.bytes(None, MAX_VALUE_BYTES) else {
                return Ok(None);
            };
            self.keep(key, whole, length);
        }
        self.clock += 1;
        let Some(value) = self.keys.get_mut(&key) else {
            return Ok(None);
        };
        value.used = self.clock;
        if value.bytes.len() < MIN_DELTA {
            return Ok(None);
        }
        let Some(delta) = compression::delta(&value.bytes, bytes) else {
            return Ok(None);
        };
        value.spent += delta.len();
        let is_worth_it = delta.len() < value.stored / 2 && value.spent <= value.stored.max(4096);
        Ok(is_worth_it.then_some((key, delta)))
    }

    fn keep(&mut self, blob: BlobId, bytes: Arc<[u8]>, stored: usize) {
        if bytes.len() > self.max_kept / 4 {
            return;
        }
        self.clock += 1;
        self.kept += bytes.len();
        self.keys.insert(
            blob,
            KeyValue {
                bytes,
                stored,
                spent: 0,
                used: self.clock,
            },
        );
        while self.kept > self.max_kept {
            let Some(oldest) = self
                .keys
                .iter()
                .min_by_key(|(_, value)| value.used)
                .map(|(blob, _)| *blob)
            else {
                break;
            };
            if let Some(value) = self.keys.remove(&oldest) {
                self.kept -= value.bytes.len();
            }
        }
    }
}

/// One row of `blobs`.
pub(crate) struct Stored {
    hash: Vec<u8>,
    /// The whole value that it is a difference from.
    pub base: Option<BlobId>,
    is_compressed: bool,
    body: Vec<u8>,
}

impl Stored {
    pub(crate) fn read(db: &Connection, blob: BlobId) -> Result<Self, ReadError> {
        db.prepare_cached("SELECT hash, base, is_compressed, body FROM blobs WHERE blob = ?")?
            .query_row([blob], |row| {
                Ok(Self {
                    hash: row.get(0)?,
                    base: row.get(1)?,
                    is_compressed: row.get(2)?,
                    body: row.get(3)?,
                })
            })
            .optional()?
            .ok_or_else(|| ReadError::Damaged(format!("stored value {blob} is missing")))
    }

    /// The content, of at most `limit` bytes.
    pub(crate) fn bytes(self, prefix: Option<&[u8]>, limit: usize) -> Result<Arc<[u8]>, ReadError> {
        let bytes = if self.is_compressed {
            compression::decompress(&self.body, prefix, limit).map_err(ReadError::Damaged)?
        } else if self.body.len() <= limit {
            self.body
        } else {
            return Err(ReadError::Damaged(
                "a stored value is larger than a recording may hold".to_owned(),
            ));
        };
        if blake3::hash(&bytes).as_bytes() != self.hash.as_slice() {
            return Err(ReadError::Damaged(
                "a stored value is not what was written".to_owned(),
            ));
        }
        Ok(Arc::from(bytes))
    }
}

/// The reading side, with a few whole values kept at hand.
#[derive(Default)]
pub(crate) struct BlobReader {
    keys: Vec<(BlobId, Arc<[u8]>)>,
}

impl BlobReader {
    /// How many bytes of whole values the reader keeps at hand.
    const KEPT_BYTES: usize = 16 << 20;

    /// The content of `blob`, of at most `limit` bytes.
    pub(crate) fn read(
        &mut self,
        db: &Connection,
        blob: BlobId,
        limit: usize,
    ) -> Result<Arc<[u8]>, ReadError> {
        if let Some(at) = self.keys.iter().position(|(kept, _)| *kept == blob) {
            let entry = self.keys.remove(at);
            let bytes = Arc::clone(&entry.1);
            self.keys.push(entry);
            return if bytes.len() <= limit {
                Ok(bytes)
            } else {
                Err(ReadError::Damaged(
                    "a state is larger than a recording may hold".to_owned(),
                ))
            };
        }
        let stored = Stored::read(db, blob)?;
        match stored.base {
            None => {
                let bytes = stored.bytes(None, limit)?;
                self.keep(blob, &bytes);
                Ok(bytes)
            }
            Some(base) => {
                let whole = self.whole(db, base)?;
                stored.bytes(Some(&whole), limit)
            }
        }
    }

    /// The whole value that differences are made from; a difference there would make a chain.
    fn whole(&mut self, db: &Connection, blob: BlobId) -> Result<Arc<[u8]>, ReadError> {
        if let Some((_, bytes)) = self.keys.iter().find(|(kept, _)| *kept == blob) {
            return Ok(Arc::clone(bytes));
        }
        let stored = Stored::read(db, blob)?;
        if stored.base.is_some() {
            return Err(ReadError::Damaged(format!("stored value {blob} should be whole")));
        }
        let bytes = stored.bytes(None, MAX_VALUE_BYTES)?;
        self.keep(blob, &bytes);
        Ok(bytes)
    }

    fn keep(&mut self, blob: BlobId, bytes: &Arc<[u8]>) {
        if bytes.len() < MIN_DELTA || bytes.len() > Self::KEPT_BYTES {
            return;
        }
        self.keys.push((blob, Arc::clone(bytes)));
        while self.keys.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > Self::KEPT_BYTES {
            self.keys.remove(0);
        }
    }
}
