//! The client's side: what the panel, the CLI and every later shell talk to.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::api::{Answer, Ask, ErrorCode, Event, HubError, Message, Query, Request, RequestId};

/// A connection to a hub, in this process or over a socket.
///
/// Nothing here blocks: requests are sent off, and messages are taken when they have arrived.
pub trait Client {
    /// Sends a request.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Busy`] if too many are under way; the request is not sent then.
    fn send(&mut self, request: Request) -> Result<(), HubError>;

    /// Takes the messages that have arrived, in order.
    fn receive(&mut self) -> Vec<Message>;
}

/// Wakes somebody who waits. Its clones are one bell.
#[derive(Clone, Default)]
pub struct Bell(Arc<(Mutex<bool>, Condvar)>);

impl Bell {
    /// Wakes who waits now, or who waits next.
    pub fn ring(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    /// Waits until it rings, at most for `patience`.
    pub fn wait(&self, patience: Duration) {
        let rung = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.1.wait_timeout_while(rung, patience, |rung| !*rung);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
    }
}

/// A client whose user waits for each answer.
pub struct Waiting<C> {
    client: C,
    bell: Bell,
    last_id: RequestId,
    heard: Vec<Event>,
    patience: Duration,
}

impl<C: Client> Waiting<C> {
    /// Waits at most `patience` for one answer. The client has to ring `bell` whenever something has arrived.
    pub const fn new(client: C, bell: Bell, patience: Duration) -> Self {
        Self {
            client,
            bell,
            last_id: 0,
            heard: Vec::new(),
            patience,
        }
    }

    /// Sends a request and waits for its reply. What else is heard meanwhile is kept for [`Waiting::next_event`].
    ///
    /// # Errors
    ///
    /// The hub's error, or [`ErrorCode::ConnectionLost`] if no reply came in time.
    pub fn ask(&mut self, ask: Ask) -> Result<Answer, HubError> {
        self.last_id += 1;
        let id = self.last_id;
        self.client.send(Request { id, ask })?;
        let since = Instant::now();
        loop {
            let mut own = None;
            for message in self.client.receive() {
                match message {
                    Message::Reply(reply) if reply.id == id => own = Some(reply),
                    Message::Reply(_) => {}
                    Message::Event(event) => self.heard.push(event),
                }
            }
            if let Some(reply) = own {
                return reply.into_result();
            }
            let left = self.patience.saturating_sub(since.elapsed());
            if left.is_zero() {
                let message = format!("the hub did not answer within {} s", self.patience.as_secs());
                return Err(HubError::new(ErrorCode::ConnectionLost, message));
            }
            self.bell.wait(left);
        }
    }

    /// Asks a question and waits for its answer.
    ///
    /// # Errors
    ///
    /// As [`Waiting::ask`].
    pub fn query(&mut self, query: Query) -> Result<Answer, HubError> {
        self.ask(Ask::Query(query))
    }

    /// The next event, in the order of arrival; none after `patience` without one.
    pub fn next_event(&mut self, patience: Duration) -> Option<Event> {
        let since = Instant::now();
        loop {
            let events = self
                .client
                .receive()
                .into_iter()
                .filter_map(|message| match message {
                    Message::Event(event) => Some(event),
                    Message::Reply(_) => None,
                });
            self.heard.extend(events);
            if !self.heard.is_empty() {
                return Some(self.heard.remove(0));
            }
            let left = patience.saturating_sub(since.elapsed());
            if left.is_zero() {
                return None;
            }
            self.bell.wait(left);
        }
    }
}

impl<C: Client + ?Sized> Client for Box<C> {
    fn send(&mut self, request: Request) -> Result<(), HubError> {
        (**self).send(request)
    }

    fn receive(&mut self) -> Vec<Message> {
        (**self).receive()
    }
}
