//! A browser that sends whatever it likes: the session goes on, or ends, and never panics.
#![no_main]

use std::sync::Arc;
use std::time::Duration;

use djscope_live::{
    Application, Declared, Handler, Input, ParameterType, Rate, Settings, TestClient, UploadSlot, User,
};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
enum Sent<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
    Event { name: Name, params: &'a str },
    Wait(u16),
}

#[derive(Arbitrary, Debug)]
enum Name {
    Add,
    Write,
    Pause,
    Unknown,
}

const PAGE: &str =
    "<div dj-root>{{ count }}{% if text %}<b dj-model=\"text\">{{ text }}</b>{% endif %}</div>";

fn site() -> Arc<Application> {
    let settings = Settings {
        messages: Rate::UNLIMITED,
        upload_frames: Rate::UNLIMITED,
        ..Settings::default()
    };
    let mut site = Application::new(settings, [("page.html".to_owned(), PAGE.to_owned())]);
    let view = Declared::new("a.View", "page.html")
        .state("count", 0)
        .state("text", "")
        .upload(UploadSlot::new("file"))
        .tick(1_000, |instance| {
            let count = instance.int("count").wrapping_add(1);
            instance.set("count", count);
            Ok(())
        })
        .handler(
            Handler::new("add")
                .parameter("by", ParameterType::Int, 1)
                .run(|instance, arguments| {
                    let count = instance.int("count").wrapping_add(arguments.int("by"));
                    instance.set("count", count);
                    Ok(())
                }),
        )
        .handler(Handler::new("pause").run(|instance, _| {
            instance.pause(Duration::from_secs(2));
            Ok(())
        }));
    site.add("/", view).expect("the template is right");
    Arc::new(site)
}

fuzz_target!(|inputs: Vec<Sent>| {
    let mut client = TestClient::open(&site(), "/", User::anonymous());
    for input in inputs {
        match input {
            Sent::Text(text) => client.input(Input::Text(text.to_owned())),
            Sent::Binary(bytes) => client.input(Input::Binary(bytes.to_vec())),
            Sent::Event { name, params } => {
                let name = match name {
                    Name::Add => "add",
                    Name::Write => "update_model",
                    Name::Pause => "pause",
                    Name::Unknown => "unknown",
                };
                let params = serde_json::from_str(params)
                    .unwrap_or(serde_json::json!({"field": "text", "value": params}));
                client.event(name, &params);
            }
            Sent::Wait(ms) => drop(client.pass(Duration::from_millis(u64::from(ms)))),
        }
    }
});
