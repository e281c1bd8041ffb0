use rusqlite::Row;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Budget;
use crate::detail::{FindingRest, TurnRest};
use crate::error::ReadError;
use crate::model::{
    CloseRecord, Connection, Direction, Finding, FindingCode, FrameRecord, HttpBody, HttpExchange, LogRecord,
    Opcode, Outcome, ServerWork, Severity, Span, SpanKind, Turn, TurnKind, TurnRow,
};

/// JSON in a column.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, ReadError> {
    let text = row
        .get_ref(column)?
        .as_str()
        .map_err(|error| ReadError::Damaged(error.to_string()))?;
    parse(text)
}

/// JSON in a column that may be empty.
pub(super) fn json_or_none<T: DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> Result<Option<T>, ReadError> {
    match row.get_ref(column)?.as_str_or_null() {
        Ok(None) => Ok(None),
        Ok(Some(text)) => parse(text).map(Some),
        Err(error) => Err(ReadError::Damaged(error.to_string())),
    }
}

/// JSON text of any sort.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, ReadError> {
    serde_json::from_str(text)
        .map_err(|error| ReadError::Damaged(format!("not the JSON that was expected: {error}")))
}

/// Bytes of texts that stand in these columns as they are.
fn lengths(row: &Row<'_>, columns: &[usize]) -> Result<usize, ReadError> {
    columns.iter().try_fold(0, |sum, column| {
        Ok(sum + crate::payload::length(row.get_ref(*column)?))
    })
}

/// A name that one of our enums has in its JSON.
fn named<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, ReadError> {
    let name: String = row.get(column)?;
    serde_json::from_value(Value::String(name)).map_err(|error| ReadError::Damaged(error.to_string()))
}

/// What a page of the list reads of a turn; long texts are cut in the query.
pub(super) const TURN_ROW: &str = "t.turn, t.kind, t.outcome, t.connection, t.t_us, t.duration_us, \
    substr(t.cause, 1, 200), substr(t.view, 1, 500), CASE WHEN length(t.changed) <= 65536 THEN t.changed END, \
    t.patches, findings_of(t), t.queries, substr(coalesce(t.error, t.exception), 1, 300)";

/// How many columns [`TURN_ROW`] has.
pub(super) const TURN_ROW_COLUMNS: usize = 13;

pub(super) fn turn_row(row: &Row<'_>) -> Result<TurnRow, ReadError> {
    Ok(TurnRow {
        turn: row.get(0)?,
        kind: TurnKind::from_name(row.get_ref(1)?.as_str().unwrap_or("")),
        outcome: Outcome::from_name(row.get_ref(2)?.as_str().unwrap_or("")),
        connection: row.get(3)?,
        t_us: row.get(4)?,
        duration_us: row.get(5)?,
        cause: row.get(6)?,
        view: row.get(7)?,
        changed: json_or_none(row, 8)?,
        patches: row.get(9)?,
        findings: row.get(10)?,
        queries: row.get(11)?,
        error: row.get(12)?,
        likely_changed: None,
        damage: None,
    })
}

pub(super) const TURN: &str = "SELECT turn, kind, outcome, connection, view_id, view, event, params, reference, \
    t_us, duration_us, changed, patches, version, before, after, error, http FROM turns WHERE turn = ?";

pub(super) fn turn(row: &Row<'_>) -> Result<Turn, ReadError> {
    Ok(Turn {
        turn: row.get(0)?,
        kind: TurnKind::from_name(row.get_ref(1)?.as_str().unwrap_or("")),
        outcome: Outcome::from_name(row.get_ref(2)?.as_str().unwrap_or("")),
        connection: row.get(3)?,
        view_id: row.get(4)?,
        view: row.get(5)?,
        event: row.get(6)?,
        params: json(row, 7)?,
        reference: row.get(8)?,
        t_us: row.get(9)?,
        duration_us: row.get(10)?,
        changed: json_or_none(row, 11)?,
        patches: row.get(12)?,
        version: row.get(13)?,
        before: row.get(14)?,
        after: row.get(15)?,
        error: row.get(16)?,
        http: row.get(17)?,
        context: None,
        rendered: None,
        djust: None,
        debug_state: None,
        handed: None,
        changed_keys: None,
        work: ServerWork::unseen(),
        exception: None,
        full_html: None,
        sent: Vec::new(),
        missing: Vec::new(),
    })
}

/// Puts what `turn_details` holds into a turn.
pub(super) fn complete(turn: &mut Turn, rest: TurnRest) {
    turn.context = rest.context;
    turn.rendered = rest.rendered;
    turn.djust = rest.djust;
    turn.handed = rest.handed;
    turn.changed_keys = rest.changed_keys;
    turn.work = rest.work;
    turn.exception = rest.exception;
    turn.full_html = rest.full_html;
    turn.sent = rest.sent;
    turn.missing = rest.missing;
}

