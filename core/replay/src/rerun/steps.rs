//! From recorded turns to the steps that run them again.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use djscope_recording::model::{
    ConnectionId, Direction, FrameRecord, HttpExchange, Micros, Opcode, Snapshot, TurnDetail, TurnKind,
};
use djscope_recording::{BodySide, Reader};
use serde_json::{Value, json};

use super::RerunError;
use super::messages::{Open, Request, Step};

/// How a turn can be run again.
#[derive(Debug)]
pub enum Cause {
    /// By this step.
    Step(Box<Step>),
    /// Not by itself: it is part of another turn, whose run reports it.
    Part,
    /// Not at all, for this reason.
    None(String),
}

/// What is known of the connections of a recording.
pub struct Steps<'a> {
    reader: &'a Reader,
    started_unix_us: i64,
    opens: HashMap<ConnectionId, Open>,
    /// The mount that a connection's view came from, to be done again where its process has ended.
    mounts: HashMap<ConnectionId, Step>,
    /// Connections that are mounted in the process of the run.
    alive: HashMap<ConnectionId, Alive>,
    /// The state that the next view is mounted with, if it is not that of the turn.
    pub rendered: Option<Snapshot>,
    /// That state is a part of it: other names stay as `mount()` has left them.
    pub is_partial: bool,
    /// The state whose rows are put into the databases first.
    pub rows: Option<Snapshot>,
    /// The turn is the first after the mount.
    pub is_first: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Alive {
    /// Turns since the mount.
    turns: u32,
}

impl<'a> Steps<'a> {
    /// Looks at the connections.
    ///
    /// # Errors
    ///
    /// If the recording cannot be read.
    pub fn of(reader: &'a Reader) -> Result<Self, RerunError> {
        let started = reader.meta()?.get("started_unix_us").and_then(Value::as_i64);
        Ok(Self {
            reader,
            started_unix_us: started.unwrap_or(0),
            opens: opens(reader)?,
            mounts: HashMap::new(),
            alive: HashMap::new(),
            rendered: None,
            is_partial: false,
            rows: None,
            is_first: false,
        })
    }

    /// The process of the run has ended: no connection is mounted any more.
    pub fn forget_process(&mut self) {
        self.alive.clear();
    }

    /// Unix time of a moment.
    pub fn unix_us(&self, t_us: Micros) -> i64 {
        self.started_unix_us.saturating_add(t_us)
    }

    /// How a turn can be run again in a chain: all of its connection before it.
    ///
    /// # Errors
    ///
    /// If the recording cannot be read.
    pub fn cause(&mut self, detail: &TurnDetail) -> Result<Cause, RerunError> {
        let turn = &detail.turn;
        let mut step = self.step(detail);
        if is_part(detail) {
            return Ok(Cause::Part);
        }
        let Some(connection) = turn.connection else {
            return self.over_http(step, detail);
        };
        if turn.kind == TurnKind::HotReload {
            return Ok(Cause::None("code was replaced under the running view".to_owned()));
        }
        if step.frames.is_empty() && !is_by_itself(turn.kind) {
            return Ok(Cause::None(
                "the frame that caused it is not in the recording".to_owned(),
            ));
        }
        if turn.kind == TurnKind::Mount {
            self.note_user(connection, detail);
            step.open = self.opens.get(&connection).cloned();
            step.is_remount = self.mounts.insert(connection, step.clone()).is_some();
            self.alive.insert(connection, Alive { turns: 0 });
        } else if let Some(alive) = self.alive.get_mut(&connection) {
            alive.turns += 1;
        }
        Ok(Cause::Step(Box::new(step)))
    }

    /// The mount that has to come before a turn, if its connection has none in this process; the turn's state is given
    /// to the view.
    pub fn mount_before(&mut self, step: &Step) -> Option<Step> {
        let connection = step.connection?;
        if self.alive.contains_key(&connection) || step.kind == "mount" {
            return None;
        }
        let mount = self.mounts.get(&connection)?;
        self.alive.insert(connection, Alive { turns: 0 });
        Some(Step {
            turn: step.turn,
            at_us: step.at_us,
            before: self.rendered.take().or_else(|| step.before.clone()),
            is_partial: self.is_partial,
            rows: self.rows.take(),
            is_quiet: true,
            is_first: self.is_first,
            is_remount: false,
            ..mount.clone()
        })
    }

    /// Notes the mounts of a connection without running them.
    ///
    /// # Errors
    ///
    /// If the recording cannot be read.
    pub fn note_mounts(&mut self, mounts: &[u64]) -> Result<(), RerunError> {
        for mount in mounts {
            if let Some(detail) = self.reader.turn(*mount)? {
                self.cause(&detail)?;
            }
        }
        self.forget_process();
        Ok(())
    }

