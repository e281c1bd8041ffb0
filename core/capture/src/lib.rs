//! From a running server to a recording.
//!
//! Data flows one way: the [`proxy`] relays bytes and the [`probe`] listener
//! hears the server, both put [`observation`]s on one [`queue`]; [`sockets`]
//! makes messages of bytes, [`turns`] makes turns of messages, [`redaction`]
//! takes out secrets, and the recording's writer gets what is left. [`run`]
//! starts and ends all of it.
//!
//! Nothing after the queue can slow the relay down. What does not fit on the
//! queue is lost to the recording, counted and named.

pub mod launch;
pub mod memory;
pub mod not_live;
pub mod notices;
pub mod observation;
pub mod offers;
pub mod probe;
pub mod proxy;
pub mod queue;
pub mod recorder;
pub mod redaction;
pub mod run;
pub mod servers;
pub mod silence;
pub mod sockets;
pub mod turns;
