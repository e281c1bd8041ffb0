//! One request and its answer.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use djscope_recording::model::{HttpBody, HttpExchange, HttpId, Micros};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderValue, LOCATION, ORIGIN, REFERER, UPGRADE};
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use super::body::{Kept, Passing};
use super::splice::{self, Socket};
use super::{MOST_HEADERS, ProxyOptions, Rewriting, unreachable};
use crate::observation::{Observation, SocketOpened};
use crate::queue::Tap;

type OutBody = UnsyncBoxBody<Bytes, hyper::Error>;

/// The connection to the server that belongs to one connection of the browser.
pub struct Link {
    sender: SendRequest<OutBody>,
    port: u16,
}

/// What every exchange of a proxy shares.
pub struct Relay {
    pub options: ProxyOptions,
    pub tap: Tap,
    pub own_address: SocketAddr,
}

/// The exchange as far as it is known, to be recorded once its answer has ended.
struct Draft {
    exchange: HttpExchange,
    request: Kept,
    response: Kept,
    tap: Tap,
}

impl Draft {
    fn end(mut self, problem: Option<String>) {
        self.exchange.duration_us = u64::try_from(self.tap.now_us() - self.exchange.t_us).ok();
        self.exchange.request_body = self.request.take();
        self.exchange.response_body = self.response.take();
        self.exchange.error = self.exchange.error.or(problem);
        self.tap.send(Observation::HttpEnded {
            exchange: Box::new(self.exchange),
        });
    }
}

impl Relay {
    /// Passes a request on and its answer back. Never fails: a server that is down is an answer, too.
    pub async fn exchange(
        self: Arc<Self>,
        mut request: Request<Incoming>,
        link: &Mutex<Option<Link>>,
    ) -> Result<Response<OutBody>, hyper::Error> {
        let t_us = self.tap.now_us();
        let mut draft = self.draft(&request, t_us);
        let asked = request.headers().clone();
        let is_upgrade = asked.contains_key(UPGRADE);
        let browser = is_upgrade.then(|| hyper::upgrade::on(&mut request));
        let path = draft.exchange.url.clone();
        let kept = draft.request.clone();
        let limit = self.options.body_limit;
        let request = self.to_server(request).map(|body| {
            let at_end = |_: Option<String>| {};
            BodyExt::boxed_unsync(Passing::new(body, kept, limit, at_end))
        });
        let mut response = match self.ask(request, link, draft.exchange.http).await {
            Ok(response) => response,
            Err(problem) => {
                draft.exchange.status = StatusCode::BAD_GATEWAY.as_u16();
                draft.exchange.error = Some(problem.clone());
                draft.end(None);
                return Ok(unreachable::answer(&self.options.upstream, &problem, &asked)
                    .map(|body| body.map_err(|never| match never {}).boxed_unsync()));
            }
        };
        self.to_browser(&mut response, &asked);
        draft.exchange.status = response.status().as_u16();
        draft.exchange.response_headers = pairs(response.headers());
        if is_upgrade {
            let opened = SocketOpened {
                connection: self.tap.next_connection(),
                t_us,
                path,
                status: response.status().as_u16(),
                extensions: text(response.headers().get("sec-websocket-extensions")),
                is_websocket: text(asked.get(UPGRADE)).eq_ignore_ascii_case("websocket"),
            };
            let connection = opened.connection;
            self.tap.send(Observation::SocketOpened(opened));
            match (response.status(), browser) {
                (StatusCode::SWITCHING_PROTOCOLS, Some(browser)) => {
                    let server = hyper::upgrade::on(&mut response);
                    link.lock().await.take();
                    let relay = Arc::clone(&self);
                    tokio::spawn(async move {
                        if let (Ok(browser), Ok(server)) = tokio::join!(browser, server)
                            && let (Some(browser), Some(server)) = (Socket::of(browser), Socket::of(server))
                        {
                            splice::splice(browser, server, connection, &relay.tap).await;
                        }
                        relay.tap.send(Observation::SocketClosed {
                            connection,
                            t_us: relay.tap.now_us(),
                        });
                    });
                }
                _ => self.tap.send(Observation::SocketClosed {
                    connection,
                    t_us: self.tap.now_us(),
                }),
            }
        }
        let kept = draft.response.clone();
        let says_empty = text(response.headers().get(CONTENT_LENGTH)) == "0";
        Ok(response.map(|body| {
            let body = Passing::new(body, kept, limit, |problem| draft.end(problem));
            body.saying_empty(says_empty).boxed_unsync()
        }))
    }

