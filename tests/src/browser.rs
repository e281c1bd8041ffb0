//! Headless Chromium over the `DevTools` protocol: real clicks, real keys, a real page.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

const PATIENCE: Duration = Duration::from_secs(30);

/// A page counts as settled after this long without a change of its DOM or a frame.
const QUIET_MS: u32 = 350;

/// Counts questions and answers and notes when something last changed, from before the page's first script.
const WATCH: &str = r#"
(() => {
  const watch = window.__watch = {asked: 0, answered: 0, changed: performance.now()};
  const touch = () => { watch.changed = performance.now(); };
  const asks = frame => ['mount', 'event', 'url_change', 'live_redirect_mount'].includes(frame.type);
  const answers = frame => ['mount', 'noop', 'error'].includes(frame.type)
    || 'ref' in frame || frame.event_name === 'url_change';
  const parse = data => { try { return JSON.parse(data); } catch { return {}; } };
  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener('message', event => {
        touch();
        if (answers(parse(event.data))) watch.answered += 1;
      });
    }
    send(data) {
      touch();
      if (asks(parse(data))) watch.asked += 1;
      return super.send(data);
    }
  };
  new MutationObserver(touch)
    .observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
})();
"#;

/// A browser.
#[derive(Debug)]
pub struct Browser {
    child: Child,
    url: String,
    _profile: TempDir,
}

impl Browser {
    /// Starts Chromium without a window.
    ///
    /// # Panics
    ///
    /// If it is not installed or does not start.
    pub fn start() -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new("chromium")
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-dev-shm-usage",
                "--remote-debugging-port=0",
                "--window-size=1200,900",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("chromium is not installed: run ./dev setup");
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("DevTools listening on ").map(str::to_owned))
            .expect("chromium says no DevTools address");
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            url,
            _profile: profile,
        }
    }

    /// Opens an empty page.
    ///
    /// # Panics
    ///
    /// If the browser does not answer.
    pub async fn page(&self) -> Page {
        let mut browser = Page::connect(&self.url).await;
        let target = browser
            .call("Target.createTarget", json!({"url": "about:blank"}))
            .await;
        let id = target["targetId"].as_str().unwrap();
        let origin = self.url.split("/devtools/").next().unwrap();
        let mut page = Page::connect(&format!("{origin}/devtools/page/{id}")).await;
        for domain in ["Page", "Runtime", "Log", "DOM", "Network"] {
            page.call(&format!("{domain}.enable"), json!({})).await;
        }
        page.call("Page.addScriptToEvaluateOnNewDocument", json!({"source": WATCH}))
            .await;
        page
    }
}

