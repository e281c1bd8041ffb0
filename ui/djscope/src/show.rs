//! `djscope show`: the turns of a recording on standard output.

use std::io::{self, BufWriter, Write};

use djscope_recording::Reader;
use djscope_recording::filter::Filter;
use djscope_recording::model::{FrameRecord, Micros, Opcode, TurnDetail, TurnRow};
use serde_json::{Value, json};

use crate::arguments::ShowArguments;
use crate::failure::Failure;

const PAGE: u32 = 500;

/// Prints the turns that match.
pub fn show(options: &ShowArguments) -> Result<(), Failure> {
    let filter = Filter::parse(&options.filter)?;
    let reader = Reader::open(&options.file)?;
    for problem in reader.problems() {
        eprintln!("djscope: {problem}");
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let written = print_turns(&reader, &filter, options.json, &mut out).map(|()| out.flush());
    match written {
        Err(Stop::Failed(failure)) => Err(failure),
        // Whoever reads has seen enough: `djscope show FILE | head`.
        Err(Stop::NobodyReads) => Ok(()),
        Ok(Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => Err(cannot_write(&error)),
        Ok(_) => Ok(()),
    }
}

enum Stop {
    Failed(Failure),
    NobodyReads,
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::NobodyReads,
            _ => Self::Failed(cannot_write(&error)),
        }
    }
}

impl From<djscope_recording::RecordingError> for Stop {
    fn from(error: djscope_recording::RecordingError) -> Self {
        Self::Failed(error.into())
    }
}

pub(crate) fn cannot_write(error: &io::Error) -> Failure {
    Failure::new(format!("cannot write to standard output: {error}"))
}

fn print_turns(reader: &Reader, filter: &Filter, as_json: bool, out: &mut impl Write) -> Result<(), Stop> {
    if !as_json {
        writeln!(out, "{}", HEAD.trim_end())?;
    }
    let mut from = 0;
    loop {
        let page = reader.turns(filter, from, PAGE)?;
        for row in &page.rows {
            if !as_json {
                writeln!(out, "{}", line(row).trim_end())?;
            } else if let Some(detail) = reader.turn(row.turn)? {
                writeln!(out, "{}", object(&detail))?;
            }
        }
        from += page.rows.len() as u64;
        if page.rows.is_empty() || from >= page.total {
            return Ok(());
        }
    }
}

const HEAD: &str = "   turn       t  kind        outcome      cause                     changed               patches      ms  error";

fn line(row: &TurnRow) -> String {
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
        row.error
            .as_deref()
            .map(|error| cut(error, 80))
            .unwrap_or_default(),
    )
}

fn cut(text: &str, limit: usize) -> String {
    let one_line: String = text
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect();
    if one_line.chars().count() <= limit {
        return one_line;
    }
    one_line.chars().take(limit - 1).chain(['…']).collect()
}

fn ms(t_us: Micros) -> f64 {
    t_us as f64 / 1e3
}

/// The shape that `docs/json.md` promises.
fn object(detail: &TurnDetail) -> Value {
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
