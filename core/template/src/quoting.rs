//! Quoting of URLs (`urllib.parse`).

use std::borrow::Cow;
use std::fmt::Write;

/// `quote()`: every byte but letters, digits, `_.-~` and those of `kept` as `%XX`.
pub fn quote(text: &str, kept: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        let is_kept = byte.is_ascii_alphanumeric()
            || matches!(byte, b'_' | b'.' | b'-' | b'~')
            || (byte.is_ascii() && kept.as_bytes().contains(&byte));
        if is_kept {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// `quote_plus()`.
pub fn quote_plus(text: &str) -> String {
    quote(text, " ").replace(' ', "+")
}

/// `unquote()`: what is not UTF-8 becomes a replacement character.
pub fn unquote(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        // Runs of ASCII are decoded by themselves.
        let end = rest.find(|c: char| !c.is_ascii()).unwrap_or(rest.len());
        let (ascii, after) = rest.split_at(end);
        out.push_str(&String::from_utf8_lossy(&unquoted_bytes(ascii)));
        let end = after.find(|c: char| c.is_ascii()).unwrap_or(after.len());
        out.push_str(&after[..end]);
        rest = &after[end..];
    }
    Cow::Owned(out)
}

fn unquoted_bytes(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let decoded = after.get(..2).filter(|_| byte == b'%').and_then(hexadecimal);
        out.push(decoded.unwrap_or(byte));
        rest = if decoded.is_some() { &after[2..] } else { after };
    }
    out
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let value = |digit: u8| char::from(digit).to_digit(16);
    let number = digits
        .iter()
        .try_fold(0, |number, digit| Some(number * 16 + value(*digit)?))?;
    u8::try_from(number).ok()
}
