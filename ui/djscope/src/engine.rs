//! `djscope engine`: JSON lines in, JSON lines out.

use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::time::Instant;

use djscope_engine::lines::{Request, answer};

use crate::arguments::EngineRequest;
use crate::failure::Failure;
use crate::show::cannot_write;

/// Answers every line of standard input.
pub fn answer_lines(request: EngineRequest) -> Result<(), Failure> {
    let request = match request {
        EngineRequest::Render => Request::Render,
        EngineRequest::Diff => Request::Diff,
        EngineRequest::Apply => Request::Apply,
        EngineRequest::Session => Request::Session,
    };
    let start = Instant::now();
    let clock = || start.elapsed().as_secs_f64() * 1e6;
    let mut input = BufReader::new(io::stdin().lock());
    let mut out = BufWriter::new(io::stdout().lock());
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = input
            .read_until(b'\n', &mut line)
            .map_err(|error| Failure::new(format!("cannot read standard input: {error}")))?;
        if length == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let answered = answer(request, &line, &clock);
        let written = serde_json::to_writer(&mut out, &answered)
            .map_err(io::Error::from)
            .and_then(|()| out.write_all(b"\n"))
            // Whoever sends one line and waits for its answer has to get it.
            .and_then(|()| {
                if input.buffer().is_empty() {
                    out.flush()
                } else {
                    Ok(())
                }
            });
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(cannot_write(&error)),
            Ok(()) => {}
        }
    }
    match out.flush() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(cannot_write(&error)),
        _ => Ok(()),
    }
}
