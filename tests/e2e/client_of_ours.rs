//! djscope's own browser client on djust's server: a page becomes what it becomes with djust's client.

mod frames;
mod played;

use std::collections::BTreeSet;

use djscope_tests::browser::Browser;
use djscope_tests::project::{Kind, Server};

use crate::client_patches;
use crate::equal_pages::{Client, Host, assert_equal, compare, folder, with_ours};
use crate::journeys::JOURNEYS;

/// Bytes that every page may load.
const MOST: u64 = 35 * 1024;

/// Bytes that all modules may have.
const MAX_OF_ALL: u64 = 66 * 1024;

/// Journeys on which the page may differ, and why.
const EXCEPTIONS: &[(&str, &str)] = &[(
    "/parent/",
    "the server's patch renames the marks of embedded children and of what is in them; djust's client does only half",
)];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_become_what_they_become_with_djusts_client() {
    let servers = [Server::start(Kind::Daphne), Server::start(Kind::Daphne)];
    let host = |name, server: &Server, client| Host {
        name,
        origin: format!("http://{}", server.address),
        client,
    };
    let hosts = [
        host("djust's client", &servers[0], Client::Djusts),
        host("our client", &servers[1], Client::OursInPlace),
    ];
    let excepted = |path: &str| EXCEPTIONS.iter().any(|(exception, _)| *exception == path);
    let journeys: Vec<_> = JOURNEYS
        .iter()
        .filter(|(path, _)| !excepted(path))
        .copied()
        .collect();
    assert_equal(&compare(&hosts, &journeys).await);
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
        "Promise.all(['patches', 'rows'].map(name => import(`/djscope/client/${name}.js`))).then(([{apply}]) => { \
           window.applied = (patches, root) => apply(patches, root).length === 0; return true; })",
    )
    .await;
    client_patches::compare(&mut page).await;
}

/// The modules that a page loads with `name`, whatever is on it.
fn loaded_with(name: &str, known: &mut BTreeSet<String>) {
    if !known.insert(name.to_owned()) {
        return;
    }
    let module = std::fs::read_to_string(folder().join(name)).unwrap();
    for line in module.lines().filter(|line| line.starts_with("import ")) {
        let (_, rest) = line.split_once("'./").unwrap();
        loaded_with(rest.split('\'').next().unwrap(), known);
    }
}

/// Counted as they are in the file, with comments and all.
#[test]
fn our_client_is_small() {
    let bytes = |name: &String| std::fs::metadata(folder().join(name)).unwrap().len();
    let mut loaded = BTreeSet::new();
    loaded_with("client.js", &mut loaded);
    let every_page: u64 = loaded.iter().map(bytes).sum();
    assert!(
        every_page < MOST,
        "{every_page} bytes are loaded by every page: {loaded:?}"
    );
    let files = std::fs::read_dir(folder()).unwrap();
    let modules = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let all: u64 = modules
        .filter(|name| name.ends_with(".js"))
        .map(|name| bytes(&name))
        .sum();
    assert!(all < MAX_OF_ALL, "{all} bytes in all modules");
}
