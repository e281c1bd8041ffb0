use std::collections::HashMap;

use rusqlite::{Connection as Db, OptionalExtension, params};
use serde::Serialize;
use serde_json::Value;

use super::statements::{self, insert, replace};
use crate::blobs::{BlobId, BlobStore};
use crate::compression::Compressor;
use crate::detail::{FindingRest, TurnRest};
use crate::model::{
    Connection, ConnectionId, DebugSource, DebugState, Direction, Finding, FrameRecord, HttpBody,
    HttpExchange, LogRecord, Opcode, PatchRecord, SourceFile, Span, SpanKind, Turn, TurnId, TurnKind, View,
    ViewId,
};
use crate::payload::{Payload, read_text};
use crate::schema::MAX_VALUE_BYTES;
use crate::snapshots::{SnapshotError, SnapshotStore};
use crate::{Entry, Keyframe, SnapshotDelta};

/// How many turns may have spans or findings before they themselves come.
const MAX_EARLY: usize = 10_000;

/// How many views' last page is remembered to store the next one as its difference.
const MAX_PAGES: usize = 1000;

/// Why an entry was not written.
pub(super) enum WriteError {
    /// The entry cannot be written.
    Entry(String),
    /// `SQLite` says why.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for WriteError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<SnapshotError> for WriteError {
    fn from(error: SnapshotError) -> Self {
        match error {
            SnapshotError::NoBase(detail) => {
                Self::Entry(format!("a state builds on one that is not there: {detail}"))
            }
            SnapshotError::Sqlite(error) => Self::Sqlite(error),
        }
    }
}

/// Makes rows of entries.
pub(super) struct Rows {
    compressor: Compressor,
    blobs: BlobStore,
    snapshots: SnapshotStore,
    /// Queries and findings of turns that have not come yet.
    early: HashMap<TurnId, (u32, u32)>,
    pages: HashMap<(Option<ConnectionId>, Option<ViewId>), BlobId>,
}

impl Rows {
    /// Rows of a recording; `kept_value_bytes` and `lost_state_bytes` as in [`WriterOptions`](super::WriterOptions).
    pub(super) fn new(kept_value_bytes: usize, lost_state_bytes: usize) -> Self {
        Self {
            compressor: Compressor::new(),
            blobs: BlobStore::new(kept_value_bytes),
            snapshots: SnapshotStore::new(lost_state_bytes),
            early: HashMap::new(),
            pages: HashMap::new(),
        }
    }

    /// Forgets what may have been rolled back.
    pub(super) fn forget(&mut self) {
        self.blobs.forget();
        self.snapshots.forget();
        self.early.clear();
        self.pages.clear();
    }

    /// Keeps a state that could not be written; false if another one had to be given up for it.
    pub(super) fn lose_snapshot(&mut self, delta: &SnapshotDelta) -> bool {
        self.snapshots.lose(delta)
    }

    /// Adds to what a turn misses, if the turn was written.
    pub(super) fn add_missing(
        &mut self,
        db: &Db,
        turn: TurnId,
        sentences: impl FnOnce(&Turn) -> Vec<String>,
    ) -> Result<(), WriteError> {
        let row = db
            .prepare_cached(
                "SELECT before, after, body FROM turns JOIN turn_details USING (turn) WHERE turn = ?",
            )?
            .query_row([turn], |row| {
                let rest = read_text(row.get_ref(2)?, MAX_VALUE_BYTES);
                Ok((row.get(0)?, row.get(1)?, rest))
            })
            .optional()?;
        let Some((before, after, Ok(rest))) = row else {
            // Whatever of it comes later says so itself.
            return Ok(());
        };
        let mut rest: TurnRest =
            serde_json::from_str(&rest).map_err(|error| WriteError::Entry(error.to_string()))?;
        let known = Turn {
            before,
            after,
            debug_state: shown_states(db, turn)?,
            handed: rest.handed,
            ..Turn::begun(turn, TurnKind::Other, 0)
        };
        for sentence in sentences(&known) {
            if !rest.missing.contains(&sentence) {
                rest.missing.push(sentence);
            }
        }
        let body = json(&rest)?;
        db.prepare_cached(replace("turn_details"))?
            .execute(params![turn, Payload::text(&mut self.compressor, &body)])?;
        Ok(())
    }

