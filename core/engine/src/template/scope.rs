//! The tags and filters that are known at a point of a template.

use super::error::TemplateError;
use super::filters;
use super::libraries::{AnyLibrary, FilterFunction, Libraries, TagDefinition};
use super::tags;

/// The tags and filters known at a point of a template.
#[derive(Debug)]
pub struct Scope {
    libraries: Libraries,
    /// Loaded one by one, by `{% load name from library %}`; the newest last.
    loaded: Vec<Loaded>,
}

#[derive(Debug)]
enum Loaded {
    Library(AnyLibrary),
    Names(AnyLibrary, Vec<String>),
}

impl Loaded {
    fn library_with(&self, name: &str) -> Option<&AnyLibrary> {
        match self {
            Loaded::Library(library) => Some(library),
            Loaded::Names(library, names) => names.iter().any(|own| own == name).then_some(library),
        }
    }
}

impl Scope {
    pub(super) fn new(libraries: &Libraries) -> Self {
        let loaded = libraries
            .preloaded()
            .iter()
            .cloned()
            .map(Loaded::Library)
            .collect();
        Self {
            libraries: libraries.clone(),
            loaded,
        }
    }

    pub(super) fn libraries(&self) -> &Libraries {
        &self.libraries
    }

    pub(super) fn tag(&self, name: &str) -> Option<TagDefinition> {
        let mut loaded = self
            .loaded
            .iter()
            .rev()
            .filter_map(|loaded| loaded.library_with(name));
        loaded
            .find_map(|library| library.tag(name))
            .or_else(|| tags::builtin(name).map(TagDefinition::Builtin))
    }

    pub(super) fn filter(&self, name: &str) -> Option<FilterFunction> {
        let mut loaded = self
            .loaded
            .iter()
            .rev()
            .filter_map(|loaded| loaded.library_with(name));
        loaded
            .find_map(|library| library.filter(name))
            .or_else(|| filters::builtin(name).map(FilterFunction::Builtin))
    }

    /// `{% load library %}`.
    pub(super) fn load(&mut self, library: &str) -> Result<(), TemplateError> {
        let library = self.find(library)?.clone();
        self.loaded
            .retain(|loaded| !matches!(loaded, Loaded::Library(own) if own.is(&library)));
        self.loaded.push(Loaded::Library(library));
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
        }
        self.loaded.push(Loaded::Names(library, names.to_vec()));
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
