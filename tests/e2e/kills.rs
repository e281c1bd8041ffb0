//! djscope killed at random moments: every file opens, at most the last moment is missing, nothing else is left.

use std::fs;
use std::time::{Duration, Instant};

use djscope_recording::Reader;
use djscope_recording::filter::Filter;
use djscope_recording::model::{TurnDetail, TurnKind};
use djscope_tests::djscope::Recording;
use djscope_tests::project::Kind;
use djscope_tests::raw::Live;

use crate::started::{answers, descendants, is_running, until};

/// Seed of every moment; `DJSCOPE_KILLS` says how many kills there are.
const SEED: u64 = 0x006b_696c_6c73;

/// What may be missing of a process that has all the cores it wants: the recorder looks every 20 ms, the writer takes
/// what comes within 20 ms into one transaction, and the rest is left for the work itself.
const MAY_BE_MISSING: Duration = Duration::from_millis(100);

/// What is recorded until the kill.
#[derive(Clone, Copy)]
struct Work {
    start: fn() -> Recording,
    page: &'static str,
    view: &'static str,
    event: &'static str,
    params: &'static str,
}

/// The demo, whose server is djscope itself.
const DEMO: [Work; 3] = [
    Work {
        start: demo,
        page: "/counter/",
        view: "demo.views.Counter",
        event: "increment",
        params: "{}",
    },
    Work {
        start: demo,
        page: "/products/",
        view: "demo.views.Products",
        event: "search",
        params: r#"{"value":"o"}"#,
    },
    Work {
        start: demo,
        page: "/chat/",
        view: "demo.views.Chat",
        event: "say",
        params: r#"{"text":"a word or two"}"#,
    },
];

/// A server in Python, whose states come from the probe.
const DJANGO: [Work; 2] = [
    Work {
        start: runserver,
        page: "/counter/",
        view: "shop.views.counter.CounterView",
        event: "increment",
        params: "{}",
    },
    Work {
        start: runserver,
        page: "/products/",
        view: "shop.views.products.ProductListView",
        event: "sort",
        params: r#"{"by":"price"}"#,
    },
];

fn demo() -> Recording {
    Recording::demo(&[])
}

fn runserver() -> Recording {
    Recording::start(Kind::Runserver, &[])
}

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
fn kill_one(random: &mut Random, works: &[Work]) -> Killed {
    let work = works[usize::try_from(random.below(works.len() as u64)).unwrap()];
    let length = Duration::from_micros(20_000 + random.below(380_000));
    let mut recording = (work.start)();
    let started = descendants(recording.pid());
    let mut live = Live::mount(recording.proxy, work.view, work.page);
    let before = Recorders::of(recording.pid());
    let since = Instant::now();
    let mut answered = Vec::new();
    while since.elapsed() < length {
        live.event(work.event, work.params);
        answered.push(Instant::now());
        // More than that is more than two cores do for three threads and a client.
        std::thread::sleep(Duration::from_millis(1));
    }
    // What is on its way when the kill comes.
    live.send(work.event, work.params);
    std::thread::sleep(Duration::from_micros(random.below(3_000)));
    let after = Recorders::of(recording.pid());
    let moment = recording.kill();
    for pid in started {
        until("what djscope has started ends", || !is_running(pid));
    }
    Killed {
        recording,
        view: work.view,
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

/// Kills so many and asserts what may be missing of each; `DJSCOPE_KILLS` asks for more.
fn assert_only_the_last_moment_is_missing(works: &[Work], kills: usize) {
    let mut random = Random(SEED);
    let (mut missing, mut late, mut seen) = (Vec::new(), Vec::new(), 0);
    for number in 0..kills {
        let killed = kill_one(&mut random, works);
        let lost = killed.missing();
        assert_eq!(killed.leftovers(), Vec::<String>::new(), "kill {number}");
        assert!(!answers(killed.recording.proxy), "kill {number}");
        let own = lost.saturating_sub(killed.recorders.worked);
        if own > MAY_BE_MISSING && !killed.recorders.are_at_work {
            late.push((number, lost, killed.recorders));
        }
        seen += killed.answered.len();
        missing.push(lost);
    }
    missing.sort();
    let share = |percent: usize| missing[(missing.len() - 1) * percent / 100];
    println!(
        "{kills} kills, {seen} turns answered: missing median {:?}, 90 % {:?}, 99 % {:?}, most {:?}; {} later than the machine explains",
        share(50),
        share(90),
        share(99),
        share(100),
        late.len()
    );
    // A core that its host takes away keeps a thread asleep beyond its time, and nothing counts that.
    assert!(late.len() * 50 <= missing.len(), "{late:?}");
    assert!(share(50) <= MAY_BE_MISSING, "{missing:?}");
}

fn kills(without_being_asked: usize, share: usize) -> usize {
    std::env::var("DJSCOPE_KILLS").map_or(without_being_asked, |kills| {
        kills.parse::<usize>().unwrap() / share
    })
}

#[test]
fn a_killed_djscope_leaves_all_but_the_last_moment() {
    assert_only_the_last_moment_is_missing(&DEMO, kills(30, 1));
}

#[test]
fn a_killed_djscope_with_a_server_in_python_leaves_all_but_the_last_moment() {
    assert_only_the_last_moment_is_missing(&DJANGO, kills(4, 20));
}
