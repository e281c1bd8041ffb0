//! What Django takes for an email address (`django.core.validators.EmailValidator`).

use std::net::Ipv4Addr;

/// The most characters of an address.
const MAX_ADDRESS: usize = 320;
/// The most characters of a part of a domain.
const MAX_LABEL: usize = 63;

/// Whether a word without quotes and colons is an email address.
pub(super) fn is_email(word: &str) -> bool {
    let Some((user, domain)) = word.rsplit_once('@') else {
        return false;
    };
    word.chars().count() <= MAX_ADDRESS && user.split('.').all(is_atom) && is_domain(domain)
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
        return literal.parse::<Ipv4Addr>().is_ok();
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
