//! The thread behind the queue: observations in, entries out.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use djscope_recording::{Entry, Health, RecordingError, Summary, Writer, WriterOptions};

use crate::observation::Observation;
use crate::queue::{self, Clock, Queue, Tap};
use crate::redaction::{Redactor, Rules};
use crate::sockets::Sockets;
use crate::turns::{Assembler, ProbeStatus};

/// How a run is recorded.
pub struct RecorderOptions {
    /// What counts as a secret.
    pub rules: Rules,
    /// Bytes that may wait between the relay and the recording.
    pub queue_bytes: usize,
    /// Longest message that is kept whole.
    pub message_limit: usize,
    /// How the file is written.
    pub writer: WriterOptions,
}

impl Default for RecorderOptions {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            queue_bytes: 64 << 20,
            message_limit: 16 << 20,
            writer: WriterOptions::default(),
        }
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

    /// How the file is.
    pub fn health(&self) -> Health {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

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
}

impl Work {
    fn run(&mut self) {
        loop {
            match self.queue.next(IDLE) {
                Ok(Observation::End) | Err(RecvTimeoutError::Disconnected) => break,
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
        }
        let entries = self.assembler.finish(self.clock.now_us());
        self.write(entries);
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
        Entry::Snapshot(_) | Entry::View(_) | Entry::Connection(_) | Entry::Meta { .. } | Entry::Keyframe(_)
    )
}
