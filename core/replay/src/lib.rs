//! Turns that run again, recordings that are played, and turns that ran here.
//!
//! `rerun` runs recorded turns again in the project's own Python; [`answer`] is what is said of them. `server` plays the
//! browser's side of a recording to a live server, `browser` the server's side to a real browser.
//!
//! `Reporter` reports what the engine did with live views in Rust, with the messages of the probe protocol, so that a
//! recorder makes no difference between a server in Python and one in this process.

pub mod answer;
#[cfg(feature = "local")]
pub mod browser;
#[cfg(feature = "local")]
mod reporter;
#[cfg(feature = "local")]
pub mod rerun;
#[cfg(feature = "local")]
pub mod server;

#[cfg(feature = "local")]
pub use reporter::Reporter;
