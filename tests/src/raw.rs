//! HTTP/1.1 and WebSocket by hand: what was on the wire, byte for byte.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use flate2::{Compress, Compression, FlushCompress};

const PATIENCE: Duration = Duration::from_secs(30);

/// The mask of every frame that is sent; a constant keeps two runs the same.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A connection that speaks HTTP/1.1.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    early: Vec<u8>,
}

/// An answer as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// `HTTP/1.1 200 OK`.
    pub status: String,
    /// Names and values in order, with their spelling.
    pub headers: Vec<(String, String)>,
    /// The body without chunk framing.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

impl Connection {
    /// Connects.
    ///
    /// # Panics
    ///
    /// If nothing listens there.
    pub fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self {
            stream,
            early: Vec::new(),
        }
    }

    /// Sends bytes as they are.
    ///
    /// # Panics
    ///
    /// If the other side has gone.
    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Reads an answer; one to `HEAD` has no body.
    ///
    /// # Panics
    ///
    /// If none comes, or it is not HTTP.
    pub fn answer(&mut self, method: &str) -> Answer {
        let mut answer = self.head();
        let status = answer.status.split(' ').nth(1).unwrap_or_default();
        if method == "HEAD" || status.starts_with('1') || status == "204" || status == "304" {
            return answer;
        }
        answer.body = match (
            answer.header("content-length"),
            answer.header("transfer-encoding"),
        ) {
            (Some(length), _) => self.exactly(length.parse().unwrap()),
            (None, Some("chunked")) => std::iter::from_fn(|| self.chunk()).collect::<Vec<_>>().concat(),
            (None, _) => self.rest(),
        };
        answer
    }

    /// Reads a status line and headers.
    ///
    /// # Panics
    ///
    /// If none comes, or it is not HTTP.
    pub fn head(&mut self) -> Answer {
        let head = self.until(b"\r\n\r\n");
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().to_owned();
        let headers = lines.map(|line| line.split_once(": ").unwrap_or((line, "")));
        let headers = headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Answer {
            status,
            headers,
            body: Vec::new(),
        }
    }

    /// Reads a chunk of a body; none after the last.
    ///
    /// # Panics
    ///
    /// If the body breaks off.
    pub fn chunk(&mut self) -> Option<Vec<u8>> {
        let size = String::from_utf8(self.until(b"\r\n")).unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let mut bytes = self.exactly(size + 2);
        bytes.truncate(size);
        (size > 0).then_some(bytes)
    }

    /// So many bytes of a body without chunks.
    ///
    /// # Panics
    ///
    /// If the connection ends before.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        self.exactly(length)
    }

    /// Everything up to the end of the connection.
    ///
    /// # Panics
    ///
    /// If it does not end.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.early);
        self.stream.read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn until(&mut self, end: &[u8]) -> Vec<u8> {
        loop {
            if let Some(at) = self.early.windows(end.len()).position(|window| window == end) {
                return self.early.drain(..at + end.len()).collect();
            }
            self.more();
        }
    }

    fn exactly(&mut self, length: usize) -> Vec<u8> {
        while self.early.len() < length {
            self.more();
        }
        self.early.drain(..length).collect()
    }

    fn more(&mut self) {
        let mut buffer = vec![0; 256 * 1024];
        let length = self.stream.read(&mut buffer).unwrap();
        assert!(length > 0, "the connection ended too early");
        self.early.extend_from_slice(&buffer[..length]);
    }
}

/// Opcodes of RFC 6455.
pub const TEXT: u8 = 1;
/// See [`TEXT`].
pub const BINARY: u8 = 2;
/// See [`TEXT`].
pub const CLOSE: u8 = 8;
/// See [`TEXT`].
pub const PING: u8 = 9;

/// A WebSocket after its handshake.
#[derive(Debug)]
pub struct Socket {
    connection: Connection,
    /// The answer to the handshake.
    pub answer: Answer,
    /// Every byte that came after it.
    pub heard: Vec<u8>,
    deflate: Compress,
}

/// A frame as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// FIN, RSV1 to RSV3 and the opcode.
    pub first: u8,
    /// The payload, compressed if RSV1 is set.
    pub payload: Vec<u8>,
}

impl Socket {
    /// Connects, and offers `extensions` if it is not empty.
    ///
    /// # Panics
    ///
    /// If the answer is not 101.
    pub fn open(address: SocketAddr, path: &str, extensions: &str) -> Self {
        let mut connection = Connection::open(address);
        let offer = if extensions.is_empty() {
            String::new()
        } else {
            format!("Sec-WebSocket-Extensions: {extensions}\r\n")
        };
        connection.send(
            format!(
                "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: http://{address}\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{offer}\r\n"
            )
            .as_bytes(),
        );
        let answer = connection.head();
        assert!(answer.status.contains(" 101 "), "{answer:?}");
        Self {
            connection,
            answer,
            heard: Vec::new(),
            deflate: Compress::new(Compression::default(), false),
        }
    }

    /// Sends a frame; `first` holds FIN, RSV1 and the opcode.
    pub fn send(&mut self, first: u8, payload: &[u8]) {
        let bytes = frame(first, payload);
        self.connection.send(&bytes);
    }

