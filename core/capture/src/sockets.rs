//! Bytes of sockets to messages.

use std::collections::HashMap;

use djscope_recording::model::{ConnectionId, Direction, Micros};
use djscope_wire::websocket::{Decoder, Event, Extensions, Payload, Peer};
use djscope_wire::{ServerFrame, ServerMessage};

use crate::not_live;
use crate::observation::{Observation, SocketOpened};
use crate::turns::{Message, Seen};

/// The sockets that are open, with a decoder for each direction.
pub struct Sockets {
    message_limit: usize,
    open: HashMap<ConnectionId, Socket>,
}

struct Socket {
    to_server: Decoder,
    to_browser: Decoder,
    whose: Whose,
    broken: bool,
}

/// Only djust's sockets are decoded; the others are relayed and counted.
enum Whose {
    Djust,
    /// djust's server speaks first, and says `connect`.
    Unknown,
    Other,
}

impl Sockets {
    /// No sockets yet. Messages over `message_limit` bytes are cut.
    pub fn new(message_limit: usize) -> Self {
        Self {
            message_limit,
            open: HashMap::new(),
        }
    }

    /// What `observation` says once bytes are messages.
    pub fn read(&mut self, observation: Observation) -> Vec<Seen> {
        match observation {
            Observation::SocketOpened(opened) => vec![self.open(opened)],
            Observation::SocketBytes {
                connection,
                t_us,
                direction,
                bytes,
            } => self.decode(connection, t_us, direction, &bytes),
            Observation::SocketLost { connection, t_us } => {
                let socket = self.open.get_mut(&connection);
                let was_broken = socket.is_none_or(|socket| std::mem::replace(&mut socket.broken, true));
                let text = "djscope could not keep up and lost part of this connection; its later frames are not read";
                if was_broken {
                    Vec::new()
                } else {
                    vec![Seen::Problem {
                        connection,
                        t_us,
                        text: text.to_owned(),
                    }]
                }
            }
            Observation::SocketClosed { connection, t_us } => {
                self.open.remove(&connection);
                vec![Seen::Closed { connection, t_us }]
            }
            Observation::HttpBegan { http, port } => vec![Seen::HttpBegan { http, port }],
            // Only the redaction has a use for it.
            Observation::HttpSeen { .. } => Vec::new(),
            Observation::HttpEnded { exchange } => vec![Seen::HttpEnded { exchange }],
            Observation::Probe { t_us, report } => vec![Seen::Probe { t_us, report }],
            Observation::Fact { key, value } => vec![Seen::Fact { key, value }],
            Observation::End => Vec::new(),
        }
    }

    fn open(&mut self, opened: SocketOpened) -> Seen {
        let is_live_path = not_live::is_live_path(&opened.path);
        if opened.status == 101 && opened.is_websocket {
            let extensions = Extensions::parse(&opened.extensions);
            self.open.insert(
                opened.connection,
                Socket {
                    to_server: Decoder::new(Peer::Client, &extensions, self.message_limit),
                    to_browser: Decoder::new(Peer::Server, &extensions, self.message_limit),
                    whose: if is_live_path {
                        Whose::Djust
                    } else {
                        Whose::Unknown
                    },
                    broken: false,
                },
            );
        }
        Seen::Opened {
            opened,
            is_djust: is_live_path,
        }
    }

    fn decode(
        &mut self,
        connection: ConnectionId,
        t_us: Micros,
        direction: Direction,
        bytes: &[u8],
    ) -> Vec<Seen> {
        let Some(socket) = self.open.get_mut(&connection).filter(|socket| !socket.broken) else {
            return Vec::new();
        };
        if matches!(socket.whose, Whose::Other) {
            return Vec::new();
        }
        let mut events = Vec::new();
        let decoder = match direction {
            Direction::ToServer => &mut socket.to_server,
            Direction::ToBrowser => &mut socket.to_browser,
        };
        let failure = decoder.feed(bytes, &mut events).err();
        let mut seen = Vec::with_capacity(events.len() + 1);
        for event in events {
            let message = message(event);
            if let (Whose::Unknown, Direction::ToBrowser) = (&socket.whose, direction) {
                socket.whose = if says_connect(&message) {
                    Whose::Djust
                } else {
                    Whose::Other
                };
                if matches!(socket.whose, Whose::Djust) {
                    seen.push(Seen::Djust { connection });
                }
            }
            if matches!(socket.whose, Whose::Djust) {
                seen.push(Seen::Message {
                    connection,
                    t_us,
                    direction,
                    message,
                });
            }
        }
        if let Some(failure) = failure {
            socket.broken = true;
            seen.push(Seen::Problem {
                connection,
                t_us,
                text: failure.to_string(),
            });
        }
        seen
    }
}

fn says_connect(message: &Message) -> bool {
    match message {
        Message::Text { text, .. } if text.len() < 1000 => {
            matches!(
                ServerMessage::from_text(text.clone()).0.frame,
                ServerFrame::Connect(_)
            )
        }
        _ => false,
    }
}

fn message(event: Event) -> Message {
    match event {
        Event::Message {
            payload: Payload::Text(text),
            length,
        } => Message::Text { text, length },
        Event::Message {
            payload: Payload::BrokenText(bytes) | Payload::Binary(bytes),
            length,
        } => Message::Binary { bytes, length },
        Event::Ping(bytes) => Message::Ping(bytes),
        Event::Pong(bytes) => Message::Pong(bytes),
        Event::Close { code, reason } => Message::Close { code, reason },
    }
}
