//! Texts in rows: short ones as text, long ones as a compressed blob.

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};

use crate::compression::{self, Compressor};

/// A text on its way into a row.
pub(crate) enum Payload<'a> {
    Plain(&'a str),
    Compressed(Vec<u8>),
}

impl<'a> Payload<'a> {
    pub(crate) fn text(compressor: &mut Compressor, text: &'a str) -> Self {
        compressor
            .stream(text.as_bytes())
            .map_or(Self::Plain(text), Self::Compressed)
    }
}

impl ToSql for Payload<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Plain(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Compressed(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

/// A text out of a row, of at most `limit` bytes.
pub(crate) fn read_text(value: ValueRef<'_>, limit: usize) -> Result<String, String> {
    let bytes = match value {
        ValueRef::Text(bytes) if bytes.len() <= limit => bytes.to_vec(),
        ValueRef::Blob(bytes) => compression::decompress(bytes, None, limit)?,
        ValueRef::Text(_) => return Err("a text is larger than a recording may hold".to_owned()),
        _ => return Err(format!("a text is stored as {}", value.data_type())),
    };
    String::from_utf8(bytes).map_err(|_| "a text is not UTF-8".to_owned())
}

/// How many bytes of text a value says that it holds.
pub(crate) fn length(value: ValueRef<'_>) -> usize {
    match value {
        ValueRef::Text(bytes) => bytes.len(),
        ValueRef::Blob(bytes) => compression::length(bytes),
        _ => 0,
    }
}
