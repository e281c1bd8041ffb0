//! Python's notions of space and words, and Django's way to cut a tag into words
//! (`django/utils/text.py`, `django/template/base.py`).

use super::TemplateError;
use crate::value::text::is_whitespace;

pub(crate) use crate::value::text::is_word_character as is_word;

/// `str.strip()`.
pub(crate) fn strip(text: &str) -> &str {
    text.trim_matches(is_whitespace)
}

/// Length of what `\w+` matches at the beginning of `text`.
pub(crate) fn word_length(text: &str) -> usize {
    text.find(|character| !is_word(character)).unwrap_or(text.len())
}

/// Length of the quoted string at the beginning of `text`, with its quotes; `None` if it is not closed.
pub(crate) fn quoted_length(text: &str) -> Option<usize> {
    let mut characters = text.char_indices();
    let (_, quote) = characters.next().filter(|&(_, character)| is_quote(character))?;
    while let Some((index, character)) = characters.next() {
        if character == quote {
            return Some(index + 1);
        }
        // An escaped line end closes nothing: Python's `.` does not match it.
        if character == '\\' && characters.next().is_none_or(|(_, escaped)| escaped == '\n') {
            return None;
        }
    }
    None
}

pub(crate) fn is_quote(character: char) -> bool {
    character == '"' || character == '\''
}

/// `smart_split`: words, with quoted phrases kept together.
pub(crate) fn smart_split(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut unclosed = Unclosed::default();
    let mut rest = text.trim_start_matches(is_whitespace);
    while !rest.is_empty() {
        let length = word_with_quotes(rest, &mut unclosed)
            .unwrap_or_else(|| rest.find(is_whitespace).unwrap_or(rest.len()));
        let (word, after) = rest.split_at(length);
        words.push(word);
        rest = after.trim_start_matches(is_whitespace);
    }
    words
}

/// Kinds of quotes of which no further one is closed.
///
/// Once a search for the closing quote reached the end, every later search for the same quote does too.
#[derive(Default)]
struct Unclosed {
    single: bool,
    double: bool,
}

/// Length of a word at the beginning of `text` that has at least one quoted phrase.
fn word_with_quotes(text: &str, unclosed: &mut Unclosed) -> Option<usize> {
    let plain = |text: &str| {
        text.find(|character: char| is_whitespace(character) || is_quote(character))
            .unwrap_or(text.len())
    };
    let mut length = plain(text);
    let mut phrases = 0;
    while let Some(quote) = text[length..]
        .chars()
        .next()
        .filter(|&character| is_quote(character))
    {
        let known = if quote == '"' {
            &mut unclosed.double
        } else {
            &mut unclosed.single
        };
        let phrase = if *known {
            None
        } else {
            quoted_length(&text[length..])
        };
        let Some(phrase) = phrase else {
            *known = true;
            break;
        };
        phrases += 1;
        length += phrase;
        length += plain(&text[length..]);
    }
    (phrases > 0).then_some(length)
}

/// `Token.split_contents`: [`smart_split`] with translated constants `_("…")` kept together.
///
/// # Errors
///
/// Python's `StopIteration` if a translated constant is not closed.
pub(crate) fn split_contents(contents: &str) -> Result<Vec<String>, TemplateError> {
    let mut bits = Vec::new();
    let mut words = smart_split(contents).into_iter();
    while let Some(word) = words.next() {
        let mut bit = word.to_owned();
        if word.starts_with("_(\"") || word.starts_with("_('") {
            let sentinel = &word[2..3];
            let closes = |word: &str| {
                word.strip_suffix(')')
                    .is_some_and(|word| word.ends_with(sentinel))
            };
            let mut last = word;
            while !closes(last) {
                last = words
                    .next()
                    .ok_or_else(|| TemplateError::new("StopIteration", ""))?;
                bit.push(' ');
                bit.push_str(last);
            }
        }
        bits.push(bit);
    }
    Ok(bits)
}

/// `unescape_string_literal`: the content of a quoted string; `None` if `text` is not one.
pub(crate) fn unquote(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|&character| is_quote(character))?;
    if !text.ends_with(quote) {
        return None;
    }
    let inner = text.get(1..text.len() - 1).unwrap_or_default();
    if !inner.contains('\\') {
        return Some(inner.to_owned());
    }
    Some(
        inner
            .replace(&format!("\\{quote}"), &quote.to_string())
            .replace("\\\\", "\\"),
    )
}

/// `get_text_list(…, "or")`.
pub(crate) fn alternatives(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
