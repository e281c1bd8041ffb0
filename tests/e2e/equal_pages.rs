//! Whether pages become the same with one server and browser client as with another.

use std::path::{Path, PathBuf};

use djscope_tests::browser::{Browser, Page};
use serde_json::json;

use crate::journeys::{Step, take};

/// Which browser client runs in the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    /// The one that the server sends.
    OfServer,
    /// djscope's own, in place of djust's.
    Ours,
}

/// A server and the client of its pages.
pub(crate) struct Host {
    pub(crate) name: &'static str,
    pub(crate) origin: String,
    pub(crate) client: Client,
}

/// What is in the view: names, sorted attributes, text, and what fields hold. Left out are tokens against forgery
/// and numbers of elements, which differ between any two visits; the class by which djust shows that an event
/// is under way, as its client leaves an empty `class` behind, and the whole one after work in the background; and white space between elements, which nobody sees.
pub(crate) const SHOWN: &str = r"
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

/// Where the modules of our client are.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/host/client")
}

/// The script for an address: a module of ours, or in place of djust's client one that starts ours.
fn script(url: &str) -> String {
    match url.split_once("/djscope/client/") {
        Some((_, module)) => std::fs::read_to_string(folder().join(module)).unwrap(),
        None => "import('/djscope/client/client.js').then(client => client.start());".to_owned(),
    }
}

/// Lets our client run in what the page opens from now on.
pub(crate) async fn with_ours(page: &mut Page) {
    let addresses = [
        "*/djust/client.js*",
        "*/djust/client.min.js*",
        "*/djscope/client/*",
    ];
    page.serve_scripts(&addresses, script).await;
}

/// The page after it was opened and after every step, and what it has written to its console. Before an `Until` nothing
/// is seen, as the page is still on its way then.
async fn travel(browser: &Browser, host: &Host, path: &str, steps: &[Step]) -> (Vec<String>, Vec<String>) {
    let mut page = browser.page().await;
    if host.client == Client::Ours {
        with_ours(&mut page).await;
    }
    page.open(&format!("{}{path}", host.origin)).await;
    page.wait("document.body.classList.contains('dj-connected')")
        .await;
    let mut seen = Vec::new();
    for done in 0..=steps.len() {
        if done > 0 {
            take(&mut page, &steps[done - 1]).await;
        }
        page.settle().await;
        let is_under_way = matches!(steps.get(done), Some(Step::Until(_)));
        seen.push(if is_under_way {
            String::new()
        } else {
            shown(&mut page, path).await
        });
    }
    if host.client == Client::Ours {
        let runs = page.evaluate("Boolean(window.djscopeClient)").await;
        assert_eq!(runs, json!(true), "{path}: djust's client runs");
    }
    let console = page.console().iter().filter(|line| !line.contains("[djust"));
    (seen, console.cloned().collect())
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

/// Takes every journey with every host and says where the page becomes another one than with the first of them.
///
/// # Panics
///
/// If a page becomes another one.
pub(crate) async fn compare(hosts: &[Host], journeys: &[(&str, &[Step])]) {
    let browsers: Vec<Browser> = hosts.iter().map(|_| Browser::start()).collect();
    let mut failures = Vec::new();
    for (path, steps) in journeys {
        let mut wanted = Vec::new();
        for (host, browser) in hosts.iter().zip(&browsers) {
            let (seen, console) = travel(browser, host, path, steps).await;
            if wanted.is_empty() {
                wanted.clone_from(&seen);
            }
            if let Some(step) = (0..wanted.len()).find(|&step| wanted[step] != seen[step]) {
                failures.push(format!(
                    "{path} after step {step}\n  {}: {}\n  {}: {}\n  console: {console:#?}",
                    hosts[0].name, wanted[step], host.name, seen[step],
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
