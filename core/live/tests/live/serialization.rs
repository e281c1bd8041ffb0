//! Rows 6 to 14 and 97: what can be kept in a state.

use std::sync::Arc;

use djscope_live::{Decimals, Declared, Handler, Settings, TestClient, encode};
use djscope_template::value::{Dict, Opaque, Record, RecordKind, Value};
use serde_json::{Value as Json, json};

use crate::site::{page, site, site_with, visit};

fn typed(json: &Json) -> Value {
    Value::from_json(json).unwrap()
}

#[test]
fn row_06_what_json_holds_comes_back_equal() {
    let all = json!({"a": [1, -2.5, "x", null, true, {"b": []}], "é": "\u{1f600}"});
    let encoded = encode(&typed(&all), Decimals::Text).unwrap();
    assert_eq!(encoded, all);
}

#[test]
fn row_07_sets_become_sorted_lists_and_tuples_lists() {
    let set = typed(&json!({"$set": [2, 1]}));
    assert_eq!(encode(&set, Decimals::Text).unwrap(), json!([1, 2]));
    let tuple = typed(&json!({"$tuple": [2, {"$set": ["b", "a"]}]}));
    assert_eq!(encode(&tuple, Decimals::Text).unwrap(), json!([2, ["a", "b"]]));
    let view = Declared::new("demo.View", "page.html").state("tags", set);
    let client = visit(&site(
        "<div dj-root>{% for t in tags %}{{ t }}{% endfor %}</div>",
        view,
    ));
    assert_eq!(client.html(), "12");
}

fn user() -> Value {
    typed(&json!({"$model": {"app": "auth", "model": "User", "pk": 7,
        "fields": {"username": "ada", "password": "pbkdf2$hidden", "is_superuser": true, "is_staff": true,
                   "encrypted_note": "hidden", "key": {"$bytes": "AAE="}}}}))
}

#[test]
fn row_08_models_are_dicts_without_what_nobody_may_see() {
    let encoded = encode(&user(), Decimals::Text).unwrap();
    assert_eq!(encoded["pk"], 7);
    assert_eq!(encoded["__model__"], "auth.User");
    assert_eq!(encoded["username"], "ada");
    for hidden in ["password", "is_superuser", "is_staff", "encrypted_note", "key"] {
        assert!(encoded.get(hidden).is_none(), "{hidden}");
    }
    let view = Declared::new("demo.View", "page.html").state("account", user());
    let client = visit(&site(
        "<div dj-root>{{ account.username }}|{{ account.password }}|{{ account.is_staff }}</div>",
        view,
    ));
    assert_eq!(client.html(), "ada||");
}

#[test]
fn row_10_moments_and_uuids_are_written_in_iso_form() {
    for (value, written) in [
        (
            json!({"$datetime": "2026-11-28T10:00:00+00:00"}),
            "2026-11-28T10:00:00+00:00",
        ),
        (json!({"$date": "2026-11-28"}), "2026-11-28"),
        (json!({"$time": "10:00:00"}), "10:00:00"),
        (json!({"$timedelta": 90061.5}), "P1DT01H01M01.500000S"),
        (json!({"$timedelta": -60}), "-P0DT00H01M00S"),
        (
            json!({"$uuid": "12345678-1234-5678-1234-567812345678"}),
            "12345678-1234-5678-1234-567812345678",
        ),
    ] {
        assert_eq!(encode(&typed(&value), Decimals::Text).unwrap(), written);
    }
}

#[test]
fn row_11_decimals_are_text_or_as_djust_1_1_has_them() {
    let price = typed(&json!({"$decimal": "1.50"}));
    assert_eq!(encode(&price, Decimals::Text).unwrap(), json!("1.50"));
    assert_eq!(encode(&price, Decimals::Float).unwrap(), json!(1.5));
}

