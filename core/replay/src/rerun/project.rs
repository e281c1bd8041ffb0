//! Where the project of a recording is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use djscope_capture::probe::ProcessFacts;
use djscope_recording::Reader;
use djscope_recording::model::TurnId;
use serde_json::Value;

use super::RerunError;
use super::messages::{Source, Start};

/// What is said about the project instead of what the recording knows.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// The project's folder.
    pub project: Option<PathBuf>,
    /// The interpreter.
    pub python: Option<PathBuf>,
    /// Settings module.
    pub settings: Option<String>,
}

/// The project: its folder, its interpreter, and what it was started with.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// The working directory.
    pub cwd: PathBuf,
    /// The interpreter.
    pub python: PathBuf,
    /// Settings module.
    pub settings: Option<String>,
    /// `sys.path` of the recorded server, where it is now.
    pub path: Vec<String>,
    /// Copies of its databases as they were when the recording began, by alias.
    pub database_starts: BTreeMap<String, PathBuf>,
    /// What the recorded server was.
    pub facts: ProcessFacts,
    sources: Vec<Source>,
}

impl Project {
    /// What the recording knows of the process that served.
    ///
    /// # Errors
    ///
    /// If the recording cannot be read.
    pub fn facts(reader: &Reader) -> Result<Option<ProcessFacts>, RerunError> {
        Ok(serving(&processes(reader.meta()?.get("processes"))))
    }

    /// Finds it by what the recording knows and by what is said.
    ///
    /// # Errors
    ///
    /// If the recording knows too little, or folder or interpreter are not there.
    pub fn find(reader: &Reader, said: &Said) -> Result<Self, RerunError> {
        let meta = reader.meta()?;
        let processes = processes(meta.get("processes"));
        let database_starts = database_starts(&processes, reader.path());
        let facts = serving(&processes).unwrap_or_default();
        let Some(recorded) = said
            .project
            .clone()
            .or_else(|| facts.cwd.as_deref().map(PathBuf::from))
        else {
            return Err(RerunError::NoProcess(
                "no probe of protocol 2 was in the server (attached without one, --no-probe, or an older djscope)",
            ));
        };
        let python = said.python.clone().or_else(|| interpreter(&facts));
        let python = python.ok_or(RerunError::NoProcess("its interpreter is not known"))?;
        let cwd = std::path::absolute(&recorded).unwrap_or(recorded);
        if !cwd.is_dir() {
            return Err(RerunError::NoFolder(cwd));
        }
        if !python.is_file() {
            return Err(RerunError::NoPython(python));
        }
        let settings = said.settings.clone().or_else(|| facts.settings.clone());
        let moved = facts.cwd.as_deref().map(Path::new);
        let path = facts
            .path
            .iter()
            .filter(|entry| !entry.contains("djscope-probe-"))
            .map(|entry| relocated(entry, moved, &cwd))
            .collect();
        let sources = reader.sources()?.into_iter().map(|source| Source {
            file: relocated(&source.file, moved, &cwd),
            module: source.module,
            hash: source.hash,
        });
        Ok(Self {
            sources: sources.collect(),
            database_starts,
            path,
            cwd,
            python,
            settings,
            facts,
        })
    }

    /// What the worker needs to set it up.
    pub fn start(&self, work: &Path, allow: Vec<String>, starts: BTreeMap<String, String>) -> Start {
        Start {
            cwd: self.cwd.display().to_string(),
            path: self.path.clone(),
            settings: self.settings.clone(),
            folder: work.display().to_string(),
            allow,
            starts,
            sources: self.sources.clone(),
        }
    }

    /// The modules of the project, and the templates of the views of some turns, where they are now.
    ///
    /// # Errors
    ///
    /// If the recording cannot be read.
    pub fn files(&self, reader: &Reader, turns: &[TurnId]) -> Result<Vec<PathBuf>, RerunError> {
        let mut files: BTreeSet<PathBuf> = self
            .sources
            .iter()
            .map(|source| PathBuf::from(&source.file))
            .collect();
        let old = self.facts.cwd.as_deref().map(Path::new);
        for turn in turns {
            let view = reader.turn(*turn)?.and_then(|detail| detail.view);
            let template = view.and_then(|view| view.template);
            let sources = template.into_iter().flat_map(|template| template.sources);
            let names = sources.filter_map(|source| source.file);
            files.extend(names.map(|file| PathBuf::from(relocated(&file, old, &self.cwd))));
        }
        Ok(files.into_iter().filter(|file| file.is_file()).collect())
    }

