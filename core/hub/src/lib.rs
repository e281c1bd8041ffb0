//! One API over a recording, live or saved.
//!
//! The panel, the CLI and every later shell are clients: they send a
//! [`Query`] and get [`Answer`]s, in the same process or over a wire. Nothing
//! outside this crate needs to know where a recording lives.

mod api;
#[cfg(feature = "local")]
mod local;

pub use api::{Answer, Client, Memory, ProbeState, Query, RecordingState, Status, TurnPage};
pub use djscope_recording::model::OverviewColumn;
pub use djscope_recording::{filter, model};
#[cfg(feature = "local")]
pub use local::{Live, LocalClient, Mailbox};
