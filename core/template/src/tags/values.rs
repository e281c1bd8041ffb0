//! Tags that compute a value and write it or set a name to it: `{% firstof %}`, `{% widthratio %}`, `{% now %}`,
//! `{% regroup %}`.

use std::sync::Arc;

use super::super::error::TemplateError;
use super::super::escape::conditional_escape_into;
use super::super::expression::Expression;
use super::super::formats;
use super::super::lexer::Token;
use super::super::node::Tag;
use super::super::output::Output;
use super::super::parser::Parser;
use super::super::reads::Reads;
use super::super::render::Renderer;
use super::arguments::take_target;
use crate::value::{Record, RecordKind, Value};

/// `{% firstof %}`.
#[derive(Debug)]
struct FirstOf {
    values: Box<[Expression]>,
    target: Option<Arc<str>>,
}

pub(super) fn compile_firstof(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let mut words = token.split_contents()?.split_off(1);
    if words.is_empty() {
        return Err(TemplateError::syntax(
            "'firstof' statement requires at least one argument",
        ));
    }
    let target = take_target(&mut words);
    Ok(Box::new(FirstOf {
        values: parser.compile_all(&words)?,
        target,
    }))
}

impl Tag for FirstOf {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let mut first = Value::from("");
        for expression in &self.values {
            let value = renderer.evaluate_or_none(expression)?;
            if value.is_truthy() {
                first = renderer.rendered(&value)?;
                break;
            }
        }
        renderer.finish(self.target.as_ref(), first, out);
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.expressions(&self.values);
        reads.write(self.target.as_ref());
    }

    fn bears_elements(&self) -> bool {
        false
    }
}

/// `{% widthratio %}`.
#[derive(Debug)]
struct WidthRatio {
    value: Expression,
    max_value: Expression,
    max_width: Expression,
    target: Option<Arc<str>>,
}

pub(super) fn compile_widthratio(
    parser: &mut Parser<'_>,
    token: &Token,
) -> Result<Box<dyn Tag>, TemplateError> {
    let words = token.split_contents()?;
    let (value, max_value, max_width, target) = match words.as_slice() {
        [_, value, max_value, max_width] => (value, max_value, max_width, None),
        [_, value, max_value, max_width, separator, target] => {
            if separator != "as" {
                let message = "Invalid syntax in widthratio tag. Expecting 'as' keyword";
                return Err(TemplateError::syntax(message));
            }
            (value, max_value, max_width, Some(target.as_str().into()))
        }
        _ => return Err(TemplateError::syntax("widthratio takes at least three arguments")),
    };
    Ok(Box::new(WidthRatio {
        value: parser.compile(value)?,
        max_value: parser.compile(max_value)?,
        max_width: parser.compile(max_width)?,
        target,
    }))
}

impl Tag for WidthRatio {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let Some(value) = self.ratio(renderer)? else {
            return Ok(());
        };
        renderer.finish(self.target.as_ref(), value, out);
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.expressions([&self.value, &self.max_value, &self.max_width]);
        reads.write(self.target.as_ref());
    }

    fn bears_elements(&self) -> bool {
        false
    }
}

impl WidthRatio {
    /// `None` where Django gives up because the argument of a filter does not exist.
    fn ratio(&self, renderer: &mut Renderer<'_>) -> Result<Option<Value>, TemplateError> {
        let mut values = Vec::with_capacity(3);
        for expression in [&self.value, &self.max_value, &self.max_width] {
            match renderer.evaluate_unless_missing(expression).map_err(no_number)? {
                Some(value) => values.push(value),
                None => return Ok(None),
            }
        }
        let [value, max_value, max_width] = values.as_slice() else {
            return Ok(None);
        };
        let max_width = max_width.to_int().map_err(|error| no_number(error.into()))?;
        let max_width = Value::from(max_width).to_float();
        let text = match (value.to_float(), max_value.to_float(), max_width) {
            (Ok(_), Ok(0.0), _) => "0".to_owned(),
            (Ok(value), Ok(max_value), Ok(max_width)) => rounded(value / max_value * max_width),
            _ => String::new(),
        };
        Ok(Some(Value::from(text)))
    }
}

/// Django takes whatever its arguments raise for a fault of the last one.
fn no_number(error: TemplateError) -> TemplateError {
    match &*error.class {
        "ValueError" | "TypeError" => TemplateError::syntax("widthratio final argument must be a number"),
        _ => error,
    }
}

