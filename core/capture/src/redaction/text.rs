//! Secrets in text: HTML inputs, URLs, and `name=value` in messages.

use super::{MARK, Rules};

/// `text` without the values of secret inputs, if it is HTML that has some.
pub fn redact_markup(text: &str, rules: &Rules) -> Option<String> {
    if !rules.is_enabled() || !text.contains("<input") {
        return None;
    }
    let mut out = String::new();
    let mut rest = text;
    let mut changed = false;
    while let Some(start) = rest.find("<input") {
        let end = rest[start..].find('>').map_or(rest.len(), |end| start + end);
        let tag = &rest[start..end];
        out.push_str(&rest[..start]);
        let is_secret = attribute(tag, "name").is_some_and(|range| rules.is_secret(&tag[range]))
            || attribute(tag, "type").is_some_and(|range| tag[range].eq_ignore_ascii_case("password"));
        match attribute(tag, "value").filter(|range| is_secret && !range.is_empty()) {
            Some(range) => {
                out.push_str(&tag[..range.start]);
                out.push_str(MARK);
                out.push_str(&tag[range.end..]);
                changed = true;
            }
            None => out.push_str(tag),
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    changed.then_some(out)
}

/// Where the quoted value of an attribute stands in a tag.
fn attribute(tag: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let mut from = 0;
    while let Some(at) = tag[from..].find(name).map(|at| from + at) {
        from = at + name.len();
        let is_whole = tag[..at].ends_with(|character: char| character.is_whitespace());
        let Some(rest) = tag[from..].strip_prefix('=').filter(|_| is_whole) else {
            continue;
        };
        let quote = rest
            .chars()
            .next()
            .filter(|character| matches!(character, '"' | '\''))?;
        let start = from + 2;
        let length = tag[start..].find(quote)?;
        return Some(start..start + length);
    }
    None
}

/// A URL or form body without the values of secret parameters.
pub fn redact_query(text: &str, rules: &Rules) -> Option<String> {
    if !rules.is_enabled() {
        return None;
    }
    let (path, query) = text
        .split_once('?')
        .map_or(("", text), |(path, query)| (path, query));
    let mut changed = false;
    let pairs: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) if !value.is_empty() && rules.is_secret(name) => {
                changed = true;
                format!("{name}={MARK}")
            }
            _ => pair.to_owned(),
        })
        .collect();
    let start = if text.contains('?') {
        format!("{path}?")
    } else {
        String::new()
    };
    changed.then(|| start + &pairs.join("&"))
}

/// A message, traceback or SQL text without what follows a secret name and `=` or `:`.
pub fn redact_message(text: &str, rules: &Rules) -> Option<String> {
    if !rules.may_concern(text) {
        return None;
    }
    let mut out = String::new();
    let mut changed = false;
    let mut rest = text;
    while let Some(at) = rest.find(['=', ':']) {
        let (before, after) = rest.split_at(at);
        let name_at = before
            .trim_end_matches(['"', '\'', ' '])
            .rfind(|character: char| !(character.is_alphanumeric() || matches!(character, '_' | '-')))
            .map_or(0, |index| {
                index + before[index..].chars().next().map_or(1, char::len_utf8)
            });
        let name = before[name_at..].trim_end_matches(['"', '\'', ' ']);
        out.push_str(before);
        let sign = &after[..1];
        out.push_str(sign);
        rest = &after[1..];
        if name.is_empty() || !rules.is_secret(name) {
            continue;
        }
        let value_at = rest.len() - rest.trim_start_matches([' ', '=']).len();
        let length = value_length(&rest[value_at..]);
        // `self.token = token` and `def login(password: str)` are code, not values.
        if length > 0 && !is_name(&rest[value_at..value_at + length]) {
            out.push_str(&rest[..value_at]);
            out.push_str(MARK);
            rest = &rest[value_at + length..];
            changed = true;
        }
    }
    out.push_str(rest);
    changed.then_some(out)
}

fn value_length(text: &str) -> usize {
    match text.chars().next() {
        Some(quote @ ('"' | '\'')) => text[1..].find(quote).map_or(text.len(), |end| end + 2),
        _ => text
            .find(|character: char| character.is_whitespace() || ",;&)]}".contains(character))
            .unwrap_or(text.len()),
    }
}

fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_')
        && text
            .chars()
            .all(|character| character.is_alphanumeric() || matches!(character, '_' | '.' | '(' | '['))
        && !text.chars().any(|character| character.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn inputs() {
        let rules = Rules::default();
        let html = r#"<form><input type="hidden" name="csrfmiddlewaretoken" value="abc123"><input name="q" value="x"></form>"#;
        let clean = redact_markup(html, &rules).unwrap();
        assert_eq!(
            clean,
            r#"<form><input type="hidden" name="csrfmiddlewaretoken" value="[redacted]"><input name="q" value="x"></form>"#
        );
        assert_eq!(
            redact_markup(r#"<input type="password" value='s3cret' name=p>"#, &rules).unwrap(),
            r#"<input type="password" value='[redacted]' name=p>"#
        );
        assert_eq!(redact_markup("<input name=\"q\" value=\"x\">", &rules), None);
    }

    #[test]
    fn queries() {
        let rules = Rules::default();
        assert_eq!(
            redact_query("/login?next=/&token=abc", &rules).unwrap(),
            "/login?next=/&token=[redacted]"
        );
        assert_eq!(
            redact_query("user=ada&password=x", &rules).unwrap(),
            "user=ada&password=[redacted]"
        );
        assert_eq!(redact_query("/list?page=2", &rules), None);
    }

    #[test]
    fn messages() {
        let rules = Rules::default();
        let cases = [
            (
                "login failed for ada: password='hunter2 x', tries=3",
                "login failed for ada: password=[redacted], tries=3",
            ),
            ("{'api_key': 'k-1', 'n': 1}", "{'api_key': [redacted], 'n': 1}"),
            ("Authorization: Bearer1 x", "Authorization: [redacted] x"),
            ("WHERE session_key = 'abc'", "WHERE session_key = [redacted]"),
        ];
        for (text, clean) in cases {
            assert_eq!(redact_message(text, &rules).as_deref(), Some(clean), "{text}");
        }
        assert_eq!(redact_message("    self.token = token\n", &rules), None);
        assert_eq!(redact_message("all is well: 3", &rules), None);
    }

    proptest! {
        #[test]
        fn any_text_is_safe(text in r#"(<input|name=|value=|["'> é=:&?]|token|password|x){0,30}"#) {
            let rules = Rules::default();
            let _ = (redact_markup(&text, &rules), redact_query(&text, &rules), redact_message(&text, &rules));
        }
    }
}
