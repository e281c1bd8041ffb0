//! Templates made of pieces of tags: nothing panics, and the same template gives the same text.

use djscope_engine::template::{
    Blocks, Context, Environment, Libraries, MemoryLoader, Output, Reads, Template, TemplateError,
};
use djscope_engine::value::Value;
use proptest::prelude::*;
use serde_json::json;

/// Pieces of tags.
pub const PIECES: &[&str] = &[
    "{%",
    "%}",
    "{{",
    "}}",
    "{#",
    "#}",
    " ",
    "\n",
    "\"",
    "'",
    "\\",
    "|",
    ":",
    ".",
    "=",
    ",",
    "_(",
    ")",
    "<",
    ">",
    "&",
    "a",
    "items",
    "d",
    "n",
    "x",
    "é",
    "\0",
    "0",
    "1",
    "-1.5",
    "upper",
    "default",
    "add",
    "join",
    "date",
    "length",
    "if",
    "elif",
    "else",
    "endif",
    "for",
    "in",
    "reversed",
    "empty",
    "endfor",
    "not",
    "and",
    "or",
    "is",
    "==",
    ">=",
    "with",
    "as",
    "endwith",
    "block",
    "endblock",
    "block.super",
    "extends",
    "include",
    "only",
    "'page'",
    "'part'",
    "cycle",
    "silent",
    "resetcycle",
    "ifchanged",
    "endifchanged",
    "filter",
    "endfilter",
    "spaceless",
    "endspaceless",
    "autoescape",
    "on",
    "off",
    "endautoescape",
    "load",
    "i18n",
    "tz",
    "blocktranslate",
    "count",
    "plural",
    "trimmed",
    "endblocktranslate",
    "translate",
    "regroup",
    "by",
    "firstof",
    "widthratio",
    "now",
    "lorem",
    "w",
    "url",
    "verbatim",
    "endverbatim",
    "comment",
    "endcomment",
    "templatetag",
    "openblock",
    "csrf_token",
    "debug",
    "querystring",
    "{% if a %}",
    "{% endif %}",
    "{% for x in items %}",
    "{% endfor %}",
    "{{ x }}",
    "{{ forloop.counter }}",
    "{{ a|upper }}",
    "{% with y=n %}",
    "{% endwith %}",
    "{% block b %}",
    "{% endblock %}",
    "{{ block.super }}",
    "{% cycle 'p' 'q' as c %}",
    "{% ifchanged %}",
    "{% endifchanged %}",
    "{% include 'part' %}",
    "{% extends 'part' %}",
    "{% filter upper %}",
    "{% endfilter %}",
    "{% spaceless %}",
    "{% endspaceless %}",
    "{% load i18n tz l10n cache static humanize %}",
    "{% blocktranslate %}",
    "{% endblocktranslate %}",
    "{% localtime off %}",
    "{% endlocaltime %}",
    "{{ 'a' if n else d }}",
];

/// A template of pieces of tags.
pub fn source() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..40).prop_map(|pieces| pieces.concat())
}

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
