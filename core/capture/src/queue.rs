//! From the relay and the probes to the thread that records.
//!
//! The sending side never waits. Bytes on the way are counted; what does not
//! fit is dropped, counted, and announced so that the recording can name it.
//!
//! Nor does it wake anyone: on a machine with few cores, a recorder that is
//! woken by each frame runs just when the server and the browser want to. The
//! receiving side looks by itself every now and then. Only a queue that fills
//! up wakes it.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::sync::{Arc, OnceLock};
use std::thread::{self, Thread};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use djscope_recording::model::{ConnectionId, HttpId, Micros};
use djscope_recording::value_bytes;

use crate::observation::Observation;
use crate::probe::{ProbeMessage, ProbeReport};

/// How often the receiving side looks. With the writer's batches of at most 20 ms, more than half of the 100 ms within
/// which everything has to be in the file is left for the work itself.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The time of a recording: microseconds since its start.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    start_unix_us: i64,
}

impl Clock {
    /// A recording that starts now.
    pub fn start() -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            start: Instant::now(),
            start_unix_us: i64::try_from(unix.as_micros()).unwrap_or(i64::MAX),
        }
    }

    /// Microseconds since the start.
    pub fn now_us(&self) -> Micros {
        Micros::try_from(self.start.elapsed().as_micros()).unwrap_or(Micros::MAX)
    }

    /// The start in microseconds of Unix time.
    pub const fn start_unix_us(&self) -> i64 {
        self.start_unix_us
    }
}

/// The sending side.
#[derive(Clone, Debug)]
pub struct Tap {
    clock: Clock,
    sender: Sender<(Observation, usize)>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limit_bytes: usize,
    queued_bytes: AtomicUsize,
    dropped: AtomicU64,
    last_connection: AtomicU64,
    last_http: AtomicU64,
    reader: OnceLock<Thread>,
}

/// The receiving side.
#[derive(Debug)]
pub struct Queue {
    receiver: Receiver<(Observation, usize)>,
    shared: Arc<Shared>,
}

/// A queue that holds at most about `limit_bytes`.
pub fn queue(clock: Clock, limit_bytes: usize) -> (Tap, Queue) {
    let (sender, receiver) = mpsc::channel();
    let shared = Arc::new(Shared {
        limit_bytes,
        queued_bytes: AtomicUsize::new(0),
        dropped: AtomicU64::new(0),
        last_connection: AtomicU64::new(0),
        last_http: AtomicU64::new(0),
        reader: OnceLock::new(),
    });
    (
        Tap {
            clock,
            sender,
            shared: Arc::clone(&shared),
        },
        Queue { receiver, shared },
    )
}

impl Tap {
    /// Microseconds since the start of the recording.
    pub fn now_us(&self) -> Micros {
        self.clock.now_us()
    }

