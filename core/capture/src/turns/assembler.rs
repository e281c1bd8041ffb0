mod reports;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use djscope_recording::model::{
    CloseRecord, Connection, ConnectionId, Direction, FrameId, FrameRecord, HttpExchange, Micros, Turn,
    TurnId, TurnKind,
};
use djscope_recording::{Entry, Keyframe};
use djscope_wire::{ClientMessage, ServerFrame, ServerMessage};
use serde_json::{Value, json};

use super::connection::ConnectionTurns;
use super::held::{Held, HeldSpan};
use super::http::{self, Exchanges};
use super::processes::Processes;
use super::records::{client_kind, frame, patches, whole_html};
use super::shown::ShownStates;
use super::silence::Silence;
use super::states::States;
use super::tasks::Tasks;
use super::threads::Threads;
use super::views::Views;
use super::waiting::Waiting;
use super::{Message, Seen};
use crate::not_live;
use crate::observation::SocketOpened;
use crate::probe::Hello;

/// How long a probe's report waits for its frames to come through the proxy.
const PATIENCE_US: Micros = 2_000_000;

/// How long after a connection has ended its last turns may still be reported.
const GRACE_US: Micros = 10_000_000;

/// Turns over HTTP whose exchange has not ended.
const MAX_HTTP_TURNS: usize = 256;

/// What is known of the probes in the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProbeStatus {
    /// True once one has said hello.
    pub was_heard: bool,
    /// Processes that report now.
    pub connected: usize,
    /// Version of djust.
    pub djust: Option<String>,
    /// What they cannot see, and why.
    pub missing: Vec<String>,
    /// Reports that were thrown away by a probe or could not be understood.
    pub lost: u64,
    /// When djust's first frame passed, if a probe was started and none is connected since.
    pub unheard_since_us: Option<Micros>,
    /// Why none was heard, and the way out, once that is certain.
    pub silence: Option<String>,
}

/// Makes turns of what was seen. See the [module](super) for its rules.
#[derive(Debug)]
pub struct Assembler {
    start_unix_us: i64,
    last_turn: TurnId,
    last_frame: FrameId,
    connections: BTreeMap<ConnectionId, ConnectionTurns>,
    sessions: HashMap<String, ConnectionId>,
    waiting: Waiting,
    http_turns: BTreeMap<TurnId, Turn>,
    exchanges: Exchanges,
    states: States,
    shown: ShownStates,
    views: Views,
    tasks: Tasks,
    threads: Threads,
    /// Connections that have ended, and when.
    leaving: VecDeque<(Micros, ConnectionId)>,
    probes: BTreeMap<u32, Hello>,
    processes: Processes,
    connected: BTreeSet<u32>,
    probe_lost: u64,
    held: Held,
    silence: Silence,
    silence_reason: Option<String>,
    has_probe_news: bool,
    /// True if a state came that builds on one that was lost.
    wants_whole_states: bool,
    /// True if djust's socket was answered as a page that does not exist, the last time that one was asked for.
    is_not_live: bool,
}

impl Assembler {
    /// An assembler of a recording that began at `start_unix_us`, in microseconds of Unix time.
    pub fn new(start_unix_us: i64) -> Self {
        Self {
            start_unix_us,
            last_turn: 0,
            last_frame: 0,
            connections: BTreeMap::new(),
            sessions: HashMap::new(),
            waiting: Waiting::default(),
            http_turns: BTreeMap::new(),
            exchanges: Exchanges::default(),
            states: States::default(),
            shown: ShownStates::default(),
            views: Views::default(),
            tasks: Tasks::default(),
            threads: Threads::default(),
            leaving: VecDeque::new(),
            probes: BTreeMap::new(),
            processes: Processes::default(),
            connected: BTreeSet::new(),
            probe_lost: 0,
            held: Held::default(),
            silence: Silence::default(),
            silence_reason: None,
            has_probe_news: false,
            wants_whole_states: false,
            is_not_live: false,
        }
    }

