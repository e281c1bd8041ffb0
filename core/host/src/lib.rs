//! A server for views written in Rust: their pages, the browser client, and the WebSocket that djust's client and ours
//! speak.
//!
//! Requests go from `server` (sockets that are accepted) through `site` (which answer they get) to the application. A
//! WebSocket becomes a `connection`: one task that owns a session of the engine and a `socket`. What sessions push to
//! each other goes through the `hub`. Limits and times are in [`HostOptions`].

mod allowed_hosts;
mod blocking;
mod clock;
mod connection;
mod files;
mod host;
mod hub;
mod options;
mod places;
mod random;
mod server;
mod site;
mod socket;
mod visitor;

pub use files::{CLIENT_SCRIPT, StaticFile, client_module};
pub use host::Host;
pub use hub::Pusher;
pub use options::{HostOptions, Limits, OnTurn, Users};
pub use server::Server;
pub use visitor::Visitor;