    /// Writes an entry. True for a turn that was not there before.
    pub(super) fn write(&mut self, db: &Db, entry: &Entry) -> Result<bool, WriteError> {
        match entry {
            Entry::Connection(connection) => insert_connection(db, connection)?,
            Entry::View(view) => self.view(db, view)?,
            Entry::Source(source) => self.source(db, source)?,
            Entry::Turn(turn) => return self.turn(db, turn),
            Entry::Frame(frame) => self.frame(db, frame)?,
            Entry::Patches { turn, patches } => self.patches(db, *turn, patches)?,
            Entry::Spans { turn, spans } => self.spans(db, *turn, spans)?,
            Entry::Log(log) => insert_log(db, log)?,
            Entry::Http(http) => self.http(db, http)?,
            Entry::HttpTurn { http, turn } => {
                db.prepare_cached(&statements::HTTP_TURN)?
                    .execute(params![turn, http])?;
            }
            Entry::Snapshot(delta) => {
                self.snapshots
                    .put(db, &mut self.blobs, &mut self.compressor, delta)?;
            }
            Entry::Keyframe(keyframe) => self.keyframe(db, keyframe)?,
            Entry::Finding(finding) => self.finding(db, finding)?,
            Entry::Meta { key, value } => self.meta(db, key, value)?,
        }
        Ok(false)
    }

    /// Writes a fact about the run.
    pub(super) fn meta(&self, db: &Db, key: &str, value: &Value) -> rusqlite::Result<()> {
        db.prepare_cached(replace("meta"))?
            .execute(params![key, value.to_string()])?;
        Ok(())
    }

    fn view(&mut self, db: &Db, view: &View) -> Result<(), WriteError> {
        // The code of a class is the same for every mount of it, so it is stored once.
        let code = json(&(&view.handlers, &view.template))?;
        let code = self.blobs.put(db, &mut self.compressor, code.as_bytes(), None)?;
        db.prepare_cached(replace("views"))?.execute(params![
            view.view,
            view.connection,
            view.class,
            view.file,
            view.line,
            code
        ])?;
        if let Some(data) = &view.class_data {
            let body = json(data)?;
            let body = self.blobs.put(db, &mut self.compressor, body.as_bytes(), None)?;
            db.prepare_cached(replace("view_classes"))?
                .execute(params![view.view, body])?;
        }
        Ok(())
    }

    fn source(&mut self, db: &Db, source: &SourceFile) -> Result<(), WriteError> {
        if source.text.len() > MAX_VALUE_BYTES {
            return Err(too_large("the text of a module"));
        }
        let text = self
            .blobs
            .put(db, &mut self.compressor, source.text.as_bytes(), None)?;
        db.prepare_cached(replace("sources"))?.execute(params![
            source.hash,
            source.module,
            source.file,
            text
        ])?;
        Ok(())
    }

    fn turn(&mut self, db: &Db, turn: &Turn) -> Result<bool, WriteError> {
        let changed = turn.changed.as_ref().map(json).transpose()?;
        let exception = turn
            .exception
            .as_ref()
            .map(|e| format!("{}: {}", e.class, e.message));
        let params_text = turn.params.to_string();
        let values = params![
            turn.turn,
            turn.kind.name(),
            turn.outcome.name(),
            turn.connection,
            turn.view_id,
            turn.view,
            turn.event,
            cause(turn),
            turn.reference,
            turn.t_us,
            turn.duration_us,
            turn.patches,
            turn.version,
            turn.before,
            turn.after,
            turn.http,
            changed,
            turn.error,
            exception,
            params_text,
        ];
        let known = db.prepare_cached(&statements::UPDATE_TURN)?.execute(values)?;
        if known == 0 {
            db.prepare_cached(&statements::INSERT_TURN)?.execute(values)?;
            if let Some((queries, findings)) = self.early.remove(&turn.turn) {
                add_counts(db, turn.turn, queries, findings)?;
            }
        }
        if let Some(shown) = &turn.debug_state {
            let changed = shown.changed.as_ref().map(json).transpose()?;
            db.prepare_cached(replace("debug_states"))?.execute(params![
                turn.turn,
                shown.source.name(),
                shown.before,
                shown.before_turn,
                shown.after,
                changed,
            ])?;
        }
        let rest = json(&TurnRest::of(turn))?;
        db.prepare_cached(replace("turn_details"))?
            .execute(params![turn.turn, Payload::text(&mut self.compressor, &rest)])?;
        Ok(known == 0)
    }

