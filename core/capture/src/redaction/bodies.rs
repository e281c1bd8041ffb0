//! Secrets in HTTP bodies.

use djscope_recording::model::HttpBody;
use serde_json::Value;

use super::text::Context;
use super::trees::{self, Style};
use super::{Redactor, media, multipart};

/// Takes the content coding off a body: what is kept can be read. What cannot be unpacked is left out.
pub fn unpack(body: &mut HttpBody, headers: &[(String, String)]) {
    if body.bytes.is_empty() || body.redacted {
        return;
    }
    match media::decoded(body, header(headers, "content-encoding")) {
        Ok(content) => body.bytes = content,
        Err(coding) => leave_out(body, &format!("{coding} that cannot be unpacked")),
    }
}

/// Takes secrets out of an unpacked body. What cannot be read is kept only if content of its kind holds no text.
pub fn redact(redactor: &mut Redactor, body: &mut HttpBody, headers: &[(String, String)]) {
    if body.bytes.is_empty() {
        return;
    }
    let media_type = header(headers, "content-type").to_owned();
    match content(redactor, &body.bytes, &media_type) {
        Content::Clean => {}
        Content::Redacted(bytes) => {
            body.bytes = bytes;
            body.redacted = true;
        }
        Content::Unreadable => {
            let kind = media_type.split(';').next().unwrap_or_default().trim();
            let kind = if kind.is_empty() {
                "content without a type"
            } else {
                kind
            };
            leave_out(body, &format!("{kind} that is no text"));
        }
    }
}

/// What became of content.
pub enum Content {
    /// It holds no secret.
    Clean,
    /// This is left of it.
    Redacted(Vec<u8>),
    /// Whether it holds a secret cannot be told.
    Unreadable,
}

/// Looks for secrets in content of this media type.
pub fn content(redactor: &mut Redactor, bytes: &[u8], media_type: &str) -> Content {
    if media::holds_no_text(media_type, bytes) {
        return if redactor.memory.find_in(bytes).is_empty() {
            Content::Clean
        } else {
            Content::Unreadable
        };
    }
    let essence = media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if essence.starts_with("multipart/") {
        return multipart::redact(redactor, bytes, media_type);
    }
    let Some(text) = media::as_text(bytes, media_type) else {
        return Content::Unreadable;
    };
    let clean = match essence.as_str() {
        "application/x-www-form-urlencoded" => redactor.cleaned(&text, Context::Query),
        "text/css" | "text/javascript" | "application/javascript" => {
            redactor.cleaned(&text, Context::Program)
        }
        _ => json_or_text(redactor, &text),
    };
    clean.map_or(Content::Clean, |text| Content::Redacted(text.into_bytes()))
}

/// One JSON value, one a line, or a text.
pub fn json_or_text(redactor: &mut Redactor, text: &str) -> Option<String> {
    if redactor.is_clean(text) {
        return None;
    }
    if let Some(clean) = json(redactor, text) {
        return clean;
    }
    let is_json_lines = text.lines().count() > 1
        && text
            .lines()
            .all(|line| line.trim().is_empty() || line.trim_start().starts_with(['{', '[']));
    if !is_json_lines {
        return redactor.cleaned(text, Context::Message);
    }
    let lines: Vec<String> = text
        .lines()
        .map(|line| {
            let clean = json(redactor, line).unwrap_or_else(|| redactor.cleaned(line, Context::Message));
            clean.unwrap_or_else(|| line.to_owned())
        })
        .collect();
    let clean = lines.join("\n");
    (clean != text.trim_end_matches('\n')).then_some(clean)
}

/// A JSON value without its secrets; the outer none if it is no JSON.
#[expect(
    clippy::option_option,
    reason = "no JSON, clean JSON and redacted JSON are three things"
)]
fn json(redactor: &mut Redactor, text: &str) -> Option<Option<String>> {
    if !text.trim_start().starts_with(['{', '[', '"']) {
        return None;
    }
    let mut value: Value = serde_json::from_str(text).ok()?;
    let places = trees::redact(redactor, &mut value, Style::Text);
    Some((!places.is_empty()).then(|| value.to_string()))
}

fn leave_out(body: &mut HttpBody, what: &str) {
    body.bytes = format!("[left out: {} bytes of {what}]", body.length).into_bytes();
    body.redacted = true;
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
    let found = headers
        .iter()
        .find(|(header, _)| header.eq_ignore_ascii_case(name));
    found.map_or("", |(_, value)| value.as_str())
}
