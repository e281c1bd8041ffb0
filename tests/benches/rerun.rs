//! How fast recorded turns are run again, beside djust's own test client, round by round.

#![allow(clippy::unwrap_used, reason = "a bench that cannot do its work should stop")]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use djscope_recording::Reader;
use djscope_recording::filter::Filter;
use djscope_replay::rerun::{Options, Project, Rerun, Said, Word, engine_words};
use djscope_tests::djscope::{Recording, binary, turns};
use djscope_tests::paired::estimate;
use djscope_tests::project::{self, Kind};
use djscope_tests::raw::Live;
use serde_json::Value;

const VIEW: &str = "shop.views.wide.WideView";
const EVENTS: usize = 400;

/// Rounds in which every way has its turn.
const ROUNDS: usize = 5;

/// Turns that are run alone in a round.
const ALONE: usize = 30;

/// djust's own test client: asked for so many events, it answers with their seconds.
const CLIENT: &str = r#"
import os, sys, time
os.environ["DJANGO_SETTINGS_MODULE"] = "site_config.settings"
sys.path.insert(0, os.getcwd())
import django; django.setup()
from djust.testing import LiveViewTestClient
from shop.views.wide import WideView
for line in sys.stdin:
    mounts, events = map(int, line.split())
    started = time.perf_counter()
    for _ in range(mounts):
        client = LiveViewTestClient(WideView)
        client.mount()
        client.render_with_patches()
        for _ in range(events):
            client.send_event("step")
            client.render_with_patches()
    print(time.perf_counter() - started, flush=True)
"#;

