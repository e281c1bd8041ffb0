//! What the browsers of a recording did, in its order, and what had come before each deed.

use std::collections::{BTreeMap, HashMap};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use djscope_recording::model::{
    Connection, ConnectionId, Direction, FrameRecord, HttpExchange, Micros, Opcode, TurnId, TurnKind,
};
use djscope_recording::{BodySide, Reader, RecordingError};
use serde_json::Value;

use super::cookies::Visitors;
use super::request::Asked;

/// Messages that the browser sends by itself, and that say nothing to a view.
const NOT_PLAYED: [&str; 2] = ["ping", "client_applied"];

/// What the server sends by itself, or that answers what is not played.
const NOT_AWAITED: [&str; 3] = ["connect", "pong", "hvr-applied"];

/// What is played.
#[derive(Debug, Default)]
pub struct Script {
    /// In the order of the recording.
    pub acts: Vec<Act>,
    /// The turns that are compared.
    pub turns: BTreeMap<TurnId, Recorded>,
    /// The sockets.
    pub connections: HashMap<ConnectionId, Opened>,
    /// How many visitors there were.
    pub visitors: usize,
    /// Who was logged in, if anybody was.
    pub user: Option<String>,
    /// The name that the recorded server was asked by.
    pub authority: Option<String>,
    /// The name that the live server is asked by.
    pub live_authority: Option<String>,
    /// What is not played, and why.
    pub left_out: Vec<String>,
}

/// Something that a browser did.
#[derive(Clone, Debug)]
pub struct Act {
    /// When.
    pub t_us: Micros,
    /// What had come before it.
    pub due: Vec<Due>,
    /// What it did.
    pub deed: Deed,
}

/// Frames of a turn that came before something was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The turn.
    pub turn: TurnId,
    /// How many.
    pub frames: usize,
}

/// What a browser does.
#[derive(Clone, Debug)]
pub enum Deed {
    /// A request.
    Ask {
        /// The request.
        asked: Box<Asked>,
        /// Who asks.
        visitor: usize,
        /// The turn that it caused.
        turn: Option<TurnId>,
    },
    /// A socket.
    Open(ConnectionId),
    /// A message.
    Say {
        /// Over which socket.
        connection: ConnectionId,
        /// The message.
        said: Said,
        /// The turn that it caused or belongs to.
        turn: Option<TurnId>,
    },
    /// The socket is closed.
    Close(ConnectionId),
    /// Nothing more comes.
    End,
}

/// A message of a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// JSON.
    Text(String),
    /// A piece of an upload.
    Binary(Vec<u8>),
    /// The recording does not hold all of it.
    Unknown(String),
}

/// A socket of the recording.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its record.
    pub record: Connection,
    /// Who opened it.
    pub visitor: usize,
    /// The headers of its upgrade request.
    pub headers: Vec<(String, String)>,
}

/// A turn of the recording.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What set it off.
    pub kind: TurnKind,
    /// Class of its view.
    pub view: Option<String>,
    /// Its event.
    pub event: Option<String>,
    /// How it ended.
    pub outcome: &'static str,
    /// Its socket.
    pub connection: Option<ConnectionId>,
    /// How long its answer took.
    pub duration_us: Option<u64>,
    /// The browser asked for it.
    pub is_asked: bool,
    /// What was sent to the browser.
    pub frames: Vec<Value>,
    /// What was answered over HTTP.
    pub page: Option<String>,
    /// The status of that.
    pub status: Option<u16>,
    /// A part of it is not in the recording.
    pub is_cut: bool,
}

impl Script {
    /// Reads what was done.
    ///
    /// # Errors
    ///
    /// If the recording cannot be read.
    pub fn of(reader: &Reader) -> Result<Self, RecordingError> {
        let mut script = Self::default();
        let mut deeds = Vec::new();
        let upgrades = script.requests(reader, &mut deeds)?;
        script.sockets(reader, upgrades, &mut deeds)?;
        script.messages(reader, &mut deeds)?;
        deeds.sort_by_key(|(place, _)| *place);
        script.put_in_order(deeds);
        Ok(script)
    }

    /// True if there is nothing to play.
    pub fn is_empty(&self) -> bool {
        self.acts.len() <= 1
    }

