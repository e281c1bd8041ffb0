//! `urlize` and `urlizetrunc`: addresses in a text as links.

use std::borrow::Cow;

use super::entities::unescape;
use super::url::smart_quote;
use super::{Call, FilterError};
use crate::emails::is_email;
use crate::escape::{escape_into, push};
use crate::quoting::quote;
use crate::value::Value;
use crate::value::text::{is_whitespace, is_word_character};

/// A longer word is no URL.
const MAX_URL: usize = 2048;
/// What ends a sentence is no part of an address.
const TRAILING: [char; 5] = ['.', ',', ':', ';', '!'];
const TRAILING_WITHOUT_SEMICOLON: [char; 4] = ['.', ',', ':', '!'];
/// The ends by which a name without a scheme is taken for a URL.
const TOP_LEVEL: [&str; 7] = ["com", "edu", "gov", "int", "mil", "net", "org"];

/// `urlize`.
pub(super) fn urlize(call: &Call<'_>) -> Result<Value, FilterError> {
    Ok(link_all(call, None))
}

/// `urlizetrunc`: what is shown of an address has at most so many characters.
pub(super) fn urlizetrunc(call: &Call<'_>) -> Result<Value, FilterError> {
    let limit = usize::try_from(call.length_argument()?).unwrap_or(0);
    Ok(link_all(call, Some(limit)))
}

fn link_all(call: &Call<'_>, limit: Option<usize>) -> Value {
    let text = call.text();
    let is_separator = |c: char| is_whitespace(c) || matches!(c, '<' | '>' | '"' | '\'');
    let escapes = call.escapes();
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    let mut rest = &*text;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.find(is_separator).unwrap_or(rest.len()));
        if !push_link(word, limit, escapes, &mut out) {
            push(word, escapes, &mut out);
        }
        let (separators, after) = after.split_at(after.find(|c| !is_separator(c)).unwrap_or(after.len()));
        push(separators, escapes, &mut out);
        rest = after;
    }
    Value::safe(out)
}

/// Appends a word as a link, if it is an address.
fn push_link(word: &str, limit: Option<usize>, escapes: bool, out: &mut String) -> bool {
    if !word.contains(['.', '@', ':']) {
        return false;
    }
    let Trimmed { lead, address, trail } = trim(word);
    let Some((href, attributes)) = target(address) else {
        return false;
    };
    push(lead, escapes, out);
    out.push_str("<a href=\"");
    escape_into(&href, out);
    out.push('"');
    out.push_str(attributes);
    out.push('>');
    push(&shortened(address, limit), escapes, out);
    out.push_str("</a>");
    push(&trail, escapes, out);
    true
}

/// Where an address leads to, and the other attributes of the link.
fn target(address: &str) -> Option<(String, &'static str)> {
    const NOFOLLOW: &str = " rel=\"nofollow\"";
    let is_short = address.chars().count() <= MAX_URL;
    if is_short && has_scheme(address) {
        return Some((smart_quote(&unescape(address)), NOFOLLOW));
    }
    if is_short && is_host(address) {
        return Some((smart_quote(&format!("http://{}", unescape(address))), NOFOLLOW));
    }
    if !address.contains(':') && is_email(address, &[]) {
        let (user, domain) = address.rsplit_once('@')?;
        return Some((format!("mailto:{}@{}", quote(user, ""), quote(domain, "")), ""));
    }
    None
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let start = text.get(..prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// `http://` or `https://` and the beginning of a host.
fn has_scheme(word: &str) -> bool {
    let host =
        strip_prefix_ignoring_case(word, "https://").or_else(|| strip_prefix_ignoring_case(word, "http://"));
    host.is_some_and(|host| {
        host.strip_prefix('[')
            .unwrap_or(host)
            .starts_with(is_word_character)
    })
}

/// `www.…`, or a name that ends with one of the old top level domains, perhaps with a path behind it.
fn is_host(word: &str) -> bool {
    if strip_prefix_ignoring_case(word, "www.").is_some() {
        return true;
    }
    let Some(first) = word.chars().next().filter(|c| is_word_character(*c)) else {
        return false;
    };
    if strip_prefix_ignoring_case(word, "http").is_some() {
        return false;
    }
    let rest = &word[first.len_utf8()..];
    let name = &rest[..rest.find('@').unwrap_or(rest.len())];
    name.match_indices('.').filter(|(at, _)| *at > 0).any(|(at, _)| {
        let behind = &rest[at + 1..];
        TOP_LEVEL
            .iter()
            .filter_map(|top| strip_prefix_ignoring_case(behind, top))
            .any(|behind| behind.is_empty() || behind.starts_with('/'))
    })
}

fn shortened(address: &str, limit: Option<usize>) -> Cow<'_, str> {
    let Some(limit) = limit.filter(|limit| address.chars().nth(*limit).is_some()) else {
        return Cow::Borrowed(address);
    };
    let kept: String = address.chars().take(limit.saturating_sub(1)).collect();
    Cow::Owned(format!("{kept}…"))
}

/// A word without the punctuation around it.
struct Trimmed<'a> {
    lead: &'a str,
    address: &'a str,
    trail: String,
}

