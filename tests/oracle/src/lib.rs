//! What the tests of several crates ask, and who knows the right answer: djust and Django, run by the virtual
//! environment that `./dev setup` makes.
//!
//! For tests only; nothing in it knows a crate of ours.
#![allow(clippy::unwrap_used)]

pub mod pages;
pub mod templates;

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

/// The Python of the virtual environment.
pub fn python() -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let venv =
        std::env::var_os("DJSCOPE_TEST_VENV").map_or_else(|| home.join(".cache/djscope/venv"), PathBuf::from);
    let python = venv.join("bin/python");
    assert!(
        python.exists(),
        "{} is missing: run ./dev setup",
        python.display()
    );
    python
}

/// The unpacked source distribution of Django, with its tests.
pub fn django_source() -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let source = std::env::var_os("DJSCOPE_DJANGO_SDIST")
        .map_or_else(|| home.join(".cache/djscope/sources/django"), PathBuf::from);
    assert!(
        source.join("tests").exists(),
        "{} has no tests: run ./dev setup",
        source.display()
    );
    source
}

/// A script of the folder `scripts`.
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts").join(name)
}

/// The JSON lines that a script writes by itself.
pub fn lines(name: &str, arguments: &[&OsStr]) -> Vec<Value> {
    let output = Command::new(python())
        .arg(script(name))
        .args(arguments)
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A script that answers line by line.
#[derive(Debug)]
pub struct Oracle {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    /// Starts a script.
    pub fn start(name: &str) -> Self {
        let mut child = Command::new(python())
            .arg(script(name))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let questions = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            questions,
            answers,
        }
    }

    /// The answer to one question.
    pub fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.questions.as_mut().unwrap(), "{question}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("no answer to {question}"))
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        drop(self.questions.take());
        let _ = self.child.wait();
    }
}

/// How many cases an oracle is asked: twice as many as a property tries.
pub fn cases() -> usize {
    Config::default().cases as usize * 2
}

/// Draws cases, for one seed always the same.
pub fn runner(seed: u8) -> TestRunner {
    TestRunner::new_with_rng(
        Config::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]),
    )
}
