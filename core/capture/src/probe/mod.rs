//! The probe in the user's server: what it says, and the socket that it says it on.

mod connected;
mod protocol;
mod receiver;
mod strangers;

pub use protocol::{
    Hello, ProbeLog, ProbeMessage, ProbeSnapshot, ProbeSpan, ProbeTurn, ProbeView, ProcessFacts, TurnLog,
    VERSION,
};
pub use receiver::{ProbeListener, ProbeReport};
