//! How one value can be written in URLs, HTML, JSON, Python and base64: to read what a name says, and to find a value again.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// `text` without percent encoding (RFC 3986, section 2.1); what is not UTF-8 afterwards stays as it is.
pub fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let code = (byte == b'%')
            .then(|| {
                text.get(at + 1..at + 3)
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            })
            .flatten();
        out.push(code.unwrap_or(byte));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// `text` without the character references that markup needs: the five of XML, and numbers.
pub fn html_decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match reference(rest) {
            Some((character, length)) => {
                out.push(character);
                rest = &rest[length..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The character of the reference that `text` begins with, and the length of the reference in bytes.
fn reference(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(12).position(|byte| byte == b';')?;
    let name = &text[1..end];
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "equals" => '=',
        "colon" => ':',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((character, end + 1))
}

/// `text` without the escapes of JSON and Python strings.
pub fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some(kind @ ('x' | 'u' | 'U')) => {
                let length = match kind {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let digits = characters.as_str().get(..length);
                let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                match code.and_then(char::from_u32) {
                    Some(decoded) => {
                        out.push(decoded);
                        characters = characters.as_str()[length..].chars();
                    }
                    None => out.extend(['\\', kind]),
                }
            }
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out
}

/// `text` without any of the encodings that it shows signs of.
pub fn decoded(text: &str) -> String {
    let mut out = text.to_owned();
    if out.contains('\\') {
        out = unescaped(&out);
    }
    if out.contains('&') {
        out = html_decoded(&out);
    }
    if out.contains('%') {
        out = percent_decoded(&out);
    }
    out
}

/// `text` with its codes read (`%6b`, `&#107;`, `\u006b`, `\x6b`), and where each byte of it stood. None if no letter or
/// digit is written as a code: other codes are the ways of a format, see [`spellings`].
pub fn codes_read(text: &[u8]) -> Option<(Vec<u8>, Vec<usize>)> {
    let is_letter = |at: usize| code(&text[at..]).is_some_and(|(read, _)| read.is_ascii_alphanumeric());
    memchr::memchr3_iter(b'%', b'&', b'\\', text).find(|at| is_letter(*at))?;
    let mut read = Vec::with_capacity(text.len());
    let mut places = Vec::with_capacity(text.len() + 1);
    let mut at = 0;
    while at < text.len() {
        let length = match code(&text[at..]) {
            Some((Read::Byte(byte), length)) => {
                read.push(byte);
                length
            }
            Some((Read::Character(character), length)) => {
                read.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                length
            }
            None => {
                read.push(text[at]);
                1
            }
        };
        places.resize(read.len(), at);
        at += length;
    }
    places.push(at);
    Some((read, places))
}

/// What a code stands for.
#[derive(Clone, Copy)]
enum Read {
    /// One of the bytes of UTF-8: percent encoding writes them one by one.
    Byte(u8),
    /// Everything else writes characters.
    Character(char),
}

impl Read {
    const fn is_ascii_alphanumeric(self) -> bool {
        match self {
            Self::Byte(byte) => byte.is_ascii_alphanumeric(),
            Self::Character(character) => character.is_ascii_alphanumeric(),
        }
    }
}

/// What the code stands for that `text` begins with, and the length of the code in bytes.
fn code(text: &[u8]) -> Option<(Read, usize)> {
    let in_hex = |digits: Option<&[u8]>| u8::from_str_radix(std::str::from_utf8(digits?).ok()?, 16).ok();
    let character = |byte: u8| Read::Character(char::from(byte));
    match text {
        [b'%', digits @ ..] => in_hex(digits.get(..2)).map(|byte| (Read::Byte(byte), 3)),
        [b'\\', b'x', digits @ ..] => in_hex(digits.get(..2)).map(|byte| (character(byte), 4)),
        [b'\\', b'u', b'0', b'0', digits @ ..] => in_hex(digits.get(..2)).map(|byte| (character(byte), 6)),
        [b'&', ..] => {
            let beginning = text[..text.len().min(10)].utf8_chunks().next()?.valid();
            reference(beginning).map(|(character, length)| (Read::Character(character), length))
        }
        _ => None,
    }
}

/// Other ways in which `value` may be written, without the value itself. Base64 is apart, see [`in_base64`].
pub fn spellings(value: &str) -> Vec<String> {
    let mut found: Vec<String> = vec![value.to_owned()];
    // Two steps: JSON inside HTML, HTML inside JSON, a URL inside either.
    for _ in 0..2 {
        for known in found.clone() {
            for write in [
                percent_encoded,
                form_encoded,
                html_encoded,
                html_encoded_in_decimal,
                json_encoded,
                ascii_json_encoded,
                repr_encoded,
            ] {
                let next = write(&known);
                if !found.contains(&next) && found.len() < 24 {
                    found.push(next);
                }
            }
        }
    }
    found.remove(0);
    found
}

/// What any base64 of a text that holds `value` holds: one piece for each of the three positions at which `value` can begin.
pub fn in_base64(value: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(value);
        // The first and last characters depend on the neighbours as well.
        let from = [0, 2, 3][before];
        let to = bytes.len() * 8 / 6;
        for text in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            let piece = text.get(from..to).unwrap_or_default().to_owned();
            if !found.contains(&piece) {
                found.push(piece);
            }
        }
    }
    found
}

/// The bytes of base64 in either alphabet, with or without padding.
pub fn base64_decoded(text: &str) -> Option<Vec<u8>> {
    let standard: String = text
        .trim_end_matches('=')
        .chars()
        .map(|character| match character {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    STANDARD_NO_PAD
        .decode(standard)
        .or_else(|_| STANDARD.decode(text))
        .ok()
}

fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn form_encoded(text: &str) -> String {
    percent_encoded(text).replace("%20", "+")
}

fn html_encoded(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#x27;")
}

fn html_encoded_in_decimal(text: &str) -> String {
    html_encoded(text)
        .replace("&#x27;", "&#39;")
        .replace("&quot;", "&#34;")
}

fn json_encoded(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    quoted[1..quoted.len().max(2) - 1].to_owned()
}

fn ascii_json_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in json_encoded(text).chars() {
        if character.is_ascii() {
            out.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

fn repr_encoded(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('\'', "\\'")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decoding() {
        assert_eq!(percent_decoded("user%5Bpass%77ord%5D"), "user[password]");
        assert_eq!(percent_decoded("100%"), "100%");
        assert_eq!(html_decoded("&#112;ass&quot;&#x27;&amp;&nope;"), "pass\"'&&nope;");
        assert_eq!(unescaped(r#"a\"b\u0041\x42\\"#), "a\"bAB\\");
    }

    #[test]
    fn letters_written_as_codes_are_read() {
        let (read, places) = codes_read(br"a%6b&#107;c\u0041%20\xe9&amp;").unwrap();
        assert_eq!(read, "akkcA é&".as_bytes());
        assert_eq!(places, [0, 1, 4, 10, 11, 17, 20, 20, 24, 29]);
        assert_eq!(codes_read(br"a%20b &amp; \n 100% &#38;"), None);
    }

    proptest! {
        #[test]
        fn a_value_is_found_in_any_base64(before in ".{0,8}", value in "[ -~]{8,20}", after in ".{0,8}") {
            let whole = format!("{before}{value}{after}");
            for text in [STANDARD.encode(&whole), URL_SAFE_NO_PAD.encode(&whole)] {
                prop_assert!(in_base64(value.as_bytes()).iter().any(|piece| text.contains(piece.as_str())));
            }
        }

        #[test]
        fn decoding_never_fails(text in r#"(%|&|\\|[0-9a-fx;#u]|é|;){0,20}"#) {
            let _ = decoded(&text);
        }
    }
}
