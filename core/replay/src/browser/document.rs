//! What is answered: the outer page and its questions, recorded pages and their files.

use std::sync::{Arc, PoisonError};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use djscope_host::client_module;
use djscope_recording::{BodySide, RecordingError};
use serde_json::json;

use super::door::Asked;
use super::pages::{Page, is_client};
use super::turns::leading;
use super::{Client, Shown};
use crate::server::script::header;

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";

/// Where files of djscope's own are in the origins of recorded pages.
const OWN: &str = "/__djscope/";

/// In the place of djust's client: ours.
const START: &str = "import('/__djscope/client/client.js').then(({ start }) => start());\n";

/// A body with its media type and what it may do.
struct Answer {
    status: StatusCode,
    media_type: String,
    body: Vec<u8>,
    policy: Option<String>,
}

impl Answer {
    fn of(media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: StatusCode::OK,
            media_type: media_type.to_owned(),
            body: body.into(),
            policy: None,
        }
    }

    fn refusal(status: StatusCode, message: &str) -> Self {
        Self {
            status,
            ..Self::of("text/plain; charset=utf-8", format!("{message}\n"))
        }
    }

    fn with_policy(self, policy: String) -> Self {
        Self {
            policy: Some(policy),
            ..self
        }
    }

    fn missing() -> Self {
        Self::refusal(StatusCode::NOT_FOUND, "This is not in the recording.")
    }

    fn response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let mut put = |name: HeaderName, value: &str| {
            if let Ok(value) = value.parse::<HeaderValue>() {
                response.headers_mut().insert(name, value);
            }
        };
        put(CONTENT_TYPE, &self.media_type);
        put(X_CONTENT_TYPE_OPTIONS, "nosniff");
        put(REFERRER_POLICY, "no-referrer");
        put(CACHE_CONTROL, "no-cache");
        put(
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        );
        put(HeaderName::from_static("x-dns-prefetch-control"), "off");
        if let Some(policy) = &self.policy {
            put(CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

/// Answers a request.
pub async fn answer(State(shown): State<Arc<Shown>>, request: Request) -> Response<Body> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Answer::refusal(
            StatusCode::METHOD_NOT_ALLOWED,
            "Nothing is sent anywhere in a replay.",
        )
        .response();
    }
    let path = request.uri().path();
    let query = request.uri().query().unwrap_or_default();
    let answer = match shown.door.asked(request.headers(), path) {
        Ok(Asked::Outer(part)) => shown.outer(&part, query),
        Ok(Asked::Inner(page)) => match shown.pages.named(&page) {
            Some(page) => {
                let into = request
                    .headers()
                    .get("sec-fetch-dest")
                    .and_then(|value| value.to_str().ok());
                shown.inner(
                    page,
                    request.uri().path_and_query().map_or("/", |url| url.as_str()),
                    into,
                )
            }
            None => Ok(Answer::missing()),
        },
        Err((status, message)) => Ok(Answer::refusal(status, message)),
    };
    answer
        .unwrap_or_else(|error| Answer::refusal(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()))
        .response()
}

