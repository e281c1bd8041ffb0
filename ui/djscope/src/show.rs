//! `djscope show`: the turns of a recording on standard output.

use std::io::{self, BufWriter, Write};

use djscope_recording::Reader;
use djscope_recording::filter::Filter;
use djscope_recording::model::{FrameRecord, Micros, Opcode, TurnDetail, TurnId, TurnRow};
use serde_json::{Value, json};

use crate::arguments::ShowArguments;
use crate::failure::Failure;
use crate::terminal::{self, error_line, note, plain};

const PAGE: u32 = 500;

/// Most bytes that are printed, or so many times the size of the file if that is more: a small file can hold a large
/// value that every turn refers to.
const MAX_PRINTED: u64 = 256 << 20;
const MAX_TIMES: u64 = 100;

/// Prints the turns that match. False if a part of the recording is damaged.
pub fn show(options: &ShowArguments) -> Result<bool, Failure> {
    let filter = Filter::parse(&options.filter)?;
    let reader = Reader::open(&options.file)?;
    for problem in reader.problems() {
        note!("{problem}");
    }
    let damage = reader.check_pages()?;
    let file_bytes = std::fs::metadata(&options.file).map_or(0, |metadata| metadata.len());
    let max_printed = MAX_PRINTED.max(file_bytes.saturating_mul(MAX_TIMES));
    let mut out = BufWriter::new(io::stdout().lock());
    let mut printing = Printing {
        reader: &reader,
        out: &mut out,
        as_json: options.json,
        left_bytes: max_printed,
        not_printed: 0,
    };
    let printed = printing.turns(&filter);
    let not_printed = printing.not_printed;
    match printed.map(|()| out.flush()) {
        Err(Stop::Failed(failure)) => return Err(failure),
        // Whoever reads has seen enough: `djscope show FILE | head`.
        Err(Stop::NobodyReads) => {}
        Ok(Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => return Err(cannot_write(&error)),
        Ok(_) => {}
    }
    if let Some(damage) = &damage {
        note!("{} is damaged: {damage}", options.file.display());
    }
    if not_printed > 0 {
        note!(
            "{not_printed} turns are not printed: the others take {} MB; choose turns with --filter",
            max_printed >> 20
        );
    }
    let left_out = reader.left_out();
    if left_out.too_much > 0 {
        note!(
            "{} parts were too much to print and left out; left_out says which",
            left_out.too_much
        );
    }
    let damaged_parts = left_out.damaged - u64::from(damage.is_some());
    if damaged_parts > 0 {
        note!("{damaged_parts} parts are damaged:");
        let problems = reader.problems();
        let others = problems.iter().filter(|problem| damage.as_ref() != Some(problem));
        for problem in others.take(MAX_NAMED) {
            error_line(&format!("  {problem}"));
        }
    }
    Ok(left_out.damaged == 0)
}

/// Most damaged parts that are named at the end; each is named at its place as well.
const MAX_NAMED: usize = 20;

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

struct Printing<'a, W: Write> {
    reader: &'a Reader,
    out: &'a mut W,
    as_json: bool,
    left_bytes: u64,
    not_printed: u64,
}

impl<W: Write> Printing<'_, W> {
    /// Prints turn after turn. The next page begins after the last number that was seen, whatever could be read.
    fn turns(&mut self, filter: &Filter) -> Result<(), Stop> {
        if !self.as_json {
            writeln!(self.out, "{}", HEAD.trim_end())?;
        }
        let mut after = 0;
        loop {
            let last = if self.as_json {
                let page = self.reader.turn_numbers_after(filter, after, PAGE)?;
                for turn in &page {
                    let object = self.object(*turn)?;
                    self.print(&object)?;
                }
                page.last().copied()
            } else {
                let page = self.reader.turns_after(filter, after, PAGE)?;
                for row in &page {
                    self.print(line(row).trim_end())?;
                }
                page.last().map(|row| row.turn)
            };
            let Some(last) = last else { return Ok(()) };
            after = last;
        }
    }

    /// Prints a line, unless that would be too much.
    fn print(&mut self, line: &str) -> Result<(), Stop> {
        let bytes = line.len() as u64;
        if bytes > self.left_bytes {
            self.left_bytes = 0;
            self.not_printed += 1;
            return Ok(());
        }
        self.left_bytes -= bytes;
        Ok(writeln!(self.out, "{line}")?)
    }

    fn object(&self, turn: TurnId) -> Result<String, Stop> {
        // Nothing is read that will not be printed.
        if self.left_bytes == 0 {
            return Ok(" ".to_owned());
        }
        Ok(match self.reader.turn(turn)? {
            Some(detail) => terminal::json(&object(&detail)),
            None => terminal::json(&json!({"turn": turn, "left_out": self.reader.take_left_out()})),
        })
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
        match (&row.damage, &row.error) {
            (Some(damage), _) => cut(&format!("damaged: {damage}"), 80),
            (None, Some(error)) => cut(error, 80),
            (None, None) => String::new(),
        },
    )
}

fn cut(text: &str, limit: usize) -> String {
    let blanks = text.replace(['\n', '\r', '\t'], " ");
    let one_line = plain(&blanks);
    if one_line.chars().count() <= limit {
        return one_line.into_owned();
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
