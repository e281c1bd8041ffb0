//! What follows a name: `=`, `:` or the like, and the value.

use std::ops::Range;

use super::super::encodings;
use super::super::marks::MARK;
use super::super::names::{self, Place, Strength};
use super::{Context, Secret};

/// Longest list or dict that is masked as one value.
const MAX_CONTAINER_BYTES: usize = 64 * 1024;

/// Words that say which kind of credentials follow (RFC 9110, section 11; the registry of HTTP authentication schemes).
const SCHEMES: &[&str] = &[
    "basic",
    "bearer",
    "digest",
    "token",
    "jwt",
    "apikey",
    "api-key",
    "negotiate",
    "ntlm",
    "hawk",
    "oauth",
    "hmac",
    "aws4-hmac-sha256",
    "dpop",
    "key",
];

/// Names whose value reaches to the end of the line.
const WHOLE_LINE: &[&str] = &["cookie", "set-cookie", "authorization", "proxy-authorization"];

/// Words that stand after a secret name and are no secrets: types, states, and words of prose.
const PLAIN_WORDS: &[&str] = &[
    "none",
    "null",
    "true",
    "false",
    "undefined",
    "nan",
    "yes",
    "no",
    "on",
    "off",
    "ok",
    "str",
    "string",
    "int",
    "bool",
    "bytes",
    "float",
    "list",
    "dict",
    "tuple",
    "set",
    "object",
    "any",
    "optional",
    "number",
    "text",
    "required",
    "missing",
    "invalid",
    "expired",
    "valid",
    "wrong",
    "incorrect",
    "empty",
    "unset",
    "unknown",
    "failed",
    "error",
    "must",
    "should",
    "is",
    "was",
    "are",
    "has",
    "have",
    "had",
    "not",
    "the",
    "a",
    "an",
    "this",
    "that",
    "your",
    "my",
    "please",
    "for",
    "from",
    "with",
    "and",
    "or",
    "in",
    "of",
    "to",
    "it",
    "if",
    "we",
    "you",
    "new",
    "old",
    "see",
    "use",
    "field",
    "value",
    "hidden",
    "class",
    "self",
    "lax",
    "strict",
    "default",
    "type",
    "name",
    "password",
    "token",
    "basic",
    "bearer",
    "enter",
    "changed",
    "updated",
    "created",
    "deleted",
    "rejected",
    "accepted",
    "mismatch",
    "blank",
    "too",
    "can",
    "cannot",
    "could",
    "may",
    "django",
    "async",
    "def",
    "return",
    "lambda",
    "function",
    "const",
    "let",
    "var",
    "await",
    "models",
    "forms",
    "request",
];

/// The value after the name at `name`; none if there is none, or if it is no secret.
pub fn after(
    text: &str,
    name: Range<usize>,
    strength: Strength,
    place: Place,
    context: Context,
) -> Option<Secret> {
    let quote = quote_at(text, name.end);
    let mut at = name.end + quote.map_or(0, |quote| quote.text.len());
    let is_quoted = quote.is_some();
    at += closers(&text[at..]);
    let (separator, at) = separator(text, name.clone(), at, is_quoted)?;
    let rest = &text[at..];
    if rest.is_empty() || rest.starts_with(MARK) {
        return None;
    }
    let is_whole_line = !is_quoted
        && context == Context::Message
        && WHOLE_LINE
            .iter()
            .any(|known| text[name.clone()].eq_ignore_ascii_case(known));
    let span = match literal(text, at, context) {
        Some(literal) => literal,
        None if place == Place::Query || context == Context::Query => parameter(text, at),
        None if is_whole_line => line(text, at),
        None if context == Context::Program => return None,
        None if context == Context::Code => number(text, at)?,
        None => word(text, at)?,
    };
    let raw = text.get(span.inner.clone())?;
    let value = decoded(raw, place, context, span.is_escaped);
    if !is_worth_hiding(&value, strength, span.is_literal, context) {
        return None;
    }
    let is_value = match separator {
        Separator::Sign => true,
        Separator::Comma => span.is_literal && ends_pair(text, &span.inner),
        Separator::Blank => {
            context == Context::Message
                && ((span.is_literal && strength == Strength::Password)
                    || looks_drawn(&text[span.inner.clone()]))
        }
    };
    if !is_value {
        return None;
    }
    let needs_quotes = !span.is_literal && quote.is_some_and(|quote| quote.text == "\"");
    Some(Secret {
        range: span.inner,
        value,
        strength,
        needs_quotes,
    })
}