    /// Pages and events over HTTP. Gives the requests for sockets, each with who asked.
    fn requests(
        &mut self,
        reader: &Reader,
        deeds: &mut Vec<Placed>,
    ) -> Result<Vec<(usize, HttpExchange)>, RecordingError> {
        let mut visitors = Visitors::default();
        let mut upgrades = Vec::new();
        let mut unplayed = 0;
        let mut from = 0;
        loop {
            let page = reader.http(from, 1000)?;
            if page.rows.is_empty() {
                break;
            }
            from += page.rows.len() as u64;
            for exchange in page.rows {
                let visitor = visitors.of(&exchange.request_headers, &exchange.response_headers);
                if exchange.status == 101 {
                    upgrades.push((visitor, exchange));
                    continue;
                }
                let is_page = exchange.method == "GET"
                    && header(&exchange.response_headers, "content-type").contains("html");
                if exchange.turn.is_none() && !is_page {
                    unplayed += usize::from(exchange.method != "GET" && exchange.method != "HEAD");
                    continue;
                }
                self.request(reader, exchange, visitor, deeds)?;
            }
        }
        if unplayed > 0 {
            self.left_out.push(format!(
                "{unplayed} requests that change something and are no events of djust's (a login by POST?) are not played"
            ));
        }
        self.visitors = visitors.count();
        Ok(upgrades)
    }

    fn request(
        &mut self,
        reader: &Reader,
        exchange: HttpExchange,
        visitor: usize,
        deeds: &mut Vec<Placed>,
    ) -> Result<(), RecordingError> {
        self.authority
            .get_or_insert_with(|| header(&exchange.request_headers, "host").to_owned());
        let body = |side| Ok::<_, RecordingError>(reader.http_body(exchange.http, side)?.unwrap_or_default());
        if let Some(turn) = exchange.turn {
            let answer = body(BodySide::Response)?;
            self.turn(reader, turn)?;
            if let Some(recorded) = self.turns.get_mut(&turn) {
                recorded.is_asked = true;
                recorded.is_cut |= exchange.response_body.length > 0 && answer.is_empty();
                recorded.page = Some(String::from_utf8_lossy(&answer).into_owned());
                recorded.status = Some(exchange.status);
                recorded.duration_us = exchange.duration_us.or(recorded.duration_us);
            }
        }
        let asked = Asked {
            body: body(BodySide::Request)?,
            method: exchange.method,
            url: exchange.url,
            headers: exchange.request_headers,
        };
        let deed = Deed::Ask {
            asked: Box::new(asked),
            visitor,
            turn: exchange.turn,
        };
        let answered = exchange
            .t_us
            .saturating_add_unsigned(exchange.duration_us.unwrap_or(0));
        deeds.push(((exchange.t_us, 0, exchange.http), Happened::Deed(deed)));
        if let Some(turn) = exchange.turn {
            deeds.push(((answered, 2, 0), Happened::Came(None, turn)));
        }
        Ok(())
    }

    /// Upgrade requests and connections are numbered in the order in which they were asked for.
    fn sockets(
        &mut self,
        reader: &Reader,
        upgrades: Vec<(usize, HttpExchange)>,
        deeds: &mut Vec<Placed>,
    ) -> Result<(), RecordingError> {
        let mut upgrades = upgrades.into_iter();
        let mut others = 0;
        for record in reader.connections()? {
            if record.status != 101 {
                continue;
            }
            let (visitor, headers) = upgrades.next().map_or((0, Vec::new()), |(visitor, upgrade)| {
                (visitor, upgrade.request_headers)
            });
            if !record.is_djust {
                others += 1;
                continue;
            }
            self.authority
                .get_or_insert_with(|| header(&headers, "host").to_owned());
            let number = record.connection;
            deeds.push(((record.opened_us, 1, number), Happened::Deed(Deed::Open(number))));
            if let Some(closed) = record.closed_us {
                deeds.push(((closed, 4, number), Happened::Deed(Deed::Close(number))));
            }
            self.connections.insert(
                number,
                Opened {
                    record,
                    visitor,
                    headers,
                },
            );
        }
        if others > 0 {
            self.left_out
                .push(format!("{others} sockets that are not djust's are not played"));
        }
        Ok(())
    }

