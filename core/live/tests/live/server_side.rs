//! Rows 56, 58, 66 to 77, 82, 86 and 95: what the server does beside handling events.

use std::time::Duration;

use djscope_live::trace::{Cause, Outcome, Phase};
use djscope_live::{
    Application, Declared, Handler, Input, PageAnswer, ParameterType, PushAction, Rate, Settings,
    StreamOperation, TestClient, UploadSlot, User,
};
use djscope_template::value::{Dict, Value};
use serde_json::json;

use crate::site::{kinds, last_turn, page, site, site_with, texts, visit, visit_by};

fn ticking() -> Declared {
    Declared::new("demo.Clock", "page.html")
        .state("beats", 0)
        .tick(8_000, |instance| {
            let next = instance.int("beats") + 1;
            instance.set("beats", next.min(4));
            Ok(())
        })
        .handler(Handler::new("slow").run(|instance, _| {
            instance.pause(Duration::from_secs(9));
            instance.set("beats", 100);
            Ok(())
        }))
}

#[test]
fn row_56_ticks_come_in_time_and_say_nothing_if_nothing_changed() {
    let mut client = visit(&site("<div dj-root>{{ beats }}</div>", ticking()));
    client.take_frames();
    assert_eq!(client.pass(Duration::from_millis(7_999)).len(), 0);
    let frames = client.pass(Duration::from_millis(1));
    assert_eq!(texts(&frames[0]), ["1"]);
    assert_eq!(
        (&frames[0]["source"], &frames[0]["event_name"]),
        (&json!("tick"), &json!("tick"))
    );
    assert_eq!(client.pass(Duration::from_millis(24_000)).len(), 3);
    assert_eq!(
        client.pass(Duration::from_millis(80_000)).len(),
        0,
        "the state is the same"
    );
    let ticks = client
        .turns
        .iter()
        .filter(|turn| turn.cause == Cause::Tick)
        .count();
    assert_eq!(ticks, 14);
}

#[test]
fn ticks_during_an_event_are_left_out_and_what_comes_meanwhile_waits() {
    let mut client = visit(&site("<div dj-root>{{ beats }}</div>", ticking()));
    client.pass(Duration::from_millis(7_000));
    assert_eq!(
        client.event("slow", &json!({})).len(),
        0,
        "its answer comes when it is done"
    );
    assert_eq!(client.event("slow", &json!({})).len(), 0);
    let frames = client.pass(Duration::from_millis(9_000));
    let refs: Vec<_> = frames.iter().map(|frame| frame["ref"].clone()).collect();
    assert_eq!(refs, [json!(1)], "{frames:#?}");
    assert!(client.turns.iter().any(|turn| turn.outcome == Outcome::Skipped));
    let frames = client.pass(Duration::from_millis(9_000));
    assert_eq!(frames[0]["ref"], 2, "{frames:#?}");
}

fn board() -> Declared {
    Declared::new("demo.views.DashboardView", "page.html")
        .state("services", 0)
        .handler(Handler::new("tell").run(|instance, _| {
            let state = Dict::from_iter([("services", 7)].map(|(name, n)| (name, Value::Int(n))));
            instance.push_to_view("dashboard", PushAction::Set(state));
            Ok(())
        }))
        .handler(
            Handler::new("handle_more")
                .parameter("by", ParameterType::Int, 1)
                .undecorated()
                .run(|instance, arguments| {
                    let sum = instance.int("services") + arguments.int("by");
                    instance.set("services", sum);
                    Ok(())
                }),
        )
        .handler(Handler::new("private_work").undecorated())
}

