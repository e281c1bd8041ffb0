//! Texts that are secrets by their form, whatever their name.

use std::ops::Range;

use super::super::encodings;
use super::super::marks::MARK;
use super::super::names::Strength;
use super::{Context, Scanner, Secret};

/// How the forms begin, in any case.
pub const NEEDLES: &[&str] = &[
    "eyj",
    "://",
    "basic ",
    "bearer ",
    "-----begin",
    "sk-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "akia",
    "aiza",
    "pypi-",
    "npm_",
    "pbkdf2_sha",
    "argon2$",
    "bcrypt",
    "scrypt$",
    "reset/",
    "token/",
    "activate/",
    "activation/",
    "invite/",
    "invitation/",
    "confirm/",
    "verify/",
    "magic/",
    "reset-password/",
    "verify-email/",
    "confirm-email/",
    "magic-link/",
    "unsubscribe/",
];

/// How much of base64 is read; a multiple of four, so that a beginning can be decoded.
const MAX_JSON_BYTES: usize = 16 * 1024;

/// Segments of a path that are what they say and no secret.
const PLAIN_SEGMENTS: &[&str] = &[
    "done",
    "complete",
    "completed",
    "confirm",
    "confirmed",
    "refresh",
    "verify",
    "new",
    "create",
    "list",
    "sent",
    "success",
    "failed",
    "error",
    "invalid",
    "expired",
    "key",
];

/// The secret of a known form that begins at `needle`.
pub fn at(scanner: &Scanner, text: &str, needle: Range<usize>) -> Option<Secret> {
    let sign = text[needle.clone()].to_ascii_lowercase();
    match sign.as_str() {
        "eyj" => json_web_token(text, needle.start).or_else(|| json_in_base64(scanner, text, needle.start)),
        "://" => password_in_url(text, needle),
        "basic " => basic(text, needle.end),
        "bearer " => bearer(text, needle.end),
        "-----begin" => private_key(text, needle.start),
        "pbkdf2_sha" | "argon2$" | "bcrypt" | "scrypt$" => password_hash(text, needle.start),
        _ if sign.ends_with('/') => path_segment(text, needle),
        _ => issued_token(text, needle),
    }
}

fn secret(text: &str, range: Range<usize>, strength: Strength) -> Option<Secret> {
    let value = text
        .get(range.clone())
        .filter(|value| !value.is_empty() && !value.starts_with(MARK))?;
    Some(Secret {
        value: encodings::percent_decoded(value),
        range,
        strength,
        needs_quotes: false,
    })
}

fn run(text: &str, from: usize, belongs: impl Fn(u8) -> bool) -> usize {
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| belongs(**byte)).count()
}

const fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn begins_word(text: &str, start: usize) -> bool {
    !text[..start].ends_with(|character: char| character.is_ascii_alphanumeric() || character == '_')
}

/// RFC 7519: three runs of base64url with points between them; the header begins with `{"`.
fn json_web_token(text: &str, start: usize) -> Option<Secret> {
    if !text[start..].starts_with("eyJ") || !begins_word(text, start) {
        return None;
    }
    let header = run(text, start, is_base64url);
    if text.as_bytes().get(header) != Some(&b'.') || header - start < 8 {
        return None;
    }
    let end = run(text, header, |byte| is_base64url(byte) || byte == b'.');
    (end - header > 8)
        .then(|| secret(text, start..end, Strength::Token))
        .flatten()
}

/// Base64 of a JSON object that holds a secret.
fn json_in_base64(scanner: &Scanner, text: &str, start: usize) -> Option<Secret> {
    if !text[start..].starts_with("eyJ") || !begins_word(text, start) {
        return None;
    }
    let end = run(text, start, |byte| {
        byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte)
    });
    let decoded = encodings::base64_decoded(text.get(start..end.min(start + MAX_JSON_BYTES))?)?;
    let secrets = scanner.secrets_inside(&String::from_utf8_lossy(&decoded), Context::Message);
    (!secrets.is_empty())
        .then(|| secret(text, start..end, Strength::Token))
        .flatten()
}

/// RFC 3986, section 3.2.1: `scheme://user:password@host`.
fn password_in_url(text: &str, sign: Range<usize>) -> Option<Secret> {
    let rest = &text[sign.end..];
    let ends = |character: char| character.is_whitespace() || "/?#\"'<>\\".contains(character);
    let authority = &rest[..rest.find(ends).unwrap_or(rest.len())];
    let user = &authority[..authority.rfind('@')?];
    // Some services take a token in the place of the user: `https://ghp_…@host`.
    let start = match user.find(':') {
        Some(colon) => sign.end + colon + 1,
        None if user.len() >= 16 && looks_drawn(user) => sign.end,
        None => return None,
    };
    let end = sign.end + user.len();
    let password = &text[start..end];
    let is_template = password.starts_with('{') || password.starts_with('$') || password == "%s";
    (!is_template)
        .then(|| secret(text, start..end, Strength::Password))
        .flatten()
}

