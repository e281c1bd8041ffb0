//! Rows 9 and 17 to 25: from mount to the page, and querysets on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use djscope_live::trace::Phase;
use djscope_live::{
    Arguments, Decimals, Declaration, Declared, Handler, Instance, LiveView, PageAnswer, ParameterType,
    Raised, Request, TestClient, encode,
};
use djscope_template::value::{Dict, Value};
use serde_json::json;

use crate::site::{last_turn, page, site, texts, visit};

/// A view that is written by hand and notes what is called.
struct Noted {
    declaration: Declaration,
    calls: Arc<std::sync::Mutex<Vec<&'static str>>>,
}

impl Noted {
    fn note(&self, call: &'static str) {
        self.calls.lock().unwrap().push(call);
    }
}

impl LiveView for Noted {
    fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    fn mount(&self, _: &mut Instance) -> Result<(), Raised> {
        self.note("mount");
        Ok(())
    }

    fn refresh(&self, instance: &mut Instance) -> Result<(), Raised> {
        self.note("refresh");
        let n = instance.int("n");
        instance.set("_double", n * 2);
        Ok(())
    }

    fn context(&self, instance: &mut Instance, context: &mut Dict) -> Result<(), Raised> {
        self.note("context");
        context.insert("double", instance.int("_double"));
        Ok(())
    }

    fn handle_event(&self, instance: &mut Instance, handler: &Handler, _: &Arguments) -> Result<(), Raised> {
        self.note("handler");
        assert_eq!(&*handler.name, "go");
        let next = instance.int("n") + 1;
        instance.set("n", next);
        Ok(())
    }
}

#[test]
fn row_17_mount_refresh_context_and_render_follow_each_other() {
    let calls = Arc::default();
    let view = Noted {
        declaration: Declaration::new("demo.Noted", "page.html")
            .with_state("n", 1)
            .with_handler(Handler::new("go")),
        calls: Arc::clone(&calls),
    };
    let mut client = visit(&site("<div dj-root>{{ double }}</div>", view));
    assert_eq!(client.html(), "2");
    let phases = |client: &TestClient| -> Vec<Phase> {
        last_turn(client).spans.iter().map(|span| span.phase).collect()
    };
    assert_eq!(
        phases(&client),
        [Phase::Mount, Phase::Refresh, Phase::Context, Phase::Render]
    );
    assert_eq!(texts(&client.answer("go", &json!({}))), ["4"]);
    assert_eq!(
        phases(&client),
        [Phase::Handler, Phase::Refresh, Phase::Context, Phase::Render]
    );
    assert_eq!(
        *calls.lock().unwrap(),
        ["mount", "refresh", "context", "handler", "refresh", "context"]
    );
}