const BRACKETS: [(char, char); 2] = [('(', ')'), ('[', ']')];

fn trim(word: &str) -> Trimmed<'_> {
    let mut address = word.trim_start_matches(['(', '[']);
    let lead = &word[..word.len() - address.len()];
    let mut surplus = BRACKETS.map(|(open, close)| count(address, close) - count(address, open));
    let mut trail = String::new();
    let mut changed = true;
    while changed && !address.is_empty() {
        changed = trim_brackets(&mut address, &mut surplus, &mut trail);
        changed |= trim_punctuation(&mut address, &mut trail);
        changed |= trim_semicolons(&mut address, &mut trail);
    }
    Trimmed { lead, address, trail }
}

fn count(text: &str, character: char) -> isize {
    isize::try_from(text.matches(character).count()).unwrap_or(0)
}

fn trim_brackets(address: &mut &str, surplus: &mut [isize; 2], trail: &mut String) -> bool {
    let mut changed = false;
    for ((_, close), surplus) in BRACKETS.iter().zip(surplus) {
        let Ok(too_many) = usize::try_from(*surplus) else {
            continue;
        };
        if too_many > 0 && address.ends_with(*close) {
            let end = address
                .char_indices()
                .rev()
                .nth(too_many - 1)
                .map_or(0, |(index, _)| index);
            // What was trimmed before is forgotten, as in Django.
            *trail = address[end..].to_owned();
            *address = &address[..end];
            *surplus = 0;
            changed = true;
        }
    }
    changed
}

fn trim_punctuation(address: &mut &str, trail: &mut String) -> bool {
    let trimmed = if address.contains('&') {
        address.trim_end_matches(TRAILING_WITHOUT_SEMICOLON)
    } else {
        address.trim_end_matches(TRAILING)
    };
    cut_at(address, trimmed.len(), trail)
}

/// Semicolons at the end, unless one ends a character reference.
fn trim_semicolons(address: &mut &str, trail: &mut String) -> bool {
    if !address.ends_with(';') {
        return false;
    }
    let Some(reference) = address.rfind('&') else {
        return false;
    };
    let reference = &address[reference..];
    let unescaped = unescape(reference);
    if unescaped != reference && !unescaped.ends_with(';') {
        return false;
    }
    let start = address.trim_end_matches(TRAILING).len();
    let semicolons = address.len() - address.trim_end_matches(';').len();
    let end = match address[start..].find(';') {
        // One may end a reference.
        Some(first) if semicolons > 1 => start + first + 1,
        _ => start,
    };
    cut_at(address, end, trail)
}

/// Moves the end of an address to the beginning of what was trimmed.
fn cut_at(address: &mut &str, end: usize, trail: &mut String) -> bool {
    if end == address.len() {
        return false;
    }
    trail.insert_str(0, &address[end..]);
    *address = &address[..end];
    true
}
