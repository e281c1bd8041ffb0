//! The secrets of a run: a value that was once seen under a secret name is found wherever it appears afterwards.

use std::collections::HashMap;
use std::ops::Range;

use super::encodings;
use super::marks::MARK;
use super::names::Strength;

/// Secrets that are looked for at the same time; beyond that the older half is forgotten.
const MAX_SECRETS: usize = 1024;

/// What is looked for is the beginning of a secret: a cut copy is found too.
const MAX_PATTERN_BYTES: usize = 32;

/// Longer values are documents, not secrets.
const MAX_SECRET_BYTES: usize = 16 * 1024;

/// A pattern has a window of four bytes at each of its first three positions, so that a search may look at every third.
const MIN_PATTERN_BYTES: usize = 6;
const WINDOW: usize = 4;
const STEP: usize = 3;

/// Shorter patterns are found only as whole words.
const WHOLE_WORD_BELOW: usize = 12;

/// Bits of the filter in front of the table of windows.
const FILTER_BITS: u32 = 20;

/// Words that people and programs put where a secret could be.
const PLAIN_WORDS: &[&str] = &[
    "password",
    "username",
    "required",
    "optional",
    "disabled",
    "checkbox",
    "undefined",
    "anonymous",
    "redacted",
    "invalid",
    "expired",
    "changeme",
    "localhost",
    "development",
    "production",
    "application",
    "incorrect",
    "unusable",
    "authenticated",
    "authorization",
    "description",
    "placeholder",
    "submitted",
    "confirmation",
    "passphrase",
];

/// Secrets that were seen, and the texts to look for.
#[derive(Debug)]
pub struct Memory {
    secrets: Vec<String>,
    known: HashMap<String, usize>,
    patterns: Vec<Pattern>,
    windows: HashMap<u32, Vec<(u32, u8)>>,
    filter: Vec<u64>,
    generation: u64,
}

#[derive(Debug)]
struct Pattern {
    bytes: Vec<u8>,
    secret: usize,
    /// True if more of the secret follows in a text that holds it whole.
    is_beginning: bool,
    is_base64: bool,
}

/// A place in a text that holds a known secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The bytes to mask.
    pub range: Range<usize>,
    /// Number of the secret.
    secret: usize,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            secrets: Vec::new(),
            known: HashMap::new(),
            patterns: Vec::new(),
            windows: HashMap::new(),
            filter: vec![0; 1 << (FILTER_BITS - 6)],
            generation: 0,
        }
    }
}

impl Memory {
    /// Goes up with every secret that is new.
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Remembers a value that was seen under a secret name, if it is long and rare enough to be looked for.
    pub fn learn(&mut self, value: &str, strength: Strength) {
        let value = value.trim();
        if !is_searchable(value, strength) || self.known.contains_key(value) {
            return;
        }
        if self.secrets.len() >= MAX_SECRETS {
            self.forget_older_half();
        }
        self.generation += 1;
        self.add(value.to_owned());
    }

    fn forget_older_half(&mut self) {
        let kept = self.secrets.split_off(MAX_SECRETS / 2);
        *self = Self {
            generation: self.generation,
            ..Self::default()
        };
        for value in kept {
            self.add(value);
        }
    }

    fn add(&mut self, value: String) {
        let secret = self.secrets.len();
        let beginning = &value[..value.floor_char_boundary(MAX_PATTERN_BYTES)];
        let others = [
            beginning.to_owned(),
            beginning.to_uppercase(),
            beginning.to_lowercase(),
        ];
        for text in encodings::spellings(beginning).into_iter().chain(others) {
            self.add_pattern(text.as_bytes(), secret, beginning.len() < value.len(), false);
        }
        for text in encodings::in_base64(beginning.as_bytes()) {
            self.add_pattern(text.as_bytes(), secret, true, true);
        }
        let hex: String = beginning.bytes().map(|byte| format!("{byte:02x}")).collect();
        for text in [hex.to_uppercase(), hex] {
            self.add_pattern(text.as_bytes(), secret, true, false);
        }
        self.known.insert(value.clone(), secret);
        self.secrets.push(value);
    }

