//! One direction of a connection as messages: bytes in, what they are out. No socket, no clock.

use super::framing::{Framing, Part};
use super::head::{Head, Refusal};

/// Longest head that is read. Longer ones are passed on unread.
const LONGEST_HEAD: usize = 1 << 20;

/// Reads the messages of one side.
#[derive(Debug)]
pub struct Messages {
    side: Side,
    state: State,
    /// The head so far.
    head: Vec<u8>,
}

/// Whose messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Requests.
    Browser,
    /// Answers.
    Server,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Between messages, or in a head.
    Head,
    /// A head was given, and nobody has said yet what follows.
    Asked,
    Body(Framing),
    /// Nothing is read any more.
    Unread,
}

/// What the next bytes are.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A whole head. [`Messages::expect`] has to say what follows.
    Head(Head),
    /// Bytes to pass on as they are, of which `content` is the body without the frames of its chunks.
    Bytes { bytes: &'a [u8], content: bool },
    /// Bytes of a head that turned out to be none, to pass on as they are.
    NoHead(Vec<u8>),
    /// The message has ended.
    End,
    /// From here on nothing can be told apart; everything is to be passed on as it is.
    Unreadable(Refusal),
}

impl Messages {
    pub const fn of(side: Side) -> Self {
        Self {
            side,
            state: State::Head,
            head: Vec::new(),
        }
    }

    /// The next event; none if more bytes are needed. Takes what it has read from `input`.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Option<Event<'a>> {
        match &mut self.state {
            State::Asked => None,
            State::Unread if !self.head.is_empty() => Some(Event::NoHead(std::mem::take(&mut self.head))),
            State::Unread => take(input, usize::MAX, false),
            State::Head => self.head(input),
            State::Body(Framing::Empty) => {
                self.state = State::Head;
                Some(Event::End)
            }
            State::Body(Framing::UntilEnd) => take(input, usize::MAX, true),
            State::Body(Framing::Length(left)) => {
                let event = take(input, usize::try_from(*left).unwrap_or(usize::MAX), true)?;
                if let Event::Bytes { bytes, .. } = &event {
                    *left -= bytes.len() as u64;
                }
                if *left == 0 {
                    self.state = State::Body(Framing::Empty);
                }
                Some(event)
            }
            State::Body(Framing::Chunked(chunks)) => {
                if input.is_empty() {
                    return None;
                }
                match chunks.read(input) {
                    Ok(Part::Content(length)) => take(input, length, true),
                    Ok(Part::Frame { bytes, is_end }) => {
                        if is_end {
                            self.state = State::Body(Framing::Empty);
                        }
                        take(input, bytes, false)
                    }
                    Err(refusal) => Some(self.give_up(refusal)),
                }
            }
        }
    }

    /// Says what follows the head that was given last.
    pub fn expect(&mut self, framing: Framing) {
        self.state = State::Body(framing);
    }

    /// Says that another head follows the one that was given last, which was none of its own.
    pub fn go_on(&mut self) {
        self.state = State::Head;
    }

    /// Reads nothing any more.
    pub fn give_up(&mut self, refusal: Refusal) -> Event<'static> {
        self.state = State::Unread;
        Event::Unreadable(refusal)
    }

    /// The connection has ended: true if that is in order.
    pub fn may_end(&self) -> bool {
        match self.state {
            State::Head => self.head.is_empty(),
            State::Asked | State::Unread => true,
            State::Body(Framing::UntilEnd | Framing::Empty) => true,
            State::Body(Framing::Length(_) | Framing::Chunked(_)) => false,
        }
    }

    /// True inside a body that ends with the connection.
    pub const fn ends_with_the_connection(&self) -> bool {
        matches!(self.state, State::Body(Framing::UntilEnd))
    }

    /// True between a head and the end of its body.
    pub const fn is_in_body(&self) -> bool {
        matches!(self.state, State::Body(_))
    }

    /// What was kept of a head that never ended, to be passed on before the end is.
    pub fn take_rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.head)
    }

    fn head<'a>(&mut self, input: &mut &'a [u8]) -> Option<Event<'a>> {
        if input.is_empty() {
            return None;
        }
        if !self.may_begin(input) {
            return Some(self.give_up("it does not begin as HTTP/1 does"));
        }
        let known = self.head.len();
        let end = end_of_head(&self.head, input);
        let length = match end {
            Ok(Some(length)) => length,
            Ok(None) if known + input.len() <= LONGEST_HEAD => input.len(),
            Ok(None) => return Some(self.give_up("its head is too long")),
            Err(refusal) => return Some(self.give_up(refusal)),
        };
        self.head.extend_from_slice(&input[..length]);
        *input = &input[length..];
        if !matches!(end, Ok(Some(_))) {
            return None;
        }
        let bytes = std::mem::take(&mut self.head);
        if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
            return Some(Event::NoHead(bytes));
        }
        let head = match self.side {
            Side::Browser => Head::request(bytes),
            Side::Server => Head::answer(bytes),
        };
        match head {
            Ok(head) => {
                self.state = State::Asked;
                Some(Event::Head(head))
            }
            Err((refusal, bytes)) => {
                // They come out with the rest, unread.
                self.head = bytes;
                Some(self.give_up(refusal))
            }
        }
    }

    /// Other protocols are told by their first bytes, before a line of theirs has ended.
    fn may_begin(&self, input: &[u8]) -> bool {
        let start = self.head.iter().chain(input);
        match self.side {
            Side::Browser => start
                .take(1)
                .all(|byte| byte.is_ascii_alphanumeric() || b"\r\n!#$%&'*+-.^_`|~".contains(byte)),
            Side::Server => start.zip(b"HTTP/1.").all(|(byte, expected)| byte == expected),
        }
    }
}

fn take<'a>(input: &mut &'a [u8], most: usize, content: bool) -> Option<Event<'a>> {
    let (bytes, rest) = input.split_at(most.min(input.len()));
    *input = rest;
    (!bytes.is_empty()).then_some(Event::Bytes { bytes, content })
}

/// How many bytes of `input` belong to the head that begins with `known`; none if it goes on behind them.
fn end_of_head(known: &[u8], input: &[u8]) -> Result<Option<usize>, Refusal> {
    let byte = |at: usize| {
        if at < known.len() {
            known[at]
        } else {
            input[at - known.len()]
        }
    };
    let mut line_feeds = input.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let found = line_feeds.find_map(|(index, _)| {
        let at = known.len() + index;
        if at == 0 || byte(at - 1) != b'\r' {
            return Some(Err("a line ends without a carriage return"));
        }
        (at >= 3 && byte(at - 2) == b'\n').then_some(Ok(index + 1))
    });
    found.transpose()
}
