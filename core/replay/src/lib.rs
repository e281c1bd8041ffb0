//! Turns that run again, recordings that are played, and turns that ran here.
//!
//! [`rerun`] runs recorded turns again in the project's own Python, and says what they do otherwise. [`server`] plays the
//! browser's side of a recording to a live server, [`browser`] the server's side to a real browser.
//!
//! [`Reporter`] reports what the engine did with live views in Rust, with the messages of the probe protocol, so that a
//! recorder makes no difference between a server in Python and one in this process.

pub mod browser;
mod reporter;
pub mod rerun;
pub mod server;

pub use reporter::Reporter;
