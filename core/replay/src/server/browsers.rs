//! The browsers of a recording, played from their first deed to their last.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use djscope_recording::model::{ConnectionId, TurnId};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout_at};
use tokio_tungstenite::tungstenite::Message as Frame;

use super::Options;
use super::cookies::Jar;
use super::line::{Line, since_us};
use super::pace::{Bucket, Pace, UNDER_WAY, pause};
use super::played::{Played, Trouble};
use super::remap::Message;
use super::request::{Asked, ask};
use super::script::{Act, Deed, Due, Said, Script};
use super::socket::{Heard, Refused, Socket};
use super::target::Target;

/// After an answer, frames beside it may follow for so long.
const GRACE: Duration = Duration::from_millis(500);

/// No browser asks again sooner after an answer: by this, what comes beside an answer is told from what comes before the
/// next one.
const BREATH: Duration = Duration::from_millis(5);

/// Once something did not come, what comes by itself is waited for no longer than this.
const IMPATIENCE: Duration = Duration::from_secs(1);

/// djust closes with this code what sends or connects too much, and refuses the address for five seconds.
const TOO_MUCH: u16 = 4429;

/// How long to leave a server alone that has said it was too much.
const COOLDOWN: Duration = Duration::from_millis(5_500);

/// How often something that was refused as too much is tried again.
const TRIES: u32 = 3;

/// The browsers of a recording, live: one copy of them.
pub struct Browsers<'a> {
    script: &'a Script,
    target: &'a Target,
    options: &'a Options,
    jars: Vec<Jar>,
    lines: HashMap<ConnectionId, Line>,
    sender: mpsc::UnboundedSender<(ConnectionId, Heard)>,
    heard: mpsc::UnboundedReceiver<(ConnectionId, Heard)>,
    played: Played,
    began: Instant,
    has_missed: bool,
    /// Messages that the server has refused as too much.
    again: Vec<(ConnectionId, TurnId)>,
}

impl<'a> Browsers<'a> {
    /// One that has done nothing yet.
    pub fn new(script: &'a Script, target: &'a Target, options: &'a Options) -> Self {
        let (sender, heard) = mpsc::unbounded_channel();
        let bucket = Bucket::new(options.rate);
        let lines = script.connections.iter();
        Self {
            jars: vec![Jar::with(&options.login); script.visitors],
            lines: lines
                .map(|(number, opened)| (*number, Line::new(opened, script, bucket)))
                .collect(),
            script,
            target,
            options,
            sender,
            heard,
            played: Played::default(),
            began: Instant::now(),
            has_missed: false,
            again: Vec::new(),
        }
    }

    /// Does everything that the browsers did.
    pub async fn play(mut self) -> Played {
        let acts = &self.script.acts;
        let first_us = acts.first().map_or(0, |act| act.t_us);
        for act in acts {
            let wait = pause(self.options.pace, first_us, act.t_us, self.began.elapsed());
            self.listen_for(wait).await;
            self.act(act).await;
        }
        self.note_unanswered();
        for (_, line) in self.lines.drain() {
            if let Some(socket) = line.socket {
                socket.close().await;
            }
        }
        self.played
    }

    /// What was sent and not answered because the socket was gone by then says nothing.
    fn note_unanswered(&mut self) {
        for (number, did) in &mut self.played.turns {
            let connection = self.script.turns.get(number).and_then(|turn| turn.connection);
            let line = connection.and_then(|connection| self.lines.get(&connection));
            if let Some(lost) = line.and_then(|line| line.lost.as_ref())
                && !did.is_answered
            {
                did.not_played.get_or_insert_with(|| lost.clone());
            }
        }
    }