#[test]
fn row_58_a_push_reaches_the_other_sessions_by_path_or_short_name() {
    let site = site("<div dj-root>{{ services }}</div>", board());
    let (mut first, mut second) = (visit(&site), visit(&site));
    first.event("tell", &json!({}));
    let push = first.pushes.pop().unwrap();
    assert_eq!(first.html(), "0", "not to itself");
    second.take_frames();
    second.input(Input::Push(push));
    let frame = second.take_frames().pop().unwrap();
    assert_eq!(texts(&frame), ["7"]);
    assert_eq!(
        (&frame["source"], &frame["broadcast"]),
        (&json!("broadcast"), &json!(true))
    );
    for target in [
        "demo.views.DashboardView",
        "dashboard",
        "Dashboard",
        "DashboardView",
    ] {
        assert!(second.session.is_target(target), "{target}");
    }
    for target in ["other", "demo.views.Dashboard", "views.DashboardView"] {
        assert!(!second.session.is_target(target), "{target}");
    }
    let call = |handler: &str| {
        Input::Push(djscope_live::Push {
            target: "dashboard".into(),
            action: PushAction::Call {
                handler: handler.into(),
                payload: Dict::from_iter([("by", 3)].map(|(name, n)| (name, Value::Int(n)))),
            },
        })
    };
    second.input(call("handle_more"));
    assert_eq!(second.html(), "10");
    second.take_frames();
    second.input(call("private_work"));
    assert_eq!(second.take_frames()[0]["type"], "error");
}

fn guarded() -> Application {
    let mut application = Application::new(
        Settings::default(),
        [("page.html".to_owned(), "<div dj-root>inside</div>".to_owned())],
    );
    let page = |path: &str| Declared::new(path, "page.html");
    application
        .add("/", page("demo.Members").login_required())
        .unwrap();
    application
        .add(
            "/admin/",
            page("demo.Admin").permission_required("shop.change_settings"),
        )
        .unwrap();
    application
}

#[test]
fn row_66_who_has_not_logged_in_is_sent_to_do_that() {
    let site = std::sync::Arc::new(guarded());
    assert_eq!(
        page(&site, "/"),
        PageAnswer::Redirect("/accounts/login/?next=/".to_owned())
    );
    let mut client = visit_by(&site, User::anonymous());
    let frames = client.take_frames();
    let navigate = frames.last().unwrap();
    assert_eq!(
        (&navigate["type"], &navigate["to"]),
        (&json!("navigate"), &json!("/accounts/login/?next=/"))
    );
    assert_eq!(client.closed, Some(4403));
    assert_eq!(client.html(), "");
    assert_eq!(visit_by(&site, User::named("ada", &[])).html(), "inside");
}

#[test]
fn row_67_who_lacks_the_permission_is_refused() {
    let site = std::sync::Arc::new(guarded());
    let mut client = TestClient::connect(&site, User::named("ada", &["shop.other"]));
    client.mount("demo.Admin", "/admin/");
    assert_eq!(client.take_frames().pop().unwrap()["error"], "Permission denied");
    assert_eq!(client.closed, Some(4403));
    let mut client = TestClient::connect(&site, User::named("ada", &["shop.change_settings"]));
    client.mount("demo.Admin", "/admin/");
    assert_eq!(client.html(), "inside");
}

#[test]
fn row_68_access_is_asked_for_at_every_event() {
    let view = Declared::new("demo.Item", "page.html")
        .state("owner", "ada")
        .access(|instance| {
            instance.text("owner") == instance.request().user.name.as_deref().unwrap_or_default()
        })
        .handler(Handler::new("give_away").run(|instance, _| {
            instance.set("owner", "bob");
            Ok(())
        }));
    let site = site("<div dj-root>{{ owner }}</div>", view);
    let mut client = visit_by(&site, User::named("ada", &[]));
    assert_eq!(client.answer("give_away", &json!({}))["type"], "patch");
    let refused = client.answer("give_away", &json!({}));
    assert_eq!(
        (&refused["error"], &refused["code"]),
        (
            &json!("Access denied for this object."),
            &json!("permission_denied")
        )
    );
    assert_eq!(visit_by(&site, User::named("bob", &[])).closed, Some(4403));
}

#[test]
fn row_70_what_users_write_is_escaped() {
    let view = Declared::new("demo.View", "page.html").state("text", "<script>x</script>");
    let client = visit(&site("<div dj-root title=\"{{ text }}\">{{ text }}</div>", view));
    assert!(client.html().contains("&lt;script&gt;"), "{}", client.html());
}

