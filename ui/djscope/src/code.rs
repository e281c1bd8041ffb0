//! What a command that runs a project's code needs to know of it, and whether it may.

use std::path::Path;

use djscope_replay::rerun::{Options, Project, Said};

use crate::arguments::CodeArguments;
use crate::consent;
use crate::failure::Failure;
use crate::terminal::note;

/// Variables that are named.
const NAMED: usize = 10;

/// Where the project is, as far as it was said.
pub fn said(options: &CodeArguments) -> Said {
    Said {
        project: options.project.folder.clone(),
        python: options.project.python.clone(),
        settings: options.project.settings.clone(),
    }
}

/// How its code is run.
pub fn settled(options: &CodeArguments) -> Options {
    Options {
        allow: options.allow.clone(),
        seconds: options.timeout.as_secs_f64(),
        memory_mb: options.memory,
        user: options.user.clone(),
        starts: options.db.iter().cloned().collect(),
        ..Options::default()
    }
}

/// A recording is from a stranger: its turns are run only if somebody wants that who knows what runs.
///
/// # Errors
///
/// If nobody wants it, or nobody can be asked.
pub fn ask(project: &Project, options: &CodeArguments) -> Result<(), Failure> {
    describe(project, options)?;
    if options.yes {
        return Ok(());
    }
    consent::ask("Run it?", "run")
}

/// The same for what goes on without it; `otherwise` says how.
///
/// # Errors
///
/// If a file that was named is not there.
pub fn may_run(project: &Project, options: &CodeArguments, otherwise: &str) -> Result<bool, Failure> {
    if !options.yes && !consent::is_terminal() {
        note!("nobody can be asked whether the project's code may run (--yes says so): {otherwise}");
        return Ok(false);
    }
    describe(project, options)?;
    Ok(options.yes || consent::is_wanted(&format!("Run it? If not, {otherwise}.")))
}

fn describe(project: &Project, options: &CodeArguments) -> Result<(), Failure> {
    note!("this runs the code of {}", project.description());
    let missing = project.missing_variables();
    if !missing.is_empty() {
        let more = match missing.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named = missing[..missing.len().min(NAMED)].join(", ");
        note!("the recorded server had variables that are not set here: {named}{more}");
    }
    if let Some(file) = options
        .db
        .iter()
        .map(|(_, file)| file)
        .find(|file| !Path::is_file(file))
    {
        return Err(Failure::new(format!("there is no file {}", file.display())));
    }
    Ok(())
}