    /// Takes the next thing that was seen. Gives what has to be written, in order.
    pub fn observe(&mut self, seen: Seen) -> Vec<Entry> {
        let mut out = Vec::new();
        match seen {
            Seen::Opened { opened, is_djust } => self.opened(opened, is_djust, &mut out),
            Seen::Djust { connection } => self.change(connection, &mut out, |record| record.is_djust = true),
            Seen::Message {
                connection,
                t_us,
                direction,
                message,
            } => {
                self.give_up_waiting(t_us, &mut out);
                self.message(connection, t_us, direction, message, &mut out);
            }
            Seen::Problem { connection, text, .. } => {
                self.change(connection, &mut out, |record| record.problem = Some(text));
            }
            Seen::Closed { connection, t_us } => self.closed(connection, t_us, &mut out),
            Seen::HttpBegan { http, port } => self.exchanges.began(http, port),
            Seen::HttpEnded { exchange } => self.http_ended(*exchange, &mut out),
            Seen::Fact { key, value } => self.fact(key, value, &mut out),
            Seen::Probe { t_us, report } => {
                self.has_probe_news = true;
                self.give_up_waiting(t_us, &mut out);
                self.report(t_us, report, &mut out);
            }
        }
        out
    }

    /// Nothing was seen for a while; it is `t_us` now.
    pub fn idle(&mut self, t_us: Micros) -> Vec<Entry> {
        let mut out = Vec::new();
        self.give_up_waiting(t_us, &mut out);
        out
    }

    /// Connections that are open, or have ended a moment ago.
    pub fn open_connections(&self) -> usize {
        self.connections.len()
    }

    /// What is known of the probes.
    pub fn probe(&self) -> ProbeStatus {
        let mut missing: Vec<String> = self
            .probes
            .values()
            .flat_map(|hello| hello.missing.iter().cloned())
            .collect();
        missing.dedup();
        let djust = self.probes.values().rev().find_map(|hello| hello.djust.clone());
        ProbeStatus {
            was_heard: !self.probes.is_empty(),
            connected: self.connected.len(),
            djust,
            missing,
            lost: self.probe_lost,
            unheard_since_us: self.silence.since_us(),
            silence: self.silence_reason.clone(),
        }
    }

    /// True if [`Self::probe`] may give something else than when this was asked last.
    pub const fn takes_probe_news(&mut self) -> bool {
        std::mem::replace(&mut self.has_probe_news, false)
    }

    fn fact(&mut self, key: &'static str, value: Value, out: &mut Vec<Entry>) {
        match key {
            "probe" if value == json!(true) => self.silence.expect(),
            "probe_silent" => self.explain_silence(value.as_str().unwrap_or_default(), out),
            _ => {}
        }
        out.push(meta(key, value));
    }

    /// No probe was heard, and `reason` says why: so do all turns.
    fn explain_silence(&mut self, reason: &str, out: &mut Vec<Entry>) {
        self.silence.explain(reason);
        if self.silence.since_us().is_none() {
            return;
        }
        out.extend(
            self.silence
                .kept()
                .into_iter()
                .map(|turn| Entry::Turn(Box::new(turn))),
        );
        self.silence_reason = Some(reason.to_owned());
        self.has_probe_news = true;
        for turns in self.connections.values_mut() {
            for live in turns.turns().filter(|live| !live.is_reported) {
                if self.silence.mark(&mut live.turn) {
                    out.push(Entry::Turn(Box::new(live.turn.clone())));
                }
            }
        }
    }

    /// Nothing more will be seen.
    pub fn finish(&mut self, t_us: Micros) -> Vec<Entry> {
        let mut out = Vec::new();
        self.give_up_waiting(Micros::MAX, &mut out);
        if self.silence.is_unexplained() && self.probes.is_empty() {
            self.fact(
                "probe_silent",
                json!("and the recording ended before it was known why"),
                &mut out,
            );
        }
        let open: Vec<ConnectionId> = self.connections.keys().copied().collect();
        for connection in open {
            self.closed(connection, t_us, &mut out);
        }
        out
    }

