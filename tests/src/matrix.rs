//! The views of `tests/matrix`, written in Rust: twins of `tests/django_project/matrix/views.py`.

use std::path::Path;
use std::time::Duration;

use djscope_live::{
    Application, Declared, Handler, Instance, ParameterType, PushAction, Raised, Rate, Settings, UploadSlot,
};
use djscope_template::value::{Dict, Value};

/// The site of all views, for pages that get `scripts`.
pub fn site(scripts: &str) -> Application {
    let settings = Settings {
        scripts: scripts.into(),
        messages: Rate::UNLIMITED,
        // djust answers `dj-model` with a noop, whatever its documentation says.
        model_writes_render: false,
        ..Settings::default()
    };
    let mut application = Application::new(settings, templates());
    for (name, view) in [
        ("counter", counter()),
        ("products", products()),
        ("contact", contact()),
        ("tabs", tabs()),
        ("chat", chat()),
        ("model", model()),
        ("tick", tick()),
        ("push", push()),
        ("decorators", decorators()),
        ("upload", upload()),
    ] {
        application.add(&format!("/matrix/{name}/"), view).unwrap();
    }
    application
}

fn templates() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("matrix/templates/matrix");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    files
        .map(|file| {
            let name = format!("matrix/{}", file.file_name().to_str().unwrap());
            (name, std::fs::read_to_string(file.path()).unwrap())
        })
        .collect()
}

fn view(class: &str, template: &str) -> Declared {
    Declared::new(
        &format!("matrix.views.{class}"),
        &format!("matrix/{template}.html"),
    )
}

fn add_to(instance: &mut Instance, name: &str, amount: i64) -> Result<(), Raised> {
    let sum = instance.int(name) + amount;
    instance.set(name, sum);
    Ok(())
}

fn counter() -> Declared {
    view("Counter", "counter")
        .state("count", 0)
        .handler(Handler::new("increment").run(|instance, _| add_to(instance, "count", 1)))
        .handler(Handler::new("decrement").run(|instance, _| add_to(instance, "count", -1)))
        .handler(
            Handler::new("add")
                .parameter("amount", ParameterType::Int, 10)
                .run(|instance, arguments| add_to(instance, "count", arguments.int("amount"))),
        )
}

const COLORS: [&str; 5] = ["red", "green", "blue", "white", "black"];
const KINDS: [&str; 8] = ["bolt", "nut", "screw", "washer", "hinge", "nail", "hook", "ring"];

fn all_products() -> Value {
    let product = |id: usize| {
        let name = format!("{} {}", COLORS[id % 5], KINDS[id % 8]);
        Value::from(Dict::from_iter([
            ("id", Value::from(id as i64)),
            ("name", Value::from(name)),
            ("price", Value::from((id * 7919 % 500 + 1) as i64)),
        ]))
    };
    (1..=40).map(product).collect()
}

fn field(product: &Value, name: &str) -> Value {
    match product {
        Value::Dict(fields) => fields.get(name).cloned().unwrap_or_default(),
        _ => Value::None,
    }
}

