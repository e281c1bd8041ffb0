//! Tags and filters that are answered from outside.

use std::fmt::Debug;
use std::sync::Arc;

use super::error::TemplateError;
use super::filters::{Argument, Call, FilterError};
use crate::value::{Dict, Value};

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

impl From<Value> for TagAnswer {
    fn from(output: Value) -> Self {
        Self {
            output,
            assigned: Vec::new(),
        }
    }
}