#[test]
fn row_71_markup_needs_to_be_marked_safe() {
    let view = Declared::new("demo.View", "page.html")
        .state("plain", "<b>x</b>")
        .state("marked", Value::safe("<b>y</b>"));
    let page = "<div dj-root>{{ plain }}{{ marked }}{{ plain|safe }}{{ plain|json_script:\"data\" }}</div>";
    let client = visit(&site(page, view));
    let html = client.html();
    assert!(
        html.contains("&lt;b&gt;x&lt;/b&gt;") && html.contains(">y</b>") && html.contains(">x</b>"),
        "{html}"
    );
    assert!(html.contains("\\u003Cb\\u003E"), "{html}");
}

#[test]
fn row_72_a_modal_comes_and_goes() {
    let view = Declared::new("demo.View", "page.html")
        .state("show_modal", false)
        .state("modal_data", Dict::new())
        .handler(Handler::new("open_modal").run(|instance, _| {
            instance.set("modal_data", Dict::from_iter([("name", "Bolt")]));
            instance.set("show_modal", true);
            Ok(())
        }))
        .handler(Handler::new("close_modal").run(|instance, _| {
            instance.set("show_modal", false);
            Ok(())
        }));
    let page =
        "<div dj-root>{% if show_modal %}<div class=\"modal\">{{ modal_data.name }}</div>{% endif %}</div>";
    let mut client = visit(&site(page, view));
    let opened = kinds(&client.answer("open_modal", &json!({})));
    assert!(
        opened == ["InsertChild"] || opened == ["InsertSubtree"],
        "{opened:?}"
    );
    assert!(client.html().contains("Bolt"));
    let closed = kinds(&client.answer("close_modal", &json!({})));
    assert!(
        closed == ["RemoveChild"] || closed == ["RemoveSubtree"],
        "{closed:?}"
    );
}

fn tabs() -> Declared {
    let is_tab = |tab: &str| ["overview", "settings"].contains(&tab);
    Declared::new("demo.Tabs", "page.html")
        .state("active_tab", "overview")
        .params(move |instance, params, _| {
            let tab = params
                .get("tab")
                .map_or("overview".into(), |tab| tab.to_str().into_owned());
            if is_tab(&tab) {
                instance.set("active_tab", tab);
            }
            Ok(())
        })
        .handler(
            Handler::new("switch_tab")
                .parameter("tab_name", ParameterType::Str, "")
                .run(move |instance, arguments| {
                    let tab = arguments.text("tab_name");
                    if is_tab(&tab) {
                        instance.set("active_tab", tab);
                    }
                    Ok(())
                }),
        )
        .handler(Handler::new("go").run(|instance, _| {
            instance.live_patch(Dict::from_iter([("tab", "settings")]), true);
            Ok(())
        }))
}

const TABS: &str = "<div dj-root>{{ active_tab }}</div>";

#[test]
fn row_73_tabs_by_click() {
    let mut client = visit(&site(TABS, tabs()));
    assert_eq!(
        texts(&client.answer("switch_tab", &json!({"tab_name": "settings"}))),
        ["settings"]
    );
    assert_eq!(
        client.answer("switch_tab", &json!({"tab_name": "no such"}))["type"],
        "noop"
    );
}

#[test]
fn row_74_the_address_is_told_to_the_view_and_by_it() {
    let site = site(TABS, tabs());
    let PageAnswer::Html(html) = page(&site, "/?tab=settings") else {
        panic!()
    };
    assert!(html.contains(">settings</div>"), "the first page already: {html}");
    let mut client = visit(&site);
    client.take_frames();
    client.send(&json!({"type": "url_change", "params": {"tab": "settings"}, "uri": "/?tab=settings"}));
    let frame = client.take_frames().pop().unwrap();
    assert_eq!(
        (texts(&frame), &frame["event_name"]),
        (vec!["settings".to_owned()], &json!("url_change"))
    );
    assert_eq!((frame.get("ref"), frame.get("source")), (None, None));
    client.send(&json!({"type": "url_change", "params": {}, "uri": "/"}));
    assert_eq!(texts(&client.take_frames()[0]), ["overview"], "back");
    client.send(&json!({"type": "url_change", "params": {}, "uri": "/"}));
    assert_eq!(
        client.take_frames()[0]["patches"],
        json!([]),
        "answered though nothing changed"
    );
    // A patch from a handler calls handle_params as well.
    let frames = client.event("go", &json!({}));
    assert_eq!(texts(&frames[0]), ["settings"]);
    assert_eq!(
        (&frames[1]["action"], &frames[1]["replace"]),
        (&json!("live_patch"), &json!(true))
    );
}

