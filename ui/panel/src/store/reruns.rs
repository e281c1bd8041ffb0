//! Turns that were run again, kept as long as the panel is open: a recording is never written to.

use std::cell::Cell;
use std::collections::HashMap;

use djscope_hub::model::TurnId;
use djscope_hub::{HubError, JobEnd, JobId, ProjectFacts, RerunAnswer};
use serde_json::{Map, Value};

use super::Failure;

/// What is to be another value before a turn is run again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    /// Names of the state.
    pub state: Option<Map<String, Value>>,
    /// Parameters of the event.
    pub params: Option<Map<String, Value>>,
}

/// What came of a turn that was run again.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It was run.
    Answer(Box<RerunAnswer>),
    /// It could not be.
    Failure(Failure),
}

/// What came of it, and whether anything was changed before it was run.
#[derive(Clone, Debug)]
pub struct Rerun {
    /// What came of it.
    pub outcome: Outcome,
    /// True if state or parameters were others than the recorded ones.
    pub is_what_if: bool,
}

/// The turn that is being run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Running {
    pub turn: TurnId,
    pub is_what_if: bool,
    /// None until the hub has given it a number.
    pub job: Option<JobId>,
}

/// All that is known of re-runs.
#[derive(Default)]
pub struct Reruns {
    project: Option<Result<ProjectFacts, Failure>>,
    /// The project was asked for.
    pub(super) is_asked: Cell<bool>,
    /// The user has seen which code runs, and wants it to.
    pub(super) is_agreed: bool,
    pub(super) running: Option<Running>,
    kept: HashMap<TurnId, Rerun>,
}

impl Reruns {
    /// The project whose code runs, or why it cannot; none until the hub has said it.
    pub const fn project(&self) -> Option<&Result<ProjectFacts, Failure>> {
        self.project.as_ref()
    }

    /// True if the user has agreed to run the project's code.
    pub const fn is_agreed(&self) -> bool {
        self.is_agreed
    }

    /// The turn that is being run.
    pub fn running(&self) -> Option<TurnId> {
        self.running.map(|running| running.turn)
    }

    /// What came of a turn, the last time that it was run.
    pub fn of(&self, turn: TurnId) -> Option<&Rerun> {
        self.kept.get(&turn)
    }

    pub(super) fn take_project(&mut self, project: Result<ProjectFacts, HubError>) {
        self.project = Some(project.map_err(Failure::from));
    }

    pub(super) fn started(&mut self, job: JobId) {
        if let Some(running) = &mut self.running {
            running.job = Some(job);
        }
    }

    pub(super) fn take(&mut self, job: JobId, answer: Box<RerunAnswer>) {
        if let Some(running) = self.running.filter(|running| running.job == Some(job)) {
            self.keep(running, Outcome::Answer(answer));
        }
    }

    pub(super) fn ended(&mut self, end: JobEnd) {
        let Some(running) = self.running.take_if(|running| running.job == Some(end.job)) else {
            return;
        };
        if let Some(message) = end.message {
            let hint = end.hint;
            self.keep(running, Outcome::Failure(Failure { message, hint }));
        }
    }

    /// The job was not begun, or its end will not be heard of.
    pub(super) fn fail(&mut self, failure: Failure) {
        if let Some(running) = self.running.take() {
            self.keep(running, Outcome::Failure(failure));
        }
    }

    fn keep(&mut self, running: Running, outcome: Outcome) {
        let is_what_if = running.is_what_if;
        self.kept.insert(running.turn, Rerun { outcome, is_what_if });
    }
}
