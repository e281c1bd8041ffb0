//! One account of a turn: what was recorded, or what came of running it again.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use djscope_capture::probe::ProbeTurn;
use djscope_recording::model::{Direction, Opcode, Snapshot, SpanKind, TurnDetail};
use serde_json::Value;

use crate::rerun::messages::Did;

/// Frames that djust sends besides its answer, whenever they are ready.
const BESIDES: [&str; 10] = [
    "push_event",
    "flash",
    "page_metadata",
    "focus",
    "accessibility",
    "i18n",
    "layout",
    "title",
    "stream",
    "time_travel_event",
];

/// Frames that are not an answer to anything.
const NO_ANSWER: [&str; 4] = ["connect", "pong", "hvr-applied", "reload"];

/// One account of a turn.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// The state after it.
    pub state: Option<Snapshot>,
    /// What was sent to the browser over the socket.
    pub frames: Vec<Value>,
    /// What was sent over HTTP.
    pub page: Option<String>,
    /// Class and text of the exception.
    pub error: Option<(String, String)>,
    /// Database queries.
    pub sql: Vec<String>,
}

impl Side {
    /// What was recorded. `page` is the body of the HTTP answer, if the turn has one.
    pub fn recorded(detail: &TurnDetail, page: Option<Vec<u8>>) -> Self {
        let frames = detail.frames.iter().filter(|frame| {
            frame.direction == Direction::ToBrowser && frame.opcode == Opcode::Text && !frame.cut
        });
        let exception = detail.turn.exception.as_ref();
        let queries = detail.spans.iter().filter(|span| span.kind == SpanKind::Sql);
        Self {
            state: detail.after.clone(),
            frames: frames
                .filter_map(|frame| serde_json::from_str(&frame.payload).ok())
                .collect(),
            page: page.map(|body| String::from_utf8_lossy(&body).into_owned()),
            error: exception.map(|exception| (exception.class.clone(), exception.message.clone())),
            sql: queries.map(|span| span.name.clone()).collect(),
        }
    }

    /// What came of running it again; `own` is what the probe reported of this turn.
    pub fn again(did: &Did, own: Option<&ProbeTurn>) -> Self {
        let body = did
            .http
            .as_ref()
            .and_then(|answer| STANDARD.decode(&answer.body).ok());
        let after = own.and_then(|own| own.after.as_ref());
        let exception = own.and_then(|own| own.exception.as_ref());
        let queries = own
            .iter()
            .flat_map(|own| &own.spans)
            .filter(|span| span.kind == "sql");
        Self {
            state: after.map(|after| Snapshot {
                public: after.public.clone(),
                private: after.private.clone(),
            }),
            frames: did.frames.clone(),
            page: body.map(|body| String::from_utf8_lossy(&body).into_owned()),
            error: exception.map(|exception| (exception.class.clone(), exception.message.clone())),
            sql: queries.map(|span| span.name.clone()).collect(),
        }
    }

    /// The answers in their order, then what was sent besides, by kind.
    pub fn ordered_frames(&self) -> Vec<&Value> {
        let kind = |frame: &Value| frame["type"].as_str().unwrap_or_default().to_owned();
        let mut frames: Vec<&Value> = self
            .frames
            .iter()
            .filter(|frame| !NO_ANSWER.contains(&kind(frame).as_str()))
            .collect();
        frames.sort_by_key(|frame| {
            let kind = kind(frame);
            match BESIDES.contains(&kind.as_str()) {
                true => (1, kind),
                false => (0, String::new()),
            }
        });
        frames
    }
}