#[test]
fn row_75_another_view_on_the_same_connection() {
    let mut application = Application::new(
        Settings::default(),
        [
            ("tabs.html".to_owned(), TABS.to_owned()),
            (
                "item.html".to_owned(),
                "<div dj-root>item {{ pk }}</div>".to_owned(),
            ),
        ],
    );
    application
        .add(
            "/",
            Declared::new("demo.Tabs", "tabs.html").state("active_tab", "a"),
        )
        .unwrap();
    let item = Declared::new("demo.Item", "item.html").mount(|instance| {
        let pk = instance.request().kwargs.get("pk").cloned().unwrap_or_default();
        instance.set("pk", pk);
        Ok(())
    });
    application.add("/items/<int:pk>/", item).unwrap();
    let mut client = visit(&std::sync::Arc::new(application));
    client.take_frames();
    client
        .send(&json!({"type": "live_redirect_mount", "view": "demo.Tabs", "params": {}, "url": "/items/7/"}));
    let mount = client.take_frames().pop().unwrap();
    assert_eq!(
        (&mount["type"], &mount["view"]),
        (&json!("mount"), &json!("demo.Item"))
    );
    assert_eq!(mount["version"], 2, "the versions go on");
    assert_eq!(client.html(), "item 7");
    client.send(&json!({"type": "live_redirect_mount", "view": "no.Such", "params": {}, "url": "/nowhere/"}));
    assert_eq!(client.take_frames()[0]["error"], "View no.Such is not allowed");
}

