//! From turns that ran here to turns in a recording.
//!
//! [`Reporter`] reports what the engine did with live views in Rust, with the messages of the probe protocol, so that a
//! recorder makes no difference between a server in Python and one in this process.

mod reporter;

pub use reporter::Reporter;