    fn opened(&mut self, opened: SocketOpened, is_djust: bool, out: &mut Vec<Entry>) {
        let not_live = not_live::sentence(&opened);
        // A browser tries again and again, and the server may be another one by then.
        if is_djust && self.is_not_live != not_live.is_some() {
            self.is_not_live = not_live.is_some();
            out.push(meta("not_live", json!(not_live)));
        }
        let record = Connection {
            connection: opened.connection,
            opened_us: opened.t_us,
            closed_us: None,
            path: opened.path,
            session_id: None,
            status: opened.status,
            close: None,
            is_djust,
            extensions: opened.extensions,
            problem: None,
        };
        out.push(Entry::Connection(record.clone()));
        self.connections
            .insert(opened.connection, ConnectionTurns::new(record));
    }

    fn change(
        &mut self,
        connection: ConnectionId,
        out: &mut Vec<Entry>,
        change: impl FnOnce(&mut Connection),
    ) {
        if let Some(turns) = self.connections.get_mut(&connection) {
            change(&mut turns.record);
            out.push(Entry::Connection(turns.record.clone()));
        }
    }

    fn closed(&mut self, connection: ConnectionId, t_us: Micros, out: &mut Vec<Entry>) {
        let session = self
            .connections
            .get(&connection)
            .and_then(|turns| turns.record.session_id.clone());
        let mut waiting = std::mem::take(&mut self.waiting);
        while let Some(report) = waiting.pop() {
            if session.is_none() || report.turn.session_id != session {
                self.waiting.push_again(report);
            } else {
                self.join_or_stand_alone(report.turn, out);
            }
        }
        // The probe may still report the socket's last turn, so the session stays known for a while.
        self.leaving.push_back((t_us, connection));
        self.change(connection, out, |record| {
            record.closed_us.get_or_insert(t_us);
        });
    }

    fn message(
        &mut self,
        connection: ConnectionId,
        t_us: Micros,
        direction: Direction,
        message: Message,
        out: &mut Vec<Entry>,
    ) {
        let Some(turns) = self.connections.get_mut(&connection) else {
            return;
        };
        self.last_frame += 1;
        let mut frame = frame(self.last_frame, connection, t_us, direction, &message);
        if let Message::Close { code, reason } = &message {
            let close = CloseRecord {
                code: *code,
                reason: reason.clone(),
                by: direction,
            };
            turns.record.close.get_or_insert(close);
            out.push(Entry::Connection(turns.record.clone()));
        }
        let parsed = match (direction, message) {
            (Direction::ToServer, Message::Text { text, .. }) => {
                Parsed::Client(Box::new(ClientMessage::from_text(text)))
            }
            (Direction::ToServer, Message::Binary { bytes, .. }) => {
                Parsed::Client(Box::new(ClientMessage::from_binary(&bytes)))
            }
            (Direction::ToBrowser, Message::Text { text, .. }) => {
                Parsed::Server(Box::new(ServerMessage::from_text(text)))
            }
            _ => Parsed::Nothing,
        };
        match parsed {
            Parsed::Client(message) => {
                frame.kind = client_kind(&message).to_owned();
                frame.turn = turns.browser_sent(t_us, &message, &mut self.last_turn);
                if let Some(live) = frame.turn.and_then(|turn| turns.turn(turn)) {
                    self.silence.mark(&mut live.turn);
                }
                out.extend(
                    frame
                        .turn
                        .and_then(|turn| turns.turn(turn))
                        .map(|live| Entry::Turn(Box::new(live.turn.clone()))),
                );
                if let Some((live, span)) = turns.client_span(t_us, &message) {
                    let held = HeldSpan::of(&live.turn, span, t_us);
                    // Where such a turn begins is known from its report.
                    if self.probes.is_empty() || live.is_reported || caused_by_browser(live.turn.kind) {
                        out.push(held.entry(live.turn.t_us));
                    } else {
                        self.held.hold(held);
                    }
                }
                out.push(Entry::Frame(frame));
            }
            Parsed::Server(message) => {
                let parsed = message.0;
                frame.kind = parsed.frame.kind().to_owned();
                self.server_frame(connection, frame, &parsed.frame, out);
            }
            Parsed::Nothing => out.push(Entry::Frame(frame)),
        }
    }

