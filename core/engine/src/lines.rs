//! The engine for other tools: one JSON object in, one out (`djscope engine`, see `docs/engine.md`).

use std::collections::HashMap;
use std::sync::Arc;

use djscope_wire::Patch;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::view::{View, ViewError};
use djscope_dom::apply::apply;
use djscope_dom::diff::{DiffOptions, diff};
use djscope_dom::page::Work;
use djscope_dom::tree::{IdCounter, ParseError, Parser, parse, parse_written};
use djscope_template::value::Dict;
use djscope_template::{Context, Environment, Libraries, Loader, MemoryLoader, Template, TemplateError};

/// What a line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// A template with a context.
    Render,
    /// Patches between two pages.
    Diff,
    /// A page after patches.
    Apply,
    /// A view through its states.
    Session,
}

/// Time since some moment, in µs: the engine has no clock of its own.
pub type Clock<'a> = &'a dyn Fn() -> f64;

/// Answers one line; what is wrong with it is the answer then.
pub fn answer(request: Request, line: &[u8], clock: Clock<'_>) -> Json {
    let answered = match request {
        Request::Render => render(line, clock),
        Request::Diff => difference(line, clock),
        Request::Apply => applied(line),
        Request::Session => session(line, clock),
    };
    answered.unwrap_or_else(|refusal| refusal.answer())
}

/// Why a line has no other answer.
enum Refusal {
    Line(serde_json::Error),
    Page(ParseError),
    Template(TemplateError),
}

impl Refusal {
    fn answer(&self) -> Json {
        match self {
            Self::Line(error) => json!({"error": "InvalidLine", "message": error.to_string()}),
            Self::Page(error) => json!({"error": "ParseError", "message": error.to_string()}),
            Self::Template(error) => {
                let mut answer = json!({"error": error.class, "message": error.message});
                if let Some(position) = &error.position {
                    answer["template"] = json!(error.template);
                    answer["line"] = json!(position.line);
                    answer["column"] = json!(position.column);
                }
                if let Some(hint) = &error.hint {
                    answer["hint"] = json!(hint);
                }
                if !error.tried.is_empty() {
                    let tried = error
                        .tried
                        .iter()
                        .map(|tried| format!("{} ({})", tried.origin, tried.reason));
                    answer["tried"] = tried.collect();
                }
                answer
            }
        }
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Self {
        Self::Line(error)
    }
}

impl From<ParseError> for Refusal {
    fn from(error: ParseError) -> Self {
        Self::Page(error)
    }
}

impl From<TemplateError> for Refusal {
    fn from(error: TemplateError) -> Self {
        Self::Template(error)
    }
}

impl From<ViewError> for Refusal {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::Template(error) => Self::Template(error),
            ViewError::Page(error) => Self::Page(error),
        }
    }
}

#[derive(Deserialize)]
#[serde(expecting = "an object with \"templates\" and \"name\"")]
struct RenderLine {
    templates: HashMap<String, String>,
    name: String,
    #[serde(default)]
    context: Dict,
    #[serde(default = "yes")]
    autoescape: bool,
    #[serde(default)]
    string_if_invalid: String,
}

fn yes() -> bool {
    true
}

fn render(line: &[u8], clock: Clock<'_>) -> Result<Json, Refusal> {
    let asked: RenderLine = serde_json::from_slice(line)?;
    let libraries = Libraries::default();
    let loader = MemoryLoader::new(asked.templates, &libraries);
    let environment = Environment {
        autoescape: asked.autoescape,
        string_if_invalid: asked.string_if_invalid.into(),
        ..Environment::default()
    };
    let template = loader.load(&asked.name, &[])?;
    let context = Context::new(asked.context);
    let start = clock();
    let output = template.render(&context, &loader, &environment)?;
    let us = clock() - start;
    Ok(json!({"output": output, "us": us}))
}

#[derive(Deserialize)]
#[serde(expecting = "an object with \"old\" and \"new\"")]
struct DifferenceLine {
    old: String,
    new: String,
}

fn difference(line: &[u8], clock: Clock<'_>) -> Result<Json, Refusal> {
    let pages: DifferenceLine = serde_json::from_slice(line)?;
    let start = clock();
    let old = parse(&pages.old, IdCounter::default(), Parser::Fast)?;
    let new = parse(&pages.new, IdCounter::default(), Parser::Fast)?;
    let patches = diff(&old.tree, &new.tree, DiffOptions::default());
    let us = clock() - start;
    Ok(json!({"patches": patches, "us": us}))
}

#[derive(Deserialize)]
#[serde(expecting = "an object with \"html\" and \"patches\"")]
struct AppliedLine {
    html: String,
    patches: Vec<Patch>,
}

fn applied(line: &[u8]) -> Result<Json, Refusal> {
    let asked: AppliedLine = serde_json::from_slice(line)?;
    let mut tree = parse_written(&asked.html)?.tree;
    let applied = apply(&mut tree, &asked.patches);
    Ok(json!({"html": tree.to_html(), "failed": applied.failed}))
}

#[derive(Deserialize)]
#[serde(expecting = "an object with \"template\" and \"steps\"")]
struct SessionLine {
    template: String,
    #[serde(default)]
    templates: HashMap<String, String>,
    steps: Vec<Step>,
    /// Render everything at every step, to compare.
    #[serde(default)]
    full: bool,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with \"state\" and \"changed\"")]
struct Step {
    state: Dict,
    changed: Option<Vec<String>>,
}

fn session(line: &[u8], clock: Clock<'_>) -> Result<Json, Refusal> {
    let asked: SessionLine = serde_json::from_slice(line)?;
    let libraries = Libraries::default();
    let template = Template::parse(None, &asked.template, &libraries)?;
    let loader = MemoryLoader::new(asked.templates, &libraries);
    let mut view = View::new(
        template,
        Arc::new(loader),
        Environment::default(),
        DiffOptions::default(),
    );
    let work = if asked.full { Work::All } else { Work::Changed };
    let mut steps = Vec::with_capacity(asked.steps.len());
    for step in asked.steps {
        let changed: Option<Vec<&str>> = step
            .changed
            .as_ref()
            .map(|names| names.iter().map(String::as_str).collect());
        let start = clock();
        view.update_state(step.state);
        let rendered = view.render(changed.as_deref(), work)?;
        let us = clock() - start;
        steps.push(json!({
            "html": rendered.html,
            "patches": rendered.patches,
            "version": rendered.version,
            "us": us,
        }));
    }
    Ok(json!({"steps": steps}))
}
