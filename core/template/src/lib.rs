//! Django's template language
//! (<https://docs.djangoproject.com/en/5.2/ref/templates/language/>), what djust adds to it, and Python's values.
//!
//! ```
//! use djscope_template::value::{Dict, Value};
//! use djscope_template::{Context, Environment, Libraries, NoTemplates, Template};
//!
//! let source = "{% for name in names %}{{ forloop.counter }}. {{ name|upper }} {% endfor %}";
//! let template = Template::parse(None, source, &Libraries::django())?;
//! let names: Value = ["<b>", "tea"].into_iter().map(Value::from).collect();
//! let context = Context::new([("names", names)].into_iter().collect::<Dict>());
//! let html = template.render(&context, &NoTemplates, &Environment::default())?;
//! assert_eq!(html, "1. &lt;B&gt; 2. TEA ");
//! # Ok::<(), djscope_template::TemplateError>(())
//! ```
//!
//! Results are those of Django 5.2 and of djust 1.2.6, errors included. The crate stands by itself: it does no I/O,
//! reads no clock, starts no thread, and will never know what an HTML tree, a view or a browser is.
//!
//! A source is cut into tokens (`lexer`), read into nodes (`parser`, `expression`, `condition`, `tags`) and rendered
//! (`render`, `resolve`) with a [`Context`], a [`Loader`] for other templates and an [`Environment`].

mod attributes;
mod chain;
mod condition;
mod context;
mod decide;
pub mod emails;
pub mod environment;
mod error;
pub mod escape;
mod expression;
pub mod family;
pub mod filters;
pub mod formats;
mod languages;
mod lexer;
mod libraries;
mod library;
mod loader;
mod markers;
mod memo;
mod moments;
mod node;
mod output;
mod parser;
pub mod quoting;
mod reads;
mod render;
mod resolve;
mod scope;
mod scopes;
mod state;
mod tags;
mod text;
mod unwind;
pub mod value;
mod variable;

use std::sync::{Arc, OnceLock};

use markers::template_hash;
use parser::Parser;

pub use chain::Blocks;
pub use context::{Context, UrlRequest, UrlResolver};
pub use environment::Environment;
pub use error::{
    DOES_NOT_EXIST, Failure, LIMIT_EXCEEDED, SYNTAX_ERROR, TemplateError, Tried, VARIABLE_DOES_NOT_EXIST,
};
pub use lexer::Position;
pub use libraries::Libraries;
pub use library::{FilterShape, Library, TagAnswer, TagBody, TagCall, TagShape};
pub use loader::{Loader, MemoryLoader, NoTemplates};
pub use memo::Memo;
pub use node::Node;
pub use output::{Note, Output};
pub use reads::{NodeReads, Read, Reads};
pub use render::Renderer;

/// A template that was read; cheap to clone and to share.
#[derive(Clone, Debug)]
pub struct Template(Arc<Parsed>);

#[derive(Debug)]
struct Parsed {
    name: Option<String>,
    origin: Arc<str>,
    source: Arc<str>,
    hash: OnceLock<u32>,
    nodes: Vec<Node>,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// `TemplateSyntaxError` and what else Django raises while it compiles a template, with the place.
    pub fn parse(name: Option<&str>, source: &str, libraries: &Libraries) -> Result<Self, TemplateError> {
        Self::parse_from(name, name.unwrap_or("<unknown source>"), source, libraries)
    }

    /// Reads a template that comes from `origin`: the path of a file. Two templates of the same name can come from
    /// different places, and then one can extend the other.
    ///
    /// # Errors
    ///
    /// As [`Template::parse`].
    pub fn parse_from(
        name: Option<&str>,
        origin: &str,
        source: &str,
        libraries: &Libraries,
    ) -> Result<Self, TemplateError> {
        let nodes = Parser::parse_template(name, source, libraries)?;
        Ok(Self(Arc::new(Parsed {
            name: name.map(str::to_owned),
            origin: origin.into(),
            source: source.into(),
            hash: OnceLock::new(),
            nodes,
        })))
    }

    /// Its name.
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Where it comes from.
    pub fn origin(&self) -> &Arc<str> {
        &self.0.origin
    }

    /// Its source.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// Its nodes.
    pub fn nodes(&self) -> &[Node] {
        &self.0.nodes
    }

    /// Its number in the ids of djust's markers.
    pub fn hash(&self) -> u32 {
        *self.0.hash.get_or_init(|| template_hash(&self.0.source))
    }

    /// Whether both are the same object.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Renders the template.
    ///
    /// # Errors
    ///
    /// Whatever Django raises, with the place in the template that caused it.
    pub fn render(
        &self,
        context: &Context,
        loader: &dyn Loader,
        environment: &Environment,
    ) -> Result<String, TemplateError> {
        let mut out = Output::new(environment.limits.max_output_bytes);
        self.render_into(context, loader, environment, &mut out)?;
        Ok(out.into_string())
    }

    /// A render that has not written anything yet, to render node by node.
    pub fn renderer<'a>(
        &self,
        context: &'a Context,
        loader: &'a dyn Loader,
        environment: &'a Environment,
    ) -> Renderer<'a> {
        Renderer::new(self, context, loader, environment)
    }

    /// Renders the template behind what was written already.
    ///
    /// # Errors
    ///
    /// As [`Template::render`].
    pub fn render_into(
        &self,
        context: &Context,
        loader: &dyn Loader,
        environment: &Environment,
        out: &mut Output,
    ) -> Result<(), TemplateError> {
        let mut renderer = Renderer::new(self, context, loader, environment);
        renderer.render_nodes(self.nodes(), out)
    }
}