/// What stands between a name and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Separator {
    /// `=`, `:` and the like.
    Sign,
    /// `("password", "x")`.
    Comma,
    /// `password x1y2z3`, `the token is x1y2z3`: a value only if it is nobody's word.
    Blank,
}

/// Letters and digits mixed, in one word that is no name.
fn looks_drawn(word: &str) -> bool {
    word.len() >= 8
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_alphabetic())
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_+/=.~".contains(&byte))
        && names::strength(word, Place::Anywhere).is_none()
}

/// True if the string at `inner` is the last of its tuple or list.
fn ends_pair(text: &str, inner: &Range<usize>) -> bool {
    let after = &text[inner.end..];
    let quote = quote_at(text, inner.end).map_or(0, |quote| quote.text.len());
    quote > 0
        && after[quote..]
            .trim_start_matches([',', ' ', '\n'])
            .starts_with([')', ']'])
}

/// Where a value stands.
struct Span {
    inner: Range<usize>,
    /// True if it is in quotes.
    is_literal: bool,
    /// True if backslashes in it are escapes.
    is_escaped: bool,
}

#[derive(Clone, Copy)]
struct Quote<'a> {
    text: &'a str,
}

/// The quote at `at`, in whatever encoding: `"`, `\"`, `&quot;`, `%22` …
fn quote_at(text: &str, at: usize) -> Option<Quote<'_>> {
    let rest = text.get(at..)?;
    for quote in [
        "&quot;", "&#x27;", "&#39;", "&#34;", "&apos;", "%22", "%27", "\\u0022", "\\u0027",
    ] {
        if rest.starts_with(quote) {
            return Some(Quote {
                text: &rest[..quote.len()],
            });
        }
    }
    for quote in ["'''", "\"\"\""] {
        if rest.starts_with(quote) {
            return Some(Quote { text: &rest[..3] });
        }
    }
    let slashes = rest.bytes().take_while(|byte| *byte == b'\\').count();
    matches!(rest.as_bytes().get(slashes), Some(b'"' | b'\'' | b'`')).then(|| Quote {
        text: &rest[..=slashes],
    })
}

/// Brackets and blanks between a name and its separator: `['password'] = `.
fn closers(text: &str) -> usize {
    let closed = text.trim_start_matches([']', ')']);
    text.len() - closed.trim_start_matches([' ', '\t']).len()
}

/// What separates the value, and where the value begins; none if what follows is no separator.
fn separator(text: &str, name: Range<usize>, at: usize, is_quoted: bool) -> Option<(Separator, usize)> {
    let rest = &text[at..];
    let before = text[..name.start].trim_end_matches(['"', '\'', '\\']);
    // ASGI's headers are pairs of bytes: `(b'cookie', b'…')`.
    let before = before.strip_suffix('b').unwrap_or(before);
    let signs = [
        "=>", ":=", "===", "==", "=", "+=", "%00=", "%20=", "%3D", "%3d", "%253D", "%3A", "%3a", "\\u003d",
        "&#61;", "&#x3D;", "&equals;",
    ];
    let (separator, length) = if let Some(sign) = signs.iter().find(|sign| rest.starts_with(*sign)) {
        (Separator::Sign, sign.len())
    } else if rest.starts_with(':') && !rest.starts_with("::") && !rest.starts_with("://") {
        (Separator::Sign, 1)
    } else if rest.starts_with(',') && is_quoted && before.ends_with(['(', '[']) {
        (Separator::Comma, 1)
    } else if rest.starts_with(',') && is_quoted && before.ends_with("--") {
        (Separator::Sign, 1)
    } else if at > name.end && text[..name.start].ends_with("--") {
        (Separator::Sign, 0)
    } else if at > name.end && !is_quoted {
        (Separator::Blank, if rest.starts_with("is ") { 3 } else { 0 })
    } else {
        return None;
    };
    let after = &rest[length..];
    let blanks: &[char] = if is_quoted {
        &[' ', '\t', '\n', '\r', '+']
    } else {
        &[' ', '\t']
    };
    let trimmed = after.trim_start_matches(blanks);
    Some((separator, text.len() - trimmed.len()))
}

