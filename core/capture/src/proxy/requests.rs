//! What the browser says, on its way to the server.

use djscope_recording::model::HttpId;

use super::framing::Framing;
use super::head::Head;
use super::messages::{Event, Messages, Side};
use super::relay::{Mode, Shared};
use super::rewrite;

/// The browser's side.
pub struct Requests {
    pub messages: Messages,
    /// The request under way, or the last one.
    http: HttpId,
    /// It has not ended yet.
    is_open: bool,
    /// Our port to the server, once there is one.
    pub port: Option<u16>,
    /// What cannot be passed on before it is known what it is.
    pub undecided: Vec<u8>,
}

impl Requests {
    pub const fn new() -> Self {
        Self {
            messages: Messages::of(Side::Browser),
            http: 0,
            is_open: false,
            port: None,
            undecided: Vec::new(),
        }
    }

    /// What of `input` goes to the server, and how.
    pub fn read(&mut self, shared: &Shared, input: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(input.len());
        let mut input = input;
        while let Some(event) = self.messages.next(&mut input) {
            match event {
                Event::Head(head) => out.extend(self.head(shared, head).bytes()),
                Event::Bytes { bytes, content } => {
                    if content {
                        shared.exchanges().request_content(self.http, bytes);
                    }
                    out.extend_from_slice(bytes);
                }
                Event::NoHead(bytes) => out.extend(bytes),
                Event::End => {
                    self.is_open = false;
                    shared.exchanges().request_ended(self.http);
                    if shared.mode() == Mode::Deciding {
                        break;
                    }
                }
                Event::Unreadable(refusal) => self.unread(shared, refusal),
            }
        }
        self.undecided = input.to_vec();
        out
    }

    fn head(&mut self, shared: &Shared, mut head: Head) -> Head {
        let framing = match shared.exchanges().is_full() {
            true => Err("too many requests wait for their answers"),
            false => Framing::of_request(&head),
        };
        {
            let mut exchanges = shared.exchanges();
            self.http = match framing {
                Ok(_) => exchanges.ask(&head),
                Err(refusal) => exchanges.ask_unread(refusal),
            };
            if let Some(port) = self.port {
                exchanges.announce(self.http, port);
            }
        }
        match framing {
            Ok(framing) => {
                self.is_open = true;
                self.messages.expect(framing);
                if head.has("upgrade") {
                    shared.mode.send_replace(Mode::Deciding);
                }
                if let Some(rewriting) = &shared.relay.options.rewriting {
                    rewrite(rewriting, &mut head);
                }
            }
            Err(refusal) => drop(self.messages.give_up(refusal)),
        }
        head
    }

    fn unread(&mut self, shared: &Shared, refusal: &str) {
        let mut exchanges = shared.exchanges();
        if self.is_open {
            exchanges.spoil(self.http, refusal);
            return;
        }
        self.http = exchanges.ask_unread(refusal);
        if let Some(port) = self.port {
            exchanges.announce(self.http, port);
        }
    }
}