    /// The step that ends a connection, if it was closed before `t_us` and is open here.
    pub fn closed_before(&mut self, t_us: Micros) -> Result<Vec<Step>, RerunError> {
        let mut steps = Vec::new();
        let open: Vec<ConnectionId> = self.alive.keys().copied().collect();
        for number in open {
            let connection = self.reader.connection(number)?;
            if connection
                .and_then(|found| found.closed_us)
                .is_some_and(|at| at < t_us)
            {
                self.alive.remove(&number);
                steps.push(Step {
                    kind: "close".to_owned(),
                    connection: Some(number),
                    at_us: self.unix_us(t_us),
                    ..Step::default()
                });
            }
        }
        Ok(steps)
    }

    fn step(&self, detail: &TurnDetail) -> Step {
        let turn = &detail.turn;
        let before = (turn.kind != TurnKind::Mount).then(|| detail.before.clone());
        Step {
            turn: turn.turn,
            kind: turn.kind.name().to_owned(),
            connection: turn.connection,
            at_us: self.unix_us(turn.t_us),
            frames: detail.frames.iter().filter_map(frame).collect(),
            view: turn.view.clone(),
            event: match &turn.work.task {
                // The turn has the name of the event that asked for the task.
                Some(task) => Some(task.name.clone()),
                None => turn.event.clone(),
            },
            params: turn.params.clone(),
            before: before.flatten(),
            ..Step::default()
        }
    }

    fn over_http(&self, mut step: Step, detail: &TurnDetail) -> Result<Cause, RerunError> {
        let Some(http) = &detail.http else {
            return Ok(Cause::None("its HTTP request is not in the recording".to_owned()));
        };
        step.http = Some(request(self.reader, http)?);
        step.user = user(detail);
        // What the session gave to the view; it is put there by the turns before.
        step.before = None;
        Ok(Cause::Step(Box::new(step)))
    }

    fn note_user(&mut self, connection: ConnectionId, detail: &TurnDetail) {
        if let Some(open) = self.opens.get_mut(&connection)
            && open.user.is_null()
        {
            open.user = user(detail);
        }
    }
}

/// True for what the server does without being asked.
const fn is_by_itself(kind: TurnKind) -> bool {
    matches!(kind, TurnKind::Tick | TurnKind::Push | TurnKind::Async)
}

/// True for a turn whose run is that of another turn: the mount of an embedded view, an event that was put off.
pub fn is_part(detail: &TurnDetail) -> bool {
    let turn = &detail.turn;
    match turn.connection {
        None => detail.http.is_none() && turn.kind == TurnKind::Mount,
        Some(_) => {
            let has_cause = detail.frames.iter().any(|each| frame(each).is_some());
            matches!(turn.kind, TurnKind::Mount | TurnKind::Event) && !has_cause
        }
    }
}

fn user(detail: &TurnDetail) -> Value {
    detail
        .turn
        .work
        .mount
        .as_ref()
        .map_or(Value::Null, |mount| mount.user.clone())
}

/// A frame that the browser sent, as the worker takes it.
fn frame(frame: &FrameRecord) -> Option<Value> {
    if frame.direction != Direction::ToServer {
        return None;
    }
    match frame.opcode {
        Opcode::Text => Some(json!({"text": frame.payload})),
        Opcode::Binary => Some(json!({"bytes": frame.payload})),
        _ => None,
    }
}

/// The upgrade requests, each with its connection: both are numbered in the order in which they were asked for.
fn opens(reader: &Reader) -> Result<HashMap<ConnectionId, Open>, RerunError> {
    let mut upgrades = Vec::new();
    let mut from = 0;
    loop {
        let page = reader.http(from, 1000)?;
        if page.rows.is_empty() {
            break;
        }
        from += page.rows.len() as u64;
        upgrades.extend(page.rows.into_iter().filter(|http| http.status == 101));
    }
    let mut upgrades = upgrades.into_iter();
    let mut found = HashMap::new();
    for connection in reader.connections()? {
        let upgrade = if connection.status == 101 {
            upgrades.next()
        } else {
            None
        };
        let (path, query) = connection.path.split_once('?').unwrap_or((&connection.path, ""));
        let open = Open {
            connection: connection.connection,
            path: path.to_owned(),
            query: query.to_owned(),
            headers: upgrade.map(|http| http.request_headers).unwrap_or_default(),
            session_id: connection.session_id,
            user: Value::Null,
        };
        found.insert(connection.connection, open);
    }
    Ok(found)
}

fn request(reader: &Reader, http: &HttpExchange) -> Result<Request, RerunError> {
    let body = reader
        .http_body(http.http, BodySide::Request)?
        .unwrap_or_default();
    Ok(Request {
        method: http.method.clone(),
        url: http.url.clone(),
        headers: http.request_headers.clone(),
        response_headers: http.response_headers.clone(),
        body: STANDARD.encode(body),
    })
}

/// The state that a step begins with, changed as by a JSON object of names and values.
pub fn edited(state: &Snapshot, edits: &serde_json::Map<String, Value>) -> Snapshot {
    let mut state = state.clone();
    for (name, value) in edits {
        let scope = match name.starts_with('_') {
            true => &mut state.private,
            false => &mut state.public,
        };
        scope.insert(name.clone(), value.clone());
    }
    state
}
