//! Rows 59 and 62 to 64: lists that change.

use djscope_live::{Declared, Handler, Push, PushAction};
use djscope_template::value::{Dict, Value};
use serde_json::json;

use crate::site::{kinds, last_turn, site, visit};

fn rows(range: std::ops::Range<i64>) -> Vec<Value> {
    range
        .map(|id| {
            Value::from(Dict::from_iter([
                ("id", Value::from(id)),
                ("text", Value::from(format!("row {id}"))),
            ]))
        })
        .collect()
}

fn list() -> Declared {
    Declared::new("demo.View", "page.html")
        .state("rows", rows(0..6))
        .handler(Handler::new("remove_first").run(|instance, _| {
            instance.update_list("rows", |rows| {
                rows.remove(0);
            });
            Ok(())
        }))
}

#[test]
fn row_59_keys_make_one_patch_of_six() {
    let keyed =
        "<ul dj-root>{% for row in rows %}<li data-key=\"{{ row.id }}\">{{ row.text }}</li>{% endfor %}</ul>";
    let mut client = visit(&site(keyed, list()));
    assert_eq!(kinds(&client.answer("remove_first", &json!({}))), ["RemoveChild"]);
    let plain = "<ul dj-root>{% for row in rows %}<li>{{ row.text }}</li>{% endfor %}</ul>";
    let mut client = visit(&site(plain, list()));
    let patches = kinds(&client.answer("remove_first", &json!({})));
    assert_eq!(patches.len(), 6, "{patches:?}");
}

#[test]
fn row_62_fingerprinted_names_that_are_the_same_are_not_looked_at_again() {
    let logs: Value = (0..500).map(|line| Value::from(format!("line {line}"))).collect();
    let again = logs.clone();
    let view = Declared::new("demo.View", "page.html")
        .state("logs", logs)
        .state("n", 0)
        .fingerprinted("logs")
        .handler(Handler::new("reload").run(move |instance, _| {
            // The same content in a new list, as after a query.
            instance.set(
                "logs",
                again
                    .items()?
                    .map(|line| line.to_str().into_owned().into())
                    .collect::<Value>(),
            );
            instance.set("n", 1);
            Ok(())
        }));
    let page = "<div dj-root>{% for line in logs %}{{ line }}{% endfor %}<b>{{ n }}</b></div>";
    let mut client = visit(&site(page, view));
    let frame = client.answer("reload", &json!({}));
    assert_eq!(kinds(&frame), ["SetText"]);
    let saved = last_turn(&client).saved_bytes;
    let all = 500 * "\"line 000\",".len() as u64;
    assert!(saved * 100 > all * 80, "{saved} of about {all}");
    assert_eq!(last_turn(&client).context_changed, ["n".into()]);
}

fn chat() -> Declared {
    Declared::new("demo.Chat", "page.html")
        .temporary("messages", Vec::<Value>::new())
        .state("sent", 0)
        .mount(|instance| {
            instance.set("messages", rows(0..50));
            Ok(())
        })
        .handler(Handler::new("send").run(|instance, _| {
            let id = 50 + instance.int("sent");
            instance.set("messages", rows(id..id + 1));
            instance.set("sent", id - 49);
            Ok(())
        }))
        .handler(Handler::new("edit").run(|instance, _| {
            let row = Dict::from_iter([("id", Value::from(3)), ("text", Value::from("edited"))]);
            instance.set("messages", vec![Value::from(row)]);
            Ok(())
        }))
}

const CHAT: &str = "<div dj-root><p>{{ sent }}</p><ul dj-update=\"append\" id=\"messages\">\
    {% for row in messages %}<li id=\"msg-{{ row.id }}\">{{ row.text }}</li>{% endfor %}</ul></div>";

#[test]
fn row_63_temporary_names_get_their_default_back_after_each_render() {
    let mut client = visit(&site(CHAT, chat()));
    assert_eq!(client.state("messages").len(), Some(0));
    client.event("send", &json!({}));
    assert_eq!(client.state("messages").len(), Some(0));
    assert!(client.html().contains("row 0<"), "the page still has them");
}

#[test]
fn row_64_what_is_appended_is_one_patch_and_the_rest_stays() {
    let mut client = visit(&site(CHAT, chat()));
    let frame = client.answer("send", &json!({}));
    assert_eq!(kinds(&frame), ["SetText", "InsertChild"], "{frame}");
    assert_eq!(frame["patches"][1]["index"], 50);
    let frame = client.answer("send", &json!({}));
    assert_eq!(kinds(&frame), ["SetText", "InsertChild"], "{frame}");
    assert_eq!(client.html().matches("<li").count(), 52);
    let frame = client.answer("edit", &json!({}));
    assert_eq!(
        kinds(&frame),
        ["SetText"],
        "a row with the same id takes its place: {frame}"
    );
    assert!(client.html().contains("edited"));
    // The page that a browser gets that has lost the thread has all of it.
    client.send(&json!({"type": "request_html"}));
    let recovery = client.take_frames().pop().unwrap();
    assert_eq!(recovery["html"].as_str().unwrap().matches("<li").count(), 52);
    assert_eq!(recovery["version"], 4);
}

#[test]
fn what_is_prepended_is_one_patch_as_well() {
    let page = CHAT.replace("append", "prepend");
    let mut client = visit(&site(&page, chat()));
    let frame = client.answer("send", &json!({}));
    assert_eq!(kinds(&frame), ["SetText", "InsertChild"], "{frame}");
    assert_eq!(frame["patches"][1]["index"], 0);
}

#[test]
fn appended_rows_survive_a_push() {
    let mut client = visit(&site(CHAT, chat()));
    client.input(djscope_live::Input::Push(Push {
        target: "chat".into(),
        action: PushAction::Set(Dict::from_iter([("messages", Value::from(rows(90..92)))])),
    }));
    let frame = client.take_frames().pop().unwrap();
    assert_eq!(kinds(&frame), ["InsertChild", "InsertChild"]);
    assert_eq!(client.html().matches("<li").count(), 52);
}
