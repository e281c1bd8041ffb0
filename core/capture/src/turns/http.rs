//! Turns over plain HTTP: a page's first render and djust's POST fallback.

use std::collections::HashMap;

use djscope_recording::model::{HttpBody, HttpExchange, HttpId, Outcome, Turn, TurnId, TurnKind};
use serde_json::{Map, Value};

use crate::probe::ProbeTurn;

/// Exchanges whose turn or whose end is still to come.
#[derive(Debug, Default)]
pub struct Exchanges {
    by_port: HashMap<u16, HttpId>,
    linked: HashMap<HttpId, TurnId>,
    ended: HashMap<HttpId, HttpExchange>,
}

/// Ended exchanges that a probe's report may still be about.
const KEPT: usize = 256;

/// A longer answer is not kept for a report that comes later.
const MAX_BODY_BYTES: usize = 64 << 10;

impl Exchanges {
    /// A request went to the server over djscope's socket at `port`.
    pub fn began(&mut self, http: HttpId, port: u16) {
        self.by_port.insert(port, http);
    }

    /// The exchange that a probe's turn is about.
    pub fn of(&self, report: &ProbeTurn) -> Option<HttpId> {
        let (_, port) = report.client.as_ref()?;
        self.by_port
            .get(port)
            .copied()
            .filter(|http| !self.linked.contains_key(http))
    }

    /// Ties an exchange to its turn. Gives the exchange if it has ended, and so was written, already.
    pub fn link(&mut self, http: HttpId, turn: TurnId) -> Option<HttpExchange> {
        self.linked.insert(http, turn);
        self.ended.remove(&http)
    }

    /// Takes an exchange that has ended, with the turn that it belongs to if that is known.
    pub fn ended(&mut self, exchange: &mut HttpExchange) {
        exchange.turn = self.linked.get(&exchange.http).copied();
        if exchange.turn.is_none() {
            let is_json = exchange.response_body.bytes.len() <= MAX_BODY_BYTES
                && header(&exchange.response_headers, "content-type")
                    .is_some_and(|value| value.contains("json"));
            let response_body = if is_json {
                exchange.response_body.clone()
            } else {
                HttpBody::default()
            };
            let kept = HttpExchange {
                request_headers: Vec::new(),
                response_headers: Vec::new(),
                request_body: HttpBody::default(),
                response_body,
                method: exchange.method.clone(),
                url: exchange.url.clone(),
                error: exchange.error.clone(),
                ..*exchange
            };
            self.ended.insert(exchange.http, kept);
        }
        let oldest = exchange.http.saturating_sub(KEPT as u64);
        self.ended.retain(|http, _| *http > oldest);
        self.linked.retain(|http, _| *http > oldest);
    }
}

/// The event of a POST fallback (djust `request.py`): header `X-Djust-Event`, parameters as JSON or form.
pub fn fallback_event(number: TurnId, exchange: &HttpExchange) -> Option<Turn> {
    let name = header(&exchange.request_headers, "x-djust-event")?;
    let body: Value = serde_json::from_slice(&exchange.request_body.bytes).unwrap_or(Value::Null);
    let params = match body {
        Value::Object(mut map) => match (map.contains_key("event"), map.remove("params")) {
            (true, Some(params)) => params,
            (_, params) => {
                map.extend(params.map(|params| ("params".to_owned(), params)));
                Value::Object(map)
            }
        },
        _ => Value::Object(Map::new()),
    };
    let mut turn = Turn {
        event: Some(name.to_owned()),
        params,
        ..Turn::begun(number, TurnKind::Event, exchange.t_us)
    };
    answer(&mut turn, exchange);
    Some(turn)
}

/// What the answer of an exchange says of its turn.
pub fn answer(turn: &mut Turn, exchange: &HttpExchange) {
    turn.http = Some(exchange.http);
    turn.duration_us = exchange.duration_us.or(turn.duration_us);
    if exchange.status == 0 || exchange.status >= 400 {
        turn.outcome = Outcome::Error;
        let text = exchange
            .error
            .clone()
            .unwrap_or_else(|| format!("HTTP status {}", exchange.status));
        turn.error.get_or_insert(text);
        return;
    }
    if turn.outcome == Outcome::Error {
        return;
    }
    if turn.kind == TurnKind::Mount {
        turn.outcome = if (300..400).contains(&exchange.status) {
            Outcome::Redirected
        } else {
            Outcome::Mounted
        };
        return;
    }
    let body: Value = serde_json::from_slice(&exchange.response_body.bytes).unwrap_or(Value::Null);
    turn.version = body["version"].as_i64().or(turn.version);
    if let Some(patches) = body["patches"].as_array() {
        turn.patches = u32::try_from(patches.len()).ok();
        turn.outcome = if patches.is_empty() {
            Outcome::EmptyPatch
        } else {
            Outcome::Patched
        };
    } else if body["html"].is_string() {
        turn.outcome = Outcome::FullHtml;
    } else {
        turn.outcome = Outcome::Done;
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(header, _)| header.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}