/// `str(round(ratio))`; empty for what is no number.
fn rounded(ratio: f64) -> String {
    match Value::Float(ratio.round_ties_even()).to_int() {
        Ok(whole) => whole.to_string(),
        Err(_) => String::new(),
    }
}

/// `{% now %}`.
#[derive(Debug)]
struct Now {
    format: Value,
    target: Option<Arc<str>>,
}

pub(super) fn compile_now(_parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let mut words = token.split_contents()?;
    let target = if words.len() == 4 {
        take_target(&mut words)
    } else {
        None
    };
    let [_, format] = words.as_slice() else {
        return Err(TemplateError::syntax("'now' statement takes one argument"));
    };
    let mut characters = format.chars();
    characters.next();
    characters.next_back();
    Ok(Box::new(Now {
        format: Value::from(characters.as_str()),
        target,
    }))
}

impl Tag for Now {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let environment = &renderer.environment;
        let zone = environment.use_tz.then_some(&environment.time_zone);
        let now = Value::from(environment.now_in(zone));
        let format = self.format.as_text().unwrap_or_default();
        let text = formats::date(&now, format, environment)?;
        renderer.finish(self.target.as_ref(), Value::from(text), out);
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.clock();
        reads.write(self.target.as_ref());
    }

    fn bears_elements(&self) -> bool {
        false
    }
}

/// `{% regroup %}`.
#[derive(Debug)]
struct Regroup {
    target: Expression,
    expression: Expression,
    name: Arc<str>,
}

pub(super) fn compile_regroup(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let words = token.split_contents()?;
    let [_, target, by, attribute, separator, name] = words.as_slice() else {
        return Err(TemplateError::syntax("'regroup' tag takes five arguments"));
    };
    let target = parser.compile(target)?;
    if by != "by" {
        return Err(TemplateError::syntax(
            "second argument to 'regroup' tag must be 'by'",
        ));
    }
    if separator != "as" {
        return Err(TemplateError::syntax(
            "next-to-last argument to 'regroup' tag must be 'as'",
        ));
    }
    let expression = parser.compile(&format!("{name}.{attribute}"))?;
    Ok(Box::new(Regroup {
        target,
        expression,
        name: name.as_str().into(),
    }))
}

impl Tag for Regroup {
    fn render(&self, renderer: &mut Renderer<'_>, _out: &mut Output) -> Result<(), TemplateError> {
        let objects = renderer.evaluate_or_none(&self.target)?;
        let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
        if !objects.is_none() {
            let Some(objects) = objects.iterate() else {
                let message = format!("'{}' object is not iterable", objects.type_name());
                return Err(TemplateError::new("TypeError", message));
            };
            for object in objects {
                // The object stands under the name of the result while its attribute is looked up.
                renderer.assign(&self.name, object.clone().into_owned());
                let key = renderer.evaluate_or_none(&self.expression)?;
                match groups.last_mut().filter(|(last, _)| *last == key) {
                    Some((_, members)) => members.push(object.into_owned()),
                    None => groups.push((key, vec![object.into_owned()])),
                }
            }
        }
        let groups = groups
            .into_iter()
            .map(|(key, members)| grouped(key, members))
            .collect();
        renderer.assign(&self.name, groups);
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.expression(&self.target);
        reads.scope([&self.name], |reads| reads.expression(&self.expression));
        reads.write(Some(&self.name));
    }

    fn bears_elements(&self) -> bool {
        false
    }
}

/// Django's named tuple `GroupedResult`.
fn grouped(grouper: Value, members: Vec<Value>) -> Value {
    let fields = [("grouper", grouper), ("list", Value::from(members))]
        .into_iter()
        .collect();
    let kind = RecordKind::NamedTuple("django.template.defaulttags.GroupedResult".into());
    Value::Record(Arc::new(Record { kind, fields }))
}

impl Renderer<'_> {
    /// Sets the name behind `as` to the value, or writes it, escaped if autoescaping is on.
    pub(super) fn finish_simple(&mut self, target: Option<&Arc<str>>, value: Value, out: &mut Output) {
        match target {
            Some(name) => self.assign(name, value),
            None if self.autoescape => conditional_escape_into(&value, out.text_mut()),
            None => value.write_str(out.text_mut()),
        }
    }

    /// Sets the name behind `as` to the value, or writes it as it is.
    pub(super) fn finish(&mut self, target: Option<&Arc<str>>, value: Value, out: &mut Output) {
        match target {
            Some(name) => self.assign(name, value),
            None => value.write_str(out.text_mut()),
        }
    }
}
