//! The recording: everything captured in one run, as types and as one file.
//!
//! [`model`] holds the words (turn, frame, snapshot, span …) as plain data.
//! With the feature `sqlite` the rest of the crate writes them to one SQLite
//! file, append-only, and reads them back by number, by time and by filter.
//! This crate never opens a socket and never runs code out of a recording.

mod entry;
pub mod filter;
pub mod model;

pub use entry::{Entry, Finding, Keyframe, SnapshotDelta};
