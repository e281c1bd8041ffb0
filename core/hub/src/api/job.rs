//! What takes longer than an answer.

use serde::{Deserialize, Serialize};

use super::RerunJob;

/// Number of a job, given by the hub.
pub type JobId = u64;

/// Something that takes long. It ends when it is done, when it is stopped, or with its client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Let the rules look at every turn; findings are sent as they are made.
    Diagnose,
    /// Compare the whole file with its sums.
    Verify,
    /// Run a turn again, in the project's own Python; what came of it is sent before the end.
    Rerun(Box<RerunJob>),
}

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobProgress {
    /// Its number.
    pub job: JobId,
    /// Turns or bytes that are done.
    pub done: u64,
    /// How many there are.
    pub total: u64,
}

/// How a job has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobEnd {
    /// Its number.
    pub job: JobId,
    /// False if it was stopped, or failed.
    pub is_complete: bool,
    /// What it has to say: how the file is damaged, or why the job failed. None if all is well.
    pub message: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}
