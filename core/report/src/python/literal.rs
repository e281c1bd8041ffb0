//! Texts of a recording as Python source: nothing in them can end the literal, the comment or the name that they are in.

/// A string as a literal. What is no letter, digit or sign of the keyboard is escaped.
pub fn string(text: &str) -> String {
    let quote = if text.contains('"') && !text.contains('\'') {
        '\''
    } else {
        '"'
    };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if character == quote => {
                out.push('\\');
                out.push(quote);
            }
            _ if is_plain(character) => out.push(character),
            _ => escape(character, &mut out),
        }
    }
    out.push(quote);
    out
}

/// Bytes as a literal.
pub fn bytes(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 3);
    out.push_str("b'");
    for byte in bytes {
        match byte {
            b'\\' | b'\'' => {
                out.push('\\');
                out.push(char::from(*byte));
            }
            b' '..=b'~' => out.push(char::from(*byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('\'');
    out
}

/// Longest text in a remark, in characters.
const REMARK: usize = 200;

/// A text for a comment or a docstring: on one line, and nothing in it that ends either.
pub fn remark(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars().take(REMARK) {
        match character {
            '\n' | '\r' | '\t' => out.push(' '),
            // Three of them end a docstring, and a backslash takes the meaning of the next character.
            '"' => out.push('\''),
            '\\' => out.push('/'),
            _ if is_plain(character) => out.push(character),
            _ => out.push('?'),
        }
    }
    if text.chars().nth(REMARK).is_some() {
        out.push_str("...");
    }
    out
}

/// True if Python takes the text for a name, and a reader too: ASCII only.
pub fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !KEYWORDS.contains(&text)
}

/// A name that says what `text` does: letters, digits and underscores.
pub fn name_from(text: &str) -> String {
    const LONGEST: usize = 60;
    let kept = text.chars().take(LONGEST).map(|character| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' => character,
        _ => '_',
    });
    kept.collect::<String>().trim_matches('_').to_owned()
}

/// Letters and digits of any script, and what else is on a keyboard. Characters that turn the direction of what is read
/// or that nobody sees are none of these.
fn is_plain(character: char) -> bool {
    matches!(character, ' '..='~') || (character > '\u{a0}' && character.is_alphanumeric())
}

fn escape(character: char, out: &mut String) {
    let code = u32::from(character);
    out.push_str(&match code {
        0..=0xff => format!("\\x{code:02x}"),
        0x100..=0xffff => format!("\\u{code:04x}"),
        _ => format!("\\U{code:08x}"),
    });
}

const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_inside_their_literal() {
        for (text, expected) in [
            ("plain", "\"plain\""),
            ("it's", "\"it's\""),
            ("say \"x\"", "'say \"x\"'"),
            ("both ' and \"", "\"both ' and \\\"\""),
            ("a\\", "\"a\\\\\""),
            ("a\nb", "\"a\\nb\""),
            ("Käse", "\"Käse\""),
            ("\u{202e}evil", "\"\\u202eevil\""),
            ("\0\u{1f600}", "\"\\x00\\U0001f600\""),
        ] {
            assert_eq!(string(text), expected);
        }
        assert_eq!(bytes(b"a'\\\n\xff"), "b'a\\'\\\\\\x0a\\xff'");
    }

    #[test]
    fn remarks_stay_on_their_line() {
        assert_eq!(remark("a\nimport os"), "a import os");
        assert_eq!(remark("\"\"\" \\N"), "''' /N");
        assert_eq!(remark(&"x".repeat(300)).chars().count(), 203);
    }

    #[test]
    fn names_are_names() {
        for (text, expected) in [
            ("total", true),
            ("_x1", true),
            ("", false),
            ("1x", false),
            ("a b", false),
            ("class", false),
            ("ä", false),
        ] {
            assert_eq!(is_name(text), expected, "{text}");
        }
        assert_eq!(name_from("cart.add!"), "cart_add");
    }
}
