//! Row 81: views are tried with whatever may be sent.

use djscope_live::{Declared, Handler, ParameterType, Raised, SmokeOptions, SmokeProblem, smoke};
use djscope_template::value::Value;

use crate::site::site;

fn problems(page: &str, view: Declared) -> Vec<(Option<String>, SmokeProblem)> {
    let site = site(page, view);
    let registered = site.views().next().unwrap();
    let findings = smoke(&site, registered, &SmokeOptions::default());
    findings
        .into_iter()
        .map(|found| (found.handler, found.problem))
        .collect()
}

fn search(name: &str) -> Handler {
    Handler::new(name)
        .parameter("value", ParameterType::Str, "")
        .run(|instance, arguments| {
            instance.set("query", arguments.text("value"));
            Ok(())
        })
}

#[test]
fn row_81_planted_bugs_are_found_and_a_good_view_is_clean() {
    let good = Declared::new("demo.Good", "page.html")
        .state("query", "")
        .handler(search("search"));
    assert_eq!(
        problems("<div dj-root title=\"{{ query }}\">{{ query }}</div>", good),
        []
    );

    let unescaped = Declared::new("demo.Bad", "page.html")
        .state("query", "")
        .handler(search("search"));
    let found = problems("<div dj-root>{{ query|safe }}</div>", unescaped);
    assert!(
        matches!(&found[..], [(Some(name), SmokeProblem::NotEscaped(_))] if name == "search"),
        "{found:?}"
    );

    let address = Declared::new("demo.Bad", "page.html")
        .state("query", "")
        .handler(search("search"));
    let found = problems("<div dj-root><a href=\"{{ query }}\">x</a></div>", address);
    assert!(
        matches!(&found[..], [(_, SmokeProblem::NotEscaped(_))]),
        "{found:?}"
    );

    let raising = Declared::new("demo.Bad", "page.html").handler(
        Handler::new("pick")
            .parameter("index", ParameterType::Int, 0)
            .run(|_, arguments| match arguments.int("index") {
                0 | 1 => Ok(()),
                _ => Err(Raised::new("IndexError", "list index out of range")),
            }),
    );
    let found = problems("<div dj-root></div>", raising);
    assert!(
        matches!(&found[..], [(_, SmokeProblem::Raised(text))] if text.contains("IndexError")),
        "{found:?}"
    );

    let panicking = Declared::new("demo.Bad", "page.html").handler(
        Handler::new("divide")
            .parameter("by", ParameterType::Int, 1)
            .run(|instance, arguments| {
                let items = [1, 2];
                let at = usize::try_from(arguments.int("by")).unwrap_or(0);
                instance.set("n", i64::from(items[at]));
                Ok(())
            }),
    );
    let found = problems("<div dj-root></div>", panicking);
    assert!(
        found
            .iter()
            .any(|(_, problem)| matches!(problem, SmokeProblem::Panicked(_))),
        "{found:?}"
    );

    let asking = Declared::new("demo.Bad", "page.html")
        .handler(Handler::new("ask"))
        .context(|instance, _| {
            for number in 0..60 {
                let name = format!("_rows_{number}");
                instance.set_query(&name, || Ok(Value::from(Vec::<Value>::new())));
                instance.rows(&name)?;
            }
            Ok(())
        });
    let found = problems("<div dj-root></div>", asking);
    assert!(
        found.contains(&(None, SmokeProblem::TooManyQueries(60))),
        "{found:?}"
    );

    let broken = Declared::new("demo.Bad", "page.html").mount(|_| Err(Raised::value_error("no")));
    let found = problems("<div dj-root></div>", broken);
    assert!(
        matches!(&found[..], [(None, SmokeProblem::NoPage(_))]),
        "{found:?}"
    );
}
