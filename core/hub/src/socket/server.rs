//! Serves a hub to clients in other processes of this machine.

use std::collections::VecDeque;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request as Upgrade, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message as Frame};

use super::{CREDIT, FromClient, FromServer, HubAddress};
use crate::api::{HubError, Message, PROTOCOL, Reply, ReplyOutcome};
use crate::client::Client;
use crate::hub::{Hub, LocalClient};

/// Clients that are served at a time.
const MAX_CLIENTS: usize = 32;

/// Longest message of a client.
const MAX_REQUEST_BYTES: usize = 64 << 10;

/// Most credit that is kept; more would let one client fill the memory of both.
const MAX_CREDIT: u32 = 1024;

/// Refusals that wait for credit; whoever asks on is a flood, and its connection is closed.
const MAX_REFUSALS: usize = 256;

/// How much of a head is looked at.
const MAX_HEAD_BYTES: usize = 8 << 10;

/// How long the way to the first request may take.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(5);

/// How long a client may take no bytes while it has credit.
const STALLED_AFTER: Duration = Duration::from_secs(30);

/// Serves a hub on the loopback interface. It ends when it is dropped.
pub struct SocketServer {
    address: HubAddress,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl SocketServer {
    /// Listens at `port` of 127.0.0.1, or at a free one for 0, with a token that nobody has had before.
    ///
    /// # Errors
    ///
    /// If the port is taken, or the system gives no random bytes or no thread.
    pub fn start(hub: Arc<Hub>, port: u16) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = HubAddress {
            address: listener.local_addr()?,
            token: drawn_token()?,
        };
        let (stop, stopped) = oneshot::channel();
        let door = Arc::new(Door {
            token: address.token.clone(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = thread::Builder::new()
            .name("hub socket".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    let Ok(listener) = TcpListener::from_std(listener) else {
                        return;
                    };
                    tokio::select! {
                        () = accept(&listener, &hub, &door) => {}
                        _ = stopped => {}
                    }
                });
            })?;
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it is, with the token.
    pub const fn address(&self) -> &HubAddress {
        &self.address
    }
}

impl Drop for SocketServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn drawn_token() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

async fn accept(listener: &TcpListener, hub: &Arc<Hub>, door: &Arc<Door>) {
    let places = Arc::new(Semaphore::new(MAX_CLIENTS));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors: it gets better when somebody leaves.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // One client more is not answered at all, rather than taken and forgotten.
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            continue;
        };
        let (hub, door) = (Arc::clone(hub), Arc::clone(door));
        tokio::spawn(async move {
            // Whatever ends a connection, its client hears it from the socket.
            let _ = serve(stream, &hub, &door).await;
            drop(place);
        });
    }
}

/// Who may come in.
struct Door {
    token: String,
}

impl Door {
    /// RFC 6455, section 10.2: a page of another site must not get in; nor may anything by a foreign name (DNS
    /// rebinding), nor without the token of this launch.
    fn check(&self, upgrade: &Upgrade) -> Result<(), (StatusCode, &'static str)> {
        let header = |name: &str| {
            let mut values = upgrade.headers().get_all(name).iter();
            match (values.next(), values.next()) {
                (None, _) => Ok(None),
                (Some(value), None) => value.to_str().map(Some).map_err(|_| ()),
                (Some(_), Some(_)) => Err(()),
            }
        };
        let Ok(Some(host)) = header("host") else {
            return Err((StatusCode::BAD_REQUEST, "this host is not known here"));
        };
        if !is_loopback_name(host) {
            return Err((StatusCode::BAD_REQUEST, "this host is not known here"));
        }
        match header("origin") {
            Ok(None) => {}
            Ok(Some(origin)) if origin.strip_prefix("http://") == Some(host) => {}
            _ => return Err((StatusCode::FORBIDDEN, "pages of this origin are not served")),
        }
        let query = upgrade.uri().query().unwrap_or_default();
        let token = query.split('&').find_map(|pair| pair.strip_prefix("token="));
        if upgrade.uri().path() != "/" || !token.is_some_and(|token| is_same(token, &self.token)) {
            return Err((StatusCode::UNAUTHORIZED, "the token is wrong"));
        }
        Ok(())
    }
}

