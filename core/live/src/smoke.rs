//! A test for any view: does it render, do its handlers survive whatever is sent, does it let markup through
//! (`LiveViewSmokeTest`).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use super::trace::Turn;
use super::{Application, Handler, Parameter, ParameterType, Registered, TestClient, User, panic_text};
use djscope_dom::tree::{Kind, Tree, parse_written};

/// How much is tried.
#[derive(Clone, Debug)]
pub struct SmokeOptions {
    /// Calls of each handler with parameters made up for it.
    pub calls: usize,
    /// Calls of handlers one after the other on one instance.
    pub journey: usize,
    /// Querysets that one turn may evaluate.
    pub most_queries: u64,
    /// Who visits; has to be somebody who may.
    pub user: User,
    /// Where the made up parameters begin: the same number makes the same parameters.
    pub seed: u64,
}

impl Default for SmokeOptions {
    fn default() -> Self {
        Self {
            calls: 40,
            journey: 60,
            most_queries: 50,
            user: User::anonymous(),
            seed: 1,
        }
    }
}

/// What is wrong with a view.
#[derive(Clone, Debug, PartialEq)]
pub struct SmokeFinding {
    /// Dotted path of the view.
    pub view: String,
    /// The handler; `None` if it is about the first page.
    pub handler: Option<String>,
    /// What was sent.
    pub params: Json,
    /// What happened.
    pub problem: SmokeProblem,
}

/// What can be wrong with a view.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SmokeProblem {
    /// It cannot be mounted or rendered.
    #[error("no page: {0}")]
    NoPage(String),
    /// A handler raised something that it should have handled.
    #[error("raised: {0}")]
    Raised(String),
    /// A handler panicked.
    #[error("panicked: {0}")]
    Panicked(String),
    /// Markup that was sent is markup in the page.
    #[error("what was sent is not escaped: {0}")]
    NotEscaped(String),
    /// A turn asked the database too often.
    #[error("{0} querysets were evaluated in one turn")]
    TooManyQueries(u64),
}

/// Tries one view and tells what is wrong with it, each problem of a handler once.
pub fn smoke(
    application: &Arc<Application>,
    registered: &Arc<Registered>,
    options: &SmokeOptions,
) -> Vec<SmokeFinding> {
    let mut smoke = Smoke {
        application,
        registered,
        options,
        findings: Vec::new(),
        random: Random(options.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
    };
    if smoke.visit().is_none() {
        return smoke.findings;
    }
    let handlers: Vec<Handler> = registered
        .declaration()
        .handlers
        .iter()
        .filter(|handler| handler.is_event_handler)
        .cloned()
        .collect();
    for handler in &handlers {
        for _ in 0..options.calls {
            let Some(mut client) = smoke.visit() else { break };
            let params = smoke.made_up(handler);
            smoke.call(&mut client, handler, &params);
        }
    }
    if let Some(mut client) = smoke.visit().filter(|_| !handlers.is_empty()) {
        for _ in 0..options.journey {
            let handler = &handlers[smoke.random.below(handlers.len())];
            let params = smoke.made_up(handler);
            smoke.call(&mut client, handler, &params);
        }
    }
    smoke.findings
}

struct Smoke<'a> {
    application: &'a Arc<Application>,
    registered: &'a Arc<Registered>,
    options: &'a SmokeOptions,
    findings: Vec<SmokeFinding>,
    random: Random,
}

/// What came of a frame.
#[derive(Default)]
struct Came {
    errors: Vec<String>,
    turns: Vec<Turn>,
    panic: Option<String>,
}

/// Sends a frame and does all that follows from it.
fn send(client: &mut TestClient, frame: &Json) -> Came {
    client.turns.clear();
    let sent = catch_unwind(AssertUnwindSafe(|| {
        // So long that no rate is ever passed, and every tick has come.
        let mut frames = client.pass(Duration::from_secs(60));
        client.send(frame);
        frames.extend(client.take_frames());
        frames.extend(client.finish_tasks());
        frames
    }));
    match sent {
        Ok(frames) => Came {
            errors: frames
                .iter()
                .filter(|frame| frame["type"] == "error")
                .filter_map(|frame| Some(frame["error"].as_str()?.to_owned()))
                .collect(),
            turns: std::mem::take(&mut client.turns),
            panic: None,
        },
        Err(panic) => Came {
            panic: Some(panic_text(&*panic)),
            ..Came::default()
        },
    }
}

