//! One connection of a browser, and its own to the server.

use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use djscope_recording::model::{ConnectionId, Direction};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch;

use super::answers::Answers;
use super::exchange::Exchanges;
use super::requests::Requests;
use super::{Relay, splice, unreachable};

const BUFFER: usize = 64 * 1024;

/// How long a browser is waited for that has got its last answer and keeps the connection.
const LINGER: Duration = Duration::from_secs(30);

/// How long what a browser goes on sending is read after an answer of our own.
const DRAIN: Duration = Duration::from_secs(2);

pub const LEFT: &str = "the other side went away before the end";
pub const NO_ANSWER: &str = "the connection was closed before an answer";

/// What the bytes of a connection are at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Messages.
    Http,
    /// The browser has asked for another protocol, and the server has not answered yet.
    Deciding,
    /// What the server has agreed to.
    Socket(ConnectionId),
    /// Nothing comes from the server any more.
    Over,
}

/// What both directions of a connection know.
pub struct Shared {
    pub relay: Arc<Relay>,
    exchanges: Mutex<Exchanges>,
    pub mode: watch::Sender<Mode>,
    /// The browser has closed its side, or all of it: that looks the same.
    pub has_said_all: AtomicBool,
}

/// How a direction has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The side that is read has said all, and the other side knows it.
    Said,
    /// The browser is gone.
    NoBrowser,
    /// The server is gone, and has said nothing at all.
    NoServer,
}

impl Shared {
    pub fn exchanges(&self) -> MutexGuard<'_, Exchanges> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn mode(&self) -> Mode {
        *self.mode.borrow()
    }
}

/// Passes on whatever `browser` and the server have to say to each other, until both have said all.
pub async fn connection(mut browser: TcpStream, relay: Arc<Relay>) {
    let _ = browser.set_nodelay(true);
    let shared = Shared {
        exchanges: Mutex::new(Exchanges::new(relay.tap.clone(), relay.options.body_limit)),
        mode: watch::Sender::new(Mode::Http),
        has_said_all: AtomicBool::new(false),
        relay,
    };
    let mut requests = Requests::new();
    // Browsers open connections that they may never use: the server hears of one when it is used.
    let mut buffer = vec![0; BUFFER].into_boxed_slice();
    let mut first = Vec::new();
    while shared.exchanges().asked() == 0 {
        match browser.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(length) => first.extend(requests.read(&shared, &buffer[..length])),
        }
    }
    let server = match shared.relay.connect().await {
        Ok(server) => server,
        Err(error) => {
            shared.relay.connect_failed(&error);
            let problem = connect_problem(&error);
            return answer_for_the_server(&shared, browser, &problem).await;
        }
    };
    let end = both_ways(&shared, &mut browser, server, requests, buffer, first).await;
    match end {
        End::NoServer if shared.exchanges().first().is_some() => {
            answer_for_the_server(&shared, browser, NO_ANSWER).await;
        }
        End::NoServer | End::Said => shared.exchanges().end_all(NO_ANSWER),
        End::NoBrowser => shared.exchanges().end_all(LEFT),
    }
    if let Mode::Socket(connection) = shared.mode() {
        shared.exchanges().socket_closed(connection);
    }
}

async fn both_ways(
    shared: &Shared,
    browser: &mut TcpStream,
    mut server: TcpStream,
    mut requests: Requests,
    buffer: Box<[u8]>,
    first: Vec<u8>,
) -> End {
    requests.port = server.local_addr().ok().map(|address| address.port());
    let (from_browser, to_browser) = browser.split();
    let (from_server, to_server) = server.split();
    let mut up = pin!(up(shared, from_browser, to_server, requests, buffer, first));
    let mut down = pin!(down(shared, from_server, to_browser));
    tokio::select! {
        end = &mut up => match end {
            End::NoBrowser => End::NoBrowser,
            // The answer may have come, or may still come: a side that has said all can go on reading.
            End::Said | End::NoServer => down.await,
        },
        end = &mut down => {
            match end {
                End::NoBrowser | End::NoServer => {}
                End::Said if matches!(shared.mode(), Mode::Socket(_)) => {
                    let _ = up.await;
                }
                End::Said => {
                    let _ = tokio::time::timeout(LINGER, up).await;
                }
            }
            end
        }
    }
}

