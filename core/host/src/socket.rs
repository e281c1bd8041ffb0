//! A WebSocket of the server's side.
//!
//! Connections are many and mostly idle, so a socket has no buffers of its own: bytes are read into the stack, and what
//! is to be sent is kept until the browser has taken it.

use std::future::poll_fn;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use djscope_wire::websocket::{Decoder, Event, Extensions, Peer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Bytes that are read at once.
const READ_BYTES: usize = 8 * 1024;

/// With so much to send it is time to send.
const MANY_BYTES: usize = 64 * 1024;

/// A buffer of this size is kept for the next frames, a larger one is given back.
const KEPT_BYTES: usize = 512;

/// How long the browser is given to see why it was closed.
const FAREWELL: Duration = Duration::from_secs(1);

/// Stands for a closing frame without a code (RFC 6455, section 7.4.1).
const NO_CODE: u16 = 1005;

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The browser is gone, or takes nothing.
    Gone,
    /// The browser is told why.
    Close {
        /// RFC 6455, section 7.4.
        code: u16,
        /// At most 123 bytes.
        reason: &'static str,
    },
}

impl End {
    /// The host stops.
    pub const GOING_AWAY: End = End::close(1001, "the server stops");
    /// What came is no WebSocket.
    pub const PROTOCOL_ERROR: End = End::close(1002, "not a WebSocket frame");
    /// A text that is none.
    pub const NOT_UTF_8: End = End::close(1007, "text that is not UTF-8");
    /// A message that nobody wants.
    pub const TOO_LARGE: End = End::close(1009, "message too large");
    /// A view is broken.
    pub const FAILED: End = End::close(1011, "the view failed");

    /// The browser is told why.
    pub const fn close(code: u16, reason: &'static str) -> Self {
        Self::Close { code, reason }
    }

    /// The browser has closed, and gets its code back, if that may be sent.
    pub fn answering(code: u16) -> Self {
        match code {
            1000..=1003 | NO_CODE | 1007..=1014 | 3000..=4999 => Self::close(code, ""),
            _ => Self::PROTOCOL_ERROR,
        }
    }
}

/// A WebSocket of the server's side.
pub struct Socket {
    stream: TcpStream,
    decoder: Decoder,
    max_message_bytes: u64,
    outgoing: Vec<u8>,
}

impl Socket {
    /// Of messages over `kept_bytes` only the length is told; one over `max_message_bytes` ends the connection.
    pub fn new(stream: TcpStream, kept_bytes: usize, max_message_bytes: u64) -> Self {
        let decoder = Decoder::new(Peer::Client, &Extensions::default(), kept_bytes).requiring_masks();
        Self {
            stream,
            decoder,
            max_message_bytes,
            outgoing: Vec::new(),
        }
    }

    /// Waits for bytes, and appends what they complete.
    pub async fn read(&mut self, events: &mut Vec<Event>) -> Result<(), End> {
        poll_fn(|context| self.poll_read(context, events)).await
    }

    fn poll_read(&mut self, context: &mut Context<'_>, events: &mut Vec<Event>) -> Poll<Result<(), End>> {
        let mut bytes = [MaybeUninit::<u8>::uninit(); READ_BYTES];
        let mut bytes = ReadBuf::uninit(&mut bytes);
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, &mut bytes));
        if read.is_err() || bytes.filled().is_empty() {
            return Poll::Ready(Err(End::Gone));
        }
        Poll::Ready(self.feed(bytes.filled(), events))
    }

    /// Reads bytes that have come with the handshake.
    pub fn feed(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), End> {
        self.decoder
            .feed(bytes, events)
            .map_err(|_| End::PROTOCOL_ERROR)?;
        if self.decoder.announced_length() > self.max_message_bytes {
            return Err(End::TOO_LARGE);
        }
        Ok(())
    }

    /// Puts a text message with what is to be sent.
    pub fn queue_text(&mut self, text: &str) {
        self.queue(0x81, text.as_bytes());
    }

    /// Asks for a sign of life.
    pub fn queue_ping(&mut self) {
        self.queue(0x89, b"");
    }

    /// Answers a ping.
    pub fn queue_pong(&mut self, payload: &[u8]) {
        self.queue(0x8A, payload);
    }

    fn queue(&mut self, first: u8, payload: &[u8]) {
        let length = payload.len();
        self.outgoing.reserve(length + 10);
        self.outgoing.push(first);
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(short @ ..126), _) => self.outgoing.push(short),
            (_, Ok(medium)) => {
                self.outgoing.push(126);
                self.outgoing.extend(medium.to_be_bytes());
            }
            _ => {
                self.outgoing.push(127);
                self.outgoing.extend((length as u64).to_be_bytes());
            }
        }
        self.outgoing.extend(payload);
    }

    /// Whether so much is to be sent that nothing more should be added.
    pub fn is_full(&self) -> bool {
        self.outgoing.len() > MANY_BYTES
    }

    /// Sends. A browser that does not take it in time is given up.
    pub async fn flush(&mut self, time: Duration) -> Result<(), End> {
        if self.outgoing.is_empty() {
            return Ok(());
        }
        match timeout(time, self.stream.write_all(&self.outgoing)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return Err(End::Gone),
        }
        self.outgoing.clear();
        if self.outgoing.capacity() > KEPT_BYTES {
            self.outgoing = Vec::new();
        }
        Ok(())
    }

    /// Says why the connection ends, and ends it.
    pub async fn close(mut self, code: u16, reason: &str, time: Duration) {
        let payload = match code {
            NO_CODE => Vec::new(),
            code => [&code.to_be_bytes(), reason.as_bytes()].concat(),
        };
        self.queue(0x88, &payload);
        if self.flush(time).await.is_err() || self.stream.shutdown().await.is_err() {
            return;
        }
        // If bytes of the browser were left unread, the system would reset the connection, and the browser would never
        // see the reason.
        let _ = timeout(FAREWELL, async {
            let mut bytes = vec![0; READ_BYTES];
            while let Ok(1..) = self.stream.read(&mut bytes).await {}
        })
        .await;
    }
}