fn products() -> Declared {
    view("Products", "products")
        .state("query", "")
        .state("total", 40)
        .state("rows", all_products())
        .state("_products", all_products())
        .state("_by", "id")
        .state("_descending", false)
        .refresh(|instance| {
            let query = instance.text("query").to_lowercase();
            let by = instance.text("_by");
            let all = instance.list("_products").iter();
            let mut rows: Vec<Value> = all
                .filter(|product| field(product, "name").to_str().contains(&query))
                .cloned()
                .collect();
            rows.sort_by(|a, b| field(a, &by).compare(&field(b, &by)).unwrap().unwrap());
            if instance.flag("_descending") {
                rows.reverse();
            }
            instance.set("rows", rows);
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
        .handler(
            Handler::new("sort")
                .parameter("by", ParameterType::Str, "name")
                .run(|instance, arguments| {
                    let by = arguments.text("by");
                    if ["name", "price"].contains(&by.as_str()) {
                        let turns_round = instance.text("_by") == by && !instance.flag("_descending");
                        instance.set("_by", by);
                        instance.set("_descending", turns_round);
                    }
                    Ok(())
                }),
        )
        .handler(
            Handler::new("remove")
                .parameter("product_id", ParameterType::Int, 0)
                .run(|instance, arguments| {
                    let id = Value::from(arguments.int("product_id"));
                    instance.update_list("_products", |all| {
                        all.retain(|product| !field(product, "id").same(&id));
                    });
                    let total = instance.list("_products").len() as i64;
                    instance.set("total", total);
                    Ok(())
                }),
        )
}

/// What is wrong with a value of the contact form.
fn error(field: &str, value: &str) -> &'static str {
    match field {
        "name" if value.is_empty() => "Please tell us your name.",
        "email" if !value.contains('@') => "This is no e-mail address.",
        "message" if value.chars().count() < 5 => "Please write at least 5 characters.",
        _ => "",
    }
}

const FIELDS: [&str; 3] = ["name", "email", "message"];

fn contact() -> Declared {
    let no_errors = Dict::from_iter(FIELDS.map(|field| (field, "")));
    let text = |handler: Handler, name: &str| handler.parameter(name, ParameterType::Str, "");
    view("Contact", "contact")
        .state("name", "")
        .state("email", "")
        .state("message", "")
        .state("errors", no_errors)
        .state("thanks", "")
        .handler(
            text(text(Handler::new("check"), "field"), "value").run(|instance, arguments| {
                let (field, value) = (arguments.text("field"), arguments.text("value").trim().to_owned());
                if FIELDS.contains(&field.as_str()) {
                    instance.update_dict("errors", |errors| {
                        errors.insert(field.as_str(), error(&field, &value));
                    });
                    instance.set(&field, value);
                }
                Ok(())
            }),
        )
        .handler(
            FIELDS
                .iter()
                .fold(Handler::new("send"), |handler, field| text(handler, field))
                .run(|instance, arguments| {
                    let values = FIELDS.map(|field| arguments.text(field).trim().to_owned());
                    let errors: Dict = FIELDS
                        .iter()
                        .zip(&values)
                        .map(|(field, value)| (*field, error(field, value)))
                        .collect();
                    let is_fine = errors.values().all(|error| !error.is_truthy());
                    let thanks = format!("Thank you, {}.", values[0]);
                    instance.set("errors", errors);
                    instance.set("thanks", if is_fine { thanks } else { String::new() });
                    for (field, value) in FIELDS.iter().zip(values) {
                        instance.set(field, if is_fine { String::new() } else { value });
                    }
                    Ok(())
                }),
        )
}

fn tabs() -> Declared {
    view("Tabs", "tabs")
        .state("tab", "first")
        .state("page", 1)
        .params(|instance, params, _| {
            let param = |name| params.get(name).map(|value| value.to_str().into_owned());
            let tab = param("tab").filter(|tab| ["first", "second", "third"].contains(&tab.as_str()));
            let is_digits = |page: &String| page.bytes().all(|byte| byte.is_ascii_digit());
            let page = param("page")
                .filter(is_digits)
                .and_then(|page| page.parse::<i64>().ok());
            instance.set("tab", tab.unwrap_or_else(|| "first".to_owned()));
            instance.set("page", page.unwrap_or(1));
            Ok(())
        })
}

fn chat() -> Declared {
    view("Chat", "chat")
        .state("messages", Vec::<Value>::new())
        .handler(
            Handler::new("send")
                .parameter("text", ParameterType::Str, "")
                .run(|instance, arguments| {
                    let text = arguments.text("text").trim().to_owned();
                    if !text.is_empty() {
                        instance.update_list("messages", |messages| messages.push(Value::from(text)));
                        instance.reset_form();
                    }
                    Ok(())
                }),
        )
}

fn model() -> Declared {
    view("Model", "model")
        .state("name", "Ada")
        .state("city", "")
        .state("subscribed", false)
        .state("color", "red")
        .state("shown", 0)
        .allow_model_field("city")
        .handler(Handler::new("show").run(|instance, _| add_to(instance, "shown", 1)))
}

fn tick() -> Declared {
    view("Tick", "tick")
        .state("ticks", 0)
        .tick(300, |instance| {
            let ticks = (instance.int("ticks") + 1).min(3);
            instance.set("ticks", ticks);
            Ok(())
        })
        .handler(Handler::new("again").run(|instance, _| {
            instance.set("ticks", 0);
            Ok(())
        }))
}

fn push() -> Declared {
    let handle_push = Handler::new("handle_push")
        .parameter("by", ParameterType::Int, 0)
        .undecorated()
        .run(|instance, arguments| add_to(instance, "pushes", arguments.int("by")));
    view("Push", "push")
        .state("asked", 0)
        .state("pushes", 0)
        .handler(handle_push)
        .handler(Handler::new("start").run(|instance, _| {
            let by_one = || Dict::from_iter([("by", 1)].map(|(name, by)| (name, Value::Int(by))));
            instance.start_after(
                Duration::from_millis(100),
                || Ok(Value::None),
                move |instance, _| {
                    // A push goes to the others; the page that asked for it counts by itself.
                    instance.push_to_view(
                        "matrix.views.Push",
                        PushAction::Call {
                            handler: "handle_push".into(),
                            payload: by_one(),
                        },
                    );
                    add_to(instance, "pushes", 1)
                },
            );
            add_to(instance, "asked", 1)
        }))
}

fn decorators() -> Declared {
    let noting = |name: &'static str, has_value: bool| {
        let handler = Handler::new(name);
        let handler = if has_value {
            handler.parameter("value", ParameterType::Str, "")
        } else {
            handler
        };
        handler.run(move |instance, arguments| {
            let last = if has_value {
                format!("{name} {}", arguments.text("value"))
            } else {
                name.to_owned()
            };
            instance.set("last", last);
            add_to(instance, "calls", 1)
        })
    };
    view("Decorators", "decorators")
        .state("calls", 0)
        .state("last", "nothing")
        .handler(noting("debounced", true).debounce(0.2, Some(1.0)))
        .handler(noting("throttled", false).throttle(0.1, true, true))
        .handler(noting("cached", true).cache(60.0, &["value"]))
        .handler(noting("limited", false).rate_limit(1000.0, 1000.0))
        .handler(noting("forbidden", false).permission_required("matrix.nobody_may"))
}

fn upload() -> Declared {
    let slot = UploadSlot {
        accept: vec![".txt".into()],
        max_file_bytes: 65_536,
        chunk_bytes: 32_768,
        ..UploadSlot::new("document")
    };
    view("Upload", "upload")
        .state("files", Vec::<Value>::new())
        .upload(slot)
        .handler(Handler::new("keep").run(|instance, _| {
            let taken = instance.take_uploads("document");
            instance.update_list("files", |files| {
                files.extend(taken.iter().map(|file| {
                    Value::from(Dict::from_iter([
                        ("name", Value::from(file.file_name.as_str())),
                        ("size", Value::from(file.data.len() as i64)),
                    ]))
                }));
            });
            Ok(())
        }))
}
