//! The thread behind the queue: observations in, entries out.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use djscope_recording::model::Finding;
use djscope_recording::{Entry, Health, RecordingError, Summary, Writer, WriterOptions};

use crate::memory::{DEFAULT_MEMORY_BYTES, Shares};
use crate::observation::Observation;
use crate::queue::{self, Clock, Queue, Tap};
use crate::redaction::{Redactor, Rules};
use crate::sockets::Sockets;
use crate::turns::{Assembler, ProbeStatus};

/// How a run is recorded.
pub struct RecorderOptions {
    /// What counts as a secret.
    pub rules: Rules,
    /// What it may use in all, in bytes.
    pub memory_bytes: usize,
    /// Bytes that may wait between the relay and the recording.
    pub queue_bytes: usize,
    /// Longest message that is kept whole.
    pub message_limit: usize,
    /// How the file is written.
    pub writer: WriterOptions,
}

impl RecorderOptions {
    /// Options with which the recorder stays within a budget of memory.
    pub fn within(memory_bytes: usize) -> Self {
        let shares = Shares::of(memory_bytes);
        Self {
            rules: Rules::default(),
            memory_bytes: shares.budget,
            queue_bytes: shares.relay_queue,
            message_limit: shares.message,
            writer: WriterOptions {
                queue_bytes: shares.writer_queue,
                cache_bytes: shares.file_cache,
                kept_value_bytes: shares.kept_values,
                lost_state_bytes: shares.lost_states,
                ..WriterOptions::default()
            },
        }
    }
}

impl Default for RecorderOptions {
    fn default() -> Self {
        Self::within(DEFAULT_MEMORY_BYTES)
    }
}

/// Records what is put on its queue.
pub struct Recorder {
    tap: Tap,
    clock: Clock,
    shared: Arc<Shared>,
    thread: JoinHandle<Result<Summary, RecordingError>>,
}

/// What can be seen of a recorder at work.
#[derive(Debug, Default)]
pub struct Shared {
    paused: AtomicBool,
    dropped: AtomicU64,
    probe: Mutex<ProbeStatus>,
    health: Mutex<Health>,
    ask_for_whole_states: Mutex<Option<Ask>>,
    findings: Mutex<Vec<Finding>>,
    used_bytes: AtomicUsize,
    budget_bytes: AtomicUsize,
}

/// Asks whoever reports states for whole ones.
struct Ask(Box<dyn Fn() + Send>);

impl std::fmt::Debug for Ask {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Ask")
    }
}

impl Shared {
    /// Stops recording turns, or goes on. What is needed to read later turns is recorded all the same.
    pub fn pause(&self, paused: bool) {
        self.paused.store(paused, Ordering::Relaxed);
    }

