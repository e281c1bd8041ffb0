//! What a recording holds of the pages of the test project.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use djscope_recording::{BodySide, Reader};
use djscope_tests::browser::{Browser, Page};
use djscope_tests::djscope::{self, Recording};
use djscope_tests::project::{self, Database, Kind};
use djscope_tests::raw::Live;
use serde_json::{Value, json};

async fn on_page(recording: &Recording, browser: &Browser, path: &str, selectors: &[&str]) -> Page {
    let mut page = browser.page().await;
    page.open(&format!("http://{}{path}", recording.proxy)).await;
    for selector in selectors {
        page.click(selector).await;
        page.settle().await;
    }
    page
}

fn events<'a>(turns: &'a [Value], event: &str) -> Vec<&'a Value> {
    turns
        .iter()
        .filter(|turn| turn["kind"] == "event" && turn["event"] == event)
        .collect()
}

fn spans<'a>(turn: &'a Value, kind: &str) -> Vec<&'a Value> {
    turn["spans"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|span| span["kind"] == kind)
        .collect()
}

/// The command of the issue, word for word, and a browser that uses the page meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_main_job() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.djscope");
    let database = Database::fresh();
    let listen = format!("127.0.0.1:{}", project::free_port());
    let server = format!("127.0.0.1:{}", project::free_port());
    let mut run = Command::new(djscope::binary())
        .args(["run", "--headless", "--for", "12", "--listen", &listen, "--out"])
        .arg(&path)
        .args(["--"])
        .arg(project::program("python"))
        .args(["manage.py", "runserver", &server, "--noreload"])
        .current_dir(project::folder())
        .env("DJSCOPE_TEST_DB", database.path())
        .spawn()
        .unwrap();
    let browser = Browser::start();
    project::wait_for(listen.parse().unwrap());
    project::wait_for(server.parse().unwrap());
    let mut page = browser.page().await;
    page.open(&format!("http://{listen}/counter/")).await;
    for selector in ["#increment", "#add", "#look"] {
        page.click(selector).await;
        page.settle().await;
    }
    let sent = page
        .sent()
        .await
        .iter()
        .filter(|frame| frame["type"] == "event")
        .count();
    assert!(run.wait().unwrap().success());
    let turns = djscope::turns(&path, "");
    let recorded: Vec<_> = turns.iter().filter(|turn| turn["kind"] == "event").collect();
    assert_eq!((sent, recorded.len()), (3, 3));
    for name in [
        "turn", "kind", "view", "event", "params", "ref", "changed", "patches", "version", "ms", "before",
        "after", "frames", "error",
    ] {
        assert!(recorded.iter().all(|turn| turn.get(name).is_some()), "{name}");
    }
    let add = events(&turns, "add")[0];
    assert_eq!(add["before"]["public"]["count"], json!(1));
    assert_eq!(add["after"]["public"]["count"], json!(6));
    assert_eq!(add["before"]["private"]["_clicks"], json!(1));
    assert_eq!(add["after"]["private"]["_clicks"], json!(2));
    assert_eq!(add["changed"], json!(["count", "_clicks"]));
    assert_eq!(
        (add["outcome"].as_str(), add["ref"].as_i64()),
        (Some("patched"), Some(2))
    );
    let look = events(&turns, "look")[0];
    assert_eq!(
        (look["outcome"].as_str(), &look["changed"]),
        (Some("noop"), &json!([]))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn times_queries_logs_and_exceptions() {
    let recording = Recording::start(Kind::Runserver, &[]);
    let browser = Browser::start();
    on_page(&recording, &browser, "/queries/", &["#load"]).await;
    on_page(&recording, &browser, "/log/", &["#write"]).await;
    on_page(&recording, &browser, "/error/", &["#fail"]).await;
    on_page(&recording, &browser, "/slow/", &["#run-long"]).await;
    on_page(&recording, &browser, "/causes/k-forced-by-flag/", &["#go"]).await;
    let turns = recording.turns();

    let load = events(&turns, "load")[0];
    let queries = spans(load, "sql");
    assert!(queries.len() >= 50, "{} queries", queries.len());
    let file = queries[10]["detail"]["file"].as_str().unwrap();
    assert!(
        file.ends_with("shop/views/products.py") && queries[10]["detail"]["line"].as_u64().unwrap() > 1,
        "{file}"
    );
    for kind in [
        "queue",
        "handler",
        "context",
        "render",
        "template",
        "parse",
        "diff",
        "serialize",
        "send",
        "wire",
    ] {
        assert!(!spans(load, kind).is_empty(), "no {kind} span: {}", load["spans"]);
    }

    let write = events(&turns, "write")[0];
    let logs = write["logs"].as_array().unwrap();
    let warning = logs.iter().find(|log| log["level"] == "WARNING").unwrap();
    assert_eq!(
        (warning["logger"].as_str(), warning["message"].as_str()),
        (Some("shop.failing"), Some("warning hello"))
    );
    assert!(logs.iter().any(|log| {
        log["traceback"]
            .as_str()
            .is_some_and(|text| text.contains("KeyError"))
    }));

    let fail = events(&turns, "fail")[0];
    assert_eq!(fail["outcome"], "error");
    assert_eq!(fail["exception"]["type"], "builtins.ValueError");
    let frames = fail["exception"]["frames"].as_array().unwrap();
    assert!(
        frames.last().unwrap()["file"]
            .as_str()
            .unwrap()
            .ends_with("shop/views/failing.py")
    );
    assert_eq!(
        (&fail["before"]["public"]["n"], &fail["after"]["public"]["n"]),
        (&json!(0), &json!(1))
    );

    let slow = events(&turns, "run")[0];
    let handler = spans(slow, "handler")[0]["duration_us"].as_u64().unwrap();
    assert!((400_000..900_000).contains(&handler) && slow["ms"].as_f64().unwrap() >= handler as f64 / 1000.0);

    let forced = events(&turns, "go")[0];
    assert_eq!(
        (forced["outcome"].as_str(), forced["full_html"]["reason"].as_str()),
        (Some("full_html"), Some("force_full_html"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn turns_that_nobody_clicked() {
    let recording = Recording::start(Kind::Daphne, &[]);
    let browser = Browser::start();
    let mut tick = on_page(&recording, &browser, "/tick/", &[]).await;
    tick.wait("Number(document.querySelector('#beats').textContent) >= 2")
        .await;
    tick.click("#toggle").await;
    let mut push = on_page(&recording, &browser, "/push/", &["#start"]).await;
    push.wait("document.querySelector('#status').textContent === 'done'")
        .await;
    let mut work = on_page(&recording, &browser, "/background/", &["#begin"]).await;
    work.wait("document.querySelector('#status').textContent === 'done'")
        .await;
    on_page(
        &recording,
        &browser,
        "/parent/",
        &["#increment", ".child-count + button"],
    )
    .await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let turns = recording.turns();
    let of = |kind: &str, outcome: &str| {
        turns
            .iter()
            .filter(|turn| turn["kind"] == kind && turn["outcome"] == outcome)
            .collect::<Vec<_>>()
    };

    assert!(of("tick", "patched").len() >= 2, "ticks that change something");
    // The page gets a frame without patches when only a private name changes, and none when nothing does.
    assert_eq!(of("tick", "empty_patch")[0]["changed"], json!(["_ticks"]));
    assert_eq!(of("tick", "silent")[0]["changed"], json!([]));
    let pushes = of("push", "patched");
    assert!(pushes.len() >= 3, "{} pushes", pushes.len());
    assert!(
        pushes
            .iter()
            .any(|turn| turn["after"]["public"]["status"] == "done")
    );
    let finished = of("async", "patched");
    assert!(
        finished
            .iter()
            .any(|turn| turn["after"]["public"]["status"] == "done"),
        "{finished:?}"
    );
    let views: Vec<_> = turns
        .iter()
        .filter(|turn| turn["kind"] == "event")
        .map(|turn| turn["view"].as_str().unwrap_or_default())
        .collect();
    assert!(
        views.iter().any(|view| view.ends_with("ParentView"))
            && views.iter().any(|view| view.contains("Child")),
        "{views:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn states_keep_their_types() {
    let recording = Recording::start(Kind::Uvicorn, &[]);
    let browser = Browser::start();
    on_page(&recording, &browser, "/state/", &["#change"]).await;
    on_page(&recording, &browser, "/big-state/", &["#increment"]).await;
    let turns = recording.turns();
    let state = &events(&turns, "change")[0]["after"];
    let text = state.to_string();
    for tag in [
        "$decimal",
        "$datetime",
        "$date",
        "$set",
        "$tuple",
        "$bytes",
        "$model",
        "$cycle",
    ] {
        assert!(
            text.contains(&format!("\"{tag}\"")),
            "{tag}: {}",
            &text[..text.len().min(3000)]
        );
    }
    assert_eq!(events(&turns, "increment")[0]["changed"][0], "count");
}

/// Neither the file nor what it is read back as holds a secret of the form page.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_not_in_the_file() {
    let mut recording = Recording::start(Kind::Runserver, &[]);
    let browser = Browser::start();
    let mut page = on_page(&recording, &browser, "/form/", &[]).await;
    let token = page
        .evaluate("document.querySelector('[name=csrfmiddlewaretoken]').value")
        .await;
    page.fill("[name=name]", "Ada").await;
    page.click("#send").await;
    page.settle().await;
    let cookies = page.call("Network.getAllCookies", json!({})).await;
    let mut secrets: Vec<String> = cookies["cookies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cookie| cookie["value"].as_str().unwrap().to_owned())
        .collect();
    secrets.push(token.as_str().unwrap().to_owned());
    assert!(
        secrets.len() >= 2 && secrets.iter().all(|secret| secret.len() > 10),
        "{secrets:?}"
    );
    recording.stop("INT");
    let shown = djscope::turns(&recording.path, "");
    let sent = events(&shown, "send")[0];
    let mark = sent["params"]["csrfmiddlewaretoken"].as_str().unwrap();
    assert!(mark.starts_with("[redacted:str:33-64:"), "{mark}");
    assert_eq!(sent["params"]["name"], "Ada");
    let everything = everything(&recording.path) + &format!("{shown:?}");
    for secret in &secrets {
        assert!(
            !everything.contains(secret.as_str()),
            "{secret} is in the recording"
        );
    }
}

/// Every text that a reader can get out of a recording.
fn everything(path: &Path) -> String {
    let reader = Reader::open(path).unwrap();
    let mut text = format!(
        "{:?} {:?}",
        reader.meta().unwrap(),
        reader.logs(0, 10_000).unwrap()
    );
    for exchange in reader.http(0, 10_000).unwrap().rows {
        text += &format!("{exchange:?}");
        for side in [BodySide::Request, BodySide::Response] {
            text +=
                &String::from_utf8_lossy(&reader.http_body(exchange.http, side).unwrap().unwrap_or_default());
        }
    }
    text + &String::from_utf8_lossy(&std::fs::read(path).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_and_files_are_kept_for_playing_without_a_server() {
    let mut recording = Recording::start(Kind::Runserver, &[]);
    let browser = Browser::start();
    on_page(&recording, &browser, "/counter/", &["#increment"]).await;
    recording.stop("INT");
    let reader = Reader::open(&recording.path).unwrap();
    let rows = reader.http(0, 1000).unwrap().rows;
    let page = rows.iter().find(|row| row.url == "/counter/").unwrap();
    assert!(page.turn.is_some());
    let html = reader.http_body(page.http, BodySide::Response).unwrap().unwrap();
    assert!(String::from_utf8_lossy(&html).contains("dj-view=\"shop.views.counter.CounterView\""));
    let script = rows.iter().find(|row| row.url.ends_with("/client.js")).unwrap();
    assert_eq!(
        reader
            .http_body(script.http, BodySide::Response)
            .unwrap()
            .unwrap()
            .len() as u64,
        script.response_body.length
    );
    let turn = djscope::turns(&recording.path, "kind:event")[0]["turn"]
        .as_u64()
        .unwrap();
    let dom = reader.dom(turn).unwrap().unwrap();
    assert!(dom.html.contains("id=\"count\"") && dom.batches.len() == 1);
    let detail = reader.turn(turn).unwrap().unwrap();
    let view = detail.view.unwrap();
    assert!(view.file.unwrap().ends_with("shop/views/counter.py") && view.line.unwrap() > 1);
    assert!(
        view.handlers.iter().any(|handler| handler.name == "increment"
            && handler.source.as_ref().unwrap().contains("def increment"))
    );
    let template = view.template.unwrap();
    let roles: Vec<_> = template
        .sources
        .iter()
        .map(|source| source.role.as_str())
        .collect();
    assert_eq!(roles, ["self", "extends", "include"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attaching_says_what_is_missing() {
    let server = project::Server::start(Kind::Daphne);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.djscope");
    let listen = format!("127.0.0.1:{}", project::free_port());
    let attach = Command::new(djscope::binary())
        .args([
            "attach",
            &format!("http://{}", server.address),
            "--headless",
            "--for",
            "6",
            "--listen",
            &listen,
            "--out",
        ])
        .arg(&path)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    project::wait_for(listen.parse().unwrap());
    let browser = Browser::start();
    let mut page = browser.page().await;
    page.open(&format!("http://{listen}/counter/")).await;
    page.click("#increment").await;
    page.settle().await;
    let output = attach.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("no probe"));
    let turns = djscope::turns(&path, "kind:event");
    assert_eq!((turns.len(), turns[0]["outcome"].as_str()), (1, Some("patched")));
    assert!(turns[0]["before"].is_null() && turns[0]["changed"].is_null());
}

/// Sum of the spans of a kind, in milliseconds.
fn length_ms(turn: &Value, kind: &str) -> f64 {
    let lengths = spans(turn, kind)
        .into_iter()
        .filter_map(|span| span["duration_us"].as_f64());
    lengths.sum::<f64>() / 1e3
}

#[test]
fn an_event_waits_from_its_arrival_and_background_work_begins_when_it_begins() {
    let recording = Recording::start(Kind::Daphne, &[]);
    let mut slow = Live::mount(recording.proxy, "shop.views.failing.SlowView", "/slow/");
    let numbers = ["400", "1"].map(|ms| slow.send("run", &format!(r#"{{"ms":{ms}}}"#)));
    for number in numbers {
        slow.answer(number);
    }
    let mut background = Live::mount(recording.proxy, "shop.views.live.BackgroundView", "/background/");
    background.event("begin", r#"{"delay_ms":500}"#);
    background.until("\"source\": \"async\"");
    let turns = recording.turns();

    let runs = events(&turns, "run");
    let waited = length_ms(runs[1], "queue");
    // Sent when the first had only begun.
    assert!(waited > 300.0, "{waited} ms: {}", runs[1]["spans"]);
    let worked: f64 = length_ms(runs[1], "handler");
    assert!(
        waited + worked <= runs[1]["ms"].as_f64().unwrap() + 1.0,
        "{}",
        runs[1]
    );

    let begin = events(&turns, "begin")[0];
    let work = turns.iter().find(|turn| turn["kind"] == "async").unwrap();
    let at = |turn: &Value, key: &str| turn[key].as_f64().unwrap();
    assert!(at(work, "ms") > 450.0, "{work}");
    // It begins while or right after the event is answered, not when its own frame comes 500 ms later.
    assert!(
        at(work, "t_ms") < at(begin, "t_ms") + at(begin, "ms") + 300.0,
        "{begin}\n{work}"
    );
}

#[test]
fn views_are_recorded_once_each_with_their_code() {
    let recording = Recording::start(Kind::Daphne, &[]);
    for _ in 0..2 {
        for (view, path, event) in [
            ("shop.views.counter.CounterView", "/counter/", "increment"),
            ("shop.views.failing.SlowView", "/slow/", "run"),
        ] {
            Live::mount(recording.proxy, view, path).event(event, "{}");
        }
    }
    let path = recording.path.clone();
    let mut recording = recording;
    let (code, log) = recording.stop("INT");
    assert_eq!(code, Some(0), "{log}");
    let db = rusqlite::Connection::open(&path).unwrap();
    let mut rows = db
        .prepare("SELECT connection, class, file IS NOT NULL FROM views ORDER BY view")
        .unwrap();
    let rows: Vec<(Option<i64>, String, bool)> = rows
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(rows.iter().all(|(_, _, has_code)| *has_code), "{rows:?}");
    let mut keys: Vec<_> = rows
        .iter()
        .map(|(connection, class, _)| (connection, class))
        .collect();
    let all = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!((keys.len(), all), (4, 4), "{rows:?}");
}
