//! The browser works through the proxy exactly as it does without, and every event is in the recording.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use djscope_tests::browser::{Browser, Page};
use djscope_tests::djscope::Recording;
use djscope_tests::project::{Kind, Server};
use serde_json::{Value, json};

/// What a user does.
pub(crate) enum Step {
    Click(&'static str),
    Fill(&'static str, &'static str),
    Choose(&'static str, &'static str),
    Escape,
    Leave,
    Upload(&'static str),
    Back,
    Until(&'static str),
}

use Step::{Back, Choose, Click, Escape, Fill, Leave, Until, Upload};

/// A page and what is done on it.
pub(crate) const JOURNEYS: &[(&str, &[Step])] = &[
    (
        "/counter/",
        &[
            Click("#increment"),
            Click("#increment"),
            Click("#decrement"),
            Click("#add"),
            Click("#look"),
        ],
    ),
    (
        "/products/",
        &[
            Fill("#search", "bolt"),
            Fill("#search", "no such thing"),
            Fill("#search", ""),
            Click("#by-price"),
            Click("#by-name"),
            Click("#rows tr:nth-child(3) button"),
        ],
    ),
    (
        "/form/",
        &[
            Fill("[name=name]", "A"),
            Leave,
            Fill("[name=email]", "no mail"),
            Leave,
            Click("#send"),
            Fill("[name=name]", "Ada"),
            Leave,
            Fill("[name=email]", "ada@example.org"),
            Leave,
            Fill("[name=amount]", "3"),
            Leave,
            Click("#send"),
        ],
    ),
    (
        "/chat/",
        &[
            Fill("#say [name=text]", "hello"),
            Click("#say button"),
            Fill("#say [name=text]", "there"),
            Click("#say button"),
        ],
    ),
    (
        "/tabs/",
        &[Click("#tab-stock"), Back, Click("#go"), Click("#leave")],
    ),
    (
        "/tick/",
        &[
            Until("Number(document.querySelector('#beats').textContent) >= 2"),
            Click("#toggle"),
            Until("document.querySelector('#toggle').textContent === 'Start'"),
        ],
    ),
    (
        "/push/",
        &[
            Click("#start"),
            Until("document.querySelector('#status').textContent === 'done'"),
        ],
    ),
    (
        "/decorated/",
        &[
            Fill("#debounced", "abc"),
            Until("document.querySelector('#last').textContent === 'debounced abc'"),
            Click("#throttled"),
            Click("#cached"),
            Click("#cached"),
            Click("#liked"),
            Click("#removed"),
        ],
    ),
    (
        "/bound/",
        &[Fill("#first", "Bob"), Click("#subscribed"), Click("#show")],
    ),
    ("/upload/", &[Upload("#document"), Click("#keep")]),
    (
        "/background/",
        &[
            Click("#begin"),
            Until("document.querySelector('#status').textContent === 'done'"),
            Click("#whole"),
            Click("#wait"),
            Click("#notify"),
        ],
    ),
    ("/log/", &[Click("#write")]),
    ("/queries/", &[Click("#load"), Click("#load-joined")]),
    ("/slow/", &[Click("#run"), Click("#run-long")]),
    ("/state/", &[Click("#change"), Click("#drop")]),
    ("/parent/", &[Click("#increment")]),
];

/// Causes whose page shows nothing but a value and a button.
pub(crate) const CAUSES: &[&str] = &[
    "a-no-root",
    "a2-no-view",
    "a3-unset-view-variable",
    "a4-view-on-body",
    "b-private-only",
    "b2-private-derived",
    "c-not-in-template",
    "d-outside-root",
    "e1-in-place-containers",
    "e2-in-place-object",
    "e3-in-place-model",
    "e4-in-place-deep",
    "e5-forced-by-keys",
    "f-service-in-state",
    "f2-callables-in-state",
    "g-no-keywords",
    "h-wrong-type",
    "h2-missing-parameter",
    "i-not-decorated",
    "i2-misspelled",
    "j-raises",
    "j2-render-raises",
    "k-forced-by-flag",
    "l-page-script",
    "m-one-sided-if",
    "n-invalid-nesting",
    "o-duplicate-keys",
    "p-different-each-render",
    "q-many-patches",
    "r-push-only",
    "s-slow",
    "t-many-queries",
    "u-missing-class",
    "v-mount-raises",
    "w-database-only",
    "x-session-restored",
];

/// A file to upload. A browser refuses one that is written again while it reads it, even if nothing is new in it.
fn small_document() -> &'static Path {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| {
        let file = std::env::temp_dir().join("djscope-upload.txt");
        let content = "a small document\n".repeat(1000);
        if std::fs::read_to_string(&file).is_ok_and(|there| there == content) {
            return file;
        }
        std::fs::write(&file, content).unwrap();
        file
    })
}

