use std::ops::RangeInclusive;

use rusqlite::params;

use super::{Budget, MAX_ROWS, Reader, rows};
use crate::RecordingError;
use crate::detail::TurnRest;
use crate::error::ReadError;
use crate::model::{
    Connection, ConnectionId, DebugStates, FrameId, FrameRecord, Handler, LogRecord, PatchRecord, Span,
    StateText, Template, Turn, TurnDetail, TurnId, TurnTexts, View, ViewId, changes_between,
    changes_between_texts,
};
use crate::schema::MAX_VALUE_BYTES;

impl Reader {
    /// Everything about one turn, up to a size that can be shown; none if there is no such turn, or it is damaged. What
    /// is left out is named in [`TurnDetail::left_out`].
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn turn(&self, turn: TurnId) -> Result<Option<TurnDetail>, RecordingError> {
        self.turn_with(turn, true, |record, detail, budget| {
            (detail.before, detail.after) = self.states(record.before, record.after, budget)?;
            if let (Some(before), Some(after)) = (&detail.before, &detail.after) {
                detail.changes = changes_between(before, after);
            }
            Ok(())
        })
    }

    /// The same with its states as texts and without what was handed to the renderer: where states are large it takes a
    /// small part of the time.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn turn_with_texts(&self, turn: TurnId) -> Result<Option<TurnTexts>, RecordingError> {
        let (mut before, mut after) = (None, None);
        let detail = self.turn_with(turn, false, |record, detail, budget| {
            (before, after) = self.state_texts(record.before, record.after, budget)?;
            if let (Some(before), Some(after)) = (&before, &after) {
                detail.changes = changes_between_texts(before, after);
            }
            Ok(())
        })?;
        Ok(detail.map(|mut detail| {
            if before.is_some() || after.is_some() {
                detail.debug = DebugStates::default();
            }
            let (shown_before, shown_after, source) = detail.shown_states();
            TurnTexts {
                before: before.or_else(|| shown_before.map(StateText::from)),
                after: after.or_else(|| shown_after.map(StateText::from)),
                source,
                detail,
            }
        }))
    }

    fn turn_with(
        &self,
        turn: TurnId,
        is_whole: bool,
        read_states: impl FnOnce(&Turn, &mut TurnDetail, &Budget) -> Result<(), RecordingError>,
    ) -> Result<Option<TurnDetail>, RecordingError> {
        // One view of the file for all parts, also while it grows.
        let transaction = self
            .db
            .unchecked_transaction()
            .map_err(|error| RecordingError::sqlite("read", &self.path, error))?;
        self.take_left_out();
        let budget = Budget::new();
        let Some(record) = self.turn_record(turn)? else {
            return Ok(None);
        };
        self.check_rows_of(&record)?;
        let mut detail = TurnDetail::of(record.clone());
        detail.debug = self.debug_states(record.debug_state.as_ref(), &budget)?;
        read_states(&record, &mut detail, &budget)?;
        detail.connection = record
            .connection
            .map_or(Ok(None), |connection| self.connection(connection))?;
        detail.view = record.view_id.map_or(Ok(None), |view| self.view(view))?;
        detail.frames = self.frames_within(turn, &budget)?;
        detail.patches = self.patches_within(turn, &budget)?;
        detail.spans = self.spans_within(turn, &budget)?;
        detail.logs = self.logs_within(turn, &budget)?;
        detail.http = record.http.map_or(Ok(None), |http| self.http_exchange(http))?;
        // Last: what does not fit is rather this than what a page shows.
        if let Some(handed) = record.handed.filter(|_| is_whole) {
            detail.handed = self.snapshot_within(handed, &budget)?;
        }
        detail.left_out = self.take_left_out();
        drop(transaction);
        Ok(Some(detail))
    }

    /// A turn without what belongs to it.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn turn_record(&self, turn: TurnId) -> Result<Option<Turn>, RecordingError> {
        let what = format!("turn {turn}");
        let Some(mut record) = self.row(&what, rows::TURN, [turn], rows::turn)? else {
            return Ok(None);
        };
        let sql = "SELECT body FROM turn_details WHERE turn = ?";
        let rest: Option<TurnRest> = self.row(&what, sql, [turn], |row| {
            rows::parse(&Budget::new().text(row, 0)?)
        })?;
        rows::complete(&mut record, rest.unwrap_or_default());
        record.debug_state = self.debug_state(turn)?;
        Ok(Some(record))
    }

    /// A connection.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn connection(&self, connection: ConnectionId) -> Result<Option<Connection>, RecordingError> {
        let sql = format!("{} WHERE connection = ?", rows::CONNECTION);
        self.row(
            &format!("connection {connection}"),
            &sql,
            [connection],
            rows::connection,
        )
    }

    /// Every connection, oldest first.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn connections(&self) -> Result<Vec<Connection>, RecordingError> {
        let sql = format!("{} ORDER BY connection LIMIT {MAX_ROWS}", rows::CONNECTION);
        self.rows("connections", &sql, [], rows::connection)
    }

    /// A view, with the code of its class.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn view(&self, view: ViewId) -> Result<Option<View>, RecordingError> {
        let what = format!("view {view}");
        let sql = "SELECT view, connection, class, file, line, code FROM views WHERE view = ?";
        let found = self.row(&what, sql, [view], |row| {
            let record = View {
                view: row.get(0)?,
                connection: row.get(1)?,
                class: row.get(2)?,
                file: row.get(3)?,
                line: row.get(4)?,
                ..View::default()
            };
            Ok((record, row.get::<_, Option<i64>>(5)?))
        })?;
        let Some((mut record, code)) = found else {
            return Ok(None);
        };
        if let Some(code) = code {
            match self.code(code) {
                Ok((handlers, template)) => {
                    record.handlers = handlers;
                    record.template = template;
                }
                Err(error) => {
                    self.damaged(&what, error)?;
                }
            }
        }
        record.class_data = self.class_data(view)?.map(Box::new);
        Ok(Some(record))
    }

    fn code(&self, blob: i64) -> Result<(Vec<Handler>, Option<Template>), ReadError> {
        let bytes = self.blobs.borrow_mut().read(&self.db, blob, MAX_VALUE_BYTES)?;
        let text = std::str::from_utf8(&bytes).map_err(|error| ReadError::Damaged(error.to_string()))?;
        rows::parse(text)
    }

    /// Every view, oldest first.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn views(&self) -> Result<Vec<View>, RecordingError> {
        let sql = format!("SELECT view FROM views ORDER BY view LIMIT {MAX_ROWS}");
        let numbers: Vec<ViewId> = self.rows("views", &sql, [], |row| Ok(row.get(0)?))?;
        numbers
            .into_iter()
            .filter_map(|view| self.view(view).transpose())
            .collect()
    }

    /// Frames by number, oldest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn frames(
        &self,
        range: RangeInclusive<FrameId>,
        limit: u32,
    ) -> Result<Vec<FrameRecord>, RecordingError> {
        let sql = format!(
            "{} WHERE frame BETWEEN ? AND ? ORDER BY frame LIMIT ?",
            rows::FRAME
        );
        let budget = Budget::new();
        let last = (*range.end()).min(i64::MAX as u64);
        self.rows(
            "frames",
            &sql,
            params![range.start(), last, limit.min(MAX_ROWS)],
            |row| rows::frame(row, &budget),
        )
    }

    /// The frames of a turn, in order of time.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn frames_of_turn(&self, turn: TurnId) -> Result<Vec<FrameRecord>, RecordingError> {
        self.frames_within(turn, &Budget::new())
    }

    fn frames_within(&self, turn: TurnId, budget: &Budget) -> Result<Vec<FrameRecord>, RecordingError> {
        let sql = format!(
            "{} WHERE turn = ? ORDER BY t_us, frame LIMIT {MAX_ROWS}",
            rows::FRAME
        );
        self.rows_of(("frames", "turn"), turn, &sql, |row| rows::frame(row, budget))
    }

    /// The frames of a connection after frame `after`, oldest first.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn frames_of_connection(
        &self,
        connection: ConnectionId,
        after: FrameId,
        limit: u32,
    ) -> Result<Vec<FrameRecord>, RecordingError> {
        let sql = format!(
            "{} WHERE connection = ? AND frame > ? ORDER BY frame LIMIT ?",
            rows::FRAME
        );
        let budget = Budget::new();
        let what = format!("frames of connection {connection}");
        self.rows(
            &what,
            &sql,
            params![connection, after, limit.min(MAX_ROWS)],
            |row| rows::frame(row, &budget),
        )
    }

    /// The patches of a turn, in the order sent.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn patches_of_turn(&self, turn: TurnId) -> Result<Vec<PatchRecord>, RecordingError> {
        self.patches_within(turn, &Budget::new())
    }

    fn patches_within(&self, turn: TurnId, budget: &Budget) -> Result<Vec<PatchRecord>, RecordingError> {
        let sql = format!("SELECT body FROM patches WHERE turn = ? ORDER BY frame LIMIT {MAX_ROWS}");
        let batches: Vec<Vec<PatchRecord>> = self.rows_of(("patches", "turn"), turn, &sql, |row| {
            rows::parse(&budget.text(row, 0)?)
        })?;
        let mut patches: Vec<PatchRecord> = batches.into_iter().flatten().collect();
        let more = patches.len().saturating_sub(MAX_ROWS as usize);
        if more > 0 {
            patches.truncate(MAX_ROWS as usize);
            self.too_much(&format!("patches of turn {turn}"), more as u64);
        }
        Ok(patches)
    }

    /// The spans of a turn, in order of start.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn spans(&self, turn: TurnId) -> Result<Vec<Span>, RecordingError> {
        self.spans_within(turn, &Budget::new())
    }

    fn spans_within(&self, turn: TurnId, budget: &Budget) -> Result<Vec<Span>, RecordingError> {
        let sql = format!(
            "{} WHERE turn = ? ORDER BY start_us, id LIMIT {MAX_ROWS}",
            rows::SPAN
        );
        self.rows_of(("spans", "turn"), turn, &sql, |row| rows::span(row, budget))
    }

    /// The log records of a turn, in order of time.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn logs_of_turn(&self, turn: TurnId) -> Result<Vec<LogRecord>, RecordingError> {
        self.logs_within(turn, &Budget::new())
    }

    fn logs_within(&self, turn: TurnId, budget: &Budget) -> Result<Vec<LogRecord>, RecordingError> {
        let sql = format!("{} WHERE turn = ? ORDER BY t_us, id LIMIT {MAX_ROWS}", rows::LOG);
        self.rows_of(("logs", "turn"), turn, &sql, |row| rows::log(row, budget))
    }

    /// Log records in the order written, from position `from`.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn logs(&self, from: u64, limit: u32) -> Result<Vec<LogRecord>, RecordingError> {
        let sql = format!("{} ORDER BY id LIMIT ? OFFSET ?", rows::LOG);
        let budget = Budget::new();
        self.rows("logs", &sql, params![limit.min(MAX_ROWS), from], |row| {
            rows::log(row, &budget)
        })
    }
}
