//! `djscope show`: the turns of a recording on standard output.

use std::collections::HashSet;
use std::io::{self, BufWriter, Write};

use djscope_hub::{Answer, Damage, ErrorCode, HubError, Query};
use djscope_recording::filter::Filter;
use djscope_recording::model::{SourceFile, TurnDetail, TurnId};
use djscope_report::turn::{self, Besides};
use serde_json::json;

use crate::arguments::{ShowArguments, ShownPart};
use crate::asking::{self, Asking, unexpected};
use crate::failure::Failure;
use crate::terminal::{self, error_line, note, plain};

const PAGE: u32 = 500;

/// Most bytes that are printed, or so many times the size of the file if that is more: a small file can hold a large
/// value that every turn refers to.
const MAX_PRINTED: u64 = 256 << 20;
const MAX_TIMES: u64 = 100;

/// Prints the turns that match. False if a part of the recording is damaged.
pub fn show(options: &ShowArguments) -> Result<bool, Failure> {
    Filter::parse(&options.filter)?;
    let mut hub = asking::open(&options.recording)?;
    let status = asking::when_diagnosed(&mut hub)?;
    for problem in &status.problems {
        if Some(problem) != status.damage.as_ref() {
            note!("{problem}");
        }
    }
    let max_printed = MAX_PRINTED.max(status.size_bytes.saturating_mul(MAX_TIMES));
    let mut out = BufWriter::new(io::stdout().lock());
    let mut printing = Printing {
        hub: &mut hub,
        out: &mut out,
        as_json: options.json,
        with: &options.with,
        printed_sources: HashSet::new(),
        left_bytes: max_printed,
        not_printed: 0,
        has_likely: false,
    };
    let printed = printing.turns(&options.filter);
    let (not_printed, has_likely) = (printing.not_printed, printing.has_likely);
    match printed.map(|()| out.flush()) {
        Err(Stop::Failed(failure)) => return Err(failure),
        // Whoever reads has seen enough: `djscope show FILE | head`.
        Err(Stop::NobodyReads) => {}
        Ok(Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => return Err(cannot_write(&error)),
        Ok(_) => {}
    }
    if has_likely {
        note!(
            "{}name: it likely changed, by what djust itself showed; no probe reported",
            turn::LIKELY
        );
    }
    if let Some(damage) = &status.damage {
        note!("{} is damaged: {damage}", status.path);
    }
    if not_printed > 0 {
        note!(
            "{not_printed} turns are not printed: the others take {} MB; choose turns with --filter",
            max_printed >> 20
        );
    }
    let Answer::Damage(found) = hub.query(Query::Damage)? else {
        return Err(unexpected());
    };
    say_damage(&found, &status.problems);
    Ok(found.damaged == 0 && status.damage.is_none())
}

fn say_damage(found: &Damage, said: &[String]) {
    if found.too_much > 0 {
        note!(
            "{} parts were too much to print and left out; left_out says which",
            found.too_much
        );
    }
    if found.damaged > 0 {
        note!("{} parts are damaged:", found.damaged);
        let others = found.problems.iter().filter(|problem| !said.contains(problem));
        for problem in others.take(MAX_NAMED) {
            error_line(&format!("  {problem}"));
        }
    }
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

impl From<HubError> for Stop {
    fn from(error: HubError) -> Self {
        Self::Failed(error.into())
    }
}

pub(crate) fn cannot_write(error: &io::Error) -> Failure {
    Failure::new(format!("cannot write to standard output: {error}"))
}

struct Printing<'a, W: Write> {
    hub: &'a mut Asking,
    out: &'a mut W,
    as_json: bool,
    with: &'a [ShownPart],
    /// Hashes of the modules whose text was printed.
    printed_sources: HashSet<String>,
    left_bytes: u64,
    not_printed: u64,
    /// A name was printed that only likely changed.
    has_likely: bool,
}

impl<W: Write> Printing<'_, W> {
    /// Prints turn after turn. The next page begins after the last number that was seen, whatever could be read.
    fn turns(&mut self, filter: &str) -> Result<(), Stop> {
        if !self.as_json {
            writeln!(self.out, "{}", turn::HEAD)?;
        }
        if self.with.contains(&ShownPart::Processes) {
            self.processes()?;
        }
        let mut after = 0;
        loop {
            let query = Query::TurnsAfter {
                filter: filter.to_owned(),
                after,
                limit: PAGE,
            };
            let Answer::Rows(rows) = self.hub.query(query)? else {
                return Err(Stop::Failed(unexpected()));
            };
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.turn;
            for row in &rows {
                self.has_likely |= !self.as_json && row.changed.is_none() && row.likely_changed.is_some();
                let line = if self.as_json {
                    self.object(row.turn)?
                } else {
                    plain(turn::line(row).trim_end()).into_owned()
                };
                self.print(&line)?;
            }
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

    /// What starts each process of the server again.
    fn processes(&mut self) -> Result<(), Stop> {
        let mut from = 0;
        loop {
            let Answer::Processes(page) = self.hub.query(Query::Processes { from })? else {
                return Err(Stop::Failed(unexpected()));
            };
            for process in &page.rows {
                self.print(&terminal::json(&json!({"process": process})))?;
            }
            from = page.from + page.rows.len() as u64;
            if page.rows.is_empty() || from >= page.total {
                return Ok(());
            }
        }
    }

    /// The modules that the class of the turn's view is in, each once.
    fn sources_of(&mut self, detail: &TurnDetail) -> Result<(), Stop> {
        let data = detail.view.as_ref().and_then(|view| view.class_data.as_ref());
        let sources = data.map_or(&[][..], |data| data.sources.as_slice());
        for reference in sources {
            if !self.printed_sources.insert(reference.hash.clone()) {
                continue;
            }
            // A module that was too long is named in its class, and its text is not there.
            if let Some(source) = self.source(&reference.hash)? {
                self.print(&terminal::json(&json!({"source": source})))?;
            }
        }
        Ok(())
    }

    fn source(&mut self, hash: &str) -> Result<Option<SourceFile>, Stop> {
        let mut whole: Option<SourceFile> = None;
        loop {
            let from = whole.as_ref().map_or(0, |source| source.text.len() as u64);
            let hash = hash.to_owned();
            let query = Query::Source {
                hash: hash.clone(),
                from,
            };
            let piece = match self.hub.query(query) {
                Ok(Answer::Source(piece)) => piece,
                Ok(_) => return Err(Stop::Failed(unexpected())),
                Err(error) if error.code == ErrorCode::NotFound => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            let source = whole.get_or_insert_with(|| SourceFile {
                hash,
                module: piece.module,
                file: piece.file,
                text: String::new(),
            });
            source.text.push_str(&piece.piece.text);
            if piece.piece.text.is_empty() || source.text.len() as u64 >= piece.piece.total {
                return Ok(whole);
            }
        }
    }

    fn object(&mut self, turn: TurnId) -> Result<String, Stop> {
        // Nothing is read that will not be printed.
        if self.left_bytes == 0 {
            return Ok(" ".to_owned());
        }
        let answer = self.hub.query(Query::WholeTurn { turn })?;
        let Answer::WholeTurn {
            detail,
            findings,
            left_out,
        } = answer
        else {
            return Err(Stop::Failed(unexpected()));
        };
        let besides = Besides {
            handed: self.with.contains(&ShownPart::Handed),
            class: self.with.contains(&ShownPart::Class),
        };
        if let Some(detail) = detail
            .as_deref()
            .filter(|_| self.with.contains(&ShownPart::Sources))
        {
            self.sources_of(detail)?;
        }
        Ok(match detail {
            Some(detail) => terminal::json(&turn::object(&detail, &findings, besides)),
            None => terminal::json(&json!({"turn": turn, "left_out": left_out})),
        })
    }
}
