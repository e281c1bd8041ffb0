//! A test out of a turn: it fails on the wrong view, passes on the right one, and needs no djscope.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use djscope_tests::djscope::{Recording, binary, turns};
use djscope_tests::project::{self, Kind};
use djscope_tests::raw::Live;
use serde_json::Value;

use crate::rerun::is_whole;

/// A view with a fault that a handler can have.
struct Fault {
    /// Its class, below `causes.views`.
    view: &'static str,
    slug: &'static str,
    /// Events before the one that goes wrong.
    before: &'static [&'static str],
    /// The event, and what it carries.
    event: (&'static str, &'static str),
    /// What should happen; nothing where the default says it.
    expect: &'static [&'static str],
    /// What has to be written instead for it to happen.
    mend: (&'static str, &'static str),
    /// How far the turn is made smaller.
    kept: &'static str,
    /// It takes long: only where everything is asked for.
    is_slow: bool,
}

const ALONE: &str = "events: 1 of 1";

const fn fault(view: &'static str, slug: &'static str) -> Fault {
    Fault {
        view,
        slug,
        before: &[],
        event: ("go", "{}"),
        expect: &[],
        mend: ("", ""),
        kept: ALONE,
        is_slow: false,
    }
}

const ALL: &[Fault] = &[
    Fault {
        mend: (
            "        self.big[-1][\"n\"] += 1",
            "        self.big = [*self.big[:-1], {\"n\": self.big[-1][\"n\"] + 1}]",
        ),
        is_slow: true,
        ..fault("states.InPlaceDeep", "e4-in-place-deep")
    },
    Fault {
        mend: (
            "        \"\"\"The object stays the same object.\"\"\"\n        self.basket.n += 1",
            "        \"\"\"Another object.\"\"\"\n        n = self.basket.n\n        self.basket = Basket()\n        self.basket.n = n + 1",
        ),
        ..fault("states.InPlaceObject", "e2-in-place-object")
    },
    Fault {
        mend: (
            "        self.product.refresh_from_db()",
            "        self.product = Product.objects.get(pk=self.product.pk)",
        ),
        ..fault("states.InPlaceModel", "e3-in-place-model")
    },
    Fault {
        mend: (
            "        self.basket.n += 1\n        self.set_changed_keys(\"basket\")",
            "        n = self.basket.n\n        self.basket = Basket()\n        self.basket.n = n + 1",
        ),
        expect: &["patches"],
        ..fault("states.ForcedByKeys", "e5-forced-by-keys")
    },
    Fault {
        mend: ("        self._force_full_html = True", "        pass"),
        expect: &["patches"],
        ..fault("states.ForcedByFlag", "k-forced-by-flag")
    },
    Fault {
        mend: (
            "        \"\"\"Nothing that the page shows.\"\"\"\n        self._hidden += 1",
            "        \"\"\"What the page shows.\"\"\"\n        self.n += 1",
        ),
        expect: &["state:n == 1", "html-contains:>1<"],
        ..fault("states.PrivateOnly", "b-private-only")
    },
    Fault {
        mend: ("        self.other += 1", "        self.n = self.other = 1"),
        expect: &["html-contains:>1<"],
        ..fault("states.NotInTemplate", "c-not-in-template")
    },
    Fault {
        event: ("go", "{\"extra\": \"1\"}"),
        mend: ("    def go(self):", "    def go(self, **kwargs):"),
        ..fault("handlers.NoKeywords", "g-no-keywords")
    },
    Fault {
        event: ("go", "{\"amount\": \"many\"}"),
        mend: (
            "def go(self, amount: int = 1, **kwargs):\n        \"\"\"A number.\"\"\"",
            "def go(self, amount: str = \"\", **kwargs):\n        \"\"\"A word.\"\"\"\n        amount = len(amount)",
        ),
        ..fault("handlers.WrongType", "h-wrong-type")
    },
    Fault {
        mend: (
            "def go(self, item_id: int, **kwargs)",
            "def go(self, item_id: int = 1, **kwargs)",
        ),
        ..fault("handlers.MissingParameter", "h2-missing-parameter")
    },
    Fault {
        mend: (
            "    def go(self, **kwargs):\n        \"\"\"Not for the page.\"\"\"",
            "    @event_handler\n    def go(self, **kwargs):\n        \"\"\"For the page.\"\"\"",
        ),
        ..fault("handlers.NotDecorated", "i-not-decorated")
    },
    Fault {
        event: ("goo", "{}"),
        mend: (
            "'dj-click=\"goo\"')\n\n    @event_handler\n    def go(",
            "'dj-click=\"goo\"')\n\n    @event_handler\n    def goo(",
        ),
        ..fault("handlers.Misspelled", "i2-misspelled")
    },
    Fault {
        mend: ("        raise ValueError(\"after the change\")", "        return"),
        ..fault("handlers.Raises", "j-raises")
    },
    Fault {
        mend: (
            "            raise LookupError(\"no context\")",
            "            pass",
        ),
        ..fault("handlers.RenderRaises", "j2-render-raises")
    },
    Fault {
        mend: ("        n = self.n + 1\n        return n", "        self.n += 1"),
        expect: &["state:n == 1"],
        ..fault("unseen.LocalName", "y1-local-name")
    },
    Fault {
        mend: (
            "        self.n = max(self.n, 0)",
            "        self.n = max(self.n, 0) + 1",
        ),
        expect: &["state:n == 1"],
        ..fault("unseen.SameValue", "y2-same-value")
    },
    Fault {
        mend: ("content_type", "kind"),
        expect: &["html-contains:pictures"],
        ..fault("unseen.ReservedName", "y3-reserved-name")
    },
    Fault {
        mend: (
            "        self.n = 0\n        super().__init__(**kwargs)",
            "        super().__init__(**kwargs)",
        ),
        ..fault("unseen.SetBeforeInit", "y4-set-before-init")
    },
    Fault {
        mend: (
            "        self.rows.append(\"row\")",
            "        self.rows = [*self.rows, \"row\"]",
        ),
        expect: &["html-lacks:>0<"],
        ..fault("unseen.ClassAttribute", "y5-class-attribute")
    },
    Fault {
        mend: ("    static_assigns = [\"n\"]", ""),
        ..fault("unseen.StaticAssign", "y6-static-assign")
    },
    Fault {
        before: &["note", "note", "hold", "note"],
        mend: ("        if self.is_busy:\n            return\n", ""),
        expect: &["state:n == 1"],
        kept: "state: 1 of 5 names, events: 1 of 5",
        ..fault("unseen.Guarded", "y7-guarded")
    },
    Fault {
        mend: ("        self.n -= 1", ""),
        expect: &["html-contains:>1<"],
        ..fault("unseen.Transient", "y8-transient")
    },
    Fault {
        mend: ("        self._skip_render = True", ""),
        ..fault("unseen.Skipped", "y9-skipped")
    },
    Fault {
        mend: (
            "        self.items[0].text = \"new\"",
            "        self.items = [Item(\"new\"), *self.items[1:]]",
        ),
        ..fault("unseen.InPlaceItem", "y10-in-place-item")
    },
    Fault {
        mend: ("        self.nn = self.n + 1", "        self.n += 1"),
        expect: &["state:n == 1"],
        ..fault("unseen.Misnamed", "y11-misnamed")
    },
];

