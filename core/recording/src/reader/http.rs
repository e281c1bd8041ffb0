use rusqlite::params;

use super::{Reader, rows};
use crate::RecordingError;
use crate::model::{HttpExchange, HttpId};
use crate::schema::MAX_VALUE_BYTES;

/// Most rows of one page.
const MAX_PAGE: u32 = 10_000;

/// A page of HTTP exchanges, without bodies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HttpPage {
    /// How many there are.
    pub total: u64,
    /// The rows, oldest first.
    pub rows: Vec<HttpExchange>,
}

/// Which body of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodySide {
    /// What was sent.
    Request,
    /// What was answered.
    Response,
}

impl Reader {
    /// A page of HTTP exchanges, oldest first, without bodies.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn http(&self, from: u64, limit: u32) -> Result<HttpPage, RecordingError> {
        let total = self
            .number("HTTP exchanges", "SELECT count(*) FROM http")?
            .unsigned_abs();
        let sql = format!("{} ORDER BY http LIMIT ? OFFSET ?", rows::HTTP);
        let rows = self.rows(
            "HTTP exchanges",
            &sql,
            params![limit.min(MAX_PAGE), from],
            rows::http,
        )?;
        Ok(HttpPage { total, rows })
    }

    /// An HTTP exchange, without bodies.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn http_exchange(&self, http: HttpId) -> Result<Option<HttpExchange>, RecordingError> {
        self.row(
            &format!("HTTP exchange {http}"),
            &format!("{} WHERE http = ?", rows::HTTP),
            [http],
            rows::http,
        )
    }

    /// The kept bytes of a body; empty if there were none, none if there is no such exchange or it is damaged.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn http_body(&self, http: HttpId, side: BodySide) -> Result<Option<Vec<u8>>, RecordingError> {
        let (what, sql) = match side {
            BodySide::Request => ("request", "SELECT request_body FROM http WHERE http = ?"),
            BodySide::Response => ("answer", "SELECT response_body FROM http WHERE http = ?"),
        };
        let what = format!("{what} body of HTTP exchange {http}");
        match self.row(&what, sql, [http], |row| Ok(row.get::<_, Option<i64>>(0)?))? {
            None => Ok(None),
            Some(None) => Ok(Some(Vec::new())),
            Some(Some(blob)) => {
                let read = self.blobs.borrow_mut().read(&self.db, blob, MAX_VALUE_BYTES);
                match read {
                    Ok(bytes) => Ok(Some(bytes.to_vec())),
                    Err(error) => self.damaged(&what, error).map(|_| None),
                }
            }
        }
    }
}
