//! Tags and filters of a project, and URLs, answered from outside.

use std::sync::Arc;

use djscope_template::filters::{Argument, Call, FilterError};
use djscope_template::value::{Dict, Value};
use djscope_template::{
    Context, Environment, FilterShape, Libraries, Library, NoTemplates, TagAnswer, TagBody, TagCall,
    TagShape, Template, TemplateError, UrlRequest, UrlResolver,
};

/// Answers with what it was asked.
#[derive(Debug)]
struct Echo;

impl Library for Echo {
    fn tag(&self, name: &str) -> Option<TagShape> {
        let body = match name {
            "echo" | "assign" | "fail" => TagBody::None,
            "wrap" => TagBody::Rendered("endwrap".to_owned()),
            "quote" => TagBody::Source("endquote".to_owned()),
            _ => return None,
        };
        Some(TagShape {
            arguments: name != "quote",
            body,
        })
    }

    fn filter(&self, name: &str) -> Option<FilterShape> {
        let shape = FilterShape {
            argument: Argument::Optional,
            is_safe: name == "same",
            needs_autoescape: false,
            expects_localtime: false,
        };
        matches!(name, "same" | "twice").then_some(shape)
    }

    fn render_tag(&self, call: &TagCall<'_>) -> Result<TagAnswer, TemplateError> {
        let keywords = call
            .keywords
            .iter()
            .map(|(name, value)| format!("{name}={}", value.to_str()));
        let words: Vec<String> = call
            .arguments
            .iter()
            .map(|value| value.to_str().into_owned())
            .chain(keywords)
            .collect();
        let words = words.join(",");
        Ok(match call.name {
            "assign" => TagAnswer {
                output: Value::from(""),
                assigned: vec![("assigned".into(), Value::from(words))],
            },
            "fail" => return Err(TemplateError::new("KeyError", "'key'")),
            "quote" => TagAnswer::from(Value::from(format!("{}|{}", call.contents, call.body.unwrap()))),
            "wrap" => TagAnswer::from(Value::safe(format!("<{words}>{}</{words}>", call.body.unwrap()))),
            _ => TagAnswer::from(Value::from(format!("{words} of {}", call.context.len()))),
        })
    }

    fn apply_filter(&self, name: &str, call: &Call<'_>) -> Result<Value, FilterError> {
        let text = call.value.to_str();
        Ok(Value::from(if name == "twice" {
            format!("{text}{text}")
        } else {
            text.into_owned()
        }))
    }
}

fn render(source: &str) -> Result<String, TemplateError> {
    let libraries = Libraries::django().with_library("shop", Arc::new(Echo));
    let values: Dict = [("x", Value::from("<b>")), ("s", Value::safe("<i>"))]
        .into_iter()
        .collect();
    let template = Template::parse(Some("page.html"), source, &libraries)?;
    template.render(&Context::new(values), &NoTemplates, &Environment::default())
}

#[test]
fn tags_of_a_project_get_values_and_are_escaped() {
    for (source, expected) in [
        ("{% echo 1 x|upper a=s %}", "1,&lt;B&gt;,a=&lt;i&gt; of 2"),
        ("{% echo x as y %}[{{ y }}]", "[&lt;b&gt; of 2]"),
        ("{% autoescape off %}{% echo x %}{% endautoescape %}", "<b> of 2"),
        ("{% for i in 'ab' %}{% echo i %} {% endfor %}", "a of 4 b of 4 "),
        ("{% assign 1 2 %}{{ assigned }}", "1,2"),
        (
            "{% wrap 'p' %}{{ x }}{% if x %}y{% endif %}{% endwrap %}",
            "<p>&lt;b&gt;y</p>",
        ),
        (
            "{% quote for {{ %}{{ x }}{% if %}{% endquote %}.",
            "for {{|{{ x }}{% if %}.",
        ),
        (
            "{{ x|twice }} {{ s|same }} {{ s|twice:1 }}",
            "&lt;b&gt;&lt;b&gt; <i> &lt;i&gt;&lt;i&gt;",
        ),
    ] {
        assert_eq!(
            render(&format!("{{% load shop %}}{source}")).unwrap(),
            expected,
            "{source}"
        );
    }
}

