//! The exchanges of one connection, as they are recorded.

use std::collections::VecDeque;

use djscope_recording::model::{ConnectionId, HttpBody, HttpExchange, HttpId};

use super::head::{Head, Start};
use crate::observation::{Observation, SocketOpened};
use crate::queue::Tap;

/// Most requests of one connection that are remembered until they are answered.
const MAX_WAITING: usize = 100;

/// What of a body has gone by.
#[derive(Debug, Default)]
struct Kept {
    bytes: Vec<u8>,
    length: u64,
}

impl Kept {
    fn push(&mut self, piece: &[u8], limit: usize) {
        self.length += piece.len() as u64;
        let room = limit.saturating_sub(self.bytes.len()).min(piece.len());
        self.bytes.extend_from_slice(&piece[..room]);
    }

    fn into_body(self) -> HttpBody {
        HttpBody {
            length: self.length,
            bytes: self.bytes,
            redacted: false,
        }
    }
}

/// A request that has no whole answer yet.
#[derive(Debug)]
pub struct Exchange {
    record: HttpExchange,
    request: Kept,
    response: Kept,
    /// `Host` as the browser sent it.
    pub host: String,
    /// `Accept` as the browser sent it.
    pub accept: String,
    upgrade: Option<String>,
    /// The request could not be read, so that nothing can be said of what follows it.
    pub is_unread: bool,
}

impl Exchange {
    pub fn method(&self) -> &str {
        &self.record.method
    }

    pub const fn is_upgrade(&self) -> bool {
        self.upgrade.is_some()
    }

    /// Takes note of an answer of our own.
    pub fn failed(&mut self, status: u16, problem: &str) {
        self.record.status = status;
        self.record.error = Some(problem.to_owned());
    }
}

/// The exchanges under way, in the order of their requests.
pub struct Exchanges {
    tap: Tap,
    body_limit: usize,
    waiting: VecDeque<Exchange>,
    asked: u64,
}

impl Exchanges {
    pub const fn new(tap: Tap, body_limit: usize) -> Self {
        Self {
            tap,
            body_limit,
            waiting: VecDeque::new(),
            asked: 0,
        }
    }

    /// How many requests there were so far.
    pub const fn asked(&self) -> u64 {
        self.asked
    }

    /// No further request can be remembered.
    pub fn is_full(&self) -> bool {
        self.waiting.len() >= MAX_WAITING
    }

    /// A request has begun; its head has not been passed on yet.
    pub fn ask(&mut self, head: &Head) -> HttpId {
        let Start::Request { method, target } = &head.start else {
            return 0;
        };
        let record = HttpExchange {
            method: method.clone(),
            url: path(target).to_owned(),
            request_headers: head.pairs(),
            ..self.record()
        };
        self.show(record.clone());
        self.begin(Exchange {
            record,
            request: Kept::default(),
            response: Kept::default(),
            host: head.value("host"),
            accept: head.value("accept"),
            upgrade: head.has("upgrade").then(|| head.value("upgrade")),
            is_unread: false,
        })
    }

    /// Something has begun that cannot be read, and goes through all the same.
    pub fn ask_unread(&mut self, refusal: &str) -> HttpId {
        let error = format!(
            "what the browser sent was passed on unread, with all that followed on this connection: {refusal}"
        );
        self.begin(Exchange {
            record: HttpExchange {
                method: "?".to_owned(),
                url: "?".to_owned(),
                error: Some(error),
                ..self.record()
            },
            request: Kept::default(),
            response: Kept::default(),
            host: String::new(),
            accept: String::new(),
            upgrade: None,
            is_unread: true,
        })
    }

    fn begin(&mut self, exchange: Exchange) -> HttpId {
        let http = exchange.record.http;
        self.waiting.push_back(exchange);
        self.asked += 1;
        http
    }

    fn record(&self) -> HttpExchange {
        HttpExchange {
            http: self.tap.next_http(),
            turn: None,
            t_us: self.tap.now_us(),
            duration_us: None,
            method: String::new(),
            url: String::new(),
            status: 0,
            request_headers: Vec::new(),
            response_headers: Vec::new(),
            request_body: HttpBody::default(),
            response_body: HttpBody::default(),
            error: None,
        }
    }

    /// Says over which port of ours a request goes, before it goes.
    pub fn announce(&self, http: HttpId, port: u16) {
        self.tap.send(Observation::HttpBegan { http, port });
    }

