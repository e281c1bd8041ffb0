use thiserror::Error;

use super::deflate::{Extensions, Inflate, Peer};

/// What a message holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// A text message.
    Text(String),
    /// A text message that is not UTF-8, which a peer must refuse (RFC 6455, section 8.1).
    BrokenText(Vec<u8>),
    /// A binary message.
    Binary(Vec<u8>),
}

/// Something that was read from the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A whole message, put together from its fragments and decompressed.
    Message {
        /// Its content, at most the decoder's limit.
        payload: Payload,
        /// Its real length in bytes; more than the payload holds if it was over the limit.
        length: u64,
    },
    /// A ping with its payload.
    Ping(Vec<u8>),
    /// A pong with its payload.
    Pong(Vec<u8>),
    /// The closing handshake.
    Close {
        /// The code; 1005 if the frame has none (RFC 6455, section 7.1.5).
        code: u16,
        /// The reason, often empty.
        reason: String,
    },
}

/// Why the bytes could not be read any further.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// An extension that this decoder does not know.
    #[error("the server uses the WebSocket extension {0}, which djscope cannot read")]
    UnknownExtension(String),
    /// A reserved bit that no extension has claimed.
    #[error("a WebSocket frame has a reserved bit set")]
    ReservedBit,
    /// A frame type that RFC 6455 does not define.
    #[error("a WebSocket frame has the undefined opcode {0:#x}")]
    UndefinedOpcode(u8),
    /// A control frame in fragments or over 125 bytes.
    #[error("a WebSocket control frame is fragmented or too long")]
    ControlFrame,
    /// A fragment without a beginning, or a new message inside another.
    #[error("a WebSocket message has fragments out of order")]
    FragmentOrder,
    /// A frame of the browser without a mask, where one is required.
    #[error("a WebSocket frame of the client has no mask")]
    NoMask,
    /// A length of 2^63 or more.
    #[error("a WebSocket frame claims an impossible length")]
    Length,
    /// Compressed data that is damaged.
    #[error("a compressed WebSocket message is damaged: {0}")]
    Inflate(String),
}

/// One direction of a connection after the handshake.
///
/// Bytes may be cut anywhere. Once it has failed it ignores what follows.
pub struct Decoder {
    limit: usize,
    requires_masks: bool,
    inflate: Option<Inflate>,
    state: State,
    head: Vec<u8>,
    message: Option<Message>,
    control: Vec<u8>,
    failure: Option<Failure>,
}

enum State {
    Head,
    Payload(Frame),
}

struct Frame {
    opcode: u8,
    last: bool,
    mask: Option<[u8; 4]>,
    read: u64,
    length: u64,
}

struct Message {
    text: bool,
    compressed: bool,
    bytes: Vec<u8>,
    length: u64,
}

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

impl Decoder {
    /// A decoder of what `from` sends. Messages over `limit` bytes are cut.
    pub fn new(from: Peer, extensions: &Extensions, limit: usize) -> Self {
        Self {
            limit,
            requires_masks: false,
            inflate: extensions.deflate.map(|deflate| Inflate::new(deflate, from)),
            state: State::Head,
            head: Vec::with_capacity(14),
            message: None,
            control: Vec::new(),
            failure: extensions.unknown.clone().map(Failure::UnknownExtension),
        }
    }

    /// The same, which refuses frames without a mask, as a server must (RFC 6455, section 5.1).
    #[must_use]
    pub fn requiring_masks(mut self) -> Self {
        self.requires_masks = true;
        self
    }

    /// Bytes of the message that is under way, as far as its frames have told; 0 between messages.
    pub fn announced_length(&self) -> u64 {
        let length = self.message.as_ref().map_or(0, |message| message.length);
        match &self.state {
            State::Payload(frame) if frame.opcode < CLOSE => length.saturating_add(frame.length - frame.read),
            _ => length,
        }
    }

    /// Reads `bytes` and appends what they complete to `events`.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the bytes make no sense; the same again for every later call.
    pub fn feed(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Failure> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        self.read(bytes, events)
            .inspect_err(|failure| self.failure = Some(failure.clone()))
    }

