//! A patch names the template node and the state key that caused it.

use std::sync::Arc;

use djscope_dom::diff::DiffOptions;
use djscope_dom::page::Work;
use djscope_engine::view::View;
use djscope_template::value::{Dict, Value};
use djscope_template::{Environment, Libraries, Loader, MemoryLoader};
use serde_json::{Value as Json, json};

fn view(templates: &[(&str, &str)]) -> View {
    let sources = templates
        .iter()
        .map(|(name, source)| ((*name).to_owned(), (*source).to_owned()));
    let loader = MemoryLoader::new(sources, &Libraries::django());
    let template = loader.load(templates[0].0, &[]).unwrap();
    View::new(
        template,
        Arc::new(loader),
        Environment::default(),
        DiffOptions::default(),
    )
}

fn state(json: &Json) -> Dict {
    serde_json::from_value(json.clone()).unwrap()
}

/// Template, position, source and changed keys of every node that a patch of `change` is caused by.
fn causes(templates: &[(&str, &str)], first: &Json, change: &Json) -> Vec<String> {
    let mut view = view(templates);
    view.update_state(state(first));
    view.render(None, Work::Changed).unwrap();
    view.update_state(state(change));
    let changed: Vec<&str> = change.as_object().unwrap().keys().map(String::as_str).collect();
    let patches = view
        .render(Some(&changed), Work::Changed)
        .unwrap()
        .patches
        .unwrap();
    let causes = view.causes(&patches, &changed).unwrap();
    let mut told = Vec::new();
    for cause in causes {
        let kind = patches[cause.patch].kind();
        for node in cause.nodes {
            told.push(format!(
                "{kind} {}:{}:{} {} reads {} changed {}",
                node.template.as_deref().unwrap_or("?"),
                node.position.line,
                node.position.column,
                node.source,
                node.reads.join(","),
                node.changed.join(","),
            ));
        }
    }
    told
}

#[test]
fn nodes_and_keys() {
    let page = "<div dj-root>\n<h1 class=\"{% if on %}on{% endif %}\">{{ title }}</h1>\n<ul>{% for row in rows %}<li dj-key=\"{{ row.id }}\">{{ row.n|upper }}</li>{% endfor %}</ul>{% include \"foot.html\" %}</div>";
    let templates = [("page.html", page), ("foot.html", "<p>{{ count }}</p>")];
    let rows = json!([{"id": 1, "n": "a"}, {"id": 2, "n": "b"}]);
    let first = json!({"title": "T", "on": false, "rows": rows, "count": 1});
    assert_eq!(
        causes(&templates, &first, &json!({"title": "U"})),
        ["SetText page.html:2:38 {{ title }} reads title changed title"]
    );
    assert_eq!(
        causes(&templates, &first, &json!({"on": true})),
        ["SetAttr page.html:2:12 {% if on %} reads on changed on"]
    );
    assert_eq!(
        causes(
            &templates,
            &first,
            &json!({"rows": [{"id": 1, "n": "a"}, {"id": 2, "n": "c"}]})
        ),
        [
            "SetText page.html:3:5 {% for row in rows %} reads rows changed rows",
            "SetText page.html:3:52 {{ row.n|upper }} reads row.n changed "
        ]
    );
    assert_eq!(
        causes(&templates, &first, &json!({"count": 2})),
        ["SetText foot.html:1:4 {{ count }} reads count changed count"]
    );
}

#[test]
fn nothing_is_told_of_a_stale_page() {
    let mut view = view(&[("page.html", "<div dj-root><p>{{ a }}</p><p>{{ b }}</p></div>")]);
    view.update_state(state(&json!({"a": 1, "b": 1})));
    view.render(None, Work::Changed).unwrap();
    view.update_state([
        (Value::from("a"), Value::from(2)),
        (Value::from("b"), Value::from(2)),
    ]);
    let rendered = view.render(Some(&["a"]), Work::Changed).unwrap();
    let patches = rendered.patches.unwrap();
    assert_eq!(patches.len(), 1);
    assert_eq!(view.causes(&patches, &["a"]).unwrap(), []);
}
