//! `dj-id`: the number by which server and browser name one element.

use std::fmt;

/// The id of an element; written in base 62 with the digits `0-9a-zA-Z` (djust, `djust_vdom::to_base62`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElementId(pub u64);

const DIGITS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Stands for the id of a node that has none.
pub(super) const NO_ID: u64 = u64::MAX;

/// Digits of `u64::MAX` in base 62.
const MAX_DIGITS: usize = 11;

impl ElementId {
    /// Reads base 62; `None` for any other character, for nothing, and from `u64::MAX` on.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        text.bytes()
            .try_fold(0_u64, |value, byte| {
                let digit = match byte {
                    b'0'..=b'9' => byte - b'0',
                    b'a'..=b'z' => byte - b'a' + 10,
                    b'A'..=b'Z' => byte - b'A' + 36,
                    _ => return None,
                };
                value.checked_mul(62)?.checked_add(u64::from(digit))
            })
            .filter(|&value| value != NO_ID)
            .map(Self)
    }

    /// Appends it in base 62.
    pub fn write(self, out: &mut String) {
        let mut digits = [0_u8; MAX_DIGITS];
        let mut at = MAX_DIGITS;
        let mut rest = self.0;
        loop {
            at -= 1;
            digits[at] = DIGITS[(rest % 62) as usize];
            rest /= 62;
            if rest == 0 {
                break;
            }
        }
        out.extend(digits[at..].iter().map(|&digit| char::from(digit)));
    }
}

impl fmt::Display for ElementId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(MAX_DIGITS);
        self.write(&mut text);
        formatter.write_str(&text)
    }
}

/// Gives every element its number, in document order.
///
/// djust keeps one for each thread and never lowers it, so that an id is never given twice in the life of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IdCounter {
    next: u64,
}

impl IdCounter {
    /// A counter of which `next` is the first number.
    pub const fn starting_at(next: u64) -> Self {
        Self { next }
    }

    /// The number that the next element gets.
    pub fn next(self) -> u64 {
        self.next
    }

    /// Takes one number.
    pub fn take(&mut self) -> ElementId {
        let id = ElementId(self.next);
        self.next = self.next.saturating_add(1);
        id
    }

    /// Never gives a number below `least` from now on.
    pub fn raise_to(&mut self, least: u64) {
        self.next = self.next.max(least);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_62() {
        for (number, text) in [
            (0, "0"),
            (10, "a"),
            (36, "A"),
            (61, "Z"),
            (62, "10"),
            (3843, "ZZ"),
            (3844, "100"),
        ] {
            assert_eq!(ElementId(number).to_string(), text);
            assert_eq!(ElementId::parse(text), Some(ElementId(number)));
        }
        let largest = ElementId(u64::MAX - 1);
        assert_eq!(ElementId::parse(&largest.to_string()), Some(largest));
        assert_eq!(ElementId::parse(&ElementId(u64::MAX).to_string()), None);
        for wrong in ["", "-", "a b", "é", "ZZZZZZZZZZZZ"] {
            assert_eq!(ElementId::parse(wrong), None, "{wrong}");
        }
    }
}