#[test]
fn row_18_mount_runs_once_for_the_page_and_once_for_the_connection() {
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    let view = Declared::new("demo.View", "page.html").mount(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    let site = site("<div dj-root></div>", view);
    assert!(matches!(page(&site, "/"), PageAnswer::Html(_)));
    assert_eq!(count.load(Ordering::Relaxed), 1);
    let mut client = visit(&site);
    client.event("nothing", &json!({}));
    assert_eq!(count.load(Ordering::Relaxed), 2);
    client.mount("demo.View", "/");
    assert_eq!(count.load(Ordering::Relaxed), 3, "a lost connection starts anew");
}

#[test]
fn row_20_handlers_change_the_state_and_the_page_is_refreshed() {
    let view = products(Arc::default());
    let mut client = visit(&site(PRODUCTS, view));
    assert_eq!(client.html(), "apple bolt ");
    client.event("search", &json!({"value": "b"}));
    assert_eq!(client.html(), "bolt ");
    assert_eq!(last_turn(&client).changed, ["query".into()]);
}

const PRODUCTS: &str =
    "<div dj-root>{% for p in products %}{{ p.name }} {% endfor %}{% if products %}{% endif %}</div>";

fn product(name: &str) -> Value {
    Value::from_json(
        &json!({"$model": {"app": "shop", "model": "Product", "pk": 1, "fields": {"name": name}}}),
    )
    .unwrap()
}

/// The pattern of the documentation: a queryset in a private name, which becomes public in the context.
fn products(fetched: Arc<AtomicU64>) -> Declared {
    Declared::new("demo.Products", "page.html")
        .state("query", "")
        .refresh(move |instance| {
            let query = instance.text("query");
            let fetched = Arc::clone(&fetched);
            instance.set_query("_products", move || {
                fetched.fetch_add(1, Ordering::Relaxed);
                let names = ["apple", "bolt"]
                    .into_iter()
                    .filter(|name| name.contains(&*query));
                Ok(names.map(product).collect())
            });
            Ok(())
        })
        .context(|instance, context| {
            let rows = instance.rows("_products")?;
            context.insert("products", rows.clone());
            context.insert("again", instance.rows("_products")?);
            Ok(())
        })
        .handler(
            Handler::new("search")
                .parameter("value", ParameterType::Str, "")
                .run(|instance, arguments| {
                    instance.set("query", arguments.text("value"));
                    Ok(())
                }),
        )
}

#[test]
fn row_09_a_queryset_is_evaluated_once_in_a_render() {
    let fetched = Arc::new(AtomicU64::new(0));
    let mut client = visit(&site(PRODUCTS, products(Arc::clone(&fetched))));
    assert_eq!(fetched.load(Ordering::Relaxed), 1);
    assert_eq!(last_turn(&client).queries, 1);
    client.event("search", &json!({"value": "apple"}));
    assert_eq!(fetched.load(Ordering::Relaxed), 2);
    assert_eq!(last_turn(&client).queries, 1);
}

#[test]
fn row_21_private_querysets_become_public_in_the_context() {
    let client = visit(&site(PRODUCTS, products(Arc::default())));
    assert!(
        client.session.state("products").is_none(),
        "only templates see it"
    );
    assert_eq!(client.html(), "apple bolt ");
}

#[test]
fn row_22_rows_assigned_in_mount_work() {
    let view = Declared::new("demo.View", "page.html").mount(|instance| {
        instance.set("products", vec![product("apple")]);
        Ok(())
    });
    assert_eq!(visit(&site(PRODUCTS, view)).html(), "apple ");
}

#[test]
fn row_23_rows_turned_into_a_list_work() {
    let view = Declared::new("demo.View", "page.html").context(|_, context| {
        let rows: Vec<Value> = vec![product("apple"), product("bolt")];
        context.insert("products", rows[..1].to_vec());
        Ok(())
    });
    assert_eq!(visit(&site(PRODUCTS, view)).html(), "apple ");
}

#[test]
fn row_24_rows_turned_into_dicts_by_hand_work() {
    let view = Declared::new("demo.View", "page.html").context(|_, context| {
        context.insert(
            "products",
            vec![Value::from(Dict::from_iter([("name", "apple")]))],
        );
        Ok(())
    });
    assert_eq!(visit(&site(PRODUCTS, view)).html(), "apple ");
}

#[test]
fn row_25_many_models_are_encoded_field_by_field() {
    let rows: Value = (0..1_000).map(|row| product(&format!("p{row}"))).collect();
    let encoded = encode(&rows, Decimals::Text).unwrap();
    assert_eq!(encoded.as_array().unwrap().len(), 1_000);
    assert_eq!(encoded[999]["name"], "p999");
}

#[test]
fn row_80_handlers_can_be_called_without_a_connection() {
    let view: Arc<dyn LiveView> = Arc::new(products(Arc::default()));
    let mut instance = Instance::new(Arc::clone(&view), Request::get("/"), jiff::Timestamp::UNIX_EPOCH);
    view.mount(&mut instance).unwrap();
    assert_eq!(instance.text("query"), "");
    let handler = view.declaration().handler("search").unwrap();
    let sent = Dict::from_iter([("value", "apple")]);
    let arguments = Arguments::new(sent, &handler.signature);
    handler.call(&mut instance, &arguments).unwrap();
    view.refresh(&mut instance).unwrap();
    assert_eq!(instance.text("query"), "apple");
    assert_eq!(instance.rows("_products").unwrap().len(), Some(1));
}

#[test]
fn row_89_a_root_is_found_and_said_even_if_the_template_does_not() {
    for (template, root) in [
        (
            "<body><div dj-view=\"demo.View\"><p>x</p></div></body>",
            "dj-view=\"demo.View\" dj-root",
        ),
        (
            "<body><div dj-root><p>x</p></div></body>",
            "dj-root dj-view=\"demo.View\"",
        ),
        (
            "<body><main class=\"a\"><p>x</p></main></body>",
            "class=\"a\" dj-view=\"demo.View\" dj-root",
        ),
    ] {
        let site = site(template, Declared::new("demo.View", "page.html"));
        let PageAnswer::Html(html) = page(&site, "/") else {
            panic!()
        };
        assert!(html.contains(root), "{html}");
        assert!(visit(&site).html().contains(">x</p>"));
    }
}

#[test]
fn a_page_that_leaves_tags_out_names_its_root_when_it_is_loaded() {
    let template = "<body><div dj-root><select><option>a<option>b</select></div></body>";
    let site = site(template, Declared::new("demo.View", "page.html"));
    let PageAnswer::Html(html) = page(&site, "/") else {
        panic!()
    };
    let script = "<script>(document.querySelector('[dj-root]') ?? document.body.firstElementChild)\
                  .setAttribute('dj-view', \"demo.View\");</script>";
    let (naming, map) = (html.find(script).unwrap(), html.find("_routeMap").unwrap());
    assert!(naming < map, "{html}");
}
