//! djust's own client applies the engine's patches, and has then what the engine has.

use djscope_dom::apply::apply;
use djscope_dom::diff::DiffOptions;
use djscope_dom::page::{self, Work};
use djscope_dom::tree::{Kind, NodeId, Tree};
use djscope_oracle::pages;
use djscope_tests::browser::{Browser, Page};
use djscope_tests::project;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

/// Batches that are applied; some pages do not change.
const BATCHES: usize = 700;

/// What the client counts, as text: names, sorted attributes, text, marks.
const SHOWN: &str = r"
const preserves = name => ['pre', 'code', 'textarea', 'script', 'style'].includes(name);
const isMark = text => /^(dj-if|\/dj-if|dj-if[ \t].*)$/s.test(text.trim());
function shown(node, preserve) {
  if (node.nodeType === 3) return preserve || node.data === ' ' || /[^ \t\n\r\f]/.test(node.data) ? '#text ' + JSON.stringify(node.data) : null;
  if (node.nodeType === 8) return isMark(node.data) ? '#comment ' + JSON.stringify(node.data) : null;
  // The client makes a span of every script that a patch brings, so that it cannot run.
  const name = node.localName.replace(/^script$/, 'span');
  const attributes = [...node.attributes].map(a => a.name + '=' + JSON.stringify(a.value)).sort();
  const children = [...node.childNodes].map(child => shown(child, preserves(node.localName))).filter(child => child !== null);
  return name + ' ' + attributes.join(' ') + '(' + children.join(',') + ')';
}
async function played(cases) {
  const results = [];
  for (const [html, patches] of cases) {
    const said = [];
    for (const level of ['error', 'warn']) console[level] = (...words) => said.push(words.join(' '));
    document.body.innerHTML = html;
    const ok = await applied(patches, document.body.firstElementChild);
    results.push({ok, said, shown: shown(document.body.firstElementChild, false)});
  }
  return results;
}
";

/// The same of a tree.
fn shown(tree: &Tree, node: NodeId) -> String {
    let quoted = |text: &str| Value::from(text).to_string();
    match tree.kind(node) {
        Kind::Text => format!("#text {}", quoted(tree.text(node))),
        Kind::Comment => format!("#comment {}", quoted(tree.text(node))),
        Kind::Element => {
            let id = tree.id(node).unwrap().to_string();
            let mut attributes: Vec<String> = tree
                .attributes(node)
                .chain([("dj-id", id.as_str())])
                .map(|(name, value)| format!("{name}={}", quoted(value)))
                .collect();
            attributes.sort();
            let children: Vec<String> = tree
                .children(node)
                .iter()
                .map(|&child| shown(tree, child))
                .collect();
            let name = if tree.name(node) == "script" {
                "span"
            } else {
                tree.name(node)
            };
            format!("{name} {}({})", attributes.join(" "), children.join(","))
        }
    }
}

/// Pages and what they change into, the same at every run.
fn changes() -> Vec<(pages::Page, pages::Page)> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let any = (pages::page(), pages::page());
    let changed = pages::page().prop_flat_map(|old| (proptest::strategy::Just(old.clone()), old.changed()));
    let mut changes = Vec::new();
    while changes.len() < BATCHES {
        changes.push(any.new_tree(&mut runner).unwrap().current());
        changes.push(changed.new_tree(&mut runner).unwrap().current());
    }
    changes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_does_what_the_engine_does() {
    let browser = Browser::start();
    let mut page = browser.page().await;
    page.open("about:blank").await;
    let client = project::client_script();
    page.evaluate(&format!("{client}\n;window.applied = djust.applyPatches; true"))
        .await;
    compare(&mut page).await;
}

/// Lets `applied(patches, root)` of the page apply batches, and compares what becomes of the page with what becomes
/// of the engine's tree.
pub(crate) async fn compare(page: &mut Page) {
    page.evaluate(&format!("{SHOWN}\n;window.played = played; true"))
        .await;
    let mut batches = 0;
    let mut differing = Vec::new();
    for changes in changes().chunks(50) {
        let mut cases = Vec::new();
        let mut expected = Vec::new();
        for (old, new) in changes {
            let mut view = page::Page::new(old.html(), DiffOptions::default()).unwrap();
            let (html, mut tree) = (view.html().to_owned(), view.tree().clone());
            let patches = view.update(new.html(), Work::Changed).unwrap();
            let applied = apply(&mut tree, &patches);
            assert!(applied.failed.is_empty(), "{patches:?}");
            assert_eq!(tree.to_html(), view.html());
            batches += usize::from(!patches.is_empty());
            expected.push(shown(&tree, tree.root()));
            cases.push(json!([html, patches]));
        }
        let results = page
            .evaluate(&format!("played({})", Value::from(cases.clone())))
            .await;
        for ((case, expected), result) in cases.iter().zip(&expected).zip(results.as_array().unwrap()) {
            let is_same = result["shown"] == expected.as_str() && result["ok"] == true;
            if !is_same || result["said"] != json!([]) {
                differing.push(format!("{case}\nclient {result}\nengine {expected}"));
            }
        }
    }
    assert!(batches >= 500, "only {batches} pages changed");
    assert!(
        differing.is_empty(),
        "{} of {batches}:\n{}",
        differing.len(),
        differing[..differing.len().min(3)].join("\n\n")
    );
}