    fn read(&mut self, mut bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Failure> {
        loop {
            match &mut self.state {
                State::Head => {
                    let missing = head_length(&self.head).saturating_sub(self.head.len());
                    if missing > 0 {
                        if bytes.is_empty() {
                            return Ok(());
                        }
                        let (part, rest) = bytes.split_at(missing.min(bytes.len()));
                        self.head.extend_from_slice(part);
                        bytes = rest;
                        continue;
                    }
                    let frame = self.begin_frame()?;
                    self.head.clear();
                    self.state = State::Payload(frame);
                }
                State::Payload(frame) => {
                    let wanted = frame.length - frame.read;
                    if wanted > 0 {
                        if bytes.is_empty() {
                            return Ok(());
                        }
                        let count = usize::try_from(wanted).unwrap_or(usize::MAX).min(bytes.len());
                        let (part, rest) = bytes.split_at(count);
                        let target = match (frame.opcode >= CLOSE, &mut self.message) {
                            (false, Some(message)) => message.take(part.len(), self.limit),
                            _ => (&mut self.control, part.len()),
                        };
                        append(target.0, &part[..target.1], frame.mask, frame.read);
                        frame.read += count as u64;
                        bytes = rest;
                    }
                    if frame.read == frame.length {
                        let (opcode, last) = (frame.opcode, frame.last);
                        self.state = State::Head;
                        self.end_frame(opcode, last, events)?;
                    }
                }
            }
        }
    }

    fn begin_frame(&mut self) -> Result<Frame, Failure> {
        let (first, second) = (self.head[0], self.head[1]);
        let (last, opcode) = (first & 0x80 != 0, first & 0x0F);
        let compressed = first & 0x40 != 0;
        let length = match second & 0x7F {
            126 => u64::from(u16::from_be_bytes([self.head[2], self.head[3]])),
            127 => {
                let mut length = [0; 8];
                length.copy_from_slice(&self.head[2..10]);
                u64::from_be_bytes(length)
            }
            short => u64::from(short),
        };
        if first & 0x30 != 0 || (compressed && (self.inflate.is_none() || !matches!(opcode, TEXT | BINARY))) {
            return Err(Failure::ReservedBit);
        }
        if self.requires_masks && second & 0x80 == 0 {
            return Err(Failure::NoMask);
        }
        if length >> 63 != 0 {
            return Err(Failure::Length);
        }
        match opcode {
            TEXT | BINARY if self.message.is_some() => return Err(Failure::FragmentOrder),
            TEXT | BINARY => {
                self.message = Some(Message {
                    text: opcode == TEXT,
                    compressed,
                    bytes: Vec::new(),
                    length: 0,
                });
            }
            CONTINUATION if self.message.is_none() => return Err(Failure::FragmentOrder),
            CONTINUATION => {}
            CLOSE | PING | PONG if !last || length > 125 => return Err(Failure::ControlFrame),
            CLOSE | PING | PONG => self.control.clear(),
            other => return Err(Failure::UndefinedOpcode(other)),
        }
        let mask = (second & 0x80 != 0).then(|| {
            let at = self.head.len() - 4;
            [
                self.head[at],
                self.head[at + 1],
                self.head[at + 2],
                self.head[at + 3],
            ]
        });
        Ok(Frame {
            opcode,
            last,
            mask,
            read: 0,
            length,
        })
    }

    fn end_frame(&mut self, opcode: u8, last: bool, events: &mut Vec<Event>) -> Result<(), Failure> {
        match opcode {
            PING => events.push(Event::Ping(std::mem::take(&mut self.control))),
            PONG => events.push(Event::Pong(std::mem::take(&mut self.control))),
            CLOSE => events.push(close(&self.control)),
            _ if !last => {}
            _ => {
                if let Some(message) = self.message.take() {
                    events.push(self.finish(message)?);
                }
            }
        }
        Ok(())
    }

    fn finish(&mut self, message: Message) -> Result<Event, Failure> {
        let (mut bytes, mut length) = (message.bytes, message.length);
        if let (true, Some(inflate)) = (message.compressed, &mut self.inflate) {
            if length > bytes.len() as u64 {
                return Err(Failure::Inflate(format!(
                    "{length} compressed bytes are more than djscope keeps"
                )));
            }
            (bytes, length) = inflate.message(&bytes, self.limit).map_err(Failure::Inflate)?;
        }
        let payload = match message.text {
            false => Payload::Binary(bytes),
            true => match String::from_utf8(bytes) {
                Ok(text) => Payload::Text(text),
                Err(error) => broken_text(error.into_bytes(), length),
            },
        };
        Ok(Event::Message { payload, length })
    }
}

impl Message {
    /// Where the next `count` bytes go, and how many of them are kept.
    fn take(&mut self, count: usize, limit: usize) -> (&mut Vec<u8>, usize) {
        self.length += count as u64;
        let kept = count.min(limit.saturating_sub(self.bytes.len()));
        (&mut self.bytes, kept)
    }
}

/// A text that was cut at the limit may end inside a character; that alone is no fault of the sender.
fn broken_text(mut bytes: Vec<u8>, length: u64) -> Payload {
    let valid = std::str::from_utf8(&bytes).map_or_else(|error| error.valid_up_to(), str::len);
    if length > bytes.len() as u64 && bytes.len() - valid < 4 {
        bytes.truncate(valid);
    }
    String::from_utf8(bytes).map_or_else(|error| Payload::BrokenText(error.into_bytes()), Payload::Text)
}

/// Length of the head that starts with `head`, as far as it can be told from it.
fn head_length(head: &[u8]) -> usize {
    let Some(second) = head.get(1) else { return 2 };
    let extended = match second & 0x7F {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    2 + extended + if second & 0x80 != 0 { 4 } else { 0 }
}

fn append(target: &mut Vec<u8>, part: &[u8], mask: Option<[u8; 4]>, offset: u64) {
    let start = target.len();
    target.extend_from_slice(part);
    if let Some(mut mask) = mask {
        mask.rotate_left((offset % 4) as usize);
        for (byte, key) in target[start..].iter_mut().zip(mask.into_iter().cycle()) {
            *byte ^= key;
        }
    }
}

fn close(payload: &[u8]) -> Event {
    const NO_STATUS: u16 = 1005;
    match payload.split_first_chunk::<2>() {
        Some((code, reason)) => Event::Close {
            code: u16::from_be_bytes(*code),
            reason: String::from_utf8_lossy(reason).into_owned(),
        },
        None => Event::Close {
            code: NO_STATUS,
            reason: String::new(),
        },
    }
}
