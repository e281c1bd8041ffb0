//! What the engine's steps take on a list of 1,000 rows, and how an edit grows with the page.
//!
//! `benches/against_djust.py` compares the same with djust.

#![allow(missing_docs)]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use djscope_dom::diff::{DiffOptions, diff};
use djscope_dom::page::Work;
use djscope_dom::tree::{IdCounter, Parser, parse};
use djscope_engine::view::View;
use djscope_template::value::{Dict, Value};
use djscope_template::{Context, Environment, Libraries, NoTemplates, Template};

const LIST: &str = "<div dj-root><h1>{{ title }}</h1><ul>\n{% for item in items %}<li dj-key=\"{{ item.id }}\" \
    class=\"{{ item.cls }}\"><span>{{ item.label }}</span> <button dj-click=\"pick\" dj-value-id=\"{{ item.id }}\">Pick\
    </button></li>\n{% endfor %}</ul><p>{{ items|length }} rows</p></div>";

fn rows(count: usize, class: &str, edited: Option<usize>) -> Value {
    let row = |id: usize| {
        let label = if edited == Some(id) {
            "CHANGED label here".to_owned()
        } else {
            format!("Item number {id}")
        };
        let row: Dict = [
            ("id", Value::from(id as i64)),
            ("label", Value::from(label)),
            ("cls", Value::from(class)),
        ]
        .into_iter()
        .collect();
        Value::from(row)
    };
    Value::from((0..count).map(row).collect::<Vec<_>>())
}

fn reversed(rows: &Value) -> Value {
    let mut items: Vec<Value> = rows
        .iterate()
        .into_iter()
        .flatten()
        .map(std::borrow::Cow::into_owned)
        .collect();
    items.reverse();
    Value::from(items)
}

fn list() -> Template {
    Template::parse(None, LIST, &Libraries::default()).expect("the template is right")
}

fn state(items: &Value) -> Dict {
    [("title", Value::from("T")), ("items", items.clone())]
        .into_iter()
        .collect()
}

/// A view that goes from one state to another and back.
fn turns(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a turn of a list of 1,000 rows");
    let first = rows(1000, "row", None);
    let cases = [
        ("one label edited", rows(1000, "row", Some(500))),
        ("reversed", reversed(&first)),
        ("every class", rows(1000, "row active", None)),
    ];
    for (name, second) in cases {
        for work in [Work::Changed, Work::All] {
            let mut view = View::new(
                list(),
                Arc::new(NoTemplates),
                Environment::default(),
                DiffOptions::default(),
            );
            view.update_state(state(&first));
            view.render(None, work).expect("the state renders");
            let mut is_first = true;
            group.bench_function(BenchmarkId::new(name, format!("{work:?}")), |bencher| {
                bencher.iter(|| {
                    let items = if is_first { &second } else { &first };
                    is_first = !is_first;
                    view.update_state([(Value::from("items"), items.clone())]);
                    black_box(
                        view.render(Some(&["items"]), work)
                            .expect("the state renders")
                            .version,
                    )
                });
            });
        }
    }
    group.finish();
}

fn growth(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("one label edited, by the rows of the page");
    for count in [100, 1_000, 10_000] {
        let states = [rows(count, "row", None), rows(count, "row", Some(count / 2))];
        let mut view = View::new(
            list(),
            Arc::new(NoTemplates),
            Environment::default(),
            DiffOptions::default(),
        );
        let mut turn = 0;
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter(|| {
                view.update_state(state(&states[turn % 2]));
                turn += 1;
                black_box(
                    view.render(Some(&["items"]), Work::Changed)
                        .expect("the state renders")
                        .version,
                )
            });
        });
    }
    group.finish();
}

fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("steps on 131 KB");
    let template = list();
    let context = Context::new(state(&rows(1000, "row", None)));
    let environment = Environment::default();
    group.bench_function("render", |bencher| {
        bencher.iter(|| {
            template
                .render(&context, &NoTemplates, &environment)
                .expect("it renders")
        });
    });
    let html = template
        .render(&context, &NoTemplates, &environment)
        .expect("it renders");
    for parser in [Parser::Fast, Parser::Reference] {
        group.bench_function(format!("parse, {parser:?}"), |bencher| {
            bencher.iter(|| parse(&html, IdCounter::default(), parser).expect("it is a page"));
        });
    }
    let tree = parse(&html, IdCounter::default(), Parser::Fast)
        .expect("it is a page")
        .tree;
    group.bench_function("diff, nothing changed", |bencher| {
        bencher.iter_batched(
            || tree.clone(),
            |other| diff(&tree, &other, DiffOptions::default()),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("write", |bencher| bencher.iter(|| tree.to_html()));
    group.finish();
}

criterion_group!(benches, turns, growth, steps);
criterion_main!(benches);
