//! Recorded turns, run again in the project's own Python, and compared with what was recorded.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use djscope_tests::browser::Browser;
use djscope_tests::djscope::{Recording, binary};
use djscope_tests::project::{self, Database, Kind};
use djscope_tests::raw::Live;
use serde_json::{Value, json};

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

/// True if every page is used, else a sample of them.
pub(crate) fn is_whole() -> bool {
    std::env::var_os("DJSCOPE_RERUN_EVERYWHERE").is_some()
}

/// A recording of pages, used by a browser and by a client without one.
async fn recorded() -> Recording {
    let every = if is_whole() { 1 } else { 4 };
    const GO: &[Step] = &[Step::Click("#go"), Step::Escape, Step::Click("#go"), Step::Escape];
    let mut recording = Recording::start(Kind::Daphne, &[]);
    let browser = Browser::start();
    let causes = CAUSES
        .iter()
        .step_by(every)
        .map(|slug| (format!("/causes/{slug}/"), GO));
    let pages = JOURNEYS
        .iter()
        .step_by(every)
        .map(|(path, steps)| ((*path).to_owned(), *steps));
    for (path, steps) in pages.chain(causes) {
        let mut page = browser.page().await;
        page.open(&format!("http://{}{path}", recording.proxy)).await;
        for step in steps {
            take(&mut page, step).await;
            page.settle().await;
        }
        // The page's socket is closed: what ticks on would be most of the recording.
        page.call("Page.navigate", json!({"url": "about:blank"})).await;
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
    let least = if is_whole() { 300 } else { 50 };
    assert!(answers.len() >= least, "{}", answers.len());
    let same = counts.get("same").copied().unwrap_or(0);
    assert!(same * 100 >= answers.len() * 98, "{counts:?}\n{others}");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        std::fs::read(&database).unwrap(),
        before,
        "the database is another one"
    );

    // Alone each takes a process of its own: a sample.
    let sample = answers.iter().step_by(10);
    let turns: Vec<String> = sample.map(|answer| answer["turn"].to_string()).collect();
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

/// A short recording: two clicks on the counter.
fn counted() -> Recording {
    let mut recording = Recording::start(Kind::Daphne, &[]);
    let mut live = Live::mount(recording.proxy, "shop.views.counter.CounterView", "/counter/");
    live.event("increment", "{}");
    live.event("increment", "{}");
    std::thread::sleep(std::time::Duration::from_millis(300));
    recording.stop("INT");
    recording
}

#[test]
fn nothing_runs_unless_somebody_wants_it() {
    let recording = counted();
    let run = |options: &[&str]| rerun(&recording.path, &recording.database(), options);
    let said = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();

    let output = run(&["--all"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(output.stdout.is_empty());
    for part in [
        "this runs the code of the project in",
        "site_config.settings",
        "--yes",
    ] {
        assert!(said(&output).contains(part), "{}", said(&output));
    }
    let gone = tempfile::tempdir()
        .unwrap()
        .path()
        .join("gone")
        .display()
        .to_string();
    for (options, expected) in [
        (vec!["--yes"], "which turns?"),
        (vec!["--turn", "99", "--yes"], "has no turn 99"),
        (vec!["--all", "--yes", "--project", &gone], "is not at"),
        (vec!["--all", "--yes", "--python", &gone], "there is no Python at"),
        (
            vec!["--all", "--yes", "--settings", "no.such"],
            "the settings cannot be loaded",
        ),
        (
            vec!["--all", "--yes", "--python", "/bin/true"],
            "the worker has ended",
        ),
        (
            vec!["--all", "--yes", "--db", "default=/no/such"],
            "there is no file",
        ),
        (
            vec!["--turn", "2", "--yes", "--edit-state", "[1]"],
            "is no JSON object",
        ),
        (vec!["--all", "--yes", "--filter", "kind:"], "kind"),
    ] {
        let output = run(&options);
        assert_eq!(output.status.code(), Some(2), "{options:?}: {}", said(&output));
        assert!(said(&output).contains(expected), "{options:?}: {}", said(&output));
    }
}

#[test]
fn what_if_and_who_says_what() {
    let recording = counted();
    let run = |options: &[&str]| rerun(&recording.path, &recording.database(), options);
    let output = run(&["--filter", "event:increment", "--yes"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(
        text.lines()
            .all(|line| line.contains("recorded patched · djust same · engine same")),
        "{text}"
    );

    let turns = objects(&run(&["--filter", "event:increment", "--json", "--yes"]));
    let turn = turns[1]["turn"].to_string();
    let output = run(&[
        "--turn",
        &turn,
        "--edit-state",
        r#"{"count": 41}"#,
        "--json",
        "--yes",
    ]);
    let answer = &objects(&output)[0];
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        (&answer["agree"], &answer["djust"]),
        (&json!(false), &json!("differs"))
    );
    let count = answer["differs"].as_array().unwrap().iter();
    let count: Vec<_> = count.filter(|difference| difference["path"] == "count").collect();
    assert_eq!((&count[0]["recorded"], &count[0]["got"]), (&json!(2), &json!(42)));
}

#[test]
fn a_recording_without_a_probe_says_so() {
    let mut recording = Recording::start(Kind::Daphne, &["--no-probe"]);
    let mut live = Live::mount(recording.proxy, "shop.views.counter.CounterView", "/counter/");
    live.event("increment", "{}");
    recording.stop("INT");
    let output = rerun(&recording.path, &recording.database(), &["--all", "--yes"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("does not say how its server was started") && said.contains("--project"),
        "{said}"
    );
}

#[test]
fn an_edited_handler_is_run_as_soon_as_it_is_saved() {
    let project = tempfile::tempdir().unwrap();
    let copy = project.path().join("project");
    let status = Command::new("cp")
        .arg("-r")
        .args([&project::folder(), &copy])
        .status();
    assert!(status.unwrap().success());
    let mut recording = Recording::serve(&Kind::Daphne.command(project::free_port()), &copy, &[]);
    let mut live = Live::mount(recording.proxy, "shop.views.counter.CounterView", "/counter/");
    live.event("increment", "{}");
    std::thread::sleep(std::time::Duration::from_millis(300));
    recording.stop("INT");
    let answers = objects(&rerun(
        &recording.path,
        &recording.database(),
        &["--filter", "event:increment", "--json", "--yes"],
    ));
    let turn = answers[0]["turn"].to_string();

    let mut child = Command::new(binary())
        .arg("rerun")
        .arg(&recording.path)
        .args(["--turn", &turn, "--watch", "--json", "--yes"])
        .current_dir(project::folder())
        .env("DJSCOPE_TEST_DB", recording.database())
        .env("DJSCOPE_TEST_FAST", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(next()["djust"], "same");
    let source = copy.join("shop/views/counter.py");
    let text = std::fs::read_to_string(&source).unwrap();
    let edited = text.replacen("self.count += self.step", "self.count += 10 * self.step", 1);
    assert_ne!(text, edited);
    std::fs::write(&source, edited).unwrap();
    let answer = next();
    let count = answer["differs"].as_array().unwrap().iter();
    let count: Vec<_> = count.filter(|difference| difference["path"] == "count").collect();
    assert_eq!((&count[0]["recorded"], &count[0]["got"]), (&json!(1), &json!(10)));
    assert_eq!(answer["djust"], "cannot tell");
    assert!(
        answer["reasons"]
            .to_string()
            .contains("the code has changed since: shop.views.counter"),
        "{answer}"
    );
    std::fs::write(&source, text).unwrap();
    assert_eq!(next()["djust"], "same");
    child.kill().unwrap();
    child.wait().unwrap();
}

const TWISTED: &str = "shop.views.hazards.TwistedView";

/// Five steps of a counter, and an exception.
fn twisted() -> Recording {
    let mut recording = Recording::start(Kind::Daphne, &[]);
    let mut live = Live::mount(recording.proxy, TWISTED, "/counter/");
    for _ in 0..5 {
        live.event("increment", "{}");
    }
    live.event_to_its_end("stumble", "{}");
    std::thread::sleep(std::time::Duration::from_millis(300));
    recording.stop("INT");
    recording
}

/// The same in an environment from which on the counter counts otherwise, and that no hash shows.
fn rerun_twisted(recording: &Recording, from: &str, options: &[&str]) -> Output {
    Command::new(binary())
        .arg("rerun")
        .arg(&recording.path)
        .args(options)
        .current_dir(project::folder())
        .env("NO_COLOR", "1")
        .env("DJSCOPE_TEST_DB", recording.database())
        .env("DJSCOPE_TEST_FAST", "1")
        .env("DJSCOPE_TEST_TWIST", from)
        .output()
        .unwrap()
}

#[test]
fn a_chain_ends_where_it_goes_another_way() {
    let recording = twisted();
    let turns = djscope_tests::djscope::turns(&recording.path, "event:increment");
    let third = turns[2]["turn"].clone();

    let output = rerun_twisted(&recording, "3", &["--until-diverges", "--json", "--yes"]);
    let answers = objects(&output);
    let (end, answers) = answers.split_last().unwrap();
    assert_eq!(end, &json!({"diverges": third, "turns": answers.len()}));
    let last = answers.last().unwrap();
    assert_eq!(
        (&last["turn"], &last["djust"]),
        (&third, &json!("differs")),
        "{last}"
    );
    assert!(
        answers[..answers.len() - 1]
            .iter()
            .all(|answer| answer["djust"] == "same")
    );
    assert_eq!(output.status.code(), Some(1));
    let output = rerun_twisted(&recording, "3", &["--until-diverges", "--yes"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains(&format!("turn {third} is the first that differs, at count")),
        "{said}"
    );

    let output = rerun(
        &recording.path,
        &recording.database(),
        &["--until-diverges", "--json", "--yes"],
    );
    let answers = objects(&output);
    assert_eq!(answers.last().unwrap()["diverges"], Value::Null);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn which_turn_it_was() {
    let recording = twisted();
    let turns = djscope_tests::djscope::turns(&recording.path, &format!("view:{TWISTED} kind:event"));
    let number = |index: usize| turns[index]["turn"].clone();
    let (database, path) = (recording.database(), &recording.path);
    let bisect = |wanted: &str, more: &[&str]| {
        let output = rerun(path, &database, &[&["--bisect", wanted, "--json"], more].concat());
        (objects(&output).remove(0), output.status.code())
    };
    for (wanted, turn, was, is) in [
        ("count", number(0), json!(0), json!(1)),
        ("count == 3", number(2), json!(2), json!(3)),
        ("handler-raised", number(5), json!(null), json!(null)),
    ] {
        let (found, code) = bisect(wanted, &["--yes"]);
        assert_eq!(
            (&found["turn"], &found["was"], &found["is"]),
            (&turn, &was, &is),
            "{found}"
        );
        assert_eq!(
            (&found["source"], &found["confirmed"]),
            (&json!("recording"), &json!(true)),
            "{found}"
        );
        assert_eq!(code, Some(0));
    }
    // Nothing has to be run for the answer, nor is it for one that is no.
    let (found, code) = bisect("count == 3", &[]);
    assert_eq!(
        (&found["turn"], &found["confirmed"], code),
        (&number(2), &Value::Null, Some(0))
    );
    let (found, code) = bisect("count == 77", &["--yes"]);
    assert_eq!(
        (&found["turn"], &found["unknown"], code),
        (&Value::Null, &json!(0), Some(0))
    );

    let output = rerun_twisted(&recording, "3", &["--bisect", "count == 3", "--json", "--yes"]);
    let found = &objects(&output)[0];
    assert_eq!(
        (&found["turn"], &found["confirmed"]),
        (&number(2), &json!(false)),
        "{found}"
    );
    assert_eq!(output.status.code(), Some(1));
    let output = rerun(path, &database, &["--bisect", "count == 3", "--yes"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("nothing was run for it") && text.contains("it does the same"),
        "{text}"
    );

    for (wanted, expected) in [
        ("no-such-rule", "there is no finding"),
        ("a b", "no place of a state"),
    ] {
        let output = rerun(path, &database, &["--bisect", wanted]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2));
        assert!(said.contains(expected), "{said}");
    }
}
