//! The names that a template can read (`django/template/context.py`).

use std::sync::Arc;

use super::TemplateError;
use crate::value::{Dict, Value};

/// What a template is rendered with.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The names and their values.
    pub values: Dict,
    /// Who answers `{% url %}`; without, no URL has a name.
    pub urls: Option<Arc<dyn UrlResolver>>,
    /// Name of the djust component that is rendered, a part of the ids of its markers.
    pub component: Arc<str>,
}

impl Context {
    /// A context with the given names.
    pub fn new(values: Dict) -> Self {
        Self {
            values,
            urls: None,
            component: Arc::default(),
        }
    }
}

impl From<Dict> for Context {
    fn from(values: Dict) -> Self {
        Self::new(values)
    }
}

/// Finds the URL of a view: `django.urls.reverse`.
pub trait UrlResolver: std::fmt::Debug + Send + Sync {
    /// The URL of the view `name` with the given arguments.
    ///
    /// # Errors
    ///
    /// `NoReverseMatch` if there is none.
    fn reverse(&self, request: &UrlRequest<'_>) -> Result<String, TemplateError>;
}

/// What [`UrlResolver::reverse`] is asked.
#[derive(Debug)]
pub struct UrlRequest<'a> {
    /// Name of the view.
    pub name: &'a Value,
    /// Arguments without a name.
    pub arguments: &'a [Value],
    /// Arguments with a name.
    pub keywords: &'a [(Arc<str>, Value)],
    /// Instance of the app that the request belongs to.
    pub current_app: Option<Value>,
}
