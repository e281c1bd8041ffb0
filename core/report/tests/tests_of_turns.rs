//! The text of a test that is made out of a turn.

#![allow(clippy::unwrap_used)]

use djscope_recording::model::{Exception, Outcome, Snapshot, Turn, TurnDetail, TurnKind, changes_between};
use djscope_report::pytest::{Expect, Test, sensible, text, writable};
use serde_json::{Map, Value, json};

fn state(public: Value, private: Value) -> Snapshot {
    let map = |value: Value| match value {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    Snapshot {
        public: map(public),
        private: map(private),
    }
}

fn detail(before: Snapshot, after: Snapshot, outcome: Outcome) -> TurnDetail {
    let mut turn = Turn::begun(17, TurnKind::Event, 0);
    turn.event = Some("add".to_owned());
    turn.view = Some("shop.views.cart.CartView".to_owned());
    turn.outcome = outcome;
    TurnDetail {
        changes: changes_between(&before, &after),
        before: Some(before),
        after: Some(after),
        ..TurnDetail::of(turn)
    }
}

fn test(detail: &TurnDetail) -> Test<'_> {
    let frame = json!({"type": "mount", "view": "shop.views.cart.CartView", "url": "/cart/", "params": {}});
    Test {
        recording: "cart.djscope",
        recorded_at: "2026-11-30 13:00:00 UTC",
        detail,
        view: "shop.views.cart.CartView",
        mount: frame.as_object().unwrap().clone(),
        user: Value::Null,
        settings: Some("shop.settings"),
        has_database: true,
        kept: None,
        earlier: Vec::new(),
        event: Some(json!({"type": "event", "event": "add", "params": {"id": "3"}, "ref": 4})),
        expects: vec![sensible(detail)],
        is_default: true,
        minimised: "Kept of what came before: state: 1 of 3 names, events: 1 of 14 (9 runs).".to_owned(),
        unsteady: Vec::new(),
    }
}

#[test]
fn a_change_that_nobody_sees() {
    let before = state(json!({"items": [], "total": 0, "title": "Cart"}), json!({}));
    let after = state(json!({"items": ["nut"], "total": 0, "title": "Cart"}), json!({}));
    let detail = detail(before, after, Outcome::Noop);
    let mut test = test(&detail);
    assert_eq!(test.expects, [Expect::UpToDate]);
    test.kept = Some(["items".to_owned()].into());
    insta::assert_snapshot!(text(&test).unwrap());
}

#[test]
fn what_was_recorded_with_values_of_every_kind() {
    let row = json!({"$model": {"app": "shop", "model": "Product", "pk": 3, "fields": {"id": 3, "name": "Nut", "category_id": 1}}});
    let before = state(
        json!({
            "product": row,
            "rows": {"$queryset": {"model": "shop.Product", "rows": [row], "sql": null}},
            "price": {"$decimal": "1.20"},
            "since": {"$datetime": "2026-11-30T13:00:00+00:00"},
            "tags": {"$set": ["a", "b"]},
            "one": {"$tuple": [1]},
            "by_id": {"$dict": [[1, "x"]]},
            "basket": {"$object": {"type": "shop.cart.Basket", "fields": {"n": 0}}},
            "twin": {"$object": {"type": "shop.other.Basket", "fields": {}}},
            "raw": {"$bytes": "AP8="},
            "api_key": "[redacted:str:9-16:1a2b3c4d]",
            "lock": {"$repr": {"type": "_thread.lock", "text": "<_thread.lock>"}},
        }),
        json!({"_seen": true}),
    );
    let mut after = before.clone();
    after
        .public
        .insert("price".to_owned(), json!({"$decimal": "2.40"}));
    after.public.insert("at".to_owned(), json!(1.5));
    let detail = detail(before.clone(), after, Outcome::Patched);
    let mut test = test(&detail);
    test.user = json!(5);
    test.unsteady = vec![("at".to_owned(), "reads the clock".to_owned())];
    let made = text(&test).unwrap();
    insta::assert_snapshot!(made);
    assert!(!writable(&before).contains("lock") && writable(&before).contains("api_key"));
}

#[test]
fn an_error_with_what_was_sent_before() {
    let before = state(json!({"n": 1}), json!({}));
    let mut detail = detail(before.clone(), before, Outcome::Error);
    detail.turn.exception = Some(Exception {
        class: "builtins.ValueError".to_owned(),
        message: "after the \"\"\" change\nimport os".to_owned(),
        ..Exception::default()
    });
    let mut test = test(&detail);
    assert_eq!(test.expects, [Expect::NoError]);
    test.has_database = false;
    test.kept = Some([].into());
    test.earlier = vec![json!({"type": "event", "event": "open", "params": {}})];
    insta::assert_snapshot!(text(&test).unwrap());
}

#[test]
fn what_a_developer_says() {
    let state_now = state(json!({"total": 3, "items": ["a"]}), json!({}));
    let detail = detail(state_now.clone(), state_now, Outcome::Noop);
    let mut test = test(&detail);
    test.is_default = false;
    test.expects = [
        "state:total == Decimal('4')",
        "html-contains:it's <b>4</b>",
        "html-lacks:\"3\"",
        "patches",
    ]
    .map(|text| text.parse().unwrap())
    .to_vec();
    let made = text(&test).unwrap();
    let start = made.find("class Turn17").unwrap();
    let end = made.find("# What follows").unwrap();
    insta::assert_snapshot!(&made[start..end]);
    assert!(made.contains("from decimal import Decimal\n"), "{made}");
    test.expects = vec![Expect::State("sum == 3".to_owned())];
    assert!(text(&test).unwrap_err().contains("looks at no name of the state"));
}

#[test]
fn a_view_without_a_name_that_can_be_imported() {
    let detail = detail(Snapshot::default(), Snapshot::default(), Outcome::Noop);
    for view in [
        "os; import shutil",
        "views",
        "a.b-c.View",
        "a.class.View",
        "a.f.<locals>.View",
    ] {
        let mut test = test(&detail);
        test.view = view;
        assert!(text(&test).unwrap_err().contains("cannot be imported"), "{view}");
    }
}