/// A value in quotes or brackets.
fn literal(text: &str, at: usize, context: Context) -> Option<Span> {
    let rest = &text[at..];
    let prefix = rest
        .bytes()
        .take(2)
        .take_while(|byte| matches!(byte, b'b' | b'r' | b'u' | b'f' | b'B' | b'R' | b'U' | b'F'))
        .count();
    for start in [at, at + prefix] {
        if let Some(quote) = quote_at(text, start) {
            let from = start + quote.text.len();
            return Some(Span {
                inner: from..closing(text, from, quote.text),
                is_literal: true,
                is_escaped: true,
            });
        }
    }
    if rest.starts_with("{{") || rest.starts_with("{%") {
        return None;
    }
    if matches!(context, Context::Code | Context::Program) {
        // `password: str = "x"`
        let length = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"_.[]| ".contains(byte))
            .count();
        let value = rest[length..].strip_prefix('=').filter(|_| length > 0)?;
        let start = text.len() - value.trim_start().len();
        return quote_at(text, start).and_then(|_| literal(text, start, context));
    }
    let first = rest
        .chars()
        .next()
        .filter(|first| matches!(first, '[' | '(' | '{' | '<'))?;
    let (length, is_closed) = container(rest, first)?;
    let end = at + length;
    let inner = &text[at..end];
    let holds_value = !is_closed
        || inner.contains(['"', '\''])
        || inner.bytes().any(|byte| byte.is_ascii_digit())
        || inner.contains("&#")
        || inner.contains('=');
    (holds_value || first == '(').then_some(Span {
        inner: at..end,
        is_literal: false,
        is_escaped: false,
    })
}

/// Where the string ends that was opened by `quote`: at the same quote with as many backslashes, or with fewer, where a
/// string around it ends; at the end of a text that was cut.
fn closing(text: &str, from: usize, quote: &str) -> usize {
    let slashes = quote.len() - quote.trim_start_matches('\\').len();
    let is_triple = quote.len() == 3 && slashes == 0;
    let Some(sign) = quote
        .chars()
        .last()
        .filter(|sign| !is_triple && matches!(sign, '"' | '\'' | '`'))
    else {
        return text[from..].find(quote).map_or(text.len(), |at| from + at);
    };
    let mut search = from;
    while let Some(found) = text[search..].find(sign).map(|at| search + at) {
        let before = text[from..found]
            .bytes()
            .rev()
            .take_while(|byte| *byte == b'\\')
            .count();
        let is_doubled = sign == '\'' && found > from && text[found + 1..].starts_with('\'');
        if slashes == 0 && is_doubled {
            // SQL writes a quote in a string twice.
            search = found + 2;
            continue;
        }
        let closes = if slashes == 0 {
            before % 2 == 0
        } else {
            before <= slashes
        };
        if closes {
            return found - if slashes == 0 { 0 } else { before };
        }
        search = found + sign.len_utf8();
    }
    text.len()
}

/// Length of the list, dict, tuple or `<repr>` that `text` begins with, to the end of a text that was cut; true if it
/// was not.
fn container(text: &str, first: char) -> Option<(usize, bool)> {
    if first == '<' && !text[1..].starts_with(|character: char| character.is_uppercase()) {
        return None;
    }
    let mut depth = 0_usize;
    let mut quote = None;
    let mut is_escaped = false;
    for (at, character) in text.char_indices() {
        if at > MAX_CONTAINER_BYTES {
            return Some((at, false));
        }
        match (quote, character) {
            (Some(_), '\\') if !is_escaped => {
                is_escaped = true;
                continue;
            }
            (Some(open), _) if character == open && !is_escaped => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '[' | '(' | '{' | '<') => depth += 1,
            (None, ']' | ')' | '}' | '>') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some((at + character.len_utf8(), true));
                }
            }
            (None, _) => {}
        }
        is_escaped = false;
    }
    Some((text.len(), false))
}

/// A parameter of a URL: up to `&` or the end of the URL.
fn parameter(text: &str, at: usize) -> Span {
    let rest = &text[at..];
    let ends = |character: char| character.is_whitespace() || "&#\"'<>\\;".contains(character);
    let mut length = rest.find(ends).unwrap_or(rest.len());
    if let Some(end) = ["%26", "%22", "%27", "%23"]
        .iter()
        .filter_map(|sign| rest[..length].find(sign))
        .min()
        && text[..at].ends_with("%3D")
    {
        length = end;
    }
    plain(at..at + length)
}

fn line(text: &str, at: usize) -> Span {
    let rest = &text[at..];
    let ends = |character: char| "\r\n\"<>".contains(character);
    let mut length = rest.find(ends).unwrap_or(rest.len());
    length = rest[..length]
        .find("\\r")
        .into_iter()
        .chain(rest[..length].find("\\n"))
        .min()
        .unwrap_or(length);
    plain(at..at + rest[..length].trim_end().len())
}

