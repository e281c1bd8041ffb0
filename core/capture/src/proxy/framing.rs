//! Where a body ends (RFC 9112, sections 6 and 7).

use super::head::{Head, Refusal, Start};

/// How the end of a body is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    Empty,
    /// After so many bytes.
    Length(u64),
    /// After a chunk of length zero and its trailers.
    Chunked(Chunks),
    /// With the connection.
    UntilEnd,
}

impl Framing {
    /// The body of a request. What could be read in two ways is refused.
    pub fn of_request(head: &Head) -> Result<Self, Refusal> {
        if !head.has("transfer-encoding") {
            return Ok(length(head)?.unwrap_or(Self::Empty));
        }
        match chunked(head)? {
            true => Ok(Self::Chunked(Chunks::default())),
            false => Err("its Transfer-Encoding does not end with chunked"),
        }
    }

    /// The body of the answer to a request with `method`.
    pub fn of_answer(head: &Head, method: &str) -> Result<Self, Refusal> {
        let Start::Answer { status } = head.start else {
            return Err("it is no answer");
        };
        if method == "HEAD" || matches!(status, 100..=199 | 204 | 304) {
            return Ok(Self::Empty);
        }
        if method == "CONNECT" && (200..300).contains(&status) {
            return Err("it opens a tunnel");
        }
        if !head.has("transfer-encoding") {
            return Ok(length(head)?.unwrap_or(Self::UntilEnd));
        }
        Ok(match chunked(head)? {
            true => Self::Chunked(Chunks::default()),
            false => Self::UntilEnd,
        })
    }
}

/// Whether the last coding is `chunked`, which may be there once.
fn chunked(head: &Head) -> Result<bool, Refusal> {
    if head.has("content-length") {
        return Err("it has both Transfer-Encoding and Content-Length");
    }
    if head.is_http_1_0() {
        return Err("it is HTTP/1.0 and has a Transfer-Encoding");
    }
    let all = head.values("transfer-encoding").join(",");
    let codings: Vec<String> = all
        .split(',')
        .map(|coding| coding.trim().to_ascii_lowercase())
        .collect();
    match codings.iter().position(|coding| coding == "chunked") {
        Some(at) if at + 1 == codings.len() => Ok(true),
        Some(_) => Err("its Transfer-Encoding goes on after chunked"),
        None => Ok(false),
    }
}

fn length(head: &Head) -> Result<Option<Framing>, Refusal> {
    let values = head.values("content-length");
    let value = match values.as_slice() {
        [] => return Ok(None),
        [value] => value,
        _ => return Err("it has more than one Content-Length"),
    };
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let length: u64 = value
        .parse()
        .ok()
        .filter(|_| is_number)
        .ok_or("its Content-Length is not a number")?;
    Ok(Some(if length == 0 {
        Framing::Empty
    } else {
        Framing::Length(length)
    }))
}

/// Where in a body of chunks the next byte stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunks {
    place: Place,
    /// Of the chunk that begins, or what is left of it.
    size: u64,
    digits: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Size,
    BlankAfterSize,
    Extension,
    SizeLineFeed,
    Data,
    DataReturn,
    DataLineFeed,
    TrailerStart,
    Trailer,
    TrailerLineFeed,
    LastLineFeed,
    End,
}

/// What the next bytes of a body of chunks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// So many bytes of content.
    Content(usize),
    /// So many bytes around it; then the body ends, or more content comes.
    Frame { bytes: usize, is_end: bool },
}

impl Chunks {
    /// Longest size in digits; more would not fit into 64 bits.
    const MAX_DIGITS: u8 = 15;

    /// Reads the first part of `input`, which is not empty.
    pub fn read(&mut self, input: &[u8]) -> Result<Part, Refusal> {
        if self.place == Place::Data {
            let length = usize::try_from(self.size).unwrap_or(usize::MAX).min(input.len());
            self.size -= length as u64;
            if self.size == 0 {
                self.place = Place::DataReturn;
            }
            return Ok(Part::Content(length));
        }
        for (index, byte) in input.iter().enumerate() {
            self.place = self.step(*byte)?;
            if matches!(self.place, Place::Data | Place::End) {
                return Ok(Part::Frame {
                    bytes: index + 1,
                    is_end: self.place == Place::End,
                });
            }
        }
        Ok(Part::Frame {
            bytes: input.len(),
            is_end: false,
        })
    }

    fn step(&mut self, byte: u8) -> Result<Place, Refusal> {
        Ok(match (self.place, byte) {
            (Place::Size, _) if byte.is_ascii_hexdigit() => {
                if self.digits == Self::MAX_DIGITS {
                    return Err("the size of a chunk is too large");
                }
                self.digits += 1;
                let digit = char::from(byte).to_digit(16).unwrap_or(0);
                self.size = self.size * 16 + u64::from(digit);
                Place::Size
            }
            (Place::Size, b'\r' | b';' | b' ' | b'\t') if self.digits == 0 => {
                return Err("a chunk has no size");
            }
            (Place::Size | Place::BlankAfterSize | Place::Extension, b'\r') => Place::SizeLineFeed,
            (Place::Size | Place::BlankAfterSize, b';') => Place::Extension,
            (Place::Size | Place::BlankAfterSize, b' ' | b'\t') => Place::BlankAfterSize,
            (Place::Extension, byte) if byte != b'\n' => Place::Extension,
            (Place::SizeLineFeed, b'\n') => {
                self.digits = 0;
                if self.size == 0 {
                    Place::TrailerStart
                } else {
                    Place::Data
                }
            }
            (Place::DataReturn, b'\r') => Place::DataLineFeed,
            (Place::DataLineFeed, b'\n') => Place::Size,
            (Place::TrailerStart, b'\r') => Place::LastLineFeed,
            (Place::Trailer, b'\r') => Place::TrailerLineFeed,
            (Place::TrailerStart | Place::Trailer, byte) if byte != b'\n' => Place::Trailer,
            (Place::TrailerLineFeed, b'\n') => Place::TrailerStart,
            (Place::LastLineFeed, b'\n') => Place::End,
            _ => return Err("its chunks are not in order"),
        })
    }
}
