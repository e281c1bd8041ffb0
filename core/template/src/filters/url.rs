//! Filters that quote URLs.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use unicode_normalization::UnicodeNormalization;

use super::{Call, FilterError};
use crate::quoting::{quote, quote_plus, unquote};
use crate::value::{PythonError, Value};

/// Characters with a meaning in URLs, from RFC 3986, and the tilde.
const DELIMITERS: &str = "!$&'()*+,;=:/?#[]@~";

/// `urlencode`: the argument holds characters that stay as they are instead of the slash.
pub(super) fn urlencode(call: &Call<'_>) -> Result<Value, FilterError> {
    let text = call.text();
    if text.is_empty() {
        return Ok(call
            .value
            .as_text()
            .map_or_else(|| Value::from(""), |_| call.value.clone()));
    }
    let kept = match call.argument() {
        Value::None => Cow::Borrowed("/"),
        Value::Str(kept) | Value::Safe(kept) => Cow::Borrowed(&**kept),
        other => Cow::Owned(kept_characters(other)?),
    };
    Ok(Value::from(quote(&text, &kept)))
}

/// The characters of an argument that holds their numbers.
fn kept_characters(value: &Value) -> Result<String, FilterError> {
    let mut kept = String::new();
    for item in value.items()? {
        if item.is_less(&Value::Int(128))? {
            match &*item {
                Value::Int(_) | Value::Bool(_) | Value::BigInt(_) => {
                    let byte = u8::try_from(item.to_small_int()?)
                        .map_err(|_| PythonError::value_error("bytes must be in range(0, 256)"))?;
                    kept.push(char::from(byte));
                }
                other => {
                    let type_name = other.qualified_type_name();
                    let message = format!("'{type_name}' object cannot be interpreted as an integer");
                    return Err(PythonError::type_error(message));
                }
            }
        }
    }
    Ok(kept)
}

/// `iriencode`.
pub(super) fn iriencode(call: &Call<'_>) -> Result<Value, FilterError> {
    Ok(call.as_safe_as_value(quote(&call.text(), "/#%[]=:;$&()+,!?*@'~")))
}

/// `smart_urlquote()`: quotes what is not quoted yet.
pub(super) fn smart_quote(url: &str) -> String {
    let requote = |part: &str| quote(&unquote(part), DELIMITERS);
    let Some(parts) = split(url) else {
        return requote(url);
    };
    let query: Vec<String> = parts
        .query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(requote_pair)
        .collect();
    let mut path = requote(&parts.path);
    let host = requote(&parts.host);
    let mut out = String::with_capacity(url.len() + 16);
    if !host.is_empty() || (!parts.scheme.is_empty() && !path.starts_with("//")) {
        if !path.is_empty() && !path.starts_with('/') {
            path.insert(0, '/');
        }
        path = format!("//{host}{path}");
    }
    if !parts.scheme.is_empty() {
        out.push_str(&parts.scheme);
        out.push(':');
    }
    out.push_str(&path);
    let fragment = requote(&parts.fragment);
    for (mark, part) in [('?', query.join("&")), ('#', fragment)] {
        if !part.is_empty() {
            out.push(mark);
            out.push_str(&part);
        }
    }
    out
}

/// One `name=value` of a query. Django unquotes twice, once to read it and once more.
fn requote_pair(pair: &str) -> String {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let requote = |part: &str| quote_plus(&unquote(&unquote(&part.replace('+', " "))));
    format!("{}={}", requote(name), requote(value))
}

struct Parts {
    scheme: String,
    host: String,
    path: String,
    query: String,
    fragment: String,
}

/// `urlsplit()`, or `None` where that raises `ValueError`.
fn split(url: &str) -> Option<Parts> {
    let url: String = url
        .trim_start_matches(|c| c <= ' ')
        .replace(['\t', '\r', '\n'], "");
    let (scheme, rest) = split_scheme(&url);
    let (host, rest) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
        None => ("", rest),
    };
    if !is_valid_host(host) {
        return None;
    }
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    Some(Parts {
        scheme: scheme.to_ascii_lowercase(),
        host: host.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        fragment: fragment.to_owned(),
    })
}

fn split_scheme(url: &str) -> (&str, &str) {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    };
    match url.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme, rest),
        _ => ("", url),
    }
}

/// Whether brackets hold an IPv6 address, and no character becomes a delimiter when it is normalized.
fn is_valid_host(host: &str) -> bool {
    let bracketed = match (host.find('['), host.contains(']')) {
        (None, false) => None,
        (Some(open), true) => host[open + 1..].split(']').next(),
        _ => return false,
    };
    if !bracketed.is_none_or(is_address) {
        return false;
    }
    if host.is_ascii() {
        return true;
    }
    let bare: String = host
        .chars()
        .filter(|c| !matches!(c, '@' | ':' | '#' | '?'))
        .collect();
    let normalized: String = bare.nfkc().collect();
    bare == normalized || !normalized.contains(['/', '?', '#', '@', ':'])
}

fn is_address(text: &str) -> bool {
    if let Some(future) = text.strip_prefix('v') {
        let version = future.split('.').next().unwrap_or_default();
        let is_version = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_hexdigit());
        return is_version && future.len() > version.len() + 1;
    }
    let (address, zone) = text.split_once('%').unwrap_or((text, "0"));
    address.parse::<Ipv6Addr>().is_ok() && !zone.is_empty() && !zone.contains('%')
}
