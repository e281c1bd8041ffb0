//! A turn as a line of a table and as a JSON object.

use djscope_recording::model::{Finding, FrameRecord, Micros, Opcode, Snapshot, TurnDetail, TurnRow};
use serde_json::{Value, json};

/// The head of the table whose lines [`line`] makes.
pub const HEAD: &str = "   turn       t  kind        outcome      cause                     changed               patches      ms  error";

/// A turn as a line of the table. Line breaks are blanks; what else a terminal would obey is left to the caller.
pub fn line(row: &TurnRow) -> String {
    let changed = changed(row);
    format!(
        "{:>7} {:>6.1}s  {:<11} {:<12} {:<25} {:<21} {:>7} {:>7}  {}",
        row.turn,
        row.t_us as f64 / 1e6,
        row.kind.name(),
        row.outcome.name(),
        cut(&row.cause, 25),
        cut(&changed, 21),
        row.patches
            .map_or_else(|| "-".to_owned(), |count| count.to_string()),
        row.duration_us
            .map_or_else(|| "-".to_owned(), |length| format!("{:.1}", length as f64 / 1e3)),
        match (&row.damage, &row.error) {
            (Some(damage), _) => cut(&format!("damaged: {damage}"), 80),
            (None, Some(error)) => cut(error, 80),
            (None, None) => String::new(),
        },
    )
}

/// What stands before a name that changed only as far as djust itself showed it.
pub const LIKELY: char = '~';

/// The names that changed, as the table has them: `?` if nothing is known, `-` for none.
pub fn changed(row: &TurnRow) -> String {
    let listed = |names: &[String], mark: &str| match names {
        [] => format!("{mark}-"),
        names => names
            .iter()
            .map(|name| format!("{mark}{name}"))
            .collect::<Vec<_>>()
            .join(","),
    };
    match (&row.changed, &row.likely_changed) {
        (Some(names), _) => listed(names, ""),
        (None, Some(names)) => listed(names, &LIKELY.to_string()),
        (None, None) => "?".to_owned(),
    }
}

/// At most `limit` characters on one line.
fn cut(text: &str, limit: usize) -> String {
    let one_line = text.replace(['\n', '\r', '\t'], " ");
    if one_line.chars().count() <= limit {
        return one_line;
    }
    one_line.chars().take(limit - 1).chain(['…']).collect()
}

fn ms(t_us: Micros) -> f64 {
    t_us as f64 / 1e3
}

/// What an object of a turn has besides, if it is asked for: each can be larger than all the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Besides {
    /// What the renderer holds.
    pub handed: bool,
    /// Handlers, template and class of the view.
    pub class: bool,
}

/// A turn as a JSON object, in the shape that `docs/json.md` promises.
pub fn object(detail: &TurnDetail, findings: &[Finding], besides: Besides) -> Value {
    let mut object = always(detail, findings);
    if let Value::Object(fields) = &mut object {
        if besides.handed {
            let names = detail.handed.as_ref().map(|handed| &handed.public);
            fields.insert("handed".to_owned(), json!(names));
        }
        if besides.class {
            fields.insert("class".to_owned(), json!(detail.view));
        }
    }
    object
}

fn always(detail: &TurnDetail, findings: &[Finding]) -> Value {
    let turn = &detail.turn;
    json!({
        "turn": turn.turn,
        "kind": turn.kind,
        "t_ms": ms(turn.t_us),
        "connection": turn.connection,
        "view": turn.view,
        "event": turn.event,
        "params": turn.params,
        "ref": turn.reference,
        "outcome": turn.outcome,
        "changed": turn.changed,
        "patches": turn.patches,
        "version": turn.version,
        "ms": turn.duration_us.map(|length| length as f64 / 1e3),
        "before": detail.before,
        "after": detail.after,
        "debug_state": debug_state(detail),
        "frames": detail.frames.iter().map(frame).collect::<Vec<_>>(),
        "error": turn.error,
        "exception": turn.exception,
        "context": turn.context,
        "rendered": turn.rendered,
        "djust": turn.djust,
        "changed_keys": turn.changed_keys,
        "work": turn.work,
        "full_html": turn.full_html,
        "spans": detail.spans,
        "logs": detail.logs,
        "http": turn.http,
        "missing": turn.missing,
        "findings": findings,
        "left_out": detail.left_out,
    })
}

/// What djust itself showed of the state, with the words for what that is.
fn debug_state(detail: &TurnDetail) -> Value {
    let Some(shown) = &detail.turn.debug_state else {
        return Value::Null;
    };
    let names = |state: &Option<Snapshot>| state.as_ref().map(|state| state.public.clone());
    json!({
        "source": shown.source,
        "words": shown.source.words(),
        "before": names(&detail.debug.before),
        "before_turn": shown.before_turn,
        "after": names(&detail.debug.after),
        "changed": shown.changed,
    })
}

fn frame(frame: &FrameRecord) -> Value {
    let is_json = frame.opcode == Opcode::Text && !frame.cut;
    let payload = if is_json {
        serde_json::from_str(&frame.payload).ok()
    } else {
        None
    };
    json!({
        "frame": frame.frame,
        "t_ms": ms(frame.t_us),
        "direction": frame.direction,
        "opcode": frame.opcode,
        "type": frame.kind,
        "length": frame.length,
        "payload": payload.unwrap_or_else(|| Value::String(frame.payload.clone())),
        "redacted": frame.redacted,
        "cut": frame.cut,
    })
}
