//! Rows 1 to 5 and 49 to 55: the state of a view, and what follows from it.

use djscope_live::trace::NoChange;
use djscope_live::{Application, Declared, Handler, ParameterType, Settings, TestClient};
use djscope_template::value::{Dict, Value};
use serde_json::json;

use crate::site::{kinds, last_turn, site, texts, visit};

fn counter() -> Declared {
    Declared::new("demo.Counter", "page.html").state("n", 0).handler(
        Handler::new("set")
            .parameter("n", ParameterType::Int, 1)
            .run(|instance, arguments| {
                instance.set("n", arguments.int("n"));
                Ok(())
            }),
    )
}

#[test]
fn row_01_a_declared_name_is_on_the_page_and_its_change_is_told() {
    let mut client = visit(&site("<div dj-root><p>{{ n }}</p></div>", counter()));
    assert!(client.html().contains(">0</p>"));
    let answer = client.answer("set", &json!({"n": "1"}));
    assert_eq!(texts(&answer), ["1"]);
    assert_eq!(answer["ref"], 1);
    assert_eq!(answer["version"], 2);
    assert_eq!(last_turn(&client).changed.len(), 1);
    assert_eq!(&*last_turn(&client).changed[0], "n");
}

#[test]
fn row_02_a_name_that_only_mount_assigns_works_as_well() {
    let view = Declared::new("demo.View", "page.html").mount(|instance| {
        instance.set("title", "from mount");
        Ok(())
    });
    let client = visit(&site("<div dj-root>{{ title }}</div>", view));
    assert_eq!(client.html(), "from mount");
}

#[test]
fn row_03_each_visitor_has_a_default_of_its_own() {
    let view = Declared::new("demo.View", "page.html")
        .state("items", Vec::<Value>::new())
        .handler(Handler::new("add").run(|instance, _| {
            instance.update_list("items", |items| items.push(Value::from(1)));
            Ok(())
        }));
    let site = site("<div dj-root>{{ items|length }}</div>", view);
    let (mut first, mut second) = (visit(&site), visit(&site));
    first.event("add", &json!({}));
    assert_eq!(first.html(), "1");
    second.event("nothing", &json!({}));
    assert_eq!(second.html(), "0");
    assert_eq!(visit(&site).html(), "0");
}

#[test]
fn row_04_public_names_are_in_the_context() {
    let view = Declared::new("demo.View", "page.html").state("items", vec![Value::from("a")]);
    let client = visit(&site("<div dj-root>{{ items.0 }} {{ items_count }}</div>", view));
    assert_eq!(client.html(), "a 1");
}

#[test]
fn row_05_private_names_are_neither_in_templates_nor_in_frames() {
    let view = Declared::new("demo.View", "page.html")
        .state("_secret", "hidden-7")
        .state("shown", 0)
        .handler(Handler::new("go").run(|instance, _| {
            instance.set("_secret", "hidden-8");
            instance.set("shown", 1);
            Ok(())
        }));
    let settings = Settings {
        tells_state: true,
        ..Settings::default()
    };
    let page = "<div dj-root>{{ shown }}{% debug %}</div>";
    let mut client = visit(&crate::site::site_with(settings, page, view));
    let frames = client.event("go", &json!({}));
    assert!(
        frames.iter().any(|frame| frame["type"] == "time_travel_event"),
        "{frames:#?}"
    );
    assert!(!format!("{frames:?}").contains("hidden"), "{frames:#?}");
    assert!(!client.html().contains("hidden"));

    let mut application = Application::new(
        Settings::default(),
        [(
            "page.html".to_owned(),
            "<div dj-root>{{ _secret }}</div>".to_owned(),
        )],
    );
    let refused = application.add("/", Declared::new("demo.View", "page.html"));
    assert!(refused.unwrap_err().to_string().contains("_secret"));
}

#[test]
fn static_names_stay_as_they_were_first_shown() {
    let view = Declared::new("demo.View", "page.html")
        .state("countries", "first")
        .state("n", 0)
        .static_assign("countries")
        .handler(Handler::new("alone").run(|instance, _| {
            instance.set("countries", "second");
            Ok(())
        }))
        .handler(Handler::new("beside").run(|instance, _| {
            instance.set("countries", "third");
            instance.set("n", 1);
            Ok(())
        }));
    let mut client = visit(&site("<div dj-root>{{ countries }}<b>{{ n }}</b></div>", view));
    assert_eq!(client.answer("alone", &json!({}))["type"], "noop");
    assert_eq!(texts(&client.answer("beside", &json!({}))), ["1"]);
    assert!(client.html().starts_with("first"), "{}", client.html());
}

