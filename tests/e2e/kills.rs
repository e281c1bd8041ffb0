//! djscope killed at random moments: every file opens, at most the last moment is missing, nothing else is left.

use std::fs;
use std::time::{Duration, Instant};

use djscope_recording::Reader;
use djscope_recording::filter::Filter;
use djscope_recording::model::{TurnDetail, TurnKind};
use djscope_tests::djscope::Recording;
use djscope_tests::raw::Live;

use crate::started::{answers, descendants, is_running, until};

/// Seed of every moment; `DJSCOPE_KILLS` says how many kills there are.
const SEED: u64 = 0x006b_696c_6c73;

/// What may be missing of a process that has all the cores it wants: the recorder looks every 40 ms, the writer takes
/// what comes within 50 ms into one transaction, and 10 ms are left for the work itself.
const MAY_BE_MISSING: Duration = Duration::from_millis(100);

/// Page, view and event that are recorded until the kill.
const WORK: [(&str, &str, &str, &str); 3] = [
    ("/counter/", "demo.views.Counter", "increment", "{}"),
    ("/products/", "demo.views.Products", "search", r#"{"value":"o"}"#),
    ("/chat/", "demo.views.Chat", "say", r#"{"text":"a word or two"}"#),
];

/// Xorshift: the same moments in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// A djscope that was killed, and what its client has seen.
struct Killed {
    recording: Recording,
    view: &'static str,
    /// When the answer to each event came.
    answered: Vec<Instant>,
    moment: Instant,
    /// What its recorders did from the mount to the kill.
    recorders: Recorders,
}

/// What the threads of a process that record were doing.
#[derive(Clone, Copy, Debug, Default)]
struct Recorders {
    /// How long they computed, and how long they were ready to and had no core, in sum.
    worked: Duration,
    /// True if one of them computes now, waits for a core or for the disk: then what is late is so for this machine.
    are_at_work: bool,
}

impl Recorders {
    /// Linux counts in `schedstat` (<https://docs.kernel.org/scheduler/sched-stats.html>).
    fn of(pid: u32) -> Self {
        let mut found = Self::default();
        for task in fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten() {
            let read = |name| fs::read_to_string(task.path().join(name)).unwrap_or_default();
            if read("comm").trim() != "recorder" {
                continue;
            }
            let times_ns = read("schedstat");
            let times_ns = times_ns
                .split_whitespace()
                .take(2)
                .filter_map(|time| time.parse().ok());
            found.worked += times_ns.map(Duration::from_nanos).sum();
            found.are_at_work |= !read("stat").contains("(recorder) S ");
        }
        found
    }
}

/// Records until a random moment and kills djscope then.
fn kill_one(random: &mut Random) -> Killed {
    let work = WORK[usize::try_from(random.below(3)).unwrap()];
    let length = Duration::from_micros(20_000 + random.below(380_000));
    let mut recording = Recording::demo(&[]);
    let started = descendants(recording.pid());
    let mut live = Live::mount(recording.proxy, work.1, work.0);
    let before = Recorders::of(recording.pid());
    let since = Instant::now();
    let mut answered = Vec::new();
    while since.elapsed() < length {
        live.event(work.2, work.3);
        answered.push(Instant::now());
        // More than that is more than two cores do for three threads and a client.
        std::thread::sleep(Duration::from_millis(1));
    }
    // What is on its way when the kill comes.
    live.send(work.2, work.3);
    std::thread::sleep(Duration::from_micros(random.below(3_000)));
    let after = Recorders::of(recording.pid());
    let moment = recording.kill();
    for pid in started {
        until("what djscope has started ends", || !is_running(pid));
    }
    Killed {
        recording,
        view: work.1,
        answered,
        moment,
        recorders: Recorders {
            worked: after.worked - before.worked,
            ..after
        },
    }
}

impl Killed {
    /// The events of the view, in order, with all that belongs to them.
    fn events(&self) -> Vec<TurnDetail> {
        let reader = Reader::open(&self.recording.path).unwrap();
        assert_eq!(reader.problems(), Vec::<String>::new());
        let rows = reader.turns(&Filter::default(), 0, 100_000).unwrap().rows;
        let events = rows
            .iter()
            .filter(|row| row.kind == TurnKind::Event && row.view.as_deref() == Some(self.view));
        events
            .map(|row| reader.turn(row.turn).unwrap().unwrap())
            .collect()
    }

    /// How long before the kill the first answer came whose turn is not whole in the file.
    fn missing(&self) -> Duration {
        let is_whole = |(number, detail): (i64, &TurnDetail)| {
            detail.turn.reference == Some(number)
                && detail.before.is_some()
                && detail.after.is_some()
                && !detail.spans.is_empty()
                && detail.turn.missing.is_empty()
                && detail.left_out.is_empty()
        };
        let events = self.events();
        let whole = (1..)
            .zip(&events)
            .take_while(|numbered| is_whole(*numbered))
            .count();
        let first = self.answered.get(whole);
        first.map_or(Duration::ZERO, |answered| self.moment - *answered)
    }

    /// Names beside the recording that do not belong to it.
    fn leftovers(&self) -> Vec<String> {
        let own = ["r.djscope", "r.djscope-wal", "r.djscope-shm"];
        let names = fs::read_dir(self.recording.folder()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        names.filter(|name| !own.contains(&name.as_str())).collect()
    }
}

#[test]
fn a_killed_djscope_leaves_all_but_the_last_moment() {
    let kills = std::env::var("DJSCOPE_KILLS").map_or(30, |kills| kills.parse().unwrap());
    let mut random = Random(SEED);
    let (mut missing, mut beyond, mut seen) = (Vec::new(), Vec::new(), 0);
    for number in 0..kills {
        let killed = kill_one(&mut random);
        let lost = killed.missing();
        assert_eq!(killed.leftovers(), Vec::<String>::new(), "kill {number}");
        assert!(!answers(killed.recording.proxy), "kill {number}");
        let own = lost.saturating_sub(killed.recorders.worked);
        if own > MAY_BE_MISSING && !killed.recorders.are_at_work {
            beyond.push((number, lost, killed.recorders));
        }
        seen += killed.answered.len();
        missing.push((lost, own));
    }
    missing.sort();
    let share = |percent: usize| missing[(missing.len() - 1) * percent / 100].0;
    println!(
        "{kills} kills, {seen} turns answered: missing median {:?}, 90 % {:?}, 99 % {:?}, most {:?}; {} later than the machine explains",
        share(50),
        share(90),
        share(99),
        share(100),
        beyond.len()
    );
    // A core that its host takes away keeps a thread asleep beyond its time, and nothing counts that.
    assert!(beyond.len() * 20 <= missing.len(), "{beyond:?}");
    let late = missing.iter().filter(|(_, own)| *own > MAY_BE_MISSING).count();
    assert!(late <= missing.len() / 2, "{late} of {kills}: {missing:?}");
}
