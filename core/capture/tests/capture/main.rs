//! Turn assembly from real and made-up sessions, and the relay over real sockets.

#![allow(clippy::unwrap_used)]

mod inputs;
mod joining;
mod playbook;
mod proxy;
mod queueing;
mod secrets;
mod sessions;
mod shown;
mod silence;
mod soak;
mod stall;
mod versions;
