//! One WebSocket: a task that owns a session and does what it asks for.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;

use djscope_live::{Clock, Input, Output, Raised, Request, Session, TaskId, Work, panic_text};
use djscope_wire::websocket::{Event, Payload};
use tokio::time::{Instant, sleep_until};

use crate::blocking::{Trust, call_view};
use crate::hub::{Delivery, Membership};
use crate::site::Site;
use crate::socket::{End, Socket};

/// What is kept of a message beyond what the application allows: the head of a piece of a file.
const HEAD_BYTES: usize = 64;

/// One WebSocket.
pub struct Connection {
    site: Arc<Site>,
    id: Arc<str>,
    session: Session,
    socket: Socket,
    membership: Membership,
    view: Option<Arc<str>>,
    /// In the view that is mounted.
    trust: Option<Arc<Trust>>,
    heard: Instant,
    asked: Instant,
}

impl Connection {
    /// A connection of a visitor; `id` is a UUID that nobody can guess.
    pub fn new(site: Arc<Site>, visitor: Request, id: &str, stream: tokio::net::TcpStream) -> Self {
        let mut session = Session::new(Arc::clone(&site.application), visitor, id, &site.clock);
        if site.options.on_turn.is_some() {
            session = session.traced();
        }
        let socket = Socket::new(
            stream,
            site.application.settings().max_message_bytes + HEAD_BYTES,
            site.options.limits.max_socket_message_bytes,
        );
        let now = Instant::now();
        Self {
            membership: site.hub.join(),
            id: id.into(),
            session,
            socket,
            view: None,
            trust: None,
            heard: now,
            asked: now,
            site,
        }
    }

    /// Serves the browser until one of the two has enough. `early` are bytes that came with the handshake.
    pub async fn run(mut self, early: &[u8]) {
        let Err(end) = self.serve(early).await;
        if let End::Close { code, reason } = end {
            let time = self.site.options.limits.write_timeout;
            self.socket.close(code, reason, time).await;
        }
    }

    async fn serve(&mut self, early: &[u8]) -> Result<Infallible, End> {
        let mut events = Vec::new();
        self.take(Input::Open)?;
        self.socket.feed(early, &mut events)?;
        let mut timer = pin!(sleep_until(self.next_wake()));
        loop {
            for event in events.drain(..) {
                self.event(event)?;
                if self.socket.is_full() {
                    self.flush().await?;
                }
            }
            self.flush().await?;
            let wake = self.next_wake();
            if wake < timer.deadline() || timer.is_elapsed() {
                timer.as_mut().reset(wake);
            }
            tokio::select! {
                read = self.socket.read(&mut events) => {
                    self.heard = Instant::now();
                    // What came before the mistake counts.
                    if let Err(end) = read {
                        for event in events.drain(..) {
                            self.event(event)?;
                        }
                        return Err(end);
                    }
                }
                delivery = self.membership.inbox.recv() => self.deliver(delivery.ok_or(End::GOING_AWAY)?)?,
                () = timer.as_mut() => self.wake()?,
            }
        }
    }

    async fn flush(&mut self) -> Result<(), End> {
        self.socket.flush(self.site.options.limits.write_timeout).await
    }

    fn event(&mut self, event: Event) -> Result<(), End> {
        match event {
            Event::Message { payload, length } => self.message(payload, length),
            Event::Ping(payload) => {
                self.socket.queue_pong(&payload);
                Ok(())
            }
            Event::Pong(_) => Ok(()),
            Event::Close { code, .. } => Err(End::answering(code)),
        }
    }

    fn message(&mut self, payload: Payload, length: u64) -> Result<(), End> {
        if length > self.site.options.limits.max_socket_message_bytes {
            return Err(End::TOO_LARGE);
        }
        let input = match payload {
            Payload::Text(text) if text.len() as u64 == length => Input::Text(text),
            Payload::Binary(bytes) if bytes.len() as u64 == length => Input::Binary(bytes),
            Payload::BrokenText(bytes) if bytes.len() as u64 == length => return Err(End::NOT_UTF_8),
            _ => Input::TooLarge(length),
        };
        self.take(input)
    }

    fn deliver(&mut self, delivery: Delivery) -> Result<(), End> {
        match delivery {
            Delivery::Push(push) => self.take(Input::Push((*push).clone())),
            Delivery::Done(done) => {
                let (task, result) = *done;
                self.take(Input::Done(task, result))
            }
        }
    }

    /// When something is to be done although nothing comes.
    fn next_wake(&self) -> Instant {
        let limits = &self.site.options.limits;
        let sign_of_life =
            (self.heard.max(self.asked) + limits.ping_after).min(self.heard + limits.silence_limit);
        match self.session.next_deadline() {
            Some(deadline) => self.site.clock.instant(deadline).min(sign_of_life),
            None => sign_of_life,
        }
    }

    fn wake(&mut self) -> Result<(), End> {
        let limits = &self.site.options.limits;
        let now = Instant::now();
        if now >= self.heard + limits.silence_limit {
            return Err(End::Gone);
        }
        if now >= self.heard.max(self.asked) + limits.ping_after {
            self.asked = now;
            self.socket.queue_ping();
        }
        let deadline = self.session.next_deadline();
        if deadline.is_some_and(|deadline| self.site.clock.instant(deadline) <= now) {
            self.take(Input::Deadline)?;
        }
        Ok(())
    }

    /// Hands something to the session and does what it asks for.
    fn take(&mut self, input: Input) -> Result<(), End> {
        let clock = &self.site.clock;
        let session = &mut self.session;
        let start = clock.elapsed();
        let may_take_long = self.trust.as_ref().is_none_or(|trust| trust.may_take_long());
        let outputs = call_view(may_take_long, || session.receive(input, clock)).map_err(|panic| {
            eprintln!("djscope: session {} ends, its view panicked: {panic}", self.id);
            End::FAILED
        })?;
        if let Some(trust) = &self.trust {
            trust.took(clock.elapsed().saturating_sub(start));
        }
        for output in outputs {
            self.put_out(output)?;
        }
        let view = self.session.view_path();
        if view != self.view.as_ref() {
            self.view = view.cloned();
            self.trust = self.view.as_ref().map(|view| self.site.trust_in(view));
            self.membership.shows(self.view.as_ref());
        }
        Ok(())
    }

    fn put_out(&mut self, output: Output) -> Result<(), End> {
        match output {
            Output::Frame(frame) => {
                let text = frame.to_json().map_err(|error| {
                    eprintln!("djscope: session {} ends, a frame is no JSON: {error}", self.id);
                    End::FAILED
                })?;
                self.socket.queue_text(&text);
            }
            Output::Close(code) => return Err(End::close(code.number(), "")),
            Output::Run(task, work) => self.start(task, work),
            Output::Push(push) => self.membership.push(push),
            Output::Turn(turn) => {
                if let Some(on_turn) = &self.site.options.on_turn {
                    on_turn(&self.id, &turn);
                }
            }
        }
        Ok(())
    }

    /// Works in the background; the result comes back through the inbox.
    fn start(&self, task: TaskId, work: Work) {
        let results = self.membership.results.clone();
        tokio::spawn(async move {
            let result = tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
                let message = error
                    .try_into_panic()
                    .map_or_else(|error| error.to_string(), |panic| panic_text(&*panic));
                Err(Raised::new("RuntimeError", message))
            });
            // The connection may have ended meanwhile.
            if let Some(inbox) = results.upgrade() {
                let _ = inbox.send(Delivery::Done(Box::new((task, result)))).await;
            }
        });
    }
}