pub(super) const FRAME: &str = "SELECT frame, connection, turn, t_us, direction, opcode, kind, length, cut, \
    redacted, payload FROM frames";

pub(super) fn frame(row: &Row<'_>, budget: &Budget) -> Result<FrameRecord, ReadError> {
    Ok(FrameRecord {
        frame: row.get(0)?,
        connection: row.get(1)?,
        turn: row.get(2)?,
        t_us: row.get(3)?,
        direction: named::<Direction>(row, 4)?,
        opcode: named::<Opcode>(row, 5)?,
        kind: row.get(6)?,
        length: row.get(7)?,
        cut: row.get(8)?,
        redacted: json_or_none(row, 9)?.unwrap_or_default(),
        payload: budget.text(row, 10)?,
    })
}

pub(super) const CONNECTION: &str = "SELECT connection, opened_us, closed_us, path, session_id, status, close_code, \
    close_reason, close_by, is_djust, extensions, problem FROM connections";

pub(super) fn connection(row: &Row<'_>) -> Result<Connection, ReadError> {
    let code: Option<u16> = row.get(6)?;
    let close = match code {
        None => None,
        Some(code) => Some(CloseRecord {
            code,
            reason: row.get::<_, Option<String>>(7)?.unwrap_or_default(),
            by: named(row, 8)?,
        }),
    };
    Ok(Connection {
        connection: row.get(0)?,
        opened_us: row.get(1)?,
        closed_us: row.get(2)?,
        path: row.get(3)?,
        session_id: row.get(4)?,
        status: row.get(5)?,
        close,
        is_djust: row.get(9)?,
        extensions: row.get(10)?,
        problem: row.get(11)?,
    })
}

pub(super) const SPAN: &str = "SELECT span, parent, kind, name, start_us, duration_us, detail FROM spans";

pub(super) fn span(row: &Row<'_>, budget: &Budget) -> Result<Span, ReadError> {
    budget.spend(lengths(row, &[3, 6])?)?;
    Ok(Span {
        span: row.get(0)?,
        parent: row.get(1)?,
        kind: SpanKind::from_name(row.get_ref(2)?.as_str().unwrap_or("")),
        name: row.get(3)?,
        start_us: row.get(4)?,
        duration_us: row.get(5)?,
        detail: json_or_none(row, 6)?.unwrap_or(Value::Null),
    })
}

pub(super) const LOG: &str = "SELECT turn, t_us, level, logger, message, file, line, traceback FROM logs";

pub(super) fn log(row: &Row<'_>, budget: &Budget) -> Result<LogRecord, ReadError> {
    budget.spend(lengths(row, &[4, 7])?)?;
    Ok(LogRecord {
        turn: row.get(0)?,
        t_us: row.get(1)?,
        level: row.get(2)?,
        logger: row.get(3)?,
        message: row.get(4)?,
        file: row.get(5)?,
        line: row.get(6)?,
        traceback: row.get(7)?,
    })
}

pub(super) const HTTP: &str = "SELECT http, turn, t_us, duration_us, method, url, status, request_headers, \
    response_headers, request_length, request_redacted, response_length, response_redacted, error FROM http";

pub(super) fn http(row: &Row<'_>) -> Result<HttpExchange, ReadError> {
    Ok(HttpExchange {
        http: row.get(0)?,
        turn: row.get(1)?,
        t_us: row.get(2)?,
        duration_us: row.get(3)?,
        method: row.get(4)?,
        url: row.get(5)?,
        status: row.get(6)?,
        request_headers: json(row, 7)?,
        response_headers: json(row, 8)?,
        request_body: HttpBody {
            length: row.get(9)?,
            bytes: Vec::new(),
            redacted: row.get(10)?,
        },
        response_body: HttpBody {
            length: row.get(11)?,
            bytes: Vec::new(),
            redacted: row.get(12)?,
        },
        error: row.get(13)?,
    })
}

pub(super) const FINDING: &str = "SELECT turn, code, severity, message, fix, detail FROM findings";

pub(super) fn finding(row: &Row<'_>) -> Result<Finding, ReadError> {
    // Before rules had versions, the rest was whatever the rule had to say.
    let rest: FindingRest = json(row, 5).unwrap_or_default();
    Ok(Finding {
        code: FindingCode::from(row.get::<_, String>(1)?),
        severity: Severity::from_name(&row.get::<_, String>(2)?),
        certain: rest.certain,
        primary: rest.primary,
        turn: row.get(0)?,
        view: rest.view,
        event: rest.event,
        place: rest.place,
        message: row.get(3)?,
        fix: row.get(4)?,
        evidence: rest.evidence,
        rules: rest.rules,
    })
}
