//! What recorded turns have written to the databases: with it a database at the start becomes that before a turn.

use djscope_recording::Reader;
use djscope_recording::filter::Filter;
use djscope_recording::model::{Micros, SpanKind, TurnDetail, TurnId};

use super::compare::is_write;
use super::messages::Write;
use super::order::began_us;
use super::reasons::is_lossy;
use super::{RerunError, numbers};

/// A write, and when it was made.
#[derive(Clone, Debug)]
struct Made {
    at_us: Micros,
    turn: TurnId,
    write: Write,
    /// Why it cannot be made again as it was.
    missing: Option<String>,
    /// Why it may not have been kept.
    doubt: Option<String>,
}

/// All writes of a recording, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Writes {
    all: Vec<Made>,
}

/// The writes before a turn.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    /// They, oldest first.
    pub writes: Vec<Write>,
    /// Why they cannot be made again.
    pub missing: Option<String>,
    /// Why the database may be another one all the same.
    pub doubt: Option<String>,
}

impl Writes {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// If the recording cannot be read.
    pub fn of(reader: &Reader) -> Result<Self, RerunError> {
        let mut all = Vec::new();
        for turn in numbers(reader, &Filter::parse("sql>0").unwrap_or_default())? {
            if let Some(detail) = reader.turn(turn)? {
                all.extend(of_turn(&detail));
            }
        }
        all.sort_by_key(|made| (made.at_us, made.turn));
        Ok(Self { all })
    }

    /// Those that were made before a turn began.
    pub fn before(&self, detail: &TurnDetail) -> Earlier {
        let began = began_us(detail);
        let mut earlier = Earlier::default();
        let own = detail.turn.turn;
        for made in self
            .all
            .iter()
            .filter(|made| made.turn != own)
            .take_while(|made| made.at_us < began)
        {
            earlier.writes.push(made.write.clone());
            earlier.missing = earlier.missing.or_else(|| made.missing.clone());
            earlier.doubt = earlier.doubt.or_else(|| made.doubt.clone());
        }
        earlier
    }
}

fn of_turn(detail: &TurnDetail) -> Vec<Made> {
    let turn = &detail.turn;
    let mut found = Vec::new();
    let mut is_in_transaction = false;
    for span in detail.spans.iter().filter(|span| span.kind == SpanKind::Sql) {
        let first = span
            .name
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_ascii_uppercase();
        let is_mark = matches!(&*first, "SAVEPOINT" | "RELEASE" | "ROLLBACK");
        is_in_transaction |= first == "BEGIN";
        if !is_mark && !is_write(&span.name) {
            continue;
        }
        let params = span.detail["params"].clone();
        let many = span.detail["many"].as_bool().unwrap_or(false);
        let is_lost = is_lossy(&params) || is_lossy(&span.name.clone().into()) || (many && params.is_null());
        let missing = is_lost.then(|| format!("turn {} wrote what the recording does not hold", turn.turn));
        // Whoever catches an exception around a transaction goes on without what was written in it.
        let doubt = is_in_transaction.then(|| {
            format!(
                "turn {} wrote in a transaction whose end is not recorded",
                turn.turn
            )
        });
        found.push(Made {
            at_us: turn.t_us.saturating_add(span.start_us),
            turn: turn.turn,
            write: Write {
                alias: span.detail["alias"].as_str().unwrap_or("default").to_owned(),
                sql: span.name.clone(),
                params,
                many,
            },
            missing,
            doubt,
        });
    }
    found
}
