//! Tags that write what they are told or nothing: `{% comment %}`, `{% load %}`, `{% verbatim %}`,
//! `{% templatetag %}`, `{% csrf_token %}` and `{% debug %}`.

use super::super::error::TemplateError;
use super::super::escape::escape_into;
use super::super::lexer::Token;
use super::super::node::{Kind, Tag};
use super::super::output::Output;
use super::super::parser::Parser;
use super::super::reads::Reads;
use super::super::render::Renderer;
use crate::value::Value;

/// Text that does not depend on the context.
#[derive(Debug)]
struct Plain {
    text: Box<str>,
}

impl Tag for Plain {
    fn render(&self, _renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        out.push_str(&self.text);
        Ok(())
    }

    fn read(&self, _reads: &mut Reads<'_>) {}

    fn bears_elements(&self) -> bool {
        self.text.contains('<')
    }
}

fn plain(text: impl Into<Box<str>>) -> Result<Box<dyn Tag>, TemplateError> {
    Ok(Box::new(Plain { text: text.into() }))
}

pub(super) fn compile_comment(
    parser: &mut Parser<'_>,
    _token: &Token,
) -> Result<Box<dyn Tag>, TemplateError> {
    let nested = parser.scope.libraries().is_djust().then_some("comment");
    parser.skip_past("endcomment", nested)?;
    plain("")
}

pub(super) fn compile_load(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let words = token.split();
    match words.as_slice() {
        [_, names @ .., from, library] if !names.is_empty() && from == "from" => {
            parser.scope.load_names(names, library)?;
        }
        [_, libraries @ ..] => {
            for library in libraries {
                parser.scope.load(library)?;
            }
        }
        [] => {}
    }
    plain("")
}

pub(super) fn compile_verbatim(
    parser: &mut Parser<'_>,
    _token: &Token,
) -> Result<Box<dyn Tag>, TemplateError> {
    let nodes = parser.parse_body("endverbatim")?;
    let text: String = nodes
        .iter()
        .filter_map(|node| match &node.kind {
            Kind::Text(text) => Some(&**text),
            Kind::Variable(_) | Kind::Tag(_) => None,
        })
        .collect();
    plain(text)
}

/// What each argument of `{% templatetag %}` writes.
const TEMPLATE_TAGS: [(&str, &str); 8] = [
    ("openblock", "{%"),
    ("closeblock", "%}"),
    ("openvariable", "{{"),
    ("closevariable", "}}"),
    ("openbrace", "{"),
    ("closebrace", "}"),
    ("opencomment", "{#"),
    ("closecomment", "#}"),
];

pub(super) fn compile_templatetag(
    _parser: &mut Parser<'_>,
    token: &Token,
) -> Result<Box<dyn Tag>, TemplateError> {
    let words = token.split();
    let [_, argument] = words.as_slice() else {
        return Err(TemplateError::syntax(
            "'templatetag' statement takes one argument",
        ));
    };
    match TEMPLATE_TAGS.iter().find(|(name, _)| name == argument) {
        Some((_, text)) => plain(*text),
        None => {
            let names: Vec<Value> = TEMPLATE_TAGS.iter().map(|(name, _)| Value::from(*name)).collect();
            let names = Value::from(names).repr();
            Err(TemplateError::syntax(format!(
                "Invalid templatetag argument: '{argument}'. Must be one of: {names}"
            )))
        }
    }
}

/// `{% csrf_token %}`.
#[derive(Debug)]
struct CsrfToken;

pub(super) fn compile_csrf_token(
    _parser: &mut Parser<'_>,
    _token: &Token,
) -> Result<Box<dyn Tag>, TemplateError> {
    Ok(Box::new(CsrfToken))
}

impl Tag for CsrfToken {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let token = renderer.get("csrf_token").unwrap_or_default();
        if token.is_truthy() && token.as_text() != Some("NOTPROVIDED") {
            out.push_str("<input type=\"hidden\" name=\"csrfmiddlewaretoken\" value=\"");
            super::super::escape::conditional_escape_into(&token, out.text_mut());
            out.push_str("\">");
        }
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.name("csrf_token");
    }
}

/// `{% debug %}`: nothing, unless the project runs in debug mode.
#[derive(Debug)]
struct Debug;

pub(super) fn compile_debug(_parser: &mut Parser<'_>, _token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    Ok(Box::new(Debug))
}

impl Tag for Debug {
    /// The context as Django prints it. The modules that Python has loaded, which Django prints behind it, are not
    /// known here.
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        if !renderer.environment.debug {
            return Ok(());
        }
        let dicts = renderer.context_dicts(usize::MAX);
        for dict in dicts.as_sequence().unwrap_or_default().iter().rev() {
            let printed = renderer.filtered_by("pprint", dict)?;
            escape_into(&printed.to_str(), out.text_mut());
        }
        out.push_str("\n\n{}");
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.everything();
    }
}
