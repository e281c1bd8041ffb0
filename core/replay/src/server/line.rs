//! A connection that is played: what the live server sends over it, and to which recorded turn it belongs.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use djscope_capture::turns::ConnectionTurns;
use djscope_recording::model::{Micros, TurnId, TurnKind};
use djscope_wire::{ClientMessage, ServerFrame, ServerMessage};
use serde_json::Value;

use super::pace::Bucket;
use super::remap::{Message, Remap};
use super::script::{Opened, Script};
use super::socket::Socket;

/// A connection of the recording, live.
#[derive(Debug)]
pub struct Line {
    /// Its socket, while it is open.
    pub socket: Option<Socket>,
    /// What has other values here.
    pub remap: Remap,
    /// How much may be sent.
    pub bucket: Bucket,
    /// Why nothing more is played on it.
    pub ended: Option<String>,
    /// The same, if it was not the recorded browser that ended it.
    pub lost: Option<String>,
    /// A view was mounted.
    pub is_mounted: bool,
    /// Something has come.
    pub is_greeted: bool,
    /// The server has said that a mount failed.
    pub has_failed: bool,
    /// The code with which the server has closed it.
    pub closed: Option<u16>,
    /// What came before in the recording and not here, or here and not in the recording.
    pub lacks: Option<String>,
    /// Turns that were asked for and not answered yet.
    pub under_way: HashSet<TurnId>,
    /// Live turns by the rules of the recorder.
    turns: ConnectionTurns,
    last: TurnId,
    /// Live turn to recorded turn.
    known: HashMap<TurnId, TurnId>,
    /// Recorded turns that the server set off and that have not come yet, in their order.
    awaited: Vec<(TurnId, TurnKind, Option<String>)>,
}

/// A frame of the live server.
#[derive(Debug)]
pub struct Came {
    /// The recorded turn that it belongs to, if there is one.
    pub turn: Option<TurnId>,
    /// Its content.
    pub value: Value,
    /// Nothing but side frames follows.
    pub is_answered: bool,
    /// The server says that too much was sent.
    pub is_limit: bool,
}

impl Line {
    /// A connection that is not open yet.
    pub fn new(opened: &Opened, script: &Script, bucket: Bucket) -> Self {
        let number = opened.record.connection;
        let own = script
            .turns
            .iter()
            .filter(|(_, turn)| turn.connection == Some(number) && !turn.is_asked && !turn.frames.is_empty());
        Self {
            socket: None,
            remap: Remap::default(),
            bucket,
            ended: None,
            lost: None,
            is_mounted: false,
            is_greeted: false,
            has_failed: false,
            closed: None,
            lacks: None,
            under_way: HashSet::new(),
            turns: ConnectionTurns::new(opened.record.clone()),
            last: 0,
            known: HashMap::new(),
            awaited: own
                .map(|(number, turn)| (*number, turn.kind, turn.event.clone()))
                .collect(),
        }
    }

    /// A message is sent that belongs to a turn of the recording.
    pub fn sends(&mut self, t_us: Micros, message: &Message, turn: Option<TurnId>) {
        let parsed = ClientMessage::from_text(message.text.clone());
        self.sends_parsed(t_us, &parsed, turn);
    }

    /// The same of a piece of an upload.
    pub fn sends_bytes(&mut self, t_us: Micros, bytes: &[u8], turn: Option<TurnId>) {
        self.sends_parsed(t_us, &ClientMessage::from_binary(bytes), turn);
    }

    fn sends_parsed(&mut self, t_us: Micros, message: &ClientMessage, turn: Option<TurnId>) {
        let live = self.turns.browser_sent(t_us, message, &mut self.last);
        if let (Some(live), Some(turn)) = (live, turn) {
            self.known.insert(live, turn);
        }
    }

    /// A message has come.
    pub fn takes(&mut self, t_us: Micros, text: String) -> Came {
        let message = ServerMessage::from_text(text);
        let frame = &message.0.frame;
        let live = self.turns.server_sent(t_us, frame, &mut self.last);
        self.is_mounted |= matches!(frame, ServerFrame::Mount(_) | ServerFrame::MountBatch(_));
        let is_limit = match frame {
            ServerFrame::RateLimitExceeded(_) => true,
            ServerFrame::Error(_) => message.0.text().to_ascii_lowercase().contains("rate limit"),
            _ => false,
        };
        let turn = live.and_then(|live| self.recorded(live));
        self.is_greeted = true;
        self.has_failed |= matches!(frame, ServerFrame::Error(_) | ServerFrame::Navigate(_));
        if let (Some(live), None) = (live, turn) {
            self.note_foreign(live);
        }
        Came {
            turn,
            is_answered: live.is_some_and(|live| self.turns.turn(live).is_some_and(|live| live.answered)),
            is_limit,
            value: serde_json::from_str(message.0.text()).unwrap_or(Value::Null),
        }
    }

    /// The recorded turn of a live one: of those that a server sets off, the
    /// first of its kind that is awaited, and of its event if there is one.
    fn recorded(&mut self, live: TurnId) -> Option<TurnId> {
        if let Some(turn) = self.known.get(&live) {
            return Some(*turn);
        }
        let begun = &self.turns.turn(live)?.turn;
        let of_kind = || self.awaited.iter().filter(|awaited| awaited.1 == begun.kind);
        let of_event = of_kind().find(|awaited| awaited.2 == begun.event);
        let turn = of_event.or_else(|| of_kind().next())?.0;
        self.awaited.retain(|(number, ..)| *number != turn);
        self.known.insert(live, turn);
        Some(turn)
    }

    /// More beats of a clock change nothing that the recording would show; more pushes come from other pages.
    fn note_foreign(&mut self, live: TurnId) {
        let is_push = self
            .turns
            .turn(live)
            .is_some_and(|live| live.turn.kind == TurnKind::Push);
        if is_push {
            let why = "the server sent to this page what was not sent to it in the recording: others use it as well";
            self.lacks.get_or_insert_with(|| why.to_owned());
        }
    }
}

/// Microseconds since a moment.
pub fn since_us(began: Instant) -> Micros {
    i64::try_from(began.elapsed().as_micros()).unwrap_or(i64::MAX)
}
