//! Rows 41 to 48: decorators, as far as the server has to do with them.

use std::time::Duration;

use djscope_live::{Declared, Handler, ParameterType, Raised, TestClient, User};
use serde_json::{Value as Json, json};

use crate::site::{last_turn, site, visit, visit_by};

fn count(handler: Handler) -> Handler {
    handler.run(|instance, _| {
        let next = instance.int("calls") + 1;
        instance.set("calls", next);
        Ok(())
    })
}

fn view() -> Declared {
    Declared::new("demo.View", "page.html")
        .state("calls", 0)
        .handler(count(Handler::new("search").debounce(0.5, Some(2.0))))
        .handler(count(Handler::new("scroll").throttle(0.1, true, false)))
        .handler(count(
            Handler::new("like").optimistic(json!({"action": "increment", "target": "#likes"})),
        ))
        .handler(count(
            Handler::new("complete")
                .parameter("query", ParameterType::Str, "")
                .cache(300.0, &["query"]),
        ))
        .handler(count(Handler::new("filter").client_state(&["category"])))
        .handler(count(
            Handler::new("remove").permission_required("shop.delete_item"),
        ))
        .handler(count(Handler::new("expensive").rate_limit(1.0, 5.0)))
        .draft("letter")
        .handler(Handler::new("sent").run(|instance, _| {
            instance.clear_draft();
            let next = instance.int("calls") + 1;
            instance.set("calls", next);
            Ok(())
        }))
}

const PAGE: &str = "<div dj-root data-draft-enabled=\"{{ draft_enabled }}\" data-draft-key=\"{{ draft_key }}\"\
                    {% if draft_clear %} data-draft-clear{% endif %}>{{ calls }}</div>";

fn mount_frame() -> Json {
    let mut client = TestClient::connect(&site(PAGE, view()), User::anonymous());
    client.mount("demo.View", "/");
    client.take_frames().pop().unwrap()
}

#[test]
fn rows_41_and_42_the_browser_is_told_how_often_events_are_wanted() {
    let config = &mount_frame()["handler_config"];
    assert_eq!(
        config["search"],
        json!({"debounce": {"wait": 0.5, "max_wait": 2.0}})
    );
    assert_eq!(
        config["scroll"],
        json!({"throttle": {"interval": 0.1, "leading": true, "trailing": false}})
    );
}

#[test]
fn rows_43_44_and_45_the_browser_is_told_what_it_may_do_by_itself() {
    let mount = mount_frame();
    assert_eq!(mount["optimistic_rules"]["like"]["action"], "increment");
    assert_eq!(
        mount["cache_config"],
        json!({"complete": {"ttl": 300.0, "key_params": ["query"]}})
    );
    assert_eq!(
        mount["handler_config"]["filter"],
        json!({"client_state": {"keys": ["category"]}})
    );
}

#[test]
fn an_answer_brings_back_the_mark_of_the_cache() {
    let mut client = visit(&site(PAGE, view()));
    let answer = client.answer("complete", &json!({"query": "b", "_cacheRequestId": "17-1"}));
    assert_eq!(answer["cache_request_id"], "17-1");
}

#[test]
fn row_46_without_the_permission_the_handler_does_not_run() {
    let site = site(PAGE, view());
    let mut client = visit_by(&site, User::named("ada", &["shop.other"]));
    assert_eq!(client.answer("remove", &json!({}))["error"], "Permission denied");
    assert_eq!(client.state("calls").to_str(), "0");
    let mut client = visit_by(&site, User::named("ada", &["shop.delete_item"]));
    assert_eq!(client.answer("remove", &json!({}))["type"], "patch");
}

