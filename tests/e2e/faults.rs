//! A disk that fails, is full, writes half or stalls, at every operation of a recording: the page does not notice, the
//! file opens, and every loss is named.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use djscope_recording::Reader;
use djscope_recording::filter::Filter;
use djscope_recording::model::{TurnDetail, TurnKind};
use djscope_tests::disk::{Disk, Fault};
use djscope_tests::djscope::{self, Recording};
use djscope_tests::raw::Live;

const KINDS: [Fault; 5] = [Fault::Fail, Fault::Full, Fault::Short, Fault::Torn, Fault::Stall];

/// Long beside a batch of the writer, short beside a test.
const STALL: Duration = Duration::from_millis(400);

/// Events after the disk has recovered, which have to be complete.
const AFTERWARDS: usize = 10;

/// Every operation from 1 to `last` if `DJSCOPE_FAULTS_EVERYWHERE` is set, else some of them, others for each kind.
fn operations(last: usize, sample: usize, kind: Fault) -> Vec<u64> {
    let every = std::env::var_os("DJSCOPE_FAULTS_EVERYWHERE").is_some();
    let (step, first) = if every {
        (1, 1)
    } else {
        (last / sample, 1 + kind as usize * 3)
    };
    (first..=last).step_by(step).map(|number| number as u64).collect()
}

