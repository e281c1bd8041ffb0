//! Django's own template tests: every render of them that can be told as data, made by running the tests
//! (`tests/oracle/scripts/django_templates.py`). Needs `DJSCOPE_DJANGO_SDIST` with an unpacked source distribution of
//! Django, which carries the tests.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use djscope_template::filters::{Call, FilterError};
use djscope_template::value::{Value, Zone};
use djscope_template::{
    Context, Environment, FilterShape, Libraries, Library, Loader, MemoryLoader, TagAnswer, TagCall,
    TagShape, Template, TemplateError, UrlRequest, UrlResolver,
};
use serde_json::Value as Json;

const TRANSLATION: &str = "needs the installed translation of another language than English";
const CACHE: &str = "Django's cache still has what an earlier test rendered";
const MODULES: &str = "prints the modules that Python has loaded";
const RANDOM: &str = "draws words at random";
const DIRECTORY: &str = "reads a directory as a file";

/// Tests of Django of which not every render can be the same, each with the reason.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("test_cache04", CACHE),
    ("test_cache07", CACHE),
    ("test_cache08", CACHE),
    ("test_date02_l10n", TRANSLATION),
    ("test_i18n06", TRANSLATION),
    ("test_i18n13", TRANSLATION),
    ("test_i18n14", TRANSLATION),
    ("test_i18n15", TRANSLATION),
    ("test_i18n23", TRANSLATION),
    ("test_i18n24", TRANSLATION),
    ("test_i18n25", TRANSLATION),
    ("test_i18n27", TRANSLATION),
    ("test_i18n32", TRANSLATION),
    ("test_i18n33", TRANSLATION),
    ("test_i18n35", TRANSLATION),
    ("test_i18n37", TRANSLATION),
    ("test_i18n39", TRANSLATION),
    ("test_i18n41", TRANSLATION),
    ("test_legacyi18n27", TRANSLATION),
    ("test_lorem_multiple_paragraphs", RANDOM),
    ("test_lorem_random", RANDOM),
    ("test_modules", MODULES),
    ("test_multiple_locale", TRANSLATION),
    ("test_multiple_locale_btrans", TRANSLATION),
    ("test_multiple_locale_deactivate_trans", TRANSLATION),
    ("test_multiple_locale_filter", TRANSLATION),
    ("test_multiple_locale_loadi18n", TRANSLATION),
    ("test_none_timeout", CACHE),
    ("test_notafile_error", DIRECTORY),
    ("test_percent_in_translatable_block", TRANSLATION),
    ("test_plain", MODULES),
    ("test_script", MODULES),
    ("test_single_locale_activation", TRANSLATION),
    ("test_template_tags_pgettext", TRANSLATION),
    ("test_time00_l10n", TRANSLATION),
];

#[test]
fn every_render_of_djangos_own_tests_is_the_same() {
    let tally = Tally::of(djscope_oracle::lines(
        "django_templates.py",
        &[djscope_oracle::django_source().as_os_str()],
    ));
    eprintln!("{tally}");
    for (name, _) in EXCEPTIONS {
        assert!(
            tally.excepted.contains(*name),
            "{name} is no exception: all of its renders are the same"
        );
    }
    assert!(
        tally.differing.is_empty(),
        "{} renders differ:\n{}",
        tally.differing.len(),
        tally.differences()
    );
    assert!(
        tally.same > 1_900,
        "too few renders were told: the script did not run Django's tests"
    );
}

/// How many templates are made at random.
const RANDOM_TEMPLATES: &str = "3000";