pub(crate) async fn take(page: &mut Page, step: &Step) {
    match step {
        Click(selector) => page.click(selector).await,
        Fill(selector, text) => page.fill(selector, text).await,
        Choose(selector, value) => {
            page.evaluate(&format!(
                "{{ const field = document.querySelector({}); field.value = {}; \
                 for (const type of ['input', 'change']) field.dispatchEvent(new Event(type, {{bubbles: true}})); }}",
                json!(selector),
                json!(value)
            ))
            .await;
        }
        // djust's error overlay takes the clicks until it is closed.
        Escape => page.press("Escape", 27).await,
        Leave => page.press("Tab", 9).await,
        Upload(selector) => {
            page.choose_file(selector, small_document()).await;
        }
        Back => {
            page.evaluate("history.back()").await;
        }
        Until(condition) => page.wait(condition).await,
    }
    if !matches!(step, Until(_)) {
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// What is left of a journey: the document after its last step, the console, and the frames that the page sent.
struct Trace {
    document: String,
    console: Vec<String>,
    sent: Vec<Value>,
}

/// What a user sees: address, title, everything inside views, and what is typed in fields.
const SHOWN: &str = "[location.pathname + location.search, document.title, \
    ...Array.from(document.querySelectorAll('[dj-root], [dj-view]'), element => element.outerHTML), \
    ...Array.from(document.querySelectorAll('main input, main select'), field => field.type === 'hidden' ? '' : field.value + field.checked)].join('\\n')";

async fn travel(browser: &Browser, origin: &str, path: &str, steps: &[Step]) -> Trace {
    let mut page = browser.page().await;
    page.open(&format!("{origin}{path}")).await;
    for step in steps {
        take(&mut page, step).await;
        page.settle().await;
    }
    let document = page.evaluate(SHOWN).await;
    let sent = page.sent().await.to_vec();
    let console = page
        .console()
        .iter()
        .filter(|line| !depends_on_time(line))
        .map(|line| normal(line, origin))
        .collect();
    let document = without_attribute(
        &without_attribute(document.as_str().unwrap(), "dj-id=\""),
        "name=\"csrfmiddlewaretoken\" value=\"",
    );
    // How many beats fit between two clicks is up to the machine, and some pages show random numbers or race with their own script.
    let is_random = matches!(
        path,
        "/tick/" | "/causes/p-different-each-render/" | "/causes/l-page-script/"
    );
    let document = if is_random {
        normal(&document, origin)
    } else {
        document
    };
    Trace {
        document,
        console,
        sent,
    }
}

/// A line of the console without what differs between any two visits: the address, ids and times.
fn normal(line: &str, origin: &str) -> String {
    let line = line.replace(origin.trim_start_matches("http://"), "HOST");
    let words = line
        .split(' ')
        .map(|word| if is_uuid(word) { "UUID" } else { word });
    let mut out = String::new();
    for character in words.collect::<Vec<_>>().join(" ").chars() {
        match character {
            '0'..='9' if out.ends_with('#') => {}
            '0'..='9' => out.push('#'),
            other => out.push(other),
        }
    }
    out
}

/// Said only if a timer of the page or of the server fires at that moment: the panel's hint some seconds after
/// the page was loaded, and what the client says when a beat arrives while an event is pending.
fn depends_on_time(line: &str) -> bool {
    [
        "Debug panel available",
        "[LiveView] Buffered %s patch",
        "[LiveView] Flushing ",
    ]
    .iter()
    .any(|said| line.contains(said))
}

fn is_uuid(word: &str) -> bool {
    word.len() == 36 && word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

fn without_attribute(text: &str, start: &str) -> String {
    let mut parts = text.split(start);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out += start;
        out += part.split_once('"').map_or("", |(_, rest)| rest);
    }
    out
}

async fn compare(kind: Kind, journeys: &[(String, &[Step])]) {
    let browser = Browser::start();
    let direct = Server::start(kind);
    let recording = Recording::start(kind, &[]);
    let (direct_origin, proxy_origin) = (
        format!("http://{}", direct.address),
        format!("http://{}", recording.proxy),
    );
    let mut events = 0;
    let mut failures = Vec::new();
    for (path, steps) in journeys {
        let without = travel(&browser, &direct_origin, path, steps).await;
        let through = travel(&browser, &proxy_origin, path, steps).await;
        if without.document != through.document {
            failures.push(format!(
                "{path}: other document\n  direct: {}\n  proxy:  {}",
                without.document, through.document
            ));
        }
        let (a, b): (BTreeSet<_>, BTreeSet<_>) =
            (without.console.iter().collect(), through.console.iter().collect());
        if a != b {
            failures.push(format!(
                "{path}: other console\n  only direct: {:#?}\n  only proxy:  {:#?}",
                a.difference(&b).collect::<Vec<_>>(),
                b.difference(&a).collect::<Vec<_>>()
            ));
        }
        events += through
            .sent
            .iter()
            .filter(|frame| frame["type"] == "event")
            .count();
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let turns = recording.turns();
    let recorded: Vec<&Value> = turns
        .iter()
        .filter(|turn| turn["kind"] == "event" && turn["connection"].is_u64())
        .collect();
    assert_eq!(recorded.len(), events, "events sent and recorded");
    for turn in recorded {
        let what = format!("turn {} {}", turn["turn"], turn["event"]);
        assert_ne!(turn["outcome"], "unanswered", "{what}");
        assert!(
            turn["frames"].as_array().unwrap().len() >= 2,
            "{what}: {}",
            turn["frames"]
        );
    }
}

fn journeys() -> Vec<(String, &'static [Step])> {
    JOURNEYS
        .iter()
        .map(|(path, steps)| ((*path).to_owned(), *steps))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_under_runserver() {
    compare(Kind::Runserver, &journeys()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_under_uvicorn_with_compression() {
    compare(Kind::Uvicorn, &journeys()[..4]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_that_do_not_update() {
    const GO: &[Step] = &[Click("#go"), Escape, Click("#go"), Escape];
    let journeys: Vec<_> = CAUSES
        .iter()
        .map(|slug| (format!("/causes/{slug}/"), GO))
        .collect();
    compare(Kind::Daphne, &journeys).await;
}
