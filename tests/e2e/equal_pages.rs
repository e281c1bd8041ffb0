//! Whether pages become the same with one server and browser client as with another.

use std::path::{Path, PathBuf};

use djscope_tests::browser::{Browser, Page};
use futures_util::future::join_all;

use crate::journeys::{Step, take};

/// Which browser client runs in the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    /// djust's, as the server sends it.
    Djusts,
    /// djscope's own, as the server sends it.
    Ours,
    /// djscope's own, in place of the one that the server sends.
    OursInPlace,
}

/// A server and the client of its pages.
pub(crate) struct Host {
    pub(crate) name: &'static str,
    pub(crate) origin: String,
    pub(crate) client: Client,
}

/// What is in the view: names, sorted attributes, text, and what fields hold. Left out is what nobody sees: tokens
/// against forgery and numbers of elements, which differ between any two visits; the hash in the marks of conditions,
/// which djust takes of a template and all that it extends; the class by which djust shows that an event is under way, as
/// its client leaves an empty `class` behind, and the whole one after work in the background; and white space between
/// elements.
pub(crate) const SHOWN: &str = r"
(() => {
  const ignored = (element, a) => a.name === 'dj-id' || (a.name === 'class' && !a.value.replace('djust-loading', '').trim())
    || (element.name === 'csrfmiddlewaretoken' && a.name === 'value');
  const shown = node => {
    if (node.nodeType === 3) return node.data.trim() ? JSON.stringify(node.data) : '';
    if (node.nodeType !== 1) return '<!--' + node.data.replace(/if-[0-9a-f]{8}-/, 'if-') + '-->';
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

/// What a journey was like.
struct Journey {
    /// The page after it was opened and after every step. Before an `Until` nothing is seen, as the page is still on its
    /// way then.
    seen: Vec<String>,
    /// What the page has written to its console.
    console: Vec<String>,
}

async fn travel(browser: &Browser, host: &Host, path: &str, steps: &[Step]) -> Journey {
    let mut page = browser.page().await;
    if host.client == Client::OursInPlace {
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
    // The last step may have loaded a page, whose client comes a little later.
    let negation = if host.client == Client::Djusts { "!" } else { "" };
    page.wait(&format!("{negation}window.djscopeClient")).await;
    let console = page.console().iter().filter(|line| !line.contains("[djust"));
    Journey {
        seen,
        console: console.cloned().collect(),
    }
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

/// What a journey with a host was like beside that with the first one.
#[derive(Debug)]
pub(crate) struct Compared {
    pub(crate) path: &'static str,
    /// So many pages were looked at.
    pub(crate) pages: usize,
    /// So many of them were the same.
    pub(crate) equal: usize,
    /// The first that was another one, after which step.
    difference: Option<String>,
}

/// Takes every journey with all hosts at the same time. Gives, journey by journey, all hosts but the first in their order.
pub(crate) async fn compare(hosts: &[Host], journeys: &[(&'static str, &[Step])]) -> Vec<Compared> {
    let browsers: Vec<Browser> = hosts.iter().map(|_| Browser::start()).collect();
    let mut compared = Vec::new();
    for &(path, steps) in journeys {
        let visits = hosts.iter().zip(&browsers);
        let taken = join_all(visits.map(|(host, browser)| travel(browser, host, path, steps))).await;
        let wanted = &taken[0].seen;
        for (host, Journey { seen, console }) in hosts.iter().zip(&taken).skip(1) {
            let different: Vec<usize> = (0..wanted.len())
                .filter(|&step| wanted[step] != seen[step])
                .collect();
            let pages = wanted.iter().filter(|page| !page.is_empty()).count();
            compared.push(Compared {
                path,
                pages,
                equal: pages - different.len(),
                difference: different.first().map(|&step| {
                    format!(
                        "{path} after step {step}\n  {}: {}\n  {}: {}\n  console: {console:#?}",
                        hosts[0].name, wanted[step], host.name, seen[step],
                    )
                }),
            });
        }
    }
    compared
}

/// # Panics
///
/// If a page became another one than with the first host.
pub(crate) fn assert_equal(compared: &[Compared]) {
    let differences: Vec<&str> = compared
        .iter()
        .filter_map(|compared| compared.difference.as_deref())
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