    fn draft(&self, request: &Request<Incoming>, t_us: Micros) -> Draft {
        let url = request
            .uri()
            .path_and_query()
            .map_or_else(|| "/".to_owned(), ToString::to_string);
        let exchange = HttpExchange {
            http: self.tap.next_http(),
            turn: None,
            t_us,
            duration_us: None,
            method: request.method().to_string(),
            url,
            status: 0,
            request_headers: pairs(request.headers()),
            response_headers: Vec::new(),
            request_body: HttpBody::default(),
            response_body: HttpBody::default(),
            error: None,
        };
        Draft {
            exchange,
            request: Kept::default(),
            response: Kept::default(),
            tap: self.tap.clone(),
        }
    }

    /// The request as the server gets it.
    fn to_server(&self, mut request: Request<Incoming>) -> Request<Incoming> {
        if let Some(path) = request
            .uri()
            .path_and_query()
            .filter(|_| request.uri().scheme().is_some())
        {
            *request.uri_mut() = Uri::from(path.clone());
        }
        if let Some(rewriting) = &self.options.rewriting {
            rewrite(rewriting, request.headers_mut());
        }
        request
    }

    /// A redirect to the server's own address would leave the proxy behind.
    fn to_browser(&self, response: &mut Response<Incoming>, asked: &HeaderMap) {
        let Some(location) = response
            .headers()
            .get(LOCATION)
            .and_then(|value| value.to_str().ok())
        else {
            return;
        };
        let Some((scheme, rest)) = location
            .split_once("//")
            .filter(|(scheme, _)| matches!(*scheme, "http:" | ""))
        else {
            return;
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if !self.options.upstream.is(authority) {
            return;
        }
        let host = text(asked.get(HOST));
        let is_own = self.options.upstream.is(&host);
        let host = if host.is_empty() || is_own {
            self.own_address.to_string()
        } else {
            host
        };
        if let Ok(value) = HeaderValue::try_from(format!("{scheme}//{host}{path}")) {
            response.headers_mut().insert(LOCATION, value);
        }
    }

    /// Sends the request over the browser's own link, or over a new one.
    async fn ask(
        &self,
        mut request: Request<OutBody>,
        link: &Mutex<Option<Link>>,
        http: HttpId,
    ) -> Result<Response<Incoming>, String> {
        let mut link = link.lock().await;
        loop {
            let (mut open, is_new) = match link.take() {
                Some(open) if !open.sender.is_closed() => (open, false),
                _ => (
                    self.connect().await.map_err(|error| connect_problem(&error))?,
                    true,
                ),
            };
            if open.sender.ready().await.is_err() && !is_new {
                continue;
            }
            self.tap.send(Observation::HttpBegan {
                http,
                port: open.port,
            });
            match open.sender.try_send_request(request).await {
                Ok(response) => {
                    *link = Some(open);
                    return Ok(response);
                }
                // An idle connection that the server closed just now; the request was not touched.
                Err(mut error) => match error.take_message() {
                    Some(unsent) if !is_new => request = unsent,
                    _ => return Err(answer_problem(error.error())),
                },
            }
        }
    }

    async fn connect(&self) -> io::Result<Link> {
        let mut problem = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in self.options.upstream.addresses() {
            match TcpStream::connect(address).await {
                Ok(stream) => return link(stream).await,
                Err(error) => problem = error,
            }
        }
        Err(problem)
    }
}

/// Tells the server its own name, where the proxy's stands.
fn rewrite(rewriting: &Rewriting, headers: &mut HeaderMap) {
    let hosts: Vec<&str> = headers
        .get_all(HOST)
        .iter()
        // What is not text is no name, and counts all the same.
        .map(|value| value.to_str().unwrap_or(""))
        .collect();
    let Some(place) = rewriting.place(&hosts) else {
        return;
    };
    if let Ok(value) = HeaderValue::try_from(rewriting.host()) {
        headers.insert(HOST, value);
    }
    for name in [ORIGIN, REFERER] {
        if headers.get_all(&name).iter().count() == 1
            && let Some(url) = headers.get(&name).and_then(|value| value.to_str().ok())
            && let Some(rewritten) = rewriting.url(url, &place)
            && let Ok(value) = HeaderValue::try_from(rewritten)
        {
            headers.insert(name, value);
        }
    }
}

async fn link(stream: TcpStream) -> io::Result<Link> {
    stream.set_nodelay(true)?;
    let port = stream.local_addr()?.port();
    let (sender, connection) = http1::Builder::new()
        .preserve_header_case(true)
        .max_headers(MOST_HEADERS)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    tokio::spawn(async move {
        // Its errors reach the exchange that waits for an answer.
        let _ = connection.with_upgrades().await;
    });
    Ok(Link { sender, port })
}

fn connect_problem(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        _ => format!("cannot connect: {error}"),
    }
}

fn answer_problem(error: &hyper::Error) -> String {
    if error.is_parse() {
        return format!("the answer is not HTTP ({error})");
    }
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return "the connection was closed before an answer".to_owned();
    }
    format!("no answer: {error}")
}

fn pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect()
}

fn text(value: Option<&HeaderValue>) -> String {
    value
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .unwrap_or_default()
}
