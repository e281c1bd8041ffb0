//! What an event of a live view takes, and its state as JSON.
//!
//! `benches/encode_models.py` does the latter with djust.

#![allow(missing_docs)]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use djscope_live::{
    Application, Decimals, Declared, Handler, Input, Output, ParameterType, Rate, Request, Session, Settings,
    StoodClock, encode,
};
use djscope_template::value::{Decimal, Dict, Record, RecordKind, Value};

/// A frame in, frames out; and a state as JSON.
fn live(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("live");
    let template = "<div dj-root><p>{{ count }}</p><button dj-click=\"add\">+</button></div>";
    let settings = Settings {
        messages: Rate::UNLIMITED,
        ..Settings::default()
    };
    let mut site = Application::new(settings, [("page.html".to_owned(), template.to_owned())]);
    let counter = Declared::new("demo.Counter", "page.html")
        .state("count", 0)
        .handler(
            Handler::new("add")
                .parameter("amount", ParameterType::Int, 1)
                .run(|instance, arguments| {
                    let count = instance.int("count") + arguments.int("amount");
                    instance.set("count", count);
                    Ok(())
                }),
        );
    site.add("/", counter).expect("the template is right");
    let clock = StoodClock::default();
    let mut session = Session::new(Arc::new(site), Request::get("/"), "session", &clock);
    session.receive(Input::Open, &clock);
    let mount = r#"{"type":"mount","view":"demo.Counter","params":{},"url":"/"}"#;
    session.receive(Input::Text(mount.to_owned()), &clock);
    group.bench_function("an event of a counter, JSON to JSON", |bencher| {
        let event = r#"{"type":"event","event":"add","params":{"amount":"1"},"ref":1}"#;
        bencher.iter(|| {
            let outputs = session.receive(Input::Text(event.to_owned()), &clock);
            let frames = outputs.iter().filter_map(|output| match output {
                Output::Frame(frame) => frame.to_json().ok(),
                _ => None,
            });
            black_box(frames.map(|frame| frame.len()).sum::<usize>())
        });
    });
    let models = models(1_000);
    group.bench_function("1,000 models as JSON", |bencher| {
        bencher.iter(|| encode(&models, Decimals::Text).expect("models are data"));
    });
    group.finish();
}

fn models(count: i64) -> Value {
    let model = |pk: i64| {
        let fields = Dict::from_iter([
            ("name", Value::from(format!("Product number {pk}"))),
            ("description", Value::from("Steel, 40 mm, a hundred in a box")),
            ("amount", Value::from(pk % 17)),
            ("is_active", Value::from(pk % 2 == 0)),
            ("price", Value::from(Decimal::parse("19.90").expect("a number"))),
        ]);
        Value::Record(Arc::new(Record {
            kind: RecordKind::Model {
                app: "shop".into(),
                model: "Product".into(),
                pk: Value::from(pk),
            },
            fields,
        }))
    };
    (0..count).map(model).collect()
}

criterion_group!(benches, live);
criterion_main!(benches);
