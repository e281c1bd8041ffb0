//! Whatever is done to a page: the frames make of the browser's page what the server takes it for.

use std::sync::Arc;
use std::time::Duration;

use djscope_dom::apply::apply;
use djscope_dom::tree::{Tree, parse_written};
use djscope_live::{Parameter, ParameterType, Rate, Settings, TestClient};
use djscope_wire::{ServerFrame, ServerMessage};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use super::visit;

/// What a browser does next.
#[derive(Clone, Debug)]
enum Act {
    /// Calls one of the handlers with parameters by their number.
    Event { handler: usize, values: Vec<usize> },
    /// Writes a name of the state.
    Model { text: usize },
    /// Another address.
    Address { query: usize },
    /// Nothing, for a while.
    Wait(u64),
    /// Work in the background gets done.
    Work,
    /// A frame that means nothing.
    Noise(usize),
    /// Asks for the whole page.
    Recover,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..8usize, prop::collection::vec(0..VALUES.len(), 4))
            .prop_map(|(handler, values)| Act::Event { handler, values }),
        1 => (0..VALUES.len()).prop_map(|text| Act::Model { text }),
        1 => (0..QUERIES.len()).prop_map(|query| Act::Address { query }),
        1 => (0..4_000u64).prop_map(Act::Wait),
        1 => Just(Act::Work),
        1 => (0..NOISE.len()).prop_map(Act::Noise),
        1 => Just(Act::Recover),
    ]
}

const VALUES: &[&str] = &[
    "", "1", "2", "7", "bolt", "b", "tools", "price", "name", "email", "message", "a@b.de", "<b>&\"",
    "orders", "x y",
];
const QUERIES: &[&str] = &["", "orders", "settings", "nowhere"];
const NOISE: &[&str] = &[
    "",
    "{",
    "[]",
    "{\"type\":\"event\"}",
    "{\"type\":\"mount\"}",
    "{\"type\":\"pong\"}",
    "{\"type\":\"ping\"}",
    "{\"type\":\"event\",\"event\":\"_x\",\"params\":{}}",
    "{\"type\":\"url_change\",\"params\":7}",
    "{\"type\":\"upload_register\",\"upload_name\":\"document\",\"ref\":\"r\"}",
];

/// The browser's side of a connection.
struct Browser {
    client: TestClient,
    page: Tree,
    version: i64,
    handlers: Vec<(String, Vec<Parameter>)>,
}

fn page(inner: &str) -> Tree {
    parse_written(&format!("<div dj-id=\"0\">{inner}</div>"))
        .unwrap()
        .tree
}

/// What is in the root, whose own attributes may change.
fn inner(tree: &Tree) -> String {
    let html = tree.to_html();
    let mut is_quoted = false;
    let start = html.find(|character| {
        is_quoted ^= character == '"';
        character == '>' && !is_quoted
    });
    html[start.unwrap() + 1..html.len() - "</div>".len()].to_owned()
}

impl Browser {
    fn open(address: &str) -> Self {
        let settings = Settings {
            messages: Rate::UNLIMITED,
            ..Settings::default()
        };
        let site = Arc::new(djscope_demo::site(settings).unwrap());
        let mut client = visit(&site, address);
        let path = client.session.view_path().unwrap().to_string();
        let handlers = site.view(&path).unwrap().declaration().handlers.iter();
        let handlers = handlers
            .map(|handler| (handler.name.to_string(), handler.signature.parameters.clone()))
            .collect();
        let mount = client.take_frames().pop().unwrap();
        let mut browser = Self {
            page: page(mount["html"].as_str().unwrap()),
            version: 1,
            client,
            handlers,
        };
        browser.agrees();
        browser
    }

    fn act(&mut self, act: &Act) {
        let mut frames = match act {
            Act::Event { handler, values } if !self.handlers.is_empty() => {
                let (name, parameters) = &self.handlers[handler % self.handlers.len()];
                let sent: Map<String, Json> = parameters
                    .iter()
                    .zip(values)
                    .map(|(parameter, value)| {
                        let value = match parameter.annotation {
                            ParameterType::Int => json!(value % 4),
                            _ => json!(VALUES[*value]),
                        };
                        (parameter.name.to_string(), value)
                    })
                    .collect();
                self.client.event(name, &Json::Object(sent))
            }
            Act::Event { .. } => Vec::new(),
            Act::Model { text } => {
                let write = json!({"field": "name", "value": VALUES[*text]});
                self.client.event("update_model", &write)
            }
            Act::Address { query } => {
                let params = json!({"tab": QUERIES[*query], "page": "2"});
                self.client
                    .send(&json!({"type": "url_change", "params": params, "uri": "/"}));
                self.client.take_frames()
            }
            Act::Wait(ms) => self.client.pass(Duration::from_millis(*ms)),
            Act::Work => self.client.finish_tasks(),
            Act::Noise(noise) => {
                self.client
                    .input(djscope_live::Input::Text(NOISE[*noise].to_owned()));
                self.client.take_frames()
            }
            Act::Recover => {
                self.client.send(&json!({"type": "request_html"}));
                self.client.take_frames()
            }
        };
        // What a long handler says comes at its end.
        if self.client.session.next_deadline().is_some() {
            frames.extend(self.client.pass(Duration::from_secs(4)));
        }
        for frame in frames {
            self.take(&frame);
        }
        self.agrees();
    }

    fn take(&mut self, frame: &Json) {
        let ServerMessage(parsed) = ServerMessage::from_text(frame.to_string());
        assert_eq!(parsed.problem, None, "{frame}");
        match parsed.frame {
            ServerFrame::Patch(patch) => {
                self.counts(patch.version);
                let applied = apply(&mut self.page, &patch.patches);
                assert!(applied.failed.is_empty(), "{frame}");
            }
            ServerFrame::HtmlUpdate(update) => {
                self.counts(update.version);
                self.page = page(&update.html);
            }
            ServerFrame::HtmlRecovery(recovery) => {
                assert_eq!(recovery.version, Some(self.version));
                self.page = page(&recovery.html);
            }
            _ => {}
        }
    }

    fn counts(&mut self, version: Option<i64>) {
        self.version += 1;
        assert_eq!(version, Some(self.version));
    }

    /// The page of the browser is the one that the server takes it for.
    fn agrees(&mut self) {
        assert_eq!(inner(&self.page), self.client.html());
    }
}

const PAGES: &[&str] = &[
    "/",
    "/counter/",
    "/products/",
    "/chat/",
    "/contact/",
    "/tabs/",
    "/dashboard/",
    "/upload/",
    "/museum/rc05/",
    "/museum/rc11/",
    "/museum/rc16/",
    "/museum/rc21/",
    "/museum/rc21/fixed/",
    "/museum/rc22/",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_browser_has_the_page_that_the_server_takes_it_for(
        page in 0..PAGES.len(),
        acts in prop::collection::vec(act(), 1..25),
    ) {
        let mut browser = Browser::open(PAGES[page]);
        for act in &acts {
            browser.act(act);
        }
    }
}
