//! `{% querystring %}`.

use std::sync::Arc;

use indexmap::IndexMap;

use super::super::error::TemplateError;
use super::super::expression::Expression;
use super::super::lexer::Token;
use super::super::node::Tag;
use super::super::output::Output;
use super::super::parser::Parser;
use super::super::quoting::quote_plus;
use super::super::reads::Reads;
use super::super::render::Renderer;
use super::arguments::{Arguments, Assignments, evaluate};
use crate::value::Value;

/// `{% querystring %}`. A `QueryDict` is told as a dict of lists, or of single values.
#[derive(Debug)]
struct QueryString {
    query: Option<Expression>,
    changes: Assignments,
    target: Option<Arc<str>>,
}

pub(super) fn compile(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let Arguments {
        mut positional,
        keywords: mut changes,
        target,
    } = Arguments::parse(token, parser)?;
    if positional.len() > 1 {
        let message = "'querystring' received too many positional arguments";
        return Err(TemplateError::syntax(message));
    }
    let named = changes.shift_remove("query_dict");
    Ok(Box::new(QueryString {
        query: positional.pop().or(named),
        changes,
        target,
    }))
}

impl Tag for QueryString {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let query = match &self.query {
            Some(expression) => renderer.evaluate(expression)?,
            None => Value::None,
        };
        let query = if query.is_none() {
            request_query(renderer)?
        } else {
            query
        };
        let changes = evaluate(&self.changes, renderer)?;
        let mut parameters = parameters(&query);
        let had_parameters = !parameters.is_empty();
        for (name, value) in changes {
            change(&mut parameters, &name, &value);
        }
        let mut text = String::new();
        if had_parameters || !parameters.is_empty() {
            text.push('?');
            text.push_str(&encode(&parameters));
        }
        renderer.finish_simple(self.target.as_ref(), Value::from(text), out);
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        match &self.query {
            Some(expression) => reads.expression(expression),
            None => reads.name("request"),
        }
        for (_, expression) in &self.changes {
            reads.expression(expression);
        }
        reads.write(self.target.as_ref());
    }
}

/// `context.request.GET`.
fn request_query(renderer: &Renderer<'_>) -> Result<Value, TemplateError> {
    let request = renderer.get("request");
    request
        .and_then(|request| request.item("GET"))
        .ok_or_else(|| TemplateError::new("AttributeError", "'Context' object has no attribute 'request'"))
}

type Parameters = IndexMap<String, Vec<String>>;

fn parameters(query: &Value) -> Parameters {
    let Value::Dict(dict) = query else {
        return Parameters::new();
    };
    dict.iter()
        .map(|(name, value)| (name.to_str().into_owned(), texts(value)))
        .collect()
}

/// The items of what can be iterated and is no text; else the one value.
fn texts(value: &Value) -> Vec<String> {
    match value.iterate().filter(|_| value.as_text().is_none()) {
        Some(items) => items.map(|item| item.to_str().into_owned()).collect(),
        None => vec![value.to_str().into_owned()],
    }
}

fn change(parameters: &mut Parameters, name: &str, value: &Value) {
    if value.is_none() {
        parameters.shift_remove(name);
    } else {
        parameters.insert(name.to_owned(), texts(value));
    }
}

/// `QueryDict.urlencode`.
fn encode(parameters: &Parameters) -> String {
    let pairs = parameters.iter().flat_map(|(name, values)| {
        values
            .iter()
            .map(move |value| format!("{}={}", quote_plus(name), quote_plus(value)))
    });
    pairs.collect::<Vec<_>>().join("&")
}