#[test]
fn a_push_cannot_set_private_names() {
    let view = Declared::new("demo.View", "page.html")
        .state("_kept", 1)
        .state("shown", 1);
    let mut client = visit(&site("<div dj-root>{{ shown }}</div>", view));
    let state = Dict::from_iter([("_kept", 2), ("shown", 2)].map(|(name, value)| (name, Value::Int(value))));
    client.input(djscope_live::Input::Push(djscope_live::Push {
        target: "demo.View".into(),
        action: djscope_live::PushAction::Set(state),
    }));
    assert!(client.state("_kept").same(&Value::Int(1)));
    assert!(client.state("shown").same(&Value::Int(2)));
}

fn search() -> Declared {
    Declared::new("demo.Search", "page.html")
        .state("query", "")
        .state("page", 1)
        .state("wide", false)
        .state("_private", 1)
        .state("request", "framework")
        .state("unbound", 1)
        .context(|instance, context| {
            if !instance.text("query").is_empty() {
                context.insert(
                    "results",
                    vec![Value::from(instance.text("query").to_uppercase())],
                );
            }
            Ok(())
        })
}

const SEARCH: &str = r#"<div dj-root><input dj-model="query" value="{{ query }}"><input dj-model.lazy="page">
<input type="checkbox" dj-model='wide'>{% for result in results %}<b>{{ result }}</b>{% endfor %}</div>"#;

#[test]
fn row_49_what_is_typed_is_in_the_state_and_on_the_page() {
    let mut client = visit(&site(SEARCH, search()));
    let answer = client.answer("update_model", &json!({"field": "query", "value": "bolt"}));
    assert_eq!(answer["type"], "patch");
    assert!(client.html().contains(">BOLT</b>"), "{}", client.html());
    client.answer("update_model", &json!({"field": "query", "value": ""}));
    assert!(
        !client.html().contains("</b>"),
        "a name that is gone is gone: {}",
        client.html()
    );
}

#[test]
fn row_51_what_the_browser_may_not_set_is_refused_with_a_reason() {
    let mut client = visit(&site(SEARCH, search()));
    for (field, reason) in [
        ("_private", "private"),
        ("request", "framework"),
        ("unbound", "no dj-model"),
        ("nothing", "no dj-model"),
    ] {
        let answer = client.answer("update_model", &json!({"field": field, "value": "x"}));
        assert_eq!(answer["type"], "error");
        assert!(answer["error"].as_str().unwrap().contains(reason), "{answer}");
    }
    assert!(client.state("_private").same(&Value::Int(1)));
    assert!(client.state("unbound").same(&Value::Int(1)));
    assert!(client.state("request").same(&Value::from("framework")));
    assert!(client.session.state("nothing").is_none());
    let wrong = client.answer("update_model", &json!({"field": "page", "value": "seven"}));
    assert!(wrong["error"].as_str().unwrap().contains("int"), "{wrong}");
}

#[test]
fn row_52_what_is_written_gets_the_type_of_what_is_there() {
    let mut client = visit(&site(SEARCH, search()));
    client.answer("update_model", &json!({"field": "page", "value": "7"}));
    assert!(client.state("page").same(&Value::Int(7)));
    client.answer("update_model", &json!({"field": "wide", "value": true}));
    assert!(client.state("wide").same(&Value::Bool(true)));
}

fn dashboard() -> Declared {
    let service = |active: bool| Value::from(Dict::from_iter([("active", active)]));
    Declared::new("demo.Dashboard", "page.html")
        .state(
            "services",
            vec![service(true), service(false), service(true), service(true)],
        )
        .state("unrelated", 0)
        .computed("active_count", |reader| {
            let services = reader.get("services")?;
            let active = services.items()?.filter(|service| match &**service {
                Value::Dict(fields) => fields.get("active").is_some_and(Value::is_truthy),
                _ => false,
            });
            Ok(Value::Int(active.count() as i64))
        })
        .computed("percentage_active", |reader| {
            let active = reader.get("active_count")?.to_small_int().unwrap_or(0);
            let total = reader.get("services")?.len().unwrap_or(0) as i64;
            Ok(Value::Int(if total == 0 { 0 } else { active * 100 / total }))
        })
        .handler(Handler::new("clear").run(|instance, _| {
            instance.set("services", Vec::<Value>::new());
            Ok(())
        }))
        .handler(Handler::new("other").run(|instance, _| {
            let next = instance.int("unrelated") + 1;
            instance.set("unrelated", next);
            Ok(())
        }))
}

const DASHBOARD: &str = "<div dj-root>{{ active_count }} of {{ services|length }} ({{ percentage_active }}%) {{ unrelated }}</div>";