fn increment(live: &mut Live, times: usize) {
    for _ in 0..times {
        live.event("increment", "{}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The events of a recording, in order.
fn events(path: &Path) -> Vec<TurnDetail> {
    let reader = Reader::open(path).unwrap();
    assert_eq!(reader.problems(), Vec::<String>::new());
    let rows = reader.turns(&Filter::default(), 0, 100_000).unwrap().rows;
    let events = rows.iter().filter(|row| row.kind == TurnKind::Event);
    events
        .map(|row| reader.turn(row.turn).unwrap().unwrap())
        .collect()
}

fn is_whole(detail: &TurnDetail) -> bool {
    detail.before.is_some()
        && detail.after.is_some()
        && !detail.spans.is_empty()
        && detail.frames.len() >= 2
        && !detail.patches.is_empty()
        && detail.turn.outcome.name() == "patched"
}

/// A run of the demo on a disk of its own.
struct Run {
    disk: Disk,
    recording: Recording,
    live: Live,
    answered: usize,
}

impl Run {
    fn start() -> Self {
        let disk = Disk::new();
        let recording = Recording::demo_in(&[], &disk.environment());
        let mut live = Live::mount(recording.proxy, "demo.views.Counter", "/counter/");
        increment(&mut live, 3);
        let mut run = Self {
            disk,
            recording,
            live,
            answered: 3,
        };
        run.wait_until_written();
        run
    }

    fn go_on(&mut self, times: usize) {
        increment(&mut self.live, times);
        self.answered += times;
    }

    /// Works until the file has a turn of now.
    fn wait_until_written(&mut self) {
        let wanted = self.answered as u64;
        let since = Instant::now();
        while Reader::open(&self.recording.path)
            .and_then(|reader| reader.count(&Filter::parse("kind:event").unwrap()))
            .is_ok_and(|count| count < wanted)
        {
            assert!(since.elapsed() < Duration::from_secs(30), "the disk works again");
            self.go_on(1);
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends it, and checks what it says and what it has written.
    fn check(mut self, what: &str, is_over: bool) {
        let (code, said) = self.recording.stop("INT");
        self.disk.recover();
        assert!(!said.contains("panicked"), "{what}: {said}");
        assert!([Some(0), Some(2)].contains(&code), "{what}: {code:?} {said}");
        let events = events(&self.recording.path);
        let numbers: Vec<i64> = events.iter().filter_map(|detail| detail.turn.reference).collect();
        let unnamed: Vec<_> = events
            .iter()
            .filter(|detail| !is_whole(detail) && detail.turn.missing.is_empty())
            .map(|detail| detail.turn.reference)
            .collect();
        // A disk that never comes back takes no words: then djscope itself says it, and the file that it did not end.
        assert!(
            unnamed.is_empty() || !is_over && code == Some(2),
            "{what}: lost without a word {unnamed:?}"
        );
        let meta = Reader::open(&self.recording.path).unwrap().meta().unwrap();
        let totals = Reader::open(&self.recording.path).unwrap().totals().unwrap();
        assert!(unnamed.is_empty() || !totals.is_ended, "{what}: {totals:?}");
        let is_named = said.contains("hint: ") && said.lines().any(|line| line.starts_with("djscope: "));
        if code == Some(2) {
            assert!(is_named, "{what}: {said}");
        }
        let are_all = numbers
            .iter()
            .copied()
            .eq(1..=i64::try_from(self.answered).unwrap());
        let is_complete = are_all && events.iter().all(is_whole);
        if code == Some(0) {
            assert!(
                is_complete,
                "{what}: nothing was said to be lost, {numbers:?} of {}: {said}",
                self.answered
            );
        }
        if is_over {
            assert!(are_all, "{what}: {numbers:?} of {}", self.answered);
            assert_eq!(
                meta.contains_key("lost"),
                code == Some(2),
                "{what}: {meta:?} {said}"
            );
            let last = &events[events.len() - AFTERWARDS..];
            assert!(
                last.iter()
                    .all(|detail| is_whole(detail) && detail.turn.missing.is_empty()),
                "{what}: what came after it is not complete"
            );
        }
    }
}

#[test]
fn a_fault_while_it_records() {
    for kind in KINDS {
        for number in operations(60, 2, kind) {
            // One fault, and several, after each of which the writer waits longer.
            let count = if number % 2 == 0 { 3 } else { 1 };
            let mut run = Run::start();
            run.disk.set(kind, run.disk.operations() + number, count, STALL);
            let since = Instant::now();
            while run.disk.faults() < count && since.elapsed() < Duration::from_secs(5) {
                run.go_on(1);
            }
            run.disk.recover();
            run.go_on(1);
            run.wait_until_written();
            // A state on its way may still build on one that was lost.
            run.go_on(20);
            std::thread::sleep(Duration::from_millis(300));
            run.go_on(AFTERWARDS);
            assert!(run.disk.faults() > 0);
            run.check(&format!("{count} times {kind:?} at operation {number}"), true);
        }
    }
}

#[test]
fn a_fault_while_it_ends() {
    for kind in KINDS {
        for number in operations(40, 2, kind) {
            let mut run = Run::start();
            run.go_on(20);
            run.disk
                .set(kind, run.disk.operations() + number, 1_000, STALL / 20);
            run.check(&format!("{kind:?} from operation {number} of the end"), false);
        }
    }
}

#[test]
fn a_fault_while_it_begins() {
    for kind in KINDS {
        for number in operations(130, 3, kind) {
            for count in [1, 1_000] {
                let what = format!("{count} times {kind:?} at operation {number} of the start");
                let (disk, folder) = (Disk::new(), tempfile::tempdir().unwrap());
                disk.set(kind, number, count, STALL / 100);
                let path = folder.path().join("r.djscope");
                let output = Command::new(djscope::binary())
                    .args(["demo", "--headless", "--for", "0.2", "--out"])
                    .arg(&path)
                    .envs(disk.environment())
                    .stdin(Stdio::null())
                    .output()
                    .unwrap();
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                assert!(!said.contains("panicked"), "{what}: {said}");
                match output.status.code() {
                    Some(0) => assert!(Reader::open(&path).unwrap().totals().unwrap().is_ended, "{what}"),
                    Some(2) => {
                        assert!(
                            said.contains("djscope: ") && said.contains("hint: "),
                            "{what}: {said}"
                        );
                        assert!(!path.exists() || Reader::open(&path).is_ok(), "{what}: {said}");
                    }
                    other => panic!("{what}: {other:?} {said}"),
                }
                let mut own = vec!["r.djscope", "r.djscope-wal", "r.djscope-shm"];
                if count > 1 {
                    // A disk that takes no more words leaves what the next reader needs to put the file right.
                    own.push("r.djscope-journal");
                }
                let names = std::fs::read_dir(folder.path()).unwrap();
                let names = names.map(|name| name.unwrap().file_name().into_string().unwrap());
                let left: Vec<_> = names.filter(|name| !own.contains(&name.as_str())).collect();
                assert!(left.is_empty(), "{what}: {left:?} are left");
            }
        }
    }
}