/// From the browser to the server.
async fn up(
    shared: &Shared,
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut requests: Requests,
    mut buffer: Box<[u8]>,
    first: Vec<u8>,
) -> End {
    if let Some(port) = requests.port {
        shared.exchanges().announce_all(port);
    }
    if to.write_all(&first).await.is_err() {
        return End::NoServer;
    }
    drop(first);
    loop {
        let mode = match decided(shared, &mut from, &mut buffer, &mut requests.undecided).await {
            Ok(mode) => mode,
            Err(End::NoBrowser) => return End::NoBrowser,
            Err(_) => break,
        };
        let early = std::mem::take(&mut requests.undecided);
        if let Mode::Socket(connection) = mode {
            let tap = shared.relay.tap.clone();
            splice::pass(from, to, buffer, &early, connection, Direction::ToServer, &tap).await;
            return End::Said;
        }
        let out = if early.is_empty() {
            match from.read(&mut buffer).await {
                Ok(0) => break,
                Err(_) => return End::NoBrowser,
                Ok(length) => requests.read(shared, &buffer[..length]),
            }
        } else {
            requests.read(shared, &early)
        };
        if to.write_all(&out).await.is_err() {
            return End::NoServer;
        }
    }
    shared.has_said_all.store(true, Ordering::Relaxed);
    let rest = requests.messages.take_rest();
    let _ = to.write_all(&rest).await;
    let _ = to.shutdown().await;
    End::Said
}

/// Waits while nobody knows what the next bytes of the browser are, and notices if it goes away meanwhile.
async fn decided(
    shared: &Shared,
    from: &mut ReadHalf<'_>,
    buffer: &mut [u8],
    undecided: &mut Vec<u8>,
) -> Result<Mode, End> {
    let mut mode = shared.mode.subscribe();
    let mut may_read = true;
    loop {
        tokio::select! {
            biased;
            mode = no_longer_deciding(&mut mode) => return Ok(mode),
            read = from.read(buffer), if may_read => match read {
                Err(_) => return Err(End::NoBrowser),
                Ok(0) if undecided.is_empty() => return Err(End::Said),
                // The end is read once more, after what came before it was passed on.
                Ok(0) => may_read = false,
                Ok(length) => {
                    undecided.extend_from_slice(&buffer[..length]);
                    may_read = undecided.len() < BUFFER;
                }
            },
        }
    }
}

async fn no_longer_deciding(mode: &mut watch::Receiver<Mode>) -> Mode {
    let decided = mode.wait_for(|mode| *mode != Mode::Deciding).await;
    decided.map_or(Mode::Over, |mode| *mode)
}

/// From the server to the browser.
async fn down(shared: &Shared, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) -> End {
    let mut answers = Answers::new();
    let mut buffer = vec![0; BUFFER].into_boxed_slice();
    let mut has_spoken = false;
    let problem = loop {
        let length = match from.read(&mut buffer).await {
            Ok(0) => break None,
            Err(error) => break Some(error),
            Ok(length) => length,
        };
        has_spoken = true;
        let mut input = &buffer[..length];
        let out = answers.read(shared, &mut input);
        let is_written = to.write_all(&out).await.is_ok();
        for (exchange, problem) in answers.ended.drain(..) {
            shared.exchanges().end(exchange, problem.as_deref());
        }
        if !is_written {
            return End::NoBrowser;
        }
        if let Mode::Socket(connection) = shared.mode() {
            let (early, tap) = (input.to_vec(), shared.relay.tap.clone());
            splice::pass(from, to, buffer, &early, connection, Direction::ToBrowser, &tap).await;
            return End::Said;
        }
    };
    shared.mode.send_replace(Mode::Over);
    if !has_spoken && shared.exchanges().asked() == 1 {
        return End::NoServer;
    }
    let rest = answers.messages.take_rest();
    let _ = to.write_all(&rest).await;
    answers.end(shared, problem.as_ref());
    let _ = to.shutdown().await;
    End::Said
}

/// Says what is wrong, where the server says nothing.
async fn answer_for_the_server(shared: &Shared, mut browser: TcpStream, problem: &str) {
    let accept = {
        let mut exchanges = shared.exchanges();
        let Some(exchange) = exchanges.first() else { return };
        exchange.failed(unreachable::STATUS, problem);
        exchange.accept.clone()
    };
    let answer = unreachable::answer(&shared.relay.options.upstream, problem, &accept);
    let _ = browser.write_all(answer.as_bytes()).await;
    let _ = browser.shutdown().await;
    shared.exchanges().end_all(problem);
    // A connection with bytes that nobody reads is reset, and the answer with it.
    let mut nowhere = tokio::io::sink();
    let rest = tokio::io::copy(&mut browser, &mut nowhere);
    let _ = tokio::time::timeout(DRAIN, rest).await;
}

fn connect_problem(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        _ => format!("cannot connect: {error}"),
    }
}