impl Browser {
    /// The page inside a frame of another site, whose address begins so.
    ///
    /// # Panics
    ///
    /// If there is none within half a minute.
    pub async fn frame(&self, address: &str) -> Page {
        let mut browser = Page::connect(&self.url).await;
        let since = Instant::now();
        loop {
            let targets = browser.call("Target.getTargets", json!({})).await;
            let mut targets = targets["targetInfos"].as_array().into_iter().flatten();
            let found = targets.find(|target| {
                target["type"] == "iframe"
                    && target["url"].as_str().is_some_and(|url| url.starts_with(address))
            });
            if let Some(target) = found {
                let origin = self.url.split("/devtools/").next().unwrap();
                let id = target["targetId"].as_str().unwrap();
                return Page::connect(&format!("{origin}/devtools/page/{id}")).await;
            }
            assert!(since.elapsed() < PATIENCE, "no frame at {address}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A page of a browser.
#[derive(Debug)]
pub struct Page {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last_call: u64,
    console: Vec<String>,
    sent: Vec<Value>,
    received: Vec<String>,
    script: Option<fn(&str) -> String>,
}

impl Page {
    async fn connect(url: &str) -> Self {
        let config = WebSocketConfig::default()
            .max_message_size(None)
            .max_frame_size(None);
        let (socket, _) = tokio_tungstenite::connect_async_with_config(url, Some(config), true)
            .await
            .unwrap();
        Self {
            socket,
            last_call: 0,
            console: Vec::new(),
            sent: Vec::new(),
            received: Vec::new(),
            script: None,
        }
    }

    /// Calls a `DevTools` method.
    ///
    /// # Panics
    ///
    /// If it fails or is not answered.
    pub async fn call(&mut self, method: &str, params: Value) -> Value {
        self.last_call += 1;
        let id = self.last_call;
        let call = json!({"id": id, "method": method, "params": params}).to_string();
        self.socket.send(Message::text(call)).await.unwrap();
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next()).await;
            let message = message
                .unwrap_or_else(|_| panic!("{method} was not answered"))
                .unwrap()
                .unwrap();
            let Message::Text(text) = message else { continue };
            let mut value: Value = serde_json::from_str(&text).unwrap();
            if value["id"] == json!(id) {
                assert!(value.get("error").is_none(), "{method}: {}", value["error"]);
                return value["result"].take();
            }
            if value["method"] == "Fetch.requestPaused" {
                self.serve(&value["params"]).await;
            } else {
                self.note(&value);
            }
        }
    }

    /// Answers requests for addresses like these with a script instead of asking the server.
    pub async fn serve_scripts(&mut self, addresses: &[&str], script: fn(&str) -> String) {
        self.script = Some(script);
        let patterns: Vec<Value> = addresses
            .iter()
            .map(|address| json!({"urlPattern": address}))
            .collect();
        self.call("Fetch.enable", json!({"patterns": patterns})).await;
    }

    async fn serve(&mut self, request: &Value) {
        let Some(script) = self.script else { return };
        let url = request["request"]["url"].as_str().unwrap();
        self.last_call += 1;
        let params = json!({
            "requestId": request["requestId"],
            "responseCode": 200,
            "responseHeaders": [{"name": "Content-Type", "value": "text/javascript"}],
            "body": STANDARD.encode(script(url)),
        });
        // Nothing waits for the answer to this call.
        let call = json!({"id": self.last_call, "method": "Fetch.fulfillRequest", "params": params});
        self.socket.send(Message::text(call.to_string())).await.unwrap();
    }

    fn note(&mut self, event: &Value) {
        match event["method"].as_str() {
            Some("Runtime.consoleAPICalled") => {
                let parts = event["params"]["args"].as_array().into_iter().flatten();
                let texts: Vec<String> = parts
                    .map(|part| {
                        part["value"]
                            .as_str()
                            .map_or_else(|| part["value"].to_string(), str::to_owned)
                    })
                    .collect();
                self.console.push(format!(
                    "{}: {}",
                    event["params"]["type"].as_str().unwrap_or("log"),
                    texts.join(" ")
                ));
            }
            Some("Network.webSocketFrameSent") => {
                let text = event["params"]["response"]["payloadData"]
                    .as_str()
                    .unwrap_or_default();
                self.sent.extend(serde_json::from_str::<Value>(text));
            }
            Some("Network.webSocketFrameReceived") => {
                let text = &event["params"]["response"]["payloadData"];
                self.received.extend(text.as_str().map(str::to_owned));
            }
            Some("Runtime.exceptionThrown") => {
                self.console.push(format!(
                    "exception: {}",
                    event["params"]["exceptionDetails"]["text"]
                ));
            }
            _ => {}
        }
    }

    /// What the page has written to its console.
    pub fn console(&self) -> &[String] {
        &self.console
    }

    /// Value of a JavaScript expression; a promise is awaited.
    ///
    /// # Panics
    ///
    /// If it throws.
    pub async fn evaluate(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut result = self.call("Runtime.evaluate", params).await;
        assert!(
            result.get("exceptionDetails").is_none(),
            "{expression}: {}",
            result["exceptionDetails"]
        );
        result["result"]["value"].take()
    }

    /// Waits until a JavaScript condition holds.
    ///
    /// # Panics
    ///
    /// If it does not within half a minute.
    pub async fn wait(&mut self, condition: &str) {
        let since = Instant::now();
        while !self
            .evaluate(&format!("Boolean({condition})"))
            .await
            .as_bool()
            .unwrap_or(false)
        {
            assert!(since.elapsed() < PATIENCE, "never: {condition}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Goes to a URL and waits until its `LiveView` is mounted, if it has one.
    ///
    /// # Panics
    ///
    /// If the page does not load.
    pub async fn open(&mut self, url: &str) {
        let answer = self.call("Page.navigate", json!({"url": url})).await;
        assert!(answer.get("errorText").is_none(), "{url}: {answer}");
        self.wait(&format!(
            "document.readyState === 'complete' && location.href.startsWith({})",
            json!(url)
        ))
        .await;
        self.settle().await;
    }

    /// Waits until everything that was asked for is answered and nothing has changed for a while.
    /// Gives up after a few seconds: a page that ticks never rests, and some questions have no answer.
    pub async fn settle(&mut self) {
        let since = Instant::now();
        let answered = "Boolean(window.__watch && window.__watch.answered >= window.__watch.asked)";
        // On a busy machine a page is quiet before its script has asked for anything.
        let has_asked = "(!document.querySelector('[dj-view]') || window.__watch.asked > 0)";
        let rests =
            format!("{answered} && {has_asked} && performance.now() - window.__watch.changed > {QUIET_MS}");
        while since.elapsed() < Duration::from_secs(5) && self.evaluate(&rests).await != json!(true) {
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        while since.elapsed() < Duration::from_secs(12) && self.evaluate(answered).await != json!(true) {
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Clicks in the middle of an element.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub async fn click(&mut self, selector: &str) {
        let selector = json!(selector);
        self.wait(&format!("document.querySelector({selector})")).await;
        let place = self
            .evaluate(&format!(
                "(() => {{ const e = document.querySelector({selector}); e.scrollIntoView({{block: 'center'}}); \
                 const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()"
            ))
            .await;
        for kind in ["mousePressed", "mouseReleased"] {
            let params =
                json!({"type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1});
            self.call("Input.dispatchMouseEvent", params).await;
        }
    }

    /// Replaces the text of a field, key by key.
    pub async fn fill(&mut self, selector: &str, text: &str) {
        self.click(selector).await;
        self.evaluate(&format!("document.querySelector({}).select()", json!(selector)))
            .await;
        if text.is_empty() {
            self.press("Backspace", 8).await;
        }
        for character in text.chars() {
            self.call(
                "Input.dispatchKeyEvent",
                json!({"type": "char", "text": character.to_string()}),
            )
            .await;
        }
    }

    /// Presses a key that has no text, as in `press("Tab", 9)`.
    pub async fn press(&mut self, key: &str, code: u32) {
        for kind in ["rawKeyDown", "keyUp"] {
            let params = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code});
            self.call("Input.dispatchKeyEvent", params).await;
        }
    }

    /// Chooses a file.
    pub async fn choose_file(&mut self, selector: &str, file: &Path) {
        let document = self.call("DOM.getDocument", json!({})).await;
        let params = json!({"nodeId": document["root"]["nodeId"], "selector": selector});
        let node = self.call("DOM.querySelector", params).await;
        let params = json!({"nodeId": node["nodeId"], "files": [file.display().to_string()]});
        self.call("DOM.setFileInputFiles", params).await;
    }

    /// The JSON frames that the page has sent, over all its sockets and reloads.
    pub async fn sent(&mut self) -> &[Value] {
        // Events come before the answer to a later call.
        self.evaluate("0").await;
        &self.sent
    }

    /// The frames that the page has received, over all its sockets and reloads.
    pub async fn received(&mut self) -> &[String] {
        // Events come before the answer to a later call.
        self.evaluate("0").await;
        &self.received
    }

    /// A picture of the page, as PNG.
    ///
    /// # Panics
    ///
    /// If the browser cannot make one.
    pub async fn picture(&mut self) -> Vec<u8> {
        let result = self
            .call("Page.captureScreenshot", json!({"format": "png"}))
            .await;
        STANDARD.decode(result["data"].as_str().unwrap()).unwrap()
    }
}
