//! A turn as a line of a table and as a JSON object.

use djscope_recording::model::{Finding, FrameRecord, Micros, Opcode, TurnDetail, TurnRow};
use serde_json::{Value, json};

/// The head of the table whose lines [`line`] makes.
pub const HEAD: &str = "   turn       t  kind        outcome      cause                     changed               patches      ms  error";

/// A turn as a line of the table. Line breaks are blanks; what else a terminal would obey is left to the caller.
pub fn line(row: &TurnRow) -> String {
    let changed = match &row.changed {
        None => "?".to_owned(),
        Some(names) if names.is_empty() => "-".to_owned(),
        Some(names) => names.join(","),
    };
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

/// A turn as a JSON object, in the shape that `docs/json.md` promises.
pub fn object(detail: &TurnDetail, findings: &[Finding]) -> Value {
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
        "frames": detail.frames.iter().map(frame).collect::<Vec<_>>(),
        "error": turn.error,
        "exception": turn.exception,
        "context": turn.context,
        "rendered": turn.rendered,
        "full_html": turn.full_html,
        "spans": detail.spans,
        "logs": detail.logs,
        "http": turn.http,
        "missing": turn.missing,
        "findings": findings,
        "left_out": detail.left_out,
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
