//! Rows 26 to 32, 40 and 88: from an event to its handler, and what is said when it does not get there.

use djscope_live::{Declared, Handler, ParameterType, Raised, Settings, TestClient, User};
use djscope_template::value::Value;
use serde_json::{Value as Json, json};

use crate::site::{last_turn, site, site_with, visit};

const PAGE: &str = "<div dj-root>{{ seen }}</div>";

fn view() -> Declared {
    let note = |handler: Handler| {
        handler.run(|instance, arguments| {
            instance.set("seen", Value::from(arguments.values().clone()).repr());
            Ok(())
        })
    };
    Declared::new("shop.views.MyView", "page.html")
        .state("seen", "")
        .handler(note(
            Handler::new("pick")
                .parameter("item_id", ParameterType::Int, 0)
                .parameter("is_new", ParameterType::Bool, false),
        ))
        .handler(note(
            Handler::new("strict")
                .required("query", ParameterType::Str)
                .without_kwargs(),
        ))
        .handler(note(Handler::new("hidden").undecorated()))
        .handler(note(Handler::new("_private").undecorated()))
        .handler(note(
            Handler::new("search")
                .parameter("value", ParameterType::Str, "")
                .parameter("field_name", ParameterType::Str, ""),
        ))
        .handler(Handler::new("fail").run(|instance, _| {
            instance.set("seen", "half done");
            Err(Raised::value_error("no <such> thing"))
        }))
}

fn error(client: &mut TestClient, event: &str, params: &Json) -> String {
    let answer = client.answer(event, params);
    assert_eq!(answer["type"], "error", "{answer}");
    answer["error"].as_str().unwrap().to_owned()
}

#[test]
fn row_26_only_decorated_handlers_are_reached() {
    let mut client = visit(&site(PAGE, view()));
    assert_eq!(
        error(&mut client, "hidden", &json!({})),
        "Event 'hidden' on MyView is not decorated with @event_handler.\n  Fix: Add the decorator:\n    \
         @event_handler\n    def hidden(self, **kwargs):"
    );
    assert_eq!(
        error(&mut client, "_private", &json!({})),
        "Blocked unsafe event name: _private"
    );
    assert_eq!(
        error(&mut client, "private", &json!({})),
        "No handler found for event: private\n  Found '_private' (private). Rename it to remove the leading \
         underscore so it can be called as an event.\n  \
         Available handlers on MyView: fail, pick, search, strict"
    );
    assert!(error(&mut client, "serach", &json!({})).contains("Did you mean: search?"));
    let quiet = Settings {
        debug: false,
        ..Settings::default()
    };
    let mut client = visit(&site_with(quiet, PAGE, view()));
    assert_eq!(error(&mut client, "serach", &json!({})), "Event rejected");
    assert_eq!(client.html(), "");
}

#[test]
fn row_27_what_a_handler_does_not_name_is_absorbed_or_refused() {
    let mut client = visit(&site(PAGE, view()));
    assert_eq!(
        client.answer("pick", &json!({"item_id": 3, "extra": "x"}))["type"],
        "patch"
    );
    let answer = client.answer("strict", &json!({"query": "a", "extra": "x"}));
    assert_eq!(
        answer["error"],
        "Handler 'strict' received unexpected parameters: ['extra']. Expected: ['query']"
    );
    assert_eq!(
        answer["validation_details"],
        json!({"expected_params": ["query"], "provided_params": ["query", "extra"], "type_errors": null})
    );
}

#[test]
fn row_28_defaults_stand_for_what_is_not_sent() {
    let mut client = visit(&site(PAGE, view()));
    client.answer("pick", &json!({}));
    assert_eq!(client.state("seen").to_str(), "{'item_id': 0, 'is_new': False}");
    assert_eq!(
        error(&mut client, "strict", &json!({})),
        "Handler 'strict' missing required parameters: ['query']"
    );
}

#[test]
fn row_29_a_field_sends_its_value() {
    let mut client = visit(&site(PAGE, view()));
    client.answer(
        "search",
        &json!({"value": "bolt", "field_name": "q", "_target": "q"}),
    );
    let seen = client.state("seen").to_str().into_owned();
    assert!(
        seen.contains("'value': 'bolt'") && seen.contains("'field_name': 'q'"),
        "{seen}"
    );
}

