//! Recorded turns, run again in the project's own Python, and compared with what was recorded.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use djscope_tests::browser::Browser;
use djscope_tests::djscope::{Recording, binary};
use djscope_tests::project::{self, Database, Kind};
use djscope_tests::raw::Live;
use serde_json::Value;

use crate::journeys::{CAUSES, JOURNEYS, Step, take};

const DEEDS: &str = "shop.views.deeds.DeedsView";

/// What visitors of the page of deeds do.
const DONE: &[&str] = &[
    "extend", "look", "hush", "force", "entitle", "basket", "promise", "spread", "work", "fork", "hold",
];

/// Runs `djscope rerun` over a file, with the database as it is now.
fn rerun(file: &Path, database: &Path, options: &[&str]) -> Output {
    Command::new(binary())
        .arg("rerun")
        .arg(file)
        .args(options)
        .current_dir(project::folder())
        .env("NO_COLOR", "1")
        .env("DJSCOPE_TEST_DB", database)
        .env("DJSCOPE_TEST_FAST", "1")
        .output()
        .unwrap()
}

fn objects(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    let objects: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    assert!(!objects.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    objects
}

/// How often each of the words was said, and what was said of the turns that are not the same.
fn words(answers: &[Value]) -> (BTreeMap<&'static str, usize>, String) {
    let mut counts = BTreeMap::new();
    let mut others = String::new();
    for answer in answers {
        let said = [&answer["djust"], &answer["engine"]];
        let word = if said.iter().any(|word| **word == "differs") {
            "differs"
        } else if answer["agree"] == true {
            "same"
        } else {
            "cannot tell"
        };
        *counts.entry(word).or_insert(0) += 1;
        if word != "same" {
            others.push_str(&format!("{answer:.2000}\n"));
        }
    }
    (counts, others)
}

/// A recording of all pages, used by a browser and by a client without one.
async fn recorded() -> Recording {
    const GO: &[Step] = &[Step::Click("#go"), Step::Escape, Step::Click("#go"), Step::Escape];
    let mut recording = Recording::start(Kind::Daphne, &[]);
    let browser = Browser::start();
    let causes = CAUSES.iter().map(|slug| (format!("/causes/{slug}/"), GO));
    let pages = JOURNEYS.iter().map(|(path, steps)| ((*path).to_owned(), *steps));
    for (path, steps) in pages.chain(causes) {
        let mut page = browser.page().await;
        page.open(&format!("http://{}{path}", recording.proxy)).await;
        for step in steps {
            take(&mut page, step).await;
            page.settle().await;
        }
    }
    let mut live = Live::mount(recording.proxy, DEEDS, "/deeds/7/");
    for event in DONE {
        live.event(event, "{}");
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    recording.stop("INT");
    recording
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_turn_of_a_session_again() {
    let recording = recorded().await;
    let start = Database::fresh();
    let database = recording.database();
    let before = std::fs::read(&database).unwrap();
    let from_start = format!("default={}", start.path().display());
    let output = rerun(
        &recording.path,
        &database,
        &["--all", "--json", "--yes", "--db", &from_start],
    );
    let answers = objects(&output);
    let (counts, others) = words(&answers);
    println!("chain: {} turns: {counts:?}\n{others}", answers.len());
    assert_eq!(counts.get("differs"), None, "{others}");
    assert!(answers.len() >= 200, "{}", answers.len());
    let same = counts.get("same").copied().unwrap_or(0);
    assert!(same * 100 >= answers.len() * 98, "{counts:?}\n{others}");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        std::fs::read(&database).unwrap(),
        before,
        "the database is another one"
    );

    let turns: Vec<String> = answers.iter().map(|answer| answer["turn"].to_string()).collect();
    let mut options = vec!["--json", "--yes", "--db", &from_start];
    for turn in &turns {
        options.extend(["--turn", turn]);
    }
    let output = rerun(&recording.path, &database, &options);
    let answers = objects(&output);
    let (counts, others) = words(&answers);
    println!("alone: {} turns: {counts:?}\n{others}", answers.len());
    assert_eq!(counts.get("differs"), None, "{others}");
    assert_eq!(answers.len(), turns.len());
}
