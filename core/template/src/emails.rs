//! What Django takes for an email address (`django.core.validators.EmailValidator`).

use std::net::IpAddr;

/// The most characters of an address.
const MAX_ADDRESS: usize = 320;
/// The most characters of a part of a domain.
const MAX_LABEL: usize = 63;

/// Whether a text is an email address: its domain is a name with a dot, an IP address in brackets, or one of `domains`
/// (Django's `allowlist`).
pub fn is_email(text: &str, domains: &[&str]) -> bool {
    let Some((user, domain)) = text.rsplit_once('@') else {
        return false;
    };
    text.chars().count() <= MAX_ADDRESS
        && (user.split('.').all(is_atom) || is_quoted(user))
        && (domains.contains(&domain) || is_domain(domain))
}

/// A name between quotes, with a backslash before what is none of its characters.
fn is_quoted(user: &str) -> bool {
    let quoted = user.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let Some(quoted) = quoted else { return false };
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        let is_right = match c {
            '\\' => chars.next().is_some_and(|c| {
                matches!(c, '\u{1}'..='\t' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{7f}') || is_latin(c)
            }),
            '"' => false,
            _ => {
                matches!(c, '\u{1}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '!'..='\u{7f}')
                    || is_latin(c)
            }
        };
        if !is_right {
            return false;
        }
    }
    true
}

fn is_atom(part: &str) -> bool {
    !part.is_empty()
        && part
            .chars()
            .all(|c| is_latin(c) || c.is_ascii_digit() || "-!#$%&'*+/=?^_`{}|~".contains(c))
}

/// `[A-Z]` without regard to case, which for Python includes four letters that have an ASCII letter as their other
/// case.
fn is_latin(character: char) -> bool {
    character.is_ascii_alphabetic() || matches!(character, 'ı' | 'İ' | 'ſ' | '\u{212a}')
}

/// A letter of a domain, of any script.
fn is_letter(character: char) -> bool {
    is_latin(character) || matches!(character, '\u{a1}'..='\u{ffff}')
}

fn is_domain(domain: &str) -> bool {
    if let Some(literal) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return literal.parse::<IpAddr>().is_ok();
    }
    let Some((host, top)) = domain.rsplit_once('.') else {
        return false;
    };
    host.split('.').all(is_label) && is_top_level(top)
}

/// Without a hyphen at its beginning or its end.
fn is_label(label: &str) -> bool {
    is_hyphened(label)
        && label
            .chars()
            .all(|c| is_letter(c) || c.is_ascii_digit() || c == '-')
}

fn is_hyphened(label: &str) -> bool {
    (1..=MAX_LABEL).contains(&label.chars().count()) && !label.starts_with('-') && !label.ends_with('-')
}

fn is_top_level(label: &str) -> bool {
    let is_name = label.chars().nth(1).is_some() && label.chars().all(|c| is_letter(c) || c == '-');
    let is_punycode = label
        .get(..4)
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case("xn--"))
        && label[4..].chars().all(|c| is_latin(c) || c.is_ascii_digit());
    is_hyphened(label) && (is_name || is_punycode)
}

#[cfg(test)]
mod tests {
    use super::is_email;

    #[test]
    fn addresses() {
        for good in [
            "a@b.de",
            "a.b+c@sub.example.org",
            "a@bücher.example",
            "a@[127.0.0.1]",
            "a@[::1]",
            "\"a@b\"@c.de",
            "\"a\\ \\\"b\"@c.de",
        ] {
            assert!(is_email(good, &[]), "{good}");
        }
        for bad in [
            "",
            "a",
            "a@",
            "@b.de",
            "a@b",
            "a@-b.de",
            "a..b@c.de",
            "a b@c.de",
            "a@b.d",
            "a@b.12",
            "a@[1.2.3]",
            "\"a b\"@c.de",
            "\"a\\\"@c.de",
            "\"@c.de",
        ] {
            assert!(!is_email(bad, &[]), "{bad}");
        }
        assert!(is_email("x@localhost", &["localhost"]));
        assert!(!is_email("x@localhost", &[]));
    }
}
