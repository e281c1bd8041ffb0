//! Our client tells the server of what the user does exactly what djust's client tells, and shows of the server's frames
//! what that shows.

use djscope_tests::browser::{Browser, Page};
use djscope_tests::project::{self, Kind, Server};
use serde_json::{Value, json};

use crate::equal_pages::{SHOWN, with_ours};

/// What our client does otherwise, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "bound",
        "djust's client tells of a checkbox with `dj-model` twice",
    ),
    (
        "failed",
        "djust's client loses the beat that came while an event was under way, if that fails",
    ),
];

/// A view with a server that answers every event with nothing, and what the server is told of each thing that is done.
const TOLD: &str = r##"
async start => {
  let socket;
  let told = [];
  const handlers = {fast: {throttle: {interval: 0.2}}, late: {debounce: {wait: 0.1}}};
  const html = `<form id="form" dj-submit="save" dj-value-source="page"><input name="name" id="id_name" value="A" dj-input="typed"><input name="tag" value="1"><input name="tag" value="2">
    <textarea name="text" dj-change="changed">old</textarea><select name="size" id="size" dj-change="changed" data-field="measure"><option>s<option>m</select>
    <input type="checkbox" name="agree" id="agree" value="yes" dj-change="changed"><input type="range" id="range" dj-input="slid" value="3"><button id="send" name="how">Send</button></form>
    <div data-component-id="c1"><button id="typed" dj-click="go('x', 3, true, null, 1.5, bare)" data-count:int="4" data-empty:int="" data-odd:int="x" data-price:float="1.5" data-on:bool="yes"
      data-list:list="a, b" data-json:json='{"a": [1]}' data-bad:json="{" data-kebab-case="k" data-dj-own="o" data-djust-hidden="h" dj-params='{"extra": 1, "count": 9}' dj-value-last:int="7"><b id="inner">x</b></button></div>
    <input id="key" name="key" value="v" dj-keydown.enter="entered" dj-keydown.escape="escaped" dj-keyup="anything" dj-value-where="field">
    <input id="focus" name="focus" value="f" dj-focus="came" dj-blur="left"><input id="other" dj-model="other" value="o"><input id="lazy" dj-model.lazy="lazy"><input id="check" type="checkbox" dj-model="check">
    <button id="fast" dj-click="fast" data-n="1">f</button><button id="late" dj-click="late">l</button><button id="quick" dj-click="quick" dj-throttle="200">q</button>
    <button id="asks" dj-click="asked" dj-confirm="Sure?">a</button><a id="link" href="#" dj-click="linked">x</a><a id="patch" dj-patch="?tab=2&page=">p</a>
    <h1 id="head">0</h1><p id="out"></p><p id="put" dj-stream-mode="replace">x</p><ul id="added" dj-update="append"><li id="one">1</li></ul><ul id="before" dj-update="prepend"><li id="two">2</li></ul><div id="left" dj-update="ignore"><i>3</i></div>
    <button id="busy" dj-click="busy" dj-loading.disable>b</button><em dj-loading.show dj-loading.for="busy" style="display:none">e</em><u dj-loading.class="on" dj-loading.for="busy">u</u>`;
  window.WebSocket = class {
    static OPEN = 1;
    readyState = 1;
    bufferedAmount = 0;
    constructor() {
      socket = this;
      setTimeout(() => { this.onopen?.({}); say({type: 'connect', session_id: 's'}); });
    }
    close() {}
    send(data) {
      const {type, ref, ...about} = JSON.parse(data);
      if (type === 'mount') say({type, view: 'a.B', version: 1, html, has_ids: true, handler_config: handlers});
      if (/event|url_change/.test(type)) told.push([type, about]);
      if (type === 'event' && about.event !== 'busy') say({type: 'noop', ref});
    }
  };
  const say = frame => setTimeout(() => socket.onmessage({data: JSON.stringify(frame)}));
  const pause = ms => new Promise(resolve => setTimeout(resolve, ms));
  document.body.innerHTML = `<div dj-view="a.B" dj-root>${html}</div><div id="dj-flash-container" data-dj-auto-dismiss="0"></div>`;
  await start();
  await pause(500);

  const find = id => document.getElementById(id);
  const fire = (id, type, more) => (find(id) ?? document.querySelector(`[name=${id}]`)).dispatchEvent(new Event(type, {bubbles: true, ...more}));
  const key = (type, name) => find('key').dispatchEvent(new KeyboardEvent(type, {key: name, code: name, bubbles: true}));
  const deeds = {
    click: () => find('inner').click(),
    link: () => find('link').click(),
    type: () => { find('id_name').value = 'Ada'; fire('id_name', 'input'); fire('id_name', 'input'); },
    submit: () => { find('id_name').value = 'Eve'; fire('id_name', 'input'); find('send').click(); },
    text: () => fire('text', 'change'),
    choose: () => { find('size').value = 'm'; fire('size', 'change'); },
    check: () => find('agree').click(),
    slide: () => { find('range').value = 8; fire('range', 'input'); },
    enter: () => { key('keydown', 'Enter'); key('keyup', 'Enter'); },
    escape: () => key('keydown', 'Escape'),
    letter: () => key('keydown', 'a'),
    focus: () => { find('focus').focus(); find('focus').blur(); },
    model: () => { find('other').value = 'p'; fire('other', 'input'); },
    lazy: () => { find('lazy').value = 'q'; fire('lazy', 'input'); fire('lazy', 'change'); },
    bound: () => find('check').click(),
    throttled: () => { for (const _ of [1, 2, 3]) find('fast').click(); },
    debounced: () => { for (const _ of [1, 2, 3]) find('late').click(); },
    element: () => { for (const _ of [1, 2, 3]) find('quick').click(); },
    refused: () => { window.confirm = () => false; find('asks').click(); },
    confirmed: () => { window.confirm = () => true; find('asks').click(); },
    patch: () => find('patch').click(),
  };
  // What the server says by itself, each with the page that it leads to.
  let version = 1;
  const show = frame => say({...frame, version: version += 1});
  const changed = (...changes) => show({type: 'html_update', html: changes.reduce((html, [old, wanted]) => html.replace(old, wanted), html)});
  const stream = (...ops) => say({type: 'stream', stream: 's', ops});
  const frames = {
    text: () => show({type: 'patch', patches: [{type: 'SetText', path: [13, 0], text: 'one'}]}),
    lists: () => changed(['>0</h1>', '>1</h1>'], ['>1</li>', '>1</li><li id="three">3</li>'], ['>2</li>', '>2</li><li id="four">4</li>'], ['<i>3', '<i>4']),
    again: () => changed(['>0</h1>', '>2</h1>'], ['<li id="one">1</li>', '<li id="five">5</li>']),
    fields: () => changed(['value="A"', 'value="B"'], ['old</textarea>', 'new</textarea>'], ['<option>m', '<option selected>m'], ['value="3"', 'value="5"'], ['id="agree"', 'id="agree" checked']),
    started: () => stream({op: 'start', target: '#out'}, {op: 'text', target: '#out', text: 'Hel'}),
    streamed: () => stream({op: 'text', target: '#out', text: 'lo'}, {op: 'text', target: '#put', text: 'y'}, {op: 'text', target: '#out', text: '<b>', mode: 'prepend'}),
    broken: () => stream({op: 'error', target: '#out', error: 'broke'}),
    ended: () => stream({op: 'replace', target: '#out', html: '<b>done</b>'}, {op: 'done', target: '#out'}),
    grown: () => stream({op: 'append', target: '#added', html: '<li>z</li>'}, {op: 'prepend', target: '#added', html: '<li>a</li>'}, {op: 'delete', target: '#put'}),
    pruned: () => stream({op: 'prune', target: '#added', limit: 2, edge: 'top'}),
    flashed: () => { say({type: 'flash', action: 'put', level: 'info', message: '<i>'}); say({type: 'flash', action: 'put', level: 'error', message: 'e'}); },
    cleared: () => say({type: 'flash', action: 'clear', level: 'info'}),
    titled: () => say({type: 'page_metadata', action: 'title', value: 'Title'}),
    described: () => { for (const name of ['description', 'og:title']) say({type: 'page_metadata', action: 'meta', name, content: name}); },
    moved: () => say({type: 'navigation', action: 'live_patch', params: {tab: 'x', none: '', nothing: null}, replace: true}),
    reset: () => { find('id_name').value = 'typed'; show({type: 'patch', patches: [], reset_form: true}); },
    busy: () => find('busy').click(),
    beat: () => show({type: 'patch', source: 'tick', patches: [{type: 'SetText', path: [13, 0], text: 'later'}]}),
    failed: () => say({type: 'error', error: 'no'}),
  };
  const shown = () => [SHOWN, find('dj-flash-container').innerHTML, [...document.head.querySelectorAll('meta')].map(each => each.outerHTML)];
  const seen = {};
  for (const name in deeds) {
    told = [];
    deeds[name]();
    await pause(500);
    seen[name] = told;
  }
  for (const name in frames) {
    frames[name]();
    await pause(500);
    seen[name] = shown();
  }
  return seen;
}
"##;

