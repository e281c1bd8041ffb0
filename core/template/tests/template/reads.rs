//! What the parts of a page read, and rendering them one by one.

use std::collections::BTreeSet;

use djscope_template::family::chain;
use djscope_template::value::{Dict, Value};
use djscope_template::{
    Blocks, Context, Environment, Libraries, Loader, MemoryLoader, NodeReads, Output, Reads, Template,
};

const BASE: &str = "<h1>{% block title %}{{ site }}{% endblock %}</h1>
{% include 'menu' with active=section %}
{% block body %}{% endblock %}";
const MENU: &str = "{% for entry in menu %}{{ entry.label|default:fallback }}{% if active == entry %}*{% endif %}\
    {{ forloop.counter }}{% endfor %}";
const PAGE: &str = "{% extends 'base' %}
{% block title %}{{ title }} - {{ block.super }}{% endblock %}
{% block body %}{% regroup rows by kind as groups %}{% for group in groups %}{{ group.grouper }}{% endfor %}{% endblock %}";

fn loader(templates: &[(&str, &str)]) -> MemoryLoader {
    let sources = templates
        .iter()
        .map(|(name, source)| ((*name).to_owned(), (*source).to_owned()));
    MemoryLoader::new(sources, &Libraries::django())
}

fn site() -> MemoryLoader {
    loader(&[("base", BASE), ("menu", MENU), ("page", PAGE)])
}

/// What the outermost nodes of a page read, with the blocks of the templates that it extends.
fn reads(loader: &MemoryLoader, name: &str) -> Vec<NodeReads> {
    let chain = chain(&loader.load(name, &[]).unwrap(), loader);
    let blocks = Blocks::of(&chain);
    let outermost = chain.last().unwrap();
    outermost
        .nodes()
        .iter()
        .map(|node| Reads::of_node(node, outermost, &blocks, loader))
        .collect()
}

