//! Bad templates: every one gives an error with its place or a bounded result, in time that grows with its size.

use std::time::Duration;

use djscope_template::value::{Dict, Value};
use djscope_template::{
    Blocks, Context, Environment, LIMIT_EXCEEDED, Libraries, Loader, MemoryLoader, NoTemplates, Position,
    Reads, Template, TemplateError,
};

use crate::effort::effort;

fn parse(source: &str) -> Result<Template, TemplateError> {
    Template::parse(Some("page.html"), source, &Libraries::django())
}

fn render_with(source: &str, values: Dict) -> Result<String, TemplateError> {
    parse(source)?.render(&Context::new(values), &NoTemplates, &Environment::default())
}

fn render(source: &str) -> Result<String, TemplateError> {
    render_with(source, Dict::new())
}

/// Renders the first of the templates; with lower limits than the default ones, so that they are reached soon.
fn render_all(templates: &[(&str, &str)], values: Dict) -> Result<String, TemplateError> {
    let sources = templates
        .iter()
        .map(|(name, source)| ((*name).to_owned(), (*source).to_owned()));
    let loader = MemoryLoader::new(sources, &Libraries::django());
    let page = loader.load(templates[0].0, &[])?;
    let mut environment = Environment::default();
    environment.limits.max_iterations = 100_000;
    page.render(&Context::new(values), &loader, &environment)
}

#[test]
fn tags_that_stand_too_deep_in_each_other_are_refused_with_their_place() {
    for (open, close) in [
        ("{% if a %}", "{% endif %}"),
        ("{% for a in b %}", "{% endfor %}"),
        ("{% with a=b %}", "{% endwith %}"),
        ("{% spaceless %}", "{% endspaceless %}"),
    ] {
        let count = 100_000;
        for source in [
            format!("{}{}", open.repeat(count), close.repeat(count)),
            open.repeat(count),
        ] {
            let error = parse(&source).unwrap_err();
            assert_eq!(error.class, "RecursionError");
            assert_eq!(error.template.as_deref(), Some("page.html"));
            assert!(
                error.position.is_some_and(|position| position.column > 1),
                "{error}"
            );
        }
    }
}

#[test]
fn tags_can_stand_as_deep_in_each_other_as_anyone_writes_them() {
    let source = format!("{}x{}", "{% if a %}".repeat(190), "{% endif %}".repeat(190));
    assert_eq!(
        render_with(&source, [("a", true)].into_iter().collect()).unwrap(),
        "x"
    );
}

#[test]
fn a_condition_can_have_any_length() {
    let nots = format!(
        "{{% if {}a %}}yes{{% else %}}no{{% endif %}}",
        "not ".repeat(100_000)
    );
    assert_eq!(render(&nots).unwrap(), "no");
    let ors = format!("{{% if {}True %}}yes{{% endif %}}", "a or ".repeat(100_000));
    assert_eq!(render(&ors).unwrap(), "yes");
    let comparisons = format!("{{% if a {} %}}yes{{% endif %}}", "== not a ".repeat(100_001));
    render(&comparisons).unwrap();
}

#[test]
fn an_expression_can_have_any_length() {
    assert_eq!(
        render(&format!("{{{{ a{} }}}}", ".b".repeat(100_000))).unwrap(),
        ""
    );
    assert_eq!(
        render(&format!("{{{{ \"x\"{} }}}}", "|safe".repeat(100_000))).unwrap(),
        "x"
    );
}

#[test]
fn a_template_that_includes_itself_ends() {
    let error = render_all(
        &[("page.html", "line\n  {% include \"page.html\" %}")],
        Dict::new(),
    )
    .unwrap_err();
    assert_eq!(error.class, "RecursionError");
    assert_eq!(error.template.as_deref(), Some("page.html"));
    assert_eq!(error.position, Some(Position { line: 2, column: 3 }));
}

#[test]
fn templates_that_include_each_other_deep_inside_of_tags_end() {
    let body = format!(
        "{}{{% include name %}}{}",
        "{% if a %}".repeat(190),
        "{% endif %}".repeat(190)
    );
    let templates = [("one.html", body.as_str()), ("two.html", body.as_str())];
    let values = [("a", Value::from(true)), ("name", Value::from("two.html"))]
        .into_iter()
        .collect();
    assert_eq!(
        render_all(&templates, values).unwrap_err().class,
        "RecursionError"
    );
}

