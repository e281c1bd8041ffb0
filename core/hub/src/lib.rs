//! One API over a recording, live or saved.
//!
//! The panel, the CLI and every later shell are clients: they send a [`Request`] and get one [`Reply`], and hear
//! [`Event`]s besides. [`Hub`] owns the reader of the file, fans out what is committed, lets the rules look at it, and
//! runs jobs. A client is in the same process ([`Hub::client`]) or at the other end of a WebSocket ([`socket`]); the
//! messages are the same. Nothing outside this crate needs to know where a recording lives.
//!
//! Without features there are only the messages and the pure parts, for a client that runs in a browser.

mod api;
mod client;
#[cfg(feature = "local")]
mod hub;
pub mod parts;
#[cfg(feature = "socket")]
pub mod socket;

pub use api::*;
pub use client::{Bell, Client, Waiting};
pub use djscope_diagnose::{chain, rules, verdict};
pub use djscope_recording::{filter, model};
pub use djscope_replay::answer::{
    Answer as RerunAnswer, Difference as RerunDifference, HeldBack, Unsteady, What, Witness,
    Word as RerunWord,
};
#[cfg(feature = "local")]
pub use hub::{Hub, Live, LocalClient, Mailbox};