#[test]
fn a_page_that_comes_over_the_connection_brings_its_title() {
    let page = |title: &str| format!("<head>{title}</head><body><div dj-root>{{{{ n }}}}</div></body>");
    let mut application = Application::new(
        Settings::default(),
        [
            ("first.html".to_owned(), page("<title>First</title>")),
            (
                "second.html".to_owned(),
                page("<title id=\"t\">{{ n }} &amp; <b></title>"),
            ),
            ("third.html".to_owned(), page("")),
        ],
    );
    for (path, name) in [("/", "first"), ("/second/", "second"), ("/third/", "third")] {
        let view = Declared::new(&format!("demo.{name}"), &format!("{name}.html")).state("n", 2);
        application.add(path, view).unwrap();
    }
    let mut client = visit(&std::sync::Arc::new(application));
    assert!(
        client
            .take_frames()
            .iter()
            .all(|frame| frame["type"] != "page_metadata"),
        "a page that was loaded has its title"
    );
    let mut titles = |url: &str| {
        client.send(&json!({"type": "live_redirect_mount", "view": "", "params": {}, "url": url}));
        let frames = client.take_frames();
        let titles = frames.iter().filter(|frame| frame["type"] == "page_metadata");
        titles
            .map(|frame| frame["value"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(titles("/second/"), ["2 & <b>"]);
    assert_eq!(titles("/third/"), [] as [&str; 0]);
}

#[test]
fn row_76_a_toast_is_a_change_of_text() {
    let view = Declared::new("demo.View", "page.html")
        .state("toast_message", "")
        .handler(Handler::new("save_item").run(|instance, _| {
            let text = if instance.text("toast_message").is_empty() {
                "Saved successfully!"
            } else {
                "Error: full"
            };
            instance.set("toast_message", text);
            Ok(())
        }));
    let page = "<div dj-root>{% if toast_message %}<p>{{ toast_message }}</p>{% endif %}</div>";
    let mut client = visit(&site(page, view));
    client.event("save_item", &json!({}));
    assert!(client.html().contains("Saved successfully!"));
    assert_eq!(texts(&client.answer("save_item", &json!({}))), ["Error: full"]);
}

#[test]
fn row_77_a_flag_that_is_set_and_reset_in_one_handler_is_never_seen() {
    let view = Declared::new("demo.View", "page.html")
        .state("is_loading", false)
        .handler(Handler::new("load_data").run(|instance, _| {
            instance.set("is_loading", true);
            instance.set("is_loading", false);
            Ok(())
        }));
    let page = "<div dj-root>{% if is_loading %}<i>Loading…</i>{% endif %}</div>";
    let mut client = visit(&site(page, view));
    assert_eq!(client.answer("load_data", &json!({}))["type"], "noop");
}

#[test]
fn side_frames_come_in_djusts_order() {
    let act = |change: bool| {
        move |instance: &mut djscope_live::Instance| {
            if change {
                instance.set("n", 1);
            }
            instance.push_event("lab:ping", json!({"at": 1}));
            instance.set_title("New");
            instance.put_flash("info", "Saved <ok>");
            instance.live_redirect("/other/", false);
            instance.announce("done");
            instance.stream("out", StreamOperation::Text("one"));
        }
    };
    let handler = |name: &str, change: bool| {
        Handler::new(name).run(move |instance, _| {
            act(change)(instance);
            Ok(())
        })
    };
    let view = Declared::new("demo.View", "page.html")
        .state("n", 0)
        .handler(handler("change", true))
        .handler(handler("keep", false));
    let mut client = visit(&site("<div dj-root>{{ n }}</div>", view));
    let order = |frames: Vec<serde_json::Value>| -> Vec<String> {
        frames
            .iter()
            .map(|frame| frame["type"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(
        order(client.event("change", &json!({}))),
        [
            "patch",
            "stream",
            "flash",
            "page_metadata",
            "navigation",
            "accessibility",
            "push_event"
        ]
    );
    assert_eq!(
        order(client.event("keep", &json!({}))),
        [
            "stream",
            "flash",
            "page_metadata",
            "navigation",
            "accessibility",
            "noop",
            "push_event"
        ]
    );
}

#[test]
fn many_patches_become_a_page_if_that_is_smaller() {
    let view = Declared::new("demo.View", "page.html")
        .state("rows", (0..150).map(Value::Int).collect::<Value>())
        .handler(Handler::new("more").run(|instance, _| {
            instance.update_list("rows", |rows| {
                for row in rows.iter_mut() {
                    *row = Value::Int(row.to_small_int().unwrap_or(0) + 1000);
                }
            });
            Ok(())
        }))
        .handler(Handler::new("last").run(|instance, _| {
            instance.update_list("rows", |rows| rows[149] = Value::from("last"));
            Ok(())
        }));
    let page = "<div dj-root>{% for row in rows %}<p>{{ row }}</p>{% endfor %}</div>";
    let mut client = visit(&site(page, view));
    let answer = client.answer("more", &json!({}));
    assert_eq!(
        (&answer["type"], &answer["reason"]),
        (&json!("html_update"), &json!("patch_compression"))
    );
    assert_eq!((&answer["version"], &answer["ref"]), (&json!(2), &json!(1)));
    // djust sends one more page here, as it forgets the one that it has sent.
    assert_eq!(texts(&client.answer("last", &json!({}))), ["last"]);
}

#[test]
fn row_82_every_frame_of_a_turn_is_handed_out() {
    let mut client = visit(&site(TABS, tabs()));
    let types: Vec<_> = client
        .take_frames()
        .iter()
        .map(|frame| frame["type"].clone())
        .collect();
    assert_eq!(types, [json!("connect"), json!("mount")]);
    for (sent, answered) in [
        (json!({"type": "ping"}), "pong"),
        (json!({"type": "request_html"}), "html_recovery"),
        (json!({"type": "nonsense"}), "error"),
        (json!({"event": "x"}), "error"),
        (json!({"type": "event"}), "error"),
        (json!([1]), "error"),
    ] {
        client.send(&sent);
        let frames = client.take_frames();
        assert_eq!(frames[0]["type"], answered, "{sent}: {frames:?}");
    }
}

#[test]
fn row_84_calls_of_handlers_are_told_with_what_they_were_called_with() {
    let mut client = visit(&site(TABS, tabs()));
    client.event("switch_tab", &json!({"tab_name": "settings", "more": 1}));
    let turn = last_turn(&client);
    assert_eq!(
        Value::from(turn.arguments.clone()).repr(),
        "{'tab_name': 'settings', 'more': 1}"
    );
    assert_eq!(turn.outcome, Outcome::Patches(1));
}

#[test]
fn row_85_the_state_before_and_after_is_told() {
    let mut client = visit(&site(TABS, tabs()));
    client.event("switch_tab", &json!({"tab_name": "settings"}));
    let turn = last_turn(&client);
    assert_eq!(turn.before[0].1.to_str(), "overview");
    assert_eq!(turn.after[0].1.to_str(), "settings");
}

#[test]
fn row_86_the_phases_of_a_turn_are_timed_one_after_the_other() {
    let mut client = visit(&site(TABS, tabs()));
    client.event("switch_tab", &json!({"tab_name": "settings"}));
    let spans = &last_turn(&client).spans;
    let phases: Vec<Phase> = spans.iter().map(|span| span.phase).collect();
    assert_eq!(
        phases,
        [Phase::Handler, Phase::Refresh, Phase::Context, Phase::Render]
    );
    for pair in spans.windows(2) {
        assert!(pair[0].start + pair[0].duration <= pair[1].start);
    }
}

#[test]
fn row_95_answers_carry_the_event_and_the_next_version() {
    let mut client = visit(&site(TABS, tabs()));
    let mut version = 1;
    for (reference, tab) in [(1, "settings"), (2, "overview"), (3, "settings")] {
        let answer = client.answer("switch_tab", &json!({"tab_name": tab}));
        version += 1;
        assert_eq!(
            (&answer["ref"], &answer["version"]),
            (&json!(reference), &json!(version))
        );
    }
    let nothing = client.answer("switch_tab", &json!({"tab_name": "settings"}));
    assert_eq!(
        (&nothing["type"], nothing.get("version")),
        (&json!("noop"), None),
        "nothing is counted"
    );
}

#[test]
fn events_before_the_view_is_there_are_errors() {
    let site = site(TABS, tabs());
    let mut client = TestClient::connect(&site, User::anonymous());
    client.take_frames();
    let unmounted = "View not mounted. Please reload the page.";
    assert_eq!(client.answer("switch_tab", &json!({}))["error"], unmounted);
    client.send(&json!({"type": "url_change", "params": {}, "uri": "/"}));
    assert_eq!(client.take_frames()[0]["error"], unmounted);
    client.send(&json!({"type": "request_html"}));
    assert_eq!(client.take_frames()[0]["recoverable"], false);
    client.mount("os.path", "/");
    assert_eq!(client.take_frames()[0]["error"], "View os.path is not allowed");
    client.mount("demo.Tabs", "/");
    assert_eq!(client.html(), "overview");
}

#[test]
fn too_many_messages_are_warned_about_and_then_end_the_connection() {
    let mut client = visit(&site(TABS, tabs()));
    client.take_frames();
    for _ in 0..100 {
        client.send(&json!({"type": "ping"}));
    }
    let types: Vec<_> = client
        .take_frames()
        .iter()
        .map(|frame| frame["type"].clone())
        .collect();
    assert_eq!(
        types
            .iter()
            .filter(|kind| **kind == "rate_limit_exceeded")
            .count(),
        2
    );
    assert_eq!(client.closed, Some(4429));
    let settings = Settings {
        messages: Rate::UNLIMITED,
        ..Settings::default()
    };
    let mut client = visit(&site_with(settings, TABS, tabs()));
    for _ in 0..1_000 {
        assert_eq!(
            client.answer("switch_tab", &json!({"tab_name": "overview"}))["type"],
            "noop"
        );
    }
}

#[test]
fn large_messages_are_refused_and_the_connection_stays() {
    let mut client = visit(&site(TABS, tabs()));
    client.take_frames();
    client.input(Input::Text("x".repeat(64 * 1024 + 1)));
    assert_eq!(
        client.take_frames()[0]["error"],
        "Message too large (65537 bytes)"
    );
    for noise in ["", "{", "nul", "\u{0}", "{\"type\":\"event\",\"event\":1}"] {
        client.input(Input::Text(noise.to_owned()));
        assert_eq!(client.take_frames()[0]["type"], "error", "{noise:?}");
    }
    client.input(Input::Binary(vec![0xff; 40]));
    assert_eq!(client.take_frames()[0]["type"], "error");
    assert_eq!(client.html(), "overview");
}

#[test]
fn a_file_arrives_whole() {
    let view = Declared::new("demo.View", "page.html")
        .state("text", "")
        .upload(UploadSlot::new("doc"))
        .handler(Handler::new("save").run(|instance, _| {
            let files = instance.take_uploads("doc");
            let told: Vec<String> = files
                .iter()
                .map(|file| format!("{} {}", file.file_name, file.data.len()))
                .collect();
            instance.set("text", told.join(","));
            Ok(())
        }));
    let mut client = visit(&site("<div dj-root>{{ text }}</div>", view));
    let id: Vec<u8> = (0..16).collect();
    let reference = "00010203-0405-0607-0809-0a0b0c0d0e0f";
    client.take_frames();
    client.send(
        &json!({"type": "upload_register", "upload_name": "doc", "ref": reference, "client_name": "a.txt",
                       "client_type": "text/plain", "client_size": 150_000, "resumable": false}),
    );
    assert_eq!(client.take_frames()[0]["type"], "upload_registered");
    let data = vec![b'x'; 150_000];
    for (index, piece) in data.chunks(64 * 1024).enumerate() {
        let mut frame = vec![1];
        frame.extend(&id);
        frame.extend(u32::try_from(index).unwrap().to_be_bytes());
        frame.extend(piece);
        client.input(Input::Binary(frame));
    }
    let mut frame = vec![2];
    frame.extend(&id);
    client.input(Input::Binary(frame));
    let progress: Vec<_> = client
        .take_frames()
        .iter()
        .map(|frame| (frame["progress"].as_f64().unwrap(), frame["status"].clone()))
        .collect();
    assert_eq!(
        progress.last().unwrap(),
        &(100.0, json!("complete")),
        "{progress:?}"
    );
    client.event("save", &json!({}));
    assert_eq!(client.html(), "a.txt 150000");
    client.send(&json!({"type": "upload_register", "upload_name": "other", "ref": "r", "client_size": 1}));
    assert_eq!(
        client.take_frames()[0]["error"],
        "Upload rejected (check file type, size, or max entries)"
    );
}

#[test]
fn what_others_send_to_a_busy_view_costs_its_browser_nothing() {
    let busy = Declared::new("demo.views.Busy", "page.html")
        .state("note", "-")
        .handler(Handler::new("work").run(|instance, _| {
            instance.assign_async("note", || Ok(Value::from("worked")));
            Ok(())
        }))
        .handler(Handler::new("rest").run(|instance, _| {
            instance.pause(Duration::from_secs(9));
            Ok(())
        }));
    let settings = Settings {
        messages: Rate::UNLIMITED,
        ..Settings::default()
    };
    let mut client = visit(&site_with(settings, "<div dj-root>{{ note.result }}</div>", busy));
    client.event("work", &json!({}));
    client.event("rest", &json!({}));
    for _ in 0..3_000 {
        client.input(Input::Push(djscope_live::Push {
            target: "busy".into(),
            action: PushAction::Set(Dict::new()),
        }));
    }
    client.finish_tasks();
    let frames = client.pass(Duration::from_secs(9));
    assert_eq!(client.closed, None);
    assert!(frames.iter().all(|frame| frame["type"] != "rate_limit_exceeded"));
    assert_eq!(client.html(), "worked", "the result of its own work is not lost");
    // What it sends itself is another thing.
    client.event("rest", &json!({}));
    for _ in 0..300 {
        client.input(Input::Text("x".repeat(64 * 1024)));
    }
    assert_eq!(client.closed, Some(4429), "no memory for 20 MB of messages");
    assert_eq!(client.session.next_deadline(), None, "nothing more is to be done");
}
