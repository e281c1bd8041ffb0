//! A hub in memory, which answers at once and remembers what it was asked.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use djscope_hub::filter::Filter;
use djscope_hub::model::{
    Finding, Outcome, OverviewColumn, SpanKind, StateText, TurnDetail, TurnRow, TurnTexts,
};
use djscope_hub::parts::{self, StateTree};
use djscope_hub::{
    Answer, Ask, Client, Command, ErrorCode, Event, HubError, Job, JobEnd, Message, PayloadPiece, ProbeState,
    ProjectFacts, Query, RecordingState, Reply, Request, RerunAnswer, RerunJob, Status, TurnPage,
};

use crate::shop;

/// What a test can change and look at while the panel has the client.
pub struct Recording {
    /// Its turns.
    pub turns: Vec<TurnDetail>,
    /// How many turns there are; those beyond `turns` repeat them.
    pub count: u64,
    /// The state that the hub reports.
    pub status: Status,
    /// What was asked, in order.
    pub asked: Vec<Ask>,
    /// Findings of its turns.
    pub findings: Vec<Finding>,
    /// The project whose code a re-run would run, or why there is none.
    pub project: Result<ProjectFacts, HubError>,
    /// What comes of a turn that is run again.
    pub rerun: Result<RerunAnswer, HubError>,
    /// Turns that were run again.
    pub reruns: Vec<RerunJob>,
    watched: Option<u64>,
    messages: Vec<Message>,
    /// What is said after the reply that is being made.
    after_reply: Vec<Message>,
}

/// A recording that a panel and a test share.
#[derive(Clone)]
pub struct Preview(Rc<RefCell<Recording>>);

impl Preview {
    /// A live session of 43 turns.
    pub fn shop() -> Self {
        Self::of(shop::session(43))
    }

    /// A live session of these turns.
    pub fn of(turns: Vec<TurnDetail>) -> Self {
        let count = turns.len() as u64;
        let status = Status {
            recording: RecordingState::Live,
            path: "/home/ada/.local/share/djscope/recordings/2026-11-24-100000.djscope".to_owned(),
            proxy: Some("http://127.0.0.1:8010".to_owned()),
            upstream: Some("http://127.0.0.1:8000".to_owned()),
            command: Some("python manage.py runserver".to_owned()),
            duration_us: 42_100_000,
            turns: count,
            frames: turns.iter().map(|turn| turn.frames.len() as u64).sum(),
            findings: 0,
            size_bytes: 118_400,
            memory: None,
            dropped: 0,
            probe: ProbeState::Connected {
                djust: Some("1.2.6".to_owned()),
                missing: Vec::new(),
            },
            problems: Vec::new(),
            damage: None,
            is_diagnosed: true,
        };
        let messages = vec![Message::Event(Event::Status(Box::new(status.clone())))];
        Self(Rc::new(RefCell::new(Recording {
            turns,
            count,
            status,
            asked: Vec::new(),
            findings: Vec::new(),
            project: Ok(ProjectFacts {
                description:
                    "the project in /home/ada/shop (Python /home/ada/shop/.venv/bin/python, settings \
                              shop.settings)"
                        .to_owned(),
                missing_variables: vec!["SHOP_STRIPE_KEY".to_owned()],
            }),
            rerun: Err(HubError::new(ErrorCode::Unreadable, "no answer was prepared")),
            reruns: Vec::new(),
            watched: None,
            messages,
            after_reply: Vec::new(),
        })))
    }

    /// A session of so many turns.
    pub fn long(count: u64) -> Self {
        let preview = Self::shop();
        preview.change(|recording| {
            recording.count = count;
            recording.status.turns = count;
        });
        preview
    }

    /// Changes the recording; the panel hears of it in its next pass.
    pub fn change(&self, change: impl FnOnce(&mut Recording)) {
        let recording = &mut *self.0.borrow_mut();
        change(recording);
        recording.say_status();
        recording.say_turn();
    }

    /// Adds a turn, as a live recording does.
    pub fn grow(&self, make: fn(u64) -> TurnDetail) {
        self.change(|recording| {
            recording.count += 1;
            recording.turns.push(make(recording.count));
            recording.status.turns = recording.count;
            recording.status.size_bytes += 900;
        });
    }