    /// True while turns are not recorded.
    pub fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    /// Things that never reached the recorder because its queue was full.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// What is known of the probes.
    pub fn probe(&self) -> ProbeStatus {
        self.probe.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How the states of a view are asked for that no other is needed to read, after one was lost.
    pub fn on_lost_states(&self, ask: impl Fn() + Send + 'static) {
        *self
            .ask_for_whole_states
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(Ask(Box::new(ask)));
    }

    /// Has findings written down beside the turns that they are about. What nobody takes in time is let go: findings
    /// are derived, and are made again when the recording is opened.
    pub fn store_findings(&self, findings: Vec<Finding>) {
        let mut waiting = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MAX_WAITING_FINDINGS.saturating_sub(waiting.len());
        waiting.extend(findings.into_iter().take(room));
    }

    fn take_findings(&self) -> Vec<Finding> {
        std::mem::take(&mut *self.findings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn ask_for_whole_states(&self) {
        if let Some(ask) = &*self
            .ask_for_whole_states
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
        {
            (ask.0)();
        }
    }

    /// Memory that what was seen and not yet written takes, and how much the recorder may use in all, in bytes.
    pub fn memory(&self) -> (usize, usize) {
        (
            self.used_bytes.load(Ordering::Relaxed),
            self.budget_bytes.load(Ordering::Relaxed),
        )
    }

    /// How the file is.
    pub fn health(&self) -> Health {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Findings that wait to be written.
const MAX_WAITING_FINDINGS: usize = 10_000;

/// How often whole states are asked for at most, while some are still lost.
const ASK_EVERY: Duration = Duration::from_millis(200);

/// How often reports that wait for their frames are looked at while nothing happens.
const IDLE: Duration = Duration::from_millis(250);

impl Recorder {
    /// Makes the file and starts the thread.
    ///
    /// # Errors
    ///
    /// If the file cannot be made.
    pub fn start(path: &Path, mut options: RecorderOptions) -> Result<Self, RecordingError> {
        let clock = Clock::start();
        let (tap, queue) = queue::queue(clock, options.queue_bytes);
        options.writer.started_unix_us = Some(clock.start_unix_us());
        let shared = Arc::new(Shared::default());
        shared.budget_bytes.store(options.memory_bytes, Ordering::Relaxed);
        let (seen, next) = (Arc::clone(&shared), options.writer.on_commit.take());
        options.writer.on_commit = Some(Box::new(move |commit| {
            *seen.health.lock().unwrap_or_else(PoisonError::into_inner) = commit.health.clone();
            if let Some(next) = &next {
                next(commit);
            }
        }));
        let writer = Writer::create(path, options.writer)?;
        let mut work = Work {
            queue,
            clock,
            sockets: Sockets::new(options.message_limit),
            assembler: Assembler::new(clock.start_unix_us()),
            redactor: Redactor::new(options.rules),
            writer,
            shared: Arc::clone(&shared),
            asked: None,
        };
        let thread = thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || {
                work.run();
                work.writer.finish()
            })
            .map_err(|source: io::Error| RecordingError::Io {
                action: "record",
                path: path.to_owned(),
                source,
            })?;
        Ok(Self {
            tap,
            clock,
            shared,
            thread,
        })
    }

    /// Where observations go.
    pub fn tap(&self) -> Tap {
        self.tap.clone()
    }

    /// The time of the recording.
    pub const fn clock(&self) -> Clock {
        self.clock
    }

    /// What can be seen of it from elsewhere.
    pub fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Writes what is on the queue and closes the file.
    ///
    /// # Errors
    ///
    /// If the file could not be completed; what was written before stays readable.
    pub fn finish(self) -> Result<Summary, RecordingError> {
        self.tap.send(Observation::End);
        match self.thread.join() {
            Ok(summary) => summary,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

struct Work {
    queue: Queue,
    clock: Clock,
    sockets: Sockets,
    assembler: Assembler,
    redactor: Redactor,
    writer: Writer,
    shared: Arc<Shared>,
    asked: Option<Instant>,
}

impl Work {
    fn run(&mut self) {
        loop {
            match self.queue.next(IDLE) {
                Ok(Observation::End) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(Observation::HttpSeen { exchange }) => self.redactor.learn_from(exchange),
                Ok(observation) => {
                    for seen in self.sockets.read(observation) {
                        let entries = self.assembler.observe(seen);
                        self.write(entries);
                    }
                    if self.assembler.takes_probe_news() {
                        *self.shared.probe.lock().unwrap_or_else(PoisonError::into_inner) =
                            self.assembler.probe();
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    let entries = self.assembler.idle(self.clock.now_us());
                    self.write(entries);
                    // A write that fails makes no commit that would tell of it.
                    *self.shared.health.lock().unwrap_or_else(PoisonError::into_inner) = self.writer.health();
                }
            }
            self.note_dropped();
            self.note_lost_states();
            self.store_findings();
            let used = self.queue.bytes() + self.writer.queued_bytes();
            self.shared.used_bytes.store(used, Ordering::Relaxed);
        }
        let entries = self.assembler.finish(self.clock.now_us());
        self.write(entries);
        self.store_findings();
    }

    /// A state that was lost takes with it all that build on it: the next of every view has to be whole.
    fn note_lost_states(&mut self) {
        let were_lost = self.writer.takes_lost_states();
        if were_lost {
            self.assembler.lose_states();
        }
        let are_wanted = self.assembler.takes_wish_for_whole_states();
        if (were_lost || are_wanted) && self.asked.is_none_or(|asked| asked.elapsed() > ASK_EVERY) {
            self.asked = Some(Instant::now());
            self.shared.ask_for_whole_states();
        }
    }

    fn store_findings(&mut self) {
        let findings = self.shared.take_findings();
        self.write(findings.into_iter().map(Entry::Finding).collect());
    }

    fn note_dropped(&mut self) {
        let dropped = self.queue.dropped();
        if self.shared.dropped.swap(dropped, Ordering::Relaxed) != dropped {
            self.write(vec![Entry::Meta {
                key: "not_recorded".to_owned(),
                value: dropped.into(),
            }]);
        }
    }

    fn write(&mut self, entries: Vec<Entry>) {
        let is_paused = self.shared.is_paused();
        for mut entry in entries {
            if is_paused && !is_needed_later(&entry) {
                continue;
            }
            self.redactor.redact(&mut entry);
            self.writer.write(entry);
        }
    }
}

/// States build on each other, and turns refer to views and connections.
const fn is_needed_later(entry: &Entry) -> bool {
    matches!(
        entry,
        Entry::Snapshot(_)
            | Entry::View(_)
            | Entry::Source(_)
            | Entry::Connection(_)
            | Entry::Meta { .. }
            | Entry::Keyframe(_)
    )
}
