//! The recording: everything captured in one run, as types and as one file.
//!
//! [`model`] holds the words (turn, frame, snapshot, span …) as plain data.
//! With the feature `sqlite` the rest of the crate writes them to one `SQLite`
//! file, append-only, and reads them back by number, by time and by filter.
//! This crate never opens a socket and never runs code out of a recording.

mod entry;
pub mod filter;
pub mod model;

#[cfg(feature = "sqlite")]
mod blobs;
#[cfg(feature = "sqlite")]
mod compression;
#[cfg(feature = "sqlite")]
mod detail;
#[cfg(feature = "sqlite")]
mod error;
#[cfg(feature = "sqlite")]
mod journal;
#[cfg(feature = "sqlite")]
mod payload;
#[cfg(feature = "sqlite")]
mod reader;
#[cfg(feature = "sqlite")]
mod row_sum;
#[cfg(feature = "sqlite")]
mod schema;
#[cfg(feature = "sqlite")]
mod snapshots;
#[cfg(feature = "sqlite")]
mod sums;
#[cfg(feature = "sqlite")]
mod writer;

pub use entry::{Entry, Keyframe, SnapshotDelta, class_bytes, map_bytes, value_bytes, work_bytes};
#[cfg(feature = "sqlite")]
pub use error::RecordingError;
#[cfg(feature = "sqlite")]
pub use reader::{
    BodySide, DomSource, HttpPage, LeftOut, Overview, Page, PatchBatch, Reader, Revision, Totals,
};
#[cfg(feature = "sqlite")]
pub use schema::{FORMAT_MAJOR, FORMAT_MINOR, MAX_VALUE_BYTES};
#[cfg(feature = "sqlite")]
pub use writer::{Commit, Full, Health, Moved, Replaced, Summary, Writer, WriterOptions};
