//! Row 61: keys that do not say which child is which.

use djscope_live::Declared;
use djscope_template::value::{Dict, Value};

use crate::site::{site, visit};

fn problems(page: &str) -> Vec<(String, String, Option<usize>)> {
    let row = |key: &str| Value::from(Dict::from_iter([("key", key)]));
    let view = Declared::new("demo.View", "page.html").state("rows", vec![row("a"), row("b"), row("a")]);
    let client = visit(&site(page, view));
    let problems = client.session.key_problems().unwrap();
    problems
        .into_iter()
        .map(|problem| {
            assert_eq!(problem.template.as_deref(), Some("page.html"));
            (problem.kind.code().to_owned(), problem.parent, problem.line)
        })
        .collect()
}

#[test]
fn row_61_problems_with_keys_are_told_with_their_parent_and_its_line() {
    let found = |code: &str, parent: &str, line| vec![(code.to_owned(), parent.to_owned(), Some(line))];
    assert_eq!(
        problems(
            "<div dj-root>\n<p>x</p>\n\n<ul class=\"a\">\n<li data-key=\"1\">1</li><li>2</li></ul></div>"
        ),
        found("DJE-050", "ul", 4)
    );
    assert_eq!(
        problems(
            "<div dj-root>\n{% if rows %}\n<ol>{% for row in rows %}<li dj-key=\"{{ row.key }}\"></li>{% endfor %}</ol>{% endif %}</div>"
        ),
        found("DJE-051", "ol", 3)
    );
    assert_eq!(
        problems("<div dj-root>\n<section dj-virtual=\"rows\"><p data-key=\"1\"></p><p></p></section></div>"),
        found("DJE-052", "section", 2)
    );
    assert_eq!(
        problems("<div dj-root><ul><li data-key=\"1\"></li><li data-key=\"2\"></li></ul></div>"),
        []
    );
}
