//! The file beside a recording that was never ended, which holds its last transactions (`SQLite`'s WAL).
//!
//! `SQLite` reads it up to the first frame whose sum is wrong, and says
//! nothing of what comes behind.

use std::fs::File;
use std::io;
use std::path::Path;

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;

/// Largest page that `SQLite` has.
const MAX_PAGE_BYTES: u32 = 65536;

/// Looks for frames that `SQLite` will not read although they belong to the others. A sentence says how many; none if
/// all are well, or there is no such file.
pub(crate) fn check(path: &Path) -> io::Result<Option<String>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut reader = io::BufReader::with_capacity(1 << 20, file);
    let mut header = [0; HEADER_BYTES];
    if !read_whole(&mut reader, &mut header)? {
        return Ok(None);
    }
    let Some(mut sum) = Sum::of_header(&header) else {
        return Ok(Some(
            "the file beside it that ends in -wal is damaged at its start: what was recorded last is missing"
                .to_owned(),
        ));
    };
    let page_bytes = number(&header, 8).clamp(512, MAX_PAGE_BYTES) as usize;
    let mut frame = vec![0; FRAME_HEADER_BYTES + page_bytes];
    let (mut read, mut good, mut last) = (0u64, 0u64, 0u64);
    let mut is_good = true;
    while read_whole(&mut reader, &mut frame)? {
        read += 1;
        let belongs = frame[8..16] == header[16..24];
        is_good = is_good && belongs && sum.goes_on(&frame);
        if is_good {
            good = read;
        }
        if belongs {
            last = read;
        }
    }
    Ok((last > good).then(|| {
        format!(
            "{} of {last} frames of the file beside it that ends in -wal are damaged or come after damage: what was \
             recorded last is missing",
            last - good
        )
    }))
}

/// Fills `buffer`; false if the file ends before.
fn read_whole(reader: &mut impl io::Read, buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The sum that goes from frame to frame.
struct Sum {
    is_big_endian: bool,
    sums: (u32, u32),
}

impl Sum {
    /// The sum after the header; none if the header is damaged.
    fn of_header(header: &[u8; HEADER_BYTES]) -> Option<Self> {
        let magic = number(header, 0);
        let mut sum = Self {
            is_big_endian: magic & 1 == 1,
            sums: (0, 0),
        };
        sum.add(&header[..24]);
        let is_good = magic & !1 == 0x377f_0682 && sum.sums == (number(header, 24), number(header, 28));
        is_good.then_some(sum)
    }

    /// Adds a frame; false if its own sum is another.
    fn goes_on(&mut self, frame: &[u8]) -> bool {
        self.add(&frame[..8]);
        self.add(&frame[FRAME_HEADER_BYTES..]);
        self.sums == (number(frame, 16), number(frame, 20))
    }

    fn add(&mut self, bytes: &[u8]) {
        for pair in bytes.chunks_exact(8) {
            let word = |at: usize| {
                let bytes = [pair[at], pair[at + 1], pair[at + 2], pair[at + 3]];
                if self.is_big_endian {
                    u32::from_be_bytes(bytes)
                } else {
                    u32::from_le_bytes(bytes)
                }
            };
            let (first, second) = (word(0), word(4));
            self.sums.0 = self.sums.0.wrapping_add(first).wrapping_add(self.sums.1);
            self.sums.1 = self.sums.1.wrapping_add(second).wrapping_add(self.sums.0);
        }
    }
}
