//! Character references of which the meaning does not depend on what surrounds them.

use html5ever::data::NAMED_ENTITIES;

/// What stands for the characters of `text` that are references; `None` if one has to be left to the reference parser.
///
/// HTML Living Standard, 13.2.5.72: a reference without a semicolon, or to a character that has to be replaced, has
/// rules of its own.
pub(super) fn decode(text: &str, in_attribute: bool, out: &mut String) -> Option<()> {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let length = after
            .bytes()
            .enumerate()
            .take_while(|&(index, byte)| byte.is_ascii_alphanumeric() || (index == 0 && byte == b'#'))
            .count();
        let name = &after[..length];
        let next = after.as_bytes().get(length);
        rest = match (name, next) {
            // An ampersand that starts nothing.
            ("", _) => {
                out.push('&');
                after
            }
            (_, Some(b';')) => {
                decode_one(name, out)?;
                &after[length + 1..]
            }
            // As in `?a=1&b=2`.
            (_, Some(b'=')) if in_attribute && !name.starts_with('#') => {
                out.push('&');
                after
            }
            _ => return None,
        };
    }
    out.push_str(rest);
    Some(())
}

fn decode_one(name: &str, out: &mut String) -> Option<()> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        let is_replaced = code == 0 || (0x80..=0x9f).contains(&code);
        out.push(char::from_u32(code).filter(|_| !is_replaced)?);
        return Some(());
    }
    let common = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "nbsp" => '\u{a0}',
        _ => {
            let &(first, second) = NAMED_ENTITIES.get(&format!("{name};"))?;
            out.push(char::from_u32(first).filter(|&first| first != '\0')?);
            if second != 0 {
                out.push(char::from_u32(second)?);
            }
            return Some(());
        }
    };
    out.push(common);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        let cases = [
            ("a & b", Some("a & b")),
            ("&amp;&lt;&#x27;&#39;&nbsp;", Some("&<''\u{a0}")),
            ("&hellip;&NotEqualTilde;", Some("…\u{2242}\u{338}")),
            ("&amp", None),
            ("&copy2", None),
            ("&#0;", None),
            ("&#x80;", None),
            ("&#xd800;", None),
            ("&#99999999999;", None),
            ("&nosuch;", None),
            ("&#;", None),
        ];
        for (text, expected) in cases {
            let mut out = String::new();
            let decoded = decode(text, false, &mut out).map(|()| out.as_str());
            assert_eq!(decoded, expected, "{text}");
        }
        let mut out = String::new();
        assert_eq!(decode("?a=1&b=2&amp;c=3", true, &mut out), Some(()));
        assert_eq!(out, "?a=1&b=2&c=3");
    }
}
