use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::Entry;

/// Entries that one transaction takes at most.
const BATCH_ENTRIES: usize = 4096;

/// Bytes of entries that one transaction takes at most.
const BATCH_BYTES: usize = 16 << 20;

/// Entries on their way to the writer's thread, bounded in number and in bytes.
pub(super) struct Queue {
    state: Mutex<State>,
    /// Told when the thread has a reason to look.
    added: Condvar,
    /// Told when there is room again, and when a batch is done.
    freed: Condvar,
    max_entries: usize,
    max_bytes: usize,
    batch: Duration,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(Entry, usize)>,
    bytes: usize,
    /// How many were ever handed over, and how many of those were dealt with.
    pushed: u64,
    done: u64,
    /// Someone waits for everything to be written: do not wait for company.
    is_urgent: bool,
    /// Somebody has waited for room in vain: until there is some, nobody waits.
    is_stalled: bool,
    closed: Option<bool>,
}

/// What the thread is to do next.
pub(super) enum Work {
    /// Write these.
    Batch(Vec<Entry>),
    /// Nothing came for as long as was asked.
    Idle,
    /// Nothing will come any more; true if the recording has ended in good order.
    End(bool),
}

impl Queue {
    pub(super) fn new(max_entries: usize, max_bytes: usize, batch: Duration) -> Self {
        Self {
            state: Mutex::default(),
            added: Condvar::new(),
            freed: Condvar::new(),
            max_entries: max_entries.max(1),
            max_bytes,
            batch,
        }
    }

    /// Adds an entry, or gives it back if no room came within `patience`.
    pub(super) fn push(&self, entry: Entry, patience: Duration) -> Result<(), Box<Entry>> {
        let size = entry.size();
        let mut state = self.lock();
        if !self.has_room(&state, size) {
            // Whoever records has more to do than to wait for a disk that does not answer.
            let deadline = Instant::now()
                + if state.is_stalled {
                    Duration::ZERO
                } else {
                    patience
                };
            while !self.has_room(&state, size) {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() || state.closed.is_some() {
                    state.is_stalled = true;
                    return Err(Box::new(entry));
                }
                state = self
                    .freed
                    .wait_timeout(state, left)
                    .map_or_else(|error| error.into_inner().0, |(state, _)| state);
            }
        }
        if state.closed.is_some() {
            return Err(Box::new(entry));
        }
        let before = state.waiting.len();
        let was_full = before >= BATCH_ENTRIES || state.bytes >= BATCH_BYTES;
        state.waiting.push_back((entry, size));
        state.bytes += size;
        state.pushed += 1;
        let is_full = before + 1 >= BATCH_ENTRIES || state.bytes >= BATCH_BYTES;
        // The thread sleeps until there is something, and then until the batch is full or old enough.
        if before == 0 || (is_full && !was_full) {
            self.added.notify_one();
        }
        Ok(())
    }

    /// One entry always has room, however large it is.
    fn has_room(&self, state: &State, size: usize) -> bool {
        state.waiting.is_empty()
            || (state.waiting.len() < self.max_entries && state.bytes.saturating_add(size) <= self.max_bytes)
    }

    /// What is to be done, after at most `idle`.
    pub(super) fn take(&self, idle: Duration) -> Work {
        let mut state = self.lock();
        let idle_until = Instant::now() + idle;
        while state.waiting.is_empty() {
            if let Some(in_order) = state.closed {
                return Work::End(in_order);
            }
            let left = idle_until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Work::Idle;
            }
            state = self
                .added
                .wait_timeout(state, left)
                .map_or_else(|error| error.into_inner().0, |(state, _)| state);
        }
        let deadline = Instant::now() + self.batch;
        while state.waiting.len() < BATCH_ENTRIES
            && state.bytes < BATCH_BYTES
            && !state.is_urgent
            && state.closed.is_none()
        {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self
                .added
                .wait_timeout(state, left)
                .map_or_else(|error| error.into_inner().0, |(state, _)| state);
        }
        let mut batch = Vec::with_capacity(state.waiting.len().min(BATCH_ENTRIES));
        let mut bytes = 0;
        while batch.len() < BATCH_ENTRIES
            && bytes < BATCH_BYTES
            && let Some((entry, size)) = state.waiting.pop_front()
        {
            bytes += size;
            batch.push(entry);
        }
        state.bytes -= bytes;
        state.is_stalled = false;
        drop(state);
        self.freed.notify_all();
        Work::Batch(batch)
    }

    /// How many entries were ever handed over.
    pub(super) fn pushed(&self) -> u64 {
        self.lock().pushed
    }

    /// So many entries were dealt with.
    pub(super) fn done(&self, entries: usize) {
        let mut state = self.lock();
        state.done += entries as u64;
        if state.done == state.pushed {
            state.is_urgent = false;
        }
        drop(state);
        self.freed.notify_all();
    }

    pub(super) fn flush(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let mut state = self.lock();
        let wanted = state.pushed;
        state.is_urgent = state.done < wanted;
        self.added.notify_one();
        while state.done < wanted {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self
                .freed
                .wait_timeout(state, left)
                .map_or_else(|error| error.into_inner().0, |(state, _)| state);
        }
        true
    }

    /// Waits for `length`, or until the queue is closed.
    pub(super) fn wait_until_closed(&self, length: Duration) {
        let deadline = Instant::now() + length;
        let mut state = self.lock();
        while state.closed.is_none() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self
                .added
                .wait_timeout(state, left)
                .map_or_else(|error| error.into_inner().0, |(state, _)| state);
        }
    }

    pub(super) fn close(&self, in_order: bool) {
        self.lock().closed.get_or_insert(in_order);
        self.added.notify_all();
        self.freed.notify_all();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed.is_some()
    }

    pub(super) fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// True if more than a quarter of the room is taken.
    pub(super) fn is_busy(&self) -> bool {
        let state = self.lock();
        state.waiting.len() > self.max_entries / 4 || state.bytes > self.max_bytes / 4
    }

    /// Bytes of what waits.
    pub(super) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// The state is whole at every unlock, so a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