/// Those that are looked at.
fn faults() -> impl Iterator<Item = &'static Fault> {
    ALL.iter().filter(|fault| is_whole() || !fault.is_slow)
}

impl Fault {
    fn class(&self) -> String {
        format!("causes.views.{}", self.view)
    }

    /// Writes the view as it should be.
    fn mend(&self, project: &Path) {
        let (module, class) = self.view.split_once('.').unwrap();
        let file = project.join(format!("causes/views/{module}.py"));
        let text = std::fs::read_to_string(&file).unwrap();
        let start = text.find(&format!("class {class}(")).unwrap();
        let end = text[start..]
            .find("\n\n\nclass ")
            .map_or(text.len(), |end| start + end);
        let wrong = &text[start..end];
        assert!(wrong.contains(self.mend.0), "{}", self.slug);
        let right = wrong.replace(self.mend.0, self.mend.1);
        std::fs::write(&file, format!("{}{right}{}", &text[..start], &text[end..])).unwrap();
    }
}

/// A copy of the test project, a recording of every fault in it, and the number of each turn.
struct Recorded {
    _folder: tempfile::TempDir,
    _recording: Recording,
    turns: Vec<u64>,
    place: Place,
}

/// Where everything is.
struct Place {
    project: PathBuf,
    recording: PathBuf,
    database: PathBuf,
}

