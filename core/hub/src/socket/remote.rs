//! A client of a hub in another process.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::sync::mpsc as queue;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message as Frame};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::{CREDIT, FromClient, FromServer, HubAddress};
use crate::api::{ErrorCode, Event, HubError, Message, PROTOCOL, Reply, ReplyOutcome, Request, RequestId};
use crate::client::Client;

/// Requests that wait to be sent.
const MAX_WAITING_REQUESTS: usize = 256;

/// How long a connection may take to be made.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// The first and the longest pause before a lost connection is made again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A client of a hub in another process. A lost connection is made again until the client is dropped.
pub struct RemoteClient {
    shared: Arc<Shared>,
    requests: queue::Sender<Request>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    heard: Mutex<VecDeque<Message>>,
    /// Requests without a reply.
    unanswered: Mutex<HashSet<RequestId>>,
    /// Messages that were taken since the server was given credit.
    taken: AtomicU32,
    has_taken: Notify,
    closing: Notify,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl RemoteClient {
    /// Connects; `wake` is called whenever something has arrived.
    ///
    /// # Errors
    ///
    /// If the hub cannot be reached, or refuses.
    pub fn connect(address: &HubAddress, wake: impl Fn() + Send + Sync + 'static) -> Result<Self, HubError> {
        let shared = Arc::new(Shared {
            heard: Mutex::default(),
            unanswered: Mutex::default(),
            taken: AtomicU32::new(0),
            has_taken: Notify::new(),
            closing: Notify::new(),
            wake: Box::new(wake),
        });
        let (requests, waiting) = queue::channel(MAX_WAITING_REQUESTS);
        let (connected, first) = mpsc::channel();
        let link = Link {
            address: address.clone(),
            shared: Arc::clone(&shared),
            waiting,
        };
        let failed = |error: std::io::Error| {
            HubError::new(ErrorCode::Busy, format!("cannot begin a connection: {error}"))
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let thread = thread::Builder::new()
            .name("hub client".to_owned())
            .spawn(move || runtime.block_on(link.run(&connected)))
            .map_err(failed)?;
        let client = Self {
            shared,
            requests,
            thread: Some(thread),
        };
        match first.recv() {
            Ok(Ok(())) => Ok(client),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(lost("the connection ended")),
        }
    }
}

impl Client for RemoteClient {
    fn send(&mut self, request: Request) -> Result<(), HubError> {
        let id = request.id;
        self.shared.unanswered().insert(id);
        self.requests.try_send(request).map_err(|error| {
            self.shared.unanswered().remove(&id);
            match error {
                queue::error::TrySendError::Full(_) => HubError::new(
                    ErrorCode::Busy,
                    format!("{MAX_WAITING_REQUESTS} requests wait already"),
                ),
                queue::error::TrySendError::Closed(_) => lost("the hub refuses this client"),
            }
        })
    }

    fn receive(&mut self) -> Vec<Message> {
        let mut heard = self.shared.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let taken: Vec<Message> = heard.drain(..).collect();
        drop(heard);
        if !taken.is_empty() {
            let count = u32::try_from(taken.len()).unwrap_or(u32::MAX);
            self.shared.taken.fetch_add(count, Ordering::Relaxed);
            self.shared.has_taken.notify_one();
        }
        taken
    }
}

impl Drop for RemoteClient {
    fn drop(&mut self) {
        self.shared.closing.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn unanswered(&self) -> std::sync::MutexGuard<'_, HashSet<RequestId>> {
        self.unanswered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, message: Message) {
        if let Message::Reply(reply) = &message {
            self.unanswered().remove(&reply.id);
        }
        self.heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(message);
        (self.wake)();
    }

    /// Whoever waits for a reply learns that none will come.
    fn lose(&self, reason: &str) {
        let unanswered: Vec<RequestId> = self.unanswered().drain().collect();
        for id in unanswered {
            self.hear(Message::Reply(Reply {
                id,
                outcome: ReplyOutcome::Error(lost(reason)),
            }));
        }
        self.hear(Message::Event(Event::ConnectionLost {
            reason: reason.to_owned(),
        }));
    }
}

fn lost(reason: &str) -> HubError {
    HubError {
        code: ErrorCode::ConnectionLost,
        message: format!("the hub cannot be reached: {reason}"),
        hint: Some("is the djscope that printed this address still running?".to_owned()),
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why a connection was not made, or has ended.
enum End {
    /// The client was dropped.
    Closed,
    /// It may come back.
    Lost(String),
    /// It will not.
    Refused(String),
}

struct Link {
    address: HubAddress,
    shared: Arc<Shared>,
    waiting: queue::Receiver<Request>,
}

impl Link {
    async fn run(mut self, first: &mpsc::Sender<Result<(), HubError>>) {
        let mut socket = match self.connect().await {
            Ok(socket) => socket,
            Err(End::Lost(reason) | End::Refused(reason)) => {
                let _ = first.send(Err(lost(&reason)));
                return;
            }
            Err(End::Closed) => return,
        };
        let _ = first.send(Ok(()));
        loop {
            match self.talk(&mut socket).await {
                End::Closed => {
                    let _ = timeout(FIRST_PAUSE, socket.close(None)).await;
                    return;
                }
                End::Lost(reason) => self.shared.lose(&reason),
                End::Refused(reason) => return self.shared.lose(&reason),
            }
            match self.connect_again().await {
                Ok(again) => socket = again,
                Err(End::Refused(reason)) => return self.shared.lose(&reason),
                Err(_) => return,
            }
            self.shared.hear(Message::Event(Event::Connected));
        }
    }

    async fn connect(&self) -> Result<Socket, End> {
        match timeout(CONNECT_WITHIN, self.greet()).await {
            Ok(greeted) => greeted,
            Err(_) => Err(End::Lost("it does not answer".to_owned())),
        }
    }

    async fn greet(&self) -> Result<Socket, End> {
        let HubAddress { address, token } = &self.address;
        let url = format!("ws://{address}/?token={token}");
        let (mut socket, _) = tokio_tungstenite::connect_async(url)
            .await
            .map_err(|error| match error {
                Error::Http(answer) => {
                    let reason = answer
                        .body()
                        .as_ref()
                        .map(|body| String::from_utf8_lossy(body).into_owned());
                    End::Refused(reason.unwrap_or_else(|| answer.status().to_string()))
                }
                other => End::Lost(other.to_string()),
            })?;
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            let _ = stream.set_nodelay(true);
        }
        let hello = FromClient::Hello {
            protocol: PROTOCOL,
            credit: CREDIT,
        };
        send(&mut socket, &hello).await?;
        match heard(socket.next().await)? {
            Some(FromServer::Welcome { .. }) => Ok(socket),
            Some(FromServer::Refused { reason }) => Err(End::Refused(reason)),
            _ => Err(End::Refused("it does not answer as a hub does".to_owned())),
        }
    }

    /// Tries until it works, the hub refuses, or the client is dropped.
    async fn connect_again(&mut self) -> Result<Socket, End> {
        let mut pause = FIRST_PAUSE;
        loop {
            tokio::select! {
                () = self.shared.closing.notified() => return Err(End::Closed),
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            match self.connect().await {
                Err(End::Lost(reason)) => {
                    // What was asked meanwhile will not be answered.
                    while let Ok(request) = self.waiting.try_recv() {
                        self.shared.unanswered().remove(&request.id);
                        self.shared.hear(Message::Reply(Reply {
                            id: request.id,
                            outcome: ReplyOutcome::Error(lost(&reason)),
                        }));
                    }
                }
                other => return other,
            }
        }
    }

    async fn talk(&mut self, socket: &mut Socket) -> End {
        // Credit of an earlier connection is worth nothing on this one.
        self.shared.taken.store(0, Ordering::Relaxed);
        loop {
            let sent = tokio::select! {
                () = self.shared.closing.notified() => return End::Closed,
                () = self.shared.has_taken.notified() => {
                    let taken = self.shared.taken.swap(0, Ordering::Relaxed);
                    send(socket, &FromClient::Credit(taken)).await
                }
                request = self.waiting.recv() => match request {
                    Some(request) => send(socket, &FromClient::Request(request)).await,
                    None => return End::Closed,
                },
                incoming = socket.next() => match heard(incoming) {
                    Ok(Some(FromServer::Message(message))) => {
                        self.shared.hear(*message);
                        Ok(())
                    }
                    Ok(Some(FromServer::Refused { reason })) => Err(End::Refused(reason)),
                    Ok(_) => Ok(()),
                    Err(end) => Err(end),
                },
            };
            if let Err(end) = sent {
                return end;
            }
        }
    }
}

async fn send(socket: &mut Socket, message: &FromClient) -> Result<(), End> {
    let text = serde_json::to_string(message).map_err(|error| End::Lost(error.to_string()))?;
    socket
        .send(Frame::text(text))
        .await
        .map_err(|error| End::Lost(error.to_string()))
}

/// A message of the server; none for what the library deals with itself.
fn heard(incoming: Option<Result<Frame, Error>>) -> Result<Option<FromServer>, End> {
    match incoming {
        Some(Ok(Frame::Text(text))) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| End::Refused(format!("it says what this version does not understand: {error}"))),
        Some(Ok(Frame::Close(_))) | None => Err(End::Lost("it has closed the connection".to_owned())),
        Some(Ok(_)) => Ok(None),
        Some(Err(error)) => Err(End::Lost(error.to_string())),
    }
}