    fn add_pattern(&mut self, bytes: &[u8], secret: usize, is_beginning: bool, is_base64: bool) {
        let is_known = |pattern: &Pattern| pattern.secret == secret && pattern.bytes == bytes;
        let mut own = self
            .patterns
            .iter()
            .rev()
            .take_while(|pattern| pattern.secret == secret);
        if bytes.len() < MIN_PATTERN_BYTES || own.any(is_known) {
            return;
        }
        let number = u32::try_from(self.patterns.len()).unwrap_or(u32::MAX);
        for phase in 0..STEP {
            let window = window_at(bytes, phase);
            let bit = filter_bit(window);
            self.filter[bit >> 6] |= 1 << (bit & 63);
            let phase = u8::try_from(phase).unwrap_or_default();
            self.windows.entry(window).or_default().push((number, phase));
        }
        self.patterns.push(Pattern {
            bytes: bytes.to_vec(),
            secret,
            is_beginning,
            is_base64,
        });
    }

    /// The secret that was found.
    pub fn secret(&self, found: &Found) -> &str {
        &self.secrets[found.secret]
    }

    /// Every place in `text` that holds a known secret, in order, apart from each other.
    pub fn find(&self, text: &str) -> Vec<Found> {
        self.find_in(text.as_bytes())
    }

    /// The same in bytes.
    pub fn find_in(&self, text: &[u8]) -> Vec<Found> {
        if self.secrets.is_empty() || text.len() < WINDOW {
            return Vec::new();
        }
        let mut found = self.find_as_it_stands(text);
        if let Some((read, places)) = encodings::codes_read(text) {
            found.extend(self.find_as_it_stands(&read).into_iter().map(|found| Found {
                range: places[found.range.start]..places[found.range.end],
                ..found
            }));
            found.sort_by_key(|found| found.range.start);
            found.dedup_by(|later, earlier| {
                let meets = later.range.start < earlier.range.end;
                if meets {
                    earlier.range.end = earlier.range.end.max(later.range.end);
                }
                meets
            });
        }
        found
    }

    fn find_as_it_stands(&self, text: &[u8]) -> Vec<Found> {
        let mut found: Vec<Found> = Vec::new();
        let mut at = 0;
        while at + WINDOW <= text.len() {
            let window = window_at(text, at);
            let bit = filter_bit(window);
            if self.filter[bit >> 6] & (1 << (bit & 63)) != 0
                && let Some(place) = self.match_at(text, at, window)
            {
                let end = place.range.end;
                match found.last_mut() {
                    Some(last) if last.range.end > place.range.start => {
                        last.range.end = last.range.end.max(end);
                    }
                    _ => found.push(place),
                }
                at = at.max(end.saturating_sub(STEP));
            }
            at += STEP;
        }
        found
    }

    fn match_at(&self, text: &[u8], at: usize, window: u32) -> Option<Found> {
        let candidates = self.windows.get(&window)?;
        candidates.iter().find_map(|(number, phase)| {
            let start = at.checked_sub(usize::from(*phase))?;
            let pattern = self.patterns.get(*number as usize)?;
            let end = start + pattern.bytes.len();
            (text.get(start..end) == Some(pattern.bytes.as_slice()))
                .then(|| pattern.range_in(text, start..end))
                .flatten()
                .map(|range| Found {
                    range,
                    secret: pattern.secret,
                })
        })
    }
}