#[test]
fn row_53_computed_values_are_in_the_context_and_computed_once() {
    let mut client = visit(&site(DASHBOARD, dashboard()));
    assert_eq!(client.html(), "3 of 4 (75%) 0");
    assert_eq!(
        last_turn(&client).computed,
        2,
        "each once, though one needs the other"
    );
    client.event("other", &json!({}));
    assert_eq!(last_turn(&client).computed, 0, "nothing changed that they read");
    client.event("clear", &json!({}));
    assert_eq!(client.html(), "0 of 0 (0%) 1");
    assert_eq!(last_turn(&client).computed, 2);
}

#[test]
fn row_54_computed_values_can_use_each_other_but_not_themselves() {
    let client = visit(&site(DASHBOARD, dashboard()));
    assert!(client.html().contains("(75%)"));
    let view = Declared::new("demo.View", "page.html").computed("round", |reader| reader.get("round"));
    let mut client = TestClient::connect(&site("<div dj-root>{{ round }}</div>", view), Default::default());
    client.mount("demo.View", "/");
    let error = client.take_frames().pop().unwrap();
    assert!(
        error["error"].as_str().unwrap().contains("RecursionError"),
        "{error}"
    );
}

#[test]
fn row_55_derived_names_come_from_the_context_and_it_is_known_what_they_read() {
    use djscope_live::{Instance, Request};
    let view: std::sync::Arc<dyn djscope_live::LiveView> = std::sync::Arc::new(dashboard());
    let instance = Instance::new(view, Request::get("/"), jiff::Timestamp::UNIX_EPOCH);
    instance.computed("percentage_active").unwrap();
    assert_eq!(instance.computed_reads("percentage_active"), ["services".into()]);
    let mut client = visit(&site(SEARCH, search()));
    client.answer("update_model", &json!({"field": "query", "value": "a"}));
    let changed: Vec<&str> = last_turn(&client)
        .context_changed
        .iter()
        .map(|name| &**name)
        .collect();
    assert_eq!(changed, ["query", "results"]);
}

#[test]
fn row_90_every_empty_answer_says_why() {
    let big: Value = (0..25_000).map(Value::Int).collect();
    let go = |name: &str, change: fn(&mut djscope_live::Instance)| {
        Handler::new(name).run(move |instance, _| {
            change(instance);
            Ok(())
        })
    };
    let view = Declared::new("demo.View", "page.html")
        .state("shown", 1)
        .state("unused", 1)
        .state("skipped", 1)
        .state("outside", 1)
        .state("branch", "x")
        .state("is_open", false)
        .state("_private", 1)
        .state("blank", " ")
        .state("big", big)
        .handler(go("nothing", |_| {}))
        .handler(go("same", |instance| instance.set("shown", 1)))
        .handler(go("inside", |instance| {
            instance.change_in_place("big", |big| {
                let Value::List(items) = big else {
                    return Value::None;
                };
                let mut items = items.to_vec();
                items[7] = Value::Int(-7);
                Value::from(items)
            });
        }))
        .handler(go("skip", |instance| {
            instance.set("skipped", 2);
            instance.skip_render();
        }))
        .handler(go("push", |instance| instance.push_event("ping", json!({}))))
        .handler(go("private", |instance| {
            let next = instance.int("_private") + 1;
            instance.set("_private", next);
        }))
        .handler(go("unused", |instance| instance.set("unused", 2)))
        .handler(go("branch", |instance| instance.set("branch", "y")))
        .handler(go("outside", |instance| instance.set("outside", 2)))
        .handler(go("blank", |instance| instance.set("blank", "\n")))
        .handler(go("force", |instance| instance.set_changed_keys(&["shown"])));
    let page = "<title>{{ outside }}</title><div dj-root>{{ big|length }}{{ shown }}<i>{{ blank }}</i>\
                {% if is_open %}{{ branch }}{% endif %}</div>";
    let mut client = visit(&site(page, view));
    for (event, kind, reason) in [
        ("nothing", "noop", NoChange::SameState),
        ("same", "noop", NoChange::SameState),
        ("private", "patch", NoChange::OnlyPrivate),
        ("unused", "patch", NoChange::NotInTemplate),
        ("branch", "patch", NoChange::SameText),
        ("outside", "patch", NoChange::SamePage),
        ("blank", "patch", NoChange::SamePage),
        ("inside", "noop", NoChange::Unnoticed),
        ("skip", "noop", NoChange::SkipRender),
    ] {
        let answer = client.answer(event, &json!({}));
        assert_eq!(answer["type"], kind, "{event}: {answer}");
        assert_eq!(answer["reason"], reason.text(), "{event}");
        assert!(kinds(&answer).is_empty(), "{event}: {answer}");
    }
    let frames = client.event("push", &json!({}));
    assert_eq!(frames[0]["reason"], NoChange::OnlyPushed.text());
    assert_eq!(frames[1]["type"], "push_event", "pushed events come last");
    let forced = client.answer("force", &json!({}));
    assert_eq!(forced["type"], "html_update");
    assert_eq!(forced["reason"], "force_full_html");
}
