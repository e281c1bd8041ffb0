//! What is true of templates whatever comes in, for the tests of properties and for the fuzzers: nothing panics, and
//! the same template gives the same text.
#![allow(clippy::unwrap_used)]

use djscope_template::value::Value;
use djscope_template::{
    Blocks, Context, Environment, Libraries, MemoryLoader, Output, Reads, Template, TemplateError,
};
use serde_json::json;

struct Setting {
    context: Context,
    environment: Environment,
    loader: MemoryLoader,
    libraries: Libraries,
}

fn setting(part: &str, if_markers: bool) -> Setting {
    let values = json!({"a": "<a>", "n": 3, "x": {"$safe": "<x>"}, "items": [1, "b", null], "d": {"k": [1, 2], "n": 1.5}});
    let Value::Dict(values) = Value::from_json(&values).unwrap() else {
        panic!("a context is a dict")
    };
    let libraries = Libraries::djust();
    Setting {
        context: Context::new((*values).clone()),
        environment: Environment {
            if_markers,
            ..Environment::default()
        },
        loader: MemoryLoader::new([("part".to_owned(), part.to_owned())], &libraries),
        libraries,
    }
}

fn render(source: &str, setting: &Setting) -> Result<String, TemplateError> {
    let template = Template::parse(Some("page"), source, &setting.libraries)?;
    template.render(&setting.context, &setting.loader, &setting.environment)
}

/// Fails unless a template gives the same text each time, or an error with its place.
pub fn renders_the_same_each_time(page: &str, part: &str, if_markers: bool) {
    let first = render(page, &setting(part, if_markers));
    let second = render(page, &setting(part, if_markers));
    assert_eq!(&first, &second);
    if let Err(error) = first {
        assert!(error.position.is_some(), "{error} of {page:?}");
    }
}

/// Fails unless the outermost nodes of a template, rendered one by one, are what it renders.
pub fn parts_are_the_page(page: &str, part: &str) {
    let setting = setting(part, false);
    let Ok(whole) = render(page, &setting) else { return };
    let template = Template::parse(Some("page"), page, &setting.libraries).unwrap();
    let mut renderer = template.renderer(&setting.context, &setting.loader, &setting.environment);
    let outermost = renderer.enter_outermost().unwrap();
    let mut out = Output::new(1 << 20);
    for node in outermost.nodes() {
        Reads::of_node(node, &outermost, &Blocks::default(), &setting.loader);
        renderer.render_node(node, &mut out).unwrap();
    }
    assert_eq!(out.as_str(), whole);
}
