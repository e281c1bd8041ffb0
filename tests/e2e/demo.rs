//! `djscope demo` as a visitor sees it: every page lives, every exhibit of the museum shows its symptom in a real browser,
//! and all of it is in the recording.

use std::path::Path;

use djscope_tests::browser::{Browser, Page};
use djscope_tests::djscope::Recording;
use serde_json::{Value, json};

async fn text(page: &mut Page, selector: &str) -> String {
    let text = page
        .evaluate(&format!(
            "document.querySelector({}).textContent.trim()",
            json!(selector)
        ))
        .await;
    text.as_str().unwrap().to_owned()
}

async fn wait_for(page: &mut Page, selector: &str, wanted: &str) {
    page.wait(&format!(
        "document.querySelector({})?.textContent.includes({})",
        json!(selector),
        json!(wanted)
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_of_the_demo_lives_and_is_recorded() {
    let demo = Recording::demo(&[]);
    let origin = format!("http://{}", demo.proxy);
    let browser = Browser::start();
    let mut page = browser.page().await;
    page.open(&format!("{origin}/counter/")).await;
    page.click("button.main").await;
    wait_for(&mut page, "#count", "1").await;

    page.open(&format!("{origin}/products/")).await;
    page.fill("input[type=search]", "bolt").await;
    wait_for(&mut page, "#found", "6 of 54").await;
    page.evaluate("window.confirm = () => true").await;
    page.click("tbody tr:nth-child(2) td:last-child button:last-child")
        .await;
    wait_for(&mut page, "#found", "5 of 53").await;

    let mut other = browser.page().await;
    other.open(&format!("{origin}/chat/")).await;
    page.open(&format!("{origin}/chat/")).await;
    page.fill("[name=text]", "hello <b>").await;
    page.click("form .main").await;
    wait_for(&mut page, "#messages", "hello <b>").await;
    wait_for(&mut other, "#messages", "hello <b>").await;
    assert_eq!(
        page.evaluate("document.querySelector('[name=text]').value").await,
        ""
    );

    page.open(&format!("{origin}/contact/")).await;
    page.fill("[name=name]", "Ada").await;
    page.fill("[name=email]", "no mail").await;
    page.press("Tab", 9).await;
    wait_for(&mut page, "#email-error", "Enter a valid email address.").await;
    // What was typed outlives a reload.
    page.open(&format!("{origin}/contact/")).await;
    page.wait("document.querySelector('[name=name]').value === 'Ada'")
        .await;
    page.fill("[name=email]", "ada@example.org").await;
    page.fill("[name=message]", "Hello there").await;
    page.click("form .main").await;
    wait_for(&mut page, "form .right", "Thank you, Ada.").await;
    wait_for(&mut page, "#dj-flash-container", "Sent.").await;
    page.open(&format!("{origin}/contact/")).await;
    assert_eq!(
        page.evaluate("document.querySelector('[name=name]').value").await,
        ""
    );

    page.open(&format!("{origin}/tabs/")).await;
    page.click("[dj-patch='?tab=orders']").await;
    wait_for(&mut page, "#panel", "Page 1 of 3").await;
    assert_eq!(page.evaluate("location.search").await, "?tab=orders");
    page.click("#panel [dj-patch]").await;
    wait_for(&mut page, "#panel", "Page 2 of 3").await;
    page.evaluate("history.back()").await;
    wait_for(&mut page, "#panel", "Page 1 of 3").await;
    page.evaluate("window.same = true").await;
    page.click("[dj-navigate]").await;
    wait_for(&mut page, "h1", "Counter").await;
    assert_eq!(
        page.evaluate("[location.pathname, window.same]").await,
        json!(["/counter/", true])
    );

    page.open(&format!("{origin}/dashboard/")).await;
    wait_for(&mut page, "#beats", "1").await;
    page.fill("[name=text]", "Lunch").await;
    page.click("form .main").await;
    wait_for(&mut page, ".toast", "Lunch").await;
    page.click("[dj-click=report]").await;
    wait_for(&mut page, "form", "% at most").await;

    page.open(&format!("{origin}/upload/")).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("words.txt");
    std::fs::write(&file, "a small document\n".repeat(20_000)).unwrap();
    page.choose_file("[type=file]", Path::new(&file)).await;
    page.settle().await;
    page.click("form .main").await;
    wait_for(&mut page, "form", "60000 words").await;

    let console: Vec<&String> = page
        .console()
        .iter()
        .filter(|line| line.starts_with("error"))
        .collect();
    assert!(console.is_empty(), "{console:?}");
    recorded(&demo.turns());
}

/// What the recording has of the visit.
fn recorded(turns: &[Value]) {
    let of = |view: &str, event: &str| -> Vec<&Value> {
        turns
            .iter()
            .filter(|turn| turn["view"] == view && turn["event"] == event)
            .collect()
    };
    let click = of("demo.views.Counter", "increment");
    assert_eq!(click[0]["outcome"], "patched");
    assert_eq!(click[0]["changed"], json!(["count"]));
    assert_eq!(
        (
            &click[0]["before"]["public"]["count"],
            &click[0]["after"]["public"]["count"]
        ),
        (&json!(0), &json!(1)),
        "the state is told as by a probe"
    );
    assert!(
        click[0]["frames"]
            .as_array()
            .unwrap()
            .iter()
            .any(|frame| frame["type"] == "client_applied"),
        "what the browser tells of its work: {}",
        click[0]["frames"]
    );
    let search = of("demo.views.Products", "search");
    assert!(
        search[0]["before"]["private"]["_stock"].is_array(),
        "private names as well"
    );
    assert!(!of("demo.views.Contact", "submit_form").is_empty());
    let kinds: Vec<&str> = turns.iter().filter_map(|turn| turn["kind"].as_str()).collect();
    for kind in ["mount", "event", "tick", "push", "async", "url_change", "upload"] {
        assert!(kinds.contains(&kind), "no {kind} in {kinds:?}");
    }
    for turn in turns.iter().filter(|turn| turn["kind"] == "tick") {
        assert_eq!(turn["changed"], json!(["beats"]), "{turn}");
    }
}

/// What the browser shows of an exhibit when its button was pressed: its number, the event, what becomes of `#value`,
/// and whether another press makes a difference.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_exhibit_shows_its_symptom_and_its_twin_works() {
    let demo = Recording::demo(&[]);
    let origin = format!("http://{}", demo.proxy);
    let browser = Browser::start();
    let mut page = browser.page().await;
    for number in 1..=22 {
        let path = format!("/museum/rc{number:02}/");
        page.open(&format!("{origin}{path}")).await;
        let before = text(&mut page, "#value").await;
        page.click("#press").await;
        match number {
            // They end well: too much is sent, the page has to be sent again, or the answer comes late.
            18 | 22 => wait_for(&mut page, "#value", "after").await,
            19 => {
                wait_for(&mut page, "#value", "after 1").await;
                page.click("#press").await;
                page.settle().await;
                assert_eq!(
                    text(&mut page, "#value").await,
                    "after 1",
                    "the memory of the browser"
                );
            }
            21 => {
                let beats = text(&mut page, "#beats").await;
                tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
                assert_eq!(
                    text(&mut page, "#beats").await,
                    beats,
                    "no beat while the handler runs"
                );
                wait_for(&mut page, "#value", "after").await;
            }
            _ => {
                page.settle().await;
                assert_eq!(
                    text(&mut page, "#value").await,
                    before,
                    "RC{number} changes the page"
                );
            }
        }
        page.open(&format!("{origin}{path}fixed/")).await;
        page.click("#press").await;
        let after = match number {
            12 => "1.20",
            6 => "done",
            _ => "after",
        };
        wait_for(&mut page, "#value", after).await;
        if number == 19 {
            page.click("#press").await;
            wait_for(&mut page, "#value", "after 2").await;
        }
    }
    let turns = demo.turns();
    let outcome = |number: u8| {
        let view = format!("museum.views.RC{number}");
        let of_view = turns
            .iter()
            .filter(|turn| turn["view"] == view && turn["kind"] == "event");
        of_view
            .map(|turn| turn["outcome"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    for (outcomes, numbers) in [
        (&["error"][..], &[1][..]),
        (&["noop"], &[2, 3, 4, 5, 6, 7]),
        (&["empty_patch"], &[8, 9, 10, 11, 12, 13, 14, 15, 16]),
        (&["patched"], &[19, 21]),
        (&["full_html"], &[22]),
    ] {
        for &number in numbers {
            assert_eq!(outcome(number), outcomes, "RC{number}");
        }
    }
    let kinds: Vec<&Value> = turns.iter().map(|turn| &turn["kind"]).collect();
    assert!(kinds.contains(&&json!("recovery")), "RC18: {kinds:?}");
}

#[test]
fn the_views_of_the_demo_survive_whatever_is_sent() {
    let tried = djscope_tests::djscope::run(&["smoke", "--calls", "5", "--json"]);
    let said = String::from_utf8_lossy(&tried.stderr).into_owned();
    assert_eq!(tried.status.code(), Some(0), "{said}");
    assert!(said.contains("53 views tried, 0 findings"), "{said}");
    let unknown = djscope_tests::djscope::run(&["smoke", "no.such.View"]);
    assert_eq!(unknown.status.code(), Some(2));
}
