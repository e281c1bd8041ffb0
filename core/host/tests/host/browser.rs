//! A browser, as far as frames go.

use std::net::SocketAddr;
use std::time::Duration;

use djscope_host::Host;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value as Json, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::site::COUNTER;

/// So long is waited for a frame that has to come.
const PATIENCE: Duration = Duration::from_secs(10);

pub struct Browser {
    pub socket: WebSocketStream<TcpStream>,
    pub session_id: String,
    references: i64,
}

/// Opens a WebSocket with some headers; gives the status that refuses it.
pub async fn connect(address: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Browser, u16> {
    let mut request = format!("ws://{address}/ws/live/").into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let stream = TcpStream::connect(address).await.unwrap();
    match tokio_tungstenite::client_async(request, stream).await {
        Ok((socket, _)) => {
            let mut browser = Browser {
                socket,
                session_id: String::new(),
                references: 0,
            };
            let connected = browser.next().await;
            assert_eq!(connected["type"], "connect", "{connected}");
            connected["session_id"]
                .as_str()
                .unwrap()
                .clone_into(&mut browser.session_id);
            Ok(browser)
        }
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

impl Browser {
    /// Opens a WebSocket on which nothing is mounted.
    pub async fn connected(host: &Host) -> Self {
        connect(host.address(), &[]).await.unwrap()
    }

    /// Opens the counter.
    pub async fn open(host: &Host) -> Self {
        let mut browser = Self::connected(host).await;
        browser.mount(COUNTER, "/").await;
        browser
    }

    pub async fn mount(&mut self, view: &str, url: &str) -> Json {
        self.send(&json!({"type": "mount", "view": view, "params": {}, "url": url, "has_prerendered": true}))
            .await;
        let mounted = self.next().await;
        assert_eq!(mounted["type"], "mount", "{mounted}");
        mounted
    }

    pub async fn send(&mut self, frame: &Json) {
        self.socket.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// An event without waiting for its answer; gives its reference.
    pub async fn post(&mut self, event: &str, params: Json) -> i64 {
        self.references += 1;
        let reference = self.references;
        self.send(&json!({"type": "event", "event": event, "params": params, "ref": reference}))
            .await;
        reference
    }

    /// An event with its answer.
    pub async fn event(&mut self, event: &str, params: Json) -> Json {
        let reference = self.post(event, params).await;
        let answer = self.next().await;
        assert_eq!(answer["ref"], reference, "{answer}");
        answer
    }

    /// Adds to the counter and sees that it counts.
    pub async fn still_works(&mut self) {
        let answer = self.event("add", json!({"amount": 1})).await;
        assert_eq!(answer["patches"][0]["type"], "SetText", "{answer}");
    }

    /// The next message of the server, if there is one in time.
    pub async fn message(&mut self, patience: Duration) -> Option<Message> {
        let message = timeout(patience, self.socket.next()).await.ok()?;
        message.map(|message| message.unwrap())
    }

    /// The next frame.
    pub async fn next(&mut self) -> Json {
        loop {
            match self.message(PATIENCE).await {
                Some(Message::Text(text)) => return serde_json::from_str(&text).unwrap(),
                Some(Message::Ping(_) | Message::Pong(_)) => {}
                other => panic!("a frame was expected, not {other:?}"),
            }
        }
    }

    /// The frames until the server closes, and the code that it gives.
    pub async fn until_closed(&mut self) -> (Vec<Json>, u16) {
        let mut frames = Vec::new();
        loop {
            match self.message(PATIENCE).await {
                Some(Message::Text(text)) => frames.push(serde_json::from_str(&text).unwrap()),
                Some(Message::Close(Some(close))) => return (frames, close.code.into()),
                Some(Message::Ping(_) | Message::Pong(_)) => {}
                other => panic!("a closing frame was expected, not {other:?} after {frames:?}"),
            }
        }
    }
}