    fn server_frame(
        &mut self,
        connection: ConnectionId,
        mut record: FrameRecord,
        frame: &ServerFrame,
        out: &mut Vec<Entry>,
    ) {
        let Some(turns) = self.connections.get_mut(&connection) else {
            return;
        };
        let t_us = record.t_us;
        if let ServerFrame::Connect(body) = frame {
            turns.record.session_id = Some(body.session_id.clone());
            self.sessions.insert(body.session_id.clone(), connection);
            out.push(Entry::Connection(turns.record.clone()));
        }
        if self.connected.is_empty() {
            self.has_probe_news |= self.silence.frame(t_us);
        }
        record.turn = turns.server_sent(t_us, frame, &mut self.last_turn);
        let (number, frame_number) = (record.turn, record.frame);
        if let Some(live) = number.and_then(|number| turns.turn(number)) {
            if matches!(frame, ServerFrame::Mount(_))
                && let Some(class) = live.turn.view.clone()
            {
                let (view, new) = self.views.record(Some(connection), &class);
                live.turn.view_id = Some(view);
                out.extend(new.map(Entry::View));
            }
            if self.connected.is_empty() {
                out.extend(
                    self.shown
                        .take(connection, frame, &mut live.turn, &mut self.states),
                );
            }
            self.silence.mark(&mut live.turn);
            out.push(Entry::Turn(Box::new(live.turn.clone())));
            let view_id = live.turn.view_id;
            let turn = live.turn.turn;
            out.push(Entry::Frame(record));
            if let Some(html) = whole_html(frame) {
                let html = html.to_owned();
                out.push(Entry::Keyframe(Keyframe {
                    turn,
                    connection: Some(connection),
                    view_id,
                    html,
                }));
            }
            let patches = patches(frame, frame_number);
            if !patches.is_empty() {
                out.push(Entry::Patches { turn, patches });
            }
        } else {
            out.push(Entry::Frame(record));
        }
        self.retry_waiting(connection, out);
    }

    fn http_ended(&mut self, mut exchange: HttpExchange, out: &mut Vec<Entry>) {
        self.exchanges.ended(&mut exchange);
        if let Some(mut turn) = exchange.turn.and_then(|number| self.http_turns.remove(&number)) {
            http::answer(&mut turn, &exchange);
            out.push(Entry::Turn(Box::new(turn)));
        } else if self.probes.is_empty()
            && let Some(mut turn) = http::fallback_event(self.last_turn + 1, &exchange)
        {
            self.last_turn = turn.turn;
            exchange.turn = Some(turn.turn);
            self.has_probe_news |= self.silence.frame(turn.t_us);
            self.silence.mark_or_keep(&mut turn);
            out.push(Entry::Turn(Box::new(turn)));
        }
        out.push(Entry::Http(Box::new(exchange)));
    }

    /// Forgets a connection that has ended, its turns and the states of its views.
    fn forget(&mut self, connection: ConnectionId) {
        self.views.forget(connection);
        self.shown.forget(connection, &mut self.states);
        let Some(turns) = self.connections.remove(&connection) else {
            return;
        };
        if let Some(session) = &turns.record.session_id {
            self.sessions.remove(session);
        }
        for view in &turns.instances {
            self.states.forget(view);
            self.tasks.forget(view);
        }
    }

    /// States were lost that others build on: of each view only a whole one is of use.
    pub fn lose_states(&mut self) {
        self.states.lose_all();
    }

    /// True once after a state came that builds on one that was lost.
    pub const fn takes_wish_for_whole_states(&mut self) -> bool {
        std::mem::replace(&mut self.wants_whole_states, false)
    }
}

enum Parsed {
    Client(Box<ClientMessage>),
    Server(Box<ServerMessage>),
    Nothing,
}

/// True if the frame that set the turn off went through the proxy.
const fn caused_by_browser(kind: TurnKind) -> bool {
    !matches!(
        kind,
        TurnKind::Tick | TurnKind::Push | TurnKind::Async | TurnKind::HotReload
    )
}

fn meta(key: &str, value: Value) -> Entry {
    Entry::Meta {
        key: key.to_owned(),
        value,
    }
}
