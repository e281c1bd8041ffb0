//! Where templates come from.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use super::error::{TemplateError, Tried};
use super::library::Libraries;
use super::{Template, error};

/// Finds templates by name (`django/template/loaders`).
pub trait Loader: Debug {
    /// The template of the given name, none of which the origin is in `skip`.
    ///
    /// # Errors
    ///
    /// `TemplateDoesNotExist` with what was tried; and what reading the template raises.
    fn load(&self, name: &str, skip: &[Arc<str>]) -> Result<Template, TemplateError>;

    /// Whether the same name always gives the same template object, as with Django's cached loader. Without it, a
    /// template that is included at two places keeps the state of `{% ifchanged %}` apart.
    fn is_cached(&self) -> bool {
        false
    }

    /// The first of several templates that exists (`Engine.select_template`).
    ///
    /// # Errors
    ///
    /// `TemplateDoesNotExist` with all names if none does; and what reading the template raises.
    fn select(&self, names: &[String]) -> Result<Template, TemplateError> {
        if names.is_empty() {
            return Err(TemplateError::does_not_exist(
                "No template names provided",
                Vec::new(),
            ));
        }
        let mut missing: Vec<String> = Vec::new();
        let mut tried = Vec::new();
        for name in names {
            match self.load(name, &[]) {
                Err(error) if error.class == error::DOES_NOT_EXIST => {
                    if !missing.contains(&error.message) {
                        missing.push(error.message.clone());
                    }
                    tried.extend(error.tried.iter().cloned());
                }
                loaded => return loaded,
            }
        }
        Err(TemplateError::does_not_exist(missing.join(", "), tried))
    }
}

/// A loader that has no templates.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTemplates;

impl Loader for NoTemplates {
    fn load(&self, name: &str, _skip: &[Arc<str>]) -> Result<Template, TemplateError> {
        Err(TemplateError::does_not_exist(name, Vec::new()))
    }
}

/// A loader over sources in memory, like Django's `locmem`; each is read once.
#[derive(Debug, Default)]
pub struct MemoryLoader {
    sources: HashMap<String, String>,
    libraries: Libraries,
    parsed: Mutex<HashMap<String, Result<Template, TemplateError>>>,
    is_cached: bool,
}

impl MemoryLoader {
    /// A loader over the given sources.
    pub fn new(sources: impl IntoIterator<Item = (String, String)>, libraries: &Libraries) -> Self {
        Self {
            sources: sources.into_iter().collect(),
            libraries: libraries.clone(),
            parsed: Mutex::default(),
            is_cached: false,
        }
    }

    /// The same loader behind Django's cached one, see [`Loader::is_cached`].
    #[must_use]
    pub fn cached(mut self) -> Self {
        self.is_cached = true;
        self
    }
}

impl Loader for MemoryLoader {
    fn load(&self, name: &str, skip: &[Arc<str>]) -> Result<Template, TemplateError> {
        let missing = |reason: &str| {
            let tried = Tried {
                origin: name.to_owned(),
                reason: reason.to_owned(),
            };
            Err(TemplateError::does_not_exist(name, vec![tried]))
        };
        if skip.iter().any(|origin| **origin == *name) {
            return missing("Skipped to avoid recursion");
        }
        let Some(source) = self.sources.get(name) else {
            return missing("Source does not exist");
        };
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(template) = parsed.get(name) {
            return template.clone();
        }
        let template = Template::parse(Some(name), source, &self.libraries);
        parsed.insert(name.to_owned(), template.clone());
        template
    }

    fn is_cached(&self) -> bool {
        self.is_cached
    }
}
