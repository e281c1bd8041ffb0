//! Everything that is printed goes through here: texts of a recording, of a server and of file names may hold what
//! a terminal obeys.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};
use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter};

/// A line on standard output. What is done goes on when nobody reads it.
pub fn say(line: impl Display) {
    let _ = writeln!(io::stdout(), "{}", plain(&line.to_string()));
}

/// JSON on a line of standard output.
pub fn say_json(value: &impl Serialize) {
    let _ = writeln!(io::stdout(), "{}", json(value));
}

/// A line on standard error that says who says it.
macro_rules! note {
    ($($part:tt)*) => {
        $crate::terminal::error_line(&format!("djscope: {}", format_args!($($part)*)))
    };
}

pub(crate) use note;

/// A line on standard error as it is.
pub fn error_line(line: &str) {
    // Nobody is left to hear it if standard error is closed.
    let _ = writeln!(io::stderr().lock(), "{}", plain(line));
}

/// The text on one line, with nothing in it that a terminal obeys or that changes the order of what is read.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            _ if !is_obeyed(character) => out.push(character),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{ff}' => {
                let _ = write!(out, "\\x{:02x}", u32::from(character));
            }
            _ => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
            }
        }
    }
    Cow::Owned(out)
}

/// Control characters of both sets, and marks that turn the direction or break the line.
const fn is_obeyed(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// `value` as JSON on one line. Strings hold escapes where JSON would allow the characters themselves.
///
/// # Errors
///
/// If it cannot be written to `out`.
pub fn write_json(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(out, Plain(CompactFormatter));
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// The same as a text.
pub fn json(value: &impl Serialize) -> String {
    let mut out = Vec::new();
    // A value of serde_json is always JSON, and a vector takes all.
    let _ = write_json(&mut out, value);
    String::from_utf8_lossy(&out).into_owned()
}

struct Plain(CompactFormatter);

impl Formatter for Plain {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        // The lower control characters never come here: JSON itself escapes them.
        if fragment.bytes().all(|byte| byte < 0x7f) {
            return self.0.write_string_fragment(out, fragment);
        }
        let mut rest = fragment;
        while let Some((at, character)) = rest.char_indices().find(|(_, character)| is_obeyed(*character)) {
            self.0.write_string_fragment(out, &rest[..at])?;
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = &rest[at + character.len_utf8()..];
        }
        self.0.write_string_fragment(out, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVIL: &str = "a\x1b]0;title\x07\x1b[31mb\r\u{9b}2J\u{202e}c\u{2066}d\u{e0041}\n\u{7f}\u{2028}é→";

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert_eq!(
            plain(EVIL),
            "a\\x1b]0;title\\x07\\x1b[31mb\\r\\x9b2J\\u{202e}c\\u{2066}d\\u{e0041}\\n\\x7f\\u{2028}é→"
        );
        assert!(matches!(plain("nothing in it: é→"), Cow::Borrowed(_)));
        for character in (0..=0x0010_ffff).filter_map(char::from_u32) {
            let text = character.to_string();
            assert!(!plain(&text).chars().any(char::is_control), "{character:?}");
            let written = json(&serde_json::Value::String(text.clone()));
            assert!(!written.chars().any(char::is_control), "{character:?}");
            if character.is_control() || is_obeyed(character) {
                assert!(written.is_ascii(), "{character:?}: {written}");
                let read: String = serde_json::from_str(&written).unwrap();
                assert_eq!(read, text);
            }
        }
    }

    #[test]
    fn json_reads_back_as_it_was() {
        let value = serde_json::json!({EVIL: [EVIL, 1, null, {"a": EVIL}]});
        let text = json(&value);
        assert!(!text.chars().any(is_obeyed), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