#[test]
fn what_a_tag_raises_has_its_place() {
    let error = render("{% load shop %}\n{% if x %}{% fail %}{% endif %}").unwrap_err();
    assert_eq!(
        error.to_string(),
        "KeyError in page.html, line 2, column 11: 'key'"
    );
}

#[test]
fn the_library_of_an_unknown_tag_or_filter_is_named() {
    let hint = |source: &str| render(source).unwrap_err().hint.clone().unwrap();
    assert_eq!(
        hint("{% echo %}"),
        "the tag 'echo' is in the library 'shop': {% load shop %}"
    );
    assert_eq!(
        hint("{{ x|twice }}"),
        "the filter 'twice' is in the library 'shop': {% load shop %}"
    );
    assert_eq!(
        hint("{% blocktranslate %}"),
        "the tag 'blocktranslate' is in the library 'i18n': {% load i18n %}"
    );
    assert!(render("{% nowhere %}").unwrap_err().hint.is_none());
}

#[test]
fn arguments_of_a_tag_are_checked_as_those_of_a_simple_tag() {
    for (source, expected) in [
        (
            "{% echo a=1 a=2 %}",
            "'echo' received multiple values for keyword argument 'a'",
        ),
        (
            "{% echo a=1 2 %}",
            "'echo' received some positional argument(s) after some keyword argument(s)",
        ),
        (
            "{% wrap %}",
            "Unclosed tag on line 1: 'wrap'. Looking for one of: endwrap.",
        ),
        (
            "{% quote %}",
            "Unclosed tag on line 1: 'quote'. Looking for one of: endquote.",
        ),
    ] {
        assert_eq!(
            render(&format!("{{% load shop %}}{source}")).unwrap_err().message,
            expected
        );
    }
}

#[derive(Debug)]
struct Shop;

impl UrlResolver for Shop {
    fn reverse(&self, request: &UrlRequest<'_>) -> Result<String, TemplateError> {
        let arguments = request
            .arguments
            .iter()
            .chain(request.keywords.iter().map(|(_, value)| value));
        let path: Vec<String> = arguments.map(|value| value.to_str().into_owned()).collect();
        match request.name.as_text() {
            Some("product") => Ok(format!("/product/{}?a&b", path.join("/"))),
            _ => Err(TemplateError::new("NoReverseMatch", "no")),
        }
    }
}

#[test]
fn urls_are_asked_for() {
    let mut context = Context::new(
        [("n", 3)]
            .into_iter()
            .map(|(name, n)| (name, Value::Int(n)))
            .collect(),
    );
    context.urls = Some(Arc::new(Shop));
    let render = |source: &str| {
        let template = Template::parse(None, source, &Libraries::django())?;
        template.render(&context, &NoTemplates, &Environment::default())
    };
    assert_eq!(
        render("{% url 'product' n|add:1 %}").unwrap(),
        "/product/4?a&amp;b"
    );
    assert_eq!(
        render("{% url 'product' id=n as u %}{{ u|safe }}").unwrap(),
        "/product/3?a&b"
    );
    assert_eq!(render("[{% url 'nothere' as u %}{{ u }}]").unwrap(), "[]");
    assert_eq!(render("{% url 'nothere' %}").unwrap_err().class, "NoReverseMatch");
}

#[test]
fn djusts_own_tags_are_there_for_djust() {
    let render = |source: &str| {
        let template = Template::parse(None, source, &Libraries::djust())?;
        template.render(&Context::default(), &NoTemplates, &Environment::default())
    };
    let flash = "<div id=\"dj-flash-container\" class=\"dj-flash-container dj-flash-top-right\" dj-update=\"ignore\" \
                 data-dj-auto-dismiss=\"8000\" aria-live=\"polite\" role=\"status\"></div>";
    assert_eq!(
        render("{% dj_flash auto_dismiss=8000 position='top-right' %}").unwrap(),
        flash
    );
    assert_eq!(render("{{ 'a' if not b else 'c' }}").unwrap(), "a");
    let error = render("{% djust_markdown text %}").unwrap_err();
    assert_eq!((&*error.class, error.hint.is_some()), ("UnansweredTag", true));
    assert!(Template::parse(None, "{% dj_flash %}", &Libraries::django()).is_err());
}
