//! djscope's own browser client on djust's server: a page becomes what it becomes with djust's client.

use djscope_tests::browser::Browser;
use djscope_tests::project::{Kind, Server};
use serde_json::json;

use crate::client_patches;
use crate::equal_pages::{Client, Host, compare, folder, with_ours};
use crate::journeys::JOURNEYS;

/// Bytes that the code of the client may have.
const MOST: usize = 35 * 1024;

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
        host("djust's client", &servers[0], Client::OfServer),
        host("our client", &servers[1], Client::Ours),
    ];
    let excepted = |path: &str| EXCEPTIONS.iter().any(|(exception, _)| *exception == path);
    let journeys: Vec<_> = JOURNEYS
        .iter()
        .filter(|(path, _)| !excepted(path))
        .copied()
        .collect();
    compare(&hosts, &journeys).await;
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

/// A view in a page, and a server that is played by the test.
const PLAYED: &str = r#"
(async () => {
  const sent = [];
  let socket;
  window.WebSocket = class {
    readyState = 1;
    constructor() { socket = this; }
    send(data) { sent.push(JSON.parse(data)); }
  };
  const say = frame => socket.onmessage({data: JSON.stringify(frame)});
  const taken = () => sent.splice(0);
  const pause = ms => new Promise(resolve => setTimeout(resolve, ms));
  const html = `<h1 dj-id="1">0</h1><input dj-id="2" id="typed" dj-keydown.enter="go('x', 3)" dj-model.lazy="name" value="a">
    <b dj-id="3" id="asks" dj-click="asked" dj-confirm="Sure?" data-row-id:int="7" dj-value-kind="k">b</b>
    <i dj-id="4" id="busy" dj-loading.class="on" dj-loading.for="asked"></i><ul dj-id="5"></ul>`;
  document.body.innerHTML = `<div dj-view="a.B" dj-root>${html}</div>`;
  const {start} = await import('/djscope/client/client.js');
  const view = start();
  say({type: 'connect', session_id: 's'});
  const seen = {mount: taken()[0].type};
  say({type: 'mount', view: 'a.B', version: 1, html, has_ids: true});
  const find = id => document.getElementById(id);

  window.confirm = () => false;
  find('asks').click();
  seen.refused = taken().length;
  window.confirm = () => true;
  find('asks').click();
  const asked = taken()[0];
  seen.asked = [asked.event, asked.params, asked.ref];
  seen.busy = find('busy').className;

  // A beat that comes before the answer waits for it.
  const text = (text, version, more) => say({type: 'patch', version, patches: [{type: 'SetText', path: [0], d: '1', text}], ...more});
  text('tick', 2, {source: 'tick'});
  seen.waits = document.querySelector('h1').textContent;
  text('answer', 3, {source: 'event', ref: asked.ref});
  seen.then = [document.querySelector('h1').textContent, find('busy').className];

  const typed = find('typed');
  typed.focus();
  typed.value = 'typed';
  typed.setSelectionRange(1, 3);
  const attribute = {type: 'SetAttr', path: [1], d: '2', key: 'value', value: 'server'};
  const move = {type: 'MoveChild', path: [], d: '0', from: 1, to: 4, child_d: '2'};
  say({type: 'patch', version: 4, patches: [attribute, move]});
  seen.kept = [document.activeElement === typed, typed.value, typed.selectionStart, typed.selectionEnd, typed.parentNode.lastElementChild.id];
  typed.dispatchEvent(new KeyboardEvent('keydown', {key: 'a', bubbles: true}));
  typed.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', code: 'Enter', bubbles: true}));
  seen.keys = taken().map(({event, params}) => [event, params._args, params.key]);
  typed.dispatchEvent(new Event('input', {bubbles: true}));
  seen.lazy = taken().length;
  typed.dispatchEvent(new Event('change', {bubbles: true}));
  seen.model = taken().map(({event, params}) => [event, params]);

  // A script that a patch brings never runs, and a gap in the versions is noticed.
  const script = {tag: 'script', attrs: {}, children: [{tag: '#text', text: 'window.ran = true'}]};
  say({type: 'patch', version: 5, patches: [{type: 'InsertChild', path: [4], d: '5', index: 0, node: script}]});
  const body = '<!--dj-if id="if-1-0"--><script>window.ran = true</'+'script><!--/dj-if-->';
  say({type: 'patch', version: 6, patches: [{type: 'InsertSubtree', path: [4], d: '5', index: 1, id: 'if-1-0', html: body}]});
  await pause(50);
  seen.scripts = [document.querySelectorAll('ul script').length, window.ran ?? null, taken().length];
  text('missed', 9);
  seen.gap = [taken().map(({type}) => type), document.querySelector('h1').textContent];
  say({type: 'html_recovery', version: 9, html: html.replace('>0<', '>again<')});
  text('missing', 10, {patches: [{type: 'SetText', path: [77], text: 'x'}]});
  seen.failed = [taken().map(({type}) => type), document.querySelector('h1').textContent, djscopeClient.applied.at(-1).failed.length];

  // A lost connection is made again, and its mount frame says how often events are wanted.
  socket.onclose();
  seen.lost = document.body.className;
  find('asks').click();
  await pause(1100);
  say({type: 'connect', session_id: 't'});
  seen.again = taken().map(({type}) => type);
  say({type: 'mount', view: 'a.B', version: 1, html, has_ids: true, handler_config: {asked: {debounce: {wait: 0.1}}}});
  for (const _ of [1, 2, 3]) find('asks').click();
  seen.debounced = [taken().length, (await pause(300), taken().length)];

  find('typed').insertAdjacentHTML('afterend', '<a id="link" dj-patch="?tab=2">2</a>');
  find('link').click();
  const [{type, params, uri}] = taken();
  history.back();
  await pause(300);
  seen.addresses = [type, params, uri, taken().map(({uri}) => uri)];
  return seen;
})()
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_client_and_a_played_server() {
    let server = Server::start(Kind::Daphne);
    let browser = Browser::start();
    let mut page = browser.page().await;
    with_ours(&mut page).await;
    page.open(&format!("http://{}/", server.address)).await;
    let seen = page.evaluate(PLAYED).await;
    let expected = json!({
        "mount": "mount",
        "refused": 0,
        "asked": ["asked", {"row_id": 7, "kind": "k"}, 1],
        "busy": "on",
        "waits": "0",
        "then": ["tick", ""],
        "kept": [true, "typed", 1, 3, "typed"],
        "keys": [["go", ["x", 3], "Enter"]],
        "lazy": 0,
        "model": [["update_model", {"field": "name", "value": "typed"}]],
        "scripts": [2, null, 0],
        "gap": [["request_html"], "tick"],
        "failed": [["request_html"], "again", 1],
        "lost": "dj-disconnected",
        "again": ["mount"],
        "debounced": [0, 1],
        "addresses": ["url_change", {"tab": "2"}, "/?tab=2", ["/"]],
    });
    assert_eq!(seen, expected);
}

/// What the modules hold besides comments and indentation.
#[test]
fn our_client_is_small() {
    let modules = std::fs::read_dir(folder())
        .unwrap()
        .map(|file| file.unwrap().path());
    let code: usize = modules
        .filter(|path| path.extension().is_some_and(|extension| extension == "js"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .map(|module| {
            let lines = module
                .lines()
                .map(str::trim)
                .filter(|line| !line.starts_with("//"));
            lines.map(|line| line.len() + 1).sum::<usize>()
        })
        .sum();
    assert!(code < MOST, "{code} bytes");
}