    /// The number of a new connection.
    pub fn next_connection(&self) -> ConnectionId {
        self.shared.last_connection.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The number of a new exchange.
    pub fn next_http(&self) -> HttpId {
        self.shared.last_http.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Puts an observation on the queue, or a smaller one in its place if it does not fit.
    pub fn send(&self, observation: Observation) {
        let mut bytes = weight(&observation);
        let queued = self.shared.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
        let fits = queued + bytes <= self.shared.limit_bytes || bytes <= ALWAYS_TAKEN_BYTES;
        let observation = if fits {
            observation
        } else {
            self.shared.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
            let smaller = without_content(observation);
            bytes = weight(&smaller);
            self.shared.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
            smaller
        };
        let is_last = matches!(observation, Observation::End);
        // The recorder is gone only when the run ends; traffic goes on without it.
        let _ = self.sender.send((observation, bytes));
        if (is_last || queued + bytes > self.shared.limit_bytes / 4)
            && let Some(reader) = self.shared.reader.get()
        {
            reader.unpark();
        }
    }

    /// Like [`Tap::send`], but waits for room. For senders whose own peer can wait: probes.
    pub fn send_waiting(&self, observation: Observation) {
        const PATIENCE: Duration = Duration::from_secs(5);
        let since = Instant::now();
        while self.shared.queued_bytes.load(Ordering::Relaxed) > self.shared.limit_bytes / 2
            && since.elapsed() < PATIENCE
        {
            thread::sleep(Duration::from_millis(2));
        }
        self.send(observation);
    }
}

impl Queue {
    /// Bytes that wait.
    pub fn bytes(&self) -> usize {
        self.shared.queued_bytes.load(Ordering::Relaxed)
    }

    /// Things that were dropped so far.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Waits for the next observation; none after `patience` without one. An error if nobody can send any more.
    ///
    /// # Errors
    ///
    /// [`mpsc::RecvTimeoutError::Disconnected`] once every [`Tap`] is gone, `Timeout` after `patience`.
    pub fn next(&self, patience: Duration) -> Result<Observation, mpsc::RecvTimeoutError> {
        self.shared.reader.get_or_init(thread::current);
        let since = Instant::now();
        loop {
            match self.receiver.try_recv() {
                Ok((observation, bytes)) => {
                    self.shared.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
                    return Ok(observation);
                }
                Err(TryRecvError::Disconnected) => return Err(mpsc::RecvTimeoutError::Disconnected),
                Err(TryRecvError::Empty) => {}
            }
            let left = patience.saturating_sub(since.elapsed());
            if left.is_zero() {
                return Err(mpsc::RecvTimeoutError::Timeout);
            }
            thread::park_timeout(left.min(LOOK_EVERY));
        }
    }
}

/// What always goes through: it says that something happened.
const ALWAYS_TAKEN_BYTES: usize = 1024;

fn weight(observation: &Observation) -> usize {
    const HEAD: usize = 200;
    HEAD + match observation {
        Observation::SocketBytes { bytes, .. } => bytes.len(),
        Observation::HttpEnded { exchange } | Observation::HttpSeen { exchange } => {
            let headers = exchange.request_headers.iter().chain(&exchange.response_headers);
            let headers: usize = headers.map(|(name, value)| 48 + name.len() + value.len()).sum();
            headers
                + exchange.url.len()
                + exchange.request_body.bytes.len()
                + exchange.response_body.bytes.len()
        }
        Observation::Probe {
            report: ProbeReport::Message { message, .. },
            ..
        } => message.size(),
        Observation::SocketOpened(opened) => opened.path.len() + opened.extensions.len(),
        Observation::Fact { value, .. } => value_bytes(value),
        _ => 0,
    }
}

fn without_content(observation: Observation) -> Observation {
    match observation {
        Observation::SocketBytes { connection, t_us, .. } => Observation::SocketLost { connection, t_us },
        Observation::HttpSeen { mut exchange } => {
            exchange.request_body.bytes = Vec::new();
            Observation::HttpSeen { exchange }
        }
        Observation::HttpEnded { mut exchange } => {
            exchange.request_body.bytes = Vec::new();
            exchange.response_body.bytes = Vec::new();
            Observation::HttpEnded { exchange }
        }
        Observation::Probe {
            t_us,
            report: ProbeReport::Message { pid, message },
        } => Observation::Probe {
            t_us,
            report: ProbeReport::Message {
                pid,
                message: without_states(message),
            },
        },
        other => other,
    }
}

fn without_states(message: ProbeMessage) -> ProbeMessage {
    match message {
        ProbeMessage::Turn(turn) => ProbeMessage::Turn(Box::new(turn.cut())),
        ProbeMessage::View(_) | ProbeMessage::Source(_) | ProbeMessage::Process(_) | ProbeMessage::Log(_) => {
            ProbeMessage::Lost { messages: 1 }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use djscope_recording::model::Direction;

    use super::*;

    #[test]
    fn what_does_not_fit_is_counted_and_announced() {
        let (tap, queue) = queue(Clock::start(), 10_000);
        let chunk = |tap: &Tap| Observation::SocketBytes {
            connection: 1,
            t_us: tap.now_us(),
            direction: Direction::ToServer,
            bytes: Bytes::from(vec![0; 6000]),
        };
        tap.send(chunk(&tap));
        tap.send(chunk(&tap));
        assert_eq!(queue.dropped(), 1);
        assert!(matches!(
            queue.next(Duration::ZERO),
            Ok(Observation::SocketBytes { .. })
        ));
        assert!(matches!(
            queue.next(Duration::ZERO),
            Ok(Observation::SocketLost { connection: 1, .. })
        ));
        tap.send(chunk(&tap));
        assert!(matches!(
            queue.next(Duration::ZERO),
            Ok(Observation::SocketBytes { .. })
        ));
        assert!(queue.next(Duration::ZERO).is_err());
    }

    #[test]
    fn reports_of_a_probe_weigh_what_they_hold() {
        let (tap, queue) = queue(Clock::start(), 1 << 20);
        let state = serde_json::json!({"public": {"rows": "x".repeat(400_000)}, "private": {}});
        let report = |state: &serde_json::Value| {
            let turn = serde_json::json!({"type": "turn", "kind": "event", "view": "7-1", "after": state});
            Observation::Probe {
                t_us: 0,
                report: ProbeReport::Message {
                    pid: 7,
                    message: serde_json::from_value(turn).unwrap(),
                },
            }
        };
        for _ in 0..100 {
            tap.send(report(&state));
        }
        assert!(
            queue.bytes() <= (1 << 20) + 100 * 2048,
            "{} bytes wait",
            queue.bytes()
        );
        let mut cut = 0;
        while let Ok(observation) = queue.next(Duration::ZERO) {
            let Observation::Probe {
                report:
                    ProbeReport::Message {
                        message: ProbeMessage::Turn(turn),
                        ..
                    },
                ..
            } = observation
            else {
                unreachable!()
            };
            cut += u32::from(turn.is_cut && turn.after.is_none() && !turn.missing.is_empty());
        }
        assert!(cut >= 97, "{cut} were cut");
        assert_eq!(queue.bytes(), 0);
    }
}
