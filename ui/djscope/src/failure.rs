//! How a command fails: one clear line, and what to do.

use std::fmt::Display;
use std::path::Path;

use djscope_capture::redaction::RulesError;
use djscope_capture::run::RunError;
use djscope_hub::HubError;
use djscope_recording::RecordingError;
use djscope_recording::filter::FilterError;
use djscope_replay::browser::StageError;
use djscope_replay::rerun::RerunError;
use djscope_replay::server::ReplayError;

use crate::terminal::{error_line, note};

/// Exit code for findings, and for damage in a recording.
pub const FINDINGS: u8 = 1;

/// Exit code for usage and input errors.
pub const INPUT: u8 = 2;

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    message: String,
    /// Lines that show where.
    excerpt: Option<String>,
    hint: Option<String>,
}

impl Failure {
    /// A failure that says what and where.
    pub fn new(message: impl Display) -> Self {
        Self {
            message: message.to_string(),
            excerpt: None,
            hint: None,
        }
    }

    /// A name without a character names no file: `--out "$FILE"` with a variable that is not set.
    ///
    /// # Errors
    ///
    /// If the name of `what` is empty.
    pub fn if_empty(what: &str, name: &Path) -> Result<(), Self> {
        if name.as_os_str().is_empty() {
            return Err(Self::new(format!("the name of {what} is empty"))
                .with_hint("is a variable of the shell not set? name a file, as in cart.djscope"));
        }
        Ok(())
    }

    /// The same with what to do.
    pub fn with_hint(self, hint: impl Display) -> Self {
        Self {
            hint: Some(hint.to_string()),
            ..self
        }
    }

    /// Prints it on standard error.
    pub fn print(&self) {
        note!("{}", self.message);
        for line in self.excerpt.iter().flat_map(|excerpt| excerpt.lines()) {
            error_line(line);
        }
        if let Some(hint) = &self.hint {
            error_line(&format!("hint: {hint}"));
        }
    }
}

impl From<RecordingError> for Failure {
    fn from(error: RecordingError) -> Self {
        Self {
            message: error.to_string(),
            excerpt: None,
            hint: error.hint(),
        }
    }
}

impl From<HubError> for Failure {
    fn from(error: HubError) -> Self {
        Self {
            message: error.message,
            excerpt: None,
            hint: error.hint,
        }
    }
}

impl Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self {
            message: error.to_string(),
            excerpt: None,
            hint: error.hint(),
        }
    }
}

impl From<RerunError> for Failure {
    fn from(error: RerunError) -> Self {
        Self {
            message: error.to_string(),
            excerpt: error.excerpt().map(|text| text.trim_end().to_owned()),
            hint: error.hint(),
        }
    }
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        Self {
            message: error.to_string(),
            excerpt: None,
            hint: error.hint(),
        }
    }
}

impl From<StageError> for Failure {
    fn from(error: StageError) -> Self {
        let hint = match &error {
            StageError::Recording(error) => error.hint(),
            StageError::Empty => Some("djscope show lists what is in it".to_owned()),
            StageError::System(_) => Some("--port 0 takes a free one".to_owned()),
        };
        Self {
            message: error.to_string(),
            excerpt: None,
            hint,
        }
    }
}

impl From<RulesError> for Failure {
    fn from(error: RulesError) -> Self {
        Self::new(error).with_hint("one name a line, !name for what is no secret, # before remarks")
    }
}

impl From<FilterError> for Failure {
    fn from(error: FilterError) -> Self {
        let hint = error
            .hint
            .clone()
            .unwrap_or_else(|| "djscope show --help lists the terms".to_owned());
        Self {
            excerpt: Some(error.caret()),
            ..Self::new(error).with_hint(hint)
        }
    }
}
