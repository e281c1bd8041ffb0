//! The sum of a row: `row_sum(column, …)` in SQL, for whoever writes and for whoever reads.

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;

/// Teaches a connection the function.
pub(crate) fn register(db: &Connection) -> rusqlite::Result<()> {
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    db.create_scalar_function("row_sum", -1, flags, |context| {
        let mut hasher = blake3::Hasher::new();
        let mut start = Vec::with_capacity(512);
        for index in 0..context.len() {
            add(&mut hasher, &mut start, context.get_raw(index));
        }
        hasher.update(&start);
        let hash = hasher.finalize();
        let bytes = hash.as_bytes();
        Ok(i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    })
}

/// Short values are gathered in `short`; long ones go to the hash as they are.
fn add(hasher: &mut blake3::Hasher, short: &mut Vec<u8>, value: ValueRef<'_>) {
    let (kind, bytes) = match value {
        ValueRef::Null => (0, &[][..]),
        ValueRef::Integer(number) => {
            short.push(1);
            short.extend(number.to_le_bytes());
            return;
        }
        ValueRef::Real(number) => {
            short.push(2);
            short.extend(number.to_le_bytes());
            return;
        }
        ValueRef::Text(bytes) => (3, bytes),
        ValueRef::Blob(bytes) => (4, bytes),
    };
    short.push(kind);
    short.extend((bytes.len() as u64).to_le_bytes());
    if bytes.len() <= 1024 {
        short.extend(bytes);
    } else {
        hasher.update(short);
        short.clear();
        hasher.update(bytes);
    }
}
