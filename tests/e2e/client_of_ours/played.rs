//! Our client and a server that is played by the test.

use djscope_tests::browser::Browser;
use djscope_tests::project::{Kind, Server};
use serde_json::{Value, json};

use crate::equal_pages::with_ours;

/// `play` puts a view into the page and mounts it; the test is the server of that view.
const PLAY: &str = r#"
window.play = async (html, mounted = {}, attributes = '') => {
  const sent = [];
  const sockets = [];
  window.WebSocket = class {
    readyState = 1;
    bufferedAmount = 0;
    constructor() { sockets.push(this); }
    send(data) { sent.push(typeof data === 'string' ? JSON.parse(data) : data); }
  };
  const pause = ms => new Promise(resolve => setTimeout(resolve, ms));
  const until = async condition => { while (!condition()) await pause(5); };
  const say = frame => sockets.at(-1).onmessage({data: JSON.stringify(frame)});
  const taken = () => sent.splice(0);
  const find = id => document.getElementById(id);
  const sentEvents = () => taken().map(({event, params}) => [event, params]);
  const outer = id => find(id).outerHTML.replace(/ (dj-\w+|id)="[^"]*"/g, '');
  document.body.innerHTML = `<div dj-view="a.B" dj-root ${attributes}>${html}</div>`;
  const {start} = await import('/djscope/client/client.js');
  const view = start();
  const mount = async more => {
    say({type: 'connect', session_id: 's'});
    await until(() => sent.length);
    taken();
    say({type: 'mount', view: 'a.B', version: 1, html, has_ids: true, ...mounted, ...more});
    await until(() => view.isMounted);
  };
  await mount();
  return {view, say, taken, sentEvents, find, outer, pause, until, mount, sockets, debug: window.djscopeClient};
};
"#;

