//! Requests to the live server: one connection each, as nothing is gained by keeping it.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use hyper::body::Body;
use hyper::client::conn::http1;
use hyper::header::{COOKIE, HOST, ORIGIN, REFERER, SET_COOKIE};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use super::cookies::{Jar, is_csrf};
use super::target::Target;

/// Bytes of an answer that are read.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// What the live connection says for itself, or what would have the server leave out what is to be compared.
const NOT_SENT: [&str; 15] = [
    "host",
    "connection",
    "cookie",
    "content-length",
    "transfer-encoding",
    "accept-encoding",
    "origin",
    "referer",
    "if-none-match",
    "if-modified-since",
    "range",
    "upgrade",
    "keep-alive",
    "proxy-connection",
    "te",
];

/// A request of the recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// `GET`, `POST` …
    pub method: String,
    /// Path and query.
    pub url: String,
    /// Headers as they were recorded.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What the live server answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// Status.
    pub status: u16,
    /// Media type.
    pub media_type: String,
    /// Content.
    pub body: Vec<u8>,
}

/// Asks the live server in the name of a visitor, whose cookies it may set.
///
/// # Errors
///
/// If it cannot be reached, does not answer in time, or answers what is no HTTP.
pub async fn ask(target: &Target, asked: &Asked, jar: &mut Jar, patience: Duration) -> io::Result<Answered> {
    let late = || {
        io::Error::new(
            io::ErrorKind::TimedOut,
            format!("no answer within {} s", patience.as_secs()),
        )
    };
    timeout(patience, exchange(target, asked, jar))
        .await
        .map_err(|_| late())?
}

async fn exchange(target: &Target, asked: &Asked, jar: &mut Jar) -> io::Result<Answered> {
    let request = request(target, asked, jar)?;
    let stream = TokioIo::new(target.connect().await?);
    let (mut sender, connection) = http1::handshake(stream).await.map_err(io::Error::other)?;
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(io::Error::other)?;
    let header = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    for cookie in response.headers().get_all(SET_COOKIE) {
        jar.take(&header(cookie));
    }
    let mut answered = Answered {
        status: response.status().as_u16(),
        media_type: response
            .headers()
            .get("content-type")
            .map(header)
            .unwrap_or_default(),
        body: Vec::new(),
    };
    let mut body = response.into_body();
    while let Some(frame) = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        if let Some(bytes) = frame.map_err(io::Error::other)?.data_ref() {
            if answered.body.len() + bytes.len() > MAX_ANSWER_BYTES {
                return Err(io::Error::other(format!(
                    "an answer of more than {} MB",
                    MAX_ANSWER_BYTES >> 20
                )));
            }
            answered.body.extend_from_slice(bytes);
        }
    }
    connection.abort();
    Ok(answered)
}

fn request(target: &Target, asked: &Asked, jar: &Jar) -> io::Result<Request<String>> {
    let wrong = |error: hyper::http::Error| io::Error::new(io::ErrorKind::InvalidInput, error.to_string());
    let method: Method = asked
        .method
        .parse()
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "its method is none"))?;
    let is_safe = matches!(method, Method::GET | Method::HEAD);
    let mut request = Request::builder()
        .method(method)
        .uri(&asked.url)
        .header(HOST, target.authority());
    for (name, value) in headers(&asked.headers, jar) {
        request = request.header(name, value);
    }
    if let Some(cookies) = jar.header() {
        request = request.header(COOKIE, cookies);
    }
    if !is_safe {
        let origin = format!("http://{}", target.authority());
        request = request
            .header(REFERER, format!("{origin}/"))
            .header(ORIGIN, origin);
    }
    // hyper takes the length of a text as that of the body.
    let body = String::from_utf8(asked.body.clone())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "its body is no text"))?;
    request.body(body).map_err(wrong)
}

/// The headers of the recording that are sent again; tokens against forgery are the live server's.
fn headers(recorded: &[(String, String)], jar: &Jar) -> Vec<(String, String)> {
    let kept = recorded.iter().filter(|(name, _)| {
        let name = name.to_ascii_lowercase();
        !NOT_SENT.contains(&name.as_str()) && !name.starts_with("sec-websocket-")
    });
    kept.filter_map(|(name, value)| {
        if is_csrf(name) {
            return Some((name.clone(), jar.csrf_token()?.to_owned()));
        }
        (!value.contains("[redacted")).then(|| (name.clone(), value.clone()))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_the_recording_are_sent_but_for_those_of_the_connection() {
        let recorded = [
            ("Host", "127.0.0.1:41107"),
            ("Cookie", "sessionid=[redacted]"),
            ("If-None-Match", "\"a\""),
            ("Accept-Language", "de"),
            ("X-CSRFToken", "[redacted:str:17-32:aa]"),
            ("Authorization", "[redacted:str:17-32:bb]"),
            ("X-Djust-Event", "increment"),
            ("Sec-WebSocket-Key", "abc"),
        ];
        let recorded: Vec<_> = recorded
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let jar = Jar::with(&[("csrftoken".to_owned(), "live".to_owned())]);
        let sent = headers(&recorded, &jar);
        let sent: Vec<_> = sent.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(
            sent,
            [
                ("Accept-Language", "de"),
                ("X-CSRFToken", "live"),
                ("X-Djust-Event", "increment")
            ]
        );
        assert_eq!(
            headers(&[("x-csrftoken".to_owned(), "a".to_owned())], &Jar::default()),
            []
        );
    }
}
