//! A quick look at a text: whether it can hold one of many words at all.

/// Three letters of five bits each.
const GRAMS: usize = 1 << 15;
const MASK: usize = GRAMS - 1;

/// The first three letters of every word, in a table of bits.
///
/// A letter counts by its lower five bits, which are the same for both cases.
/// Other characters share the bits of letters, which makes some texts look as
/// if they held a word, and hides none.
pub struct Grams {
    bits: Vec<u64>,
    /// Words that begin with a sign, by the sign and what follows it: in prose
    /// their bits are those of common letters.
    signs: Vec<(u8, u8)>,
}

impl std::fmt::Debug for Grams {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let set: u32 = self.bits.iter().map(|bits| bits.count_ones()).sum();
        formatter
            .debug_struct("Grams")
            .field("set", &set)
            .finish_non_exhaustive()
    }
}

impl Grams {
    /// The beginnings of `words`, each of at least two bytes.
    pub fn of(words: &[String]) -> Self {
        let mut grams = Self {
            bits: vec![0; GRAMS / 64],
            signs: Vec::new(),
        };
        for word in words {
            match word.as_bytes() {
                [sign @ (b'%' | b'&' | b'\\'), next, ..] => grams.signs.push((*sign, *next)),
                [first, second, third, ..] => grams.set(gram(gram(gram(0, *first), *second), *third)),
                [first, second] => {
                    (0..32).for_each(|third| grams.set(gram(gram(gram(0, *first), *second), third)));
                }
                _ => (0..GRAMS).for_each(|all| grams.set(all)),
            }
        }
        grams
    }

    fn set(&mut self, gram: usize) {
        self.bits[gram >> 6] |= 1 << (gram & 63);
    }

    /// Where the first word may begin; the length of `text` if it holds none.
    pub fn first(&self, text: &[u8]) -> usize {
        let mut current = 0;
        for (at, &byte) in text.iter().enumerate() {
            current = gram(current, byte);
            let is_known = self.bits[current >> 6] & (1 << (current & 63)) != 0;
            if is_known || (matches!(byte, b'%' | b'&' | b'\\') && self.begins(text, at)) {
                return at.saturating_sub(2);
            }
        }
        // A word of two letters at the very end has no third.
        if self.bits[gram(current, 0) >> 6] & (1 << (gram(current, 0) & 63)) != 0 {
            return text.len().saturating_sub(2);
        }
        text.len()
    }

    fn begins(&self, text: &[u8], at: usize) -> bool {
        text.get(at + 1)
            .is_some_and(|next| self.signs.contains(&(text[at], *next)))
    }
}

const fn gram(before: usize, byte: u8) -> usize {
    ((before << 5) | (byte & 31) as usize) & MASK
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words() -> Vec<String> {
        ["pass", "pw", "token", "%4", "\\u00", "://"]
            .map(str::to_owned)
            .to_vec()
    }

    proptest! {
        #[test]
        fn no_word_is_missed(before in "[ -~é]{0,12}", word in 0_usize..6, after in "[ -~]{0,6}", upper in any::<bool>()) {
            let word = &words()[word];
            let word = if upper { word.to_uppercase() } else { word.clone() };
            let word = if word == "\\U00" { "\\u00".to_owned() } else { word };
            let text = format!("{before}{word}{after}");
            let first = Grams::of(&words()).first(text.as_bytes());
            prop_assert!(first <= before.len());
        }
    }

    #[test]
    fn an_ordinary_text_holds_none() {
        let text = b"The quick brown fox jumps over the lazy dog, 12 times.";
        assert_eq!(Grams::of(&words()).first(text), text.len());
    }
}
