//! The application that the tests serve.

use std::sync::Arc;
use std::time::Duration;

use djscope_host::{Host, HostOptions, Limits};
use djscope_live::{
    Application, Declared, Handler, ParameterType, PushAction, Raised, Rate, Settings, UploadSlot,
};
use djscope_template::value::{Dict, Value};

pub const COUNTER: &str = "demo.Counter";

/// Serves the application; nobody is kept from sending many events.
pub async fn start() -> Host {
    start_with(HostOptions::default()).await
}

pub async fn start_with(options: HostOptions) -> Host {
    start_site(options, unlimited()).await
}

pub async fn start_with_limits(limits: Limits) -> Host {
    start_with(HostOptions {
        limits,
        ..HostOptions::default()
    })
    .await
}

pub async fn start_site(options: HostOptions, settings: Settings) -> Host {
    Host::start(options, Arc::new(application(settings)))
        .await
        .unwrap()
}

pub fn unlimited() -> Settings {
    Settings {
        messages: Rate::UNLIMITED,
        upload_frames: Rate::UNLIMITED,
        ..Settings::default()
    }
}

fn application(settings: Settings) -> Application {
    let templates = [
        (
            "counter.html",
            "<html><body><div><p>{{ count }}</p><p>{{ note }}</p></div></body></html>",
        ),
        ("clock.html", "<div><p>{{ ticks }}</p></div>"),
        ("files.html", "<div><p>{{ saved }}</p></div>"),
        ("secret.html", "<div>{{ user.username }} {{ csrf_token }}</div>"),
        ("item.html", "<div>{{ slug }} {{ q }}</div>"),
        ("large.html", "<div>{{ text }}</div>"),
    ];
    let templates = templates.map(|(name, source)| (name.to_owned(), source.to_owned()));
    let mut application = Application::new(settings, templates);
    application.add("/", counter()).unwrap();
    application.add("/clock/", clock()).unwrap();
    application.add("/files/", files()).unwrap();
    application.add("/secret/", secret()).unwrap();
    application.add("/secret/<name>/", secret()).unwrap();
    application.add("/items/<slug>/", item()).unwrap();
    application.add("/large/", large()).unwrap();
    application.add("/broken/", broken()).unwrap();
    application
}

fn counter() -> Declared {
    Declared::new(COUNTER, "counter.html")
        .state("count", 0)
        .state("note", "-")
        .handler(
            Handler::new("add")
                .parameter("amount", ParameterType::Int, 1)
                .run(|instance, arguments| {
                    let count = instance.int("count") + arguments.int("amount");
                    instance.set("count", count);
                    Ok(())
                }),
        )
        .handler(Handler::new("tell_others").run(|instance, _| {
            let state = Dict::from_iter([("note", Value::from("told"))]);
            instance.push_to_view("Counter", PushAction::Set(state));
            Ok(())
        }))
        .handler(Handler::new("work").run(|instance, _| {
            instance.assign_async("note", || Ok(Value::from("worked")));
            Ok(())
        }))
        .handler(Handler::new("work_badly").run(|instance, _| {
            let work = || -> Result<Value, Raised> { panic!("the work is too hard") };
            instance.assign_async("note", work);
            Ok(())
        }))
        .handler(Handler::new("block").run(|instance, _| {
            std::thread::sleep(Duration::from_millis(1500));
            instance.set("note", "blocked");
            Ok(())
        }))
        .handler(Handler::new("explode").run(|_, _| panic!("a handler explodes")))
}

fn clock() -> Declared {
    Declared::new("demo.Clock", "clock.html")
        .state("ticks", 0)
        .tick(20, |instance| {
            let ticks = instance.int("ticks") + 1;
            instance.set("ticks", ticks);
            Ok(())
        })
}

fn files() -> Declared {
    Declared::new("demo.Files", "files.html")
        .state("saved", "")
        .upload(UploadSlot::new("document"))
        .handler(Handler::new("save").run(|instance, _| {
            let saved: Vec<String> = instance
                .take_uploads("document")
                .iter()
                .map(|upload| format!("{} {}", upload.file_name, checksum(&upload.data)))
                .collect();
            instance.set("saved", saved.join(", "));
            Ok(())
        }))
}

/// Length and a sum in which places count.
pub fn checksum(data: &[u8]) -> String {
    let sum = data.iter().fold(0_u64, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u64::from(*byte))
    });
    format!("{} {sum}", data.len())
}

fn secret() -> Declared {
    Declared::new("demo.Secret", "secret.html").login_required()
}

fn item() -> Declared {
    Declared::new("demo.Item", "item.html").mount(|instance| {
        let request = instance.request();
        let (slug, query) = (
            request.kwargs.get("slug").cloned(),
            request.query.get("q").cloned(),
        );
        instance.set("slug", slug.unwrap_or_default());
        instance.set("q", query.unwrap_or_default());
        Ok(())
    })
}

/// Each event is answered with 100 KB.
fn large() -> Declared {
    Declared::new("demo.Large", "large.html")
        .state("text", "")
        .state("turn", 0)
        .handler(Handler::new("more").run(|instance, _| {
            let turn = instance.int("turn") + 1;
            instance.set("turn", turn);
            instance.set("text", format!("{turn} ").repeat(50_000));
            Ok(())
        }))
}

fn broken() -> Declared {
    Declared::new("demo.Broken", "counter.html").mount(|_| panic!("mount <explodes>"))
}