    async fn act(&mut self, act: &Act) {
        let is_over = matches!(act.deed, Deed::End);
        if self.options.pace == Pace::Reply || is_over {
            self.wait_for(&act.due).await;
        } else {
            // What is late is waited for at the end.
            for due in &act.due {
                self.played.turns.entry(due.turn).or_default();
            }
        }
        match &act.deed {
            Deed::Ask { asked, visitor, turn } => self.ask(asked, *visitor, *turn).await,
            Deed::Open(connection) => self.open(*connection).await,
            Deed::Say {
                connection,
                said,
                turn,
            } => self.say(*connection, said, *turn).await,
            Deed::Close(connection) => self.close(*connection).await,
            Deed::End => {
                let rest = self.rest(None);
                self.wait_for(&rest).await;
            }
        }
    }

    /// What was asked for, of a connection or of all, and is answered in the recording.
    fn rest(&self, connection: Option<ConnectionId>) -> Vec<Due> {
        let turns = self.script.turns.iter();
        turns
            .filter(|(number, recorded)| {
                let is_sent = self
                    .played
                    .turns
                    .get(number)
                    .is_some_and(|did| did.sent.is_some());
                let is_of_it = connection.is_none() || recorded.connection == connection;
                is_of_it && is_sent && recorded.is_asked && !recorded.frames.is_empty()
            })
            .map(|(number, recorded)| Due {
                turn: *number,
                frames: recorded.frames.len(),
            })
            .collect()
    }

    async fn ask(&mut self, asked: &Asked, visitor: usize, turn: Option<TurnId>) {
        let media_type = super::script::header(&asked.headers, "content-type");
        let mut remap = super::remap::Remap::default();
        if let Some(token) = self.jars[visitor].csrf_token() {
            remap.set_csrf_token(token);
        }
        let is_masked = asked.url.contains("[redacted") || asked.url.contains("%5Bredacted");
        let body = match is_masked {
            true => Err("what the browser sent is masked: its address".to_owned()),
            false => remap.body(&asked.body, media_type),
        };
        let body = match body {
            Ok(body) => body,
            Err(reason) => return self.not_played(turn, &reason),
        };
        let asked = Asked {
            body,
            ..asked.clone()
        };
        let sent = Instant::now();
        let answered = ask(
            self.target,
            &asked,
            &mut self.jars[visitor],
            self.options.patience,
        )
        .await;
        match answered {
            Ok(answered) => {
                let Some(turn) = turn else { return };
                let did = self.played.turns.entry(turn).or_default();
                did.sent = Some(sent);
                did.last = Some(Instant::now());
                did.status = Some(answered.status);
                did.page = Some(String::from_utf8_lossy(&answered.body).into_owned());
                did.is_answered = true;
            }
            Err(error) => {
                self.trouble(
                    !is_of_this_system(&error),
                    format!("{} {}: {error}", asked.method, asked.url),
                );
                self.not_played(turn, &format!("the server did not answer: {error}"));
            }
        }
    }

    async fn open(&mut self, connection: ConnectionId) {
        let Some(opened) = self.script.connections.get(&connection) else {
            return;
        };
        let jar = self.jars[opened.visitor].clone();
        if opened.record.path.contains("[redacted") {
            return self.end(connection, "the address of its socket is masked");
        }
        for tried in 1..=TRIES {
            let socket = Socket::open(
                self.target,
                opened,
                &jar,
                self.sender.clone(),
                self.options.patience,
            )
            .await;
            match socket {
                Ok(socket) => {
                    let Some(line) = self.lines.get_mut(&connection) else {
                        return;
                    };
                    if let Some(token) = jar.csrf_token() {
                        line.remap.set_csrf_token(token);
                    }
                    line.socket = Some(socket);
                }
                Err(Refused::Status(status)) => {
                    self.trouble(true, format!("the server refused a WebSocket with {status}"));
                    return self.end(
                        connection,
                        &format!("the server refused its WebSocket with {status}"),
                    );
                }
                Err(Refused::Failed(reason)) => {
                    self.trouble(
                        !reason.contains("open files"),
                        format!("a WebSocket could not be opened: {reason}"),
                    );
                    return self.end(
                        connection,
                        &format!("its WebSocket could not be opened: {reason}"),
                    );
                }
            }
            // A server that counts sockets takes one more and closes it at once.
            self.until(IMPATIENCE, |browsers| browsers.is_greeted(connection))
                .await;
            if !self.is_refused_as_too_much(connection) {
                return;
            }
            if tried == TRIES {
                break;
            }
            self.listen_for(COOLDOWN).await;
            if let (Some(line), Some(opened)) = (
                self.lines.get_mut(&connection),
                self.script.connections.get(&connection),
            ) {
                *line = Line::new(opened, self.script, line.bucket);
            }
        }
        self.trouble(
            true,
            "the server took no more sockets (it closed them with 4429)".to_owned(),
        );
    }

