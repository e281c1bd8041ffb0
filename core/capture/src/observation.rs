//! What the relay and the probes have seen, in the order in which it was seen.

use bytes::Bytes;
use djscope_recording::model::{ConnectionId, Direction, HttpExchange, HttpId, Micros};

use serde_json::Value;

use crate::probe::ProbeReport;

/// Something that was seen.
#[derive(Clone, Debug)]
pub enum Observation {
    /// A socket was asked for and answered.
    SocketOpened(SocketOpened),
    /// Bytes of a socket, as they were relayed.
    SocketBytes {
        /// The socket.
        connection: ConnectionId,
        /// When they were read.
        t_us: Micros,
        /// Which way they went.
        direction: Direction,
        /// The bytes.
        bytes: Bytes,
    },
    /// Bytes of a socket were relayed and could not be kept: the queue was full.
    SocketLost {
        /// The socket.
        connection: ConnectionId,
        /// When the first of them was read.
        t_us: Micros,
    },
    /// A socket has ended on both sides.
    SocketClosed {
        /// The socket.
        connection: ConnectionId,
        /// When.
        t_us: Micros,
    },
    /// A request was passed on to the server.
    HttpBegan {
        /// Its number.
        http: HttpId,
        /// Port of djscope's own socket to the server, by which a probe knows the request.
        port: u16,
    },
    /// A head, or the whole content of a request, is about to be passed on: what it shows as a secret has to be known
    /// before anything is written that the server makes of it.
    HttpSeen {
        /// What there is of the exchange so far.
        exchange: Box<HttpExchange>,
    },
    /// An exchange has ended, well or badly.
    HttpEnded {
        /// The exchange.
        exchange: Box<HttpExchange>,
    },
    /// A fact about the run, to be written as it is.
    Fact {
        /// Its name.
        key: &'static str,
        /// Its value.
        value: Value,
    },
    /// Nothing more will be seen.
    End,
    /// A probe said something.
    Probe {
        /// When it was read.
        t_us: Micros,
        /// What it said.
        report: ProbeReport,
    },
}

/// A socket that was asked for and answered.
#[derive(Clone, Debug)]
pub struct SocketOpened {
    /// Its number.
    pub connection: ConnectionId,
    /// When it was asked for.
    pub t_us: Micros,
    /// Path and query of the request.
    pub path: String,
    /// Status of the answer.
    pub status: u16,
    /// `Sec-WebSocket-Extensions` of the answer.
    pub extensions: String,
    /// `Server` of the answer.
    pub server: String,
    /// True if the upgrade is to WebSocket.
    pub is_websocket: bool,
}
