//! The symptom of every exhibit on the wire, and its repaired twin. What the browser makes of it is tested in
//! `tests/e2e/demo.rs`.

use std::time::Duration;

use djscope_demo::museum::{Exhibit, Wire, exhibits};
use djscope_live::TestClient;
use serde_json::{Value as Json, json};

use super::{site, visit};

/// What the button of an exhibit sends, as its template says.
fn sent(exhibit: &Exhibit) -> (&'static str, Json) {
    match exhibit.number {
        1 => ("pres", json!({})),
        2 => ("press", json!({"item_id": "after"})),
        3 => ("press", json!({"item_id": "7"})),
        19 => ("press", json!({"query": "x"})),
        _ => ("press", json!({})),
    }
}

fn shows(client: &TestClient, text: &str) -> bool {
    client.html().contains(&format!("id=\"value\">{text}"))
}

#[test]
fn the_causes_are_all_there_once() {
    let numbers: Vec<u8> = exhibits().iter().map(|exhibit| exhibit.number).collect();
    assert_eq!(numbers, (1..=22).collect::<Vec<u8>>());
}

#[test]
fn broken_exhibits_show_their_symptom() {
    let site = site();
    for exhibit in exhibits() {
        let (event, params) = sent(&exhibit);
        let mut client = visit(&site, &exhibit.path());
        client.take_frames();
        let before = client.html().to_owned();
        let answer = client.answer(event, &params);
        let seen = match exhibit.wire {
            Wire::Error => answer["type"] == "error" && client.html() == before,
            Wire::Noop => answer["type"] == "noop" && client.html() == before,
            Wire::EmptyPatch => {
                answer["type"] == "patch" && answer["patches"] == json!([]) && client.html() == before
            }
            Wire::Html => answer["type"] == "html_update",
            // These are the browser's; the server does what it always does.
            Wire::Recovery | Wire::Nothing => shows(&client, "after"),
            Wire::NotMounted => {
                let path = exhibit.path();
                let djscope_live::PageAnswer::Html(html) = TestClient::page(&site, &path) else {
                    panic!("{path}")
                };
                let named = html
                    .split("dj-view=\"")
                    .nth(1)
                    .unwrap()
                    .split('"')
                    .next()
                    .unwrap();
                let mut client = TestClient::connect(&site, Default::default());
                client.take_frames();
                client.mount(named, &path);
                let refused = client.take_frames().pop().unwrap();
                refused["error"] == format!("View {named} is not allowed")
            }
            Wire::NoTicks => {
                let ticks =
                    |frames: Vec<Json>| frames.iter().filter(|frame| frame["source"] == "tick").count();
                let during = ticks(client.pass(Duration::from_millis(2_900)));
                let after = ticks(client.pass(Duration::from_millis(1_200)));
                answer.is_null() && during == 0 && after == 2 && shows(&client, "after")
            }
        };
        assert!(seen, "RC{}: {answer}\n{}", exhibit.number, client.html());
    }
}

#[test]
fn repaired_exhibits_work() {
    let site = site();
    for exhibit in exhibits() {
        let (event, params) = match sent(&exhibit) {
            ("pres", params) => ("press", params),
            sent => sent,
        };
        let mut client = visit(&site, &format!("{}fixed/", exhibit.path()));
        assert!(
            client.session.view_path().is_some(),
            "RC{} is not mounted",
            exhibit.number
        );
        let answer = client.answer(event, &params);
        let works_later = exhibit.number == 21;
        let kind = if works_later { "noop" } else { "patch" };
        assert_eq!(answer["type"], kind, "RC{}: {answer}", exhibit.number);
        client.pass(Duration::from_secs(4));
        client.finish_tasks();
        let expected = match exhibit.number {
            6 => "done",
            12 => "1.20",
            _ => "after",
        };
        assert!(
            shows(&client, expected),
            "RC{}: {}",
            exhibit.number,
            client.html()
        );
    }
}

#[test]
fn the_repaired_exhibit_of_a_long_handler_goes_on_ticking() {
    let mut client = visit(&site(), "/museum/rc21/fixed/");
    client.event("press", &json!({}));
    let frames = client.pass(Duration::from_secs(3));
    assert_eq!(frames.iter().filter(|frame| frame["source"] == "tick").count(), 6);
}
