//! Secrets in HTTP bodies, by their media type.

use djscope_recording::model::HttpBody;
use serde_json::Value;

use super::values::Style;
use super::{MARK, Rules, text, values};

/// Takes secrets out of a body. `media_type` is its `Content-Type`.
pub fn redact(body: &mut HttpBody, media_type: &str, rules: &Rules) {
    if !rules.is_enabled() || body.bytes.is_empty() {
        return;
    }
    let media_type = media_type.to_ascii_lowercase();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let clean = match essence {
        "application/x-www-form-urlencoded" => redact_text(body, |text| text::redact_query(text, rules)),
        "text/html" => redact_text(body, |text| text::redact_markup(text, rules)),
        "multipart/form-data" => redact_multipart(&body.bytes, &media_type, rules),
        _ if essence.ends_with("json") => redact_text(body, |text| {
            let mut value: Value = serde_json::from_str(text).ok()?;
            let places = values::redact(&mut value, Style::Text, rules);
            (!places.is_empty()).then(|| value.to_string())
        }),
        _ => None,
    };
    if let Some(clean) = clean {
        body.bytes = clean;
        body.redacted = true;
    }
}

fn redact_text(body: &HttpBody, clean: impl FnOnce(&str) -> Option<String>) -> Option<Vec<u8>> {
    std::str::from_utf8(&body.bytes)
        .ok()
        .and_then(clean)
        .map(String::into_bytes)
}

/// RFC 7578: the content of parts whose name is a secret.
fn redact_multipart(bytes: &[u8], media_type: &str, rules: &Rules) -> Option<Vec<u8>> {
    // `media_type` is in lower case; the boundary has to be found as it is written in the body.
    let boundary_length = media_type
        .split("boundary=")
        .nth(1)?
        .split(';')
        .next()?
        .trim_matches('"')
        .len();
    let line_end = find(bytes, b"\r\n")?;
    let delimiter = bytes
        .get(..line_end)
        .filter(|line| line.len() == boundary_length + 2)?
        .to_vec();
    let mut out = Vec::with_capacity(bytes.len());
    let mut changed = false;
    let mut rest = bytes;
    while let Some(end) =
        find(&rest[delimiter.len().min(rest.len())..], &delimiter).map(|at| at + delimiter.len())
    {
        changed |= push_part(&rest[..end], rules, &mut out);
        rest = &rest[end..];
    }
    changed |= push_part(rest, rules, &mut out);
    changed.then_some(out)
}

fn push_part(part: &[u8], rules: &Rules, out: &mut Vec<u8>) -> bool {
    let secret = find(part, b"\r\n\r\n").filter(|head| {
        let head = String::from_utf8_lossy(&part[..*head]);
        let name = head
            .split("; name=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        name.is_some_and(|name| rules.is_secret(name))
    });
    match secret {
        Some(head) => {
            out.extend_from_slice(&part[..head + 4]);
            out.extend_from_slice(MARK.as_bytes());
            out.extend_from_slice(b"\r\n");
            true
        }
        None => {
            out.extend_from_slice(part);
            false
        }
    }
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    let first = *pattern.first()?;
    let mut from = 0;
    while let Some(at) = bytes
        .get(from..)?
        .iter()
        .position(|byte| *byte == first)
        .map(|at| from + at)
    {
        if bytes[at..].starts_with(pattern) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(media_type: &str, text: &str) -> (String, bool) {
        let mut body = HttpBody {
            length: text.len() as u64,
            bytes: text.as_bytes().to_vec(),
            redacted: false,
        };
        redact(&mut body, media_type, &Rules::default());
        (String::from_utf8(body.bytes).unwrap(), body.redacted)
    }

    #[test]
    fn bodies_by_type() {
        let cases = [
            (
                "application/x-www-form-urlencoded",
                "a=1&password=x",
                "a=1&password=[redacted]",
            ),
            (
                "application/json; charset=utf-8",
                r#"{"token":"x","n":1}"#,
                r#"{"token":"[redacted]","n":1}"#,
            ),
            (
                "text/html",
                r#"<input name="csrfmiddlewaretoken" value="x">"#,
                r#"<input name="csrfmiddlewaretoken" value="[redacted]">"#,
            ),
        ];
        for (media_type, text, expected) in cases {
            assert_eq!(clean(media_type, text), (expected.to_owned(), true));
        }
        assert_eq!(
            clean("text/css", "password: x"),
            ("password: x".to_owned(), false)
        );
    }

    #[test]
    fn parts_of_a_form() {
        let form = "--Xy\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nhunter2\r\n--Xy\r\nContent-Disposition: form-data; name=\"doc\"; filename=\"a\"\r\n\r\npassword\r\n--Xy--\r\n";
        let (text, redacted) = clean("multipart/form-data; boundary=Xy", form);
        assert!(redacted);
        assert!(
            !text.contains("hunter2")
                && text.contains("[redacted]\r\n--Xy\r\n")
                && text.ends_with("password\r\n--Xy--\r\n"),
            "{text}"
        );
    }
}
