//! Turns that run again, and turns that ran here.
//!
//! `rerun` runs recorded turns again in the project's own Python; [`answer`] is what is said of them.
//!
//! `Reporter` reports what the engine did with live views in Rust, with the messages of the probe protocol, so that a
//! recorder makes no difference between a server in Python and one in this process.

pub mod answer;
#[cfg(feature = "worker")]
mod reporter;
#[cfg(feature = "worker")]
pub mod rerun;

#[cfg(feature = "worker")]
pub use reporter::Reporter;
