//! The server over real sockets: what it serves, what it refuses, and that one browser never disturbs another.

#![allow(clippy::unwrap_used, reason = "allowed in tests")]

mod browser;
mod connections;
mod hostile;
mod http;
mod pages;
mod site;
mod turns;
