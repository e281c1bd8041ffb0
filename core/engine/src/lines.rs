//! The engine for other tools: one JSON object in, one out (`djscope engine`, see `ARCHITECTURE.md`).

use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::diff::{DiffOptions, diff};
use crate::tree::{IdCounter, Parser, parse};

/// What a line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Patches between two pages.
    Diff,
}

/// Time since some moment, in µs: the engine has no clock of its own.
pub type Clock<'a> = &'a dyn Fn() -> f64;

/// Answers one line; what is wrong with it is the answer then.
pub fn answer(request: Request, line: &str, clock: Clock<'_>) -> Json {
    let answered = match request {
        Request::Diff => diff_line(line, clock),
    };
    answered.unwrap_or_else(|error| json!({"error": error.class, "message": error.message}))
}

/// Why a line has no other answer.
struct Refusal {
    class: String,
    message: String,
}

impl Refusal {
    fn of(class: &str, error: &impl std::fmt::Display) -> Self {
        Self {
            class: class.to_owned(),
            message: error.to_string(),
        }
    }
}

fn read<'a, T: Deserialize<'a>>(line: &'a str) -> Result<T, Refusal> {
    serde_json::from_str(line).map_err(|error| Refusal::of("InvalidLine", &error))
}

#[derive(Deserialize)]
struct DiffLine {
    old: String,
    new: String,
}

fn diff_line(line: &str, clock: Clock<'_>) -> Result<Json, Refusal> {
    let pages: DiffLine = read(line)?;
    let start = clock();
    let parsed = |page| {
        parse(page, IdCounter::default(), Parser::Fast).map_err(|error| Refusal::of("ParseError", &error))
    };
    let patches = diff(
        &parsed(&pages.old)?.tree,
        &parsed(&pages.new)?.tree,
        DiffOptions::default(),
    );
    let us = clock() - start;
    Ok(json!({"patches": patches, "us": us}))
}