#[test]
fn row_12_a_declared_moment_is_not_dropped() {
    let view = Declared::new("demo.View", "page.html")
        .state("when", typed(&json!({"$datetime": "2026-11-28T10:05:00"})))
        .state("price", typed(&json!({"$decimal": "1.50"})))
        .computed("later", |reader| reader.get("when"));
    let client = visit(&site(
        "<div dj-root>{{ when|date:\"Y-m-d H:i\" }} {{ price }} {{ later|date:\"H\" }}</div>",
        view,
    ));
    assert_eq!(client.html(), "2026-11-28 10:05 1.50 10");
}

fn service(type_name: &str) -> Value {
    Value::Opaque(Arc::new(Opaque::repr(
        type_name,
        format!("<{type_name} object at 0x7f00>"),
    )))
}

#[test]
fn row_13_services_and_the_like_are_refused() {
    let cart = Value::Record(Arc::new(Record {
        kind: RecordKind::Object("shop.PaymentService".into()),
        fields: Dict::from_iter([("total", 1)]),
    }));
    for value in [
        service("botocore.client.S3"),
        service("requests.sessions.Session"),
        service("django.db.backends.utils.CursorWrapper"),
        service("_io.TextIOWrapper"),
        service("_thread.lock"),
        cart,
    ] {
        let refused = encode(&value, Decimals::Text).unwrap_err();
        assert!(value.repr().contains(&refused.repr), "{refused:?}");
        assert!(
            encode(&Value::from(vec![value]), Decimals::Text).is_err(),
            "inside of a list as well"
        );
    }
}

fn with_client() -> Declared {
    Declared::new("shop.views.MyView", "page.html")
        .state("client", Value::None)
        .mount(|instance| {
            instance.set("client", service("botocore.client.S3"));
            Ok(())
        })
}

#[test]
fn row_14_in_debug_mode_a_service_in_the_state_is_a_type_error_with_a_hint() {
    let mut client = TestClient::connect(
        &site("<div dj-root>{{ client }}</div>", with_client()),
        Default::default(),
    );
    client.mount("shop.views.MyView", "/");
    let error = client.take_frames().pop().unwrap();
    assert_eq!(
        error["error"],
        "Error in mount(): TypeError: Cannot serialize client=<botocore.client.S3 object at 0x7f00> in MyView.\n\
         Service instances must be created on-demand via helper methods.\n\
         See: docs/guides/services.md"
    );
    let settings = Settings {
        debug: false,
        ..Settings::default()
    };
    let quiet = site_with(settings, "<div dj-root>{{ client }}</div>", with_client());
    let shown = format!("{:?}", page(&quiet, "/"));
    assert!(
        shown.contains("&lt;botocore.client.S3 object at 0x7f00&gt;"),
        "{shown}"
    );
}

#[test]
fn a_service_that_a_handler_stores_is_told_with_its_name() {
    let view = Declared::new("demo.View", "page.html")
        .state("n", 0)
        .handler(Handler::new("go").run(|instance, _| {
            instance.set("session", service("requests.sessions.Session"));
            Ok(())
        }));
    let mut client = visit(&site("<div dj-root>{{ n }}</div>", view));
    let error = client.answer("go", &json!({}));
    assert!(
        error["error"]
            .as_str()
            .unwrap()
            .contains("Cannot serialize session="),
        "{error}"
    );
}

#[test]
fn row_97_names_that_say_secret_are_not_told() {
    let view = Declared::new("demo.View", "page.html")
        .state("n", 0)
        .state("api_secret", "hidden")
        .state("user_password_hash", "hidden")
        .handler(Handler::new("go").run(|instance, _| {
            instance.set("n", 1);
            Ok(())
        }));
    let settings = Settings {
        tells_state: true,
        ..Settings::default()
    };
    let mut client = visit(&site_with(settings, "<div dj-root>{{ n }}</div>", view));
    let frames = client.event("go", &json!({}));
    assert_eq!(frames[0]["entry"]["state_after"], json!({"n": 1}));
    assert!(!format!("{frames:?}").contains("hidden"));
}