    /// What was asked since the last time.
    pub fn take_asked(&self) -> Vec<Ask> {
        std::mem::take(&mut self.0.borrow_mut().asked)
    }
}

impl Client for Preview {
    fn send(&mut self, request: Request) -> Result<(), HubError> {
        let recording = &mut *self.0.borrow_mut();
        recording.asked.push(request.ask.clone());
        let result = match request.ask {
            Ask::Query(query) => recording.answer(query),
            Ask::Command(command) => recording.obey(&command),
        };
        let reply = Reply::of(request.id, result);
        recording.messages.push(Message::Reply(reply));
        recording.messages.append(&mut recording.after_reply);
        Ok(())
    }

    fn receive(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.0.borrow_mut().messages)
    }
}

impl Recording {
    fn say_status(&mut self) {
        let status = Box::new(self.status.clone());
        self.messages.push(Message::Event(Event::Status(status)));
    }

    /// The watched turn, as it is by now.
    fn say_turn(&mut self) {
        let watched = self.asked.iter().rev().find_map(|ask| match ask {
            Ask::Command(Command::Watch { turn }) => Some(*turn),
            _ => None,
        });
        if let Some(turn) = watched.flatten().or(self.watched) {
            self.watched = Some(turn);
            let summary = Box::new(self.summary(turn));
            self.messages.push(Message::Event(Event::Turn(summary)));
        }
    }

    fn obey(&mut self, command: &Command) -> Result<Answer, HubError> {
        match command {
            Command::Pause { paused } => {
                self.status.recording = if *paused {
                    RecordingState::Paused
                } else {
                    RecordingState::Live
                };
                self.say_status();
            }
            Command::Watch { turn } => self.watched = *turn,
            Command::Start {
                job: Job::Rerun(rerun),
            } => return Ok(self.run_again(rerun)),
            Command::Cancel { .. } | Command::Start { .. } | Command::Stop { .. } => {}
        }
        Ok(Answer::Done)
    }

    fn run_again(&mut self, rerun: &RerunJob) -> Answer {
        self.reruns.push(rerun.clone());
        let job = self.reruns.len() as u64;
        let (answer, error) = match self.rerun.clone() {
            Ok(answer) => (Some(answer), None),
            Err(error) => (None, Some(error)),
        };
        let answer = answer.map(|answer| Event::Rerun {
            job,
            answer: Box::new(answer),
        });
        let end = Event::Ended(JobEnd {
            job,
            is_complete: error.is_none(),
            hint: error.as_ref().and_then(|error| error.hint.clone()),
            message: error.map(|error| error.message),
        });
        self.after_reply
            .extend(answer.into_iter().chain([end]).map(Message::Event));
        Answer::Started { job }
    }

    fn summary(&self, turn: u64) -> djscope_hub::TurnSummary {
        let findings = self.findings.iter().filter(|finding| finding.turn == Some(turn));
        parts::summary(&self.texts(turn), findings.cloned().collect())
    }

    fn answer(&mut self, query: Query) -> Result<Answer, HubError> {
        Ok(match query {
            Query::Turns { filter, from, limit } => Answer::Turns(self.page(filter, from, limit)?),
            Query::Position { filter, turn } if filter.is_empty() => Answer::Position {
                position: turn.saturating_sub(1).min(self.count),
                matches: (1..=self.count).contains(&turn),
            },
            Query::Position { filter, turn } => {
                let all = self.page(filter, 0, u32::MAX)?.rows;
                Answer::Position {
                    position: all.partition_point(|row| row.turn < turn) as u64,
                    matches: all.iter().any(|row| row.turn == turn),
                }
            }
            Query::Turn { turn } if turn == 0 || turn > self.count => {
                let message = format!("there is no turn {turn} in this recording");
                return Err(HubError::new(ErrorCode::NotFound, message));
            }
            Query::Turn { turn } => Answer::Turn(Box::new(self.summary(turn))),
            Query::State {
                turn,
                view,
                from,
                limit,
            } => {
                let tree = StateTree::of(Arc::new(self.texts(turn)), &view);
                Answer::State(tree.page(from, limit))
            }
            Query::Payload { frame, from } => {
                let mut all = self.turns.iter().flat_map(|detail| &detail.frames);
                let found = all.rfind(|own| own.frame == frame);
                let payload = &found.expect("the panel asks for frames that it knows").payload;
                let piece = parts::text_piece(payload, from);
                Answer::Payload(PayloadPiece { frame, piece })
            }
            Query::Overview { columns } => self.overview(columns),
            Query::Patches { turn, .. }
            | Query::Frames { turn, .. }
            | Query::Spans { turn, .. }
            | Query::Logs { turn, .. } => parts::answer(&self.texts(turn), &query)?,
            Query::Project { .. } => Answer::Project(self.project.clone()?),
            other => panic!("the panel has no use for {other:?}"),
        })
    }

