//! Secrets in `multipart/form-data` (RFC 7578) and its relatives.

use memchr::memmem;

use super::Redactor;
use super::bodies::{self, Content};
use super::encodings;
use super::marks::MARK;
use super::names::Place;

/// Goes through the parts of a multipart body. Line ends may be bare, names unquoted, and a preamble may come first.
pub fn redact(redactor: &mut Redactor, bytes: &[u8], media_type: &str) -> Content {
    let Some(delimiter) = delimiter(bytes, media_type) else {
        return Content::Unreadable;
    };
    let mut out = Vec::with_capacity(bytes.len());
    let mut has_changed = false;
    let mut at = 0;
    while let Some(found) = memmem::find(&bytes[at..], &delimiter).map(|found| at + found) {
        has_changed |= part(redactor, &bytes[at..found], &mut out);
        out.extend_from_slice(&delimiter);
        at = found + delimiter.len();
    }
    has_changed |= part(redactor, &bytes[at..], &mut out);
    if has_changed {
        Content::Redacted(out)
    } else {
        Content::Clean
    }
}

/// `--` and the boundary as it stands in the body; the header may have been written in another case.
fn delimiter(bytes: &[u8], media_type: &str) -> Option<Vec<u8>> {
    let at = media_type.to_ascii_lowercase().find("boundary")?;
    let value = media_type[at + "boundary".len()..]
        .trim_start()
        .strip_prefix('=')?
        .trim_start();
    let boundary = match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => value.split([';', ' ']).next()?,
    };
    let delimiter = format!("--{boundary}").into_bytes();
    (!boundary.is_empty() && memmem::find(bytes, &delimiter).is_some()).then_some(delimiter)
}

/// Writes one part, from behind the delimiter, without its secrets; true if it had some.
fn part(redactor: &mut Redactor, part: &[u8], out: &mut Vec<u8>) -> bool {
    let heads = [&b"\r\n\r\n"[..], b"\n\n", b"\r\r"];
    let end = heads
        .iter()
        .filter_map(|sign| memmem::find(part, sign).map(|at| at + sign.len()))
        .min();
    let (head, content) = part.split_at(end.unwrap_or(0));
    let trailing = content
        .iter()
        .rev()
        .take(2)
        .take_while(|byte| matches!(byte, b'\r' | b'\n'))
        .count();
    let (content, trailing) = content.split_at(content.len() - trailing);
    out.extend_from_slice(head);
    let text = String::from_utf8_lossy(head);
    let strength = name(&text).and_then(|name| redactor.scanner.strength(&name, Place::Anywhere));
    let clean = match strength.filter(|_| !content.is_empty() && !content.starts_with(MARK.as_bytes())) {
        Some(strength) => {
            let secret = String::from_utf8_lossy(content).into_owned();
            redactor.learn(&secret, strength);
            Some(redactor.marks.of_text(&secret).into_bytes())
        }
        None => match bodies::content(redactor, content, &content_type(&text)) {
            Content::Clean => None,
            Content::Redacted(bytes) => Some(bytes),
            Content::Unreadable => {
                Some(format!("[left out: {} bytes that are no text]", content.len()).into_bytes())
            }
        },
    };
    let has_changed = clean.is_some();
    out.extend_from_slice(clean.as_deref().unwrap_or(content));
    out.extend_from_slice(trailing);
    has_changed
}

/// The parameter `name` of `Content-Disposition`, quoted or not, or encoded as in RFC 8187.
fn name(head: &str) -> Option<String> {
    let lower = head.to_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = lower[from..].find("name").map(|at| from + at) {
        from = at + 4;
        let is_whole = !lower[..at].ends_with(|character: char| character.is_ascii_alphanumeric());
        let rest = head[from..].trim_start();
        let rest = rest.strip_prefix('*').unwrap_or(rest).trim_start();
        let Some(value) = rest.strip_prefix('=').filter(|_| is_whole).map(str::trim_start) else {
            continue;
        };
        let value = match value.chars().next()? {
            quote @ ('"' | '\'') => value[1..].split(quote).next()?,
            _ => value.split([';', '\r', '\n']).next()?.trim(),
        };
        let value = value.rsplit("''").next().unwrap_or(value);
        return Some(encodings::percent_decoded(value));
    }
    None
}

fn content_type(head: &str) -> String {
    let line = head
        .lines()
        .find(|line| line.to_ascii_lowercase().trim_start().starts_with("content-type"));
    line.and_then(|line| line.split_once(':'))
        .map_or_else(String::new, |(_, value)| value.trim().to_owned())
}