/// A number in source code.
fn number(text: &str, at: usize) -> Option<Span> {
    let length = text[at..]
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b'_')
        .count();
    (length >= 3).then(|| plain(at..at + length))
}

/// A value without quotes: a word, with the credentials that follow the name of a scheme, or groups of digits.
fn word(text: &str, at: usize) -> Option<Span> {
    let rest = &text[at..];
    if ["{{", "{%", "${", "<%", "%(", "%s", "$(", "{"]
        .iter()
        .any(|sign| rest.starts_with(sign))
    {
        return None;
    }
    let mut length = word_length(rest);
    let first = &rest[..length];
    if SCHEMES.contains(&first.to_ascii_lowercase().as_str()) {
        let after = rest[length..].trim_start_matches([' ', '\t']);
        let skipped = rest.len() - after.len();
        let credentials = word_length(after);
        if credentials > 0 && skipped > length && !is_plain(&after[..credentials]) {
            return Some(plain(at + skipped..at + skipped + credentials));
        }
    }
    if rest[length..].starts_with('(') && length > 0 {
        // `UUID('…')`: what it was made of.
        length += container(&rest[length..], '(')?.0;
    }
    let digits = rest
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || b" -".contains(byte))
        .count();
    let groups = rest[..digits].trim_end();
    if groups.bytes().filter(u8::is_ascii_digit).count() >= 9 {
        length = length.max(groups.len());
    }
    (length > 0).then(|| plain(at..at + length))
}

fn word_length(text: &str) -> usize {
    let ends = |character: char| character.is_whitespace() || ",;&)]}<>\"'`|\\(".contains(character);
    let length = text.find(ends).unwrap_or(text.len());
    text[..length].trim_end_matches(['.', ':', '!', '?']).len()
}

const fn plain(inner: Range<usize>) -> Span {
    Span {
        inner,
        is_literal: false,
        is_escaped: false,
    }
}

fn decoded(raw: &str, place: Place, context: Context, is_escaped: bool) -> String {
    if place == Place::Query || context == Context::Query {
        return encodings::percent_decoded(&raw.replace('+', " "));
    }
    let text = if is_escaped && raw.contains('\\') {
        encodings::unescaped(raw)
    } else {
        raw.to_owned()
    };
    if text.contains('&') {
        encodings::html_decoded(&text)
    } else {
        text
    }
}

/// An empty value, a type, a word of prose, a placeholder and a sentence hide nothing.
fn is_worth_hiding(value: &str, strength: Strength, is_literal: bool, context: Context) -> bool {
    let value = value.trim();
    if value.is_empty() || value.starts_with(MARK) || is_placeholder(value) || is_sentence(value) {
        return false;
    }
    if is_literal {
        return match context {
            Context::Code => !is_name_in_code(value),
            Context::Program => looks_drawn(value),
            Context::Message | Context::Query => true,
        };
    }
    let is_number = value
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b".,".contains(&byte));
    !(is_plain(value)
        || (is_number && strength == Strength::Weak)
        || value.starts_with("self.")
        || value.starts_with("request."))
}

fn is_plain(word: &str) -> bool {
    PLAIN_WORDS.contains(&word.to_lowercase().as_str())
}

/// What a template, a query or a log call fills in later.
fn is_placeholder(value: &str) -> bool {
    value.starts_with("{{")
        || value.starts_with("{%")
        || value.starts_with("${")
        || matches!(value, "%s" | "?" | "{}" | "..." | "…")
        || value
            .bytes()
            .all(|byte| matches!(byte, b'*' | b'.' | b'-' | b'_' | b'?'))
        || (value.starts_with('%') && value.len() <= 3)
        || value.strip_prefix("%(").is_some_and(|rest| rest.ends_with(")s"))
        || value
            .strip_prefix('$')
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `This field is required.`: the message of a form beside the name of its field.
pub fn is_sentence(value: &str) -> bool {
    value.starts_with(char::is_uppercase)
        && value.ends_with(['.', '!', '?'])
        && value.split(' ').count() >= 3
        && value
            .split(' ')
            .all(|word| word.chars().filter(char::is_ascii_digit).count() <= 4)
}

/// In source code a string beside a secret name is often another name: `"csrf_token"`, `"X-CSRFToken"`, `"Password"`.
fn is_name_in_code(value: &str) -> bool {
    names::strength(value, Place::Anywhere).is_some()
        && value
            .chars()
            .all(|character| character.is_alphanumeric() || "_-. :[]".contains(character))
        && !value.bytes().any(|byte| byte.is_ascii_digit())
}
