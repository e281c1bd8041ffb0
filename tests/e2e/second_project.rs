//! A project that was not looked at while turns that run again were built: twenty views, written in other ways than the
//! shop's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use djscope_tests::djscope::{Recording, binary};
use djscope_tests::project;
use djscope_tests::raw::Live;
use serde_json::Value;

/// A view below `office`, and what is done on it.
const VISITS: &[(&str, &[(&str, &str)])] = &[
    (
        "desk.views.TaskBoard",
        &[
            ("add", r#"{"title":"a"}"#),
            ("finish", r#"{"pk":1}"#),
            ("clear", "{}"),
            ("add", r#"{"title":"b"}"#),
        ],
    ),
    (
        "desk.views.NoteEditor",
        &[
            ("save", r#"{"text":"abc"}"#),
            ("save", r#"{"text":"longer text"}"#),
        ],
    ),
    (
        "desk.views.Basket",
        &[("put", r#"{"key":1}"#), ("put", r#"{"key":2}"#)],
    ),
    ("desk.views.Remembering", &[("visit", "{}"), ("visit", "{}")]),
    ("desk.views.Clock", &[("look", "{}"), ("look", "{}")]),
    (
        "desk.views.Chart",
        &[("draw", "{}"), ("hire", r#"{"name":"Ann"}"#), ("draw", "{}")],
    ),
    ("desk.views.Toggle", &[("flip", "{}"), ("flip", "{}")]),
    ("people.views.Directory", &[("turn_page", r#"{"by":1}"#)]),
    (
        "people.views.Cards",
        &[
            ("tag", r#"{"index":0,"text":"x"}"#),
            ("spoil", "{}"),
            ("tag", r#"{"index":1,"text":"y"}"#),
        ],
    ),
    (
        "people.views.Dice",
        &[("count", "{}"), ("roll", "{}"), ("count", "{}")],
    ),
    ("people.views.Counter", &[("step", "{}"), ("step", "{}")]),
    ("people.views.Rating", &[("vote", r#"{"lit":3}"#)]),
    (
        "people.views.Search",
        &[("search", r#"{"value":"a"}"#), ("search", r#"{"value":"b"}"#)],
    ),
    (
        "people.views.Clumsy",
        &[
            ("divide", r#"{"by":2}"#),
            ("divide", r#"{"by":0}"#),
            ("pick", r#"{"index":7}"#),
            ("assign", "{}"),
            ("nothing", "{}"),
        ],
    ),
    ("reports.views.Progress", &[("begin", "{}")]),
    (
        "reports.views.Waiter",
        &[("serve", r#"{"dish":"tea"}"#), ("count", "{}")],
    ),
    ("reports.views.Pulse", &[("reset", "{}")]),
    ("reports.views.Loud", &[("say", r#"{"text":"hello"}"#)]),
    (
        "reports.views.Journal",
        &[("write", r#"{"text":"one"}"#), ("write", r#"{"text":"two"}"#)],
    ),
    (
        "reports.views.Intake",
        &[("write", r#"{"text":"abc"}"#), ("write", r#"{"text":"de"}"#)],
    ),
];

/// Faults that are put into handlers after the recording: the file, what stood there, and what stands there then; and the
/// events that they change.
const PLANTED: &[(&str, &str, &str, &str)] = &[
    ("desk", "update(is_done=True)", "update(is_done=False)", "finish"),
    (
        "desk",
        "(self.prices[k] * n for",
        "(self.prices[k] + n for",
        "put",
    ),
    (
        "people",
        "self._double(self.n + 1)",
        "self._double(self.n) + 1",
        "step",
    ),
    (
        "people",
        "self.n = 10 // by",
        "self.n = 10 // by if by else 0",
        "divide",
    ),
    ("reports", "self.last += 1", "self.last += 2", "write"),
    (
        "reports",
        "Note.objects.count() + 41",
        "Note.objects.count() + 40",
        "begin",
    ),
];

struct Office {
    /// Removed at the end.
    _folder: tempfile::TempDir,
    /// The database before the first visit.
    start: PathBuf,
    project: PathBuf,
    recording: Recording,
}

fn copied(to: &Path) -> PathBuf {
    let project = to.join("project");
    let own = project::folder().with_file_name("second_project");
    let status = Command::new("cp").arg("-r").args([&own, &project]).status();
    assert!(status.unwrap().success());
    project
}

impl Office {
    /// Visits every view.
    fn visited() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let project = copied(folder.path());
        let server = [
            project::program("daphne").display().to_string(),
            "-p".to_owned(),
            project::free_port().to_string(),
            "office.asgi:application".to_owned(),
        ];
        let mut recording = Recording::serve(&server, &project, &[]);
        let status = Command::new(project::program("python"))
            .args(["manage.py", "migrate", "-v0"])
            .current_dir(&project)
            .env("DJSCOPE_TEST_DB", recording.database())
            .status();
        assert!(status.unwrap().success());
        let start = folder.path().join("start.sqlite3");
        std::fs::copy(recording.database(), &start).unwrap();
        for (view, events) in VISITS {
            let url = format!("/{}/", view.rsplit('.').next().unwrap().to_lowercase());
            let mut live = Live::mount(recording.proxy, &format!("office.{view}"), &url);
            for (event, params) in *events {
                live.event_to_its_end(event, params);
            }
            // Background work has its turn, and a clock strikes.
            std::thread::sleep(std::time::Duration::from_millis(60));
        }
        recording.stop("INT");
        Self {
            start,
            _folder: folder,
            project,
            recording,
        }
    }

    fn rerun(&self, options: &[&str]) -> Vec<Value> {
        let start = format!("default={}", self.start.display());
        let output: Output = Command::new(binary())
            .arg("rerun")
            .arg(&self.recording.path)
            .args(["--all", "--json", "--yes", "--db", &start])
            .args(options)
            .current_dir(&self.project)
            .env("DJSCOPE_TEST_DB", self.recording.database())
            .env("DJSCOPE_TEST_FAST", "1")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let answers: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert!(!answers.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        answers
    }
}

#[test]
fn a_project_in_other_styles_and_faults_that_were_put_in_later() {
    let office = Office::visited();
    let answers = office.rerun(&[]);
    let mut others: BTreeMap<String, usize> = BTreeMap::new();
    for answer in &answers {
        assert!(
            answer["djust"] != "differs" && answer["engine"] != "differs",
            "{answer}"
        );
        if answer["agree"] != true {
            *others.entry(answer["view"].to_string()).or_default() += 1;
        }
    }
    println!("{} turns, not the same: {others:?}", answers.len());
    // Chance, and a component that is rendered by its own method.
    assert!(
        others
            .keys()
            .all(|view| view.contains("Dice") || view.contains("Rating")),
        "{others:?}"
    );

    for (app, from, to, _) in PLANTED {
        let file = office.project.join(format!("office/{app}/views.py"));
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{from}");
        std::fs::write(&file, text.replace(from, to)).unwrap();
    }
    for answer in office.rerun(&[]) {
        assert!(
            answer["djust"] != "differs" && answer["engine"] != "differs",
            "code has changed: {answer}"
        );
    }
    let strict = office.rerun(&["--strict"]);
    for (_, _, to, event) in PLANTED {
        let differs = strict
            .iter()
            .any(|answer| answer["event"] == *event && answer["djust"] == "differs");
        assert!(differs, "{to} was not found");
    }
    let untouched = [
        "Toggle",
        "Cards",
        "Search",
        "Loud",
        "Remembering",
        "Clock",
        "Waiter",
    ];
    for answer in &strict {
        let view = answer["view"].as_str().unwrap_or_default();
        if untouched.iter().any(|name| view.ends_with(name)) {
            assert_ne!(answer["djust"], "differs", "{answer}");
        }
    }
}