async fn told(page: &mut Page, start: &str) -> Value {
    let script = TOLD.replace("SHOWN", SHOWN.trim());
    page.evaluate(&format!("({script})({start})")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_clients_tell_and_show_the_same() {
    let server = Server::start(Kind::Daphne);
    let (browser, other_browser) = (Browser::start(), Browser::start());
    // A page without a view.
    let address = format!("http://{}/", server.address);
    let (mut page, mut our_page) = (browser.page().await, other_browser.page().await);
    with_ours(&mut our_page).await;
    page.open(&address).await;
    our_page.open(&address).await;
    let start = format!("() => (0, eval)({})", json!(project::client_script()));
    let our_start = "() => import('/djscope/client/client.js').then(client => client.start())";
    let (djusts, ours) = tokio::join!(told(&mut page, &start), told(&mut our_page, our_start));
    let differing: Vec<String> = djusts
        .as_object()
        .unwrap()
        .iter()
        .filter(|(deed, told)| {
            ours[deed.as_str()] != **told && !EXCEPTIONS.iter().any(|(exception, _)| exception == deed)
        })
        .map(|(deed, told)| format!("{deed}\n  djust {told}\n  ours  {}", ours[deed.as_str()]))
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    // Two clients that say nothing would agree, too.
    let silent: Vec<_> = ours
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, told)| **told == json!([]))
        .map(|(deed, _)| deed)
        .collect();
    assert_eq!(silent, ["letter", "refused"]);
}
