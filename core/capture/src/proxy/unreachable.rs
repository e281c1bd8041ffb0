//! What the browser sees while the server is down.

use super::Upstream;

/// The status of the answer.
pub const STATUS: u16 = 502;

/// An answer that says what is wrong. A page tries again by itself.
pub fn answer(upstream: &Upstream, problem: &str, accept: &str) -> String {
    let (media_type, text) = if accept.contains("text/html") {
        ("text/html; charset=utf-8", page(upstream, problem))
    } else {
        (
            "text/plain; charset=utf-8",
            format!("djscope: {upstream} does not answer: {problem}\n"),
        )
    };
    format!(
        "HTTP/1.1 {STATUS} Bad Gateway\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nRetry-After: 1\r\nConnection: close\r\n\r\n{text}",
        text.len()
    )
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