    /// The same for all that were begun before there was a port.
    pub fn announce_all(&self, port: u16) {
        for exchange in &self.waiting {
            self.announce(exchange.record.http, port);
        }
    }

    /// The rest of a request cannot be read, and goes through all the same.
    pub fn spoil(&mut self, http: HttpId, refusal: &str) {
        if let Some(exchange) = self
            .waiting
            .back_mut()
            .filter(|exchange| exchange.record.http == http)
        {
            exchange.is_unread = true;
            exchange.record.error = Some(format!("the rest was passed on unread: {refusal}"));
        }
    }

    /// Content of the request that was begun last.
    pub fn request_content(&mut self, http: HttpId, bytes: &[u8]) {
        let limit = self.body_limit;
        // An answer may come, and end, before all of the request was sent.
        if let Some(exchange) = self
            .waiting
            .back_mut()
            .filter(|exchange| exchange.record.http == http)
        {
            exchange.request.push(bytes, limit);
        }
    }

    /// The content of the request that was begun last has ended; its last bytes have not been passed on yet.
    pub fn request_ended(&self, http: HttpId) {
        let asked = self
            .waiting
            .back()
            .filter(|exchange| exchange.record.http == http && exchange.request.length > 0);
        if let Some(exchange) = asked {
            self.show(HttpExchange {
                request_body: HttpBody {
                    length: exchange.request.length,
                    bytes: exchange.request.bytes.clone(),
                    redacted: false,
                },
                ..exchange.record.clone()
            });
        }
    }

    /// The head of the answer under way has come, and has not been passed on yet.
    pub fn answered(&mut self, status: u16, head: &Head) {
        let Some(exchange) = self.waiting.front_mut() else {
            return;
        };
        exchange.record.status = status;
        exchange.record.response_headers = head.pairs();
        let record = exchange.record.clone();
        self.show(record);
    }

    fn show(&self, record: HttpExchange) {
        self.tap.send(Observation::HttpSeen {
            exchange: Box::new(record),
        });
    }

    /// The exchange that the next answer belongs to.
    pub fn first(&mut self) -> Option<&mut Exchange> {
        self.waiting.front_mut()
    }

    /// Content of the answer under way.
    pub fn response_content(&mut self, bytes: &[u8]) {
        let limit = self.body_limit;
        if let Some(exchange) = self.waiting.front_mut() {
            exchange.response.push(bytes, limit);
        }
    }

    /// Says that a socket was asked for and answered.
    pub fn socket_opened(&mut self, status: u16, head: &Head) -> Option<SocketOpened> {
        let exchange = self.waiting.front()?;
        let connection = self.tap.next_connection();
        let opened = SocketOpened {
            connection,
            t_us: exchange.record.t_us,
            path: exchange.record.url.clone(),
            status,
            extensions: head.value("sec-websocket-extensions"),
            server: head.value("server"),
            is_websocket: exchange
                .upgrade
                .as_deref()
                .is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket")),
        };
        self.tap.send(Observation::SocketOpened(opened.clone()));
        Some(opened)
    }

    pub fn socket_closed(&self, connection: ConnectionId) {
        self.tap.send(Observation::SocketClosed {
            connection,
            t_us: self.tap.now_us(),
        });
    }

    /// The first exchange, which has ended.
    pub fn take_first(&mut self) -> Option<Exchange> {
        self.waiting.pop_front()
    }

    /// Records an exchange that has ended, well or with a problem.
    pub fn end(&self, exchange: Exchange, problem: Option<&str>) {
        let mut record = exchange.record;
        record.duration_us = u64::try_from(self.tap.now_us() - record.t_us).ok();
        record.request_body = exchange.request.into_body();
        record.response_body = exchange.response.into_body();
        record.error = record.error.or_else(|| problem.map(str::to_owned));
        self.tap.send(Observation::HttpEnded {
            exchange: Box::new(record),
        });
    }

    /// Records what is under way as ended by `problem`.
    pub fn end_all(&mut self, problem: &str) {
        while let Some(exchange) = self.take_first() {
            self.end(exchange, Some(problem));
        }
    }
}

/// Path and query of a target, which may be a whole URL.
fn path(target: &str) -> &str {
    if target.starts_with('/') {
        return target;
    }
    match target.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => target,
    }
}