impl Pattern {
    /// What to mask around a match; none if the match is only part of another word.
    fn range_in(&self, text: &[u8], mut range: Range<usize>) -> Option<Range<usize>> {
        if self.is_base64 {
            // The rest of the run would give the secret's edges away.
            let outside = |byte: &u8| !(byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte));
            range.start = text[..range.start]
                .iter()
                .rposition(outside)
                .map_or(0, |at| at + 1);
            range.end = text[range.end..]
                .iter()
                .position(outside)
                .map_or(text.len(), |at| range.end + at);
            return Some(range);
        }
        if self.bytes.len() < WHOLE_WORD_BELOW
            && !self.is_beginning
            && !(begins_word(text, range.start) && ends_word(text, range.end))
        {
            return None;
        }
        if self.is_beginning {
            let ends = |byte: &u8| byte.is_ascii_whitespace() || b"\"'<>,;&)]}\\".contains(byte);
            range.end = text[range.end..]
                .iter()
                .position(ends)
                .map_or(text.len(), |at| range.end + at);
        }
        Some(range)
    }
}

/// True if what stands before is no part of a word: also the end of an escape such as `\n` or `%3D`.
fn begins_word(text: &[u8], start: usize) -> bool {
    let before = &text[..start];
    let is_letter = before.last().is_some_and(u8::is_ascii_alphanumeric);
    !is_letter
        || matches!(before, [.., b'\\', b'n' | b'r' | b't'])
        || matches!(before, [.., b'%', first, second] if first.is_ascii_hexdigit() && second.is_ascii_hexdigit())
        || matches!(before, [.., b'\\', b'u', _, _, _, _])
}

fn ends_word(text: &[u8], end: usize) -> bool {
    !text.get(end).is_some_and(u8::is_ascii_alphanumeric)
}

fn window_at(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..at + WINDOW)
        .and_then(|window| window.try_into().ok())
        .map_or(0, u32::from_le_bytes)
}

const fn filter_bit(window: u32) -> usize {
    (window.wrapping_mul(0x9E37_79B1) >> (32 - FILTER_BITS)) as usize
}

