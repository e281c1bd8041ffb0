//! Where tags end, as the regular expressions of Python's `html.parser` find it.

use crate::value::text::is_whitespace;

/// Where a start tag ends that begins at `at`; `None` if it does not.
pub(super) fn end_of_start_tag(text: &str, at: usize) -> Option<usize> {
    let name_end = end_of_name(text, at + 1);
    let mut end = skip(text, name_end, |c| c == '/' || is_whitespace(c));
    while let Some(next) = end_of_attribute(text, end) {
        end = next;
    }
    end = skip(text, end, is_whitespace);
    match text[end..].chars().next()? {
        '>' => Some(end + 1),
        '/' => text[end..].starts_with("/>").then_some(end + 2),
        '=' => None,
        c if c.is_ascii_alphabetic() => None,
        _ => Some(end),
    }
}

/// The name of a tag at `at`, and where its attributes may begin.
pub(super) fn end_of_tag_name(text: &str, at: usize) -> (&str, usize) {
    let name_end = end_of_name(text, at);
    (&text[at..name_end], skip_separators(text, name_end))
}

/// What is left of a start tag behind its attributes.
pub(super) fn rest_after_attributes(text: &str, from: usize, end: usize) -> &str {
    let mut at = from;
    while at < end {
        let Some(next) = end_of_attribute(text, at) else {
            break;
        };
        at = next;
    }
    text.get(at..end).unwrap_or_default()
}

fn end_of_name(text: &str, at: usize) -> usize {
    skip(text, at, |c| {
        !matches!(c, '\t' | '\n' | '\r' | '\x0c' | ' ' | '/' | '>' | '\0')
    })
}

/// Behind all characters of a kind.
fn skip(text: &str, at: usize, is_kind: impl Fn(char) -> bool) -> usize {
    text[at..]
        .find(|c| !is_kind(c))
        .map_or(text.len(), |length| at + length)
}

/// Behind whitespace and slashes, but for the slash of `/>`.
fn skip_separators(text: &str, at: usize) -> usize {
    let end = skip(text, at, |c| c == '/' || is_whitespace(c));
    let is_end_of_tag = text[end..].starts_with('>') && text[at..end].ends_with('/');
    if is_end_of_tag { end - 1 } else { end }
}

/// Behind an attribute and what separates it from the next. It begins behind a quote, whitespace or a slash.
fn end_of_attribute(text: &str, at: usize) -> Option<usize> {
    let before = text[..at].chars().next_back()?;
    if !matches!(before, '\'' | '"' | '/') && !is_whitespace(before) {
        return None;
    }
    let first = text[at..].chars().next()?;
    if matches!(first, '/' | '>') || is_whitespace(first) {
        return None;
    }
    let name_end = skip(text, at + first.len_utf8(), |c| {
        !matches!(c, '/' | '=' | '>') && !is_whitespace(c)
    });
    let value_end = end_of_value(text, name_end).unwrap_or(name_end);
    Some(skip_separators(text, value_end))
}

/// Behind `= value`. A quote that is not closed is no value: then an empty one is read before it, from the whitespace
/// or from one of several equals signs, if there are.
fn end_of_value(text: &str, at: usize) -> Option<usize> {
    let sign = skip(text, at, is_whitespace);
    let behind_sign = skip(text, sign, |c| c == '=');
    if behind_sign == sign {
        return None;
    }
    let start = skip(text, behind_sign, is_whitespace);
    let bare_end = |from: usize| skip(text, from, |c| c != '>' && !is_whitespace(c));
    let Some(quote) = text[start..].chars().next().filter(|c| matches!(c, '\'' | '"')) else {
        return Some(bare_end(start));
    };
    if let Some(length) = text[start + 1..].find(quote) {
        return Some(start + 1 + length + 1);
    }
    if start > behind_sign {
        return Some(start);
    }
    (behind_sign > sign + 1).then(|| bare_end(behind_sign - 1))
}

/// Where the end tag of an element with raw content stands.
pub(super) fn find_end_tag(text: &str, from: usize, element: &str) -> Option<usize> {
    let mut at = from;
    while let Some(found) = text[at..].find("</") {
        let start = at + found;
        let name = text[start + 2..].trim_start_matches(is_whitespace);
        let is_element = name
            .get(..element.len())
            .is_some_and(|name| name.eq_ignore_ascii_case(element));
        if is_element
            && name[element.len()..]
                .trim_start_matches(is_whitespace)
                .starts_with('>')
        {
            return Some(start);
        }
        at = start + 2;
    }
    None
}

/// Name and end of an end tag without anything but its name.
pub(super) fn plain_end_tag(text: &str, at: usize) -> Option<(&str, usize)> {
    let rest = text[at + 2..].trim_start_matches(is_whitespace);
    if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '_');
    let (name, rest) = rest.split_at(rest.find(|c| !is_name(c)).unwrap_or(rest.len()));
    let rest = rest.trim_start_matches(is_whitespace).strip_prefix('>')?;
    Some((name, text.len() - rest.len()))
}
