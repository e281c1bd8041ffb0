//! Which tests show what the seed page promises: `docs/seed-coverage.md`.
//!
//! A test shows the row whose number is in its name: `row_41_debounced_events_wait`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::document;

const STATEMENTS: &str = include_str!("seed_statements.txt");

/// Rows of the seed page.
const ROWS: u32 = 98;

/// What the seed page promises.
struct Statement {
    row: u32,
    /// The engine has to keep the promise; the others are about the code and settings of a project.
    is_for_engine: bool,
    text: &'static str,
}

fn statements() -> Vec<Statement> {
    let lines = STATEMENTS.lines().map(|line| {
        let (row, rest) = line.trim_start().split_once(' ').unwrap();
        let (whose, text) = rest.split_once(' ').unwrap();
        assert!(["engine", "-"].contains(&whose), "{line}");
        Statement {
            row: row.parse().unwrap(),
            is_for_engine: whose == "engine",
            text: text.trim(),
        }
    });
    lines.collect()
}

/// Tests by the rows that they show, as a path in the repository and a name.
fn tests() -> BTreeMap<u32, Vec<(String, String)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for package in std::fs::read_dir(root.join("core")).unwrap() {
        sources(&package.unwrap().path().join("tests"), &mut files);
    }
    sources(&root.join("tests/e2e"), &mut files);
    files.sort();
    let mut tests: BTreeMap<u32, Vec<(String, String)>> = BTreeMap::new();
    for file in files {
        let source = std::fs::read_to_string(&file).unwrap();
        let path = file.strip_prefix(root).unwrap().display().to_string();
        for name in source.lines().filter_map(test_of_row) {
            let row = name.split('_').nth(1).unwrap().parse().unwrap();
            tests
                .entry(row)
                .or_default()
                .push((path.clone(), name.to_owned()));
        }
    }
    tests
}

/// All Rust files in a folder, which need not exist.
fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The name of the test that a line begins, if it shows a row.
fn test_of_row(line: &str) -> Option<&str> {
    let line = line.strip_prefix("async ").unwrap_or(line);
    let name = line.strip_prefix("fn ")?.split('(').next()?;
    name.starts_with("row_").then_some(name)
}

#[test]
fn every_promise_that_the_engine_has_to_keep_is_shown() {
    let (statements, tests) = (statements(), tests());
    let rows: Vec<u32> = statements.iter().map(|statement| statement.row).collect();
    assert_eq!(rows, (1..=ROWS).collect::<Vec<_>>());
    let unknown: Vec<_> = tests.iter().filter(|(row, _)| !rows.contains(row)).collect();
    assert!(unknown.is_empty(), "tests of rows that are none: {unknown:?}");
    let is_missing = |statement: &&Statement| statement.is_for_engine && !tests.contains_key(&statement.row);
    let missing = statements.iter().filter(is_missing);
    let missing: Vec<String> = missing
        .map(|statement| format!("{} {}", statement.row, statement.text))
        .collect();
    document::check("seed-coverage.md", &document(&statements, &tests));
    assert!(missing.is_empty(), "rows that no test shows: {missing:#?}");
}

fn document(statements: &[Statement], tests: &BTreeMap<u32, Vec<(String, String)>>) -> String {
    let shown = statements
        .iter()
        .filter(|statement| tests.contains_key(&statement.row))
        .count();
    let of_engine = statements
        .iter()
        .filter(|statement| statement.is_for_engine)
        .count();
    let mut document = format!(
        "# What the seed page promises, and what shows it\n\n\
         Of {ROWS} statements, {of_engine} are promises that an engine can keep; {shown} are shown by tests that have the\n\
         number of the row in their names. The others are about the code and the settings of a project.\n\n\
         `tests/e2e/seed_coverage.rs` writes this document from `tests/e2e/seed_statements.txt` and the names of the tests.\n\
         Where djust does something else: [seed-vs-djust.md](seed-vs-djust.md).\n\n\
         | row | statement | tests | status |\n| --- | --- | --- | --- |\n"
    );
    for Statement {
        row,
        is_for_engine,
        text,
    } in statements
    {
        let of_row = tests.get(row);
        let status = match (of_row, is_for_engine) {
            (Some(_), _) => "shown",
            (None, false) => "not for the engine",
            (None, true) => "missing",
        };
        let names = of_row.into_iter().flatten();
        let names: Vec<String> = names
            .map(|(path, name)| format!("`{name}` in `{path}`"))
            .collect();
        document.push_str(&format!(
            "| {row} | {text} | {} | {status} |\n",
            names.join("<br>")
        ));
    }
    document
}