#[test]
fn templates_made_at_random_are_as_django_renders_them() {
    let seed = std::env::var_os("DJSCOPE_TEST_SEED").unwrap_or_else(|| "1".into());
    let cases = djscope_oracle::lines("django_random.py", &[RANDOM_TEMPLATES.as_ref(), &seed]);
    assert_eq!(cases.len().to_string(), RANDOM_TEMPLATES);
    let differences: Vec<String> = cases
        .into_iter()
        .filter_map(|mut case| {
            let expected = (
                case["output"].take(),
                case["error"].take(),
                case["message"].take(),
            );
            difference(&case, expected)
        })
        .collect();
    assert!(
        differences.is_empty(),
        "{} renders differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[derive(Default)]
struct Tally {
    same: usize,
    left_out: BTreeMap<String, usize>,
    excepted: BTreeSet<String>,
    differing: Vec<(String, String)>,
}

impl Tally {
    fn of(cases: Vec<Json>) -> Self {
        let mut tally = Self::default();
        let mut seen = HashSet::new();
        for mut case in cases {
            let test = case["test"].as_str().unwrap_or_default().to_owned();
            if let Some(reason) = case["left_out"].as_str() {
                *tally.left_out.entry(reason.to_owned()).or_default() += 1;
                continue;
            }
            let mut key = case.clone();
            key["test"] = Json::Null;
            key["settings"]["now"] = Json::Null;
            if !seen.insert(key.to_string()) {
                continue;
            }
            let name = test.rsplit('.').next().unwrap_or_default().to_owned();
            let expected = (
                case["output"].take(),
                case["error"].take(),
                case["message"].take(),
            );
            match difference(&case, expected) {
                None => tally.same += 1,
                Some(_) if EXCEPTIONS.iter().any(|(own, _)| *own == name) => {
                    tally.excepted.insert(name);
                }
                Some(difference) => tally.differing.push((test, difference)),
            }
        }
        tally
    }

    fn differences(&self) -> String {
        self.differing
            .iter()
            .map(|(test, difference)| format!("{test}\n{difference}\n"))
            .collect()
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            formatter,
            "{} renders are the same, {} differ",
            self.same,
            self.differing.len()
        )?;
        for name in &self.excepted {
            let reason = EXCEPTIONS
                .iter()
                .find(|(own, _)| own == name)
                .map_or("", |(_, reason)| reason);
            writeln!(formatter, "excepted: {name}: {reason}")?;
        }
        for (reason, count) in &self.left_out {
            writeln!(formatter, "left out, {count}: {reason}")?;
        }
        Ok(())
    }
}

/// What differs between a case and our render of it.
fn difference(case: &Json, (output, error, message): (Json, Json, Json)) -> Option<String> {
    let expected = match error.as_str() {
        Some(class) => Err((class.to_owned(), message.as_str().unwrap_or_default().to_owned())),
        None => Ok(output.as_str().unwrap_or_default().to_owned()),
    };
    let actual = render(case).map_err(|error| (error.class.to_string(), error.message.clone()));
    if actual == expected || is_the_same_but_for_python(&actual, &expected) {
        return None;
    }
    Some(format!(
        "  case      {case}\n  expected  {expected:?}\n  got       {actual:?}"
    ))
}

type Outcome = Result<String, (String, String)>;

/// Whether two errors differ only in what is Python's own: how deep it recurses, how an object prints, and which scopes
/// a tag leaves in the context when it raises.
fn is_the_same_but_for_python(actual: &Outcome, expected: &Outcome) -> bool {
    let (Err((actual_class, actual)), Err((expected_class, expected))) = (actual, expected) else {
        return false;
    };
    let up_to_context = |text: &str| text.find(" in [{'True'").map(|at| text[..at].to_owned());
    let differs_in_context =
        up_to_context(expected).is_some() && up_to_context(actual) == up_to_context(expected);
    actual_class == "RecursionError" || (actual_class == expected_class && differs_in_context)
}

fn render(case: &Json) -> Result<String, TemplateError> {
    let libraries = libraries(case);
    let loader = MemoryLoader::new(sources(case), &libraries);
    let template = match case["name"].as_str() {
        Some(name) => loader.load(name, &[])?,
        None => Template::parse(None, case["source"].as_str().unwrap(), &libraries)?,
    };
    let Value::Dict(values) = Value::from_json(&case["context"]).unwrap() else {
        panic!("a context is a dict")
    };
    let mut context = Context::new((*values).clone());
    if let Some(urls) = case["urls"].as_array() {
        context.urls = Some(Arc::new(RecordedUrls(urls.clone())));
    }
    template.render(&context, &loader, &environment(case))
}

/// Names and sources; a name that has several sources comes several times.
fn sources(case: &Json) -> Vec<(String, String)> {
    let source = |json: &Json| json.as_str().unwrap().to_owned();
    let sources = |(name, told): (&String, &Json)| match told {
        Json::Array(several) => several.iter().map(|one| (name.clone(), source(one))).collect(),
        one => vec![(name.clone(), source(one))],
    };
    case["templates"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(sources)
        .collect()
}

/// The libraries of the engine that the test made; those of the tests themselves are there by name only.
fn libraries(case: &Json) -> Libraries {
    let names: Vec<&str> = case["settings"]["libraries"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Json::as_str)
        .collect();
    let own = |name: &&str| !["cache", "humanize", "i18n", "l10n", "static", "tz"].contains(name);
    let libraries = Libraries::django().only(&names);
    names
        .iter()
        .copied()
        .filter(own)
        .fold(libraries, |libraries, name| {
            libraries.with_library(name, Arc::new(Empty))
        })
}

/// A library of Django's tests, of which only the name is known.
#[derive(Debug)]
struct Empty;

impl Library for Empty {
    fn tag(&self, _name: &str) -> Option<TagShape> {
        None
    }

    fn filter(&self, _name: &str) -> Option<FilterShape> {
        None
    }

    fn render_tag(&self, call: &TagCall<'_>) -> Result<TagAnswer, TemplateError> {
        panic!("there is no tag {}", call.name)
    }

    fn apply_filter(&self, name: &str, _call: &Call<'_>) -> Result<Value, FilterError> {
        panic!("there is no filter {name}")
    }
}

fn environment(case: &Json) -> Environment {
    let settings = &case["settings"];
    let text = |name: &str| Cow::Owned(settings[name].as_str().unwrap_or_default().to_owned());
    let zone = |name: &str| match &*text(name) {
        "UTC" => Zone::Utc,
        name => Zone::named(name).unwrap_or(Zone::Utc),
    };
    let flag = |name: &str| settings[name].as_bool().unwrap_or_default();
    Environment {
        now: text("now").parse().unwrap(),
        use_tz: settings["use_tz"].as_bool().unwrap_or_default(),
        time_zone: zone("time_zone"),
        default_time_zone: zone("default_time_zone"),
        language: text("language"),
        use_i18n: flag("use_i18n"),
        use_thousand_separator: flag("use_thousand_separator"),
        static_url: text("static_url"),
        media_url: text("media_url"),
        debug: flag("debug"),
        autoescape: case["autoescape"].as_bool().unwrap(),
        string_if_invalid: Cow::Owned(case["string_if_invalid"].as_str().unwrap().to_owned()),
        ..Environment::default()
    }
}

/// The answers that Django's tests got from their URL configuration, in the order in which they asked.
#[derive(Debug)]
struct RecordedUrls(Vec<Json>);

impl UrlResolver for RecordedUrls {
    fn reverse(&self, request: &UrlRequest<'_>) -> Result<String, TemplateError> {
        let value = |json: &Json| Value::from_json(json).unwrap();
        let keywords = Value::from(
            request
                .keywords
                .iter()
                .cloned()
                .map(|(name, value)| (Value::Str(name), value))
                .collect::<djscope_template::value::Dict>(),
        );
        let answer = self.0.iter().find(|asked| {
            value(&asked["name"]) == *request.name
                && value(&asked["args"]) == Value::from(request.arguments.to_vec())
                && value(&asked["kwargs"]) == keywords
                && value(&asked["app"]) == request.current_app.clone().unwrap_or_default()
        });
        match answer {
            Some(answer) if answer["url"].is_string() => Ok(answer["url"].as_str().unwrap().to_owned()),
            Some(answer) => Err(TemplateError::new(
                "NoReverseMatch",
                answer["error"].as_str().unwrap(),
            )),
            None => panic!("the tests of Django did not ask for {request:?}"),
        }
    }
}