impl Shown {
    /// A part of the outer page.
    fn outer(&self, part: &str, query: &str) -> Result<Answer, RecordingError> {
        let value = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .filter(|(known, _)| *known == name)
                .map(|(_, value)| value)
                .next()
        };
        Ok(match part {
            "" => Answer::of(HTML, include_str!("../../client/outer.html")).with_policy(self.outer_policy()),
            "outer.js" => Answer::of(SCRIPT, include_str!("../../client/outer.js")),
            "outer.css" => Answer::of("text/css; charset=utf-8", include_str!("../../client/outer.css")),
            "turns" => {
                let rows = json!({
                    "host": self.door.inner_host(),
                    "ours": self.client == Client::Ours,
                    "turns": self.turns.rows(),
                });
                Answer::of(JSON, rows.to_string())
            }
            "frames" => {
                let page = value("page").and_then(|name| self.pages.named(name));
                let turn = value("turn").and_then(|turn| turn.parse().ok());
                let (Some(page), Some(turn)) = (page, turn) else {
                    return Ok(Answer::missing());
                };
                let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
                let found = leading(&reader, &self.pages, page, turn)?;
                Answer::of(JSON, json!(found).to_string())
            }
            _ => Answer::missing(),
        })
    }

    /// Nothing but its own scripts, and frames of recorded pages wherever their scripts want to go.
    fn outer_policy(&self) -> String {
        format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src http://*.{}; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'self' tauri://localhost http://tauri.localhost",
            self.door.inner_host()
        )
    }

    /// Nothing but what was recorded, whatever the page's scripts are.
    fn inner_policy(&self) -> String {
        format!(
            "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src 'self'; worker-src 'none'; \
             object-src 'none'; base-uri 'self'; form-action 'none'; frame-ancestors {}",
            self.door.outer_origin()
        )
    }

    /// A document or file of a recorded page; `into` is what the browser wants it for.
    fn inner(&self, page: &Page, url: &str, into: Option<&str>) -> Result<Answer, RecordingError> {
        if let Some(name) = url.strip_prefix(OWN) {
            return Ok(self.own(name));
        }
        if into == Some("document") {
            let message = "A recorded page is shown inside the page of djscope replay only.";
            return Ok(Answer::refusal(StatusCode::FORBIDDEN, message));
        }
        let is_document = matches!(into, Some("iframe" | "frame") | None) && url == page.url;
        if is_document {
            return self.document(page);
        }
        if matches!(into, Some("iframe" | "frame")) {
            let html = format!("<!doctype html><title>replay</title>{}", self.stage(page, true));
            return Ok(Answer::of(HTML, html).with_policy(self.inner_policy()));
        }
        if is_client(url) && (self.client == Client::Ours || !page.has_client) {
            return Ok(Answer::of(SCRIPT, START));
        }
        if let Some((_, name)) = url.split_once("/djscope/client/")
            && self.client == Client::Ours
            && let Some(module) = client_module(name)
        {
            return Ok(Answer::of(SCRIPT, module));
        }
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(http) = self.pages.file(url, self.pages.time_of(page), false) else {
            return Ok(Answer::missing());
        };
        let exchange = reader.http_exchange(http)?;
        let body = reader.http_body(http, BodySide::Response)?;
        let (Some(exchange), Some(body)) = (exchange, body) else {
            return Ok(Answer::missing());
        };
        let media_type = header(&exchange.response_headers, "content-type");
        // A document that a script fetches runs nothing, and one that is opened does not come here.
        Ok(Answer::of(media_type, body).with_policy(self.inner_policy()))
    }

    /// A file of djscope's own.
    fn own(&self, name: &str) -> Answer {
        match name.strip_prefix("client/") {
            Some(module) => {
                client_module(module).map_or_else(Answer::missing, |module| Answer::of(SCRIPT, module))
            }
            None if name == "stage.js" => Answer::of(SCRIPT, include_str!("../../client/stage.js")),
            None => Answer::missing(),
        }
    }

    fn document(&self, page: &Page) -> Result<Answer, RecordingError> {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let body = match page.document {
            Some(http) => reader.http_body(http, BodySide::Response)?,
            None => None,
        };
        let stage = self.stage(page, false);
        let html = match body {
            Some(body) => with_script(&String::from_utf8_lossy(&body), &stage),
            None => format!(
                "<!doctype html><html><head><meta charset=\"utf-8\">{stage}</head><body><div dj-view=\"{}\" dj-root></div>\
                 <script>{START}</script></body></html>",
                escaped(&page.view)
            ),
        };
        Ok(Answer::of(HTML, html).with_policy(self.inner_policy()))
    }

    /// The script that has the page be played. It takes itself out of the page.
    fn stage(&self, page: &Page, has_left: bool) -> String {
        format!(
            "<script src=\"{OWN}stage.js\" data-outer=\"{}\" data-socket=\"{}\"{}></script>",
            self.door.outer_origin(),
            escaped(&page.socket_path),
            if has_left { " data-left" } else { "" }
        )
    }
}

/// The page with a script before all of its own.
fn with_script(html: &str, script: &str) -> String {
    let lower = html.to_ascii_lowercase();
    let after = |tag: &str| {
        let start = lower.match_indices(tag).map(|(at, _)| at).find(|at| {
            let next = lower[at + tag.len()..].chars().next();
            next.is_some_and(|next| next == '>' || next.is_ascii_whitespace())
        })?;
        Some(start + lower[start..].find('>')? + 1)
    };
    let at = after("<head")
        .or_else(|| after("<html"))
        .or_else(|| after("<!doctype"))
        .unwrap_or(0);
    format!("{}{script}{}", &html[..at], &html[at..])
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_comes_before_all_of_the_page() {
        for (html, expected) in [
            (
                "<!doctype html><html><head><script>a</script></head>",
                "<!doctype html><html><head>S<script>a</script></head>",
            ),
            (
                "<!DOCTYPE html>\n<HTML lang=\"en\"><HEAD profile=x><b>",
                "<!DOCTYPE html>\n<HTML lang=\"en\"><HEAD profile=x>S<b>",
            ),
            (
                "<!doctype html><header>x</header>",
                "<!doctype html>S<header>x</header>",
            ),
            ("<html ><p>", "<html >S<p>"),
            ("<p>é", "S<p>é"),
            ("", "S"),
        ] {
            assert_eq!(with_script(html, "S"), expected);
        }
    }
}