    fn is_greeted(&self, connection: ConnectionId) -> bool {
        let line = self.lines.get(&connection);
        line.is_none_or(|line| line.is_greeted || line.ended.is_some())
    }

    fn is_refused_as_too_much(&self, connection: ConnectionId) -> bool {
        let line = self.lines.get(&connection);
        line.is_some_and(|line| !line.is_mounted && line.closed == Some(TOO_MUCH))
    }

    async fn say(&mut self, connection: ConnectionId, said: &Said, turn: Option<TurnId>) {
        if self.ended(connection).is_none() && !matches!(said, Said::Text(text) if text.contains("mount")) {
            // An event needs a view, however fast everything is.
            self.until(self.options.patience, |browsers| browsers.is_mounted(connection))
                .await;
        }
        if self.options.rate > 0.0 {
            self.until(self.options.patience, |browsers| browsers.has_room(connection))
                .await;
        }
        if let Some(reason) = self.ended(connection) {
            return self.not_played(turn, &reason);
        }
        let Some(line) = self.lines.get_mut(&connection) else {
            return;
        };
        let message = match said {
            Said::Text(text) => line.remap.message(text),
            Said::Binary(_) => Ok(Message {
                text: String::new(),
                reference: None,
            }),
            Said::Unknown(reason) => Err(reason.clone()),
        };
        let message = match message {
            Ok(message) => message,
            Err(reason) => {
                line.lacks
                    .get_or_insert_with(|| format!("{reason}; it was not sent"));
                return self.not_played(turn, &reason);
            }
        };
        let breath = match self.options.pace {
            Pace::Reply => BREATH,
            Pace::Recorded | Pace::Max => Duration::ZERO,
        };
        let wait = line.bucket.take(self.began.elapsed());
        self.listen_for(wait.max(breath)).await;
        self.send(connection, said, &message, turn).await;
    }

    async fn send(&mut self, connection: ConnectionId, said: &Said, message: &Message, turn: Option<TurnId>) {
        let t_us = since_us(self.began);
        let Some(line) = self.lines.get_mut(&connection) else {
            return;
        };
        let Some(socket) = &mut line.socket else { return };
        let frame = match said {
            Said::Binary(bytes) => Frame::binary(bytes.clone()),
            _ => Frame::text(message.text.clone()),
        };
        if let Err(reason) = socket.say(frame).await {
            return self.lose(connection, turn, &reason).await;
        }
        match said {
            Said::Binary(bytes) => line.sends_bytes(t_us, bytes, turn),
            _ => line.sends(t_us, message, turn),
        }
        if let Some(turn) = turn {
            let did = self.played.turns.entry(turn).or_default();
            did.sent.get_or_insert_with(Instant::now);
            if self
                .script
                .turns
                .get(&turn)
                .is_some_and(|turn| !turn.frames.is_empty())
            {
                line.under_way.insert(turn);
            }
        }
    }

    /// Nothing can be sent any more: why, the server may have said already.
    async fn lose(&mut self, connection: ConnectionId, turn: Option<TurnId>, reason: &str) {
        self.until(GRACE, |browsers| browsers.ended(connection).is_some())
            .await;
        if self.ended(connection).is_none() {
            self.take(connection, Heard::Lost(reason.to_owned())).await;
        }
        let ended = self.ended(connection).unwrap_or_default();
        self.not_played(turn, &ended);
    }

