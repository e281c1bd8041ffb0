//! The hub at the other end of a WebSocket.
//!
//! [`SocketServer`] serves a hub on the loopback interface; [`RemoteClient`] is a [`Client`](crate::Client) of one.
//! Each message is one JSON text. The client begins with `hello`, the server answers `welcome`, or `refused` with the
//! reason. The server sends no more messages than the client has given it credit for, so that a client that is slow
//! slows down itself and nobody else.

mod address;
mod remote;
mod server;

use serde::{Deserialize, Serialize};

use crate::api::{Message, Request};

pub use address::HubAddress;
pub use remote::RemoteClient;
pub use server::SocketServer;

/// Messages that a client takes before it has to give more credit.
const CREDIT: u32 = 64;

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FromClient {
    /// First of all.
    Hello {
        /// The version that it speaks.
        protocol: u32,
        /// Messages that it takes for a start.
        credit: u32,
    },
    /// It takes so many messages more.
    Credit(u32),
    /// A request.
    Request(Request),
}

/// What the server sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FromServer {
    /// The client is served.
    Welcome {
        /// The version that both speak.
        protocol: u32,
        /// Version of djscope at the server.
        djscope: String,
    },
    /// The client is not served.
    Refused {
        /// Why.
        reason: String,
    },
    /// A reply or an event.
    Message(Box<Message>),
}
