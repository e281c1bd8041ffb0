//! What was seen becomes turns.
//!
//! [`Assembler`] is a pure function over the stream: it has no clock, no
//! socket and no thread, and what one connection does has no influence on the
//! turns of another. The rules:
//!
//! - A frame from the browser that asks for something begins a turn.
//! - An answer belongs to the turn of its `ref`. Where djust sends no `ref`,
//!   the server's own order decides: it works on one frame of a socket at a
//!   time, so an answer belongs to the oldest turn of the fitting kind.
//! - Frames with `source` tick, broadcast or async begin and end a turn.
//! - Side frames (flash, title, navigation, push events) go to the turn that
//!   is being worked on, or to the last one if it was answered just before.
//! - What a probe reports is joined to the turn with the same `ref`, version
//!   or kind; what the wire never saw becomes a turn of its own.
//! - What djust itself shows of a state, with `DEBUG` on, is kept beside the
//!   probe's states and never as one, and only while no probe is connected.

mod assembler;
mod connection;
mod held;
mod http;
mod joining;
mod processes;
mod records;
pub use records::patch_records;
mod shown;
mod silence;
mod states;
mod tasks;
mod threads;
mod views;
mod waiting;

pub use assembler::{Assembler, ProbeStatus};
pub use connection::{ConnectionTurns, LiveTurn};

use djscope_recording::model::{ConnectionId, Direction, HttpExchange, HttpId, Micros};
use serde_json::Value;

use crate::observation::SocketOpened;
use crate::probe::ProbeReport;

/// What was seen, once bytes are messages.
#[derive(Clone, Debug)]
pub enum Seen {
    /// A socket was asked for and answered.
    Opened {
        /// The socket.
        opened: SocketOpened,
        /// True if its path says that it is djust's.
        is_djust: bool,
    },
    /// The first message of a socket says that it is djust's.
    Djust {
        /// The socket.
        connection: ConnectionId,
    },
    /// A message of a djust socket.
    Message {
        /// The socket.
        connection: ConnectionId,
        /// When its last byte was read.
        t_us: Micros,
        /// Which way it went.
        direction: Direction,
        /// The message.
        message: Message,
    },
    /// The rest of a socket cannot be read.
    Problem {
        /// The socket.
        connection: ConnectionId,
        /// When.
        t_us: Micros,
        /// Why.
        text: String,
    },
    /// A socket has ended.
    Closed {
        /// The socket.
        connection: ConnectionId,
        /// When.
        t_us: Micros,
    },
    /// A request was passed on.
    HttpBegan {
        /// Its number.
        http: HttpId,
        /// Port of djscope's own socket to the server.
        port: u16,
    },
    /// An exchange has ended.
    HttpEnded {
        /// The exchange.
        exchange: Box<HttpExchange>,
    },
    /// A fact about the run.
    Fact {
        /// Its name.
        key: &'static str,
        /// Its value.
        value: Value,
    },
    /// A probe said something.
    Probe {
        /// When it was read.
        t_us: Micros,
        /// What.
        report: ProbeReport,
    },
}

/// A WebSocket message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text, cut if it was over the limit.
    Text {
        /// The text.
        text: String,
        /// Its real length in bytes.
        length: u64,
    },
    /// Bytes, cut if they were over the limit.
    Binary {
        /// The bytes.
        bytes: Vec<u8>,
        /// Their real number.
        length: u64,
    },
    /// A ping with its payload.
    Ping(Vec<u8>),
    /// A pong with its payload.
    Pong(Vec<u8>),
    /// The closing handshake.
    Close {
        /// The code.
        code: u16,
        /// The reason.
        reason: String,
    },
}