    /// What code will run, in one sentence.
    pub fn description(&self) -> String {
        let settings = match &self.settings {
            Some(settings) => format!(", settings {settings}"),
            None => String::new(),
        };
        format!(
            "the project in {} (Python {}{settings})",
            self.cwd.display(),
            self.python.display()
        )
    }

    /// Names of variables that the recorded server had and that are not set here; their values are not recorded.
    pub fn missing_variables(&self) -> Vec<&str> {
        let names = self.facts.environment.iter().map(String::as_str);
        names
            .filter(|name| !OF_ANY_PROCESS.contains(name))
            .filter(|name| !OF_THE_SESSION.iter().any(|start| name.starts_with(start)))
            .filter(|name| std::env::var_os(name).is_none())
            .collect()
    }

    /// The variables that have to be as they were.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let seed = self.facts.hash_seed.as_deref();
        let seed = seed.filter(|seed| *seed != "random").unwrap_or("0");
        let mut variables = vec![
            ("PYTHONHASHSEED", seed.to_owned()),
            // The probe that waits in an environment is not wanted: the worker brings its own.
            ("DJSCOPE_PROBE", "0".to_owned()),
        ];
        if let Some(zone) = &self.facts.tz {
            variables.push(("TZ", zone.clone()));
        }
        variables
    }
}

/// Variables that say nothing of a project.
const OF_ANY_PROCESS: [&str; 12] = [
    "_",
    "COLUMNS",
    "LINES",
    "OLDPWD",
    "PWD",
    "PYTHONPATH",
    "PYTHONUNBUFFERED",
    "RUN_MAIN",
    "DJANGO_SETTINGS_MODULE",
    "SHLVL",
    "TERM",
    "TZ",
];

/// How the names of variables begin that belong to a terminal, a desktop or a build, not to a project.
const OF_THE_SESSION: [&str; 16] = [
    "DJSCOPE_",
    "CARGO",
    "COLORTERM",
    "DBUS_",
    "DISPLAY",
    "GPG_",
    "LESS",
    "LS_COLORS",
    "NEXTEST",
    "RUST",
    "SSH_",
    "TERM_",
    "TMUX",
    "VSCODE_",
    "WAYLAND_",
    "XDG_",
];

fn processes(recorded: Option<&Value>) -> Vec<ProcessFacts> {
    let processes = recorded.and_then(|all| serde_json::from_value(all.clone()).ok());
    processes.unwrap_or_default()
}

/// The process that served: the last one that had apps.
fn serving(processes: &[ProcessFacts]) -> Option<ProcessFacts> {
    let serving = processes
        .iter()
        .rev()
        .find(|facts| !facts.installed_apps.is_empty());
    serving.or(processes.last()).cloned()
}

/// The copies of databases that the processes have made and that are still beside the recording.
fn database_starts(processes: &[ProcessFacts], recording: &Path) -> BTreeMap<String, PathBuf> {
    let copies = processes.iter().flat_map(|facts| &facts.database_starts);
    let files = copies.filter_map(|(alias, copy)| {
        // A recording is from a stranger: nothing but a file beside it is taken.
        let name = Path::new(copy.file.as_deref()?).file_name()?;
        // The worker has another working directory.
        let file = std::path::absolute(recording.with_file_name(name)).ok()?;
        file.is_file().then(|| (alias.clone(), file))
    });
    files.collect()
}

fn interpreter(facts: &ProcessFacts) -> Option<PathBuf> {
    facts.executable.as_deref().map(PathBuf::from)
}

/// A path inside the project's old folder, in its new one.
fn relocated(path: &str, old: Option<&Path>, new: &Path) -> String {
    match old.and_then(|old| Path::new(path).strip_prefix(old).ok()) {
        Some(inside) if !path.is_empty() => new.join(inside).display().to_string(),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_the_project_moves_with_it() {
        let (old, new) = (Path::new("/home/a/shop"), Path::new("/srv/shop"));
        for (path, expected) in [
            ("/home/a/shop/app", "/srv/shop/app"),
            ("/usr/lib/python3", "/usr/lib/python3"),
            ("/home/a/shopping", "/home/a/shopping"),
            ("", ""),
        ] {
            assert_eq!(relocated(path, Some(old), new), expected);
        }
        assert_eq!(relocated("/x", None, new), "/x");
    }
}
