use djscope_recording::Entry;
use djscope_recording::model::{
    FrameRecord, HttpExchange, LogRecord, Opcode, PatchRecord, Span, SpanKind, Turn,
};
use serde_json::Value;

use super::values::Style;
use super::{MARK, Rules, bodies, text, values};

/// Takes secrets out of what is about to be written.
pub fn redact(entry: &mut Entry, rules: &Rules) {
    if !rules.is_enabled() {
        return;
    }
    match entry {
        Entry::Frame(frame) => redact_frame(frame, rules),
        Entry::Turn(turn) => redact_turn(turn, rules),
        Entry::Snapshot(delta) => {
            values::redact_map(&mut delta.public, Style::Typed, rules);
            values::redact_map(&mut delta.private, Style::Typed, rules);
        }
        Entry::Http(exchange) => redact_exchange(exchange, rules),
        Entry::Spans { spans, .. } => spans.iter_mut().for_each(|span| redact_span(span, rules)),
        Entry::Patches { patches, .. } => patches.iter_mut().for_each(|patch| redact_patch(patch, rules)),
        Entry::Log(log) => redact_log(log, rules),
        Entry::Keyframe(keyframe) => {
            replace(&mut keyframe.html, text::redact_markup, rules);
        }
        Entry::Connection(connection) => {
            replace(&mut connection.path, text::redact_query, rules);
        }
        Entry::Meta { value, .. } => redact_texts(value, rules),
        Entry::View(_) | Entry::Finding(_) | Entry::HttpTurn { .. } => {}
    }
}

fn replace(text: &mut String, clean: impl FnOnce(&str, &Rules) -> Option<String>, rules: &Rules) -> bool {
    match clean(text, rules) {
        Some(clean) => {
            *text = clean;
            true
        }
        None => false,
    }
}

fn redact_frame(frame: &mut FrameRecord, rules: &Rules) {
    let is_markup = frame.payload.contains("<input");
    if frame.opcode != Opcode::Text || !(is_markup || rules.may_concern(&frame.payload)) {
        return;
    }
    match serde_json::from_str::<Value>(&frame.payload) {
        Ok(mut value) => {
            let places = values::redact(&mut value, Style::Text, rules);
            if !places.is_empty() {
                frame.payload = value.to_string();
                frame.redacted = places;
            }
        }
        // A cut or broken frame has no structure to go by.
        Err(_) => {
            if replace(&mut frame.payload, text::redact_message, rules) {
                frame.redacted = vec![String::new()];
            }
        }
    }
}

fn redact_turn(turn: &mut Turn, rules: &Rules) {
    values::redact(&mut turn.params, Style::Text, rules);
    if let Some(error) = &mut turn.error {
        replace(error, text::redact_message, rules);
    }
    if let Some(exception) = &mut turn.exception {
        replace(&mut exception.message, text::redact_message, rules);
        replace(&mut exception.traceback, text::redact_message, rules);
    }
}

fn redact_exchange(exchange: &mut HttpExchange, rules: &Rules) {
    replace(&mut exchange.url, text::redact_query, rules);
    let media_type = |headers: &[(String, String)]| {
        let header = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        header.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    bodies::redact(
        &mut exchange.request_body,
        &media_type(&exchange.request_headers),
        rules,
    );
    bodies::redact(
        &mut exchange.response_body,
        &media_type(&exchange.response_headers),
        rules,
    );
    for (name, value) in exchange
        .request_headers
        .iter_mut()
        .chain(&mut exchange.response_headers)
    {
        if rules.is_secret(name) {
            MARK.clone_into(value);
        } else if name.eq_ignore_ascii_case("referer") || name.eq_ignore_ascii_case("location") {
            replace(value, text::redact_query, rules);
        }
    }
}

/// The parameters of a query that names a secret column are all secrets: which is which cannot be told.
fn redact_span(span: &mut Span, rules: &Rules) {
    if span.kind == SpanKind::Sql && names_a_secret(&span.name, rules) {
        if let Some(params) = span.detail.get_mut("params").filter(|params| !params.is_null()) {
            *params = Value::String(MARK.to_owned());
        }
        replace(&mut span.name, text::redact_message, rules);
    } else {
        values::redact(&mut span.detail, Style::Text, rules);
    }
}

/// True if the query writes a secret column or looks for one; reading it along with others is no secret.
fn names_a_secret(sql: &str, rules: &Rules) -> bool {
    let is_read = sql
        .trim_start()
        .get(..6)
        .is_some_and(|start| start.eq_ignore_ascii_case("select"));
    let upper = sql.to_ascii_uppercase();
    let from = if is_read {
        upper.find(" WHERE ").unwrap_or(sql.len())
    } else {
        0
    };
    sql.get(from..)
        .unwrap_or_default()
        .split(|character: char| !(character.is_alphanumeric() || character == '_'))
        .any(|name| rules.is_secret(name))
}

fn redact_patch(patch: &mut PatchRecord, rules: &Rules) {
    if !values::redact(&mut patch.patch, Style::Text, rules).is_empty() {
        patch.summary = format!("{} {MARK}", patch.kind);
    }
}

fn redact_log(log: &mut LogRecord, rules: &Rules) {
    replace(&mut log.message, text::redact_message, rules);
    if let Some(traceback) = &mut log.traceback {
        replace(traceback, text::redact_message, rules);
    }
}

fn redact_texts(value: &mut Value, rules: &Rules) {
    match value {
        Value::String(string) => {
            replace(string, text::redact_message, rules);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| redact_texts(item, rules)),
        Value::Object(map) => map.values_mut().for_each(|item| redact_texts(item, rules)),
        _ => {}
    }
}
