//! `{% url %}`, `{% static %}` and the prefixes of static files and media.

use std::sync::Arc;

use super::super::context::UrlRequest;
use super::super::error::TemplateError;
use super::super::escape::conditional_escape;
use super::super::expression::Expression;
use super::super::lexer::Token;
use super::super::node::Tag;
use super::super::output::Output;
use super::super::parser::Parser;
use super::super::reads::Reads;
use super::super::render::Renderer;
use super::arguments::{Assignments, evaluate, keyword, take_target};
use crate::value::Value;

/// `{% url %}`.
#[derive(Debug)]
struct Url {
    view: Expression,
    arguments: Box<[Expression]>,
    keywords: Assignments,
    target: Option<Arc<str>>,
}

pub(super) fn compile(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let mut words = token.split_contents()?;
    if words.len() < 2 {
        return Err(TemplateError::syntax(format!(
            "'{}' takes at least one argument, a URL pattern name.",
            words[0]
        )));
    }
    let view = parser.compile(&words[1])?;
    let mut words = words.split_off(2);
    let target = take_target(&mut words);
    let mut arguments = Vec::new();
    let mut keywords = Assignments::new();
    for word in &words {
        match keyword(word) {
            (Some(name), value) => {
                keywords.insert(name.into(), parser.compile(value)?);
            }
            (None, value) => arguments.push(parser.compile(value)?),
        }
    }
    Ok(Box::new(Url {
        view,
        arguments: arguments.into(),
        keywords,
        target,
    }))
}

impl Tag for Url {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let mut arguments = Vec::with_capacity(self.arguments.len());
        for expression in &self.arguments {
            arguments.push(renderer.evaluate(expression)?);
        }
        let keywords = evaluate(&self.keywords, renderer)?;
        let name = renderer.evaluate(&self.view)?;
        let request = UrlRequest {
            name: &name,
            arguments: &arguments,
            keywords: &keywords,
            current_app: current_app(renderer),
        };
        let url = match &renderer.context.urls {
            Some(urls) => urls.reverse(&request),
            None => Err(no_reverse_match(&name)),
        };
        let url = match url {
            Ok(url) => Value::from(url),
            Err(error) if error.class == "NoReverseMatch" && self.target.is_some() => Value::from(""),
            Err(error) => return Err(error),
        };
        renderer.finish_simple(self.target.as_ref(), url, out);
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.name("request");
        reads.expression(&self.view);
        reads.expressions(&self.arguments);
        for (_, expression) in &self.keywords {
            reads.expression(expression);
        }
        reads.write(self.target.as_ref());
    }
}

/// The instance of the app that the request in the context belongs to.
fn current_app(renderer: &Renderer<'_>) -> Option<Value> {
    let request = renderer.get("request")?;
    request
        .item("current_app")
        .or_else(|| request.item_ref("resolver_match")?.item("namespace"))
}

/// The error for a name that no URL has.
fn no_reverse_match(name: &Value) -> TemplateError {
    let name = name.to_str();
    let message =
        format!("Reverse for '{name}' not found. '{name}' is not a valid view function or pattern name.");
    TemplateError::new("NoReverseMatch", message)
}

/// `{% static %}`.
#[derive(Debug)]
struct Static {
    path: Expression,
    target: Option<Arc<str>>,
}

pub(super) fn compile_static(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let words = token.split_contents()?;
    let [tag, path, ..] = words.as_slice() else {
        let message = format!("'{}' takes at least one argument (path to file)", words[0]);
        return Err(TemplateError::syntax(message));
    };
    let path = parser.compile(path)?;
    let target = match words.get(words.len() - 2) {
        Some(separator) if separator == "as" && separator != tag => match words.get(3) {
            Some(name) => Some(name.as_str().into()),
            None => return Err(TemplateError::new("IndexError", "list index out of range")),
        },
        _ => None,
    };
    Ok(Box::new(Static { path, target }))
}

impl Tag for Static {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let path = renderer.evaluate(&self.path)?;
        let url = Value::from(static_url(&path, renderer)?);
        let url = if renderer.autoescape {
            Value::safe(&*conditional_escape(&url))
        } else {
            url
        };
        renderer.finish(self.target.as_ref(), url, out);
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.expression(&self.path);
        reads.write(self.target.as_ref());
    }
}

/// `STATIC_URL` with the quoted path behind it.
fn static_url(path: &Value, renderer: &Renderer<'_>) -> Result<String, TemplateError> {
    if path.as_text().is_none() && !matches!(path, Value::Bytes(_)) {
        return Err(TemplateError::new(
            "TypeError",
            "quote_from_bytes() expected bytes",
        ));
    }
    let quoted = renderer.filtered_by("urlencode", path)?;
    Ok(join(
        &prefix(&renderer.environment.static_url, renderer)?,
        &quoted.to_str(),
    ))
}

/// `urljoin` for a base without a query, of which the last part after a slash is replaced.
fn join(base: &str, path: &str) -> String {
    if path.starts_with('/') {
        let origin = base.find("://").and_then(|scheme| {
            let host = scheme + 3;
            base[host..].find('/').map(|slash| &base[..host + slash])
        });
        return format!("{}{path}", origin.unwrap_or_default());
    }
    let directory = base.rfind('/').map_or("", |slash| &base[..=slash]);
    format!("{directory}{path}")
}

/// A setting as a part of a URL: `iri_to_uri`.
fn prefix(setting: &str, renderer: &Renderer<'_>) -> Result<String, TemplateError> {
    Ok(renderer
        .filtered_by("iriencode", &Value::from(setting))?
        .to_str()
        .into_owned())
}

/// `{% get_static_prefix %}` and `{% get_media_prefix %}`.
#[derive(Debug)]
struct Prefix {
    is_media: bool,
    target: Option<Arc<str>>,
}

pub(super) fn compile_prefix(_parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let words = token.split();
    let is_media = words[0] == "get_media_prefix";
    let target = match words.as_slice() {
        [_] => None,
        [_, separator, name, ..] if separator == "as" => Some(name.as_str().into()),
        [_, separator] if separator == "as" => {
            return Err(TemplateError::new("IndexError", "list index out of range"));
        }
        _ => {
            return Err(TemplateError::syntax(format!(
                "First argument in '{}' must be 'as'",
                words[0]
            )));
        }
    };
    Ok(Box::new(Prefix { is_media, target }))
}

impl Tag for Prefix {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let environment = &renderer.environment;
        let setting = if self.is_media {
            &environment.media_url
        } else {
            &environment.static_url
        };
        let url = Value::from(prefix(setting, renderer)?);
        renderer.finish(self.target.as_ref(), url, out);
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.write(self.target.as_ref());
    }
}
