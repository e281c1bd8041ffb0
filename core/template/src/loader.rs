//! Where templates come from.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use super::error::{TemplateError, Tried};
use super::libraries::Libraries;
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
    sources: HashMap<String, Vec<String>>,
    libraries: Libraries,
    /// Templates by their origins.
    parsed: Mutex<HashMap<String, Result<Template, TemplateError>>>,
    is_cached: bool,
}

impl MemoryLoader {
    /// A loader over names and sources. Several sources of one name are like several directories that have a file of
    /// that name: the first is the template, and it can extend the next.
    pub fn new(sources: impl IntoIterator<Item = (String, String)>, libraries: &Libraries) -> Self {
        let mut loader = Self {
            libraries: libraries.clone(),
            ..Self::default()
        };
        for (name, source) in sources {
            loader.sources.entry(name).or_default().push(source);
        }
        loader
    }

    /// The same loader behind Django's cached one, see [`Loader::is_cached`].
    #[must_use]
    pub fn cached(mut self) -> Self {
        self.is_cached = true;
        self
    }

    fn parse(&self, name: &str, origin: String, source: &str) -> Result<Template, TemplateError> {
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(template) = parsed.get(&origin) {
            return template.clone();
        }
        let template = Template::parse_from(Some(name), &origin, source, &self.libraries);
        parsed.insert(origin, template.clone());
        template
    }
}

impl Loader for MemoryLoader {
    fn load(&self, name: &str, skip: &[Arc<str>]) -> Result<Template, TemplateError> {
        let sources = self.sources.get(name).map(Vec::as_slice).unwrap_or_default();
        let mut tried = Vec::new();
        for (place, source) in sources.iter().enumerate() {
            let origin = if place == 0 {
                name.to_owned()
            } else {
                format!("{name} ({})", place + 1)
            };
            if !skip.iter().any(|skipped| **skipped == *origin) {
                return self.parse(name, origin, source);
            }
            tried.push(Tried {
                origin,
                reason: "Skipped to avoid recursion".to_owned(),
            });
        }
        if tried.is_empty() {
            tried.push(Tried {
                origin: name.to_owned(),
                reason: "Source does not exist".to_owned(),
            });
        }
        Err(TemplateError::does_not_exist(name, tried))
    }

    fn is_cached(&self) -> bool {
        self.is_cached
    }
}