#[test]
fn row_31_annotations_convert_and_what_cannot_be_converted_is_told() {
    let mut client = visit(&site(PAGE, view()));
    client.answer("pick", &json!({"item_id": "42", "is_new": "yes"}));
    assert_eq!(client.state("seen").to_str(), "{'item_id': 42, 'is_new': True}");
    let answer = client.answer("pick", &json!({"item_id": "zz"}));
    assert_eq!(
        answer["error"],
        "Handler 'pick' received wrong parameter types:\n  - item_id: expected int, got str ('zz')"
    );
    assert_eq!(
        answer["validation_details"]["type_errors"],
        json!([{"param": "item_id", "expected": "int", "actual": "str", "value": "zz"}])
    );
}

#[test]
fn whole_numbers_stay_whole() {
    let mut client = visit(&site(PAGE, view()));
    let sent =
        r#"{"type":"event","event":"search","params":{"a":-7,"b":18446744073709551615,"c":1.5},"ref":1}"#;
    client.input(djscope_live::Input::Text(sent.to_owned()));
    let seen = client.state("seen").to_str().into_owned();
    assert!(
        seen.contains("'a': -7, 'b': 18446744073709551615, 'c': 1.5"),
        "{seen}"
    );
}

#[test]
fn inline_arguments_go_before_named_ones() {
    let mut client = visit(&site(PAGE, view()));
    client.answer("pick", &json!({"item_id": "1", "_args": [7]}));
    assert_eq!(client.state("seen").to_str(), "{'item_id': 7, 'is_new': False}");
}

#[test]
fn what_a_browser_sends_has_no_marks_for_types() {
    let mut client = visit(&site(PAGE, view()));
    client.answer("search", &json!({"extra": {"$set": [1]}}));
    let seen = client.state("seen").to_str().into_owned();
    assert!(seen.contains("{'$set': [1]}"), "{seen}");
}

#[test]
fn row_32_a_parameter_that_is_nearly_named_is_told() {
    let mut client = visit(&site(PAGE, view()));
    client.event("search", &json!({"value": "x", "field": "q"}));
    let near = &last_turn(&client).near_misses;
    assert_eq!(near.len(), 1);
    assert_eq!((&*near[0].0, &*near[0].1), ("field", "field_name"));
}

#[test]
fn row_40_decorators_can_stand_in_any_order() {
    let inner = Handler::new("search")
        .debounce(0.5, None)
        .permission_required("a.b");
    let outer = Handler::new("search")
        .permission_required("a.b")
        .debounce(0.5, None);
    for handler in [inner, outer] {
        let view = Declared::new("demo.View", "page.html").handler(handler);
        let site = site("<div dj-root></div>", view);
        let mut client = TestClient::connect(&site, User::anonymous());
        client.take_frames();
        client.mount("demo.View", "/");
        let mount = &client.take_frames()[0];
        assert_eq!(mount["handler_config"]["search"]["debounce"]["wait"], 0.5);
        assert_eq!(error(&mut client, "search", &json!({})), "Permission denied");
    }
}

#[test]
fn what_a_handler_raises_is_told_and_its_changes_stay_unseen_until_the_next_render() {
    let mut client = visit(&site(PAGE, view()));
    let answer = client.answer("fail", &json!({}));
    assert_eq!(
        answer["error"],
        "Error in MyView.fail(): ValueError: no <such> thing"
    );
    assert_eq!((&answer["event"], &answer["ref"]), (&json!("fail"), &json!(1)));
    assert_eq!(client.html(), "");
    assert_eq!(
        client.state("seen").to_str(),
        "half done",
        "nothing is rolled back, as in Python"
    );
}

#[test]
fn row_88_a_turn_is_a_line_of_a_log() {
    let mut client = visit(&site(PAGE, view()));
    client.event("pick", &json!({}));
    let line = last_turn(&client).to_string();
    assert_eq!(
        line,
        "event pick ref=1 changed=seen handler_us=0 refresh_us=0 context_us=0 render_us=0 patches=1"
    );
    client.event("strict", &json!({}));
    assert!(
        last_turn(&client)
            .to_string()
            .ends_with("error: Handler 'strict' missing required parameters: ['query']")
    );
}
