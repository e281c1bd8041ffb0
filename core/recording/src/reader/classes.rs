use super::{MAX_ROWS, Reader, rows};
use crate::RecordingError;
use crate::blobs::BlobId;
use crate::error::ReadError;
use crate::model::{ClassData, SourceFile, SourceReference, ViewId};
use crate::schema::MAX_VALUE_BYTES;

impl Reader {
    /// What the class of a view is made of; none if no probe reported it, or the file is of a format before 1.2.
    pub(super) fn class_data(&self, view: ViewId) -> Result<Option<ClassData>, RecordingError> {
        if !self.has_sources {
            return Ok(None);
        }
        let what = format!("class of view {view}");
        let sql = "SELECT body FROM view_classes WHERE view = ?";
        let body: Option<BlobId> = self.row(&what, sql, [view], |row| Ok(row.get(0)?))?;
        let Some(body) = body else { return Ok(None) };
        match self.text(body).and_then(|text| rows::parse(&text)) {
            Ok(data) => Ok(Some(data)),
            Err(error) => self.damaged(&what, error).map(|_| None),
        }
    }

    /// The modules whose text is in the recording, by hash and without the text; empty for a format before 1.2.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn sources(&self) -> Result<Vec<SourceReference>, RecordingError> {
        if !self.has_sources {
            return Ok(Vec::new());
        }
        let sql = format!("SELECT hash, module, file FROM sources ORDER BY module, hash LIMIT {MAX_ROWS}");
        self.rows("sources", &sql, [], |row| {
            Ok(SourceReference {
                hash: row.get(0)?,
                module: row.get(1)?,
                file: row.get(2)?,
                role: String::new(),
            })
        })
    }

    /// The text of the module with this hash; none if it is not in the recording.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn source(&self, hash: &str) -> Result<Option<SourceFile>, RecordingError> {
        if !self.has_sources {
            return Ok(None);
        }
        let what = format!("source {hash}");
        let sql = "SELECT hash, module, file, text FROM sources WHERE hash = ?";
        let found = self.row(&what, sql, [hash], |row| {
            let source = SourceFile {
                hash: row.get(0)?,
                module: row.get(1)?,
                file: row.get(2)?,
                text: String::new(),
            };
            Ok((source, row.get::<_, BlobId>(3)?))
        })?;
        let Some((mut source, text)) = found else {
            return Ok(None);
        };
        match self.text(text) {
            Ok(text) => {
                source.text = text;
                Ok(Some(source))
            }
            Err(error) => self.damaged(&what, error).map(|_| None),
        }
    }

    fn text(&self, blob: BlobId) -> Result<String, ReadError> {
        let bytes = self.blobs.borrow_mut().read(&self.db, blob, MAX_VALUE_BYTES)?;
        String::from_utf8(bytes.to_vec()).map_err(|error| ReadError::Damaged(error.to_string()))
    }
}
