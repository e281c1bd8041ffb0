//! A table of cases for every tag, each with the section of Django's documentation that it is about.

use std::borrow::Cow;
use std::collections::BTreeSet;

use djscope_engine::template::{
    Context, Environment, Libraries, Loader, MemoryLoader, NoTemplates, Template, TemplateError,
};
use djscope_engine::value::Value;
use serde_json::Value as Json;

const CASES: &str = include_str!("../cases/tags.jsonl");

/// Django's tags, and the variables and comments that are no tags.
const TAGS: &str = "autoescape block blocktranslate cache comment csrf_token cycle debug extends filter firstof for \
    get_available_languages get_current_language get_current_language_bidi get_current_timezone get_language_info \
    get_language_info_list get_media_prefix get_static_prefix if ifchanged include language load localize localtime \
    lorem now querystring regroup resetcycle spaceless static templatetag timezone translate url variables verbatim \
    widthratio with";

fn cases() -> impl Iterator<Item = Json> {
    CASES.lines().map(|line| serde_json::from_str(line).unwrap())
}

fn render(case: &Json) -> Result<String, TemplateError> {
    let libraries = Libraries::django();
    let values = match &case["context"] {
        Json::Null => Value::from(djscope_engine::value::Dict::new()),
        context => Value::from_json(context).unwrap(),
    };
    let Value::Dict(values) = values else {
        panic!("a context is a dict")
    };
    let context = Context::new((*values).clone());
    let environment = Environment {
        now: "2026-11-25T14:05:06Z".parse().unwrap(),
        string_if_invalid: Cow::Owned(case["string_if_invalid"].as_str().unwrap_or_default().to_owned()),
        ..Environment::default()
    };
    let Some(templates) = case["templates"].as_object() else {
        let template = Template::parse(Some("page"), case["template"].as_str().unwrap(), &libraries)?;
        return template.render(&context, &NoTemplates, &environment);
    };
    let sources = templates
        .iter()
        .map(|(name, source)| (name.clone(), source.as_str().unwrap().to_owned()));
    let loader = MemoryLoader::new(sources, &libraries);
    let first = templates.keys().next().unwrap();
    loader.load(first, &[])?.render(&context, &loader, &environment)
}

#[test]
fn every_case_of_the_table_is_as_django_has_it() {
    let mut differences = Vec::new();
    for case in cases() {
        let expected = match case["error"].as_str() {
            None => Ok(case["output"].as_str().unwrap().to_owned()),
            Some(class) => Err((class.to_owned(), case["message"].as_str().unwrap().to_owned())),
        };
        let actual = render(&case).map_err(|error| (error.class.to_string(), error.message.clone()));
        if actual != expected {
            differences.push(format!(
                "  case      {case}\n  expected  {expected:?}\n  got       {actual:?}"
            ));
        }
    }
    assert!(
        differences.is_empty(),
        "{} cases differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[test]
fn every_error_has_its_place() {
    for case in cases().filter(|case| case["error"].is_string()) {
        let error = render(&case).unwrap_err();
        assert!(
            error.template.is_some() && error.position.is_some(),
            "{error} of {case}"
        );
    }
}

#[test]
fn every_tag_has_cases_with_their_source() {
    let mut tags = BTreeSet::new();
    for case in cases() {
        assert!(
            case["source"]
                .as_str()
                .unwrap()
                .starts_with("https://docs.djangoproject.com/en/5.2/"),
            "{case}"
        );
        tags.insert(case["tag"].as_str().unwrap().to_owned());
    }
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    assert_eq!(tags, TAGS.split_whitespace().collect::<Vec<_>>());
}