#[test]
fn no_tag_is_too_deep_for_the_stack() {
    for (open, close) in [
        ("{% for a, b in pairs %}", "{% endfor %}"),
        ("{% for a in items reversed %}", "{% endfor %}"),
        ("{% with a=b c=d %}", "{% endwith %}"),
        ("{% filter upper|lower %}", "{% endfilter %}"),
        ("{% ifchanged %}", "{% endifchanged %}"),
        ("{% ifchanged a %}", "{% endifchanged %}"),
        ("{% if a != b %}{% elif not c %}", "{% endif %}"),
        ("{% timezone 'Europe/Paris' %}", "{% endtimezone %}"),
        ("{% language 'en' %}", "{% endlanguage %}"),
        ("{% localize off %}", "{% endlocalize %}"),
        ("{% cache 5 name %}", "{% endcache %}"),
        ("{% spaceless %}", "{% endspaceless %}"),
        ("{% autoescape off %}", "{% endautoescape %}"),
    ] {
        let body = format!("{}{{% include name %}}{}", open.repeat(40), close.repeat(40));
        let page = format!("{{% load tz i18n l10n cache %}}{body}");
        let pair = Value::from(vec![Value::Int(1), Value::Int(2)]);
        let values: Dict = [
            ("name", Value::from("page.html")),
            ("pairs", Value::from(vec![pair.clone()])),
            ("items", Value::from(vec![Value::Int(1)])),
        ]
        .into_iter()
        .collect();
        let error = render_all(&[("page.html", &page)], values).unwrap_err();
        assert_eq!(error.class, "RecursionError", "{open}: {error}");
    }
}

#[test]
fn blocks_that_stand_in_each_other_are_not_too_deep_for_the_stack() {
    let blocks = |inside: &str| -> String {
        let open: String = (0..90)
            .map(|block| format!("{{% block b{block} %}}{inside}"))
            .collect();
        open + &"{% endblock %}".repeat(90)
    };
    let child = format!("{{% extends 'base' %}}{}", blocks("{{ block.super }}"));
    let base = blocks("x");
    let error = render_all(&[("page.html", &child), ("base", &base)], Dict::new()).unwrap_err();
    assert!(
        matches!(&*error.class, "RecursionError" | LIMIT_EXCEEDED),
        "{error}"
    );
}

#[test]
fn templates_that_double_each_other_end() {
    let names: Vec<String> = (0..60).map(|number| format!("page{number}")).collect();
    let source = |number: usize| format!("{{% include 'page{number}' %}}").repeat(2);
    let mut sources: Vec<String> = (1..60).map(source).collect();
    sources.push(String::new());
    let templates: Vec<(&str, &str)> = names
        .iter()
        .zip(&sources)
        .map(|(name, source)| (name.as_str(), source.as_str()))
        .collect();
    assert_eq!(
        render_all(&templates, Dict::new()).unwrap_err().class,
        LIMIT_EXCEEDED
    );
}

#[test]
fn a_template_that_extends_itself_does_not_exist() {
    let error = render_all(&[("page.html", "{% extends \"page.html\" %}")], Dict::new()).unwrap_err();
    assert_eq!(
        (&*error.class, error.message.as_str()),
        ("TemplateDoesNotExist", "page.html")
    );
    assert_eq!(error.tried[0].reason, "Skipped to avoid recursion");
}

#[test]
fn a_loop_over_ten_millions_ends() {
    let values = || {
        [("text", Value::from("x".repeat(10_000_000)))]
            .into_iter()
            .collect()
    };
    let error = render_with("{% for x in text %}{% endfor %}", values()).unwrap_err();
    assert_eq!(
        (&*error.class, error.position),
        (LIMIT_EXCEEDED, Some(Position { line: 1, column: 1 }))
    );
    let loops =
        "{% for x in text %}{% for y in text %}{% for z in text %}{% endfor %}{% endfor %}{% endfor %}";
    assert_eq!(render_with(loops, values()).unwrap_err().class, LIMIT_EXCEEDED);
}

#[test]
fn an_output_that_is_too_long_ends() {
    let values = [("text", Value::from("x".repeat(1_000_000)))]
        .into_iter()
        .collect();
    let source = "\n{% for x in text %}{{ text }}{% endfor %}";
    let error = render_with(source, values).unwrap_err();
    assert_eq!(error.class, LIMIT_EXCEEDED);
    assert_eq!(error.position, Some(Position { line: 2, column: 20 }));
}