    async fn close(&mut self, connection: ConnectionId) {
        let rest = self.rest(Some(connection));
        self.wait_for(&rest).await;
        let Some(line) = self.lines.get_mut(&connection) else {
            return;
        };
        line.ended
            .get_or_insert_with(|| "the browser has closed its socket".to_owned());
        if let Some(socket) = line.socket.take() {
            socket.close().await;
        }
    }

    fn is_mounted(&self, connection: ConnectionId) -> bool {
        let line = self.lines.get(&connection);
        line.is_none_or(|line| line.is_mounted || line.has_failed || line.ended.is_some())
    }

    fn has_room(&self, connection: ConnectionId) -> bool {
        let line = self.lines.get(&connection);
        line.is_none_or(|line| line.under_way.len() < UNDER_WAY || line.ended.is_some())
    }

    fn ended(&self, connection: ConnectionId) -> Option<String> {
        self.lines.get(&connection).and_then(|line| line.ended.clone())
    }

    /// The server, and not the recorded browser, has ended a connection.
    fn end(&mut self, connection: ConnectionId, why: &str) {
        if let Some(line) = self.lines.get_mut(&connection)
            && line.ended.is_none()
        {
            line.ended = Some(why.to_owned());
            line.lost = Some(why.to_owned());
            line.socket = None;
        }
    }

    fn not_played(&mut self, turn: Option<TurnId>, reason: &str) {
        if let Some(turn) = turn {
            let did = self.played.turns.entry(turn).or_default();
            did.not_played.get_or_insert_with(|| reason.to_owned());
        }
    }

    fn trouble(&mut self, is_servers: bool, what: String) {
        self.played.troubles.push(Trouble { is_servers, what });
    }

    /// Waits until everything that had come in the recording has come, or does not come.
    async fn wait_for(&mut self, due: &[Due]) {
        for due in due {
            let is_asked = self.script.turns.get(&due.turn).is_some_and(|turn| turn.is_asked);
            let patience = match is_asked || !self.has_missed {
                true => self.options.patience,
                false => IMPATIENCE,
            };
            if !self.until(patience, |browsers| browsers.has_come(due)).await {
                self.has_missed = true;
                if is_asked {
                    let seconds = patience.as_secs_f64();
                    self.trouble(true, format!("no answer to turn {} within {seconds} s", due.turn));
                }
            }
            // What did not come counts as nothing.
            self.played.turns.entry(due.turn).or_default();
        }
    }

    /// True if so much of a turn has come, or no more of it will.
    fn has_come(&self, due: &Due) -> bool {
        let connection = self.script.turns.get(&due.turn).and_then(|turn| turn.connection);
        let is_over = connection.is_some_and(|connection| self.ended(connection).is_some());
        let Some(did) = self.played.turns.get(&due.turn) else {
            return is_over;
        };
        let grace = did.took().map_or(GRACE, |took| GRACE.max(2 * took));
        let is_late = did.is_answered && did.last.is_some_and(|last| last.elapsed() > grace);
        let is_known = did.not_played.is_some() || did.page.is_some();
        is_over || is_known || is_late || did.frames.len() >= due.frames
    }

    /// Takes what comes for so long.
    async fn listen_for(&mut self, time: Duration) {
        if time.is_zero() {
            while let Ok((connection, heard)) = self.heard.try_recv() {
                self.take(connection, heard).await;
            }
            return;
        }
        self.until(time, |_| false).await;
    }

    /// Takes what comes until a condition holds. False if it does not in time.
    async fn until(&mut self, time: Duration, holds: impl Fn(&Self) -> bool) -> bool {
        let end = Instant::now() + time;
        loop {
            if holds(self) {
                return true;
            }
            // What has to be quiet for a while is looked at again.
            let look = end.min(Instant::now() + Duration::from_millis(50));
            if let Ok(Some((connection, heard))) = timeout_at(look.into(), self.heard.recv()).await {
                self.take(connection, heard).await;
            } else if Instant::now() >= end {
                return holds(self);
            }
        }
    }

