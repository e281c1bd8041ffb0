//! The server's side of a recording, played to a real browser, with no Django running.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use djscope_recording::Reader;
use djscope_recording::model::{Direction, FrameRecord, Opcode, TurnId};
use djscope_tests::browser::{Browser, Page};
use djscope_tests::djscope::{Recording, Shown, shown};
use djscope_tests::project::Kind;
use djscope_tests::raw::{Connection, Live};
use serde_json::{Value, json};

use crate::journeys::{CAUSES, JOURNEYS, Step, take};

/// What is done on the pages of causes.
pub(crate) const GO: &[Step] = &[Step::Click("#go"), Step::Escape, Step::Click("#go"), Step::Escape];

/// The journeys, and if every page is asked for, the causes as well.
pub(crate) fn pages() -> Vec<(String, &'static [Step])> {
    let is_whole = std::env::var_os("DJSCOPE_REPLAY_EVERYWHERE").is_some();
    let causes = CAUSES
        .iter()
        .filter(|_| is_whole)
        .map(|slug| (format!("/causes/{slug}/"), GO));
    let journeys = JOURNEYS.iter().map(|(path, steps)| ((*path).to_owned(), *steps));
    journeys.chain(causes).collect()
}

/// What is in the views of a page: names, sorted attributes with the numbers of elements, text. Left out is what the
/// browser's client does by itself: it shows that an event is under way, and leaves an empty `class` behind; and what is
/// masked in a recording: tokens against forgery.
const VIEWS: &str = r"
(() => {
  const ignored = (element, a) => (a.name === 'class' && !a.value.replace('djust-loading', '').trim())
    || (element.name === 'csrfmiddlewaretoken' && a.name === 'value');
  const shown = node => {
    if (node.nodeType === 3) return node.data.trim() ? JSON.stringify(node.data) : '';
    if (node.nodeType !== 1) return '<!--' + node.data + '-->';
    const attributes = [...node.attributes].filter(a => !ignored(node, a)).map(a => a.name + '=' + JSON.stringify(a.value)).sort();
    return '<' + [node.localName, ...attributes].join(' ') + '>' + [...node.childNodes].map(shown).join('') + '</>';
  };
  return [...document.querySelectorAll('[dj-view]')].map(shown).join('\n');
})()
";

/// Keeps, for each socket of a page, what is shown once a frame was followed by nothing for a while; before its first frame;
/// and after an event over HTTP.
fn watch() -> String {
    format!(
        "(() => {{
          const seen = window.__seen = [];
          const fetched = window.fetch;
          window.fetch = async (address, options) => {{
            const answer = await fetched.call(window, address, options);
            if (options?.method === 'POST') setTimeout(() => seen.push(['post', 0, {VIEWS}]), 250);
            return answer;
          }};
          window.WebSocket = class extends WebSocket {{
            constructor(...args) {{
              super(...args);
              let session = null;
              let count = 0;
              this.addEventListener('message', event => {{
                const own = ++count;
                try {{ session ??= JSON.parse(event.data).session_id; }} catch {{}}
                if (own === 1) seen.push([session, 0, {VIEWS}]);
                setTimeout(() => {{ if (own === count) seen.push([session, own, {VIEWS}]); }}, 250);
              }});
            }}
          }};
        }})()"
    )
}

/// What a page showed, by session and the number of frames that it had.
type Seen = Vec<(String, usize, String)>;

async fn drain(page: &mut Page, seen: &mut Seen) {
    let found = page
        .evaluate("window.__seen ? window.__seen.splice(0) : []")
        .await;
    for one in found.as_array().into_iter().flatten() {
        let session = one[0].as_str().unwrap_or_default().to_owned();
        let count = usize::try_from(one[1].as_u64().unwrap()).unwrap();
        seen.push((session, count, one[2].as_str().unwrap().to_owned()));
    }
}

