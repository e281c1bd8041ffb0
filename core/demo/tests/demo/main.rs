//! The demo: every page works, and every exhibit of the museum shows what it says.
#![allow(clippy::unwrap_used)]

mod exhibits;
mod pages;
mod walks;

use std::sync::Arc;

use djscope_live::{Application, Settings, TestClient, User};

fn site() -> Arc<Application> {
    Arc::new(djscope_demo::site(Settings::default()).unwrap())
}

fn visit(site: &Arc<Application>, address: &str) -> TestClient {
    TestClient::open(site, address, User::anonymous())
}
