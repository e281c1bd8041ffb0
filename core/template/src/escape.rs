//! HTML escaping, as `django.utils.html` does it (<https://docs.djangoproject.com/en/5.2/ref/utils/#django.utils.html.escape>).

use std::borrow::Cow;

use crate::value::Value;

/// What stands for a character that HTML gives a meaning to.
const fn entity(byte: u8) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'"' => Some("&quot;"),
        b'\'' => Some("&#x27;"),
        _ => None,
    }
}

/// Which bytes have to be escaped, by their value.
const SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte as usize] = entity(byte).is_some();
        byte += 1;
    }
    table
};

fn is_special(byte: u8) -> bool {
    SPECIAL[usize::from(byte)]
}

/// Escapes a text; borrowed if there is nothing to escape.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(is_special) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + text.len() / 8 + 8);
    escape_into(text, &mut out);
    Cow::Owned(out)
}

/// Appends a text, escaped.
pub fn escape_into(text: &str, out: &mut String) {
    let mut written = 0;
    for (at, byte) in text.bytes().enumerate().filter(|(_, byte)| is_special(*byte)) {
        out.push_str(&text[written..at]);
        out.push_str(entity(byte).unwrap_or_default());
        written = at + 1;
    }
    out.push_str(&text[written..]);
}

/// Appends a text, escaped or as it is.
pub(crate) fn push(text: &str, escapes: bool, out: &mut String) {
    if escapes {
        escape_into(text, out);
    } else {
        out.push_str(text);
    }
}

/// What stands for a value in HTML: a `SafeString` as it is, everything else printed and escaped.
pub fn conditional_escape(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Safe(text) => Cow::Borrowed(text),
        Value::Str(text) => escape(text),
        _ => {
            let text = value.to_str().into_owned();
            match escape(&text) {
                Cow::Borrowed(_) => Cow::Owned(text),
                Cow::Owned(escaped) => Cow::Owned(escaped),
            }
        }
    }
}

/// Appends what stands for a value in HTML.
pub fn conditional_escape_into(value: &Value, out: &mut String) {
    match value {
        Value::Safe(text) => out.push_str(text),
        Value::Str(text) => escape_into(text, out),
        // Numbers have nothing to escape.
        Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) => value.write_str(out),
        _ => escape_into(&value.to_str(), out),
    }
}