    fn detail(&self, turn: u64) -> TurnDetail {
        let mut detail = self.turns[(turn as usize - 1) % self.turns.len()].clone();
        detail.turn.turn = turn;
        detail
    }

    fn texts(&self, turn: u64) -> TurnTexts {
        let detail = self.detail(turn);
        let (before, after, source) = detail.shown_states();
        TurnTexts {
            before: before.map(StateText::from),
            after: after.map(StateText::from),
            source,
            detail,
        }
    }

    fn row(&self, turn: u64) -> TurnRow {
        let own = self.findings.iter().filter(|finding| finding.turn == Some(turn));
        TurnRow {
            findings: own.count() as u32,
            ..row(&self.detail(turn))
        }
    }

    fn page(&self, filter: String, from: u64, limit: u32) -> Result<TurnPage, HubError> {
        if let Err(error) = Filter::parse(&filter) {
            return Err(HubError::new(ErrorCode::BadFilter, error.to_string()));
        }
        let numbers = |from: u64, limit: u64| from + 1..=self.count.min(from.saturating_add(limit));
        if filter.is_empty() {
            let rows = numbers(from, limit.into()).map(|turn| self.row(turn)).collect();
            return Ok(TurnPage {
                filter,
                from,
                total: self.count,
                rows,
            });
        }
        let matching: Vec<TurnRow> = numbers(0, self.count)
            .map(|turn| self.row(turn))
            .filter(|row| matches(row, &filter))
            .collect();
        let total = matching.len() as u64;
        let rows = matching
            .into_iter()
            .skip(from as usize)
            .take(limit as usize)
            .collect();
        Ok(TurnPage {
            filter,
            from,
            total,
            rows,
        })
    }

    fn overview(&self, count: u32) -> Answer {
        let mut columns = vec![OverviewColumn::default(); count as usize];
        let span_us = self.turns.last().map_or(1, |last| last.turn.t_us + 1_000_000);
        for detail in &self.turns {
            let column = &mut columns[(detail.turn.t_us * i64::from(count) / span_us) as usize];
            column.first_turn = column.first_turn.or(Some(detail.turn.turn));
            column.queries += row(detail).queries;
            match detail.turn.outcome {
                Outcome::Error => column.error += 1,
                Outcome::FullHtml | Outcome::Recovered => column.warning += 1,
                Outcome::Noop | Outcome::EmptyPatch | Outcome::Silent | Outcome::Unanswered => {
                    column.quiet += 1;
                }
                _ => column.ok += 1,
            }
        }
        Answer::Overview { columns, span_us }
    }
}

/// Only what the tests type: words and `outcome:`.
fn matches(row: &TurnRow, filter: &str) -> bool {
    filter
        .split_whitespace()
        .all(|term| match term.strip_prefix("outcome:") {
            Some(outcome) => row.outcome.name() == outcome,
            None => row.cause.contains(term),
        })
}

fn row(detail: &TurnDetail) -> TurnRow {
    let turn = &detail.turn;
    TurnRow {
        turn: turn.turn,
        kind: turn.kind,
        outcome: turn.outcome,
        connection: turn.connection,
        t_us: turn.t_us,
        duration_us: turn.duration_us,
        cause: turn.event.clone().unwrap_or_else(|| "CartView".to_owned()),
        view: turn.view.clone(),
        changed: turn.changed.clone(),
        likely_changed: turn.debug_state.as_ref().and_then(|shown| shown.changed.clone()),
        patches: turn.patches,
        findings: 0,
        queries: detail
            .spans
            .iter()
            .filter(|span| span.kind == SpanKind::Sql)
            .count() as u32,
        error: turn.error.clone(),
        damage: None,
    }
}