    /// Counts queries and findings of a turn, which may not be there yet.
    fn count(&mut self, db: &Db, turn: TurnId, queries: u32, findings: u32) -> rusqlite::Result<()> {
        if !add_counts(db, turn, queries, findings)?
            && (self.early.len() < MAX_EARLY || self.early.contains_key(&turn))
        {
            let early = self.early.entry(turn).or_default();
            early.0 += queries;
            early.1 += findings;
        }
        Ok(())
    }

    fn frame(&mut self, db: &Db, frame: &FrameRecord) -> Result<(), WriteError> {
        let kept = start_of(&frame.payload, MAX_VALUE_BYTES);
        let redacted = if frame.redacted.is_empty() {
            None
        } else {
            Some(json(&frame.redacted)?)
        };
        db.prepare_cached(insert("frames"))?.execute(params![
            frame.frame,
            frame.connection,
            frame.turn,
            frame.t_us,
            direction_name(frame.direction),
            opcode_name(frame.opcode),
            frame.kind,
            frame.length,
            frame.cut || kept.len() < frame.payload.len(),
            redacted,
            Payload::text(&mut self.compressor, kept),
        ])?;
        Ok(())
    }

    /// One row a frame: patches of different frames are never asked for together without their order.
    fn patches(&mut self, db: &Db, turn: TurnId, patches: &[PatchRecord]) -> Result<(), WriteError> {
        let mut rest = patches;
        while let Some(first) = rest.first() {
            let same = rest.iter().take_while(|patch| patch.frame == first.frame).count();
            let (batch, others) = rest.split_at(same);
            rest = others;
            let body = json(&batch)?;
            if body.len() > MAX_VALUE_BYTES {
                return Err(too_large("the patches of a frame"));
            }
            db.prepare_cached(insert("patches"))?.execute(params![
                first.frame,
                turn,
                batch.len(),
                Payload::text(&mut self.compressor, &body)
            ])?;
        }
        Ok(())
    }

    fn spans(&mut self, db: &Db, turn: TurnId, spans: &[Span]) -> Result<(), WriteError> {
        let mut insert = db.prepare_cached(insert("spans"))?;
        for span in spans {
            let detail = (!span.detail.is_null()).then(|| span.detail.to_string());
            insert.execute(params![
                turn,
                span.span,
                span.parent,
                span.kind.name(),
                span.name,
                span.start_us,
                span.duration_us,
                detail
            ])?;
        }
        let queries = spans.iter().filter(|span| span.kind == SpanKind::Sql).count();
        let queries = u32::try_from(queries).unwrap_or(u32::MAX);
        if queries > 0 {
            self.count(db, turn, queries, 0)?;
        }
        Ok(())
    }

    fn http(&mut self, db: &Db, http: &HttpExchange) -> Result<(), WriteError> {
        let request_body = self.body(db, &http.request_body)?;
        let response_body = self.body(db, &http.response_body)?;
        db.prepare_cached(replace("http"))?.execute(params![
            http.http,
            http.turn,
            http.t_us,
            http.duration_us,
            http.method,
            http.url,
            http.status,
            json(&http.request_headers)?,
            json(&http.response_headers)?,
            http.request_body.length,
            http.request_body.redacted,
            request_body,
            http.response_body.length,
            http.response_body.redacted,
            response_body,
            http.error,
        ])?;
        Ok(())
    }

    fn body(&mut self, db: &Db, body: &HttpBody) -> rusqlite::Result<Option<BlobId>> {
        if body.bytes.is_empty() {
            return Ok(None);
        }
        let kept = &body.bytes[..body.bytes.len().min(MAX_VALUE_BYTES)];
        self.blobs.put(db, &mut self.compressor, kept, None).map(Some)
    }

