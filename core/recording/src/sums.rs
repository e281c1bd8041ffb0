//! The sums of all pages, at the end of a file that was ended in good order.
//!
//! `SQLite` does not notice a bit that flips on a disk or in a copy: a number
//! becomes another, a row of an index is not found any more. After its last
//! page, where `SQLite` does not look, a recording has the sum of every page.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// How the end of the file is told from anything else.
const MAGIC: [u8; 16] = *b"djscope sums v1\n";

/// Bytes of the sum of a page.
const SUM_BYTES: usize = 8;

/// Size and number of pages, the hash of that and of the sums, and [`MAGIC`].
const FOOTER_BYTES: usize = 4 + 4 + 32 + MAGIC.len();

/// Smallest and largest page that `SQLite` has.
const PAGE_BYTES: std::ops::RangeInclusive<u32> = 512..=65536;

/// Most pages that are named.
const MAX_NAMED: usize = 5;

/// Whether the pages of a file are those that were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pages {
    /// There are no sums.
    Unknown,
    /// Each is.
    Good,
    /// At least one is not.
    Damaged(String),
}

/// Puts the sums behind the last page of a file that is complete.
pub(crate) fn append(file: &File) -> io::Result<()> {
    let mut file = file;
    let length = file.metadata()?.len();
    let page_bytes = page_bytes(file)?;
    if length == 0 || length % u64::from(page_bytes) != 0 {
        return Err(io::Error::other("it does not end with a page"));
    }
    let sums = sums(file, page_bytes, length / u64::from(page_bytes))?;
    let mut tail = sums.concat();
    tail.extend(page_bytes.to_le_bytes());
    tail.extend(u32::try_from(sums.len()).map_err(io::Error::other)?.to_le_bytes());
    let hash = blake3::hash(&tail);
    tail.extend(hash.as_bytes());
    tail.extend(MAGIC);
    file.seek(SeekFrom::Start(length))?;
    let written = file.write_all(&tail).and_then(|()| file.sync_data());
    if written.is_err() {
        // A part of them would look like damage.
        let _ = file.set_len(length);
    }
    written
}

/// Compares every page with its sum.
pub(crate) fn check(path: &Path) -> io::Result<Pages> {
    let mut file = &File::open(path)?;
    let length = file.metadata()?.len();
    if length < FOOTER_BYTES as u64 {
        return Ok(Pages::Unknown);
    }
    file.seek(SeekFrom::Start(length - FOOTER_BYTES as u64))?;
    let mut footer = [0; FOOTER_BYTES];
    file.read_exact(&mut footer)?;
    if footer[40..] != MAGIC {
        return Ok(Pages::Unknown);
    }
    let number = |at: usize| u32::from_le_bytes([footer[at], footer[at + 1], footer[at + 2], footer[at + 3]]);
    let (page_bytes, pages) = (number(0), number(4));
    let sums_at = u64::from(page_bytes) * u64::from(pages);
    let sums_bytes = SUM_BYTES as u64 * u64::from(pages);
    let damaged = |what: &str| Ok(Pages::Damaged(what.to_owned()));
    if !PAGE_BYTES.contains(&page_bytes) || sums_at + sums_bytes + FOOTER_BYTES as u64 != length {
        return damaged("the sums of its pages do not fit: it was cut, or changed by another program");
    }
    file.seek(SeekFrom::Start(sums_at))?;
    let mut expected = vec![0; usize::try_from(sums_bytes).map_err(io::Error::other)?];
    file.read_exact(&mut expected)?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&expected).update(&footer[..8]);
    if hasher.finalize().as_bytes() != &footer[8..40] {
        return damaged("the sums of its pages are damaged, so that damage elsewhere cannot be told");
    }
    let found = sums(file, page_bytes, pages.into())?;
    let wrong: Vec<usize> = found
        .iter()
        .zip(expected.chunks_exact(SUM_BYTES))
        .enumerate()
        .filter(|(_, (found, expected))| found.as_slice() != *expected)
        .map(|(index, _)| index + 1)
        .collect();
    if wrong.is_empty() {
        return Ok(Pages::Good);
    }
    let named: Vec<String> = wrong.iter().take(MAX_NAMED).map(ToString::to_string).collect();
    let more = if wrong.len() > MAX_NAMED { ", …" } else { "" };
    Ok(Pages::Damaged(format!(
        "{} of {pages} pages are not as they were written ({}{more})",
        wrong.len(),
        named.join(", ")
    )))
}

fn page_bytes(mut file: &File) -> io::Result<u32> {
    let mut header = [0; 18];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut header)?;
    // 65536 does not fit and is written as 1.
    Ok(match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65536,
        bytes => u32::from(bytes).max(*PAGE_BYTES.start()),
    })
}

fn sums(mut file: &File, page_bytes: u32, pages: u64) -> io::Result<Vec<[u8; SUM_BYTES]>> {
    file.seek(SeekFrom::Start(0))?;
    let mut reader = io::BufReader::with_capacity(1 << 20, file);
    let mut page = vec![0; page_bytes as usize];
    let mut sums = Vec::new();
    for _ in 0..pages {
        reader.read_exact(&mut page)?;
        let mut sum = [0; SUM_BYTES];
        sum.copy_from_slice(&blake3::hash(&page).as_bytes()[..SUM_BYTES]);
        sums.push(sum);
    }
    Ok(sums)
}