#[test]
fn row_47_the_sixth_call_is_dropped_and_too_many_end_the_connection() {
    let site = site(PAGE, view());
    let mut client = visit(&site);
    for _ in 0..5 {
        assert_eq!(client.answer("expensive", &json!({}))["type"], "patch");
    }
    let dropped = client.answer("expensive", &json!({}));
    assert_eq!(dropped["error"], "Rate limit exceeded, event dropped");
    assert_eq!(last_turn(&client).tokens_left, Some(0.0));
    assert_eq!(client.state("calls").to_str(), "5");
    // The bucket is the visitor's: a new connection does not fill it.
    let mut other = visit(&site);
    assert_eq!(other.answer("expensive", &json!({}))["type"], "error");
    client.pass(Duration::from_millis(1_000));
    assert_eq!(client.answer("expensive", &json!({}))["type"], "patch");
    client.event("expensive", &json!({}));
    client.event("expensive", &json!({}));
    assert_eq!(client.closed, Some(4429));
    assert!(
        last_turn(&client).to_string().contains("Rate limit exceeded"),
        "the last one is told as well: {}",
        last_turn(&client)
    );
}

#[test]
fn row_48_a_draft_has_a_key_and_is_cleared_once() {
    let mut client = visit(&site(PAGE, view()));
    let djscope_live::PageAnswer::Html(html) = crate::site::page(&site(PAGE, view()), "/") else {
        panic!()
    };
    assert!(
        html.contains("data-draft-enabled=\"True\" data-draft-key=\"letter\""),
        "{html}"
    );
    let sent = client.answer("sent", &json!({}));
    assert!(sent["patches"].to_string().contains("data-draft-clear"), "{sent}");
    let next = client.answer("search", &json!({}));
    let removed = &next["patches"][0];
    assert_eq!(
        (&removed["type"], &removed["key"]),
        (&json!("RemoveAttr"), &json!("data-draft-clear"))
    );
    let again = client.answer("sent", &json!({}));
    assert!(
        again["patches"].to_string().contains("data-draft-clear"),
        "as often as it is asked for"
    );
}

#[test]
fn work_in_the_background_is_bounded() {
    let view = Declared::new("demo.View", "page.html")
        .state("n", 0)
        .handler(Handler::new("more").run(|instance, _| {
            for _ in 0..100 {
                instance.start_after(
                    Duration::from_secs(60),
                    || Ok(1.into()),
                    |instance, _| {
                        let next = instance.int("n") + 1;
                        instance.set("n", next);
                        Ok(())
                    },
                );
            }
            Ok(())
        }));
    let mut client = visit(&site("<div dj-root>{{ n }}</div>", view));
    let told = (0..4)
        .flat_map(|_| client.event("more", &json!({})))
        .filter(|frame| frame["type"] == "error")
        .count();
    assert_eq!(told, 2, "once for each event whose work was not all taken on");
    client.pass(Duration::from_secs(61));
    client.finish_tasks();
    assert_eq!(client.html(), "256");
    client.event("more", &json!({}));
    client.pass(Duration::from_secs(61));
    client.finish_tasks();
    assert_eq!(client.html(), "356", "what is done makes room");
}

#[test]
fn work_in_the_background_answers_twice() {
    let view = Declared::new("demo.View", "page.html")
        .state("text", "idle")
        .state("data", djscope_template::value::Dict::new())
        .handler(Handler::new("load").run(|instance, _| {
            instance.set("text", "loading");
            instance.start(
                || Ok("loaded".into()),
                |instance, result| {
                    instance.set("text", result?);
                    Ok(())
                },
            );
            Ok(())
        }))
        .handler(Handler::new("fail").run(|instance, _| {
            instance.assign_async("data", || Err(Raised::value_error("no")));
            Ok(())
        }));
    let page = "<div dj-root>{{ text }}{% if data.loading %}…{% elif data.failed %}!{{ data.error }}{% endif %}</div>";
    let mut client = visit(&site(page, view));
    let first = client.answer("load", &json!({}));
    assert_eq!(first["async_pending"], true);
    assert!(client.html().starts_with("loading"));
    let second = client.finish_tasks().pop().unwrap();
    assert_eq!(
        (&second["source"], &second["event_name"]),
        (&json!("async"), &json!("load"))
    );
    assert_eq!(second.get("ref"), None);
    assert!(client.html().starts_with("loaded"));
    client.event("fail", &json!({}));
    assert!(client.html().contains('…'));
    client.finish_tasks();
    assert!(client.html().contains("!no"), "{}", client.html());
}