#[test]
fn a_text_that_is_doubled_again_and_again_ends() {
    let source = format!(
        "{}{{{{ a|length }}}}{}",
        "{% with a=a|add:a %}".repeat(100),
        "{% endwith %}".repeat(100)
    );
    let error = render_with(&source, [("a", "x")].into_iter().collect()).unwrap_err();
    assert_eq!(error.class, LIMIT_EXCEEDED);
}

/// The least effort of some runs.
fn least(mut work: impl FnMut()) -> Duration {
    (0..5).map(|_| effort(&mut work)).min().unwrap_or_default()
}

#[test]
fn time_grows_with_the_size() {
    let patterns = [
        "{%",
        "{{",
        "{#",
        "{% x",
        "{{ \"",
        "{% \" ' ",
        "}}%}",
        "{% if \"\\\" \\\" ",
        "a",
        "<\n",
        "{{ a }}",
        "{# x #}",
        "{% if a %}b{% endif %}",
        "{% for a in b %}{% endfor %}",
        "{% verbatim %}",
        "{% comment %}",
        "{% cycle a b %}",
        "{{ a|",
        "{{ a|b:\"",
        "{% include a with b=c %}",
    ];
    for pattern in patterns {
        let time = |count: usize| {
            let source = pattern.repeat(count);
            let line = format!(
                "{{{{ {} }}}}",
                pattern.replace(['{', '}', '%', '#'], "").repeat(count)
            );
            least(|| {
                let _ = parse(&source);
                let _ = parse(&line);
            })
        };
        let (small, large) = (time(2_000), time(16_000));
        let most = small * 8 * 4 + Duration::from_millis(20);
        assert!(
            large <= most,
            "{pattern:?}: 8 times the size took {large:?} after {small:?}"
        );
    }
}

#[test]
fn time_grows_with_the_number_of_names() {
    type Many = fn(usize) -> String;
    let each = |count: usize, piece: &dyn Fn(usize) -> String| (0..count).map(piece).collect::<String>();
    let sources: &[(&str, Many)] = &[
        ("with", |number| format!(" n{number}=1")),
        ("include", |number| format!(" n{number}=1")),
        ("names", |number| {
            format!("{{% firstof 1 as n{number} %}}{{{{ n{number} }}}}")
        }),
        ("cycles", |number| format!("{{% cycle 1 2 3 as n{number} %}}")),
        ("blocks", |number| {
            format!("{{% block n{number} %}}{{{{ n{number} }}}}{{% endblock %}}")
        }),
        ("loads", |_| {
            "{% load translate from i18n %}{% load i18n %}".to_owned()
        }),
        ("changes", |number| {
            format!("{{% ifchanged n{number} %}}{{% endifchanged %}}")
        }),
        ("reads", |number| format!("{{{{ n{number}.a }}}}")),
    ];
    let libraries = Libraries::django();
    for (what, piece) in sources {
        let time = |count: usize| {
            let pieces = each(count, piece);
            let source = match *what {
                "with" => format!("{{% with{pieces} %}}{{{{ n1 }}}}{{% endwith %}}"),
                "include" => format!("{{% include 'part' with{pieces} only %}}"),
                _ => format!("{{% if True %}}{pieces}{{% endif %}}"),
            };
            least(|| {
                let part = ("part".to_owned(), String::new());
                let loader = MemoryLoader::new([part], &libraries);
                let template = Template::parse(Some("page"), &source, &libraries).unwrap();
                template
                    .render(&Context::default(), &loader, &Environment::default())
                    .unwrap();
                for node in template.nodes() {
                    Reads::of_node(
                        node,
                        &template,
                        &Blocks::of(std::slice::from_ref(&template)),
                        &loader,
                    );
                }
            })
        };
        let (small, large) = (time(1_000), time(8_000));
        let most = small * 8 * 4 + Duration::from_millis(20);
        assert!(
            large <= most,
            "{what}: 8 times the size took {large:?} after {small:?}"
        );
    }
}

#[test]
fn nothing_that_is_no_template_is_worth_a_panic() {
    for source in [
        "\0",
        "{{ \0 }}",
        "{%\0%}",
        "\u{feff}{{ a }}",
        "{{ \u{e000} }}",
        "{% if \u{a0} %}",
        "{{ '\\' }}",
    ] {
        let _ = render(source);
    }
}
