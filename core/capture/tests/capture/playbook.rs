//! A session written down as lines, and turns written out as lines.

use std::collections::BTreeMap;

use djscope_capture::observation::SocketOpened;
use djscope_capture::probe::{ProbeMessage, ProbeReport};
use djscope_capture::turns::{Assembler, Message, Seen};
use djscope_recording::Entry;
use djscope_recording::model::{ConnectionId, Direction, Micros, Turn, TurnId};
use serde_json::{Value, json};

/// The socket opens.
pub fn opened(connection: ConnectionId) -> Seen {
    Seen::Opened {
        opened: SocketOpened {
            connection,
            t_us: 0,
            path: "/ws/live/".to_owned(),
            status: 101,
            extensions: String::new(),
            server: String::new(),
            is_websocket: true,
        },
        is_djust: true,
    }
}

/// A text message.
pub fn text(connection: ConnectionId, t_us: Micros, direction: Direction, text: &str) -> Seen {
    let message = Message::Text {
        text: text.to_owned(),
        length: text.len() as u64,
    };
    Seen::Message {
        connection,
        t_us,
        direction,
        message,
    }
}

/// From the browser.
pub fn up(connection: ConnectionId, t_us: Micros, frame: &Value) -> Seen {
    text(connection, t_us, Direction::ToServer, &frame.to_string())
}

/// From the server.
pub fn down(connection: ConnectionId, t_us: Micros, frame: &Value) -> Seen {
    text(connection, t_us, Direction::ToBrowser, &frame.to_string())
}

/// From the probe in process 7.
pub fn probe(t_us: Micros, message: Value) -> Seen {
    let message: ProbeMessage = serde_json::from_value(message).unwrap();
    Seen::Probe {
        t_us,
        report: ProbeReport::Message { pid: 7, message },
    }
}

/// The handshake and mount of a session named `session`.
pub fn mounted(connection: ConnectionId, session: &str) -> Vec<Seen> {
    vec![
        opened(connection),
        down(connection, 10, &json!({"type": "connect", "session_id": session})),
        up(
            connection,
            20,
            &json!({"type": "mount", "view": "app.views.V", "params": {}, "url": "/"}),
        ),
        down(
            connection,
            30,
            &json!({"type": "mount", "view": "app.views.V", "version": 1, "html": "<p dj-id=\"1\">0</p>"}),
        ),
    ]
}

/// Everything that was written, by turn.
#[derive(Default)]
pub struct Written {
    pub turns: BTreeMap<TurnId, Turn>,
    pub frames: Vec<(Option<TurnId>, String)>,
    pub entries: Vec<Entry>,
}

/// Runs a session through an assembler.
pub fn assemble(session: impl IntoIterator<Item = Seen>) -> Written {
    let mut assembler = Assembler::new(0);
    let mut written = Written::default();
    let mut last_us = 0;
    let take = |written: &mut Written, entries: Vec<Entry>| {
        for entry in entries {
            match &entry {
                Entry::Turn(turn) => {
                    written.turns.insert(turn.turn, (**turn).clone());
                }
                Entry::Frame(frame) => written.frames.push((frame.turn, frame.kind.clone())),
                _ => {}
            }
            written.entries.push(entry);
        }
    };
    for seen in session {
        if let Seen::Message { t_us, .. } | Seen::Probe { t_us, .. } = &seen {
            last_us = last_us.max(*t_us);
        }
        let entries = assembler.observe(seen);
        take(&mut written, entries);
    }
    let entries = assembler.finish(last_us);
    take(&mut written, entries);
    written
}

impl Written {
    /// One line a turn: kind, event, ref, outcome, patches, version, changed, the kinds of its frames.
    pub fn lines(&self) -> Vec<String> {
        self.turns.values().map(|turn| self.line(turn)).collect()
    }

    fn line(&self, turn: &Turn) -> String {
        let frames: Vec<&str> = self
            .frames
            .iter()
            .filter(|(of, _)| *of == Some(turn.turn))
            .map(|(_, kind)| kind.as_str())
            .collect();
        let mut line = format!("{} {} ", turn.kind.name(), turn.event.as_deref().unwrap_or("-"));
        line += &turn
            .reference
            .map_or_else(|| "-".to_owned(), |reference| format!("ref={reference}"));
        line += &format!(" -> {}", turn.outcome.name());
        if let Some(patches) = turn.patches {
            line += &format!(" patches={patches}");
        }
        if let Some(version) = turn.version {
            line += &format!(" v{version}");
        }
        if let Some(changed) = &turn.changed {
            line += &format!(" changed={}", changed.join(","));
        }
        if let Some(error) = &turn.error {
            line += &format!(" error={:?}", error.chars().take(60).collect::<String>());
        }
        line + &format!(" [{}]", frames.join(" "))
    }
}
