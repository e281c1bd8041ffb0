//! Texts made of pieces, and changes of texts.

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// A text of which every byte is one of the pieces, those from 128 on first, or itself.
pub fn of_pieces(bytes: &[u8], pieces: &[&str]) -> String {
    let mut text = String::new();
    for &byte in bytes {
        match pieces.get(usize::from(byte.wrapping_sub(128))) {
            Some(piece) => text.push_str(piece),
            None => text.push(char::from(byte)),
        }
    }
    text
}

/// Other pieces in place of some bytes of a text.
#[derive(Arbitrary, Debug)]
pub struct Edit<'a> {
    at: u16,
    removed: u8,
    pieces: &'a [u8],
}

impl Edit<'_> {
    /// Changes the text, between characters.
    pub fn apply(&self, text: &mut String, pieces: &[&str]) {
        let start = text.floor_char_boundary(usize::from(self.at) % (text.len() + 1));
        let end = (start + usize::from(self.removed)).min(text.len());
        let end = text.floor_char_boundary(end).max(start);
        text.replace_range(start..end, &of_pieces(self.pieces, pieces));
    }
}

/// The value that a strategy of the tests gives for a seed.
pub fn drawn<T: Strategy>(strategy: &T, seed: u32) -> Option<T::Value> {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&seed.to_le_bytes());
    let choices = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), choices);
    strategy.new_tree(&mut runner).ok().map(|tree| tree.current())
}
