//! A view on our host, visited with our client.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use djscope_host::{CLIENT_SCRIPT, Host, HostOptions};
use djscope_live::trace::{Cause, Turn};
use djscope_live::{Application, Decimals, Declared, LiveView, Settings, encode};
use djscope_tests::browser::{Browser, Page};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(30);

/// What the server did, with the connection that it did it for.
type Turns = Arc<Mutex<Vec<(String, Turn)>>>;

/// A page of a browser, and what its server does.
pub(super) struct Visit {
    pub page: Page,
    pub host: Host,
    turns: Turns,
    _browser: Browser,
}

/// Serves a view whose root holds `content`, and opens its page.
pub(super) async fn visit(content: &str, view: impl FnOnce(Declared) -> Declared) -> Visit {
    let view = view(declared("Only"));
    Visit::open(site([("/", content, view)]), "/", "").await
}

/// A view without anything.
pub(super) fn declared(name: &str) -> Declared {
    Declared::new(&format!("rows.{name}"), &format!("{name}.html"))
}

/// A site of views, each with its address and what its root holds.
pub(super) fn site<const N: usize>(views: [(&str, &str, Declared); N]) -> Application {
    let settings = Settings {
        scripts: CLIENT_SCRIPT.into(),
        ..Settings::default()
    };
    let templates = views.each_ref().map(|(_, content, view)| {
        let name = &view.declaration().template;
        let page = format!(
            "<!doctype html><html><head><title>{name}</title></head><body><div dj-root>{content}</div></body></html>"
        );
        (name.to_string(), page)
    });
    let mut application = Application::new(settings, templates);
    for (address, _, view) in views {
        application.add(address, view).unwrap();
    }
    application
}

impl Visit {
    /// Opens a page, in which `script` runs before all others.
    pub async fn open(site: Application, address: &str, script: &str) -> Self {
        let turns = Turns::default();
        let told = Arc::clone(&turns);
        let options = HostOptions {
            on_turn: Some(Arc::new(move |session, turn| {
                told.lock().unwrap().push((session.to_owned(), turn.clone()));
            })),
            ..HostOptions::default()
        };
        let host = Host::start(options, Arc::new(site)).await.unwrap();
        let browser = Browser::start();
        let mut page = browser.page().await;
        let early = json!({"source": script});
        page.call("Page.addScriptToEvaluateOnNewDocument", early).await;
        let mut visit = Self {
            page,
            host,
            turns,
            _browser: browser,
        };
        visit.load(address).await;
        visit
    }

    /// Loads a page of the host.
    pub async fn load(&mut self, address: &str) {
        let url = format!("http://{}{address}", self.host.address());
        self.page.open(&url).await;
        self.page
            .wait("document.body.classList.contains('dj-connected')")
            .await;
    }

    /// Runs a script in the page, in one go.
    pub async fn run(&mut self, script: &str) -> Value {
        self.page.evaluate(&format!("(() => {{ {script} }})()")).await
    }

    /// What an expression of the page is.
    pub async fn see(&mut self, expression: &str) -> Value {
        self.page.evaluate(expression).await
    }

    /// Types letters faster than any user.
    pub async fn type_at_once(&mut self, selector: &str, text: &str) {
        let (selector, text) = (json!(selector), json!(text));
        self.run(&format!(
            "document.querySelector({selector}).focus(); window.typedAt = performance.now(); \
             for (const letter of {text}) document.execCommand('insertText', false, letter);"
        ))
        .await;
    }

    /// What the server has done, with the connection that it did it for.
    pub fn turns(&self) -> Vec<(String, Turn)> {
        self.turns.lock().unwrap().clone()
    }

    /// The events of a name that the server has got.
    pub fn calls(&self, event: &str) -> Vec<Turn> {
        let turns = self.turns();
        let is_meant = |turn: &Turn| matches!(&turn.cause, Cause::Event { name, .. } if **name == *event);
        turns.into_iter().map(|(_, turn)| turn).filter(is_meant).collect()
    }

    /// Waits for so many events of a name, and then whether there are more.
    pub async fn all_calls(&mut self, event: &str, least: usize) -> Vec<Turn> {
        let since = Instant::now();
        while self.calls(event).len() < least {
            assert!(
                since.elapsed() < PATIENCE,
                "{event} came {} times",
                self.calls(event).len()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.page.settle().await;
        self.calls(event)
    }
}

/// What the handler of an event was called with.
pub(super) fn arguments(turn: &Turn) -> Value {
    encode(&turn.arguments.clone().into(), Decimals::Text).unwrap()
}
