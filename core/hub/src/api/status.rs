//! The state of a recording.

use serde::{Deserialize, Serialize};

/// The state of the recording and of everything that feeds it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Live, paused or saved.
    pub recording: RecordingState,
    /// Path of the file.
    pub path: String,
    /// Address of the proxy, `http://127.0.0.1:8010`, while live.
    pub proxy: Option<String>,
    /// Address of the server, `http://127.0.0.1:8000`.
    pub upstream: Option<String>,
    /// The command that was started, if any.
    pub command: Option<String>,
    /// How long the recording is.
    pub duration_us: i64,
    /// Turns so far.
    pub turns: u64,
    /// Frames so far.
    pub frames: u64,
    /// Findings so far.
    pub findings: u64,
    /// Size of the file in bytes.
    pub size_bytes: u64,
    /// Frames, states or bodies that could not be kept.
    pub dropped: u64,
    /// Memory of the recorder; none for a saved recording.
    pub memory: Option<Memory>,
    /// Is there a probe, and what does it lack.
    pub probe: ProbeState,
    /// Sentences that the user should see: the disk is full, the server is down.
    pub problems: Vec<String>,
    /// How the file differs from its sums, once it was compared with them; none if it does not.
    pub damage: Option<String>,
    /// True once the file was compared with its sums, and the rules have looked at every turn that was in the recording when it was opened.
    pub is_diagnosed: bool,
}

/// Memory of a recorder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// What was seen and is not written yet, in bytes.
    pub used_bytes: u64,
    /// What the recorder may use in all, in bytes.
    pub budget_bytes: u64,
}

/// Whether a recording grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingState {
    /// It grows.
    Live,
    /// It could grow, and the user stopped it.
    Paused,
    /// A file from an earlier run.
    #[default]
    Saved,
}

/// What is known of the probe in the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "probe", rename_all = "snake_case")]
pub enum ProbeState {
    /// Not asked for, or attached to a server that runs without it.
    #[default]
    Absent,
    /// Asked for, and not heard of yet.
    Waiting,
    /// Asked for, and djust's frames pass without a word of it.
    Silent {
        /// Why, and the way out.
        reason: String,
    },
    /// It reports.
    Connected {
        /// djust's version in the server.
        djust: Option<String>,
        /// What it cannot see, and why.
        missing: Vec<String>,
    },
    /// It reported, and its process has ended.
    Gone,
}
