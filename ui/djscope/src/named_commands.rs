//! Whatever djscope and its documents tell a user to type exists.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};

use crate::arguments::Arguments;

/// What may follow the name of the program in a sentence, where it is no command.
const PROSE: &[&str] = &[
    "as", "cannot", "could", "ends", "filter", "fonts", "goes", "has", "is", "keeps", "palette", "removes",
    "replaces", "shows", "speaks", "start", "sums", "that",
];

/// A place in which a user is told what to type.
struct Told {
    file: PathBuf,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !["tests", "benches", "fuzz", "target", "shims"].contains(&name.as_str()) {
            files(&path, ending, found);
        } else if name.ends_with(ending) && name != "named_commands.rs" {
            found.push(path);
        }
    }
}

/// What a source says when it runs: neither its comments nor its tests.
fn spoken(source: &str) -> String {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut text = String::new();
    for line in lines {
        match line.strip_suffix('\\') {
            Some(begun) => text.push_str(if text.ends_with('\n') {
                begun
            } else {
                begun.trim_start()
            }),
            None => {
                text.push_str(if text.ends_with('\n') {
                    line
                } else {
                    line.trim_start()
                });
                text.push('\n');
            }
        }
    }
    text
}

/// The parts of a document that stand for something to type or to read on a screen.
fn quoted(document: &str) -> String {
    let mut text = String::new();
    let mut is_block = false;
    for line in document.lines() {
        if line.starts_with("```") {
            is_block = !is_block;
        } else if is_block {
            text.push_str(line);
            text.push('\n');
        } else {
            for span in line.split('`').skip(1).step_by(2) {
                text.push_str(span);
                text.push('\n');
            }
        }
    }
    text
}

fn told() -> Vec<Told> {
    let mut sources = Vec::new();
    for folder in ["core", "ui"] {
        files(&root().join(folder), ".rs", &mut sources);
    }
    let mut documents = Vec::new();
    files(&root().join("docs"), ".md", &mut documents);
    for name in [
        "README.md",
        "CONTRIBUTING.md",
        "ARCHITECTURE.md",
        "BENCHMARKS.md",
        "THREAT_MODEL.md",
    ] {
        documents.push(root().join(name));
    }
    let read = |path: &PathBuf| fs::read_to_string(path).unwrap();
    let spoken = sources.into_iter().map(|file| Told {
        text: spoken(&read(&file)),
        file,
    });
    let quoted = documents.into_iter().map(|file| Told {
        text: quoted(&read(&file)),
        file,
    });
    spoken.chain(quoted).collect()
}

/// What follows the name of the program, up to the end of the line.
fn mentions(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| {
        line.match_indices("djscope ")
            .filter(|(at, _)| {
                !line[..*at].ends_with(|before: char| before.is_alphanumeric() || "-_/".contains(before))
            })
            .map(|(at, found)| &line[at + found.len()..])
    })
}

fn first_word(text: &str) -> &str {
    let end = text
        .find(|letter: char| !letter.is_ascii_lowercase())
        .unwrap_or(text.len());
    &text[..end]
}

/// Whether a command has an option of that name, `--out`.
fn has_option(command: &Command, option: &str) -> bool {
    let name = option.trim_start_matches("--");
    name == "help"
        || command
            .get_arguments()
            .any(|argument| argument.get_long() == Some(name))
}

/// What is wrong with what is told: a command that is none, or an option that it does not have.
fn wrong(rest: &str) -> Option<String> {
    let program = Arguments::command();
    let name = first_word(rest);
    // No lower-case word: a placeholder, as in "djscope COMMAND".
    if name.is_empty() || PROSE.contains(&name) {
        return None;
    }
    let path = format!("djscope {name}");
    let Some(command) = program.find_subcommand(name) else {
        return Some(path);
    };
    let rest = &rest[name.len()..];
    options(command, &path, rest).or_else(|| nested(command, &path, rest.strip_prefix(' ')?))
}

/// A command of a command that does not exist.
fn nested(command: &Command, path: &str, after: &str) -> Option<String> {
    let name = first_word(after);
    let is_wrong = command.has_subcommands() && !name.is_empty() && command.find_subcommand(name).is_none();
    is_wrong.then(|| format!("{path} {name}"))
}

/// The first option of a command line that the command does not have.
fn options(command: &Command, path: &str, rest: &str) -> Option<String> {
    let words = rest
        .split_whitespace()
        .take_while(|word| *word != "--" && *word != "|");
    let options = words.filter(|word| word.starts_with("--"));
    options
        .map(|option| option.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric()))
        .find(|option| !has_option(command, option))
        .map(|option| format!("{path} {option}"))
}

#[test]
fn what_a_user_is_told_to_type_exists() {
    let told = told();
    let all: usize = told.iter().map(|place| mentions(&place.text).count()).sum();
    assert!(all > 60, "{all} places name a command");
    let wrong: Vec<String> = told
        .iter()
        .flat_map(|place| {
            let found = mentions(&place.text).filter_map(wrong);
            found.map(|what| format!("{}: {what}", place.file.display()))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_does_not_exist_is_found() {
    let cases = [
        ("other files are read by djscope devour", Some("djscope devour")),
        ("djscope probe remove", Some("djscope probe remove")),
        ("djscope probe, or", None),
        ("djscope show FILE --yaml", Some("djscope show --yaml")),
        (
            "djscope run --headless -- python manage.py runserver --noreload",
            None,
        ),
        ("djscope that has ended", None),
        ("target/djscope import", None),
    ];
    for (text, expected) in cases {
        let found = mentions(text).find_map(wrong);
        assert_eq!(found.as_deref(), expected, "{text}");
    }
    let source =
        "// djscope nonsense\nlet hint = \"use djscope \\\n         import\";\n#[cfg(test)]\nmod tests {}";
    assert!(spoken(source).contains("use djscope import") && !spoken(source).contains("nonsense"));
    assert_eq!(
        quoted("djscope a `djscope b`\n```\ndjscope c\n```\n"),
        "djscope b\ndjscope c\n"
    );
}
