//! The tags and filters that a template can use: Django's own, and those answered from outside.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use super::error::TemplateError;
use super::filters::{self, Argument, Call, Filter, FilterError};
use super::lexer::Token;
use super::node::Tag;
use super::parser::Parser;
use super::tags::{self, CustomTag};
use crate::value::{Dict, Value};

/// Reads one kind of tag.
pub(super) type Compile = fn(&mut Parser<'_>, &Token) -> Result<Box<dyn Tag>, TemplateError>;

/// Tags and filters that are not Django's: those of a project, answered by whoever can run them.
///
/// <https://docs.djangoproject.com/en/5.2/howto/custom-template-tags/>
pub trait Library: Debug + Send + Sync {
    /// How the tag of this name is written; `None` if the library has no such tag.
    fn tag(&self, name: &str) -> Option<TagShape>;

    /// What the filter of this name takes; `None` if the library has no such filter.
    fn filter(&self, name: &str) -> Option<FilterShape>;

    /// Runs a tag.
    ///
    /// # Errors
    ///
    /// What the tag raises.
    fn render_tag(&self, call: &TagCall<'_>) -> Result<TagAnswer, TemplateError>;

    /// Runs a filter.
    ///
    /// # Errors
    ///
    /// What the filter raises.
    fn apply_filter(&self, name: &str, call: &Call<'_>) -> Result<Value, FilterError>;
}

/// How a custom tag is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagShape {
    /// Whether its words are arguments as those of `simple_tag`: values, `name=value`, `as name`. If not, they are
    /// handed over as text.
    pub arguments: bool,
    /// What it encloses.
    pub body: TagBody,
}

/// What a custom tag encloses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TagBody {
    /// Nothing.
    #[default]
    None,
    /// Nodes up to the tag of this name; the tag gets what they render.
    Rendered(String),
    /// Source up to the tag of this name; the tag gets it as it is.
    Source(String),
}

/// What a custom filter takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FilterShape {
    /// Whether it takes an argument.
    pub argument: Argument,
    /// Whether it leaves safe text safe.
    pub is_safe: bool,
    /// Whether it is told about autoescaping.
    pub needs_autoescape: bool,
    /// Whether it wants times in the current time zone.
    pub expects_localtime: bool,
}

/// One run of a custom tag.
#[derive(Debug)]
pub struct TagCall<'a> {
    /// Name of the tag.
    pub name: &'a str,
    /// The words behind the name, as they stand in the template.
    pub contents: &'a str,
    /// The arguments without a name, if [`TagShape::arguments`].
    pub arguments: Vec<Value>,
    /// The arguments with a name.
    pub keywords: Vec<(Arc<str>, Value)>,
    /// What the tag encloses, rendered or as source.
    pub body: Option<&'a str>,
    /// The whole context.
    pub context: Dict,
    /// Whether autoescaping is on.
    pub autoescape: bool,
}

/// What a custom tag gives.
#[derive(Clone, Debug, Default)]
pub struct TagAnswer {
    /// What it returns. With [`TagShape::arguments`] it is escaped like that of a `simple_tag` and can be assigned
    /// by `as name`.
    pub output: Value,
    /// Names that it sets in the context.
    pub assigned: Vec<(Arc<str>, Value)>,
}

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
enum AnyLibrary {
    Builtin(&'static str),
    Custom(Arc<dyn Library>),
}

/// The libraries that come with Django, to be loaded by name.
const DJANGO: [&str; 5] = ["cache", "i18n", "l10n", "static", "tz"];

impl Default for Libraries {
    fn default() -> Self {
        Self::django()
    }
}

impl Libraries {
    /// What a Django project has: the libraries that come with Django, and `humanize`.
    pub fn django() -> Self {
        let names = DJANGO.into_iter().chain(["humanize"]);
        let loadable = names
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

    /// Whether templates are read as djust reads them, where that differs from Django.
    pub(super) fn is_djust(&self) -> bool {
        self.0.is_djust
    }
}

impl AnyLibrary {
    fn tag(&self, name: &str) -> Option<TagDefinition> {
        match self {
            AnyLibrary::Builtin(library) => tags::of_library(library, name).map(TagDefinition::Builtin),
            AnyLibrary::Custom(library) => library.tag(name).map(|shape| TagDefinition::Custom {
                library: Arc::clone(library),
                name: name.into(),
                shape,
            }),
        }
    }

    fn filter(&self, name: &str) -> Option<FilterFunction> {
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
pub enum FilterFunction {
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
            .0
            .preloaded
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
        let loadable = &self.libraries.0.loadable;
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
            .0
            .loadable
            .iter()
            .find(|(_, library)| has(library))?;
        Some(format!(
            "the {what} '{name}' is in the library '{library}': {{% load {library} %}}"
        ))
    }
}

impl AnyLibrary {
    fn is(&self, other: &AnyLibrary) -> bool {
        match (self, other) {
            (AnyLibrary::Builtin(own), AnyLibrary::Builtin(other)) => own == other,
            (AnyLibrary::Custom(own), AnyLibrary::Custom(other)) => Arc::ptr_eq(own, other),
            _ => false,
        }
    }
}
