//! What the seed page promises of the browser, on our host and with our client. Rows are those of
//! `docs/seed-coverage.md`.
//!
//! Nothing here depends on how fast the machine is: scripts do in one go what has to be quick, and what has to be slow
//! is waited for.

mod visit;

use std::collections::BTreeSet;
use std::time::Duration;

use djscope_live::trace::Outcome;
use djscope_live::{Arguments, Handler, Instance, ParameterType, Raised};
use djscope_template::value::Value;
use djscope_wire::{ServerFrame, ServerMessage};
use serde_json::json;

use visit::{Visit, arguments, declared, site, visit};

/// A handler whose argument becomes a value of the state.
fn setting(handler: &str, name: &'static str) -> Handler {
    Handler::new(handler).run(move |instance, arguments| {
        instance.set(name, arguments.text("value"));
        Ok(())
    })
}

fn count_one(instance: &mut Instance, _: &Arguments) -> Result<(), Raised> {
    let count = instance.int("count") + 1;
    instance.set("count", count);
    Ok(())
}

/// A handler that counts.
fn counting(handler: &str) -> Handler {
    Handler::new(handler).run(count_one)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_30_data_attributes_become_parameters_with_types() {
    let button = r#"<button dj-click="pick" data-service-id="7" data-count:int="3"
        data-price:float="1.5" data-is-on:bool="yes"
        data-tags:list="a, b" data-more:json='{"a": [1]}'>Pick</button>"#;
    let pick = Handler::new("pick").parameter("service_id", ParameterType::Int, 0);
    let mut visit = visit(button, |view| view.handler(pick)).await;
    visit.page.click("button").await;
    let calls = visit.all_calls("pick", 1).await;
    let expected = json!({"service_id": 7, "count": 3, "price": 1.5, "is_on": true, "tags": ["a", "b"], "more": {"a": [1]}});
    assert_eq!(arguments(&calls[0]), expected);
    // The first one was text, and became a number only for the handler.
    let sent = visit.page.sent().await;
    let event = sent.iter().find(|frame| frame["type"] == "event").unwrap();
    assert_eq!(event["params"]["service_id"], "7");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_33_six_letters_are_one_event() {
    let content = r#"<input dj-input="search"><p>{{ query }}</p>"#;
    let mut visit = visit(content, |view| {
        view.state("query", "").handler(setting("search", "query"))
    })
    .await;
    visit.type_at_once("input", "djunct").await;
    visit
        .page
        .wait("document.querySelector('p').textContent === 'djunct'")
        .await;
    let calls = visit.all_calls("search", 1).await;
    assert_eq!(calls.len(), 1);
    let counts = visit.see("djscopeClient.counts.search").await;
    assert_eq!(counts, json!({"asked": 6, "sent": 1}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_34_a_change_is_one_event_and_a_checkbox_tells_a_boolean() {
    let content = r#"<select name="size" dj-change="choose"><option>s<option>m</select>
        <input type="checkbox" id="agree" dj-change="agreed">"#;
    let mut visit = visit(content, |view| {
        view.handler(Handler::new("choose"))
            .handler(Handler::new("agreed"))
    })
    .await;
    let choose = "const field = document.querySelector('select'); field.value = 'm'; \
                  for (const type of ['input', 'change']) field.dispatchEvent(new Event(type, {bubbles: true}));";
    visit.run(choose).await;
    let chosen = visit.all_calls("choose", 1).await;
    assert_eq!(chosen.len(), 1);
    assert_eq!(arguments(&chosen[0])["value"], "m");
    visit.page.click("#agree").await;
    visit.all_calls("agreed", 1).await;
    visit.page.click("#agree").await;
    let agreed = visit.all_calls("agreed", 2).await;
    let values: Vec<_> = agreed
        .iter()
        .map(|turn| arguments(turn)["value"].clone())
        .collect();
    assert_eq!(values, [json!(true), json!(false)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_35_a_click_its_event_and_its_answer_have_one_number() {
    let content = r#"<button dj-click="add" data-amount="5">{{ count }}</button>"#;
    let add = Handler::new("add")
        .parameter("amount", ParameterType::Int, 1)
        .run(|instance, arguments| {
            let count = instance.int("count") + arguments.int("amount");
            instance.set("count", count);
            Ok(())
        });
    let mut visit = visit(content, |view| view.state("count", 0).handler(add)).await;
    for shown in ["5", "10"] {
        visit.page.click("button").await;
        visit
            .page
            .wait(&format!(
                "document.querySelector('button').textContent === '{shown}'"
            ))
            .await;
    }
    let told = visit
        .see("[djscopeClient.events.map(({ref}) => ref), djscopeClient.applied.map(({ref}) => ref)]")
        .await;
    assert_eq!(told, json!([[1, 2], [1, 2]]));
    let references: Vec<String> = visit.calls("add").iter().map(ToString::to_string).collect();
    assert!(
        references[1].starts_with("event add ref=2 changed=count "),
        "{references:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_36_the_user_is_asked_before_an_event_is_sent() {
    let content = r#"<button dj-click="remove" dj-confirm="Really?">Remove</button>"#;
    let mut visit = visit(content, |view| view.handler(Handler::new("remove"))).await;
    visit
        .run("window.asked = []; window.confirm = question => asked.push(question) > 1;")
        .await;
    visit.page.click("button").await;
    visit.page.wait("asked.length === 1").await;
    visit.page.click("button").await;
    assert_eq!(
        visit.all_calls("remove", 1).await.len(),
        1,
        "the first was refused"
    );
    assert_eq!(visit.see("asked").await, json!(["Really?", "Really?"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_37_a_form_is_sent_with_its_token() {
    let content = r#"<form dj-submit="save">{% csrf_token %}<input name="name">
        <button name="how">Save</button></form>"#;
    let mut visit = visit(content, |view| view.handler(Handler::new("save"))).await;
    visit.type_at_once("[name=name]", "Ada").await;
    visit.page.click("button").await;
    let calls = visit.all_calls("save", 1).await;
    let token = visit
        .see("document.querySelector('[name=csrfmiddlewaretoken]').value")
        .await;
    assert!(token.as_str().unwrap().len() >= 32, "{token}");
    let expected = json!({"csrfmiddlewaretoken": token, "name": "Ada", "_target": "how"});
    assert_eq!(arguments(&calls[0]), expected);
    assert_eq!(
        visit.see("location.search").await,
        "",
        "the browser did not send it, too"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_38_keys_and_the_focus_are_events() {
    let content = r#"<input id="field" dj-keydown.enter="entered" dj-focus="came" dj-blur="left">"#;
    let mut visit = visit(content, |view| {
        let names = ["entered", "came", "left"];
        names
            .into_iter()
            .fold(view, |view, name| view.handler(Handler::new(name)))
    })
    .await;
    visit.page.click("#field").await;
    visit.page.press("a", 65).await;
    visit.page.press("Enter", 13).await;
    visit.page.press("Tab", 9).await;
    visit.all_calls("left", 1).await;
    let names = visit.see("djscopeClient.events.map(({event}) => event)").await;
    assert_eq!(names, json!(["came", "entered", "left"]));
    assert_eq!(arguments(&visit.calls("entered")[0])["key"], "Enter");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_41_debounced_events_wait_for_a_pause_but_not_for_ever() {
    let content = r#"<input dj-input="search"><button dj-click="hurried" data-value="x">Now</button>"#;
    let mut visit = visit(content, |view| {
        view.handler(Handler::new("search").debounce(0.5, None))
            .handler(Handler::new("hurried").debounce(1000.0, Some(0.3)))
    })
    .await;
    visit.type_at_once("input", "djunct").await;
    let calls = visit.all_calls("search", 1).await;
    assert_eq!(calls.len(), 1);
    assert_eq!(arguments(&calls[0])["value"], "djunct");
    let waited = visit.see("djscopeClient.events[0].at - typedAt").await;
    assert!(waited.as_f64().unwrap() >= 500.0, "{waited} ms");
    visit
        .run("for (let click = 0; click < 6; click += 1) document.querySelector('button').click();")
        .await;
    assert_eq!(
        visit.all_calls("hurried", 1).await.len(),
        1,
        "its pause is not yet over"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_42_throttled_events_are_few_and_the_first_and_the_last_are_among_them() {
    let content = r#"<button dj-click="scrolled">Scroll</button>"#;
    let mut visit = visit(content, |view| {
        view.handler(Handler::new("scrolled").throttle(0.1, true, true))
    })
    .await;
    let clicks = "(async () => { \
        const button = document.querySelector('button'); \
        const since = performance.now(); \
        let clicks = 0; \
        const click = () => { button.dataset.number = clicks += 1; button.click(); }; \
        click(); \
        const atOnce = djscopeClient.counts.scrolled.sent; \
        while (performance.now() - since < 1000) { \
          await new Promise(resolve => setTimeout(resolve, 10)); \
          click(); \
        } \
        return {clicks, atOnce, ms: performance.now() - since}; \
      })()";
    let seen = visit.see(clicks).await;
    assert_eq!(seen["atOnce"], 1, "the first waits for nothing");
    let (clicked, ms) = (seen["clicks"].as_u64().unwrap(), seen["ms"].as_f64().unwrap());
    visit
        .page
        .wait(&format!(
            "djscopeClient.events.at(-1).parameters.number === '{clicked}'"
        ))
        .await;
    let calls = visit.all_calls("scrolled", 2).await;
    assert_eq!(arguments(calls.last().unwrap())["number"], clicked.to_string());
    let most = ms / 100.0 + 2.0;
    assert!(calls.len() as f64 <= most, "{} events in {ms} ms", calls.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_43_guesses_are_shown_at_once_and_the_answer_counts() {
    let content = r#"<p id="count">{{ count }}</p><button id="like" dj-click="like">Like</button>
        <button id="fail" dj-click="fail">Fail</button>"#;
    let guess = || json!({"target": "#count", "action": "increment"});
    let like = Handler::new("like").optimistic(guess()).run(|instance, _| {
        instance.pause(Duration::from_millis(300));
        instance.set("count", 10);
        Ok(())
    });
    let fail = Handler::new("fail")
        .optimistic(guess())
        .run(|_, _| Err(Raised::value_error("no")));
    let mut visit = visit(content, |view| view.state("count", 3).handler(like).handler(fail)).await;
    let click = |button: &str| {
        format!(
            "document.querySelector('{button}').click(); return document.querySelector('#count').textContent;"
        )
    };
    assert_eq!(visit.run(&click("#like")).await, "4");
    visit
        .page
        .wait("document.querySelector('#count').textContent === '10'")
        .await;
    assert_eq!(visit.run(&click("#fail")).await, "11");
    visit.page.wait("djscopeClient.rolledBack.length === 1").await;
    assert_eq!(
        visit.see("document.querySelector('#count').textContent").await,
        "10"
    );
    assert_eq!(visit.see("djscopeClient.rolledBack[0].event").await, "fail");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_44_a_cached_answer_needs_no_frame_until_it_is_old() {
    let content = r#"<p>Found: {{ query }}</p><button id="long" dj-click="long" data-value="a">a</button>
        <button id="short" dj-click="short" data-value="b">b</button>"#;
    let mut visit = visit(content, |view| {
        view.state("query", "")
            .handler(setting("long", "query").cache(600.0, &["value"]))
            .handler(setting("short", "query").cache(0.05, &["value"]))
    })
    .await;
    let shows = |text: &str| format!("document.querySelector('p').textContent === 'Found: {text}'");
    visit.page.click("#long").await;
    visit.page.wait(&shows("a")).await;
    visit.page.click("#short").await;
    visit.page.wait(&shows("b")).await;
    let frames = visit.page.sent().await.len();
    visit.page.click("#long").await;
    visit.page.wait(&shows("a")).await;
    assert_eq!(
        visit.page.sent().await.len(),
        frames,
        "the browser knew the answer"
    );
    assert_eq!(
        visit.see("djscopeClient.hits.map(({event}) => event)").await,
        json!(["long"])
    );
    tokio::time::sleep(Duration::from_millis(60)).await;
    visit.page.click("#short").await;
    assert_eq!(visit.all_calls("short", 2).await.len(), 2);
    assert_eq!(visit.calls("long").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_45_who_follows_a_shared_value_is_told() {
    let content = r#"<button dj-click="pick" data-color="red">Red</button><b dj-client-state="color"></b>"#;
    let pick = Handler::new("pick").client_state(&["color"]);
    let mut visit = visit(content, |view| view.handler(pick)).await;
    let click = "window.told = []; \
        window.addEventListener('djust:client-state', ({detail}) => told.push(detail)); \
        const button = document.querySelector('button'); \
        button.click(); \
        button.dataset.color = 'blue'; \
        button.click(); button.click();";
    visit.run(click).await;
    assert_eq!(visit.all_calls("pick", 3).await.len(), 3);
    let told = visit.see("[told, document.querySelector('b').textContent]").await;
    let expected = json!([[{"key": "color", "value": "red"}, {"key": "color", "value": "blue"}], "blue"]);
    assert_eq!(told, expected, "the same value again is no news");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_48_a_draft_outlives_a_reload_and_ends_when_it_is_sent() {
    let content = r#"<form dj-submit="send" data-draft-enabled data-draft-key="{{ draft_key }}"
        {% if draft_clear %}data-draft-clear{% endif %}>
        <textarea name="text" data-draft="true"></textarea><button>Send</button></form><p>{{ count }}</p>"#;
    let send = Handler::new("send").run(|instance, arguments| {
        instance.clear_draft();
        count_one(instance, arguments)
    });
    let mut visit = visit(content, |view| {
        view.state("count", 0).draft("letter").handler(send)
    })
    .await;
    visit.type_at_once("textarea", "Dear Ada").await;
    let kept = "localStorage.getItem('djust_draft_letter')";
    visit.page.wait(&format!("{kept}?.includes('Dear Ada')")).await;
    visit.load("/").await;
    assert_eq!(
        visit.see("document.querySelector('textarea').value").await,
        "Dear Ada"
    );
    visit.page.click("button").await;
    visit.page.wait(&format!("{kept} === null")).await;
    assert_eq!(arguments(&visit.calls("send")[0])["text"], "Dear Ada");
    visit.load("/").await;
    assert_eq!(visit.see("document.querySelector('textarea').value").await, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_50_a_lazy_field_waits_until_it_is_left_and_others_for_a_pause() {
    let content = r#"<input id="lazy" dj-model.lazy="lazy"><input id="slow" dj-model.debounce-500="slow">
        <p>{{ lazy }}, {{ slow }}</p>"#;
    let mut visit = visit(content, |view| view.state("lazy", "").state("slow", "")).await;
    visit.type_at_once("#lazy", "Rome").await;
    visit.page.settle().await;
    assert_eq!(visit.calls("update_model").len(), 0);
    visit.page.press("Tab", 9).await;
    visit
        .page
        .wait("document.querySelector('p').textContent === 'Rome, '")
        .await;
    visit.type_at_once("#slow", "Paris").await;
    visit
        .page
        .wait("document.querySelector('p').textContent === 'Rome, Paris'")
        .await;
    assert_eq!(visit.all_calls("update_model", 2).await.len(), 2);
    let waited = visit.see("djscopeClient.events.at(-1).at - typedAt").await;
    assert!(waited.as_f64().unwrap() >= 500.0, "{waited} ms");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_64_of_a_list_that_grows_only_the_new_row_comes() {
    let content = r#"<ul id="rows" dj-update="append">
        {% for row in rows %}<li id="row-{{ row }}">{{ row }}</li>{% endfor %}</ul>
        <button dj-click="add">Add</button>"#;
    let rows = |numbers: std::ops::Range<i64>| numbers.map(Value::Int).collect::<Value>();
    let mut visit = visit(content, |view| {
        view.temporary("rows", Vec::<Value>::new())
            .mount(move |instance| {
                instance.set("rows", rows(0..50));
                Ok(())
            })
            .handler(Handler::new("add").run(move |instance, _| {
                instance.set("rows", rows(50..51));
                Ok(())
            }))
    })
    .await;
    let watch = "window.before = [...document.querySelectorAll('li')]; \
        window.changed = []; \
        new MutationObserver(records => changed.push(...records)) \
          .observe(document.querySelector('ul'), {childList: true, subtree: true, characterData: true});";
    visit.run(watch).await;
    visit.page.click("button").await;
    visit
        .page
        .wait("document.querySelectorAll('li').length === 51")
        .await;
    let seen = visit
        .see(
            "[before.length, before.every((row, at) => row === document.querySelectorAll('li')[at]), \
              changed.map(({addedNodes, removedNodes}) => [addedNodes.length, removedNodes.length])]",
        )
        .await;
    assert_eq!(seen, json!([50, true, [[1, 0]]]));
    assert_eq!(visit.calls("add")[0].outcome, Outcome::Patches(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_65_what_is_loading_is_shown_until_the_answer() {
    let content = r#"<button id="button" dj-click="work" dj-loading.disable>Work</button>
        <i id="shown" dj-loading.show dj-loading.for="work" style="display: none">…</i>
        <u id="hidden" dj-loading.hide dj-loading.for="work">Idle</u>
        <b id="classed" dj-loading.class="busy" dj-loading.for="work">Row</b><p>{{ count }}</p>
        <em id="any" dj-loading.show style="display: none">…</em>
        <s id="other" dj-loading.class="busy" dj-loading.for="rest"></s>"#;
    let work = Handler::new("work").run(|instance, arguments| {
        instance.pause(Duration::from_millis(300));
        count_one(instance, arguments)
    });
    let mut visit = visit(content, |view| view.state("count", 0).handler(work)).await;
    let look = "window.look = () => { \
        const find = id => document.getElementById(id); \
        return [find('button').disabled, getComputedStyle(find('shown')).display !== 'none', \
          getComputedStyle(find('hidden')).display !== 'none', find('classed').className, \
          getComputedStyle(find('any')).display !== 'none', find('other').className]; };";
    visit.run(look).await;
    let idle = json!([false, false, true, "", false, ""]);
    assert_eq!(visit.see("look()").await, idle);
    let during = visit
        .run("document.querySelector('#button').click(); return look();")
        .await;
    assert_eq!(during, json!([true, true, false, "busy", true, ""]));
    visit
        .page
        .wait("document.querySelector('p').textContent === '1'")
        .await;
    assert_eq!(visit.see("look()").await, idle);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_74_the_back_button_restores_the_tab() {
    let content = r#"<a id="stock" dj-patch="?tab=stock">Stock</a><p>{{ tab }}</p>"#;
    let mut visit = visit(content, |view| {
        view.state("tab", "").params(|instance, params, _| {
            let tab = params.get("tab").cloned().unwrap_or_else(|| Value::from("all"));
            instance.set("tab", tab);
            Ok(())
        })
    })
    .await;
    let shows = |tab: &str| format!("document.querySelector('p').textContent === '{tab}'");
    visit.page.wait(&shows("all")).await;
    visit.run("window.mark = history.length;").await;
    visit.page.click("#stock").await;
    visit.page.wait(&shows("stock")).await;
    assert_eq!(
        visit.see("[location.search, history.length - mark]").await,
        json!(["?tab=stock", 1])
    );
    visit.run("history.back();").await;
    visit.page.wait(&shows("all")).await;
    assert_eq!(visit.see("location.search").await, "");
    visit.run("history.forward();").await;
    visit.page.wait(&shows("stock")).await;
    // Whoever is sent the address sees the same.
    visit.load("/?tab=stock").await;
    visit.page.wait(&shows("stock")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_75_another_view_comes_over_the_same_connection() {
    let first = r#"<a id="go" dj-navigate="/second/">Go</a>"#;
    let second = r#"<button dj-click="add">{{ count }}</button>"#;
    let site = site([
        ("/", first, declared("First")),
        (
            "/second/",
            second,
            declared("Second").state("count", 0).handler(counting("add")),
        ),
    ]);
    let mut visit = Visit::open(site, "/", "").await;
    visit.run("window.mark = 1;").await;
    visit.page.click("#go").await;
    visit
        .page
        .wait("document.querySelector('button')?.textContent === '0'")
        .await;
    visit.page.click("button").await;
    visit
        .page
        .wait("document.querySelector('button').textContent === '1'")
        .await;
    let seen = visit
        .see("[window.mark, location.pathname, document.title]")
        .await;
    assert_eq!(seen, json!([1, "/second/", "Second.html"]));
    let turns = visit.turns();
    let views: BTreeSet<&str> = turns
        .iter()
        .filter_map(|(_, turn)| turn.view.as_deref())
        .collect();
    let connections: BTreeSet<&String> = turns.iter().map(|(connection, _)| connection).collect();
    assert_eq!(views, BTreeSet::from(["rows.First", "rows.Second"]));
    assert_eq!(connections.len(), 1);
    visit.run("history.back();").await;
    visit.page.wait("document.querySelector('#go')").await;
    assert_eq!(visit.see("window.mark").await, 1);
}

/// Lets the test keep frames back and hand them on later, in another order.
const HOLD: &str = r"
window.held = null;
window.WebSocket = class extends WebSocket {
  set onmessage(listener) {
    window.handOn = data => listener({data});
    super.onmessage = event => (window.held ? window.held.push(event.data) : listener(event));
  }
};
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_95_an_answer_that_comes_too_late_is_not_shown() {
    let content = r#"<button dj-click="add">{{ count }}</button>"#;
    let view = declared("Counter").state("count", 0).handler(counting("add"));
    let mut visit = Visit::open(site([("/", content, view)]), "/", HOLD).await;
    visit.run("window.held = [];").await;
    let shown = "document.querySelector('button').textContent";
    visit
        .run("const button = document.querySelector('button'); button.click(); button.click();")
        .await;
    visit.page.wait("held.length === 2").await;
    // The second answer says what the button shows, but not what it said before.
    visit
        .run("[window.first, window.second] = window.held; window.held = null; handOn(second);")
        .await;
    visit.page.wait(&format!("{shown} === '2'")).await;
    visit.run("handOn(first);").await;
    assert_eq!(visit.see(shown).await, "2");
    visit.page.settle().await;
    assert_eq!(visit.see(shown).await, "2");
    let kinds: Vec<_> = visit
        .page
        .sent()
        .await
        .iter()
        .map(|frame| frame["type"].clone())
        .collect();
    assert_eq!(kinds, ["mount", "event", "event", "request_html", "request_html"]);
    visit.page.click("button").await;
    visit.page.wait(&format!("{shown} === '3'")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_83_every_patch_that_is_sent_changes_the_page_once() {
    let content = r#"<p title="{{ count }}">{{ count }}</p>
        <ul>{% for row in rows %}<li data-key="{{ row }}">{{ row }}</li>{% endfor %}</ul>
        <button dj-click="change">Change</button>"#;
    let texts = |texts: [&str; 3]| texts.map(Value::from).into_iter().collect::<Value>();
    let (before, after) = (texts(["a", "b", "c"]), texts(["b", "c", "d"]));
    let change = Handler::new("change").run(move |instance, arguments| {
        instance.set("rows", after.clone());
        count_one(instance, arguments)
    });
    let mut visit = visit(content, |view| {
        view.state("count", 0).state("rows", before).handler(change)
    })
    .await;
    let watch = "window.changed = []; \
        const watch = new MutationObserver(records => changed.push(...records)); \
        const what = {childList: true, characterData: true, attributeFilter: ['title'], subtree: true}; \
        watch.observe(document.querySelector('[dj-view]'), what);";
    visit.run(watch).await;
    visit.page.click("button").await;
    visit
        .page
        .wait("document.querySelector('p').textContent === '1'")
        .await;
    let changed = visit.see("changed.length").await;
    let frames = visit.page.received().await.iter();
    let patches: Vec<usize> = frames
        .filter_map(|frame| match ServerMessage::from_text(frame.clone()).0.frame {
            ServerFrame::Patch(frame) => Some(frame.patches.len()),
            _ => None,
        })
        .collect();
    assert_eq!(
        patches,
        [4],
        "an attribute, a text, a row that goes and one that comes"
    );
    assert_eq!(changed, 4);
    let applied = visit
        .see("djscopeClient.applied.map(({type, failed}) => [type, failed.length])")
        .await;
    assert_eq!(applied, json!([["patch", 0]]));
}