    fn messages(&mut self, reader: &Reader, deeds: &mut Vec<Placed>) -> Result<(), RecordingError> {
        let mut after = 0;
        loop {
            let frames = reader.frames(after + 1..=u64::MAX, 2_000)?;
            let Some(last) = frames.last() else { break };
            after = last.frame;
            for frame in frames {
                if self.connections.contains_key(&frame.connection) {
                    self.message(reader, frame, deeds)?;
                }
            }
        }
        Ok(())
    }

    fn message(
        &mut self,
        reader: &Reader,
        frame: FrameRecord,
        deeds: &mut Vec<Placed>,
    ) -> Result<(), RecordingError> {
        if !matches!(frame.opcode, Opcode::Text | Opcode::Binary) {
            return Ok(());
        }
        if let Some(turn) = frame.turn {
            self.turn(reader, turn)?;
        }
        let recorded = frame.turn.and_then(|turn| self.turns.get_mut(&turn));
        let place = (frame.t_us, 3, frame.frame);
        match frame.direction {
            Direction::ToBrowser if NOT_AWAITED.contains(&frame.kind.as_str()) => {}
            Direction::ToBrowser => {
                let (Some(turn), Some(recorded)) = (frame.turn, recorded) else {
                    return Ok(());
                };
                recorded.is_cut |= frame.cut;
                recorded
                    .frames
                    .extend(serde_json::from_str::<Value>(&frame.payload));
                deeds.push((place, Happened::Came(Some(frame.connection), turn)));
            }
            Direction::ToServer if NOT_PLAYED.contains(&frame.kind.as_str()) => {}
            Direction::ToServer => {
                if let Some(recorded) = recorded {
                    recorded.is_asked = true;
                }
                let (connection, turn) = (frame.connection, frame.turn);
                let said = said(frame);
                deeds.push((
                    place,
                    Happened::Deed(Deed::Say {
                        connection,
                        said,
                        turn,
                    }),
                ));
            }
        }
        Ok(())
    }

    fn turn(&mut self, reader: &Reader, number: TurnId) -> Result<(), RecordingError> {
        if self.turns.contains_key(&number) {
            return Ok(());
        }
        let Some(turn) = reader.turn_record(number)? else {
            return Ok(());
        };
        let user = turn.work.mount.as_ref().map_or(&Value::Null, |mount| &mount.user);
        if self.user.is_none() && !user.is_null() {
            self.user = Some(user.as_str().map_or_else(|| user.to_string(), str::to_owned));
        }
        let recorded = Recorded {
            kind: turn.kind,
            view: turn.view,
            event: turn.event,
            outcome: turn.outcome.name(),
            connection: turn.connection,
            duration_us: turn.duration_us,
            is_asked: false,
            frames: Vec::new(),
            page: None,
            status: None,
            is_cut: false,
        };
        self.turns.insert(number, recorded);
        Ok(())
    }

    /// Says with each deed what had come since the one before. What a clock of the server sets off is waited for only by
    /// who sees it: it would hold up all others.
    fn put_in_order(&mut self, deeds: Vec<Placed>) {
        let mut came: HashMap<TurnId, usize> = HashMap::new();
        let mut due: Vec<TurnId> = Vec::new();
        let mut ticks: HashMap<ConnectionId, Vec<TurnId>> = HashMap::new();
        let end = deeds.last().map_or(0, |((t_us, ..), _)| *t_us);
        let deeds = deeds.into_iter().map(|((t_us, ..), happened)| (t_us, happened));
        for (t_us, happened) in deeds.chain([(end, Happened::Deed(Deed::End))]) {
            let deed = match happened {
                Happened::Deed(deed) => deed,
                Happened::Came(connection, turn) => {
                    *came.entry(turn).or_default() += 1;
                    let is_tick = self
                        .turns
                        .get(&turn)
                        .is_some_and(|turn| turn.kind == TurnKind::Tick);
                    match connection {
                        Some(connection) if is_tick => ticks.entry(connection).or_default().push(turn),
                        _ => due.push(turn),
                    }
                    continue;
                }
            };
            let mut turns = std::mem::take(&mut due);
            if let Deed::Say { connection, .. } = &deed {
                turns.extend(ticks.remove(connection).unwrap_or_default());
            }
            turns.sort_unstable();
            turns.dedup();
            let due = turns.into_iter().map(|turn| Due {
                turn,
                frames: came[&turn],
            });
            self.acts.push(Act {
                t_us,
                due: due.collect(),
                deed,
            });
        }
    }
}