    /// Sends a text as one frame.
    pub fn send_text(&mut self, text: &str) {
        self.send(0x80 | TEXT, text.as_bytes());
    }

    /// Sends a message compressed, as RFC 7692 wants it.
    ///
    /// # Panics
    ///
    /// If the compressor fails.
    pub fn send_deflated(&mut self, opcode: u8, payload: &[u8]) {
        let mut packed = Vec::with_capacity(payload.len() + 1024);
        self.deflate
            .compress_vec(payload, &mut packed, FlushCompress::Sync)
            .unwrap();
        assert!(
            packed.ends_with(&[0, 0, 0xff, 0xff]),
            "the compressor wants more room"
        );
        packed.truncate(packed.len() - 4);
        self.send(0xc0 | opcode, &packed);
    }

    /// Waits for a frame.
    ///
    /// # Panics
    ///
    /// If none comes.
    pub fn frame(&mut self) -> Frame {
        let head = self.exactly(2);
        let length = match head[1] & 0x7f {
            126 => u64::from(u16::from_be_bytes(self.exactly(2).try_into().unwrap())),
            127 => u64::from_be_bytes(self.exactly(8).try_into().unwrap()),
            short => u64::from(short),
        };
        let payload = self.exactly(usize::try_from(length).unwrap());
        Frame {
            first: head[0],
            payload,
        }
    }

    /// The text of the next frame that is not compressed.
    ///
    /// # Panics
    ///
    /// If it is no text.
    pub fn text(&mut self) -> String {
        let frame = self.frame();
        assert_eq!(
            frame.first,
            0x80 | TEXT,
            "{:?}",
            String::from_utf8_lossy(&frame.payload)
        );
        String::from_utf8(frame.payload).unwrap()
    }

    /// Says goodbye and waits until the other side has said it too.
    pub fn close(&mut self) {
        self.send(0x80 | CLOSE, &[3, 0xe8]);
        while self.frame().first & 0x0f != CLOSE {}
    }

    fn exactly(&mut self, length: usize) -> Vec<u8> {
        let bytes = self.connection.exactly(length);
        self.heard.extend_from_slice(&bytes);
        bytes
    }
}

/// A masked frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..126 => bytes.push(0x80 | u8::try_from(length).unwrap()),
        length @ 126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes.extend(
        payload
            .iter()
            .zip(MASK.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    bytes
}

/// A page of djust's as its client's socket sees it.
#[derive(Debug)]
pub struct Live {
    socket: Socket,
    last_ref: u64,
}

impl Live {
    /// Connects and mounts `view`.
    ///
    /// # Panics
    ///
    /// If the server does not answer as djust does.
    pub fn mount(address: SocketAddr, view: &str, url: &str) -> Self {
        let mut live = Self {
            socket: Socket::open(address, "/ws/live/", ""),
            last_ref: 0,
        };
        live.until("\"type\": \"connect\"");
        live.socket.send_text(&format!(
            r#"{{"type":"mount","view":"{view}","params":{{}},"url":"{url}","has_prerendered":false,"client_timezone":"UTC"}}"#
        ));
        live.until("\"type\": \"mount\"");
        live
    }

    /// Sends an event and waits for the answer to it.
    ///
    /// # Panics
    ///
    /// If none comes.
    pub fn event(&mut self, name: &str, params: &str) -> String {
        let number = self.send(name, params);
        self.answer(number)
    }

    /// The same, and an error counts as the answer: djust does not say to which event it belongs.
    ///
    /// # Panics
    ///
    /// If none comes.
    pub fn event_or_error(&mut self, name: &str, params: &str) -> String {
        let number = self.send(name, params);
        self.until_any(&[&format!("\"ref\": {number}"), "\"type\": \"error\""])
    }

    /// Sends an event and gives its number.
    pub fn send(&mut self, name: &str, params: &str) -> u64 {
        self.last_ref += 1;
        let number = self.last_ref;
        self.socket.send_text(&format!(
            r#"{{"type":"event","event":"{name}","params":{params},"ref":{number}}}"#
        ));
        number
    }

    /// Waits for the answer to the event with that number.
    ///
    /// # Panics
    ///
    /// If none comes.
    pub fn answer(&mut self, number: u64) -> String {
        self.until(&format!("\"ref\": {number}"))
    }

    /// Sends an event and waits until the server has done with it: an error is not always an answer with a number.
    ///
    /// # Panics
    ///
    /// If the server does not answer to a ping.
    pub fn event_to_its_end(&mut self, name: &str, params: &str) {
        self.send(name, params);
        self.socket.send_text(r#"{"type":"ping"}"#);
        self.until("\"type\": \"pong\"");
    }

    /// Skips frames up to one that holds `part`, with or without Python's blanks after colons.
    pub fn until(&mut self, part: &str) -> String {
        self.until_any(&[part])
    }

    fn until_any(&mut self, parts: &[&str]) -> String {
        let dense: Vec<String> = parts.iter().map(|part| part.replace("\": ", "\":")).collect();
        self.socket.heard.clear();
        loop {
            let text = self.socket.text();
            if parts.iter().any(|part| text.contains(part)) || dense.iter().any(|part| text.contains(part)) {
                return text;
            }
        }
    }
}