fn recorded() -> Recorded {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("project");
    let status = Command::new("cp")
        .arg("-r")
        .args([&project::folder(), &project])
        .status();
    assert!(status.unwrap().success());
    let mut recording = Recording::serve(&Kind::Daphne.command(project::free_port()), &project, &[]);
    for fault in faults() {
        let mut live = Live::mount(
            recording.proxy,
            &fault.class(),
            &format!("/causes/{}/", fault.slug),
        );
        for event in fault.before {
            live.event(event, "{}");
        }
        let (event, params) = fault.event;
        live.event_to_its_end(event, params);
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    recording.stop("INT");
    let all = turns(&recording.path, "kind:event");
    let of = |fault: &Fault| {
        let mut of_view = all.iter().filter(|turn| turn["view"] == fault.class().as_str());
        of_view.next_back().unwrap()["turn"].as_u64().unwrap()
    };
    Recorded {
        turns: faults().map(of).collect(),
        _folder: folder,
        place: Place {
            project,
            recording: recording.path.clone(),
            database: recording.database(),
        },
        _recording: recording,
    }
}

impl Place {
    fn djscope(&self, words: &[&str]) -> Output {
        Command::new(binary())
            .arg(words[0])
            .arg(&self.recording)
            .args(&words[1..])
            .current_dir(&self.project)
            .env("NO_COLOR", "1")
            .env("DJSCOPE_TEST_DB", &self.database)
            .env("DJSCOPE_TEST_FAST", "1")
            .output()
            .unwrap()
    }

    /// What pytest says of the files: of each whether it passed, and how it failed.
    fn pytest(&self, files: &[String]) -> Vec<(String, bool, String)> {
        let output = Command::new(project::program("python"))
            .args([
                "-m",
                "pytest",
                "-q",
                "-rA",
                "--tb=no",
                "--no-header",
                "-p",
                "no:cacheprovider",
            ])
            .args(files)
            .current_dir(&self.project)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("DJSCOPE_TEST_DB", &self.database)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let told: Vec<(String, bool, String)> = text
            .lines()
            .filter_map(|line| {
                let (word, rest) = line.split_once(' ')?;
                let file = rest.split("::").next()?.to_owned();
                match word {
                    "PASSED" => Some((file, true, String::new())),
                    "FAILED" | "ERROR" => Some((file, false, line.to_owned())),
                    _ => None,
                }
            })
            .collect();
        assert_eq!(
            told.len(),
            files.len(),
            "{text}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        told
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Another server has changed the database since.
fn change(database: &Path) {
    let database = rusqlite::Connection::open(database).unwrap();
    database
        .execute("UPDATE shop_product SET quantity = quantity + 1000", ())
        .unwrap();
}

#[test]
fn faults_of_handlers_from_their_recording_alone() {
    let recorded = recorded();
    change(&recorded.place.database);
    let place = &recorded.place;

    // Each goes wrong again as it did, in another process.
    let numbers: Vec<String> = recorded.turns.iter().map(u64::to_string).collect();
    let mut words = vec!["rerun", "--json", "--yes"];
    for number in &numbers {
        words.extend(["--turn", number]);
    }
    let output = place.djscope(&words);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let answers: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), faults().count(), "{}", said(&output));
    for (fault, answer) in faults().zip(&answers) {
        assert_eq!(answer["djust"], "same", "{}: {answer}", fault.slug);
    }

    // Its test fails as long as the view is wrong.
    let mut by_expect: BTreeMap<&[&str], Vec<(&Fault, &String)>> = BTreeMap::new();
    for (fault, number) in faults().zip(&numbers) {
        by_expect.entry(fault.expect).or_default().push((fault, number));
    }
    let out = place.project.display().to_string();
    for (expects, faults) in by_expect {
        let mut words = vec!["report", "--format", "pytest", "-o", &out, "--yes"];
        words.extend(expects.iter().flat_map(|expect| ["--expect", expect]));
        words.extend(faults.iter().flat_map(|(_, number)| ["--turn", number]));
        let output = place.djscope(&words);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(0), "{said}");
        for (fault, number) in faults {
            let line = said
                .lines()
                .find(|line| line.contains(&format!("turn {number}: ")))
                .unwrap();
            assert!(line.contains(fault.kept), "{}: {said}", fault.slug);
        }
    }
    let files: Vec<String> = numbers
        .iter()
        .map(|number| format!("test_turn_{number}.py"))
        .collect();
    for file in &files {
        let text = std::fs::read_to_string(place.project.join(file)).unwrap();
        assert!(!text.contains("import djscope"), "{text}");
    }
    let told = place.pytest(&files);
    let failed: BTreeSet<&str> = told
        .iter()
        .filter(|(_, is_good, _)| !is_good)
        .map(|(file, ..)| &**file)
        .collect();
    assert_eq!(failed.len(), files.len(), "{told:#?}");
    for (_, _, line) in &told {
        assert!(
            line.contains("FAILED") && line.contains(" - AssertionError") || line.contains(" - assert "),
            "{line}"
        );
    }

    // It passes as soon as it is right.
    for fault in faults() {
        fault.mend(&place.project);
    }
    let told = place.pytest(&files);
    let wrong: Vec<&String> = told
        .iter()
        .filter(|(_, is_good, _)| !is_good)
        .map(|(.., line)| line)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_request_for_a_test_that_cannot_be_made() {
    let mut recording = Recording::start(Kind::Daphne, &[]);
    let mut live = Live::mount(recording.proxy, "shop.views.counter.CounterView", "/counter/");
    live.event("increment", "{}");
    std::thread::sleep(std::time::Duration::from_millis(300));
    recording.stop("INT");
    let all = turns(&recording.path, "event:increment");
    let turn = all[0]["turn"].to_string();
    let path = recording.path.display().to_string();
    let report = |words: &[&str]| {
        let mut command = Command::new(binary());
        command
            .args(["report", &path, "--format", "pytest"])
            .args(words)
            .env("NO_COLOR", "1");
        command.current_dir(recording.folder()).output().unwrap()
    };
    for (words, code, expected) in [
        (vec!["--turn", "99"], 2, "has no turn 99"),
        (
            vec!["--turn", &turn, "--expect", "total == 4"],
            2,
            "not one of state:CONDITION",
        ),
        (
            vec!["--turn", &turn, "--expect", "state:total == 4"],
            2,
            "looks at no name of the state",
        ),
        (vec!["--turn", &turn], 0, "nobody can be asked"),
        (
            vec!["--turn", &turn, "--turn", "2"],
            2,
            "where should the tests go?",
        ),
        (
            vec!["--turn", &turn, "--whole", "-o", "test_a.py"],
            0,
            "test_a.py is written",
        ),
        (
            vec!["--turn", &turn, "--whole", "-o", "test_a.py"],
            2,
            "is there already",
        ),
    ] {
        let output = report(&words);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {}", said(&output));
        assert!(said(&output).contains(expected), "{words:?}: {}", said(&output));
    }
    let text = std::fs::read_to_string(recording.folder().join("test_a.py")).unwrap();
    assert!(text.contains("Not made smaller: nothing was run."), "{text}");
    assert!(text.contains("assert view.count == 1"), "{text}");
}
