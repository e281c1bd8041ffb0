//! Turns that run again, and turns that ran here.
//!
//! [`rerun`] runs recorded turns again in the project's own Python, and says what they do otherwise.
//!
//! [`Reporter`] reports what the engine did with live views in Rust, with the messages of the probe protocol, so that a
//! recorder makes no difference between a server in Python and one in this process.

mod reporter;
pub mod rerun;

pub use reporter::Reporter;