impl Smoke<'_> {
    /// A fresh mount; `None` if there is no page, which is a finding.
    fn visit(&mut self) -> Option<TestClient> {
        let path = &self.registered.declaration().path;
        let mut client = TestClient::connect(self.application, self.options.user.clone());
        let url = self.first_url();
        let frame = json!({"type": "mount", "view": &**path, "params": {}, "url": url});
        let came = send(&mut client, &frame);
        let problem = match (came.panic, came.errors.first()) {
            (Some(panic), _) => Some(SmokeProblem::Panicked(panic)),
            (None, Some(error)) => Some(SmokeProblem::NoPage(error.clone())),
            (None, None) if client.session.view_path().is_none() => {
                Some(SmokeProblem::NoPage("the view refused to be mounted".to_owned()))
            }
            (None, None) => None,
        };
        match problem {
            Some(problem) => {
                self.find(None, &Json::Null, problem);
                None
            }
            None => {
                self.check_queries(None, &Json::Null, &came.turns);
                Some(client)
            }
        }
    }

    /// The path of the first route of the view, with made up parts.
    fn first_url(&self) -> String {
        let path = &self.registered.declaration().path;
        let route = self.application.routes().find(|(_, view)| *view == path);
        let pattern = route.map_or("/", |(pattern, _)| &**pattern);
        let parts = pattern.split('/').map(|part| match part.strip_prefix('<') {
            Some(_) => "1",
            None => part,
        });
        parts.collect::<Vec<_>>().join("/")
    }

    fn call(&mut self, client: &mut TestClient, handler: &Handler, params: &Json) {
        let frame = json!({"type": "event", "event": &*handler.name, "params": params, "ref": 1});
        let came = send(client, &frame);
        if let Some(panic) = came.panic {
            self.find(Some(handler), params, SmokeProblem::Panicked(panic));
            return;
        }
        for error in &came.errors {
            // Refusals are as they should be; what a handler or a template raises is not.
            if error.starts_with("Error in ") {
                self.find(Some(handler), params, SmokeProblem::Raised(error.clone()));
            }
        }
        self.check_queries(Some(handler), params, &came.turns);
        if let Some(markup) = markup_in(client.html()) {
            self.find(Some(handler), params, SmokeProblem::NotEscaped(markup));
        }
    }

    fn check_queries(&mut self, handler: Option<&Handler>, params: &Json, turns: &[Turn]) {
        let most = turns.iter().map(|turn| turn.queries).max().unwrap_or(0);
        if most > self.options.most_queries {
            self.find(handler, params, SmokeProblem::TooManyQueries(most));
        }
    }

    fn find(&mut self, handler: Option<&Handler>, params: &Json, problem: SmokeProblem) {
        let handler = handler.map(|handler| handler.name.to_string());
        let kind = std::mem::discriminant(&problem);
        let is_known = self
            .findings
            .iter()
            .any(|found| found.handler == handler && std::mem::discriminant(&found.problem) == kind);
        if !is_known {
            self.findings.push(SmokeFinding {
                view: self.registered.declaration().path.to_string(),
                handler,
                params: params.clone(),
                problem,
            });
        }
    }

    /// Parameters for a handler: some as it wants them, some not, some missing, some that it does not know.
    fn made_up(&mut self, handler: &Handler) -> Json {
        let mut params = Map::new();
        for Parameter { name, annotation, .. } in &handler.signature.parameters {
            if self.random.below(8) != 0 {
                let value = self.value(annotation);
                params.insert(name.to_string(), value);
            }
        }
        for name in ["value", "field", "_target"] {
            if handler.signature.takes_any && self.random.below(3) == 0 {
                let value = self.value(&ParameterType::Str);
                params.insert(name.to_owned(), value);
            }
        }
        Json::Object(params)
    }

    fn value(&mut self, annotation: &ParameterType) -> Json {
        let is_wanted = self.random.below(4) != 0;
        match annotation {
            ParameterType::Int | ParameterType::Decimal if is_wanted => {
                let numbers = [
                    "0",
                    "1",
                    "-1",
                    "7",
                    "9223372036854775807",
                    "-9223372036854775808",
                    "99999",
                ];
                json!(numbers[self.random.below(numbers.len())])
            }
            ParameterType::Float if is_wanted => {
                let numbers = ["0", "1.5", "-1e308", "nan", "inf", "1e-320"];
                json!(numbers[self.random.below(numbers.len())])
            }
            ParameterType::Bool if is_wanted => json!(self.random.below(2) == 0),
            ParameterType::List(_) if is_wanted => json!("1,2,3"),
            _ => self.text(),
        }
    }

    fn text(&mut self) -> Json {
        match self.random.below(TEXTS.len() + 4) {
            0 => Json::Null,
            1 => json!("x".repeat(10_000)),
            2 => json!([1, {"a": [null]}]),
            3 => json!(-1),
            text => json!(TEXTS[text - 4]),
        }
    }
}

/// Texts that are markup if nobody escapes them, and others that are easily taken wrong.
const TEXTS: &[&str] = &[
    "",
    " ",
    "1",
    "plain",
    "<script>djscope_smoke()</script>",
    "\"><script>djscope_smoke()</script>",
    "'><img src=x onerror=djscope_smoke()>",
    "</textarea><djscope-smoke>",
    "javascript:djscope_smoke()",
    "<svg/onload=djscope_smoke()>",
    "\" onmouseover=\"djscope_smoke()",
    "{{ 7|add:7 }}{% if 1 %}",
    "'; DROP TABLE users; --",
    "../../etc/passwd",
    "\u{0}\u{202e}\u{fffd}😀é",
    "__class__",
];

/// Markup of [`TEXTS`] that has come to life in a page.
fn markup_in(html: &str) -> Option<String> {
    let page = format!("<div dj-root>{html}</div>");
    let tree = parse_written(&page).ok()?.tree;
    let mut open = vec![tree.root()];
    while let Some(node) = open.pop() {
        if tree.kind(node) != Kind::Element {
            continue;
        }
        if let Some(found) = markup_of(&tree, node) {
            return Some(found);
        }
        open.extend(tree.children(node));
    }
    None
}

fn markup_of(tree: &Tree, node: djscope_dom::tree::NodeId) -> Option<String> {
    let name = tree.name(node);
    if name == "djscope-smoke" {
        return Some("<djscope-smoke>".to_owned());
    }
    let text = tree.children(node).first().map_or("", |&child| tree.text(child));
    if name == "script" && text.contains("djscope_smoke()") {
        return Some(format!("<script>{text}</script>"));
    }
    let runs = |(attribute, value): &(&str, &str)| {
        let is_address = matches!(*attribute, "href" | "src" | "action" | "formaction");
        value.contains("djscope_smoke()")
            && (attribute.starts_with("on") || (is_address && value.trim().starts_with("javascript:")))
    };
    tree.attributes(node)
        .find(runs)
        .map(|(attribute, value)| format!("<{name} {attribute}=\"{value}\">"))
}

/// xorshift64: what is made up has to be the same each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}
