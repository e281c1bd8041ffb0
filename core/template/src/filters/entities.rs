//! Character references of HTML, as Python's `html.unescape` replaces them.

use std::borrow::Cow;

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};

/// The most characters of a name.
const MAX_NAME: usize = 32;

/// Replaces character references, also those without a semicolon.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        rest = push_reference(after, &mut out);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Appends what the reference behind an `&` stands for; gives the text behind it.
fn push_reference<'a>(text: &'a str, out: &mut String) -> &'a str {
    if let Some(number) = text.strip_prefix('#') {
        return push_number(number, out).unwrap_or_else(|| {
            out.push('&');
            text
        });
    }
    let is_name = |c: char| !matches!(c, '\t' | '\n' | '\x0c' | ' ' | '<' | '&' | '#' | ';');
    let mut length = text
        .chars()
        .take_while(|c| is_name(*c))
        .take(MAX_NAME)
        .map(char::len_utf8)
        .sum();
    if length == 0 {
        out.push('&');
        return text;
    }
    if text[length..].starts_with(';') {
        length += 1;
    }
    let name = &text[..length];
    // The name itself, or the longest beginning of it with two characters at least.
    let ends = name.char_indices().skip(2).map(|(end, _)| end).chain([length]);
    for end in ends.collect::<Vec<_>>().into_iter().rev() {
        if push_named(&name[..end], out) {
            return &text[end..];
        }
    }
    out.push('&');
    text
}

fn push_named(name: &str, out: &mut String) -> bool {
    // The table also holds the beginnings of names, which stand for nothing.
    match NAMED_ENTITIES.get(name) {
        Some(&(first, second)) if first != 0 => {
            out.extend(char::from_u32(first));
            out.extend(char::from_u32(second).filter(|_| second != 0));
            true
        }
        _ => false,
    }
}

fn push_number<'a>(text: &'a str, out: &mut String) -> Option<&'a str> {
    let (digits, radix) = match text.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    let length = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    if length == 0 {
        return None;
    }
    let (digits, rest) = digits.split_at(length);
    // More than fits is more than there are characters.
    out.extend(character(u32::from_str_radix(digits, radix).unwrap_or(u32::MAX)));
    Some(rest.strip_prefix(';').unwrap_or(rest))
}

/// The character of a number; `None` if it stands for nothing.
fn character(number: u32) -> Option<char> {
    match number {
        0x80..=0x9f => {
            let replacement = usize::try_from(number - 0x80)
                .ok()
                .and_then(|index| C1_REPLACEMENTS.get(index));
            replacement.copied().flatten().or(char::from_u32(number))
        }
        0x0d => Some('\r'),
        1..=8 | 0x0b | 0x0e..=0x1f | 0x7f | 0xfdd0..=0xfdef => None,
        0 | 0xd800..=0xdfff | 0x0011_0000.. => Some('\u{fffd}'),
        _ if number & 0xfffe == 0xfffe => None,
        _ => char::from_u32(number),
    }
}