/// A name of this machine, at whatever port: a tunnel leads here by another one.
fn is_loopback_name(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|own| own.eq_ignore_ascii_case(name))
}

/// Compares in a time that does not depend on where the texts differ.
fn is_same(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && one
            .bytes()
            .zip(other.bytes())
            .fold(0, |differs, (one, other)| differs | (one ^ other))
            == 0
}

type Socket = WebSocketStream<TcpStream>;

async fn serve(stream: TcpStream, hub: &Hub, door: &Door) -> Result<(), Error> {
    let _ = stream.set_nodelay(true);
    let Ok(greeted) = timeout(HANDSHAKE_WITHIN, greet(stream, door)).await else {
        return Ok(());
    };
    let Some((mut socket, credit)) = greeted? else {
        return Ok(());
    };
    let arrived = Arc::new(Notify::new());
    let wake = Arc::clone(&arrived);
    let mut visit = Visit {
        client: hub.foreign_client(move || wake.notify_one()),
        credit: credit.min(MAX_CREDIT),
        refused: VecDeque::new(),
    };
    loop {
        while let Some(message) = visit.next_message() {
            let frame = frame_of(&FromServer::Message(Box::new(message)));
            if timeout(STALLED_AFTER, socket.send(frame)).await.is_err() {
                return Ok(());
            }
        }
        tokio::select! {
            () = arrived.notified() => {}
            incoming = socket.next() => match incoming {
                Some(Ok(Frame::Text(text))) => {
                    if let Err(reason) = visit.hear(&text) {
                        return refuse(&mut socket, &reason).await;
                    }
                }
                Some(Ok(Frame::Binary(_))) => return refuse(&mut socket, "messages are JSON texts").await,
                // The library answers pings and closes.
                Some(Ok(_)) => {}
                Some(Err(Error::Capacity(CapacityError::MessageTooLong { size, .. }))) => {
                    let reason = format!("a request of {size} bytes: at most {MAX_REQUEST_BYTES} are taken");
                    return refuse(&mut socket, &reason).await;
                }
                Some(Err(error)) => return Err(error),
                None => return Ok(()),
            },
        }
    }
}

/// The upgrade, `hello` and `welcome`; none if the client was refused.
async fn greet(mut stream: TcpStream, door: &Door) -> Result<Option<(Socket, u32)>, Error> {
    if asks_for_a_page(&stream).await? {
        stream.write_all(NO_PAGE.as_bytes()).await?;
        stream.shutdown().await?;
        // A connection that is dropped with something unread in it is reset, and the answer may be lost with it.
        while stream.read(&mut [0; 1024]).await? > 0 {}
        return Ok(None);
    }
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_REQUEST_BYTES))
        .max_frame_size(Some(MAX_REQUEST_BYTES));
    // The size of the error is the library's.
    #[allow(clippy::result_large_err)]
    let check = |upgrade: &Upgrade, response: Response| match door.check(upgrade) {
        Ok(()) => Ok(response),
        Err((status, reason)) => {
            let mut refused = ErrorResponse::new(Some(reason.to_owned()));
            *refused.status_mut() = status;
            Err(refused)
        }
    };
    let mut socket = tokio_tungstenite::accept_hdr_async_with_config(stream, check, Some(config)).await?;
    let hello = match socket.next().await {
        Some(Ok(Frame::Text(text))) => serde_json::from_str(&text).ok(),
        _ => None,
    };
    let reason = match hello {
        Some(FromClient::Hello { protocol, credit }) if protocol == PROTOCOL => {
            let welcome = FromServer::Welcome {
                protocol: PROTOCOL,
                djscope: env!("CARGO_PKG_VERSION").to_owned(),
            };
            socket.send(frame_of(&welcome)).await?;
            return Ok(Some((socket, credit)));
        }
        Some(FromClient::Hello { protocol, .. }) => {
            format!("this hub speaks version {PROTOCOL} of the protocol, not {protocol}")
        }
        _ => "the first message has to be hello".to_owned(),
    };
    refuse(&mut socket, &reason).await?;
    Ok(None)
}

