//! Secrets in HTTP headers.

use super::Redactor;
use super::marks::MARK;
use super::names::{self, Place, Strength};
use super::text::Context;

/// Takes secrets out of the headers of a message.
pub fn redact(redactor: &mut Redactor, headers: &mut [(String, String)]) {
    for (name, value) in headers {
        match name.to_ascii_lowercase().as_str() {
            "cookie" => *value = cookies(redactor, value),
            "set-cookie" => *value = set_cookie(redactor, value),
            "sec-websocket-protocol" => protocols(redactor, value),
            _ => match strength(redactor, name) {
                Some(strength) => credentials(redactor, value, strength),
                None => {
                    redactor.clean(value, Context::Message);
                }
            },
        }
    }
}

fn strength(redactor: &Redactor, name: &str) -> Option<Strength> {
    let anywhere = redactor.scanner.strength(name, Place::Anywhere);
    anywhere.or_else(|| names::header_strength(name))
}

/// RFC 6265, section 4.2: the name of each cookie stays, its value goes.
fn cookies(redactor: &mut Redactor, value: &str) -> String {
    let pairs = value.split(';').map(|pair| cookie(redactor, pair.trim()));
    pairs.collect::<Vec<_>>().join("; ")
}

/// RFC 6265, section 4.1: the cookie, then its attributes.
fn set_cookie(redactor: &mut Redactor, value: &str) -> String {
    match value.split_once(';') {
        Some((pair, attributes)) => format!("{};{attributes}", cookie(redactor, pair.trim())),
        None => cookie(redactor, value.trim()),
    }
}

fn cookie(redactor: &mut Redactor, pair: &str) -> String {
    let (name, value) = pair.split_once('=').unwrap_or(("", pair));
    let inner = value.trim_matches('"');
    if inner.is_empty() || inner.starts_with(MARK) {
        return pair.to_owned();
    }
    // Cookies without a telling name keep languages and themes, too: those are no secrets to look for.
    let strength = redactor
        .scanner
        .strength(name, Place::Anywhere)
        .unwrap_or(Strength::Weak);
    redactor.learn(inner, strength);
    let mark = redactor.marks.of_text(inner);
    if name.is_empty() {
        mark
    } else {
        format!("{name}={mark}")
    }
}

/// RFC 9110, section 11.4: the scheme stays, the credentials go.
fn credentials(redactor: &mut Redactor, value: &mut String, strength: Strength) {
    let is_flag = matches!(
        value.to_ascii_lowercase().as_str(),
        "true" | "false" | "none" | "*" | ""
    );
    if is_flag || value.contains(MARK) {
        return;
    }
    let is_scheme = |word: &str| {
        !word.is_empty()
            && word.len() <= 16
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
    };
    let (scheme, secret) = match value.split_once(' ') {
        Some((scheme, secret)) if is_scheme(scheme) => (format!("{scheme} "), secret.trim()),
        _ => (String::new(), value.trim()),
    };
    redactor.learn(secret, strength);
    *value = format!("{scheme}{}", redactor.marks.of_text(secret));
}

/// Names of protocols, among which browsers hide tokens because they can set no other header.
fn protocols(redactor: &mut Redactor, value: &mut String) {
    let mut is_announced = false;
    let items: Vec<String> = value
        .split(',')
        .map(|item| {
            let item = item.trim();
            let looks_drawn = item.len() >= 16 && item.bytes().any(|byte| byte.is_ascii_digit());
            let is_secret = (is_announced || looks_drawn) && !item.starts_with(MARK) && !item.is_empty();
            is_announced = redactor.scanner.strength(item, Place::Anywhere).is_some();
            if is_secret {
                redactor.learn(item, Strength::Token);
                return redactor.marks.of_text(item);
            }
            redactor
                .cleaned(item, Context::Message)
                .unwrap_or_else(|| item.to_owned())
        })
        .collect();
    if items.iter().any(|item| item.contains(MARK)) {
        *value = items.join(", ");
    }
}
