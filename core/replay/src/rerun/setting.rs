//! What is not as it was when the recording was made.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use djscope_recording::Reader;
use djscope_recording::model::{Micros, TurnId};

use super::RerunError;
use super::messages::Ready;
use super::project::Project;

/// What is not as it was.
#[derive(Debug, Default)]
pub struct Setting {
    /// Modules whose text is another one.
    pub changed: Vec<String>,
    /// Code and templates that have changed are no excuse.
    pub is_strict: bool,
    /// Versions and variables that are others, in sentences.
    pub others: Vec<String>,
    /// The first turn of the chain that was not run as it was, and may have left the database otherwise.
    pub broken: Option<TurnId>,
    /// How each database is kept, by alias.
    databases: BTreeMap<String, String>,
    /// The first request that is no turn and may have changed session or database.
    request: Option<(Micros, String)>,
    old_folder: Option<PathBuf>,
    folder: PathBuf,
}

impl Setting {
    /// Compares the recorded server with what is there now.
    ///
    /// # Errors
    ///
    /// If the recording cannot be read.
    pub fn of(
        reader: &Reader,
        project: &Project,
        ready: &Ready,
        is_strict: bool,
    ) -> Result<Self, RerunError> {
        let facts = &project.facts;
        let pairs = [
            ("Python", &facts.python, &ready.python),
            ("Django", &facts.django, &ready.django),
            ("djust", &facts.djust, &ready.djust),
        ];
        let versions = pairs
            .into_iter()
            .filter(|(_, then, now)| then.is_some() && then != now);
        let version = |version: &Option<String>| version.clone().unwrap_or_else(|| "none".to_owned());
        let mut others: Vec<String> = versions
            .map(|(name, then, now)| format!("{name} was {} and is {}", version(then), version(now)))
            .collect();
        let mut missing = project.missing_variables();
        missing.retain(|name| !ready.environment.iter().any(|set| set == name));
        if !missing.is_empty() {
            others.push(format!(
                "variables of the recorded server are not set here: {}",
                missing.join(", ")
            ));
        }
        if !reader.meta()?.contains_key("command") {
            others.push("the server had run before the recording began".to_owned());
        }
        Ok(Self {
            changed: ready.changed.clone(),
            is_strict,
            others,
            broken: None,
            databases: ready.databases.clone(),
            request: first_request(reader)?,
            old_folder: facts.cwd.as_deref().map(PathBuf::from),
            folder: project.cwd.clone(),
        })
    }

    /// True if the runs begin with what the database held at the beginning of the recording.
    pub fn is_start_known(&self, alias: &str) -> bool {
        let kept = self.databases.get(alias).map(String::as_str);
        matches!(kept, Some("copy of the start" | "memory"))
    }

    /// True if that is so of any database.
    pub fn is_any_start_known(&self) -> bool {
        self.databases.keys().any(|alias| self.is_start_known(alias))
    }

    /// A request before this moment that is not run again, in a sentence.
    pub fn request_before(&self, t_us: Micros) -> Option<String> {
        let (at, request) = self.request.as_ref()?;
        (*at < t_us)
            .then(|| format!("{request} came before, which is no turn: session or database may differ"))
    }

    /// A file of the recorded project, where it is now.
    pub fn relocated(&self, file: &str) -> PathBuf {
        let old = self.old_folder.as_deref();
        match old.and_then(|old| Path::new(file).strip_prefix(old).ok()) {
            Some(inside) => self.folder.join(inside),
            None => PathBuf::from(file),
        }
    }
}

fn first_request(reader: &Reader) -> Result<Option<(Micros, String)>, RerunError> {
    let mut from = 0;
    loop {
        let page = reader.http(from, 1000)?;
        if page.rows.is_empty() {
            return Ok(None);
        }
        from += page.rows.len() as u64;
        let changes = |method: &str| !matches!(method, "GET" | "HEAD" | "OPTIONS");
        if let Some(found) = page
            .rows
            .iter()
            .find(|row| row.turn.is_none() && changes(&row.method))
        {
            let path = found.url.split('?').next().unwrap_or_default();
            return Ok(Some((found.t_us, format!("{} {path}", found.method))));
        }
    }
}