    async fn take(&mut self, connection: ConnectionId, heard: Heard) {
        match heard {
            Heard::Text(text) => self.take_text(connection, text).await,
            Heard::Closed(code) => self.take_close(connection, code),
            Heard::Lost(reason) => {
                if self.ended(connection).is_none() {
                    self.trouble(true, format!("the server's socket was lost: {reason}"));
                }
                self.end(connection, &format!("the server was gone: {reason}"));
            }
        }
    }

    fn take_close(&mut self, connection: ConnectionId, code: Option<u16>) {
        let record = self
            .script
            .connections
            .get(&connection)
            .map(|opened| &opened.record);
        let recorded = record
            .and_then(|record| record.close.as_ref())
            .map(|close| close.code);
        let Some(line) = self.lines.get_mut(&connection) else {
            return;
        };
        line.closed = code;
        let is_first = line.ended.is_none();
        let is_mounted = line.is_mounted;
        let said = code.map_or_else(|| "without a code".to_owned(), |code| format!("with {code}"));
        let why = match code {
            Some(TOO_MUCH) => " (too many messages or sockets)",
            Some(4403) => " (not allowed)",
            _ => "",
        };
        self.end(
            connection,
            &format!("the server has closed its socket {said}{why}"),
        );
        let is_new = is_first && code != recorded && (is_mounted || code != Some(TOO_MUCH));
        if is_new {
            self.trouble(true, format!("the server closed a socket {said}{why}"));
        }
    }

    async fn take_text(&mut self, connection: ConnectionId, text: String) {
        let t_us = since_us(self.began);
        let Some(line) = self.lines.get_mut(&connection) else {
            return;
        };
        let came = line.takes(t_us, text);
        let lacks = line.lacks.clone();
        let Some(turn) = came.turn else { return };
        let Some(recorded) = self.script.turns.get(&turn) else {
            return;
        };
        let did = self.played.turns.entry(turn).or_default();
        if came.is_limit && did.tries < TRIES && !recorded.frames.iter().any(is_limit) {
            did.tries += 1;
            line.bucket.slow_down();
            if line.under_way.len() > 1 {
                let why = "the server dropped a message as too much, and took it after later ones";
                line.lacks.get_or_insert_with(|| why.to_owned());
            }
            self.again.push((connection, turn));
            return Box::pin(self.send_again()).await;
        }
        if let Some(theirs) = recorded.frames.get(did.frames.len()) {
            line.remap.learn(theirs, &came.value);
        }
        did.lacks = lacks;
        did.frames.push(came.value);
        did.last = Some(Instant::now());
        did.is_answered |= came.is_answered;
        if did.is_answered {
            line.under_way.remove(&turn);
        }
    }

    /// Sends again, after a while, what the server has dropped because it was too much.
    async fn send_again(&mut self) {
        for (connection, turn) in std::mem::take(&mut self.again) {
            sleep(IMPATIENCE).await;
            let said = self.script.acts.iter().find_map(|act| match &act.deed {
                Deed::Say {
                    said, turn: Some(of), ..
                } if *of == turn => Some(said),
                _ => None,
            });
            let Some(line) = self.lines.get_mut(&connection) else {
                continue;
            };
            if let Some(Said::Text(text)) = said
                && let Ok(message) = line.remap.message(text)
            {
                self.send(connection, &Said::Text(text.clone()), &message, Some(turn))
                    .await;
            }
        }
    }
}

fn is_limit(frame: &Value) -> bool {
    frame["type"] == "rate_limit_exceeded"
        || frame["error"]
            .as_str()
            .is_some_and(|error| error.to_ascii_lowercase().contains("rate limit"))
}

/// True if it is not the server that is at fault.
fn is_of_this_system(error: &std::io::Error) -> bool {
    // EMFILE, ENFILE, EADDRNOTAVAIL
    matches!(error.raw_os_error(), Some(24 | 23 | 99))
}
