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
use super::joining::{self, ServerTimes};
use super::processes::Processes;
use super::records::{client_kind, frame, patches, whole_html};
use super::shown::ShownStates;
use super::silence::Silence;
use super::states::States;
use super::tasks::{self, Tasks};
use super::threads::Threads;
use super::views::Views;
use super::waiting::Waiting;
use super::{Message, Seen};
use crate::not_live;
use crate::observation::SocketOpened;
use crate::probe::{Hello, ProbeMessage, ProbeReport, ProbeTurn};

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

    fn report(&mut self, t_us: Micros, report: ProbeReport, out: &mut Vec<Entry>) {
        let (pid, message) = match report {
            ProbeReport::Message { pid, message } => (pid, message),
            ProbeReport::Garbled { detail, .. } => {
                self.probe_lost += 1;
                out.push(meta("probe_garbled", json!(detail)));
                out.push(meta("probe_lost", json!(self.probe_lost)));
                return;
            }
            ProbeReport::Gone { pid } => {
                self.states.forget_process(pid);
                self.tasks.forget_process(pid);
                self.connected.remove(&pid);
                return;
            }
        };
        match message {
            ProbeMessage::Hello(hello) => {
                self.silence.break_off();
                if self.silence_reason.take().is_some() {
                    out.push(meta("probe_silent", Value::Null));
                }
                self.probes.insert(pid, hello);
                self.connected.insert(pid);
                out.push(meta("probes", self.probe_facts()));
            }
            ProbeMessage::Process(facts) => out.push(self.processes.began(pid, *facts)),
            ProbeMessage::Source(source) => out.push(Entry::Source(source)),
            ProbeMessage::View(view) => out.extend(self.views.take(*view).into_iter().map(Entry::View)),
            ProbeMessage::Turn(mut report) => {
                report.pid = pid;
                self.take_report(t_us, *report, out);
            }
            ProbeMessage::Log(log) => {
                let at = log.time_us - self.start_unix_us;
                out.push(Entry::Log(joining::record(log.record, None, at)));
            }
            ProbeMessage::Lost { messages } => {
                self.probe_lost += messages;
                out.push(meta("probe_lost", json!(self.probe_lost)));
            }
            ProbeMessage::Flushed | ProbeMessage::Bye | ProbeMessage::Unknown => {}
        }
    }

    fn probe_facts(&self) -> Value {
        let facts = self.probes.values().map(|hello| {
            json!({"pid": hello.pid, "python": hello.python, "django": hello.django, "djust": hello.djust,
                   "settings": hello.settings, "missing": hello.missing})
        });
        Value::Array(facts.collect())
    }

    fn take_report(&mut self, t_us: Micros, report: ProbeTurn, out: &mut Vec<Entry>) {
        if report.transport == "http" {
            self.stand_alone(report, out);
            return;
        }
        match self.session_of(&report) {
            Some(connection) => {
                // Reports of one connection are taken in order, because states build on each other.
                let queued = self
                    .waiting
                    .iter()
                    .any(|other| other.session_id == report.session_id);
                match (queued, report) {
                    (false, report) => {
                        if let Err(report) = self.join(connection, report, out) {
                            self.waiting.push(t_us, *report);
                        }
                    }
                    (true, report) => self.waiting.push(t_us, report),
                }
            }
            // The socket's first frame may be on its way.
            None => self.waiting.push(t_us, report),
        }
        while let Some(oldest) = self.waiting.pop_excess() {
            self.join_or_stand_alone(oldest.turn, out);
        }
    }

    fn session_of(&self, report: &ProbeTurn) -> Option<ConnectionId> {
        self.sessions.get(report.session_id.as_ref()?).copied()
    }

    /// Joins a report to its turn on the wire; gives it back if there is none yet.
    fn join(
        &mut self,
        connection: ConnectionId,
        report: ProbeTurn,
        out: &mut Vec<Entry>,
    ) -> Result<(), Box<ProbeTurn>> {
        let Some(turns) = self.connections.get_mut(&connection) else {
            return Err(Box::new(report));
        };
        let Some(number) = joining::find(turns, &report) else {
            if joining::may_be_seen(&report) {
                return Err(Box::new(report));
            }
            self.stand_alone(report, out);
            return Ok(());
        };
        let start_us = report.start_us - self.start_unix_us;
        if let Some(live) = turns.turn(number) {
            let times = ServerTimes {
                start_us,
                last_frame_us: live.last_frame_us,
                cause_seen: caused_by_browser(live.turn.kind),
            };
            let instance = report.view.clone();
            let ends_us = start_us.saturating_add_unsigned(report.duration_us);
            let entries = joining::join(
                &mut live.turn,
                report,
                times,
                &mut self.states,
                &mut self.views,
                &mut self.threads,
            );
            let amended = instance.as_deref().map_or_else(Vec::new, |view| {
                self.tasks.worked(view, &mut live.turn, start_us, ends_us)
            });
            self.wants_whole_states |= joining::builds_on_lost(&live.turn);
            let turn = Entry::Turn(Box::new(live.turn.clone()));
            let begins_us = live.turn.t_us;
            push_joined(entries, turn, out);
            out.extend(self.held.of_turn(number, begins_us));
            turns.instances.extend(instance);
            self.amend(amended, out);
        }
        Ok(())
    }

    fn join_or_stand_alone(&mut self, report: ProbeTurn, out: &mut Vec<Entry>) {
        let report = match self.session_of(&report) {
            Some(connection) => match self.join(connection, report, out) {
                Ok(()) => return,
                Err(report) => *report,
            },
            None => report,
        };
        self.stand_alone(report, out);
    }

    /// Makes a turn of what only the probe has seen.
    fn stand_alone(&mut self, report: ProbeTurn, out: &mut Vec<Entry>) {
        let start_us = report.start_us - self.start_unix_us;
        self.last_turn += 1;
        let mut turn = joining::unseen(self.last_turn, &report, start_us);
        let exchange = (report.transport == "http")
            .then(|| self.exchanges.of(&report))
            .flatten();
        match (report.transport.as_str(), self.session_of(&report)) {
            ("ws", Some(connection)) => turn.connection = Some(connection),
            ("ws", None) => turn
                .missing
                .push("its frames: the socket did not go through the proxy".to_owned()),
            _ => turn.http = exchange,
        }
        let times = ServerTimes {
            start_us,
            last_frame_us: None,
            cause_seen: false,
        };
        let number = turn.turn;
        let ends_us = start_us.saturating_add_unsigned(report.duration_us);
        let (instance, is_request) = (report.view.clone(), report.transport == "http");
        let of = turn
            .connection
            .and_then(|connection| self.connections.get_mut(&connection));
        let entries = joining::join(
            &mut turn,
            report,
            times,
            &mut self.states,
            &mut self.views,
            &mut self.threads,
        );
        self.wants_whole_states |= joining::builds_on_lost(&turn);
        let amended = instance.as_deref().map_or_else(Vec::new, |view| {
            self.tasks.worked(view, &mut turn, start_us, ends_us)
        });
        match (of, instance) {
            (Some(turns), Some(instance)) => {
                turns.instances.insert(instance);
            }
            // A view that answers a request ends with it.
            (None, Some(instance)) if is_request => {
                self.states.forget(&instance);
                self.tasks.forget(&instance);
            }
            _ => {}
        }
        let mut link = None;
        if let Some(http) = exchange {
            if let Some(exchange) = self.exchanges.link(http, number) {
                http::answer(&mut turn, &exchange);
                link = Some(Entry::HttpTurn { http, turn: number });
            } else {
                self.http_turns.insert(number, turn.clone());
                while self.http_turns.len() > MAX_HTTP_TURNS {
                    self.http_turns.pop_first();
                }
            }
        }
        push_joined(entries, Entry::Turn(Box::new(turn)), out);
        out.extend(link);
        self.amend(amended, out);
    }

    /// Writes turns of tasks again, of which less is known since another turn was reported.
    fn amend(&mut self, amended: Vec<Turn>, out: &mut Vec<Entry>) {
        for mut task in amended {
            let connection = task
                .connection
                .and_then(|number| self.connections.get_mut(&number));
            if let Some(live) = connection.and_then(|turns| turns.turn(task.turn)) {
                tasks::take_over(&mut live.turn, &task);
                task = live.turn.clone();
            }
            out.push(Entry::Turn(Box::new(task)));
        }
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

    fn retry_waiting(&mut self, connection: ConnectionId, out: &mut Vec<Entry>) {
        if self.waiting.is_empty() {
            return;
        }
        let mut later = Waiting::default();
        let mut blocked = false;
        while let Some(report) = self.waiting.pop() {
            let is_ours = self.session_of(&report.turn) == Some(connection);
            if !is_ours || blocked {
                later.push_again(report);
                continue;
            }
            if let Err(turn) = self.join(connection, report.turn, out) {
                blocked = true;
                later.push(report.since_us, *turn);
            }
        }
        self.waiting = later;
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

    fn give_up_waiting(&mut self, now_us: Micros, out: &mut Vec<Entry>) {
        out.extend(self.held.older_than(now_us.saturating_sub(PATIENCE_US)));
        let ended_us = now_us.saturating_sub(GRACE_US);
        while let Some((_, connection)) = self.leaving.pop_front_if(|(since, _)| *since < ended_us) {
            self.forget(connection);
        }
        while let Some(report) = self.waiting.pop_older_than(now_us.saturating_sub(PATIENCE_US)) {
            self.join_or_stand_alone(report.turn, out);
        }
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

/// The states that a turn refers to come before it, what refers to the turn comes after it.
fn push_joined(entries: Vec<Entry>, turn: Entry, out: &mut Vec<Entry>) {
    let (before, after): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|entry| matches!(entry, Entry::View(_) | Entry::Snapshot(_)));
    out.extend(before);
    out.push(turn);
    out.extend(after);
}

fn meta(key: &str, value: Value) -> Entry {
    Entry::Meta {
        key: key.to_owned(),
        value,
    }
}
