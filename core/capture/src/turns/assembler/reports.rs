//! What a probe reports: joined to the turn that the wire has shown, kept until it does, or a turn of its own.

use djscope_recording::Entry;
use djscope_recording::model::{ConnectionId, Micros, Turn};
use serde_json::{Value, json};

use super::{Assembler, GRACE_US, MAX_HTTP_TURNS, PATIENCE_US, caused_by_browser, meta};
use crate::probe::{ProbeMessage, ProbeReport, ProbeTurn};
use crate::turns::http;
use crate::turns::joining::{self, ServerTimes};
use crate::turns::tasks;
use crate::turns::waiting::Waiting;

impl Assembler {
    pub(super) fn report(&mut self, t_us: Micros, report: ProbeReport, out: &mut Vec<Entry>) {
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

    pub(super) fn session_of(&self, report: &ProbeTurn) -> Option<ConnectionId> {
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

    pub(super) fn join_or_stand_alone(&mut self, report: ProbeTurn, out: &mut Vec<Entry>) {
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
        // What a page embeds is mounted, and reported, before the page itself, whose exchange it is.
        let has_exchange = report.transport == "http" && !joining::is_embedded_mount(&report);
        let exchange = has_exchange.then(|| self.exchanges.of(&report)).flatten();
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
    pub(super) fn amend(&mut self, amended: Vec<Turn>, out: &mut Vec<Entry>) {
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

    pub(super) fn retry_waiting(&mut self, connection: ConnectionId, out: &mut Vec<Entry>) {
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

    pub(super) fn give_up_waiting(&mut self, now_us: Micros, out: &mut Vec<Entry>) {
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

/// The states that a turn refers to come before it, what refers to the turn comes after it.
fn push_joined(entries: Vec<Entry>, turn: Entry, out: &mut Vec<Entry>) {
    let (before, after): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|entry| matches!(entry, Entry::View(_) | Entry::Snapshot(_)));
    out.extend(before);
    out.push(turn);
    out.extend(after);
}
