//! What the browser sees while the server is down.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};

use super::Upstream;

/// A 502 that says what is wrong. A page tries again by itself.
pub fn answer(upstream: &Upstream, problem: &str, headers: &HeaderMap) -> Response<Full<Bytes>> {
    let wants_page = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let (media_type, text) = if wants_page {
        ("text/html; charset=utf-8", page(upstream, problem))
    } else {
        (
            "text/plain; charset=utf-8",
            format!("djscope: {upstream} does not answer: {problem}\n"),
        )
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

fn page(upstream: &Upstream, problem: &str) -> String {
    let (upstream, problem) = (escaped(&upstream.to_string()), escaped(problem));
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="1">
<title>Server is down</title>
<style>
:root {{ color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }}
main {{ max-width: 40rem; margin: 20vh auto 0; padding: 0 1rem; }}
code {{ font-family: ui-monospace, monospace; }}
</style>
</head>
<body>
<main>
<h1>The server does not answer</h1>
<p><code>{upstream}</code>: {problem}</p>
<p>djscope goes on recording and tries again every second. Start the server, or look at its output for the reason.</p>
</main>
</body>
</html>
"#
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
