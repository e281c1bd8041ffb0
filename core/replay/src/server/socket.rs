//! A live socket: the browser's end.

use std::time::Duration;

use djscope_recording::model::ConnectionId;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::cookies::Jar;
use super::script::{Opened, header};
use super::target::Target;

/// Longest message that is taken.
const MAX_MESSAGE_BYTES: usize = 64 << 20;

/// Headers of the recorded upgrade that are sent again.
const KEPT: [&str; 2] = ["accept-language", "user-agent"];

/// How long the closing handshake may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// What came over a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A message.
    Text(String),
    /// The server has closed it.
    Closed(Option<u16>),
    /// It ended without a farewell.
    Lost(String),
}

/// Why a socket was not opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The server has answered with this status.
    Status(u16),
    /// Nothing answers, or no WebSocket.
    Failed(String),
}

/// A live socket. What comes over it goes to a channel.
#[derive(Debug)]
pub struct Socket {
    sink: SplitSink<WebSocketStream<TcpStream>, Message>,
    reader: JoinHandle<()>,
}

impl Socket {
    /// Opens the socket of a recorded one.
    ///
    /// # Errors
    ///
    /// If the server refuses it, does not answer in time, or cannot be reached.
    pub async fn open(
        target: &Target,
        opened: &Opened,
        jar: &Jar,
        heard: mpsc::UnboundedSender<(ConnectionId, Heard)>,
        patience: Duration,
    ) -> Result<Self, Refused> {
        let late = || Refused::Failed(format!("no answer within {} s", patience.as_secs()));
        let connected = timeout(patience, handshake(target, opened, jar));
        let stream = connected.await.map_err(|_| late())??;
        let (sink, stream) = stream.split();
        let reader = tokio::spawn(listen(stream, opened.record.connection, heard));
        Ok(Self { sink, reader })
    }

    /// Sends a message.
    ///
    /// # Errors
    ///
    /// If the socket is closed.
    pub async fn say(&mut self, message: Message) -> Result<(), String> {
        self.sink.send(message).await.map_err(|error| error.to_string())
    }

    /// Closes it as a browser does that leaves the page.
    pub async fn close(mut self) {
        let _ = timeout(FAREWELL, self.sink.close()).await;
        let _ = timeout(FAREWELL, &mut self.reader).await;
        self.reader.abort();
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn handshake(
    target: &Target,
    opened: &Opened,
    jar: &Jar,
) -> Result<WebSocketStream<TcpStream>, Refused> {
    let failed = |error: &dyn std::fmt::Display| Refused::Failed(error.to_string());
    let url = format!("ws://{}{}", target.authority(), opened.record.path);
    let mut request = url.into_client_request().map_err(|error| failed(&error))?;
    let mut put = |name: &str, value: &str| {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            request.headers_mut().insert(name, value);
        }
    };
    for name in KEPT {
        let value = header(&opened.headers, name);
        if !value.is_empty() {
            put(name, value);
        }
    }
    put("origin", &format!("http://{}", target.authority()));
    if let Some(cookies) = jar.header() {
        put("cookie", &cookies);
    }
    let stream = target.connect().await.map_err(|error| failed(&error))?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES));
    match client_async_with_config(request, stream, Some(config)).await {
        Ok((stream, _)) => Ok(stream),
        Err(Error::Http(response)) => Err(Refused::Status(response.status().as_u16())),
        Err(error) => Err(failed(&error)),
    }
}

async fn listen(
    mut stream: SplitStream<WebSocketStream<TcpStream>>,
    connection: ConnectionId,
    heard: mpsc::UnboundedSender<(ConnectionId, Heard)>,
) {
    let end = loop {
        match stream.next().await {
            Some(Ok(Message::Text(text))) => {
                if heard.send((connection, Heard::Text(text.to_string()))).is_err() {
                    return;
                }
            }
            Some(Ok(Message::Close(frame))) => break Heard::Closed(frame.map(|frame| frame.code.into())),
            Some(Ok(_)) => {}
            Some(Err(error)) => break Heard::Lost(error.to_string()),
            None => break Heard::Lost("the connection ended".to_owned()),
        }
    };
    let _ = heard.send((connection, end));
}
