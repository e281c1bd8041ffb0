//! What the server says, on its way to the browser.

use std::io;
use std::sync::atomic::Ordering;

use super::exchange::{Exchange, Exchanges};
use super::framing::Framing;
use super::head::{Head, Start};
use super::messages::{Event, Messages, Side};
use super::relay::{LEFT, Mode, NO_ANSWER, Shared};
use crate::not_live;

/// The server's side.
pub struct Answers {
    pub messages: Messages,
    /// Exchanges that have ended with the bytes that are passed on next, and with which problem.
    pub ended: Vec<(Exchange, Option<String>)>,
    /// Why the next bytes cannot be read.
    refusal: Option<&'static str>,
}

impl Answers {
    pub const fn new() -> Self {
        Self {
            messages: Messages::of(Side::Server),
            ended: Vec::new(),
            refusal: None,
        }
    }

    /// What of `input` goes to the browser. What is left of it is no HTTP any more.
    pub fn read(&mut self, shared: &Shared, input: &mut &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(input.len());
        while let Some(event) = self.messages.next(input) {
            match event {
                Event::Head(head) => {
                    out.extend(self.head(shared, head).bytes());
                    if matches!(shared.mode(), Mode::Socket(_)) {
                        break;
                    }
                }
                Event::Bytes { bytes, content } => {
                    if content {
                        shared.exchanges().response_content(bytes);
                    }
                    out.extend_from_slice(bytes);
                }
                Event::NoHead(bytes) => out.extend(bytes),
                Event::End => self.end_first(&mut shared.exchanges(), None),
                Event::Unreadable(refusal) => self.unread(shared, refusal),
            }
        }
        out
    }

    fn head(&mut self, shared: &Shared, mut head: Head) -> Head {
        let Start::Answer { status } = head.start else {
            return head;
        };
        let mut exchanges = shared.exchanges();
        // An interim answer: the answer itself is still to come.
        let is_interim = (100..200).contains(&status) && status != 101;
        if !is_interim {
            exchanges.answered(status, &head);
        }
        let Some(exchange) = exchanges.first() else {
            drop(exchanges);
            drop(self.messages.give_up("nobody has asked for this answer"));
            return head;
        };
        if is_interim {
            self.messages.go_on();
            return head;
        }
        let framing = match (exchange.is_unread, status) {
            (true, _) => Err("what it answers was not read"),
            (false, 101) if !exchange.is_upgrade() => Err("nobody has asked for another protocol"),
            (false, _) => Framing::of_answer(&head, exchange.method()),
        };
        let (is_upgrade, host) = (exchange.is_upgrade(), exchange.host.clone());
        if is_upgrade {
            let opened = exchanges.socket_opened(status, &head);
            if let Some(sentence) = opened.as_ref().and_then(not_live::sentence) {
                shared.relay.options.notices.say(&sentence);
            }
            let connection = opened.map(|opened| opened.connection);
            let mode = match connection {
                Some(connection) if status == 101 => {
                    self.end_first(&mut exchanges, None);
                    Mode::Socket(connection)
                }
                Some(connection) => {
                    exchanges.socket_closed(connection);
                    Mode::Http
                }
                None => Mode::Http,
            };
            shared.mode.send_replace(mode);
        }
        drop(exchanges);
        match framing {
            Ok(framing) => {
                self.messages.expect(framing);
                if let Some(location) = shared.relay.location(&head.value("location"), &host) {
                    head.replace("location", &location);
                }
            }
            Err(refusal) => {
                drop(self.messages.give_up(refusal));
                self.unread(shared, refusal);
            }
        }
        head
    }

    /// From here on the server's bytes are passed on unread.
    fn unread(&mut self, shared: &Shared, refusal: &'static str) {
        self.refusal = Some(refusal);
        if shared.mode() == Mode::Deciding {
            shared.mode.send_replace(Mode::Http);
        }
        let problem = format!("the answer was passed on unread: {refusal}");
        self.end_first(&mut shared.exchanges(), Some(problem));
    }

    /// Notes that the exchange under way ends with the bytes that are passed on next.
    fn end_first(&mut self, exchanges: &mut Exchanges, problem: Option<String>) {
        self.ended
            .extend(exchanges.take_first().map(|exchange| (exchange, problem)));
    }

    /// The server has said all, or its connection has failed.
    pub fn end(&mut self, shared: &Shared, problem: Option<&io::Error>) {
        let mut exchanges = shared.exchanges();
        let is_whole = problem.is_none() && self.messages.may_end();
        if self.messages.is_in_body()
            && let Some(exchange) = exchanges.take_first()
        {
            // Whether a browser that has said all still reads cannot be told; a server stops when it thinks not.
            let has_left = self.messages.ends_with_the_connection() || !is_whole;
            let problem = match problem {
                _ if has_left && shared.has_said_all.load(Ordering::Relaxed) => Some(LEFT.to_owned()),
                Some(error) => Some(format!("the body broke off: {error}")),
                None if is_whole => None,
                None => Some("the body broke off: the server closed the connection".to_owned()),
            };
            exchanges.end(exchange, problem.as_deref());
        }
        let refusal = self
            .refusal
            .map(|refusal| format!("the answer was passed on unread: {refusal}"));
        exchanges.end_all(refusal.as_deref().unwrap_or(NO_ANSWER));
    }
}