/// RFC 7617: base64 of `user:password`.
fn basic(text: &str, start: usize) -> Option<Secret> {
    let end = run(text, start, |byte| {
        byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte)
    });
    let decoded = encodings::base64_decoded(&text[start..end])
        .filter(|decoded| end - start >= 4 && decoded.contains(&b':'))?;
    std::str::from_utf8(&decoded).ok()?;
    secret(text, start..end, Strength::Token)
}

/// RFC 6750: a token; a word of prose (`bearer token`) is none.
fn bearer(text: &str, start: usize) -> Option<Secret> {
    let end = run(text, start, |byte| {
        byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte)
    });
    let token = &text[start..end];
    let looks_drawn =
        token.len() >= 20 || (token.len() >= 6 && token.bytes().any(|byte| byte.is_ascii_digit()));
    looks_drawn
        .then(|| secret(text, start..end, Strength::Token))
        .flatten()
}

/// RFC 7468: from `-----BEGIN … PRIVATE KEY-----` to its end.
fn private_key(text: &str, start: usize) -> Option<Secret> {
    let head_end = start + text[start..].find("KEY-----")? + "KEY-----".len();
    let head = &text[start..head_end];
    if !head.contains("PRIVATE") || head.len() > 64 {
        return None;
    }
    let end = text[head_end..]
        .find("-----END")
        .map_or(text.len(), |at| head_end + at);
    secret(text, head_end..end, Strength::Token)
}

/// Django's stored passwords (`django.contrib.auth.hashers`): algorithm, cost, salt and hash between `$`.
fn password_hash(text: &str, start: usize) -> Option<Secret> {
    let end = run(text, start, |byte| {
        byte.is_ascii_alphanumeric() || b"_$+/=.,-".contains(&byte)
    });
    let parts = text[start..end].matches('$').count();
    (parts >= 2 && begins_word(text, start))
        .then(|| secret(text, start..end, Strength::Token))
        .flatten()
}

/// Tokens that services mark as theirs: Stripe, GitHub, GitLab, Slack, AWS, Google and others.
fn issued_token(text: &str, needle: Range<usize>) -> Option<Secret> {
    let end = run(text, needle.end, is_base64url);
    let token = &text[needle.start..end];
    let has_digit = token.bytes().any(|byte| byte.is_ascii_digit());
    let has_its_case = match text[needle.clone()].to_ascii_lowercase().as_str() {
        "akia" => {
            token.len() == 20
                && token
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        }
        "aiza" => token.starts_with("AIza") && token.len() >= 35,
        _ => token.len() >= needle.len() + 12,
    };
    (has_digit && has_its_case && begins_word(text, needle.start))
        .then(|| secret(text, needle.start..end, Strength::Token))
        .flatten()
}

/// What follows `reset/`, `token/`, `activate/` or `invite/` in a path, up to two segments, if it looks drawn.
fn path_segment(text: &str, needle: Range<usize>) -> Option<Secret> {
    let mut start = needle.end;
    let is_segment = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%:=+@".contains(&byte);
    for _ in 0..2 {
        let end = run(text, start, is_segment);
        let segment = &text[start..end];
        if looks_drawn(segment) {
            return secret(text, start..end, Strength::Token);
        }
        if text.as_bytes().get(end) != Some(&b'/') || segment.is_empty() {
            return None;
        }
        start = end + 1;
    }
    None
}

/// Letters and digits mixed, or long: nobody's word.
fn looks_drawn(segment: &str) -> bool {
    if segment.len() < 6 || PLAIN_SEGMENTS.contains(&segment.to_ascii_lowercase().as_str()) {
        return false;
    }
    let has_digit = segment.bytes().any(|byte| byte.is_ascii_digit());
    let has_letter = segment.bytes().any(|byte| byte.is_ascii_alphabetic());
    let is_mixed = segment.bytes().skip(1).any(|byte| byte.is_ascii_uppercase())
        && segment.bytes().any(|byte| byte.is_ascii_lowercase());
    (has_digit && (has_letter || segment.len() >= 9)) || is_mixed || segment.len() >= 24
}