fn names_of(source: &str) -> BTreeSet<String> {
    let all = reads(&loader(&[("page", source)]), "page");
    all.iter()
        .flat_map(|part| part.names().into_iter().map(str::to_owned))
        .collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn names_are_found_through_blocks_and_includes() {
    let parts: Vec<_> = reads(&site(), "page")
        .iter()
        .map(|part| part.names().into_iter().collect::<Vec<_>>().join(" "))
        .collect();
    // <h1>, the title with that of the base, </h1>, the menu, a line, the body.
    assert_eq!(
        parts,
        ["", "site title", "", "fallback menu section", "", "groups rows"]
    );
}

#[test]
fn every_name_has_its_path_and_its_place() {
    let parts = reads(&site(), "page");
    let told: Vec<_> = parts
        .iter()
        .flat_map(|part| &part.reads)
        .map(|read| {
            format!(
                "{} {} {} {}",
                read.name,
                read.path,
                read.template.as_deref().unwrap(),
                read.position
            )
        })
        .collect();
    let expected = [
        "title title page line 2, column 18",
        "site site base line 1, column 22",
        "section section base line 2, column 1",
        "menu menu menu line 1, column 1",
        "fallback fallback menu line 1, column 24",
        "rows rows page line 3, column 17",
        "groups groups page line 3, column 53",
    ];
    assert_eq!(told, expected);
}

#[test]
fn names_that_a_part_sets_itself_are_not_read() {
    for (source, names) in [
        ("{% for a in b %}{{ a }}{{ c }}{% endfor %}", &["b", "c"][..]),
        ("{% for a in b %}{% empty %}{{ a }}{% endfor %}", &["a", "b"]),
        (
            "{% with a=b.c %}{{ a }}{{ d }}{% endwith %}{{ a }}",
            &["a", "b", "d"],
        ),
        (
            "{% if a and not b|default:c %}{{ d }}{% elif e == 'f' %}{% else %}{{ True }}{% endif %}",
            &["a", "b", "c", "d", "e"],
        ),
        ("{% filter default:a %}{{ var }}{% endfilter %}", &["a", "var"]),
        (
            "{% load i18n %}{% blocktranslate with a=b count c=d %}{{ a }}{{ e }}{% plural %}{{ f }}{% endblocktranslate %}",
            &["b", "d", "e", "f"],
        ),
        (
            "{% firstof a b 'c' as d %}{% widthratio e f 100 %}{% cycle g 'h' %}",
            &["a", "b", "e", "f", "g"],
        ),
        (
            "{% csrf_token %}{% url 'name' a b=c %}",
            &["a", "c", "csrf_token", "request"],
        ),
        ("{% include name %}", &["*", "name"]),
        ("{% include 'nothere' %}", &["*"]),
        ("{% include name only %}", &["name"]),
        ("{% debug %}", &["*"]),
    ] {
        assert_eq!(names_of(source), set(names), "{source}");
    }
}

#[test]
fn what_makes_the_order_of_the_parts_matter_is_told() {
    let part = |source: &str| reads(&loader(&[("page", source)]), "page").remove(0);
    let assigned = part("{% now 'Y' as year %}");
    assert_eq!(
        (assigned.writes.len(), &*assigned.writes[0], assigned.reads_clock),
        (1, "year", true)
    );
    assert!(part("{% for a in b %}{% cycle 1 2 %}{% endfor %}").is_stateful);
    assert!(part("{% ifchanged a %}{% endifchanged %}").is_stateful);
    assert!(!part("{% for a in b %}{{ a }}{% endfor %}").is_stateful);
}

#[test]
fn templates_that_include_each_other_end() {
    let loader = loader(&[
        ("page", "{{ a }}{% include 'other' %}"),
        ("other", "{{ b }}{% include 'page' %}"),
    ]);
    let parts = reads(&loader, "page");
    assert!(parts[1].reads_everything);
}

#[test]
fn the_parts_one_by_one_are_the_page() {
    let rows = ["x", "x", "y"].map(|kind| Value::from([("kind", kind)].into_iter().collect::<Dict>()));
    let values = [
        ("title", Value::from("T")),
        ("site", Value::from("<S>")),
        ("rows", Value::from(rows.to_vec())),
    ];
    let context = Context::new(values.into_iter().collect());
    let environment = Environment::default();
    let loader = site();
    let template = loader.load("page", &[]).unwrap();
    let mut renderer = template.renderer(&context, &loader, &environment);
    let outermost = renderer.enter_outermost().unwrap();
    let mut out = Output::new(1_000);
    for node in outermost.nodes() {
        renderer.render_node(node, &mut out).unwrap();
    }
    assert_eq!(out.as_str(), "<h1>T - &lt;S&gt;</h1>\n\nxy");
    assert_eq!(
        template.render(&context, &loader, &environment).unwrap(),
        out.as_str()
    );
}

#[test]
fn the_output_tells_which_node_wrote_what() {
    let source = "a{{ b }}{% if b %}<i>{{ b }}</i>{% endif %}{% spaceless %} {{ b }} {% endspaceless %}";
    let template = Template::parse(Some("page"), source, &Libraries::django()).unwrap();
    let context = Context::new([("b", "B")].into_iter().collect());
    let mut out = Output::with_notes(1_000);
    template
        .render_into(&context, &loader(&[]), &Environment::default(), &mut out)
        .unwrap();
    assert_eq!(out.as_str(), "aB<i>B</i>B");
    let told: Vec<_> = out.notes().iter().map(|note| (note.start, note.node)).collect();
    // The condition and its first text begin at the same place; the last tag keeps what its body wrote.
    let ids = |index: usize| template.nodes()[index].id;
    let inside = |index: usize| template.nodes()[2].bodies()[0][index].id;
    assert_eq!(
        told,
        [
            (0, ids(0)),
            (1, ids(1)),
            (2, ids(2)),
            (2, inside(0)),
            (5, inside(1)),
            (6, inside(2)),
            (10, ids(3))
        ]
    );
}