/// djust's test client in a process of its own.
struct Client {
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Client {
    fn start(database: &Path) -> Self {
        let mut child = Command::new(project::program("python"))
            .args(["-c", CLIENT])
            .current_dir(project::folder())
            .env("DJSCOPE_TEST_DB", database)
            .env("DJSCOPE_TEST_FAST", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            asks: child.stdin.take().unwrap(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    /// Seconds that so many mounts with so many events each take.
    fn seconds(&mut self, mounts: usize, events: usize) -> f64 {
        writeln!(self.asks, "{mounts} {events}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim().parse().unwrap()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn recorded() -> Recording {
    let mut recording = Recording::start(Kind::Daphne, &[]);
    let mut live = Live::mount(recording.proxy, VIEW, "/wide/");
    for _ in 0..EVENTS {
        live.event("step", "{\"by\": 1}");
    }
    std::thread::sleep(std::time::Duration::from_millis(500));
    recording.stop("INT");
    recording
}

fn seconds(work: impl FnOnce()) -> f64 {
    let since = Instant::now();
    work();
    since.elapsed().as_secs_f64()
}

fn main() {
    let told = std::env::var_os("DJSCOPE_BENCH_RECORDING").map(PathBuf::from);
    if let Some(path) = told {
        return measure(&path, Path::new(&std::env::var_os("DJSCOPE_TEST_DB").unwrap()));
    }
    println!("load of the machine at the start: {}", load());
    let recording = recorded();
    // The worker has this process's environment: it is started with that of the recorded server.
    let status = Command::new(std::env::current_exe().unwrap())
        .env("DJSCOPE_BENCH_RECORDING", &recording.path)
        .env("DJSCOPE_TEST_DB", recording.database())
        .env("DJSCOPE_TEST_FAST", "1")
        .status();
    assert!(status.unwrap().success());
    let events = events(&recording.path);
    first_result(&recording, events[events.len() / 2]);
    watch(&recording, events[events.len() / 2]);
    println!("load of the machine at the end: {}", load());
}

fn load() -> String {
    std::fs::read_to_string("/proc/loadavg")
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn events(path: &Path) -> Vec<u64> {
    let turns = turns(path, "kind:event");
    turns.iter().map(|turn| turn["turn"].as_u64().unwrap()).collect()
}

fn measure(path: &Path, database: &Path) {
    let reader = Reader::open(path).unwrap();
    let project = Project::find(&reader, &Said::default()).unwrap();
    let mut rerun = Rerun::open(&reader, &project, Options::default()).unwrap();
    let mut client = Client::start(database);
    client.seconds(1, 50);
    rerun.chain(&Filter::all()).unwrap();
    let events = events(path);
    let mut rates: Vec<(&str, f64, Vec<f64>)> = vec![
        ("djust's test client, events of one view", 0.0, Vec::new()),
        ("chain, events", 150.0, Vec::new()),
        ("djust's test client, a mount and an event", 0.0, Vec::new()),
        ("alone, each in a fork with limits", 15.0, Vec::new()),
        ("alone, in one process", 45.0, Vec::new()),
        ("the engine's word", 2000.0, Vec::new()),
    ];
    for round in 0..ROUNDS {
        let sample: Vec<u64> = events
            .iter()
            .copied()
            .skip(round)
            .step_by(events.len() / ALONE)
            .take(ALONE)
            .collect();
        let count = events.len() as f64;
        rates[0].2.push(count / client.seconds(1, events.len()));
        rates[1]
            .2
            .push(count / seconds(|| all_same(&rerun.chain(&Filter::parse("kind:event").unwrap()).unwrap())));
        rates[2].2.push(ALONE as f64 / client.seconds(ALONE, 1));
        let alone = seconds(|| {
            for turn in &sample {
                all_same(&[rerun.single(*turn).unwrap()]);
            }
        });
        rates[3].2.push(sample.len() as f64 / alone);
        let together = seconds(|| all_same(&rerun.together(&sample).unwrap()));
        rates[4].2.push(sample.len() as f64 / together);
        let words = seconds(|| {
            let words = engine_words(&reader, &Filter::all()).unwrap();
            assert!(
                words
                    .iter()
                    .all(|(_, word)| word.is_none_or(|word| word == Word::Same)),
                "{words:?}"
            );
        });
        rates[5].2.push((count + 1.0) / words);
    }
    for (name, target, rates) in &rates {
        let met = match *target {
            0.0 => String::new(),
            target if estimate(rates).median >= target => format!("≥ {target}: met"),
            target => format!("≥ {target}: missed"),
        };
        println!("  {name:<44} {} a second  {met}", estimate(rates));
    }
    let ratio = |one: usize, other: usize| estimate(&rates[one].2).median / estimate(&rates[other].2).median;
    println!(
        "  chain / test client {:.2}, alone in a fork / test client {:.2}, alone in one process / test client {:.2}",
        ratio(1, 0),
        ratio(3, 2),
        ratio(4, 2)
    );
}

fn all_same(answers: &[djscope_replay::rerun::Answer]) {
    for answer in answers {
        assert_eq!(answer.word(), Word::Same, "{}", answer.object());
    }
}

fn command(recording: &Recording, turn: u64) -> Command {
    let mut command = Command::new(binary());
    command
        .arg("rerun")
        .arg(&recording.path)
        .args(["--turn", &turn.to_string(), "--json", "--yes"])
        .current_dir(project::folder())
        .env("DJSCOPE_TEST_DB", recording.database())
        .env("DJSCOPE_TEST_FAST", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// From the command to its first line.
fn first_result(recording: &Recording, turn: u64) {
    let times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            seconds(|| {
                let mut child = command(recording, turn).spawn().unwrap();
                let mut line = String::new();
                BufReader::new(child.stdout.take().unwrap())
                    .read_line(&mut line)
                    .unwrap();
                assert!(line.contains("\"djust\":\"same\""), "{line}");
                child.wait().unwrap();
            })
        })
        .collect();
    println!(
        "  from the command to the first answer         {} s  (< 1.5)",
        estimate(&times)
    );
}

/// From the saving of a file to the answer, in a copy of the project.
fn watch(recording: &Recording, turn: u64) {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("project");
    let status = Command::new("cp")
        .arg("-r")
        .args([&project::folder(), &copy])
        .status();
    assert!(status.unwrap().success());
    let mut child = command(recording, turn)
        .arg("--watch")
        .arg("--project")
        .arg(&copy)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    next();
    let source = copy.join("shop/views/wide.py");
    let text = std::fs::read_to_string(&source).unwrap();
    let times: Vec<f64> = (0..ROUNDS)
        .map(|round| {
            let edited = text.replace("self.total += 1.5", &format!("self.total += {round}.25"));
            std::fs::write(&source, edited).unwrap();
            seconds(|| {
                let answer = next();
                assert!(answer["differs"].to_string().contains("total"), "{answer}");
            })
        })
        .collect();
    println!(
        "  from saving a file to the answer (--watch)   {} s  (< 1)",
        estimate(&times)
    );
    let _ = child.kill();
    let _ = child.wait();
}
