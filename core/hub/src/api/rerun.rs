//! A turn that is run again, in the project's own Python.

use djscope_recording::model::TurnId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Where the project is, if not where the recording says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProjectPlace {
    /// Its folder.
    pub folder: Option<String>,
    /// Its interpreter.
    pub python: Option<String>,
    /// Its settings module.
    pub settings: Option<String>,
}

/// A turn to run again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RerunJob {
    /// The turn.
    pub turn: TurnId,
    /// Where the project is.
    pub place: ProjectPlace,
    /// Names of the state to set before the turn.
    pub edit_state: Option<Map<String, Value>>,
    /// Parameters to set in the event.
    pub edit_params: Option<Map<String, Value>>,
    /// The description of the project that the user has seen and agreed to run.
    pub agreed_to: String,
}

/// The project whose code a re-run runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectFacts {
    /// Folder, interpreter and settings, in one sentence.
    pub description: String,
    /// Variables of the environment that the recorded server had and that are not set here.
    pub missing_variables: Vec<String>,
}
