//! djust's `<!--dj-if-->` comments: templates made at random, rendered by djust's own engine and by ours.

use djscope_template::value::Value;
use djscope_template::{Context, Environment, Libraries, Loader, MemoryLoader};
use serde_json::Value as Json;

const COUNT: &str = "3000";

#[test]
fn pages_carry_the_same_markers_as_djusts() {
    let seed = std::env::var_os("DJSCOPE_TEST_SEED").unwrap_or_else(|| "1".into());
    let cases = djscope_oracle::lines("markers.py", &[COUNT.as_ref(), &seed]);
    assert_eq!(cases.len().to_string(), COUNT);
    let differences: Vec<String> = cases.iter().filter_map(difference).collect();
    assert!(
        differences.is_empty(),
        "{} pages differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

fn difference(case: &Json) -> Option<String> {
    let libraries = Libraries::djust();
    let sources = case["templates"].as_object().unwrap();
    let sources = sources
        .iter()
        .map(|(name, source)| (name.clone(), source.as_str().unwrap().to_owned()));
    let loader = MemoryLoader::new(sources, &libraries).cached();
    let Value::Dict(values) = Value::from_json(&case["context"]).unwrap() else {
        panic!("a context is a dict")
    };
    let mut context = Context::new((*values).clone());
    context.component = case["component"].as_str().unwrap().into();
    let environment = Environment {
        if_markers: true,
        ..Environment::default()
    };
    let page = loader
        .load("page.html", &[])
        .and_then(|page| page.render(&context, &loader, &environment));
    let page = page.map_err(|error| error.to_string());
    match case["output"].as_str() {
        Some(expected) if page.as_deref() == Ok(expected) => None,
        None if page.is_err() => None,
        expected => Some(format!(
            "  case      {case}\n  expected  {expected:?}\n  got       {page:?}"
        )),
    }
}