/// Uses pages in a browser; gives the recording and what was shown.
async fn used(journeys: &[(String, &[Step])]) -> (Recording, Seen) {
    let mut recording = Recording::start(Kind::Daphne, &[]);
    let browser = Browser::start();
    let mut seen = Vec::new();
    for (path, steps) in journeys {
        let mut page = browser.page().await;
        page.call(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({"source": watch()}),
        )
        .await;
        page.open(&format!("http://{}{path}", recording.proxy)).await;
        drain(&mut page, &mut seen).await;
        for step in *steps {
            take(&mut page, step).await;
            page.settle().await;
            drain(&mut page, &mut seen).await;
        }
        page.call("Page.navigate", json!({"url": "about:blank"})).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    recording.stop("INT");
    (recording, seen)
}

/// What was shown after turns, by turn, with the name of its page: the last frame of each has to be the last that the page
/// had.
fn after_turns(file: &Path, seen: &Seen) -> BTreeMap<TurnId, (String, String)> {
    let reader = Reader::open(file).unwrap();
    let exchanges = reader.http(0, 10_000).unwrap().rows;
    let mut found = BTreeMap::new();
    let mut pages = Vec::new();
    for connection in reader.connections().unwrap() {
        let name = format!("c{}", connection.connection);
        let frames = reader
            .frames_of_connection(connection.connection, 0, 20_000)
            .unwrap();
        let is_sent =
            |frame: &&FrameRecord| frame.direction == Direction::ToBrowser && frame.opcode == Opcode::Text;
        let frames: Vec<_> = frames.iter().filter(is_sent).collect();
        let before = exchanges
            .iter()
            .rev()
            .filter(|exchange| exchange.t_us <= connection.opened_us);
        let document = before
            .clone()
            .find(|exchange| exchange.method == "GET" && exchange.turn.is_some());
        pages.push((connection.opened_us, name.clone()));
        for (_, count, html) in seen
            .iter()
            .filter(|(session, ..)| connection.session_id.as_deref() == Some(session))
        {
            let turn = match count {
                0 => document.and_then(|document| document.turn),
                count => frames.get(count - 1).and_then(|frame| frame.turn),
            };
            let Some(turn) = turn else { continue };
            let is_last = *count == 0 || !frames[*count..].iter().any(|frame| frame.turn == Some(turn));
            if is_last {
                found.entry(turn).or_insert((name.clone(), html.clone()));
            }
        }
    }
    let posts = exchanges.iter().filter(|exchange| exchange.method == "POST");
    for (exchange, (.., html)) in posts.zip(seen.iter().filter(|(session, ..)| session == "post")) {
        let page = pages
            .iter()
            .rfind(|(opened_us, _)| *opened_us <= exchange.t_us)
            .unwrap();
        found.insert(exchange.turn.unwrap(), (page.1.clone(), html.clone()));
    }
    found
}

/// Steps to a turn and gives the page inside.
async fn step(browser: &Browser, outer: &mut Page, turn: TurnId, page: &str) -> Page {
    outer.evaluate(&format!("location.hash = '#turn={turn}'")).await;
    outer
        .wait(&format!("document.body.dataset.shown === '{turn}'"))
        .await;
    browser.frame(&format!("http://{page}.")).await
}

/// The token of the launch, and the origin, of an address.
fn parts(url: &str) -> (&str, &str) {
    let (origin, token) = url.trim_end_matches('/').rsplit_once('/').unwrap();
    (origin, token)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_turn_is_shown_as_it_was() {
    let (recording, seen) = used(&pages()).await;
    if let Some(kept) = std::env::var_os("DJSCOPE_REPLAY_KEEP") {
        std::fs::copy(&recording.path, kept).unwrap();
    }
    let expected = after_turns(&recording.path, &seen);
    let stage = Shown::start(&recording.path, &[]);
    let browser = Browser::start();
    let mut outer = browser.page().await;
    outer.open(&stage.url).await;
    outer.wait("document.body.dataset.shown").await;
    let mut differing = Vec::new();
    for (turn, (page, html)) in &expected {
        let mut inner = step(&browser, &mut outer, *turn, page).await;
        let now = inner.evaluate(VIEWS).await;
        // Its own script races with the mount.
        if now != html.as_str() && !html.contains("PageScript") {
            differing.push(format!(
                "turn {turn}\n  recorded {html}\n  shown    {}",
                now.as_str().unwrap_or_default()
            ));
        }
    }
    println!("{} turns compared, {} differ", expected.len(), differing.len());
    assert!(
        differing.is_empty(),
        "{} of {}:\n{}",
        differing.len(),
        expected.len(),
        differing.join("\n")
    );
    assert!(expected.len() > 60, "{}", expected.len());
}

/// The counter, clicked in a browser.
async fn counted() -> (Recording, Vec<u64>) {
    let steps: &[Step] = &[
        Step::Click("#increment"),
        Step::Click("#add"),
        Step::Click("#increment"),
    ];
    let (recording, _) = used(&[("/counter/".to_owned(), steps)]).await;
    let turns = shown(&recording.path, &[])
        .iter()
        .map(|turn| turn["turn"].as_u64().unwrap())
        .collect();
    (recording, turns)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forward_and_back_with_either_client() {
    let (recording, turns) = counted().await;
    // The page, its mount, and three clicks.
    assert_eq!(turns.len(), 5);
    let counts = ["0", "0", "1", "6", "7"];
    for options in [&[][..], &["--client", "ours"]] {
        let stage = Shown::start(&recording.path, options);
        let browser = Browser::start();
        let mut outer = browser.page().await;
        outer.open(&format!("{}#turn={}", stage.url, turns[3])).await;
        outer
            .wait(&format!("document.body.dataset.shown === '{}'", turns[3]))
            .await;
        let mut inner = browser.frame("http://c1.").await;
        assert_eq!(
            inner
                .evaluate("document.querySelector('#count').textContent")
                .await,
            counts[3]
        );
        let is_ours = !options.is_empty();
        assert_eq!(inner.evaluate("Boolean(window.djscopeClient)").await, is_ours);
        // What the turn has patched is marked.
        assert!(
            outer
                .evaluate("document.querySelectorAll('.patched').length")
                .await
                .as_u64()
                > Some(0)
        );

        for (key, code, index) in [
            ("ArrowRight", 39, 4),
            ("ArrowLeft", 37, 3),
            ("ArrowLeft", 37, 2),
            ("ArrowLeft", 37, 1),
            ("ArrowLeft", 37, 0),
            ("ArrowLeft", 37, 0),
        ] {
            outer.press(key, code).await;
            outer
                .wait(&format!("document.body.dataset.shown === '{}'", turns[index]))
                .await;
            let mut inner = browser.frame("http://c1.").await;
            let count = inner
                .evaluate("document.querySelector('#count').textContent")
                .await;
            assert_eq!(count, counts[index], "turn {}", turns[index]);
            assert_eq!(
                outer.evaluate("location.hash").await,
                format!("#turn={}", turns[index])
            );
        }
        outer.evaluate("document.querySelector('#slider').value = 4; document.querySelector('#slider').dispatchEvent(new Event('input'))").await;
        outer
            .wait(&format!("document.body.dataset.shown === '{}'", turns[4]))
            .await;
        if let Some(picture) = std::env::var_os("DJSCOPE_REPLAY_PICTURE") {
            std::fs::write(picture, outer.picture().await).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_are_shown_and_not_sent() {
    let (recording, turns) = counted().await;
    let stage = Shown::start(&recording.path, &[]);
    let browser = Browser::start();
    let mut outer = browser.page().await;
    outer.open(&format!("{}#turn={}", stage.url, turns[2])).await;
    outer
        .wait(&format!("document.body.dataset.shown === '{}'", turns[2]))
        .await;
    let mut inner = browser.frame("http://c1.").await;
    let place = inner
        .evaluate("(() => { const r = document.querySelector('#add').getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()")
        .await;
    let top = outer
        .evaluate("document.querySelector('#page').getBoundingClientRect().y")
        .await;
    let (x, y) = (
        place[0].as_f64().unwrap(),
        place[1].as_f64().unwrap() + top.as_f64().unwrap(),
    );
    for kind in ["mousePressed", "mouseReleased"] {
        let params = json!({"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1});
        outer.call("Input.dispatchMouseEvent", params).await;
    }
    outer.wait("document.querySelector('#said').value").await;
    let said = outer.evaluate("document.querySelector('#said').value").await;
    assert_eq!(said, r#"button#add would send add {"amount":"5"}"#);
    assert_eq!(
        outer
            .evaluate("document.querySelectorAll('.clicked').length")
            .await,
        1
    );
    assert_eq!(
        inner
            .evaluate("document.querySelector('#count').textContent")
            .await,
        "1"
    );
    assert_eq!(
        inner
            .evaluate("document.querySelectorAll('.djust-loading').length")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_alone_is_shown_with_our_client() {
    let mut recording = Recording::start(Kind::Daphne, &[]);
    let mut connection = Connection::open(recording.proxy);
    let head = format!(
        "GET /counter/ HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        recording.proxy
    );
    connection.send(head.as_bytes());
    assert!(connection.answer("GET").status.contains("200"));
    std::thread::sleep(Duration::from_millis(300));
    recording.stop("INT");
    let stage = Shown::start(&recording.path, &[]);
    let browser = Browser::start();
    let mut outer = browser.page().await;
    outer.open(&stage.url).await;
    outer.wait("document.body.dataset.shown === '1'").await;
    let mut inner = browser.frame("http://h1.").await;
    assert_eq!(
        inner
            .evaluate("document.querySelector('#count').textContent")
            .await,
        "0"
    );
    assert_eq!(inner.evaluate("Boolean(window.djscopeClient)").await, true);
    let notes = outer.evaluate("document.querySelector('#notes').value").await;
    assert!(
        notes
            .as_str()
            .unwrap()
            .contains("djscope's client in place of djust's"),
        "{notes}"
    );
}

#[test]
fn only_who_has_the_token_and_comes_from_here_gets_in() {
    let mut recording = Recording::start(Kind::Daphne, &[]);
    let mut live = Live::mount(recording.proxy, "shop.views.counter.CounterView", "/counter/");
    live.event("increment", "{}");
    recording.stop("INT");
    let stage = Shown::start(&recording.path, &[]);
    let (origin, token) = parts(&stage.url);
    let host = origin.strip_prefix("http://").unwrap();
    let ask = |path: &str, head: &str, method: &str| {
        let mut connection = Connection::open(host.parse().unwrap());
        connection.send(format!("{method} {path} HTTP/1.1\r\n{head}Connection: close\r\n\r\n").as_bytes());
        connection.answer(method)
    };
    let own = format!("Host: {host}\r\n");
    let status = |path: &str, head: &str, method: &str| {
        ask(path, head, method)
            .status
            .split(' ')
            .nth(1)
            .unwrap()
            .to_owned()
    };
    let turns = format!("/{token}/turns");
    let answer = ask(&turns, &own, "GET");
    let listed: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(listed["turns"].as_array().unwrap().len(), 2);
    let inner = listed["host"].as_str().unwrap();
    assert!(!inner.contains(token));
    let page = format!("Host: c1.{inner}\r\n");
    for (path, head, method, expected) in [
        (&*turns, own.clone(), "POST", "405"),
        ("/", own.clone(), "GET", "401"),
        ("/turns", own.clone(), "GET", "401"),
        ("/0000/turns", own.clone(), "GET", "401"),
        (
            &*turns,
            format!("{own}Origin: http://evil.example\r\n"),
            "GET",
            "403",
        ),
        (
            &*turns,
            format!("{own}Sec-Fetch-Site: cross-site\r\n"),
            "GET",
            "403",
        ),
        (&*turns, "Host: evil.example\r\n".to_owned(), "GET", "400"),
        (&*turns, page.clone(), "GET", "404"),
        ("/counter/", page.clone(), "GET", "200"),
        ("/counter/", page.clone(), "POST", "405"),
        // Not as a page of its own, where it could go elsewhere.
        (
            "/counter/",
            format!("{page}Sec-Fetch-Dest: document\r\n"),
            "GET",
            "403",
        ),
        (
            "/counter/",
            format!("Host: c1.0000.localhost:{}\r\n", host.rsplit(':').next().unwrap()),
            "GET",
            "400",
        ),
        ("/../../etc/passwd", page.clone(), "GET", "404"),
        ("/__djscope/client/../Cargo.toml", page.clone(), "GET", "404"),
    ] {
        assert_eq!(status(path, &head, method), expected, "{method} {path} {head}");
    }
    let policy = ask("/counter/", &page, "GET");
    let policy = policy.header("content-security-policy").unwrap().to_owned();
    for part in [
        "connect-src 'self'",
        "form-action 'none'",
        "frame-ancestors http://127.0.0.1:",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
}

/// A server, and what it was asked.
fn stranger() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let heard = Arc::clone(&heard);
            std::thread::spawn(move || {
                let mut line = String::new();
                let _ = BufReader::new(stream.unwrap()).read_line(&mut line);
                // A browser may connect without asking for anything.
                if !line.is_empty() {
                    heard.lock().unwrap().push(line);
                }
            });
        }
    });
    (address, asked)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_page_reaches_nothing() {
    let mut recording = Recording::start(Kind::Daphne, &[]);
    let mut live = Live::mount(recording.proxy, "shop.views.counter.CounterView", "/counter/");
    live.event("increment", "{}");
    recording.stop("INT");
    // Somebody else's server, which must not be asked.
    let (evil, asked) = stranger();
    let stage = Shown::start(&recording.path, &[]);
    let (_, token) = parts(&stage.url);
    let browser = Browser::start();
    let mut outer = browser.page().await;
    outer.open(&stage.url).await;
    outer.wait("document.body.dataset.shown").await;
    let mut inner = browser.frame("http://c1.").await;
    let tried = inner
        .evaluate(&format!(
            "(async () => {{
              const said = [];
              const attempt = async (name, action) => {{
                try {{ said.push(name + ' ' + await action()); }} catch (error) {{ said.push(name + ' refused'); }}
              }};
              await attempt('fetch', () => fetch('{evil}/', {{mode: 'no-cors'}}).then(() => 'sent'));
              await attempt('beacon', () => navigator.sendBeacon('{evil}/b') && new Promise(done => setTimeout(done, 300, 'tried')));
              await attempt('image', () => new Promise((done, failed) => {{ const i = new Image(); i.onload = () => done('sent'); i.onerror = failed; i.src = '{evil}/i.png'; }}));
              await attempt('script', () => new Promise((done, failed) => {{ const s = document.createElement('script'); s.onload = () => done('sent'); s.onerror = failed; s.src = '{evil}/s.js'; document.head.append(s); }}));
              await attempt('outer', () => window.parent.location.href);
              await attempt('document', () => window.parent.document.title);
              await attempt('popup', () => window.open('{evil}/w') === null && 'nothing');
              await attempt('top', () => {{ window.top.location = '{evil}/t'; return 'asked'; }});
              await attempt('referrer', () => document.referrer);
              return said;
            }})()"
        ))
        .await;
    println!("{tried}");
    for name in ["fetch", "image", "script", "outer", "document"] {
        let refused = json!(format!("{name} refused"));
        assert!(tried.as_array().unwrap().contains(&refused), "{name}: {tried}");
    }
    assert!(!tried.to_string().contains(token), "{tried}");
    // It cannot leave the frame either: what goes elsewhere is not loaded, and the outer page goes on.
    for (number, leave) in [
        "location.href = EVIL + '/go'",
        "const form = document.createElement('form'); form.action = EVIL + '/f'; form.method = 'post'; \
         document.body.append(form); form.submit()",
        "const meta = document.createElement('meta'); meta.httpEquiv = 'refresh'; meta.content = '0;url=' + EVIL + '/m'; \
         document.head.append(meta)",
        "const link = document.createElement('a'); link.href = EVIL + '/a'; link.target = '_top'; document.body.append(link); \
         link.click()",
    ]
    .into_iter()
    .enumerate()
    {
        let script = format!("setTimeout(() => {{ const EVIL = '{evil}'; {leave}; }}, 100); 1");
        inner.evaluate(&script).await;
        tokio::time::sleep(Duration::from_millis(1000)).await;
        let (key, code, turn, count) = match number % 2 {
            0 => ("ArrowRight", 39, "2", "1"),
            _ => ("ArrowLeft", 37, "1", "0"),
        };
        outer.press(key, code).await;
        outer.wait(&format!("document.body.dataset.shown === '{turn}'")).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        inner = browser.frame("http://c1.").await;
        assert_eq!(inner.evaluate("document.querySelector('#count').textContent").await, count, "{leave}");
        let address = outer.evaluate("location.href").await;
        assert!(address.as_str().unwrap().starts_with(&stage.url), "{leave}: {address}");
    }
    assert_eq!(*asked.lock().unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_session_is_shown_from_its_middle() {
    const CLICKS: usize = 1_300;
    let mut recording = Recording::start(Kind::Daphne, &[]);
    let mut live = Live::mount(recording.proxy, "shop.views.counter.CounterView", "/counter/");
    for _ in 0..CLICKS {
        live.event("increment", "{}");
    }
    std::thread::sleep(Duration::from_millis(500));
    recording.stop("INT");
    let turns = shown(&recording.path, &["--filter", "event:increment"]);
    let stage = Shown::start(&recording.path, &[]);
    let browser = Browser::start();
    let mut outer = browser.page().await;
    outer.open(&stage.url).await;
    for index in [CLICKS - 1, CLICKS - 2, 3, CLICKS - 2, CLICKS - 1] {
        let turn = turns[index]["turn"].as_u64().unwrap();
        let mut inner = step(&browser, &mut outer, turn, "c1").await;
        let count = inner
            .evaluate("document.querySelector('#count').textContent")
            .await;
        assert_eq!(count, (index + 1).to_string());
    }
}
