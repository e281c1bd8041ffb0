//! Tables of cases: a template, a context, and what Django renders or raises.

use std::borrow::Cow;
use std::collections::BTreeSet;

use djscope_template::value::{Dict, Value};
use djscope_template::{
    Context, Environment, Libraries, Loader, MemoryLoader, NoTemplates, Template, TemplateError,
};
use serde_json::Value as Json;

/// One JSON object a line.
pub struct Table(&'static str);

impl Table {
    pub const fn new(lines: &'static str) -> Self {
        Self(lines)
    }

    pub fn cases(&self) -> impl Iterator<Item = Json> {
        self.0.lines().map(|line| serde_json::from_str(line).unwrap())
    }

    /// Renders every case and compares.
    pub fn check(&self) {
        let differences: Vec<String> = self.cases().filter_map(|case| difference(&case)).collect();
        assert!(
            differences.is_empty(),
            "{} cases differ:\n{}",
            differences.len(),
            differences.join("\n")
        );
    }

    /// The names that the cases have under a key. Each case has to name its section of Django's documentation.
    pub fn names(&self, key: &str) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for case in self.cases() {
            assert!(
                case["source"]
                    .as_str()
                    .unwrap()
                    .starts_with("https://docs.djangoproject.com/en/5.2/"),
                "{case}"
            );
            names.insert(case[key].as_str().unwrap().to_owned());
        }
        names
    }
}

fn difference(case: &Json) -> Option<String> {
    let expected = match case["error"].as_str() {
        None => Ok(case["output"].as_str().unwrap().to_owned()),
        Some(class) => Err((class.to_owned(), case["message"].as_str().unwrap().to_owned())),
    };
    let actual = render(case).map_err(|error| (error.class.to_string(), error.message.clone()));
    (actual != expected)
        .then(|| format!("  case      {case}\n  expected  {expected:?}\n  got       {actual:?}"))
}

pub fn render(case: &Json) -> Result<String, TemplateError> {
    let libraries = Libraries::django();
    let values = match &case["context"] {
        Json::Null => Value::from(Dict::new()),
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