/// Long and rare enough: a PIN, a word of a form or a date would be found everywhere.
fn is_searchable(value: &str, strength: Strength) -> bool {
    let length = value.chars().count();
    if length < MIN_PATTERN_BYTES || value.len() > MAX_SECRET_BYTES || value.starts_with(MARK) {
        return false;
    }
    let mut distinct: Vec<char> = value.chars().take(64).collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < 4 || PLAIN_WORDS.contains(&value.to_lowercase().as_str()) {
        return false;
    }
    let has_digit = value.chars().any(|character| character.is_ascii_digit());
    if !has_digit
        && value
            .chars()
            .all(|character| character.is_alphabetic() || " -_.,/:".contains(character))
    {
        // Words: worth it only for what was typed as a password, or what is too long to be a word.
        return match strength {
            Strength::Password => length >= 8,
            _ => length >= 24 && !value.contains([' ', '/']),
        };
    }
    if value
        .chars()
        .all(|character| character.is_ascii_digit() || " -.".contains(character))
    {
        return length >= 9 && strength != Strength::Weak;
    }
    if value.starts_with(['/', '{', '[', '<']) || value.starts_with("http") {
        return false;
    }
    match strength {
        Strength::Password => true,
        Strength::Token | Strength::Number => length >= 8,
        Strength::Weak => length >= 12 && has_digit,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    fn memory(values: &[&str]) -> Memory {
        let mut memory = Memory::default();
        for value in values {
            memory.learn(value, Strength::Password);
        }
        memory
    }

    #[test]
    fn a_secret_is_found_in_any_spelling() {
        let memory = memory(&["Tr0ub4dor&3 \"x\"/é"]);
        for text in [
            "log: Tr0ub4dor&3 \"x\"/é!",
            "/x?a=Tr0ub4dor%263%20%22x%22%2F%C3%A9&b=1",
            "a=Tr0ub4dor%263+%22x%22%2F%C3%A9",
            "<b>Tr0ub4dor&amp;3 &quot;x&quot;/é</b>",
            r#"{"m": "Tr0ub4dor&3 \"x\"/\u00e9"}"#,
            r#"{"m": "Tr0ub4dor&amp;3 &quot;x&quot;/é"}"#,
        ] {
            let found = memory.find(text);
            assert_eq!(found.len(), 1, "{text}");
            assert!(!text[found[0].range.clone()].is_empty());
        }
        for text in [
            "a=Tr%30ub4dor&3 \"x\"/é",
            "&#84;&#x72;0ub4dor&amp;3 &quot;x&quot;/é",
            r#"\u0054r0ub4dor&3 \"x\"/é"#,
            "TR0UB4DOR&3 \"X\"/É",
            "5472307562346",
        ] {
            let is_hex = text.starts_with('5');
            assert_eq!(memory.find(text).len(), usize::from(!is_hex), "{text}");
        }
        let hex: String = "Tr0ub4dor&3 \"x\"/é"
            .bytes()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(memory.find(&format!("<{hex}>"))[0].range, 1..hex.len() + 1);
        let text = format!("x {} y", STANDARD.encode("user:Tr0ub4dor&3 \"x\"/é"));
        let found = memory.find(&text);
        assert_eq!(&text[found[0].range.clone()], text.split(' ').nth(1).unwrap());
    }

    #[test]
    fn short_secrets_are_whole_words() {
        let memory = memory(&["swordfish"]);
        assert_eq!(memory.find("the swordfish, said").len(), 1);
        assert_eq!(memory.find("pass%3Dswordfish").len(), 1);
        assert!(memory.find("swordfishes").is_empty() && memory.find("aswordfish").is_empty());
    }

    #[test]
    fn a_cut_copy_of_a_long_secret_is_found() {
        let secret: String = (0..300)
            .map(|index| char::from(b'a' + (index * 7 % 26) as u8))
            .collect::<String>()
            + "9";
        let memory = memory(&[&secret]);
        let cut = format!("repr='{}", &secret[..100]);
        let found = memory.find(&cut);
        assert_eq!(found[0].range, 6..106);
    }

    #[test]
    fn what_is_too_common_is_not_looked_for() {
        for (value, strength) in [
            ("1234", Strength::Number),
            ("password", Strength::Password),
            ("checkout-form", Strength::Token),
            ("aaaaaaaaaa", Strength::Token),
            ("20261130", Strength::Token),
            ("basic", Strength::Weak),
            ("/accounts/login1", Strength::Token),
            ("django", Strength::Password),
        ] {
            assert!(!is_searchable(value, strength), "{value}");
        }
    }

    #[test]
    fn the_older_half_is_forgotten() {
        let mut memory = Memory::default();
        for index in 0..MAX_SECRETS + 1 {
            memory.learn(&format!("s3cr3t-{index:05}x"), Strength::Token);
        }
        assert!(memory.secrets.len() <= MAX_SECRETS);
        assert!(memory.find("s3cr3t-00000x").is_empty());
        assert_eq!(memory.find(&format!("s3cr3t-{MAX_SECRETS:05}x")).len(), 1);
    }

    proptest! {
        #[test]
        fn found_at_every_position(before in "[a-z ]{0,7}", secret in "[a-z0-9]{12,40}", after in "[a-z ]{0,7}") {
            let secret = format!("{secret}7x4y");
            let memory = memory(&[&secret]);
            let text = format!("{before} {secret} {after}");
            prop_assert_eq!(memory.find(&text).len(), 1);
        }

        #[test]
        fn ranges_are_apart_and_in_order(text in "(s3cr3t-one|s3cr3t-two|[a-z=&;]| ){0,20}") {
            let memory = memory(&["s3cr3t-one", "s3cr3t-two"]);
            let found = memory.find(&text);
            for pair in found.windows(2) {
                prop_assert!(pair[0].range.end <= pair[1].range.start);
            }
        }
    }
}