/// What a played test has seen, in a page of its own.
async fn played(test: &str) -> Value {
    let server = Server::start(Kind::Daphne);
    let browser = Browser::start();
    let mut page = browser.page().await;
    with_ours(&mut page).await;
    // A page without a view.
    page.open(&format!("http://{}/", server.address)).await;
    page.evaluate(PLAY).await;
    page.evaluate(&format!(
        "(async () => {{ const seen = {{}};\n{test}\nreturn seen; }})()"
    ))
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_and_their_answers() {
    let seen = played(
        r#"
  const html = `<h1 dj-id="1">0</h1><input dj-id="2" id="typed" dj-keydown.enter="go('x', 3)" dj-keyup="went.escape" dj-model.lazy="name" value="a">
    <b dj-id="3" id="asks" dj-click="asked" dj-confirm="Sure?" data-row-id:int="7" dj-value-kind="k">b</b>
    <i dj-id="4" id="busy" dj-loading.class="on" dj-loading.for="asked"></i><ul dj-id="5"></ul>`;
  const {say, taken, find, pause, sockets, until, view} = await play(html);

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
  typed.dispatchEvent(new KeyboardEvent('keyup', {key: 'Enter', bubbles: true}));
  typed.dispatchEvent(new KeyboardEvent('keyup', {key: 'Escape', bubbles: true}));
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
  sockets[0].onclose({code: 1006});
  seen.lost = document.body.className;
  find('asks').click();
  await pause(1100);
  say({type: 'connect', session_id: 't'});
  await until(() => sockets.length === 2);
  seen.again = taken().map(({type}) => type);
  say({type: 'mount', view: 'a.B', version: 1, html, has_ids: true, handler_config: {asked: {debounce: {wait: 0.1}}}});
  for (const _ of [1, 2, 3]) find('asks').click();
  seen.debounced = [taken().length, (await pause(300), taken().length)];

  find('typed').insertAdjacentHTML('afterend', '<a id="link" dj-patch="?tab=2">2</a>');
  // The link came without a frame, so that nothing has loaded what follows it yet.
  await say({type: 'push_event', event: 'dj-patch', payload: {}});
  find('link').click();
  const [{type, params, uri}] = taken();
  history.back();
  await pause(300);
  seen.addresses = [type, params, uri, taken().map(({uri}) => uri)];

  // What waits for an answer is not lost when that is an error.
  view.event('fails', {});
  text('late', 2, {source: 'tick'});
  seen.held = document.querySelector('h1').textContent;
  say({type: 'error', error: 'no'});
  seen.released = document.querySelector('h1').textContent;
"#,
    )
    .await;
    let expected = json!({
        "refused": 0,
        "asked": ["asked", {"row_id": 7, "kind": "k"}, 1],
        "busy": "on",
        "waits": "0",
        "then": ["tick", ""],
        "kept": [true, "typed", 1, 3, "typed"],
        "keys": [["go", ["x", 3], "Enter"], ["went", null, "Escape"]],
        "lazy": 0,
        "model": [["update_model", {"field": "name", "value": "typed"}]],
        "scripts": [2, null, 0],
        "gap": [["request_html"], "tick"],
        "failed": [["request_html"], "again", 1],
        "lost": "dj-disconnected",
        "again": ["mount"],
        "debounced": [0, 1],
        "addresses": ["url_change", {"tab": "2"}, "/?tab=2", ["/"]],
        "held": "0",
        "released": "late",
    });
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_binding() {
    let seen = played(
        r#"
  window.djust = {hooks: {Chart: {
    mounted() { this.handleEvent('drawn', payload => { this.el.title = payload.what; }); this.pushEvent('ready', {at: this.el.id}); },
    updated() { this.el.dataset.updates = Number(this.el.dataset.updates ?? 0) + 1; },
  }}};
  const {say, sentEvents, find, pause, view} = await play(`
    <form id="form" dj-submit="save" dj-value-kind="k"><input id="name" name="name" value="A" dj-input="typed" dj-debounce="20"><input id="when" dj-change="changed" value="now">
    <input id="agree" name="agree" type="checkbox" dj-change="changed" dj-model="agree"><button id="go" name="go">Go</button></form>
    <input id="id_seen" dj-focus="came" dj-blur="left" value="s">
    <select id="many" multiple dj-model="many"><option selected>1</option><option selected>2</option></select>
    <input id="slow" dj-model.debounce-30="slow">
    <div id="chart" dj-hook="Chart"></div>
    <button id="busy" dj-click="work" dj-loading.disable dj-loading.class="on">Work</button><p id="wait" dj-loading.show="flex" dj-loading.for="work" style="display: none">Wait</p>
    <ul id="added" dj-update="append"><li id="one">1</li></ul><ul id="before" dj-update="prepend"><li id="two">2</li></ul><ul id="left" dj-update="ignore"><li>3</li></ul>`);
  const fire = (id, type) => find(id).dispatchEvent(new Event(type, {bubbles: true}));
  seen.hook = sentEvents();
  find('name').value = 'Ada';
  fire('name', 'input');
  fire('name', 'input');
  find('go').click();
  seen.submit = sentEvents();
  fire('when', 'change');
  find('agree').click();
  seen.change = sentEvents();
  find('id_seen').focus();
  find('id_seen').blur();
  fire('many', 'input');
  find('slow').value = 'x';
  fire('slow', 'input');
  seen.focus = sentEvents();
  await pause(60);
  seen.debounced = sentEvents();
  find('busy').click();
  const busy = () => [find('busy').disabled, find('busy').className, find('wait').style.display];
  seen.busy = busy();
  sentEvents();
  for (let ref = 1; ref < view.lastRef; ref += 1) say({type: 'noop', ref});
  say({type: 'noop', ref: view.lastRef, async_pending: true, event_name: 'work'});
  seen.working = busy();
  say({type: 'patch', version: 2, patches: [], source: 'async', event_name: 'work'});
  seen.done = busy();
  say({type: 'push_event', event: 'drawn', payload: {what: 'a chart'}});
  const html = document.querySelector('[dj-view]').innerHTML.replace('<li id="one">1</li>', '<li id="one">1</li><li id="four">4</li>')
    .replace('<li id="two">2</li>', '<li id="five">5</li>').replace('<li>3</li>', '<li>6</li>');
  say({type: 'html_update', version: 3, html});
  seen.chart = [find('chart').title, find('chart').dataset.updates];
  seen.lists = ['added', 'before', 'left'].map(id => find(id).textContent);
  seen.counts = djscopeClient.counts.typed;
"#,
    )
    .await;
    let typed = json!(["typed", {"value": "Ada", "field": "name", "_target": "name"}]);
    let expected = json!({
        "hook": [["ready", {"at": "chart"}]],
        "submit": [typed, ["save", {"name": "Ada", "kind": "k", "_target": "go"}]],
        "change": [
            ["changed", {"value": "now", "field": "when", "_target": "when"}],
            ["update_model", {"field": "agree", "value": true}],
            ["changed", {"value": true, "field": "agree", "_target": "agree"}],
        ],
        "focus": [
            ["came", {"value": "s", "field": "seen"}],
            ["left", {"value": "s", "field": "seen"}],
            ["update_model", {"field": "many", "value": ["1", "2"]}],
        ],
        "debounced": [["update_model", {"field": "slow", "value": "x"}]],
        "busy": [true, "djust-loading on", "flex"],
        "working": [true, "djust-loading on", "flex"],
        "done": [false, "", "none"],
        "chart": ["a chart", "1"],
        "lists": ["14", "52", "3"],
        "counts": {"asked": 2, "sent": 1},
    });
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_are_undone_before_the_answer() {
    let seen = played(
        r##"
  const rules = {
    like: {target: '#count', action: 'increment'}, drop: {target: '#count', action: 'decrement', value: 2},
    mark: {}, toggle: {action: 'toggle_class', class: 'on'}, add: {action: 'add_class', class: 'on'}, remove: {action: 'remove_class', class: 'btn'},
    set: {target: '#box-{value}', action: 'set_attr', attr: 'title', value: 'new'}, unset: {target: '#box-a', action: 'remove_attr', attr: 'lang'},
    say: {target: '#box-a', action: 'set_text', value: 'done'},
  };
  const buttons = Object.keys(rules).map(name => `<button id="${name}" class="btn" dj-click="${name}" data-value="a">${name}</button>`).join('');
  const {view, say, taken, find, outer, debug} = await play(
    `<p dj-id="1" id="count">3 likes</p><div id="box-a" lang="en"><b>bold</b></div>${buttons}`, {optimistic_rules: rules});
  const count = () => find('count').textContent;
  const answer = (frame, ref) => say({ref, ...frame});
  const text = (text, version) => ({type: 'patch', version, source: 'event', patches: [{type: 'SetText', path: [0, 0], text}]});

  // The second guess stands on the answer to the first.
  find('like').click();
  find('like').click();
  seen.two = [count(), find('like').className];
  answer(text('4 likes', 2), 1);
  seen.one = count();
  answer({type: 'noop'}, 2);
  seen.none = [count(), find('like').className];
  find('drop').click();
  seen.drop = count();
  answer(text('0 likes', 3), 3);
  seen.dropped = count();

  const bold = document.querySelector('b');
  const page = () => document.querySelector('[dj-view]').innerHTML;
  const before = page();
  seen.acts = {};
  for (const name of ['mark', 'toggle', 'add', 'remove', 'set', 'unset', 'say']) {
    find(name).click();
    seen.acts[name] = [find(name).className, outer('box-a')];
    answer({type: 'noop'}, view.lastRef);
    seen.acts[name].push(page() === before);
  }
  seen.same = document.querySelector('b') === bold;

  // An error that says what it answers leaves the others; one that does not takes all back.
  find('like').click();
  find('toggle').click();
  answer({type: 'error', error: 'no'}, view.lastRef - 1);
  seen.refused = [count(), find('toggle').className];
  find('like').click();
  say({type: 'error', error: 'no'});
  seen.all = [count(), page() === before];
  seen.rolledBack = debug.rolledBack.map(({event}) => event);
"##,
    )
    .await;
    let pending = "btn djust-loading optimistic-pending";
    let plain = "<div lang=\"en\"><b>bold</b></div>";
    let expected = json!({
        "two": ["5 likes", pending],
        "one": "5 likes",
        "none": ["4 likes", "btn"],
        "drop": "2 likes",
        "dropped": "0 likes",
        "acts": {
            "mark": [pending, plain, true],
            "toggle": [format!("{pending} on"), plain, true],
            "add": [format!("{pending} on"), plain, true],
            "remove": ["djust-loading optimistic-pending", plain, true],
            "set": [pending, "<div lang=\"en\" title=\"new\"><b>bold</b></div>", true],
            "unset": [pending, "<div><b>bold</b></div>", true],
            "say": [pending, "<div lang=\"en\">done</div>", true],
        },
        "same": true,
        "refused": ["0 likes", format!("{pending} on")],
        "all": ["0 likes", true],
        "rolledBack": ["like", "toggle", "like"],
    });
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_that_the_page_shares() {
    let seen = played(
        r#"
  const told = [];
  window.djust = {hooks: {Painter: {mounted() { this.subscribe('color', value => told.push(`hook ${value}`)); }}}};
  const handlers = {pick: {client_state: {keys: ['color']}}};
  const {view, find, sentEvents, say} = await play(
    `<button id="red" dj-click="pick" data-color="red" data-size="1">r</button><button id="blue" dj-click="pick" data-color="blue">b</button>
     <p id="shown" dj-id="1" dj-client-state="color">none</p><i dj-hook="Painter"></i>`, {handler_config: handlers});
  window.addEventListener('djust:client-state', ({detail}) => told.push(detail));
  const stop = view.shared.subscribe('color', value => told.push(`page ${value}`));
  find('red').click();
  find('red').click();
  seen.red = [find('shown').textContent, view.shared.get('color'), view.shared.get('size') ?? null];
  stop();
  find('blue').click();
  seen.blue = find('shown').textContent;
  view.shared.set('color', 'green');
  seen.green = find('shown').textContent;
  // What the server writes there meanwhile does not stay.
  say({type: 'html_update', version: 2, ref: 3, html: document.querySelector('[dj-view]').innerHTML.replace('>green<', '>none<')});
  seen.after = find('shown').textContent;
  seen.told = told;
  seen.sent = sentEvents().length;
"#,
    )
    .await;
    let change = |value: &str| json!({"key": "color", "value": value});
    let expected = json!({
        "red": ["red", "red", null],
        "blue": "blue",
        "green": "green",
        "after": "green",
        "told": ["hook red", "page red", change("red"), "hook blue", change("blue"), "hook green", change("green")],
        "sent": 3,
    });
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cached_answers_and_limited_events() {
    let seen = played(
        r#"
  const handlers = {steady: {throttle: {interval: 0.4}}, late: {debounce: {wait: 0.2, max_wait: 0.5}}, once: {throttle: {interval: 0.4, trailing: false}}};
  const {view, say, taken, find, pause, debug} = await play(
    `<p dj-id="1">0</p><button id="find" dj-click="find" data-q="x">f</button>`,
    {handler_config: handlers, cache_config: {find: {ttl: 60, key_params: ['q']}}});
  const patches = text => [{type: 'SetText', path: [0, 0], text}];
  const shown = () => document.querySelector('p').textContent;
  let version = 1;
  const answer = text => {
    const [{ref, params}] = taken();
    version += 1;
    say({type: 'patch', version, ref, source: 'event', cache_request_id: params._cacheRequestId, patches: patches(text)});
  };
  find('find').click();
  answer('found x');
  view.event('other', {});
  answer('other');
  find('find').click();
  seen.hit = [taken().length, shown(), debug.hits.map(({event, parameters}) => [event, parameters.q])];
  view.event('find', {q: 'x', more: 1});
  seen.sameKey = taken().length;
  // The answer that was asked for longest ago makes room for the hundred and first.
  for (let number = 0; number < 99; number += 1) { view.event('find', {q: number}); answer(number); }
  view.event('find', {q: 'x'});
  view.event('find', {q: 'new'});
  answer('new');
  view.event('find', {q: 'x'});
  seen.kept = taken().length;
  view.event('find', {q: 0});
  seen.gone = taken().length;

  const ask = async (event, times, every) => {
    for (let time = 0; time < times; time += 1) { view.event(event, {time}); await pause(every); }
    await pause(600);
    return taken().map(({params}) => params.time);
  };
  seen.steady = await ask('steady', 3, 5);
  seen.once = await ask('once', 3, 5);
  seen.late = await ask('late', 3, 5);
  const many = await ask('late', 12, 80);
  seen.most = [many.length > 1, many.at(-1)];
"#,
    )
    .await;
    let expected = json!({
        "hit": [0, "found x", [["find", "x"]]],
        "sameKey": 0,
        "kept": 0,
        "gone": 1,
        "steady": [0, 2],
        "once": [0],
        "late": [2],
        "most": [true, 11],
    });
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notices_and_streams() {
    let seen = played(
        r##"
  const {view, say, find, pause, until} = await play(`<h1 dj-id="1">0</h1><p id="out"></p><ul id="list"><li id="a">a</li></ul><input id="field">`);
  document.body.insertAdjacentHTML('beforeend', '<div id="dj-flash-container" data-dj-auto-dismiss="0"></div>');
  const flashes = () => [...find('dj-flash-container').children].map(each => each.outerHTML);
  // What needs a part of the client waits for it, and so does what comes after.
  const order = [];
  document.addEventListener('stream:update', ({target}) => order.push(target.textContent), {once: true});
  say({type: 'stream', stream: 's', ops: [{op: 'replace', target: 'h1', html: 'first'}]});
  say({type: 'patch', version: 2, patches: [{type: 'SetText', path: [0, 0], text: 'then'}]});
  seen.waits = document.querySelector('h1').textContent;
  await until(() => view.version === 2);
  seen.inOrder = [...order, document.querySelector('h1').textContent];

  const events = [];
  for (const name of ['start', 'text', 'update', 'remove', 'error', 'done']) {
    document.addEventListener(`stream:${name}`, ({target, detail}) => events.push([name, target.id, detail.stream]));
  }
  const stream = (...ops) => say({type: 'stream', stream: 's', ops});
  const out = {target: '#out'};
  stream({op: 'start', ...out}, {op: 'text', text: 'Hel', ...out}, {op: 'text', text: 'lo', ...out});
  seen.text = [find('out').outerHTML, find('out').childNodes.length];
  stream({op: 'error', error: 'broke', ...out});
  seen.error = find('out').outerHTML;
  stream({op: 'text', text: '<b>', mode: 'replace', ...out}, {op: 'done', ...out});
  seen.done = find('out').outerHTML;
  const list = {target: '#list'};
  stream({op: 'append', html: '<li>c<img src="" onerror="window.ran = 1"><script>window.ran = 2</'+'script></li>', ...list}, {op: 'prepend', html: '<li>b</li>', ...list}, {op: 'delete', target: '#a'}, {op: 'text', target: '#nowhere'});
  seen.list = [find('list').textContent, document.querySelectorAll('script[src=x]').length];
  seen.events = events;

  say({type: 'flash', action: 'put', level: 'info', message: '<i>saved</i>'});
  await until(() => flashes().length);
  say({type: 'flash', action: 'put', level: 'error', message: 'lost'});
  seen.flashes = flashes();
  say({type: 'flash', action: 'clear', level: 'info'});
  seen.going = find('dj-flash-container').firstChild.className;
  await pause(400);
  seen.cleared = flashes().length;
  find('dj-flash-container').dataset.djAutoDismiss = 30;
  say({type: 'flash', action: 'put', level: 'info', message: 'short'});
  say({type: 'flash', action: 'clear'});
  await pause(400);
  seen.gone = flashes().length;

  say({type: 'page_metadata', action: 'title', value: 'Title'});
  for (const content of ['one', 'two']) for (const name of ['description', 'og:title']) say({type: 'page_metadata', action: 'meta', name, content});
  seen.meta = [document.title, ...[...document.querySelectorAll('[name=description], [property="og:title"]')].map(each => each.content)];
  say({type: 'focus', selector: '#field', options: {}});
  seen.focus = document.activeElement.id;
  say({type: 'accessibility', announcements: [{message: 'Saved', priority: 'polite'}, {message: 'Lost', priority: 'assertive'}]});
  await pause(100);
  seen.announced = [...document.querySelectorAll('[aria-live]')].map(each => [each.getAttribute('aria-live'), each.textContent]);
"##,
    )
    .await;
    let message = |level: &str, text: &str| {
        format!(
            "<div class=\"dj-flash dj-flash-{level}\" role=\"alert\" data-dj-flash-level=\"{level}\">{text}</div>"
        )
    };
    let expected = json!({
        "waits": "0",
        "inOrder": ["first", "then"],
        "text": ["<p id=\"out\" data-stream-active=\"true\">Hello</p>", 1],
        "error": "<p id=\"out\" data-stream-error=\"true\">Hello<div class=\"dj-stream-error\" role=\"alert\">broke</div></p>",
        "done": "<p id=\"out\">&lt;b&gt;</p>",
        "list": ["bcwindow.ran = 2", 0],
        "events": [
            ["start", "out", "s"], ["text", "out", "s"], ["text", "out", "s"], ["error", "out", "s"],
            ["text", "out", "s"], ["done", "out", "s"], ["update", "list", "s"], ["update", "list", "s"], ["remove", "a", "s"],
        ],
        "flashes": [message("info", "&lt;i&gt;saved&lt;/i&gt;"), message("error", "lost")],
        "going": "dj-flash dj-flash-info dj-flash-removing",
        "cleared": 1,
        "gone": 0,
        "meta": ["Title", "two", "two"],
        "focus": "field",
        "announced": [["polite", "Saved"], ["assertive", "Lost"]],
    });
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drafts_outlive_a_reload() {
    let seen = played(
        r#"
  const html = `<input id="title" name="title" data-draft="true" value=""><input id="tick" type="checkbox" name="tick" data-draft="true"><input id="other" name="other">`;
  const open = (more = '') => play(html, {}, `data-draft-enabled data-draft-key="article" ${more}`);
  const stored = () => JSON.parse(localStorage.getItem('djust_draft_article'))?.data ?? null;
  const type = (id, value) => { const field = document.getElementById(id); field.value = value; field.dispatchEvent(new Event('input', {bubbles: true})); };
  let {say, find, pause} = await open();
  type('title', 'Hel');
  type('title', 'Hello');
  find('tick').click();
  type('other', 'not kept');
  seen.soon = stored();
  await pause(600);
  seen.kept = stored();
  ({say, find, pause} = await open());
  seen.restored = [find('title').value, find('tick').checked, find('other').value];
  const root = document.querySelector('[dj-view]');
  const clear = version => say({type: 'patch', version, patches: [{type: 'SetAttr', path: [], d: '0', key: 'data-draft-clear', value: ''}]});
  clear(2);
  seen.cleared = stored();
  // A new draft that begins before the mark is gone stays.
  type('title', 'Again');
  await pause(600);
  clear(3);
  seen.again = stored();
  say({type: 'push_event', event: 'djust:draft-clear', payload: {key: 'article'}});
  seen.told = stored();
  type('title', 'Sent');
  await pause(600);
  seen.sent = stored();
  ({find} = await open('data-draft-clear'));
  seen.accepted = [stored(), find('title').value];
"#,
    )
    .await;
    let expected = json!({
        "soon": null,
        "kept": {"title": "Hello", "tick": true},
        "restored": ["Hello", true, ""],
        "cleared": null,
        "again": {"title": "Again", "tick": true},
        "told": null,
        "sent": {"title": "Sent", "tick": true},
        "accepted": [null, ""],
    });
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_go_in_pieces() {
    let seen = played(
        r#"
  const {view, say, taken, sentEvents, find, pause, until, sockets} = await play(
    `<input id="file" type="file" multiple dj-upload="doc"><div id="bar"></div>`, {upload_configs: {doc: {chunk_size: 65536, max_file_size: 200000}}});
  const told = [];
  for (const name of ['progress', 'error']) window.addEventListener(`djust:upload:${name}`, ({detail}) => told.push([name, detail]));
  const choose = (...sizes) => {
    const files = new DataTransfer();
    for (const size of sizes) files.items.add(new File([new Uint8Array(size).fill(7)], `${size}.bin`));
    find('file').files = files.files;
    find('file').dispatchEvent(new Event('change', {bubbles: true}));
  };
  const socket = sockets[0];
  socket.bufferedAmount = 10_000_000;
  choose(150_000, 300_000);
  const [{ref, type, upload_name: name, client_size: size}] = taken();
  seen.register = [type, name, size];
  find('bar').innerHTML = `<div data-upload-ref="${ref}"><i class="upload-progress-bar"></i><b class="upload-progress-text"></b></div>`;
  await say({type: 'upload_registered', ref, upload_name: name});
  await pause(50);
  seen.buffered = taken().length;
  socket.bufferedAmount = 0;
  const frames = [];
  await until(() => { frames.push(...taken()); return frames.at(-1)?.[0] === 2; });
  const number = piece => new DataView(piece.buffer).getUint32(17);
  seen.pieces = frames.map(frame => [frame[0], frame.length, frame.length > 17 ? number(frame) : null]);
  say({type: 'upload_progress', ref, progress: 50, status: 'uploading'});
  seen.bar = [find('bar').querySelector('i').style.width, find('bar').querySelector('i').ariaValueNow, find('bar').textContent];
  say({type: 'upload_progress', ref, progress: 100, status: 'complete'});
  // The second file is too big for its slot, which nobody has to ask the server for.
  await until(() => told.length === 3);
  seen.asked = taken().length;

  choose(10);
  say({type: 'error', error: 'Upload rejected'});
  await until(() => told.length === 4);
  taken();
  const failed = upload => upload.catch(({message}) => message);
  const lost = failed(view.parts.uploads.upload(new File(['x'], 'x.txt'), 'doc'));
  socket.onclose({code: 1006});
  seen.lost = await lost;
  seen.told = told.map(([name, {progress, status, uploadName, file, error}]) => [name, progress ?? file, status ?? error, uploadName ?? null]);
"#,
    )
    .await;
    let expected = json!({
        "register": ["upload_register", "doc", 150_000],
        "buffered": 0,
        "pieces": [[1, 65_536, 0], [1, 65_536, 1], [1, 150_000 - 2 * 65_515 + 21, 2], [2, 17, null]],
        "bar": ["50%", "50", "50%"],
        "asked": 0,
        "lost": "The connection was lost",
        "told": [
            ["progress", 50, "uploading", "doc"],
            ["progress", 100, "complete", "doc"],
            ["error", "300000.bin", "File too large", null],
            ["error", "10.bin", "Upload rejected", null],
        ],
    });
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_elsewhere_and_connections_that_are_refused() {
    let seen = played(
        r#"
  const evil = ['javascript:window.ran = 1', 'https://example.org/', '//example.org/', 'data:text/html,x'];
  const links = ['patch', 'navigate'].flatMap(kind => evil.map(to => `<a class="evil" dj-${kind}="${to}">x</a>`)).join('');
  const {say, sentEvents, taken, find, pause, sockets} = await play(links);
  document.querySelectorAll('.evil').forEach(link => link.click());
  for (const to of evil) say({type: 'navigate', to});
  say({type: 'navigation', action: 'live_redirect', path: evil[0]});
  say({type: 'navigation', action: 'live_patch', path: evil[0]});
  await pause(50);
  seen.stays = [location.pathname + location.search + location.hash, taken().length, window.ran ?? null];
  say({type: 'navigate', to: '#here'});
  seen.goes = location.hash;

  const delays = [];
  const {setTimeout} = window;
  window.setTimeout = (action, delay) => { delays.push(delay); return 0; };
  sockets[0].onclose({code: 4429});
  seen.pause = delays.map(delay => delay >= 5000);
  sockets[0].onclose({code: 4403});
  window.setTimeout = setTimeout;
  seen.refused = delays.length;
"#,
    )
    .await;
    let expected = json!({
        "stays": ["/", 0, null],
        "goes": "#here",
        "pause": [true],
        "refused": 1,
    });
    assert_eq!(seen, expected);
}
