//! The pages of the demo.

use std::time::Duration;

use djscope_live::{Input, PageAnswer, SmokeOptions, TestClient, smoke};
use serde_json::json;

use super::{site, visit};

#[test]
fn every_page_is_there_and_survives_whatever_is_sent() {
    let site = site();
    for (pattern, path) in site.routes() {
        assert!(
            matches!(TestClient::page(&site, pattern), PageAnswer::Html(_)),
            "{pattern}"
        );
        let registered = site.view(path).unwrap();
        let options = SmokeOptions {
            calls: 10,
            journey: 20,
            ..SmokeOptions::default()
        };
        let findings = smoke(&site, registered, &options);
        assert_eq!(findings, [], "{pattern}");
    }
}

#[test]
fn counting() {
    let mut client = visit(&site(), "/counter/");
    client.answer("add", &json!({"_args": [10]}));
    client.answer("decrement", &json!({}));
    assert!(
        client.html().contains(">9</p>") && client.html().contains("double is 18"),
        "{}",
        client.html()
    );
}

#[test]
fn searching_sorting_and_removing() {
    let mut client = visit(&site(), "/products/");
    client.answer("search", &json!({"value": "bolt"}));
    assert!(client.html().contains("6 of 54"), "{}", client.html());
    client.answer("choose", &json!({"value": "tools"}));
    assert!(client.html().contains("Nothing is called that."));
    client.answer("choose", &json!({"value": "all"}));
    client.answer("like", &json!({"product_id": 1}));
    assert!(client.html().contains("1 liked"));
    client.answer("remove", &json!({"product_id": 1}));
    assert!(client.html().contains("5 of 53, 0 liked"), "{}", client.html());
    let sorted = client.answer("sort", &json!({"by": "price"}));
    let moves = sorted["patches"].as_array().unwrap().iter();
    assert!(
        moves.filter(|patch| patch["type"] == "MoveChild").count() <= 5,
        "{sorted}"
    );
}

#[test]
fn what_is_said_reaches_the_other_windows() {
    let site = site();
    let (mut one, mut other) = (visit(&site, "/chat/"), visit(&site, "/chat/"));
    one.event("say", &json!({"name": "Ada", "text": " Hello <b> "}));
    assert!(one.html().contains("Hello &lt;b&gt;"), "{}", one.html());
    other.input(Input::Push(one.pushes.pop().unwrap()));
    assert!(other.html().contains("Hello &lt;b&gt;") && other.html().contains("Welcome"));
    assert!(
        visit(&site, "/chat/").html().contains("Hello &lt;b&gt;"),
        "later ones see it as well"
    );
}

#[test]
fn a_form_is_checked_and_thanked_for() {
    let mut client = visit(&site(), "/contact/");
    client.answer("validate_field", &json!({"field": "email", "value": "no"}));
    assert!(client.html().contains("Enter a valid email address."));
    let sent = json!({"name": "Ada", "email": "ada@example.org", "guests": "2", "message": "Hello there"});
    let frames = client.event("submit_form", &sent);
    assert!(client.html().contains("Thank you, Ada."), "{}", client.html());
    assert!(frames.iter().any(|frame| frame["type"] == "flash"));
    assert!(
        frames[0]["patches"].to_string().contains("data-draft-clear"),
        "{}",
        frames[0]
    );
}

#[test]
fn tabs_follow_the_address() {
    let mut client = visit(&site(), "/tabs/?tab=orders&page=2");
    assert!(client.html().contains("Page 2 of 3"), "{}", client.html());
    client.send(&json!({"type": "url_change", "params": {"tab": "settings"}, "uri": "/tabs/?tab=settings"}));
    client.answer("jump", &json!({}));
    assert!(client.html().contains("Page 3 of 3"));
}

#[test]
fn the_dashboard_beats_and_announces() {
    let site = site();
    let mut client = visit(&site, "/dashboard/");
    client.pass(Duration::from_secs(3));
    assert!(client.html().contains("id=\"beats\">3<"), "{}", client.html());
    client.event("announce", &json!({"text": "Lunch"}));
    let mut other = visit(&site, "/dashboard/");
    other.input(Input::Push(client.pushes.pop().unwrap()));
    assert!(other.html().contains("Lunch"));
    client.event("report", &json!({}));
    client.finish_tasks();
    assert!(client.html().contains("% at most"));
}