    fn keyframe(&mut self, db: &Db, keyframe: &Keyframe) -> Result<(), WriteError> {
        if keyframe.html.len() > MAX_VALUE_BYTES {
            return Err(too_large("the HTML of a page"));
        }
        let view = (keyframe.connection, keyframe.view_id);
        let older = self.pages.get(&view).copied();
        let html = self
            .blobs
            .put(db, &mut self.compressor, keyframe.html.as_bytes(), older)?;
        if self.pages.len() >= MAX_PAGES {
            self.pages.clear();
        }
        self.pages.insert(view, html);
        db.prepare_cached(insert("keyframes"))?.execute(params![
            keyframe.turn,
            keyframe.connection,
            keyframe.view_id,
            html
        ])?;
        Ok(())
    }

    fn finding(&mut self, db: &Db, finding: &Finding) -> Result<(), WriteError> {
        db.prepare_cached(insert("findings"))?.execute(params![
            finding.turn,
            finding.code.name(),
            finding.severity.name(),
            finding.message,
            finding.fix,
            json(&FindingRest::of(finding))?
        ])?;
        if let Some(turn) = finding.turn {
            self.count(db, turn, 0, 1)?;
        }
        Ok(())
    }
}

fn add_counts(db: &Db, turn: TurnId, queries: u32, findings: u32) -> rusqlite::Result<bool> {
    let updated = db
        .prepare_cached(&statements::COUNT)?
        .execute(params![queries, findings, turn])?;
    Ok(updated > 0)
}

/// The states of a turn that djust itself showed, as far as it matters whether they were written.
fn shown_states(db: &Db, turn: TurnId) -> rusqlite::Result<Option<DebugState>> {
    db.prepare_cached("SELECT before, after FROM debug_states WHERE turn = ?")?
        .query_row([turn], |row| {
            Ok(DebugState {
                source: DebugSource::DebugPayload,
                before: row.get(0)?,
                before_turn: None,
                after: row.get(1)?,
                changed: None,
            })
        })
        .optional()
}

fn insert_connection(db: &Db, connection: &Connection) -> rusqlite::Result<()> {
    let close = connection.close.as_ref();
    db.prepare_cached(replace("connections"))?.execute(params![
        connection.connection,
        connection.opened_us,
        connection.closed_us,
        connection.path,
        connection.session_id,
        connection.status,
        close.map(|close| close.code),
        close.map(|close| &close.reason),
        close.map(|close| direction_name(close.by)),
        connection.is_djust,
        connection.extensions,
        connection.problem,
    ])?;
    Ok(())
}

fn insert_log(db: &Db, log: &LogRecord) -> rusqlite::Result<()> {
    db.prepare_cached(insert("logs"))?.execute(params![
        log.turn,
        log.t_us,
        log.level,
        log.logger,
        log.message,
        log.file,
        log.line,
        log.traceback
    ])?;
    Ok(())
}

/// What a list shows as the cause: the event, else the class, else the kind.
fn cause(turn: &Turn) -> &str {
    let class = || {
        turn.view
            .as_deref()
            .and_then(|view| view.rsplit('.').next())
            .filter(|class| !class.is_empty())
    };
    turn.event
        .as_deref()
        .filter(|event| !event.is_empty())
        .or_else(class)
        .unwrap_or(turn.kind.name())
}

const fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::ToServer => "to_server",
        Direction::ToBrowser => "to_browser",
    }
}

const fn opcode_name(opcode: Opcode) -> &'static str {
    match opcode {
        Opcode::Text => "text",
        Opcode::Binary => "binary",
        Opcode::Ping => "ping",
        Opcode::Pong => "pong",
        Opcode::Close => "close",
    }
}

/// The longest beginning of `text` with at most `limit` bytes.
fn start_of(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

fn json(value: &impl Serialize) -> Result<String, WriteError> {
    serde_json::to_string(value).map_err(|error| WriteError::Entry(error.to_string()))
}

fn too_large(what: &str) -> WriteError {
    WriteError::Entry(format!("{what} takes more than {} MiB", MAX_VALUE_BYTES >> 20))
}
