//! The libraries of tags and filters that templates can load.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::TemplateError;
use super::filters::{self, Argument, Call, Filter, FilterError};
use super::lexer::Token;
use super::library::{FilterShape, Library, TagShape};
use super::node::Tag;
use super::parser::Parser;
use super::tags::{self, CustomTag};
use crate::value::Value;

/// Reads one kind of tag.
pub(super) type Compile = fn(&mut Parser<'_>, &Token) -> Result<Box<dyn Tag>, TemplateError>;

/// The libraries that templates can load, and those that are there without `{% load %}`.
#[derive(Clone, Debug)]
pub struct Libraries(Arc<Registered>);

#[derive(Clone, Debug, Default)]
struct Registered {
    loadable: BTreeMap<String, AnyLibrary>,
    preloaded: Vec<AnyLibrary>,
    is_djust: bool,
}

#[derive(Clone, Debug)]
pub(super) enum AnyLibrary {
    Builtin(&'static str),
    Custom(Arc<dyn Library>),
}

/// The libraries that come with Django, to be loaded by name.
const DJANGO: [&str; 6] = ["cache", "humanize", "i18n", "l10n", "static", "tz"];

impl Default for Libraries {
    fn default() -> Self {
        Self::django()
    }
}

impl Libraries {
    /// What a Django project has: the libraries that come with Django.
    pub fn django() -> Self {
        let loadable = DJANGO
            .into_iter()
            .map(|name| (name.to_owned(), AnyLibrary::Builtin(name)))
            .collect();
        Self(Arc::new(Registered {
            loadable,
            ..Registered::default()
        }))
    }

    /// What a djust project has: its own tags and `{% static %}` are there without `{% load %}`,
    /// `{{ a if condition else b }}` is allowed and comments can stand in each other.
    pub fn djust() -> Self {
        let mut libraries = Self::django();
        let registered = Arc::make_mut(&mut libraries.0);
        registered.is_djust = true;
        registered.preloaded = vec![AnyLibrary::Builtin("static"), AnyLibrary::Builtin("djust")];
        registered
            .loadable
            .insert("live_tags".to_owned(), AnyLibrary::Builtin("djust"));
        libraries
    }

    /// Without the libraries of other names than the given ones.
    #[must_use]
    pub fn only(mut self, names: &[&str]) -> Self {
        Arc::make_mut(&mut self.0)
            .loadable
            .retain(|name, _| names.contains(&name.as_str()));
        self
    }

    /// Adds a library under a name for `{% load %}`.
    #[must_use]
    pub fn with_library(mut self, name: &str, library: Arc<dyn Library>) -> Self {
        Arc::make_mut(&mut self.0)
            .loadable
            .insert(name.to_owned(), AnyLibrary::Custom(library));
        self
    }

    /// Adds a library that needs no `{% load %}`; it takes precedence over what is there.
    #[must_use]
    pub fn with_preloaded(mut self, library: Arc<dyn Library>) -> Self {
        Arc::make_mut(&mut self.0)
            .preloaded
            .push(AnyLibrary::Custom(library));
        self
    }

    /// Those for `{% load %}`, by name.
    pub(super) fn loadable(&self) -> &BTreeMap<String, AnyLibrary> {
        &self.0.loadable
    }

    /// Those that are there without `{% load %}`.
    pub(super) fn preloaded(&self) -> &[AnyLibrary] {
        &self.0.preloaded
    }

    /// Whether templates are read as djust reads them, where that differs from Django.
    pub(super) fn is_djust(&self) -> bool {
        self.0.is_djust
    }
}

impl AnyLibrary {
    pub(super) fn tag(&self, name: &str) -> Option<TagDefinition> {
        match self {
            AnyLibrary::Builtin(library) => tags::of_library(library, name).map(TagDefinition::Builtin),
            AnyLibrary::Custom(library) => library.tag(name).map(|shape| TagDefinition::Custom {
                library: Arc::clone(library),
                name: name.into(),
                shape,
            }),
        }
    }

    pub(super) fn filter(&self, name: &str) -> Option<FilterFunction> {
        match self {
            AnyLibrary::Builtin(library) => filters::of_library(library, name).map(FilterFunction::Builtin),
            AnyLibrary::Custom(library) => library.filter(name).map(|shape| FilterFunction::Custom {
                library: Arc::clone(library),
                name: name.into(),
                shape,
            }),
        }
    }
}

/// What reads a tag.
#[derive(Clone, Debug)]
pub(super) enum TagDefinition {
    Builtin(Compile),
    Custom {
        library: Arc<dyn Library>,
        name: Arc<str>,
        shape: TagShape,
    },
}

impl TagDefinition {
    pub(super) fn compile(
        &self,
        parser: &mut Parser<'_>,
        token: &Token,
    ) -> Result<Box<dyn Tag>, TemplateError> {
        match self {
            TagDefinition::Builtin(compile) => compile(parser, token),
            TagDefinition::Custom { library, name, shape } => {
                CustomTag::compile(parser, token, Arc::clone(library), Arc::clone(name), shape)
            }
        }
    }
}

/// What a filter does.
#[derive(Clone, Debug)]
pub(crate) enum FilterFunction {
    /// One of Django's.
    Builtin(&'static Filter),
    /// One answered from outside.
    Custom {
        /// Who answers.
        library: Arc<dyn Library>,
        /// Name of the filter there.
        name: Arc<str>,
        /// What it takes.
        shape: FilterShape,
    },
}

impl FilterFunction {
    /// Whether it takes an argument.
    pub fn arity(&self) -> Argument {
        match self {
            FilterFunction::Builtin(filter) => filter.argument,
            FilterFunction::Custom { shape, .. } => shape.argument,
        }
    }

    /// Whether it leaves safe text safe.
    pub fn is_safe(&self) -> bool {
        match self {
            FilterFunction::Builtin(filter) => filter.is_safe,
            FilterFunction::Custom { shape, .. } => shape.is_safe,
        }
    }

    /// Whether it is told about autoescaping.
    pub fn needs_autoescape(&self) -> bool {
        match self {
            FilterFunction::Builtin(filter) => filter.needs_autoescape,
            FilterFunction::Custom { shape, .. } => shape.needs_autoescape,
        }
    }

    /// Whether it wants times in the current time zone.
    pub fn expects_localtime(&self) -> bool {
        match self {
            FilterFunction::Builtin(filter) => filter.expects_localtime,
            FilterFunction::Custom { shape, .. } => shape.expects_localtime,
        }
    }

    /// Runs it.
    ///
    /// # Errors
    ///
    /// What the filter raises.
    pub fn apply(&self, call: &Call<'_>) -> Result<Value, FilterError> {
        match self {
            FilterFunction::Builtin(filter) => (filter.function)(call),
            FilterFunction::Custom { library, name, .. } => library.apply_filter(name, call),
        }
    }
}

impl AnyLibrary {
    /// Whether both are the same library.
    pub(super) fn is(&self, other: &AnyLibrary) -> bool {
        match (self, other) {
            (AnyLibrary::Builtin(own), AnyLibrary::Builtin(other)) => own == other,
            (AnyLibrary::Custom(own), AnyLibrary::Custom(other)) => Arc::ptr_eq(own, other),
            _ => false,
        }
    }
}
