//! Sites of one page, and what frames say.

use std::sync::Arc;

use djscope_live::trace::Turn;
use djscope_live::{Application, LiveView, PageAnswer, Settings, TestClient, User};
use serde_json::Value as Json;

/// An application of one view, at `/`, whose template is `page`.
pub fn site(page: &str, view: impl LiveView + 'static) -> Arc<Application> {
    site_with(Settings::default(), page, view)
}

pub fn site_with(settings: Settings, page: &str, view: impl LiveView + 'static) -> Arc<Application> {
    let mut application = Application::new(settings, [("page.html".to_owned(), page.to_owned())]);
    application.add("/", view).unwrap();
    Arc::new(application)
}

/// Opens the first page of a site.
pub fn visit(application: &Arc<Application>) -> TestClient {
    TestClient::open(application, "/", User::anonymous())
}

/// The same by somebody.
pub fn visit_by(application: &Arc<Application>, user: User) -> TestClient {
    TestClient::open(application, "/", user)
}

pub fn last_turn(client: &TestClient) -> &Turn {
    client.last_turn().unwrap()
}

/// The HTML of a page that is asked for over HTTP.
pub fn page(application: &Arc<Application>, address: &str) -> PageAnswer {
    TestClient::page(application, address)
}

/// The texts that patches set, in order.
pub fn texts(frame: &Json) -> Vec<String> {
    let patches = frame["patches"].as_array().cloned().unwrap_or_default();
    patches
        .iter()
        .filter(|patch| patch["type"] == "SetText")
        .map(|patch| patch["text"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// The kinds of patches, in order.
pub fn kinds(frame: &Json) -> Vec<String> {
    let patches = frame["patches"].as_array().cloned().unwrap_or_default();
    patches
        .iter()
        .map(|patch| patch["type"].as_str().unwrap_or_default().to_owned())
        .collect()
}
