//! The tags and filters that are known at a point of a template.

use std::collections::HashMap;

use super::error::TemplateError;
use super::filters;
use super::libraries::{AnyLibrary, FilterFunction, Libraries, TagDefinition};
use super::tags;

/// The tags and filters known at a point of a template. What was loaded later takes precedence.
#[derive(Debug)]
pub(crate) struct Scope {
    libraries: Libraries,
    /// Whole libraries, the newest last, each with the number of its loading.
    whole: Vec<(usize, AnyLibrary)>,
    /// Names that were loaded one by one.
    single: HashMap<String, (usize, AnyLibrary)>,
    loadings: usize,
}

impl Scope {
    pub(super) fn new(libraries: &Libraries) -> Self {
        let whole: Vec<_> = libraries.preloaded().iter().cloned().enumerate().collect();
        Self {
            libraries: libraries.clone(),
            loadings: whole.len(),
            whole,
            single: HashMap::new(),
        }
    }

    pub(super) fn libraries(&self) -> &Libraries {
        &self.libraries
    }

    pub(super) fn tag(&self, name: &str) -> Option<TagDefinition> {
        let loaded = self.newest(name, |library| library.tag(name));
        loaded.or_else(|| tags::builtin(name).map(TagDefinition::Builtin))
    }

    pub(super) fn filter(&self, name: &str) -> Option<FilterFunction> {
        let loaded = self.newest(name, |library| library.filter(name));
        loaded.or_else(|| filters::builtin(name).map(FilterFunction::Builtin))
    }

    /// What the library has for a name that was loaded last of those that have it.
    fn newest<T>(&self, name: &str, find: impl Fn(&AnyLibrary) -> Option<T>) -> Option<T> {
        let found = |(number, library): &(usize, AnyLibrary)| find(library).map(|found| (*number, found));
        let whole = self.whole.iter().rev().find_map(found);
        let single = self.single.get(name).and_then(found);
        let newest = whole.into_iter().chain(single).max_by_key(|(number, _)| *number);
        newest.map(|(_, found)| found)
    }

    /// `{% load library %}`.
    pub(super) fn load(&mut self, library: &str) -> Result<(), TemplateError> {
        let library = self.find(library)?.clone();
        self.whole.retain(|(_, own)| !own.is(&library));
        self.whole.push((self.loadings, library));
        self.loadings += 1;
        Ok(())
    }

    /// `{% load names from library %}`.
    pub(super) fn load_names(&mut self, names: &[String], label: &str) -> Result<(), TemplateError> {
        let library = self.find(label)?.clone();
        for name in names {
            if library.tag(name).is_none() && library.filter(name).is_none() {
                return Err(TemplateError::syntax(format!(
                    "'{name}' is not a valid tag or filter in tag library '{label}'"
                )));
            }
            self.single.insert(name.clone(), (self.loadings, library.clone()));
        }
        self.loadings += 1;
        Ok(())
    }

    fn find(&self, name: &str) -> Result<&AnyLibrary, TemplateError> {
        let loadable = self.libraries.loadable();
        loadable.get(name).ok_or_else(|| {
            let names: Vec<&str> = loadable.keys().map(String::as_str).collect();
            TemplateError::syntax(format!(
                "'{name}' is not a registered tag library. Must be one of:\n{}",
                names.join("\n")
            ))
        })
    }

    /// The error for a filter that is not known.
    pub(super) fn unknown_filter(&self, name: &str) -> TemplateError {
        let mut error = TemplateError::syntax(format!("Invalid filter: '{name}'"));
        error.hint = self.hint(name, "filter", |library| library.filter(name).is_some());
        error
    }

    /// Which library has the tag.
    pub(super) fn library_of_tag(&self, name: &str) -> Option<String> {
        self.hint(name, "tag", |library| library.tag(name).is_some())
    }

    fn hint(&self, name: &str, what: &str, has: impl Fn(&AnyLibrary) -> bool) -> Option<String> {
        let (library, _) = self
            .libraries
            .loadable()
            .iter()
            .find(|(_, library)| has(library))?;
        Some(format!(
            "the {what} '{name}' is in the library '{library}': {{% load {library} %}}"
        ))
    }
}