/// When something happened, and what comes first at the same moment.
type Placed = ((Micros, u8, u64), Happened);

#[derive(Debug)]
enum Happened {
    Deed(Deed),
    /// Something came from the server.
    Came(Option<ConnectionId>, TurnId),
}

fn said(frame: FrameRecord) -> Said {
    let number = frame.frame;
    if frame.cut {
        return Said::Unknown(format!("frame {number} is in the recording in part only"));
    }
    if frame.opcode == Opcode::Text {
        return Said::Text(frame.payload);
    }
    match STANDARD.decode(&frame.payload) {
        Ok(_) if !frame.redacted.is_empty() => {
            Said::Unknown("what the browser sent is masked: a piece of an upload".to_owned())
        }
        Ok(bytes) => Said::Binary(bytes),
        Err(_) => Said::Unknown(format!("frame {number} is masked or damaged")),
    }
}

/// The first value of a header.
pub fn header<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
    let mut found = headers
        .iter()
        .filter(|(known, _)| known.eq_ignore_ascii_case(name));
    found.next().map_or("", |(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(opcode: Opcode, payload: &str) -> FrameRecord {
        FrameRecord {
            frame: 7,
            connection: 1,
            turn: Some(3),
            t_us: 0,
            direction: Direction::ToServer,
            opcode,
            kind: "event".to_owned(),
            length: 0,
            payload: payload.to_owned(),
            redacted: Vec::new(),
            cut: false,
        }
    }

    #[test]
    fn what_is_not_whole_is_not_said() {
        let unknown =
            |said: Said, expected: &str| matches!(said, Said::Unknown(reason) if reason.contains(expected));
        assert_eq!(said(frame(Opcode::Text, "{}")), Said::Text("{}".to_owned()));
        assert_eq!(said(frame(Opcode::Binary, "AQI=")), Said::Binary(vec![1, 2]));
        let cut = FrameRecord {
            cut: true,
            ..frame(Opcode::Text, "{")
        };
        assert!(unknown(said(cut), "frame 7 is in the recording in part only"));
        let redacted = vec!["".to_owned()];
        let masked = FrameRecord {
            redacted,
            ..frame(Opcode::Binary, "AQI=")
        };
        assert!(unknown(said(masked), "a piece of an upload"));
        assert!(unknown(
            said(frame(Opcode::Binary, "[redacted]")),
            "masked or damaged"
        ));
    }

    fn turn(kind: TurnKind) -> Recorded {
        Recorded {
            kind,
            view: None,
            event: None,
            outcome: "done",
            connection: Some(1),
            duration_us: None,
            is_asked: false,
            frames: Vec::new(),
            page: None,
            status: None,
            is_cut: false,
        }
    }

    #[test]
    fn a_deed_waits_for_what_had_come_and_a_beat_for_who_sees_it() {
        let mut script = Script {
            turns: [(1, turn(TurnKind::Event)), (2, turn(TurnKind::Tick))].into(),
            ..Script::default()
        };
        let say = |connection| {
            Happened::Deed(Deed::Say {
                connection,
                said: Said::Text(String::new()),
                turn: None,
            })
        };
        let came = |connection, turn| Happened::Came(Some(connection), turn);
        let happened = [
            say(1),
            came(1, 1),
            came(1, 2),
            say(2),
            came(1, 1),
            came(1, 2),
            say(1),
        ];
        let placed = happened.into_iter().enumerate();
        script.put_in_order(
            placed
                .map(|(at, happened)| ((at as Micros, 3, 0), happened))
                .collect(),
        );
        let due: Vec<Vec<Due>> = script.acts.iter().map(|act| act.due.clone()).collect();
        let due_of = |turn, frames| Due { turn, frames };
        assert_eq!(
            due,
            [
                vec![],
                vec![due_of(1, 1)],
                vec![due_of(1, 2), due_of(2, 2)],
                vec![]
            ]
        );
        assert!(matches!(script.acts.last().unwrap().deed, Deed::End));
    }
}
