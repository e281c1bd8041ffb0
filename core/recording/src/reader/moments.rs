use rusqlite::params;

use super::{MAX_ROWS, Reader};
use crate::RecordingError;
use crate::model::{ConnectionId, TurnId, ViewAt, ViewId};

impl Reader {
    /// The views that were there when a turn had ended, those of the newest connections first. It takes a look at each
    /// view, however many turns there are.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn views_at(&self, turn: TurnId) -> Result<Vec<ViewAt>, RecordingError> {
        let what = format!("views at turn {turn}");
        let sql = "SELECT c.connection FROM connections AS c, turns AS t WHERE t.turn = ? AND c.opened_us <= t.t_us \
                   AND coalesce(c.closed_us, t.t_us) >= t.t_us ORDER BY c.connection DESC LIMIT ?";
        let open: Vec<ConnectionId> =
            self.rows(&what, sql, params![turn, MAX_ROWS], |row| Ok(row.get(0)?))?;
        let mut views = Vec::new();
        for connection in open {
            let mut last: ViewId = 0;
            while views.len() < MAX_ROWS as usize
                && let Some(view_id) = self.view_after(&what, connection, last)?
            {
                last = view_id;
                views.extend(self.view_at(&what, connection, view_id, turn)?);
            }
        }
        Ok(views)
    }

    fn view_after(
        &self,
        what: &str,
        connection: ConnectionId,
        last: ViewId,
    ) -> Result<Option<ViewId>, RecordingError> {
        let sql = "SELECT min(view_id) FROM turns WHERE connection = ? AND view_id > ?";
        let found = self.row(what, sql, params![connection, last], |row| Ok(row.get(0)?))?;
        Ok(found.flatten())
    }

    fn view_at(
        &self,
        what: &str,
        connection: ConnectionId,
        view_id: ViewId,
        turn: TurnId,
    ) -> Result<Option<ViewAt>, RecordingError> {
        let sql = "SELECT view, turn FROM turns WHERE connection = ? AND view_id = ? AND turn <= ? \
                   ORDER BY turn DESC LIMIT 1";
        self.row(what, sql, params![connection, view_id, turn], |row| {
            Ok(ViewAt {
                connection,
                view_id,
                view: row.get(0)?,
                turn: row.get(1)?,
            })
        })
    }
}
