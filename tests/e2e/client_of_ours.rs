//! djscope's own browser client on djust's server: a page becomes what it becomes with djust's client.

use std::path::{Path, PathBuf};

use djscope_tests::browser::{Browser, Page};
use djscope_tests::project::{Kind, Server};
use serde_json::Value;

use crate::client_patches;
use crate::journeys::{JOURNEYS, Step, take};

/// Journeys on which the page may differ, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "/parent/",
        "the marks of embedded children are numbered anew at every render, and djust's client applies only some",
    ),
];

/// What is in the view: names, sorted attributes, text, and what fields hold. Left out are tokens against forgery
/// and numbers of elements, which differ between any two visits; the class by which djust shows that an event
/// is under way, as its client leaves an empty `class` behind, and the whole one after work in the background; and white space between elements, which nobody sees.
const SHOWN: &str = r"
(() => {
  const ignored = (element, a) => a.name === 'dj-id' || (a.name === 'class' && !a.value.replace('djust-loading', '').trim())
    || (element.name === 'csrfmiddlewaretoken' && a.name === 'value');
  const shown = node => {
    if (node.nodeType === 3) return node.data.trim() ? JSON.stringify(node.data) : '';
    if (node.nodeType !== 1) return '<!--' + node.data + '-->';
    const attributes = [...node.attributes].filter(a => !ignored(node, a)).map(a => a.name + '=' + JSON.stringify(a.value)).sort();
    const holds = node.matches('input, select, textarea') && node.type !== 'hidden' ? ' holds ' + JSON.stringify([node.value, node.checked]) : '';
    return '<' + [node.localName, ...attributes].join(' ') + '>' + holds + [...node.childNodes].map(shown).join('') + '</>';
  };
  const view = document.querySelector('[dj-view]');
  return [location.pathname + location.search, document.title, view ? [...view.childNodes].map(shown).join('') : ''].join('\n');
})()
";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/host/client")
}

/// The script for an address: a module of ours, or in place of djust's client one that starts ours.
fn script(url: &str) -> String {
    match url.split_once("/djscope/client/") {
        Some((_, module)) => std::fs::read_to_string(folder().join(module)).unwrap(),
        None => "import('/djscope/client/client.js').then(client => client.start());".to_owned(),
    }
}

async fn with_ours(page: &mut Page) {
    let addresses = [
        "*/djust/client.js*",
        "*/djust/client.min.js*",
        "*/djscope/client/*",
    ];
    page.serve_scripts(&addresses, script).await;
}

/// The page after it was opened and after every step.
async fn travel(page: &mut Page, origin: &str, path: &str, steps: &[Step]) -> Vec<String> {
    page.open(&format!("{origin}{path}")).await;
    page.wait("document.body.classList.contains('dj-connected')")
        .await;
    page.settle().await;
    let mut seen = vec![shown(page, path).await];
    for step in steps {
        take(page, step).await;
        page.settle().await;
        seen.push(shown(page, path).await);
    }
    seen
}

async fn shown(page: &mut Page, path: &str) -> String {
    let shown = page.evaluate(SHOWN).await;
    let shown = shown.as_str().unwrap();
    // How many beats there were is up to the machine.
    if path == "/tick/" {
        shown.replace(|character: char| character.is_ascii_digit(), "")
    } else {
        shown.to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_become_what_they_become_with_djusts_client() {
    let (browser, other_browser) = (Browser::start(), Browser::start());
    let (server, other_server) = (Server::start(Kind::Daphne), Server::start(Kind::Daphne));
    let (origin, other_origin) = (
        format!("http://{}", server.address),
        format!("http://{}", other_server.address),
    );
    let mut failures = Vec::new();
    for (path, steps) in JOURNEYS {
        if EXCEPTIONS.iter().any(|(exception, _)| exception == path) {
            continue;
        }
        let mut page = browser.page().await;
        let djusts = travel(&mut page, &origin, path, steps).await;
        let mut page = other_browser.page().await;
        with_ours(&mut page).await;
        let ours = travel(&mut page, &other_origin, path, steps).await;
        let is_ours = page.evaluate("Boolean(window.djscopeClient)").await;
        assert_eq!(is_ours, Value::Bool(true), "{path}: djust's client runs");
        if let Some(step) = (0..djusts.len()).find(|&step| djusts[step] != ours[step]) {
            failures.push(format!(
                "{path} after step {step}\n  djust: {}\n  ours:  {}\n  console: {:#?}",
                djusts[step],
                ours[step],
                page.console()
                    .iter()
                    .filter(|line| !line.contains("[djust"))
                    .collect::<Vec<_>>()
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_client_does_what_the_engine_does() {
    let server = Server::start(Kind::Daphne);
    let browser = Browser::start();
    let mut page = browser.page().await;
    with_ours(&mut page).await;
    // A page without a view, from which the modules can be had.
    page.open(&format!("http://{}/", server.address)).await;
    page.evaluate(
        "import('/djscope/client/patches.js').then(({apply}) => { \
           window.applied = (patches, root) => apply(patches, root).length === 0; return true; })",
    )
    .await;
    client_patches::compare(&mut page).await;
}