/// What somebody gets who opens the address in a browser.
const NO_PAGE: &str = "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: close\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\r\n\
    This is the address of a hub of djscope. Look on with: djscope open ADDRESS\n";

/// True if the request is plain HTTP: what has come is looked at and stays where it is.
async fn asks_for_a_page(stream: &TcpStream) -> Result<bool, Error> {
    let mut head = vec![0; MAX_HEAD_BYTES];
    let mut before = 0;
    loop {
        let length = stream.peek(&mut head).await?;
        let text = String::from_utf8_lossy(&head[..length]).to_ascii_lowercase();
        if text.contains("\r\n\r\n") {
            return Ok(!text.contains("\r\nupgrade:"));
        }
        // The handshake says what is wrong with a head that is too long, or has no end.
        if length == head.len() || length == before {
            return Ok(false);
        }
        before = length;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn refuse(socket: &mut Socket, reason: &str) -> Result<(), Error> {
    let refused = FromServer::Refused {
        reason: reason.to_owned(),
    };
    socket.send(frame_of(&refused)).await?;
    socket.close(None).await?;
    // A connection that is dropped with something unread in it is reset, and the reason may be lost with it.
    let _ = socket.get_mut().shutdown().await;
    let rest = async {
        while let Some(Ok(_)) = socket.next().await {}
        // After a message that is too long no other is read, only what is left of it.
        let mut unread = [0; 4096];
        while socket
            .get_mut()
            .read(&mut unread)
            .await
            .is_ok_and(|length| length > 0)
        {}
    };
    let _ = timeout(HANDSHAKE_WITHIN, rest).await;
    Ok(())
}

fn frame_of(message: &FromServer) -> Frame {
    // Everything that is sent is made of maps with text for keys, lists, numbers and texts.
    Frame::text(serde_json::to_string(message).unwrap_or_default())
}

/// One client at the other end of a socket.
struct Visit {
    client: LocalClient,
    credit: u32,
    /// Requests that the hub did not take, as replies.
    refused: VecDeque<Reply>,
}

impl Visit {
    /// What is sent next, if the client takes something.
    fn next_message(&mut self) -> Option<Message> {
        if self.credit == 0 {
            return None;
        }
        let message = match self.refused.pop_front() {
            Some(reply) => Message::Reply(reply),
            None => self.client.receive_some(1).pop()?,
        };
        self.credit -= 1;
        Some(message)
    }

    /// Takes a message of the client.
    ///
    /// # Errors
    ///
    /// Why the connection has to be closed.
    fn hear(&mut self, text: &str) -> Result<(), String> {
        match serde_json::from_str(text) {
            Ok(FromClient::Request(request)) => {
                let id = request.id;
                if let Err(error) = self.client.send(request) {
                    self.refuse(id, error)?;
                }
            }
            Ok(FromClient::Credit(more)) => self.credit = self.credit.saturating_add(more).min(MAX_CREDIT),
            Ok(FromClient::Hello { .. }) => return Err("hello was said already".to_owned()),
            Err(error) => return Err(format!("this is no request: {error}")),
        }
        Ok(())
    }

    fn refuse(&mut self, id: u64, error: HubError) -> Result<(), String> {
        if self.refused.len() >= MAX_REFUSALS {
            return Err("too many requests at a time".to_owned());
        }
        self.refused.push_back(Reply {
            id,
            outcome: ReplyOutcome::Error(error),
        });
        Ok(())
    }
}

const _: () = assert!(CREDIT <= MAX_CREDIT);
