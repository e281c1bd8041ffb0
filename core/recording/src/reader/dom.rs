use rusqlite::params;

use super::{Budget, Reader, rows};
use crate::RecordingError;
use crate::model::{ConnectionId, FrameId, PatchRecord, TurnId, ViewId};
use crate::schema::MAX_VALUE_BYTES;

/// Most batches between a keyframe and a turn; the probe sends a keyframe once in 64 renders.
const MAX_BATCHES: u32 = 10_000;

/// What the page of a turn is made of: the HTML at an earlier turn, and the patches since.
#[derive(Clone, Debug, PartialEq)]
pub struct DomSource {
    /// The turn after which the page looked like `html`.
    pub turn: TurnId,
    /// Inner HTML of the view's root, with `dj-id`s.
    pub html: String,
    /// Patches after that turn up to and with the one asked for, in the order sent.
    pub batches: Vec<PatchBatch>,
}

/// The patches of one frame.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchBatch {
    /// The turn.
    pub turn: TurnId,
    /// The frame.
    pub frame: FrameId,
    /// In the order sent.
    pub patches: Vec<PatchRecord>,
}

impl Reader {
    /// What the page after a turn is made of; none if no HTML of its view was recorded before.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn dom(&self, turn: TurnId) -> Result<Option<DomSource>, RecordingError> {
        let what = format!("page of turn {turn}");
        let sql = "SELECT connection, view_id FROM turns WHERE turn = ?";
        let found: Option<(Option<ConnectionId>, Option<ViewId>)> =
            self.row(&what, sql, [turn], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let Some((connection, view)) = found else {
            return Ok(None);
        };
        let sql = "SELECT turn, html FROM keyframes WHERE connection IS ? AND view_id IS ? AND turn <= ? \
             ORDER BY turn DESC, id DESC LIMIT 1";
        let found: Option<(TurnId, i64)> = self.row(&what, sql, params![connection, view, turn], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        let Some((start, blob)) = found else {
            return Ok(None);
        };
        let read = self.blobs.borrow_mut().read(&self.db, blob, MAX_VALUE_BYTES);
        let html = match read {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => return self.damaged(&what, error).map(|_| None),
        };
        let sql = "SELECT p.turn, p.frame, p.body FROM turns AS t JOIN patches AS p ON p.turn = t.turn \
             WHERE t.connection IS ? AND t.view_id IS ? AND t.turn > ? AND t.turn <= ? ORDER BY p.frame LIMIT ?";
        let budget = Budget::new();
        let batches = self.rows(
            &what,
            sql,
            params![connection, view, start, turn, MAX_BATCHES],
            |row| {
                let patches = rows::parse(&budget.text(row, 2)?)?;
                Ok(PatchBatch {
                    turn: row.get(0)?,
                    frame: row.get(1)?,
                    patches,
                })
            },
        )?;
        Ok(Some(DomSource {
            turn: start,
            html,
            batches,
        }))
    }
}
