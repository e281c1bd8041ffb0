//! Character references, as the regular expressions of Python's `html.parser` find them.

/// The length of `&#…` without its terminator, if it has one.
pub(super) fn numeric_reference(text: &str) -> Option<usize> {
    let digits = &text[2..];
    let (prefix, is_digit): (usize, fn(char) -> bool) = match digits.strip_prefix(['x', 'X']) {
        Some(_) => (1, |c| c.is_ascii_hexdigit()),
        None => (0, |c| c.is_ascii_digit()),
    };
    let digits = &digits[prefix..];
    let length = digits.find(|c| !is_digit(c))?;
    let is_terminated = !digits[length..].starts_with(|c: char| c.is_ascii_hexdigit());
    (length > 0 && is_terminated).then_some(2 + prefix + length)
}

/// The length of `&…` without its terminator, if it has one. A hyphen or a point in the name may be the terminator.
pub(super) fn named_reference(text: &str) -> Option<usize> {
    let name = &text[1..];
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let length = match name.find(|c| !is_name(c)) {
        Some(length) => length,
        None => name.rfind(['-', '.'])?,
    };
    Some(1 + length)
}
