//! The head of a message: its first line and its fields, as the bytes that came (RFC 9112, sections 2 to 5).
//!
//! What is not quite in order is refused here. That does not stop it: it is
//! passed on unread, and the other side says what it makes of it.

use std::ops::Range;

/// A request or an answer without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    bytes: Vec<u8>,
    pub start: Start,
    /// Only in HTTP/1.1 a message may come in chunks.
    is_http_1_0: bool,
    fields: Vec<Field>,
}

/// What the first line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// `GET /path HTTP/1.1`
    Request { method: String, target: String },
    /// `HTTP/1.1 200 OK`
    Answer { status: u16 },
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    name: Range<usize>,
    value: Range<usize>,
}

/// Why a head is not read.
pub type Refusal = &'static str;

/// Reads a first line: what it says, and whether it is HTTP/1.0.
type FirstLine = fn(&[u8]) -> Result<(Start, bool), Refusal>;

impl Head {
    /// Reads the head of a request, with its empty line.
    pub fn request(bytes: Vec<u8>) -> Result<Self, (Refusal, Vec<u8>)> {
        Self::read(bytes, request_line)
    }

    /// Reads the head of an answer, with its empty line.
    pub fn answer(bytes: Vec<u8>) -> Result<Self, (Refusal, Vec<u8>)> {
        Self::read(bytes, status_line)
    }

    fn read(bytes: Vec<u8>, first: FirstLine) -> Result<Self, (Refusal, Vec<u8>)> {
        match parse(&bytes, first) {
            Ok((start, is_http_1_0, fields)) => Ok(Self {
                bytes,
                start,
                is_http_1_0,
                fields,
            }),
            Err(refusal) => Err((refusal, bytes)),
        }
    }

    /// The bytes, as they came or as they were changed.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub const fn is_http_1_0(&self) -> bool {
        self.is_http_1_0
    }

    /// Names in lower case and values, in order.
    pub fn pairs(&self) -> Vec<(String, String)> {
        self.fields
            .iter()
            .map(|field| {
                let name = String::from_utf8_lossy(&self.bytes[field.name.clone()]).to_ascii_lowercase();
                (name, self.text(field))
            })
            .collect()
    }

    /// The values of a field, in order. What is not UTF-8 in them is replaced.
    pub fn values(&self, name: &str) -> Vec<String> {
        self.named(name).map(|field| self.text(field)).collect()
    }

    /// The first value of a field; empty if there is none.
    pub fn value(&self, name: &str) -> String {
        self.named(name)
            .next()
            .map(|field| self.text(field))
            .unwrap_or_default()
    }

    pub fn has(&self, name: &str) -> bool {
        self.named(name).next().is_some()
    }

    /// Puts another value in the place of the only one of a field.
    pub fn replace(&mut self, name: &str, value: &str) {
        let mut named = self.named(name);
        let (Some(field), None) = (named.next().map(|field| field.value.clone()), named.next()) else {
            return;
        };
        drop(named);
        let (start, end) = (field.start, field.end);
        self.bytes.splice(field, value.bytes());
        let moved = |place: usize| {
            if place < end {
                place
            } else {
                place - (end - start) + value.len()
            }
        };
        for field in &mut self.fields {
            let is_it = field.value.start == start;
            field.name = moved(field.name.start)..moved(field.name.end);
            field.value = if is_it {
                start..start + value.len()
            } else {
                moved(field.value.start)..moved(field.value.end)
            };
        }
    }

    fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Field> {
        self.fields
            .iter()
            .filter(move |field| self.bytes[field.name.clone()].eq_ignore_ascii_case(name.as_bytes()))
    }

    fn text(&self, field: &Field) -> String {
        String::from_utf8_lossy(&self.bytes[field.value.clone()]).into_owned()
    }
}

type Parsed = (Start, bool, Vec<Field>);

fn parse(bytes: &[u8], first: FirstLine) -> Result<Parsed, Refusal> {
    // Empty lines may come before the first one.
    let mut at = bytes
        .iter()
        .take_while(|byte| matches!(byte, b'\r' | b'\n'))
        .count();
    let mut start = None;
    let mut fields = Vec::new();
    while let Some(length) = bytes[at..].iter().position(|byte| *byte == b'\n') {
        let line = at..at + length;
        at += length + 1;
        let Some((b'\r', text)) = bytes[line.clone()].split_last() else {
            return Err("a line ends without a carriage return");
        };
        if text.iter().any(|byte| matches!(byte, b'\r' | 0)) {
            return Err("a line has a carriage return or a zero in it");
        }
        if start.is_none() {
            start = Some(first(text)?);
        } else if !text.is_empty() {
            fields.push(field(text, line.start)?);
        }
    }
    let (start, is_http_1_0) = start.ok_or("it has no first line")?;
    Ok((start, is_http_1_0, fields))
}

fn field(line: &[u8], at: usize) -> Result<Field, Refusal> {
    let colon = line
        .iter()
        .position(|byte| *byte == b':')
        .ok_or("a field has no colon")?;
    if colon == 0 || !line[..colon].iter().copied().all(is_token) {
        return Err("the name of a field is none, or a field goes on in the next line");
    }
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let value = &line[colon + 1..];
    let before = value.iter().take_while(|byte| is_blank(byte)).count();
    let after = value[before..]
        .iter()
        .rev()
        .take_while(|byte| is_blank(byte))
        .count();
    let start = at + colon + 1 + before;
    Ok(Field {
        name: at..at + colon,
        value: start..at + line.len() - after,
    })
}

fn request_line(line: &[u8]) -> Result<(Start, bool), Refusal> {
    let mut words = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err("its first line is not that of a request");
    };
    if method.is_empty() || !method.iter().copied().all(is_token) {
        return Err("its method is not the name of one");
    }
    // Which other characters a path may have is for the server to say.
    if target.is_empty() || target.iter().any(u8::is_ascii_control) {
        return Err("its path has a control character in it");
    }
    let start = Start::Request {
        method: String::from_utf8_lossy(method).into_owned(),
        target: String::from_utf8_lossy(target).into_owned(),
    };
    Ok((start, is_1_0(version)?))
}

fn status_line(line: &[u8]) -> Result<(Start, bool), Refusal> {
    let mut words = line.splitn(3, |byte| *byte == b' ');
    let (version, status) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_1_0 = is_1_0(version)?;
    let status = std::str::from_utf8(status)
        .ok()
        .filter(|status| status.len() == 3)
        .and_then(|status| status.parse().ok())
        .filter(|status| (100..1000).contains(status))
        .ok_or("its status is not a number of three digits")?;
    Ok((Start::Answer { status }, is_1_0))
}

fn is_1_0(version: &[u8]) -> Result<bool, Refusal> {
    match version {
        b"HTTP/1.1" => Ok(false),
        b"HTTP/1.0" => Ok(true),
        _ => Err("it is not HTTP/1.0 or HTTP/1.1"),
    }
}

const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}
