//! Python's JSON as JSON.
//!
//! `json.dumps` writes `NaN`, `Infinity` and lone surrogates, which RFC 8259
//! does not allow. They are replaced in a copy, only after strict parsing has failed.

/// `text` with non-finite numbers as `null` and lone surrogate escapes as U+FFFD.
/// None if there was nothing to replace.
pub fn repaired(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut changed = false;
    let mut rest = text;
    while let Some(index) = rest.find(['"', 'N', 'I', '-']) {
        out.push_str(&rest[..index]);
        rest = &rest[index..];
        if rest.starts_with('"') {
            let end = string_end(rest);
            changed |= push_string(&rest[..end], &mut out);
            rest = &rest[end..];
        } else if let Some(after) = ["NaN", "Infinity", "-Infinity"]
            .iter()
            .find_map(|name| rest.strip_prefix(name))
        {
            out.push_str("null");
            rest = after;
            changed = true;
        } else {
            out.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    changed.then_some(out)
}

/// Index after the closing quote of the string that `text` starts with.
fn string_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut index = 1;
    while index < bytes.len() {
        match bytes[index] {
            b'\\' => index += 2,
            b'"' => return index + 1,
            _ => index += 1,
        }
    }
    text.len()
}

/// Appends a string literal; true if a lone surrogate was replaced.
fn push_string(literal: &str, out: &mut String) -> bool {
    let mut changed = false;
    let mut rest = literal;
    while let Some(index) = rest.find('\\') {
        out.push_str(&rest[..index]);
        rest = &rest[index..];
        let length = match (surrogate(rest), rest.get(6..).and_then(surrogate)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(_), _) => {
                out.push_str("\\ufffd");
                rest = &rest[6..];
                changed = true;
                continue;
            }
            (None, _) => rest.chars().take(2).map(char::len_utf8).sum(),
        };
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out.push_str(rest);
    changed
}

/// The code unit if `text` starts with the escape of a surrogate.
fn surrogate(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u32::from_str_radix(digits, 16)
        .ok()
        .filter(|unit| (0xD800..=0xDFFF).contains(unit))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn python_only_values_become_json() {
        let cases = [
            (
                r#"{"a": NaN, "b": [-Infinity, Infinity, -1]}"#,
                Some(r#"{"a": null, "b": [null, null, -1]}"#),
            ),
            (r#"{"a": "NaN \" Infinity"}"#, None),
            (r#""\ud83d\ude00""#, None),
            (r#""\ud83d x \ude00""#, Some(r#""\ufffd x \ufffd""#)),
            (r#""\\ud83d""#, None),
            (r#"{"Name": -3}"#, None),
        ];
        for (text, expected) in cases {
            assert_eq!(repaired(text).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_safe(text in r#"["\\uDd8NaIinfty0-9é😀-]{0,60}"#) {
            if let Some(fixed) = repaired(&text) {
                prop_assert_ne!(&fixed, &text);
                prop_assert_eq!(repaired(&fixed), None);
            }
        }
    }
}
