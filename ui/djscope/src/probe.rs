//! `djscope probe`: the dormant probe in the project's environment.

use djscope_python::{Environment, EnvironmentError, InstallError, Status, install, status, uninstall};

use crate::arguments::{EnvironmentArguments, ProbeCommand};
use crate::failure::Failure;
use crate::terminal::{note, say};

/// `djscope probe`. False if what is there is damaged.
pub fn probe(command: &ProbeCommand) -> Result<bool, Failure> {
    match command {
        ProbeCommand::Install(options) => put(&found(options)?),
        ProbeCommand::Status(options) => Ok(look(&found(options)?)),
        ProbeCommand::Uninstall(options) => take(&found(options)?),
    }
}

fn found(options: &EnvironmentArguments) -> Result<Environment, Failure> {
    if let Some(environment) = &options.environment {
        Failure::if_empty("the environment", environment)?;
    }
    Ok(Environment::find(options.environment.as_deref())?)
}

fn put(environment: &Environment) -> Result<bool, Failure> {
    let before = status(environment);
    install(environment)?;
    let after = status(environment);
    say(format_args!("{}: {after}", environment.root().display()));
    if before != after {
        note!("servers that are started in it from now on can be watched with djscope attach");
    }
    Ok(true)
}

fn look(environment: &Environment) -> bool {
    let found = status(environment);
    say(format_args!("{}: {found}", environment.root().display()));
    match found {
        Status::Installed { .. } => true,
        Status::Absent | Status::OtherVersion { .. } => {
            note!("djscope probe install puts the one of this version there");
            true
        }
        Status::Damaged { .. } => {
            note!("djscope probe install mends it, unless somebody else has put it there");
            false
        }
    }
}

fn take(environment: &Environment) -> Result<bool, Failure> {
    let was_there = uninstall(environment)?;
    say(format_args!(
        "{}: {}",
        environment.root().display(),
        if was_there { "taken away" } else { "not installed" }
    ));
    Ok(true)
}

impl From<EnvironmentError> for Failure {
    fn from(error: EnvironmentError) -> Self {
        let hint = error.hint();
        Self::new(error).with_hint(hint)
    }
}

impl From<InstallError> for Failure {
    fn from(error: InstallError) -> Self {
        let hint = error.hint();
        Self::new(error).with_hint(hint)
    }
}
